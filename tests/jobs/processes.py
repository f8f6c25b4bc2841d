"""Service processes that tests start, kill and start again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from service.config import PROJECT_DIR
from tests.jobs.servers import free_port

DEADLINE = 120.0


class Process:
    """A service process with its children, its log, and its settings in the environment."""

    def __init__(self, arguments: list[str], log: Path, settings: dict[str, str]) -> None:
        self._arguments = [sys.executable, "-m", *arguments]
        self._log = log
        self._environment = {
            **{name: value for name, value in os.environ.items() if "RELAIS" not in name},
            "OMP_NUM_THREADS": "1",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments,
                cwd=PROJECT_DIR,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """`kill -9` for the process and all its children at once."""
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def terminate(self) -> int:
        """SIGTERM to the main process; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(60)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""


class WebServer(Process):
    """The service under gunicorn, with the fake pipeline unless another application is named."""

    def __init__(
        self,
        folder: Path,
        settings: dict[str, str],
        application: str = "tests.jobs.app:application",
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = ["gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{self.port}"]
        arguments.append(application)
        super().__init__(arguments, folder / f"web-{self.port}.log", settings)

    def start(self) -> None:
        super().start()
        wait_until(self._answers, self.log)

    def _answers(self) -> bool:
        if not self.alive:
            raise AssertionError(f"the server ended:\n{self.log()[-3000:]}")
        try:
            return requests.get(f"{self.url}/v1/health/live", timeout=2).ok
        except requests.RequestException:
            return False

    def submit(self, texts: list[str], **parameters: str) -> str:
        """A new job of these texts; its id."""
        body = "".join(json.dumps({"id": text, "text": text}) + "\n" for text in texts)
        response = requests.post(
            f"{self.url}/v1/jobs",
            params=parameters,
            data=body.encode(),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=60,
        )
        assert response.status_code == 201, response.text
        identifier: str = response.json()["id"]
        return identifier

    def job(self, job: str) -> dict[str, Any]:
        value: dict[str, Any] = requests.get(f"{self.url}/v1/jobs/{job}", timeout=30).json()
        return value

    def results(self, job: str, offset: int = 0) -> list[dict[str, Any]]:
        response = requests.get(
            f"{self.url}/v1/jobs/{job}/results", params={"offset": offset}, timeout=60
        )
        return [json.loads(line) for line in response.text.splitlines()]

    def wait_for(self, job: str, at_least: int) -> int:
        """Wait until that many items are finished; how many are."""

        def enough() -> bool:
            return bool(self.job(job)["items"]["finished"] >= at_least)

        wait_until(enough, self.log)
        return int(self.job(job)["items"]["finished"])

    def wait_for_end(self, job: str) -> dict[str, Any]:
        """Wait until the job has ended; the job."""
        wait_until(lambda: self.job(job)["state"] in ("done", "cancelled"), self.log)
        return self.job(job)


class CeleryWorker(Process):
    """A Celery worker with the fake pipeline."""

    def __init__(self, folder: Path, name: str, settings: dict[str, str]) -> None:
        super().__init__(["tests.jobs.worker", name], folder / f"worker-{name}.log", settings)


def wait_until(condition: Callable[[], bool], log: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"still waiting after {DEADLINE} s:\n{log()[-4000:]}")
        time.sleep(0.05)
