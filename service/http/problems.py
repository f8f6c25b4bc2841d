"""Errors on their way out: any exception → `Problem` → the answer in a face's own shape.

Nothing below raises an HTTP error by hand: code raises `ServiceError`, Werkzeug raises its
`HTTPException` for routing and sizes, and everything else is a fault of ours, answered with a
500 that tells the request id and nothing of the inside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import ClientDisconnected, HTTPException

from service.errors import (
    NotReady,
    Overloaded,
    PackageError,
    ServiceError,
    StorageUnavailable,
)

PROBLEM_TYPE = "application/problem+json"
#: Where a problem's `type` points: the table of codes in the API's documentation.
TYPE_PREFIX = "urn:relais:problem:"
#: Seconds after which a caller may try again, for the errors that pass by themselves.
RETRY_AFTER: dict[type[ServiceError], int] = {
    Overloaded: 1,
    NotReady: 2,
    PackageError: 60,
    StorageUnavailable: 2,
}

#: Codes and sentences for the errors that Werkzeug raises before any of our code runs.
HTTP_ERRORS: dict[int, tuple[str, str, str]] = {
    400: ("invalid_request", "Invalid request", "The request cannot be read."),
    404: ("not_found", "Not found", "Nothing is served under this path."),
    405: (
        "method_not_allowed",
        "Method not allowed",
        "This path does not answer this method; the Allow header names those that it does.",
    ),
    408: ("request_timeout", "Request timeout", "The request did not arrive in time."),
    413: ("request_too_large", "Request too large", "The request body is over the limit."),
    415: (
        "unsupported_media_type",
        "Unsupported media type",
        "Send the body as application/json.",
    ),
    429: ("rate_limited", "Too many requests", "Too many requests from this caller."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a caller may see it, before it takes the shape of an interface.

    `code` is stable; `detail` is one sentence that says what to do; `field` names the part of
    the request at fault, if one is.
    """

    status: int
    code: str
    title: str
    detail: str
    field: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, error: BaseException) -> Problem:
        """The problem that an exception amounts to."""
        if isinstance(error, ServiceError):
            return cls._of_service_error(error)
        if isinstance(error, HTTPException):
            return cls._of_http_exception(error)
        return cls(
            500,
            "internal_error",
            "Internal error",
            "The service failed on this request; the log has it under this request id.",
        )

    @classmethod
    def _of_service_error(cls, error: ServiceError) -> Problem:
        wait = next((s for kind, s in RETRY_AFTER.items() if isinstance(error, kind)), None)
        headers = (("Retry-After", str(wait)),) if wait is not None else ()
        return cls(error.status, error.code, error.title, error.detail, error.field, headers)

    @classmethod
    def _of_http_exception(cls, error: HTTPException) -> Problem:
        silent = isinstance(error, ClientDisconnected)  # the body ended, or stopped coming
        status = 408 if silent else error.code or 500
        code, title, detail = HTTP_ERRORS.get(
            status,
            (error.name.lower().replace(" ", "_"), error.name, error.description or error.name),
        )
        kept = ("allow", "retry-after", "location")
        headers = tuple(pair for pair in error.get_headers() if pair[0].lower() in kept)
        return cls(status, code, title, detail, None, headers)

    def as_dict(self) -> dict[str, object]:
        """The members of an RFC 9457 problem document, with our `code` and `field`."""
        members: dict[str, object] = {
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.field is not None:
            members["field"] = self.field
        return members


def problem_response(problem: Problem) -> Response:
    """The problem as an RFC 9457 document: what the native interface answers."""
    members = problem.as_dict()
    request_id = g.get("request_id")
    if request_id:
        members["request_id"] = request_id
    return Response(json.dumps(members), status=problem.status, content_type=PROBLEM_TYPE)


def answer(error: Exception) -> Response:
    """The answer to an error, in the shape of the interface that was addressed."""
    from service.http.observe import log_fault

    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        response = error.get_response()
        return Response(response.get_data(), status=error.code, headers=list(response.headers))
    problem = Problem.of(error)
    if problem.status == 500:
        log_fault(error)
    face = current_app.extensions["relais.faces"].of_request(request)
    response = face.problem(problem) if face else problem_response(problem)
    for name, value in problem.headers:
        response.headers.setdefault(name, value)
    return response


def install(app: Flask) -> None:
    """Answer every exception of `app` through `answer`."""
    app.register_error_handler(Exception, answer)
