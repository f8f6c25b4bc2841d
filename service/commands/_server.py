"""A real server of our own in a process of its own, on a free port: for the demo and the tests."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from service.config import PROJECT_DIR

#: Seconds between two looks at whether the server is ready.
LOOK_EVERY = 0.1


class ServerFailed(Exception):
    """The server did not start, or did not stop as it should; the message ends with its log."""


class Server:
    """gunicorn with our configuration, listening on a free port of 127.0.0.1.

    A context manager: entering starts the process and waits until it accepts connections,
    leaving stops it with SIGTERM and waits for its end.

    Args:
        environment: variables on top of this process's own.
        ready_within: seconds until it must be ready, models loaded; None: do not wait for that.
        stop_within: seconds that it has to finish after SIGTERM.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        ready_within: float | None = 180.0,
        stop_within: float = 60.0,
    ) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._ready_within = ready_within
        self._stop_within = stop_within
        self._log = tempfile.NamedTemporaryFile(prefix="relais-", suffix=".log")  # noqa: SIM115
        self.process: subprocess.Popen[bytes]
        self.port = 0

    def __enter__(self) -> Self:
        # The socket is bound here and inherited, so nobody can take the port in between, and
        # connections wait in its queue while the server starts.
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(512)
            self.port = listening.getsockname()[1]
            number = listening.fileno()
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"),
                    *("--bind", f"fd://{number}", "wsgi:application"),
                ],
                cwd=PROJECT_DIR,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=(number,),
            )
        try:
            if self._ready_within is not None:
                self.wait_until_ready(self._ready_within)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except ServerFailed:
            if error is None:
                raise
        finally:
            self._log.close()

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Everything that the server has written so far."""
        return Path(self._log.name).read_text("utf-8", errors="replace")

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return "\n".join(self.log().splitlines()[-lines:])

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until the models have answered.

        Raises:
            ServerFailed: the process ended, or is not ready in time.
        """
        deadline = time.monotonic() + seconds
        state: object = "no answer"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code = self.process.returncode
                raise ServerFailed(f"The server ended with status {code}.\n{self.log_tail()}")
            try:
                status, state = self.get("/v1/health/ready", timeout=5)
            except (OSError, http.client.HTTPException, ValueError):
                status = 0
            if status == 200:
                return
            if isinstance(state, dict) and state.get("status") == "unusable":
                problems = "\n".join(str(problem) for problem in state.get("problems", []))
                raise ServerFailed(f"The server cannot be used: {problems}\n{self.log_tail()}")
            time.sleep(LOOK_EVERY)
        raise ServerFailed(f"Not ready within {seconds:g} s: {state}\n{self.log_tail()}")

    def get(self, path: str, *, timeout: float = 60) -> tuple[int, Any]:
        """Status and JSON of a GET request."""
        return self._ask("GET", path, None, timeout)

    def post(self, path: str, value: object, *, timeout: float = 300) -> tuple[int, Any]:
        """Status and JSON of a POST request."""
        return self._ask("POST", path, json.dumps(value).encode(), timeout)

    def _ask(self, method: str, path: str, body: bytes | None, timeout: float) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def stop(self) -> None:
        """Ask the server to stop, and wait until it has.

        Raises:
            ServerFailed: it did not stop in time, or not with status 0.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(self._stop_within)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerFailed(f"The server did not stop.\n{self.log_tail()}") from error
        if code != 0:
            raise ServerFailed(f"The server ended with status {code}.\n{self.log_tail()}")

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()
