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
    409: "The request contradicts the present state.",
    413: "The body, the number of items or a text is over the limit.",
    415: "The body is not declared as JSON.",
    429: "Too many requests, or too much is waiting; see Retry-After.",
    503: "The models are still being loaded, or cannot be used.",
    507: "The disk is full; nothing of the request was kept.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one view takes and gives."""

    summary: str
    tag: str
    request: type[BaseModel] | None
    body: Content | None
    answers: dict[int, tuple[type[BaseModel], ...]]
    errors: tuple[int, ...]
    media_type: str
    parameters: tuple[Content, ...]


def operation(
    summary: str,
    *,
    tag: str,
    request: type[BaseModel] | None = None,
    body: Content | None = None,
    answers: dict[int, tuple[type[BaseModel], ...]] | None = None,
    errors: tuple[int, ...] = (),
    media_type: str = "application/json",
    parameters: tuple[Content, ...] = (),
) -> Callable[[View], View]:
    """Describe a view for the OpenAPI document; its docstring becomes the description.

    Args:
        request: model of the JSON body; none: the view takes no body.
        body: OpenAPI content of a body that is not one JSON object, by media type.
        answers: models of the answers by status; several models: one of them.
        errors: statuses answered with a problem document.
        media_type: of the answers.
        parameters: OpenAPI parameter objects, for those that stand in the path or the query.
    """

    def mark(view: View) -> View:
        described = Operation(
            summary, tag, request, body, answers or {}, errors, media_type, tuple(parameters)
        )
        view.operation = described  # type: ignore[attr-defined]
        return view

    return mark


def document(app: Flask, *, server: str) -> Content:
    """The OpenAPI document of `app`.

    Args:
        server: base URL or path under which the service is reached.
    """
    found = sorted(_operations(app), key=lambda entry: (entry[0], entry[1]))
    models: set[type[BaseModel]] = {ProblemOut}
    for _path, _method, described, _view in found:
        models.update({described.request} if described.request else ())
        models.update(model for options in described.answers.values() for model in options)
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=REF
    )
    paths: dict[str, Content] = {}
    for path, method, described, view in found:
        paths.setdefault(path, {})[method] = _operation_object(described, view)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Relais",
            "version": service.__version__,
            "summary": service.__doc__.strip() if service.__doc__ else "",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server or "/"}],
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


def _operations(app: Flask) -> list[tuple[str, str, Operation, Callable[..., Any]]]:
    prefix = app.extensions["relais.faces"].prefix
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        described = getattr(view, "operation", None)
        if isinstance(described, Operation):
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule.removeprefix(prefix))
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found += [(path, method.lower(), described, view) for method in methods]
    return found


def _operation_object(described: Operation, view: Callable[..., Any]) -> Content:
    answers: Content = {
        str(status): {
            "description": STATUS_TEXT[status],
            "content": {described.media_type: {"schema": _one_of(models)}} if models else {},
        }
        for status, models in described.answers.items()
    }
    for status in described.errors:
        answers.setdefault(
            str(status),
            {
                "description": STATUS_TEXT[status],
                "content": {"application/problem+json": {"schema": _ref(ProblemOut)}},
            },
        )
    value: Content = {
        "operationId": view.__name__,
        "tags": [described.tag],
        "summary": described.summary,
        "description": (view.__doc__ or "").strip(),
        "responses": answers,
    }
    if described.parameters:
        value["parameters"] = list(described.parameters)
    if described.body is not None:
        value["requestBody"] = {"required": True, "content": described.body}
    if described.request is not None:
        value["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(described.request)}},
        }
    return value


def _ref(model: type[BaseModel]) -> Content:
    return {"$ref": REF.format(model=model.__name__)}


def _one_of(models: tuple[type[BaseModel], ...]) -> Content:
    if len(models) == 1:
        return _ref(models[0])
    return {"oneOf": [_ref(model) for model in models]}
