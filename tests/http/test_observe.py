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
from prometheus_client.parser import text_string_to_metric_families

from service import logs
from service.engine import Stats

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


def engine_samples(client: FlaskClient) -> dict[str, dict[str, float]]:
    """The engine's metrics: model to value, by the metric's name."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        if family.name.startswith("relais_engine_"):
            found[family.name.removeprefix("relais_engine_")] = {
                sample.labels["model"]: sample.value for sample in family.samples
            }
    return found


def test_the_engines_metrics_are_told_by_model(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(batch_tokens=1000)
    busy, idle = "translate-ar_en-1.0", "translate-fr_en-1.0"
    stats = {busy: Stats(4, 50, 1000, 1200, 7, 3, 2), idle: Stats()}
    monkeypatch.setattr(app.extensions["relais"].engine, "stats_by_model", lambda: stats)

    assert engine_samples(app.test_client()) == {
        "batches": {busy: 4, idle: 0},
        "units": {busy: 50, idle: 0},
        "pieces": {busy: 1000, idle: 0},
        "padded": {busy: 1200, idle: 0},
        "remembered": {busy: 7, idle: 0},
        "joined": {busy: 3, idle: 0},
        "waiting": {busy: 2, idle: 0},
        "batch_fill": {busy: 0.25},
    }


def test_only_the_model_that_was_asked_counts(client: FlaskClient) -> None:
    before = engine_samples(client)
    text = {"text": "Cette phrase du maire ne vient que de cet essai.", "source": "fr"}
    model = client.post("/v1/translate", json=text).json["model"]
    after = engine_samples(client)

    assert len(after["units"]) > 1
    assert {name for name in after["units"] if after["units"][name] > before["units"][name]} == {
        model
    }
    assert 0 < after["batch_fill"][model] <= 1
