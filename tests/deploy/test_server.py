"""The service as it is deployed: a real gunicorn process, its start, its stop and its faults."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from service.commands._server import Server
from service.config import PROJECT_DIR
from service.http.limits import SPARE_THREADS

#: Seconds within which something must have happened, on a busy machine.
PATIENCE = 120

CITIES = [
    "Marseille",
    "Lyon",
    "Lille",
    "Nantes",
    "Rennes",
    "Toulon",
    "Reims",
    "Dijon",
    "Angers",
    "Brest",
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("deploy")
    return {
        "RELAIS_DATA_DIR": str(folder / "data"),
        "RELAIS_PACKAGES_DIR": str(folder / "packages"),
        "RELAIS_LOG_LEVEL": "info",
    }


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    with Server(environment) as running:
        yield running


def eventually(true: Callable[[], bool]) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def children(pid: int) -> list[int]:
    """The process ids of a process's children."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


#: Items of one request that takes a while.
ITEMS = 2


def articles(name: str) -> dict[str, object]:
    """A request that takes a while: sentences that no other request has."""
    texts = [
        " ".join(
            f"Le numéro {number} du journal {name} raconte l'histoire de {city} en {2000 + number}"
            f" pages, et le maire de {city} en lit la page {number * 7}."
            for city in CITIES
        )
        for number in range(1, ITEMS + 1)
    ]
    return {"items": [{"text": text, "source": "fr"} for text in texts]}


