"""Real servers for unmodified clients: gunicorn on the built-in packages, once for all tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

PROJECT_DIR = Path(__file__).resolve().parents[2]
READY_WITHIN = 180
KEY = "a-key-of-the-tests"


@dataclass(frozen=True)
class Server:
    """A running server; `url` has no slash at its end."""

    url: str
    key: str = ""

    def post(self, path: str, **options: object) -> requests.Response:
        return requests.post(self.url + path, timeout=120, **options)  # type: ignore[arg-type]

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, timeout=120, **options)  # type: ignore[arg-type]


def served(folder: Path, **settings: str) -> Iterator[Server]:
    """A server with these settings, ready to translate, and ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "server.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:application"],
        cwd=PROJECT_DIR,
        env={
            **os.environ,
            "RELAIS_PORT": str(port),
            "RELAIS_DATA_DIR": str(folder),
            "RELAIS_PACKAGES_DIR": str(folder / "packages"),
            **settings,
        },
        stdout=log,
        stderr=log,
    )
    server = Server(
        f"http://127.0.0.1:{port}{settings.get('RELAIS_URL_PREFIX', '')}",
        settings.get("RELAIS_API_KEYS", ""),
    )
    try:
        deadline = time.monotonic() + READY_WITHIN
        while not _is_ready(server):
            assert process.poll() is None, (folder / "server.log").read_text()[-3000:]
            assert time.monotonic() < deadline, (folder / "server.log").read_text()[-3000:]
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)
        log.close()


def _is_ready(server: Server) -> bool:
    try:
        return requests.get(f"{server.url}/health", timeout=30).status_code == 200
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default settings."""
    yield from served(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="session")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server under a path that asks for an API key."""
    yield from served(
        tmp_path_factory.mktemp("keyed"), RELAIS_API_KEYS=KEY, RELAIS_URL_PREFIX="/relais"
    )
