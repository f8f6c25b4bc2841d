"""The OpenAPI 3.1 document, made from the views' own models.

A view says what it takes and gives with `@operation`; every registered view that says so is in
the document, whichever face it belongs to, so document and routes cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import service
from service.http.schemas import ProblemOut

View = TypeVar("View", bound=Callable[..., Any])
Content = dict[str, Any]

#: What each tag holds, in the order in which they are shown.
TAGS = {
    "translate": "Texts in, English with every name in its right spelling out.",
    "jobs": "Batches that are stored first, and worked on until they are done.",
    "glossary": "The names in force.",
    "models": "What translates.",
    "health": "Whether it does.",
    "LibreTranslate": "The interface of LibreTranslate, for programs that speak to it.",
    "DeepL": "The interface of DeepL, for programs that speak to it.",
}

#: The media types of forms, in which other tools' clients send.
FORMS = ("application/json", "application/x-www-form-urlencoded")

REF = "#/components/schemas/{model}"

#: The sentences for the statuses that a view may declare.
STATUS_TEXT = {
    200: "The result.",
    201: "Made.",
    202: "Accepted.",
    204: "Done; no content.",
    400: "The request is wrong; `detail` says how to mend it.",
    403: "An API key is asked for, or the one sent is not known.",
    404: "There is no such thing.",
    408: "The body stopped coming.",
    409: "The request contradicts the present state.",
    413: "The body, the number of items or a text is over the limit.",
    415: "The body is not declared as JSON.",
    429: "Too many requests, or too much is waiting; see Retry-After.",
    456: "The characters of the API key's month are used up.",
    503: "The models are still being loaded, or cannot be used.",
    507: "The disk is full; nothing of the request was kept.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one view takes and gives."""

    summary: str
    tag: str
    request: type[BaseModel] | None
    media_types: tuple[str, ...]
    body: Content | None
    answers: dict[int, tuple[type[BaseModel], ...]]
    errors: tuple[int, ...]
    error: type[BaseModel]
    media_type: str
    parameters: tuple[Content, ...]


def operation(
    summary: str,
    *,
    tag: str,
    request: type[BaseModel] | None = None,
    media_types: tuple[str, ...] = ("application/json",),
    body: Content | None = None,
    answers: dict[int, tuple[type[BaseModel], ...]] | None = None,
    errors: tuple[int, ...] = (),
    error: type[BaseModel] = ProblemOut,
    media_type: str = "application/json",
    parameters: tuple[Content, ...] = (),
) -> Callable[[View], View]:
    """Describe a view for the OpenAPI document; its docstring becomes the description.

    Args:
        request: model of the body; none: the view takes no body. In a GET its members stand in
            the query.
        media_types: in which the body may be written.
        body: OpenAPI content of a body that is not one object, by media type.
        answers: models of the answers by status; several models: one of them.
        errors: statuses answered with an error.
        error: model of the errors.
        media_type: of the answers.
        parameters: OpenAPI parameter objects, for those that stand in the path or the query.
    """

    def mark(view: View) -> View:
        described = Operation(
            summary,
            tag,
            request,
            media_types,
            body,
            answers or {},
            errors,
            error,
            media_type,
            tuple(parameters),
        )
        view.operation = described  # type: ignore[attr-defined]
        return view

    return mark


def document(app: Flask, *, server: str) -> Content:
    """The OpenAPI document of `app`.

    Args:
        server: base URL or path under which the service is reached.
    """
    found = sorted(_operations(app), key=lambda place: (place.path, place.method))
    models: set[type[BaseModel]] = set()
    for place in found:
        described = place.operation
        models.update({described.request} if described.request else ())
        models.update(model for options in described.answers.values() for model in options)
        models.update({described.error} if described.errors else ())
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=REF
    )
    paths: dict[str, Content] = {}
    for place in found:
        paths.setdefault(place.path, {})[place.method] = _operation_object(place)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Relais",
            "version": service.__version__,
            "summary": service.__doc__.strip() if service.__doc__ else "",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server or "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "security": [{}, {"bearer": []}, {"header": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a described view is served; `is_open`: no key is ever asked for there."""

    path: str
    method: str
    name: str
    operation: Operation
    view: Callable[..., Any]
    is_open: bool


def _operations(app: Flask) -> list[_Place]:
    index = app.extensions["relais.faces"]
    faces = {face.blueprint.name: face for face in index.faces}
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        described = getattr(view, "operation", None)
        if not isinstance(described, Operation):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule.removeprefix(index.prefix))
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        blueprint, _, name = rule.endpoint.rpartition(".")
        if not path.startswith("/v1/"):
            name = f"{blueprint}_{name}"
        for method in map(str.lower, methods):
            found.append(
                _Place(
                    path,
                    method,
                    name if len(methods) == 1 else f"{name}_{method}",
                    described,
                    view,
                    is_open=view.__name__ in faces[blueprint].open_views,
                )
            )
    return found


def _operation_object(place: _Place) -> Content:
    described = place.operation
    answers: Content = {
        str(status): {
            "description": STATUS_TEXT[status],
            "content": {described.media_type: {"schema": _one_of(models)}} if models else {},
        }
        for status, models in described.answers.items()
    }
    has_body = place.method != "get" and bool(described.body or described.request)
    # The body of any request may stop coming, or be too large.
    errors = {*described.errors, 408, 413} if has_body else set(described.errors)
    for status in sorted(errors):
        error = {
            "application/problem+json" if described.error is ProblemOut else "application/json": {
                "schema": _ref(described.error)
            }
        }
        answers.setdefault(str(status), {"description": STATUS_TEXT[status], "content": error})
    value: Content = {
        "operationId": place.name,
        "tags": [described.tag],
        "summary": described.summary,
        "description": (place.view.__doc__ or "").strip(),
        "responses": answers,
    }
    if place.is_open:
        value["security"] = []
    parameters = list(described.parameters)
    if described.request is not None and place.method == "get":
        parameters += query_parameters(described.request)
    if parameters:
        value["parameters"] = parameters
    if has_body:
        value["requestBody"] = {"required": True, "content": _body_of(described)}
    return value


def _body_of(described: Operation) -> Content:
    if described.request is None:
        return described.body or {}
    schema = {"schema": _ref(described.request)}
    return dict.fromkeys(described.media_types, schema)


def query_parameters(model: type[BaseModel]) -> tuple[Content, ...]:
    """The fields of a query model as OpenAPI parameters."""
    schema = model.model_json_schema()
    definitions = schema.get("properties", {})
    return tuple(
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": value.pop("description", ""),
            "schema": value,
        }
        for name, value in definitions.items()
    )


def path_parameter(name: str, description: str) -> Content:
    """A part of the path as an OpenAPI parameter."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }


def _ref(model: type[BaseModel]) -> Content:
    return {"$ref": REF.format(model=model.__name__)}


def _one_of(models: tuple[type[BaseModel], ...]) -> Content:
    if len(models) == 1:
        return _ref(models[0])
    return {"oneOf": [_ref(model) for model in models]}
