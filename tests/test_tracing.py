"""Spans tell where the time goes, in counts and codes; a text is never in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service import tracing
from service.app import Services, create_app
from service.config import Settings
from service.engine.translator import Hypothesis
from service.jobs.database import Database
from service.jobs.work import ChunkWorker
from tests.jobs.conftest import Jobs
from tests.jobs.fakes import FakePipeline

ENTRY = """
- id: franck-allisio
  name: Franck Allisio
  type: person
  variants: [Franck Alessio]
"""
SECRET = "phrase secrète"
TEXT = f"Franck Alessio a dit une {SECRET}. Personne ne doit la lire."


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """Where the spans of this process go: OpenTelemetry takes one provider in a process's life."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    """The spans of one test."""
    exporter.clear()
    return exporter


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application whose engine gives every sentence back."""
    (tmp_path / "models").mkdir()
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "people.yaml").write_text(ENTRY, "utf-8")
    settings = Settings(
        models_dir=tmp_path / "models",
        packages_dir=tmp_path / "packages",
        glossary_dir=tmp_path / "names",
        data_dir=tmp_path / "data",
    )
    app = create_app(settings)
    own: Services = app.extensions["relais"]

    def echo(sentences: Sequence[str], *_: object, **__: object) -> list[Hypothesis]:
        return [Hypothesis(sentence, -0.5) for sentence in sentences]

    monkeypatch.setattr(own.engine, "pairs", lambda: (("fr", "en"),))
    monkeypatch.setattr(own.engine, "model", lambda *_: "translate-fr_en-0")
    monkeypatch.setattr(own.engine, "translate", echo)
    monkeypatch.setattr(own.engine, "alternatives", lambda *_, **__: [])
    monkeypatch.setattr(own.engine, "load", lambda: None)
    own.start()
    assert own.wait(60)
    yield app
    own.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


def attributes(spans: InMemorySpanExporter, name: str) -> dict[str, Any]:
    """Those of the one span with this name."""
    (span,) = named(spans, name)
    return dict(span.attributes or {})


def test_a_translation_is_a_request_and_its_steps(
    client: FlaskClient, spans: InMemorySpanExporter
) -> None:
    spans.clear()
    response = client.post("/v1/translate", json={"text": TEXT})

    assert response.status_code == 200
    assert attributes(spans, "POST /v1/translate") == {
        "http.request.method": "POST",
        "http.route": "/v1/translate",
        "http.response.status_code": 200,
        "relais.request_id": response.headers["X-Request-Id"],
    }
    length = len(TEXT)
    assert attributes(spans, "detect") == {"relais.characters": length, "relais.source": "fr"}
    assert attributes(spans, "segment") == {
        "relais.characters": length,
        "relais.source": "fr",
        "relais.sentences": 2,
    }
    assert attributes(spans, "engine") == {
        "relais.sentences": 2,
        "relais.source": "fr",
        "relais.target": "en",
    }
    assert attributes(spans, "names")["relais.names"] == 1
    (request,) = named(spans, "POST /v1/translate")
    assert request.context is not None
    steps = [span for span in spans.get_finished_spans() if span is not request]
    assert {span.parent.span_id for span in steps if span.parent} == {request.context.span_id}
    assert all(span.parent for span in steps)


def test_the_steps_of_a_long_request_belong_to_it_in_all_threads(
    client: FlaskClient, spans: InMemorySpanExporter
) -> None:
    spans.clear()
    items = [{"text": f"{TEXT * 30} {number}", "source": "fr"} for number in range(4)]
    client.post("/v1/translate", json={"items": items})

    (request,) = named(spans, "POST /v1/translate")
    engine = named(spans, "engine")
    assert len(engine) == 4
    assert request.context is not None
    assert {span.parent and span.parent.span_id for span in engine} == {request.context.span_id}


def test_the_steps_of_a_streamed_batch_belong_to_its_request(
    client: FlaskClient, spans: InMemorySpanExporter
) -> None:
    spans.clear()
    lines = '{"text": "Bonjour à tous.", "source": "fr"}\n' * 300
    response = client.post("/v1/translate/batch", data=lines, content_type="application/x-ndjson")

    assert len(response.text.splitlines()) == 300
    (request,) = named(spans, "POST /v1/translate/batch")
    assert request.context is not None
    segments = named(spans, "segment")
    assert len(segments) == 300
    assert {span.parent and span.parent.span_id for span in segments} == {request.context.span_id}


def test_a_callers_trace_goes_on(client: FlaskClient, spans: InMemorySpanExporter) -> None:
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    spans.clear()
    client.get("/v1/health/live", headers={"traceparent": theirs})
    client.get("/v1/health/live", headers={"traceparent": "nonsense"})

    child, first = named(spans, "GET /v1/health/live")
    assert child.parent is not None
    assert child.parent.span_id == 0xB7AD6B7169203331
    assert first.parent is None


def test_no_span_holds_a_text_a_path_or_a_query(
    app: Flask, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot work on {TEXT}")

    client = app.test_client()
    client.post("/v1/translate", json={"text": TEXT})
    client.post("/v1/normalise", json={"text": TEXT})
    client.post("/v1/detect", json={"text": TEXT})
    client.get(f"/{SECRET}?q={SECRET}")
    client.open("/v1/detect", method="SECRÈTE")
    monkeypatch.setattr(app.extensions["relais"].engine, "translate", fail)
    assert client.post("/v1/translate", json={"text": TEXT}).status_code == 500

    written = "".join(span.to_json() for span in spans.get_finished_spans())
    for part in (SECRET, "secr", "SECR", "Alessio", "Allisio", "Personne"):
        assert part not in written
    failed = [span for span in named(spans, "engine") if not span.status.is_ok]
    assert [(span.attributes or {})["error.type"] for span in failed] == ["RuntimeError"]
    assert {(span.attributes or {}).get("error.type") for span in spans.get_finished_spans()} == {
        None,
        "RuntimeError",
        "500",
    }


def test_a_chunk_of_a_job_is_a_span(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    jobs = Jobs(Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}"))
    job = jobs.queued([SECRET, "deux"])
    ChunkWorker(jobs.queue, FakePipeline().translate).work_on_next()
    jobs.database.close()

    assert attributes(spans, "job chunk") == {
        "relais.job": job.id,
        "relais.start": 0,
        "relais.stop": 2,
        "relais.items": 2,
        "relais.failed": 0,
    }


def test_without_the_packages_all_goes_on(
    client: FlaskClient, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_api", None)
    spans.clear()

    assert client.post("/v1/translate", json={"text": TEXT}).status_code == 200
    assert spans.get_finished_spans() == ()


def test_an_exporter_that_is_not_installed_is_a_warning_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
    before = trace.get_tracer_provider()
    tracing.configure()

    assert trace.get_tracer_provider() is before
    assert "carrier-pigeon" in capsys.readouterr().out
