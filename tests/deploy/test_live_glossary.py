"""Term files that change under a server of two processes: taken up by both, broken ones by none."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.commands._server import Server
from service.config import PROJECT_DIR
from service.names.glossary import load_glossary

#: Seconds within which a change of the term files is promised to be in force.
PROMISED = 2.0
PATIENCE = 180
EDITOR_KEY = "a-pencil"

ENTRY = """
- id: zoe-marchadier
  name: Zoé Marchadier
  type: person
  variants: [Zoe Marshadier]
"""
RELAYED = "The sculptor Zoe Marshadier met Amin Kisasi in Marseille."
WITHOUT = "The sculptor Zoe Marshadier met Amine Kessaci in Marseille."
WITH = "The sculptor Zoé Marchadier met Amine Kessaci in Marseille."


@pytest.fixture(scope="module")
def terms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live") / "glossary"
    shutil.copytree(PROJECT_DIR / "glossary", folder)
    return folder


@pytest.fixture(scope="module")
def server(terms: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("two-workers")
    environment = {
        "GUNICORN_CMD_ARGS": "--workers 2",
        "RELAIS_DATA_DIR": str(folder / "data"),
        "RELAIS_PACKAGES_DIR": str(folder / "packages"),
        "RELAIS_GLOSSARY_DIR": str(terms),
        "RELAIS_EDITOR_KEYS": EDITOR_KEY,
    }
    with Server(environment) as running:
        assert len(workers(running)) == 2
        for worker in workers(running):
            with alone(running, worker):
                running.wait_until_ready(PATIENCE)
        yield running


@pytest.fixture
def change(server: Server, terms: Path) -> Iterator[Path]:
    """A term file that is not there before and after a test, which every worker has seen."""
    file = terms / "people" / "change.yaml"
    yield file
    file.unlink(missing_ok=True)
    time.sleep(PROMISED)
    of_each(server, "/v1/glossary")


def workers(server: Server) -> list[int]:
    """The process ids of the server's workers."""
    pid = server.process.pid
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


@contextmanager
def alone(server: Server, worker: int) -> Iterator[None]:
    """While this lasts, every request is answered by that one worker: the others are stopped."""
    others = [pid for pid in workers(server) if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def of_each(server: Server, path: str, value: object | None = None) -> list[Any]:
    """What each worker answers to the same request."""
    answers = []
    for worker in workers(server):
        with alone(server, worker):
            status, answer = server.post(path, value) if value else server.get(path)
        assert status == 200, answer
        answers.append(answer)
    return answers


def text_of_each(server: Server, path: str) -> list[str]:
    """The same for answers that are not JSON."""
    texts = []
    for worker in workers(server):
        with alone(server, worker):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            connection.request("GET", path)
            texts.append(connection.getresponse().read().decode())
            connection.close()
    return texts


def test_a_change_is_in_force_in_every_process_and_each_answer_names_its_version(
    server: Server, terms: Path, change: Path
) -> None:
    before = of_each(server, "/v1/normalise", {"text": RELAYED})
    assert {answer["text"] for answer in before} == {WITHOUT}
    assert {answer["glossary"] for answer in before} == {load_glossary(terms).version}

    change.write_text(ENTRY, "utf-8")
    time.sleep(PROMISED)

    after = of_each(server, "/v1/normalise", {"text": RELAYED})
    assert {answer["text"] for answer in after} == {WITH}
    assert {answer["glossary"] for answer in after} == {load_glossary(terms).version}
    french = {"text": "Zoé Marchadier est venue.", "source": "fr"}
    translated = of_each(server, "/v1/translate", french)
    assert {answer["glossary"] for answer in translated} == {load_glossary(terms).version}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("- id: zoe\n  name: [\n", "people/change.yaml:"),
        (ENTRY.replace("zoe-marchadier", "amine-kessaci"), "'amine-kessaci' is used twice"),
    ],
    ids=["no YAML", "an id taken"],
)
def test_a_broken_file_leaves_the_good_glossary_in_force_and_is_told_everywhere(
    server: Server, terms: Path, change: Path, broken: str, words: str
) -> None:
    good = load_glossary(terms).version

    change.write_text(broken, "utf-8")
    time.sleep(PROMISED)

    for answer in of_each(server, "/v1/normalise", {"text": RELAYED}):
        assert (answer["text"], answer["glossary"]) == (WITHOUT, good)
    for state in of_each(server, "/v1/health/ready"):
        assert (state["ready"], state["status"]) == (True, "degraded")
        assert "people/change.yaml:" in state["glossary"]["problem"]
        assert words in state["glossary"]["problem"]
    for metrics in text_of_each(server, "/metrics"):
        assert "relais_glossary_broken 1.0" in metrics
    for page in text_of_each(server, "/glossary"):
        assert 'role="alert"' in page
        assert "people/change.yaml:" in page

    change.write_text(ENTRY, "utf-8")
    time.sleep(PROMISED)

    for state in of_each(server, "/v1/health/ready"):
        assert (state["status"], state["glossary"]["problem"]) == ("ready", None)
    mended = of_each(server, "/v1/normalise", {"text": RELAYED})
    assert {answer["text"] for answer in mended} == {WITH}


def test_what_an_editor_saves_on_the_page_is_in_force_in_every_process(
    server: Server, terms: Path
) -> None:
    form = {
        "name": "Zoé Marchadier",
        "type": "person",
        "status": "reviewed",
        "variants": "Zoe Marshadier",
        "do": "save",
        "editor_key": EDITOR_KEY,
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request(
        "POST",
        "/glossary-proposal",
        urllib.parse.urlencode(form),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = connection.getresponse()
    assert (answer.status, "Saved in" in answer.read().decode()) == (200, True)
    connection.close()
    time.sleep(PROMISED)

    after = of_each(server, "/v1/normalise", {"text": RELAYED})
    assert {answer["text"] for answer in after} == {WITH}
    assert {answer["glossary"] for answer in after} == {load_glossary(terms).version}
