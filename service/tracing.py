"""OpenTelemetry spans, where its packages are installed; nothing where they are not.

Reach for `span` around a step whose time is worth seeing. Attributes are counts, codes and ids,
never texts; of an exception only the type is told, because its message may quote a text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final, TypeAlias

import structlog
from werkzeug.datastructures import Headers

import service

log = structlog.get_logger("service.tracing")

Attribute: TypeAlias = str | int | float | bool | None


def _installed(module: str) -> Any:
    """A module of OpenTelemetry, or None; untyped, so that types do not depend on the packages."""
    try:
        return import_module(module)
    except ImportError:
        return None


_api: Final = _installed("opentelemetry.trace")
_w3c: Final = _installed("opentelemetry.trace.propagation.tracecontext")

# The exporters' names in the packages' entry points, by the protocol of OTLP.
_OTLP: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


class Span:
    """What a block may add to its span."""

    def __init__(self, inner: Any = None) -> None:
        self._inner = inner

    def set(self, **attributes: Attribute) -> None:
        """Add attributes; those without a dot in their name become ``relais.name``."""
        if self._inner is not None:
            self._inner.set_attributes(_named(attributes))

    def fail(self, kind: str) -> None:
        """Mark the span as failed by `kind` of error."""
        if self._inner is not None:
            self._inner.set_attribute("error.type", kind)
            self._inner.set_status(_api.StatusCode.ERROR)


_NOTHING: Final = nullcontext(Span())


def span(name: str, **attributes: Attribute) -> AbstractContextManager[Span]:
    """A span around a block, inside the one that is open; an exception marks it as failed.

    Args:
        attributes: as `Span.set`; those that are None are left out.
    """
    if _nobody_listens():
        return _NOTHING
    return _open(name, attributes)


def request_span(
    name: str, headers: Headers, **attributes: Attribute
) -> AbstractContextManager[Span]:
    """The span of one HTTP request: a child of the caller's ``traceparent``, or the first of all.

    Args:
        headers: the request's.
        attributes: as in `span`.
    """
    if _nobody_listens():
        return _NOTHING
    carrier = {key: headers[key] for key in ("traceparent", "tracestate") if key in headers}
    parent = _w3c.TraceContextTextMapPropagator().extract(carrier)
    return _open(name, attributes, context=parent, kind=_api.SpanKind.SERVER)


def _nobody_listens() -> bool:
    """Whether the packages are missing, or no provider was set that would keep a span."""
    return _api is None or isinstance(_api.get_tracer_provider(), _api.ProxyTracerProvider)


@contextmanager
def _open(name: str, attributes: Mapping[str, Attribute], **options: Any) -> Iterator[Span]:
    tracer = _api.get_tracer("relais", service.__version__)
    with tracer.start_as_current_span(
        name,
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
        **options,
    ) as inner:
        own = Span(inner)
        try:
            yield own
        except BaseException as error:
            own.fail(type(error).__qualname__)
            raise


def _named(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    return {
        name if "." in name else f"relais.{name}": value
        for name, value in attributes.items()
        if value is not None
    }


def configure() -> None:
    """Send spans to where the OTEL_* variables say, if they say so.

    Call it after the process has forked: the thread that sends does not survive a fork. What
    cannot be used is a warning in the log, and the service goes on without spans.
    """
    names = os.environ.get("OTEL_TRACES_EXPORTER", "")
    if not names and any(
        os.environ.get(variable)
        for variable in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ):
        names = "otlp"
    wanted = [name.strip() for name in names.split(",") if name.strip() not in ("", "none")]
    if not wanted:
        return
    try:
        trace = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        own = {"service.name": "relais", "service.version": service.__version__}
        resource = resources.Resource.create(own).merge(resources.OTELResourceDetector().detect())
        provider = trace.TracerProvider(resource=resource)
        for name in wanted:
            provider.add_span_processor(export.BatchSpanProcessor(_exporter(name)))
    except Exception as error:
        log.warning("spans_not_sent", exporters=wanted, problem=f"{type(error).__name__}: {error}")
        return
    _api.set_tracer_provider(provider)


def _exporter(name: str) -> Any:
    """A span exporter by its name in OTEL_TRACES_EXPORTER.

    Raises:
        LookupError: no installed package has it.
    """
    if name == "otlp":
        protocol = (
            os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
            or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
            or "http/protobuf"
        )
        name = _OTLP.get(protocol, protocol)
    for found in entry_points(group="opentelemetry_traces_exporter", name=name):
        return found.load()()
    raise LookupError(f"no installed package exports spans to {name!r}")
