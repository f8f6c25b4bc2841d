"""Who may ask, how much, how often, and how many at once: keys, sizes, rates and room.

Rates are kept by Flask-Limiter (a moving window, counted per key where keys are asked for, per
client address otherwise); in the process's memory, or in Redis when `RELAIS_BROKER_URL` names
one, so that several servers count together.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from flask import Flask, Response, current_app, g, request
from flask_cors import CORS
from flask_limiter import Limiter

from service.config import Settings
from service.errors import Overloaded, RequestTooLarge, Unauthorised
from service.gunicorn_worker import wait_for_reader
from service.http.face import FaceIndex, key_in_headers
from service.keys import Key, KeyFile, KeyRing

#: Threads that no work is admitted to, so that health checks and refusals are answered at any load.
SPARE_THREADS = 4

#: Silence of somebody who reads a stream of results after which he is given up: he may send all of
#: a batch before he reads, or store what he reads slowly.
STREAM_READER_SECONDS = 900.0

#: Headers of an answer that a web page of another origin may read.
EXPOSED = ["X-Request-Id", "X-Model", "X-Glossary-Version", "X-Trace-ID", "Retry-After"]


def install(app: Flask, settings: Settings) -> None:
    """Set the body limit, ask for keys and keep the rates, as the settings say."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    _allow_origins(app, settings)
    keys = KeyRing(settings.api_keys, settings.editor_keys, KeyFile(settings.keys_path))
    app.extensions["relais.keys"] = keys
    _ask_for_keys(app, keys)
    _keep_rates(app, settings)
    _keep_room(app, max(1, settings.request_threads - SPARE_THREADS))
    _wait_for_bodies(app, settings.body_wait_seconds)


def _allow_origins(app: Flask, settings: Settings) -> None:
    """Let web pages of these origins read the answers; cookies are never part of it."""
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        CORS(
            app,
            origins="*" if "*" in origins else origins,
            send_wildcard="*" in origins,
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-Id"],
            expose_headers=EXPOSED,
            max_age=600,
        )


def _ask_for_keys(app: Flask, keys: KeyRing) -> None:
    @app.before_request
    def check_key() -> None:
        if request.method == "OPTIONS" or request.endpoint is None or _is_open():
            return
        if not keys.asked_for():
            return
        face = _faces().of_request(request)
        secret = (face.find_key if face else key_in_headers)(request)
        if secret is None:
            raise Unauthorised(
                "This deployment asks for an API key: send it as 'Authorization: Bearer KEY'."
            )
        key = keys.find(secret)
        if key is None:
            raise Unauthorised("The API key is not known here.")
        g.key = key


def key_ring() -> KeyRing:
    """The keys of the application at hand."""
    keys: KeyRing = current_app.extensions["relais.keys"]
    return keys


def owner() -> str:
    """Whose jobs and glossaries a request sees: those of its API key, by the key's digest, or
    everybody's where no key is asked for."""
    key: Key | None = g.get("key")
    return key.sha256 if key else ""


def _faces() -> FaceIndex:
    index: FaceIndex = current_app.extensions["relais.faces"]
    return index


def _is_open() -> bool:
    return _faces().is_open(request)


def _caller() -> str:
    return owner() or request.remote_addr or "unknown"


def _keep_rates(app: Flask, settings: Settings) -> None:
    """Hold every caller to his key's rate, or to the deployment's where the key has none."""

    def rate() -> str:
        key: Key | None = g.get("key")
        return (key and key.rate) or settings.rate_limit

    shared = settings.broker_url if settings.broker_url.startswith("redis") else "memory://"
    limiter = Limiter(
        key_func=_caller,
        application_limits=[rate],
        storage_uri=shared,
        strategy="moving-window",
        headers_enabled=True,
        in_memory_fallback_enabled=True,
        app=app,
    )
    limiter.request_filter(lambda: _is_open() or not rate())


def _keep_room(app: Flask, places: int) -> None:
    """Admit as many requests with work (any POST) as there are places; refuse others at once."""
    room = threading.BoundedSemaphore(places)

    @app.before_request
    def admit() -> None:
        if request.method != "POST" or request.endpoint is None:
            return
        if not room.acquire(blocking=False):
            raise Overloaded(f"{places} requests are being worked on; try again in a moment.")
        g.admitted = True

    @app.after_request
    def leave(response: Response) -> Response:
        if g.pop("admitted", False):
            if response.is_streamed:
                response.call_on_close(room.release)
            else:
                room.release()
        return response


def _wait_for_bodies(app: Flask, seconds: float) -> None:
    """Give up a body whose sender falls silent; streams, read later, have their own patience."""

    @app.before_request
    def bound() -> None:
        connection = request.environ.get("gunicorn.socket")
        if connection is not None:
            g.connection, g.patience = connection, connection.gettimeout()
            connection.settimeout(seconds)

    @app.after_request
    def release(response: Response) -> Response:
        connection = g.pop("connection", None)
        if connection is not None:
            connection.settimeout(g.patience)
            if response.is_streamed:
                wait_for_reader(connection, STREAM_READER_SECONDS)
        return response


def check_item_count(items: Sequence[object], settings: Settings) -> None:
    """Refuse a request of more items than the limit.

    Raises:
        RequestTooLarge: there are more than `Settings.max_items`.
    """
    if len(items) > settings.max_items:
        raise RequestTooLarge(
            f"The request has {len(items)} items; the limit is {settings.max_items}."
            " Send them in several requests, or as a job.",
            field="items",
        )
