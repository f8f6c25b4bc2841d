"""Jobs and batches with the real models, through a real server that is killed in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from rapidfuzz import fuzz

from service.config import PROJECT_DIR, Settings
from tests.engine import tiny
from tests.jobs.processes import Process, WebServer, wait_until
from tests.jobs.servers import Redis

#: A model adds up the numbers of a sentence in another order when other sentences share its batch,
#: and where two words are about equally good the other may win ("opera room", "operaroom").
ALIKE = 80
EQUAL_SHARE = 0.8


def stories() -> list[dict[str, str]]:
    """The example stories, and their sentences one by one."""
    found = []
    for path in sorted((PROJECT_DIR / "examples").glob("*.txt")):
        text = path.read_text("utf-8")
        found.append({"id": path.stem, "text": text})
        found += [
            {"id": f"{path.stem}-{number}", "text": line}
            for number, line in enumerate(text.splitlines())
            if line.strip()
        ]
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    if not list(Settings().models_dir.glob("*.argosmodel")):
        pytest.fail("the built-in translation packages are missing")
    folder = tmp_path_factory.mktemp("end-to-end")
    server = WebServer(
        folder,
        {
            "RELAIS_DATA_DIR": str(folder / "data"),
            "RELAIS_PACKAGES_DIR": str(folder / "packages"),
            "RELAIS_JOB_CHUNK_ITEMS": "4",
            "RELAIS_JOB_LEASE_SECONDS": "2",
            "RELAIS_MEMORY_ENTRIES": "0",
        },
        application="wsgi:application",
    )
    server.start()
    wait_until_ready(server)
    yield server
    server.kill()


def wait_until_ready(server: WebServer) -> None:
    wait_until(lambda: requests.get(f"{server.url}/v1/health/ready", timeout=9).ok, server.log)


@pytest.fixture(scope="module")
def expected(server: WebServer) -> list[dict[str, Any]]:
    """What the stories become, each asked for by itself."""
    answers = []
    for story in stories():
        response = requests.post(
            f"{server.url}/v1/translate", json={"text": story["text"]}, timeout=120
        )
        answers.append(response.json())
    return answers


def ndjson() -> bytes:
    return "".join(json.dumps(story) + "\n" for story in stories()).encode()


def assert_same(lines: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [line["position"] for line in lines] == list(range(len(expected)))
    assert [line["id"] for line in lines] == [story["id"] for story in stories()]
    pairs = [(line["text"], one["text"]) for line, one in zip(lines, expected, strict=True)]
    for text, alone in pairs:
        assert fuzz.ratio(text, alone) > ALIKE
    assert sum(text == alone for text, alone in pairs) > EQUAL_SHARE * len(pairs)


def test_a_batch_gives_what_single_requests_give(
    server: WebServer, expected: list[dict[str, Any]]
) -> None:
    response = requests.post(
        f"{server.url}/v1/translate/batch",
        data=ndjson(),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=300,
    )
    assert_same([json.loads(line) for line in response.text.splitlines()], expected)


def test_markup_in_a_batch_is_what_it_is_in_a_single_request(server: WebServer) -> None:
    item = {"text": "<p>Le <b>maire</b> a salué la foule.</p>", "format": "html"}
    alone = requests.post(f"{server.url}/v1/translate", json=item, timeout=60).json()
    (line,) = requests.post(f"{server.url}/v1/translate/batch", json=[item], timeout=60).text.split(
        "\n"
    )[:-1]
    assert json.loads(line)["text"] == alone["text"]
    assert alone["text"].startswith("<p>")


def test_a_job_whose_server_is_killed_gives_what_single_requests_give(
    server: WebServer, expected: list[dict[str, Any]]
) -> None:
    made = requests.post(
        f"{server.url}/v1/jobs",
        data=ndjson(),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=60,
    )
    job = made.json()["id"]
    finished = server.wait_for(job, 8)
    assert finished < len(expected), "the job ended before it could be interrupted"
    server.kill()
    server.start()
    wait_until_ready(server)
    assert server.wait_for_end(job)["state"] == "done"
    assert_same(server.results(job), expected)


def test_a_worker_that_starts_with_a_broken_term_file_waits_until_it_is_mended(
    tmp_path: Path, redis_server: Redis
) -> None:
    terms = tmp_path / "terms" / "people.yaml"
    terms.parent.mkdir()
    terms.write_text("- id: [broken")
    tiny.package(tmp_path / "models")
    settings = {
        "RELAIS_DATA_DIR": str(tmp_path / "data"),
        "RELAIS_GLOSSARY_DIR": str(terms.parent),
        "RELAIS_MODELS_DIR": str(tmp_path / "models"),
        "RELAIS_PACKAGES_DIR": str(tmp_path / "packages"),
        "RELAIS_BROKER_URL": redis_server.url,
        "RELAIS_JOB_LEASE_SECONDS": "2",
    }
    server = WebServer(tmp_path, settings)
    worker = Process(["service", "worker", "--name", "a"], tmp_path / "worker.log", settings)
    try:
        server.start()
        worker.start()
        job = server.submit(["Franck Alessio spoke."], source="en")
        wait_until(lambda: "people.yaml:" in str(server.job(job)["problem"]), worker.log)
        assert server.results(job) == []
        terms.write_text("- {id: franck-allisio, name: Franck Allisio}")
        assert server.wait_for_end(job)["state"] == "done"
        assert [line["text"] for line in server.results(job)] == ["Franck Allisio spoke."]
    finally:
        worker.kill()
        server.kill()
