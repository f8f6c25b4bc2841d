"""What can be seen from outside: request ids, the access log, metrics, each request's span."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Request, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.errors import ServiceError, StorageFull, StorageUnavailable
from service.logs import places_of
from service.pipeline import Request as TextRequest
from service.pipeline import Translation
from service.tracing import request_span

if TYPE_CHECKING:
    from service.app import Services
    from service.jobs.records import TextFormat
    from service.jobs.work import Translate
    from service.names.report import NameReport

log = structlog.get_logger("service.http")

#: A caller's own request id is kept when it is short and harmless to print; otherwise we make one.
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

#: Methods that are counted by name; a caller may invent others without end.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: Upper bounds of the request time histogram, in seconds.
TIME_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "relais_requests",
            "HTTP requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "relais_request_seconds",
            "Time from a request's arrival to its answer.",
            ["route"],
            buckets=TIME_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "relais_requests_in_flight", "Requests being answered now.", registry=self.registry
        )
        self.items = Counter(
            "relais_items",
            "Texts worked on, by what was asked and how it ended.",
            ["operation", "source", "outcome"],
            registry=self.registry,
        )
        self.characters = Counter(
            "relais_characters",
            "Characters of the texts worked on.",
            ["operation"],
            registry=self.registry,
        )
        self.sentences = Counter(
            "relais_sentences",
            "Sentences translated.",
            ["source", "model"],
            registry=self.registry,
        )
        self.flags = Counter(
            "relais_flags",
            "Sentences with a warning, by warning.",
            ["flag"],
            registry=self.registry,
        )
        self.names = Counter(
            "relais_names",
            "Names found: changed, right as they stood, or suggested and left alone; the model is "
            "empty where nothing was translated.",
            ["outcome", "model"],
            registry=self.registry,
        )

    def count_names(self, names: Iterable[NameReport], model: str = "") -> None:
        """Count the names of one report; `model` is what translated the text, if any."""
        for name in names:
            if name.surface == name.replacement:
                outcome = "right"
            else:
                outcome = "changed" if name.applied else "suggested"
            self.names.labels(outcome, model).inc()

    def count_translation(self, translation: Translation) -> None:
        """Count what one translated text amounted to."""
        self.sentences.labels(translation.source, translation.model).inc(len(translation.sentences))
        for sentence in translation.sentences:
            for flag in sentence.flags:
                self.flags.labels(flag).inc()
        self.count_names(translation.names, translation.model)

    def counted(self, translate: Translate) -> Translate:
        """`translate`, with everything that it translates counted: for batches and jobs."""

        def counting(
            requests: Sequence[TextRequest], formats: Sequence[TextFormat]
        ) -> Sequence[Translation | ServiceError]:
            results = translate(requests, formats)
            for result in results:
                if isinstance(result, Translation):
                    self.count_translation(result)
            return results

        return counting


#: The engine's counts (`service.engine.engine.Stats`) and what they mean.
ENGINE_COUNTERS = {
    "batches": "Calls of a model.",
    "units": "Sentences, or parts of long ones, given to a model.",
    "pieces": "Source pieces in them.",
    "padded": "Source pieces with the padding that batches add.",
    "remembered": "Sentences found in the translation memory.",
    "joined": "Sentences that another request was translating already.",
}


class StateCollector(Collector):
    """What the engine and the glossary are at the moment of the scrape."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        services = self._services
        yield GaugeMetricFamily(
            "relais_ready", "1 once every model has answered.", value=float(services.engine.ready)
        )
        yield GaugeMetricFamily(
            "relais_glossary_entries",
            "Entries of the glossary in force.",
            value=len(services.glossaries.current.entries),
        )
        yield GaugeMetricFamily(
            "relais_glossary_broken",
            "1 while the term files cannot be used and an earlier state stays in force.",
            value=float(services.glossaries.problem is not None),
        )
        yield from self._models()
        yield from self._jobs()

    def _models(self) -> Iterator[Metric]:
        """The engine's counts, by model."""
        models = self._services.engine.stats_by_model()
        for name, words in ENGINE_COUNTERS.items():
            counter = CounterMetricFamily(f"relais_engine_{name}", words, labels=["model"])
            for model, stats in models.items():
                counter.add_metric([model], getattr(stats, name))
            yield counter
        waiting = GaugeMetricFamily(
            "relais_engine_waiting", "Sentences accepted and not yet answered.", labels=["model"]
        )
        fill = GaugeMetricFamily(
            "relais_engine_batch_fill",
            "Source pieces in the average batch, as a share of those it may hold.",
            labels=["model"],
        )
        room = self._services.settings.batch_tokens
        for model, stats in models.items():
            waiting.add_metric([model], stats.waiting)
            if stats.batches:
                fill.add_metric([model], stats.pieces / (stats.batches * room))
        yield waiting
        yield fill

    def _jobs(self) -> Iterator[Metric]:
        """The chunks of jobs; nothing while there is no job table, or it cannot be read."""
        if not self._services.jobs.store.exists():
            return
        try:
            counts = self._services.jobs.queue.counts()
        except (StorageFull, StorageUnavailable):
            return
        chunks = GaugeMetricFamily(
            "relais_job_chunks", "Chunks of jobs that have not ended, by state.", labels=["state"]
        )
        for state, count in counts.items():
            chunks.add_metric([state], count)
        yield chunks


def log_fault(error: BaseException) -> None:
    """Log an unexpected exception: its type and the places it passed, never its message."""
    log.error("fault", exception=type(error).__qualname__, places=places_of(error))


def method_of(request: Request) -> str:
    """The request's method; "other" for one that a caller invented."""
    return request.method if request.method in METHODS else "other"


def route_of(request: Request) -> str:
    """The rule that the request's path fits; never the path itself."""
    return request.url_rule.rule if request.url_rule else "(none)"


def install(app: Flask, metrics: Metrics) -> None:
    """Give every request an id, a line in the log and its place in the metrics, and a span."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        metrics.in_flight.inc()
        g.open_spans = ExitStack()
        g.span = g.open_spans.enter_context(
            request_span(
                f"{method_of(request)} {route_of(request)}",
                request.headers,
                request_id=g.request_id,
                **{
                    "http.request.method": method_of(request),
                    "http.route": route_of(request),
                },
            )
        )

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        route = route_of(request)
        response.headers["X-Request-Id"] = g.request_id
        method = method_of(request)
        g.span.set(**{"http.response.status_code": response.status_code})
        if response.status_code >= 500:
            g.span.fail(str(response.status_code))
        metrics.requests.labels(method, route, str(response.status_code)).inc()
        metrics.seconds.labels(route).observe(seconds)
        quiet = response.status_code < 400 and route.endswith(("/health/live", "/health/ready"))
        (log.debug if quiet else log.info)(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            bytes_in=request.content_length,
            bytes_out=response.content_length,
            **g.get("log_fields", {}),
        )
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if "started" in g:
            metrics.in_flight.dec()
            g.open_spans.close()


def add_log_fields(**fields: object) -> None:
    """Add counts (never texts) to this request's line in the log."""
    g.setdefault("log_fields", {}).update(fields)
