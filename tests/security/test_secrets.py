"""What a deployment keeps secret is in no log, in no answer and in no process list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.jobs.processes import CeleryWorker, Process, WebServer, wait_until
from tests.jobs.servers import free_port

SECRET = "Zx81" + "Spectrum"
#: Each holds it, and the database and the broker are away, so that every failure is logged.
SETTINGS = {
    "RELAIS_LOG_LEVEL": "debug",
    "RELAIS_DATABASE_URL": f"postgresql://relais:{SECRET}@127.0.0.1:{free_port()}/relais",
    "RELAIS_BROKER_URL": f"redis://relais:{SECRET}@127.0.0.1:{free_port()}/0",
    "RELAIS_API_KEYS": SECRET,
    "RELAIS_EDITOR_KEYS": SECRET,
    "RELAIS_WEBHOOK_SECRET": SECRET,
}


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[WebServer, CeleryWorker]]:
    settings = {**SETTINGS, "RELAIS_DATA_DIR": str(tmp_path / "data")}
    server, worker = WebServer(tmp_path, settings), CeleryWorker(tmp_path, "a", settings)
    for process in (server, worker):
        process.start()
    yield server, worker
    for process in (server, worker):
        process.kill()


def command_line(process: Process) -> str:
    return Path(f"/proc/{process.pid}/cmdline").read_text()


def test_passwords_and_keys_are_in_no_log_answer_or_command_line(
    processes: tuple[WebServer, CeleryWorker],
) -> None:
    server, worker = processes
    answers = [
        requests.request(
            method,
            server.url + path,
            json=["un"] if method == "POST" else None,
            headers={"Authorization": f"Bearer {SECRET}"},
            timeout=60,
        )
        for method, path in [
            ("POST", "/v1/jobs"),
            ("GET", "/v1/jobs"),
            ("GET", "/v1/health/ready"),
            ("GET", "/metrics"),
        ]
    ]
    wait_until(lambda: "broker_unavailable" in server.log(), server.log)
    wait_until(lambda: "jobs_paused" in server.log(), server.log)
    wait_until(lambda: "Cannot connect" in worker.log(), worker.log)

    assert 503 in [answer.status_code for answer in answers]
    shown = [answer.text + str(answer.headers) for answer in answers]
    shown += [text for process in processes for text in (process.log(), command_line(process))]
    assert SECRET not in "".join(shown)
