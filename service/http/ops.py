"""What an operator asks: health, models, languages, metrics, version, and the API's description."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version as installed_version

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

import service
from service.app import services
from service.http.face import Face
from service.http.openapi import document, operation
from service.http.schemas import (
    LanguagesOut,
    LiveOut,
    ModelsOut,
    ReadyOut,
    VersionOut,
)

blueprint = Blueprint("ops", __name__)
FACE = Face(
    blueprint,
    paths=("/metrics", "/openapi.json"),
    open_views=frozenset({"live", "ready", "openapi", "version"}),
)


@blueprint.get("/v1/health/live")
@operation("Whether the process answers", tag="health", answers={200: (LiveOut,)})
def live() -> Response:
    """Answers at once, also while the models are being loaded."""
    return jsonify({"status": "live"})


@blueprint.get("/v1/health/ready")
@operation(
    "Whether texts can be translated",
    tag="health",
    answers={200: (ReadyOut,), 503: (ReadyOut,)},
)
def ready() -> tuple[Response, int]:
    """200 once every usable model has answered a sentence; 503 before that, and where there is
    no usable model. `problems` names what needs a person: a broken package is left out, and a
    broken term file leaves the last good glossary in force."""
    own = services()
    loaded = own.loaded  # before `ready`: the loading may end between the two
    is_ready = own.ready
    problems = own.problems
    if is_ready:
        status = "degraded" if problems else "ready"
    else:
        status = "unusable" if loaded else "loading"
    glossary = own.glossaries.current
    value = {
        "status": status,
        "ready": is_ready,
        "models": [package.name for package in own.engine.packages()] if loaded else [],
        "glossary": {
            "version": glossary.version,
            "entries": len(glossary.entries),
            "problem": own.glossaries.problem,
        },
        "problems": list(problems),
    }
    response = jsonify(value)
    if not is_ready:
        response.headers["Retry-After"] = "2"
    return response, 200 if is_ready else 503


@blueprint.get("/v1/languages")
@operation(
    "What can be translated to what",
    tag="models",
    answers={200: (LanguagesOut,)},
    errors=(403, 429, 503),
)
def languages() -> Response:
    """Languages reached through a third one are included."""
    own = services()
    own.require_models()
    names = _language_names()
    targets: dict[str, list[str]] = {}
    for source, target in own.engine.pairs():
        targets.setdefault(source, []).append(target)
    return jsonify(
        {
            "languages": [
                {
                    "code": source,
                    "name": names.get(source, source),
                    "targets": sorted(targets[source]),
                }
                for source in sorted(targets)
            ]
        }
    )


def _language_names() -> dict[str, str]:
    """English names of the languages, as the packages themselves give them."""
    names: dict[str, str] = {}
    for package in services().engine.packages():
        metadata = json.loads((package.path / "metadata.json").read_text("utf-8"))
        names.setdefault(package.source, str(metadata.get("from_name") or package.source))
        names.setdefault(package.target, str(metadata.get("to_name") or package.target))
    return names


@blueprint.get("/v1/models")
@operation(
    "The translation packages in use",
    tag="models",
    answers={200: (ModelsOut,)},
    errors=(403, 429),
)
def models() -> Response:
    """Each with the sha256 of the file it came from; `problems` names those left out."""
    own = services()
    packages = own.engine.packages() if own.loaded else ()
    return jsonify(
        {
            "models": [
                {
                    "name": package.name,
                    "source": package.source,
                    "target": package.target,
                    "version": package.version,
                    "sha256": package.sha256,
                    "origin": package.origin,
                }
                for package in packages
            ],
            "threads": own.settings.threads,
            "beam_size": own.settings.beam_size,
            "problems": list(own.engine.problems),
        }
    )


@blueprint.get("/v1/version")
@operation("What runs here", tag="health", answers={200: (VersionOut,)})
def version() -> Response:
    """The service's version and those of its runtime."""
    return jsonify(
        {
            "service": "relais",
            "version": service.__version__,
            "python": platform.python_version(),
            "ctranslate2": installed_version("ctranslate2"),
        }
    )


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics; asks for a key where the deployment has keys."""
    return Response(generate_latest(services().metrics.registry), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 description of everything served here."""
    server = request.script_root + services().settings.url_prefix
    return jsonify(document(current_app, server=server))