def in_flight(server: Server) -> float:
    """How many requests the server is answering, the one that asks included."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    found = re.search(r"^relais_requests_in_flight (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


def test_live_answers_at_once_and_ready_once_every_model_has_answered(
    environment: dict[str, str],
) -> None:
    with Server(environment, ready_within=None) as server:
        assert server.get("/v1/health/live") == (200, {"status": "live"})

        server.wait_until_ready(PATIENCE)
        status, answer = server.post("/v1/translate", {"text": "Bonjour.", "source": "fr"})

    assert status == 200
    assert answer["text"]


def test_one_worker_holds_the_models_and_its_parent_none(server: Server) -> None:
    (worker,) = children(server.process.pid)

    assert "libctranslate2" in Path(f"/proc/{worker}/maps").read_text()
    assert "libctranslate2" not in Path(f"/proc/{server.process.pid}/maps").read_text()


def test_sigterm_under_load_finishes_what_was_begun_and_takes_no_more(
    environment: dict[str, str],
) -> None:
    clients = 8
    outcomes: list[tuple[int, int]] = []

    with Server(environment, stop_within=PATIENCE) as server:

        def ask(name: str) -> None:
            status, answer = server.post("/v1/translate", articles(name), timeout=PATIENCE)
            outcomes.append((status, sum("text" in item for item in answer["items"])))

        threads = [threading.Thread(target=ask, args=(f"n{n}",)) for n in range(clients)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: in_flight(server) == clients + 1)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(PATIENCE)
        server.stop()

    assert outcomes == [(200, ITEMS)] * clients
    with pytest.raises(ConnectionError):
        server.get("/v1/health/live")


def test_a_worker_that_is_killed_is_replaced_and_becomes_ready_again(server: Server) -> None:
    (first,) = children(server.process.pid)

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: children(server.process.pid) not in ([], [first]))
    server.wait_until_ready(PATIENCE)
    status, _ = server.post("/v1/translate", {"text": "Bonjour.", "source": "fr"})
    assert status == 200


def test_the_log_is_json_lines_without_the_texts(server: Server) -> None:
    server.post("/v1/translate", {"text": "Une phrase secrète.", "source": "fr"})

    assert eventually(lambda: '"route": "/v1/translate"' in server.log())
    lines = server.log().splitlines()
    assert all(line.startswith("{") and line.endswith("}") for line in lines), lines
    assert "secrète" not in server.log()


def test_callers_that_fall_silent_hold_up_neither_health_nor_others(
    environment: dict[str, str],
) -> None:
    threads = SPARE_THREADS + 2
    half = (
        b"POST /v1/translate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'Content-Length: 100\r\n\r\n{"text": '
    )
    settings = {"RELAIS_REQUEST_THREADS": str(threads), "RELAIS_BODY_WAIT_SECONDS": "2"}
    with Server({**environment, **settings}) as server, ExitStack() as opened:
        silent = [
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
            for _ in range(threads + SPARE_THREADS)
        ]
        for connection in silent:
            connection.sendall(half)

        live = server.get("/v1/health/live")
        statuses = sorted({connection.recv(12) for connection in silent})

        def is_served() -> bool:
            return server.post("/v1/translate", {"text": "Bonjour.", "source": "fr"})[0] == 200

        assert live == (200, {"status": "live"})
        assert statuses == [b"HTTP/1.1 408", b"HTTP/1.1 429"]
        assert eventually(is_served)


@pytest.fixture
def small_server(environment: dict[str, str]) -> Iterator[Server]:
    """A server of few threads, which waits two seconds for callers."""
    settings = {
        "RELAIS_REQUEST_THREADS": "6",
        "RELAIS_BODY_WAIT_SECONDS": "2",
        "RELAIS_MAX_BODY_BYTES": str(16 * 1024 * 1024),
    }
    with Server({**environment, **settings}) as server:
        yield server


def test_heads_that_come_byte_by_byte_hold_up_nobody(small_server: Server) -> None:
    with ExitStack() as opened:
        slow = [
            opened.enter_context(socket.create_connection(("127.0.0.1", small_server.port)))
            for _ in range(12)
        ]
        for connection in slow:
            connection.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n")

        def all_cut() -> bool:
            for connection in list(slow):
                try:
                    connection.sendall(b"X-A: b\r\n")
                    connection.settimeout(0.01)
                    if connection.recv(1) == b"":
                        slow.remove(connection)
                except TimeoutError:
                    continue
                except ConnectionError:
                    slow.remove(connection)
            return not slow

        assert small_server.get("/v1/health/live") == (200, {"status": "live"})
        assert eventually(all_cut)


def test_bodies_that_come_byte_by_byte_hold_up_nobody(small_server: Server) -> None:
    """As many as there are places for work; one that comes in parts, but in time, is answered."""
    head = (
        b"POST /v1/translate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 5000\r\n\r\n"
    )
    with ExitStack() as opened:
        slow = [
            opened.enter_context(socket.create_connection(("127.0.0.1", small_server.port)))
            for _ in range(2)
        ]
        for connection in slow:
            connection.sendall(head)
        answers: dict[int, bytes] = {}

        def all_given_up() -> bool:
            for number, connection in enumerate(slow):
                if number not in answers:
                    connection.sendall(b" ")
                    connection.settimeout(0.01)
                    with suppress(TimeoutError):
                        answers[number] = connection.recv(12)
            return len(answers) == len(slow)

        assert small_server.get("/v1/health/live") == (200, {"status": "live"})
        assert eventually(all_given_up)
        assert set(answers.values()) == {b"HTTP/1.1 408"}

    body = json.dumps({"text": "Bonjour.", "source": "fr"}).encode()
    head = head.replace(b"5000", str(len(body)).encode())
    with socket.create_connection(("127.0.0.1", small_server.port), PATIENCE) as connection:
        for part in (head, body[:10], body[10:20], body[20:]):
            connection.sendall(part)
            time.sleep(0.4)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_head_in_two_parts_is_answered(small_server: Server) -> None:
    with socket.create_connection(("127.0.0.1", small_server.port), PATIENCE) as connection:
        connection.sendall(b"GET /v1/health/live HTTP/1.1\r\n")
        time.sleep(0.2)
        connection.sendall(b"Host: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_callers_who_read_no_answer_hold_up_nobody(small_server: Server) -> None:
    """The answer is larger than what the system takes in their stead."""
    asked = json.dumps({"items": [{"text": "Ligne. " * 7_000}] * 200, "glossary": "none"}).encode()
    head = (
        "POST /v1/normalise HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(asked)}\r\n\r\n"
    )
    with ExitStack() as opened:
        for _ in range(6):
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", small_server.port))
            connection.sendall(head.encode() + asked)
            assert eventually(lambda: in_flight(small_server) == 1)  # the answer is being sent

        assert small_server.get("/v1/health/live") == (200, {"status": "live"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RELAIS_PORT", "eighty"),
        ("RELAIS_THREADS", "0"),
        ("RELAIS_LOG_LEVEL", "chatty"),
        ("RELAIS_URL_PREFIX", "relais"),
        ("RELAIS_RATE_LIMIT", "often"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence_that_names_it(
    environment: dict[str, str], variable: str, value: str
) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"),
            *("-b", "127.0.0.1:0", "wsgi:application"),
        ],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment, variable: value},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert f"relais cannot start: {variable} is set to '{value}'" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("host", "keys", "warned"),
    [("0.0.0.0", "", True), ("0.0.0.0", "k", False), ("127.0.0.1", "", False)],
)
def test_a_server_that_others_can_reach_without_a_key_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    host: str,
    keys: str,
    warned: bool,
) -> None:
    monkeypatch.setenv("RELAIS_API_KEYS", keys)
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path))
    configuration = Config()
    for name, value in runpy.run_path(str(PROJECT_DIR / "gunicorn.conf.py")).items():
        if name in configuration.settings:
            configuration.set(name, value)
    configuration.set("bind", f"{host}:8000")
    server = SimpleNamespace(address=configuration.address, log=logging.getLogger("server"))
    configuration.when_ready(server)

    assert ("no API key is asked for" in caplog.text) is warned


def test_health_command_tells_a_ready_server_from_none(
    server: Server, environment: dict[str, str]
) -> None:
    def health(port: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", "health", "--port", str(port)],
            cwd=PROJECT_DIR,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = health(unused.getsockname()[1])
    ready = health(server.port)

    assert (ready.returncode, ready.stdout) == (0, "ready\n")
    assert gone.returncode == 1
    assert "no answer" in gone.stderr
