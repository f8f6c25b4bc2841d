"""What one interface of the service consists of, and which interface a request addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Request, Response

from service.http.problems import Problem, problem_response


def key_in_headers(request: Request) -> str | None:
    """The API key of `Authorization: Bearer K` (or `DeepL-Auth-Key K`), or of `X-API-Key: K`."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "deepl-auth-key") and rest.strip():
        return rest.strip()
    return request.headers.get("X-API-Key")


@dataclass(frozen=True, slots=True)
class Face:
    """One interface: its routes, the shape of its errors and the place of its keys.

    Args:
        blueprint: the routes. Registered under `Settings.url_prefix`.
        problem: turns an error into this interface's answer; RFC 9457 unless given.
        find_key: finds the caller's API key in a request; in the headers unless given.
        paths: path prefixes (`/v2/`) or whole paths (`/translate`) that belong to this interface
            even where no route matches, so that its 404 and 405 have its shape too.
        open_views: view functions that never ask for a key (health, documentation).
    """

    blueprint: Blueprint
    problem: Callable[[Problem], Response] = problem_response
    find_key: Callable[[Request], str | None] = key_in_headers
    paths: tuple[str, ...] = ()
    open_views: frozenset[str] = frozenset()

    def owns(self, path: str) -> bool:
        """Whether `path`, without the deployment's prefix, belongs to this interface."""
        return any(path.startswith(own) if own.endswith("/") else path == own for own in self.paths)


@dataclass(frozen=True, slots=True)
class FaceIndex:
    """The interfaces of one application, found by request."""

    prefix: str
    faces: tuple[Face, ...]

    def of_request(self, request: Request) -> Face | None:
        """The interface that a request addresses: by its route, else by its path."""
        for face in self.faces:
            if face.blueprint.name in request.blueprints:
                return face
        path = request.path.removeprefix(self.prefix)
        return next((face for face in self.faces if face.owns(path)), None)

    def is_open(self, request: Request) -> bool:
        """Whether the view addressed asks for no key."""
        face = self.of_request(request)
        view = (request.endpoint or "").rpartition(".")[2]
        return face is not None and view in face.open_views
