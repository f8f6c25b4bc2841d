"""Request ids are on every answer; the log has counts and places, and no text and no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from service import logs

TEXT = "Une phrase secrète que personne ne doit lire"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The JSON lines that are logged during a test."""
    stream = io.StringIO()
    root = logging.getLogger()
    kept_handlers, kept_level = root.handlers[:], root.level
    logs.configure("debug")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    root.handlers[:] = kept_handlers
    root.setLevel(kept_level)
    structlog.reset_defaults()


def test_every_answer_has_a_request_id_of_its_own(bare: FlaskClient) -> None:
    ids = {bare.get("/v1/health/live").headers["X-Request-Id"] for _ in range(3)}
    ids.add(bare.get("/nothing").headers["X-Request-Id"])

    assert len(ids) == 4


def test_a_callers_own_request_id_is_kept(bare: FlaskClient) -> None:
    response = bare.get("/v1/health/live", headers={"X-Request-Id": "story-17:part.2_a"})

    assert response.headers["X-Request-Id"] == "story-17:part.2_a"


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "é", '"quoted"', "<script>"])
def test_a_request_id_that_could_do_harm_is_replaced(bare: FlaskClient, given: str) -> None:
    response = bare.get("/v1/health/live", headers={"X-Request-Id": given})

    assert response.headers["X-Request-Id"] != given
    assert len(response.headers["X-Request-Id"]) == 32


def test_a_request_is_one_line_of_counts(
    make_app: Callable[..., Flask], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client = make_app().test_client()

    response = client.post("/v1/detect", json={"items": [{"text": TEXT}, {"text": 5}]})

    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert line["route"] == "/v1/detect"
    assert line["status"] == 200
    assert (line["items"], line["failed"]) == (2, 1)
    assert line["characters"] == len(TEXT)
    assert line["ms"] >= 0


def test_no_text_and_no_key_is_ever_logged(
    make_app: Callable[..., Flask], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = make_app(api_keys="very-secret-key")
    client = app.test_client()
    key = {"Authorization": "Bearer very-secret-key", "Cookie": "session=very-secret-key"}

    client.post("/v1/normalise", json={"text": TEXT}, headers=key)
    client.post("/v1/translate", json={"text": TEXT, "lang": TEXT}, headers=key)
    client.post(f"/v1/translate?q={TEXT}&api_key=very-secret-key", data=TEXT.encode())
    client.get(f"/{TEXT}?api_key=very-secret-key")

    logged = json.dumps(lines(), ensure_ascii=False)
    assert len(lines()) >= 4
    assert "secrète" not in logged
    assert "very-secret" not in logged


def test_a_fault_is_logged_with_its_places_and_without_its_message(
    make_app: Callable[..., Flask],
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app()

    def fail(text: str) -> None:
        raise RuntimeError(f"cannot work on {text}")

    monkeypatch.setattr(app.extensions["relais"].pipeline, "detect", fail)
    response = app.test_client().post("/v1/detect", json={"text": TEXT})

    assert response.status_code == 500
    (line,) = [line for line in lines() if line["event"] == "fault"]
    assert line["exception"] == "RuntimeError"
    assert line["level"] == "error"
    assert any("service/http/native.py" in place for place in line["places"])
    assert TEXT not in json.dumps(lines(), ensure_ascii=False)


def test_records_of_other_libraries_are_json_lines_too(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    try:
        raise ValueError(TEXT)
    except ValueError:
        logging.getLogger("some.library").warning("it %s", "failed", exc_info=True)

    (line,) = lines()
    assert line["event"] == "it failed"
    assert line["logger"] == "some.library"
    assert line["exception"] == "ValueError"
    assert TEXT not in json.dumps(line, ensure_ascii=False)
