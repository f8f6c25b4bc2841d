"""LibreTranslate's interface: `/translate`, `/detect`, `/languages` and the rest of its paths.

Its clients work unchanged: same field names, shapes and error wording. Where the original is
faulty this is not: an array has a detected language for each item, a repeated form `q` is an
array, health tells the truth, and every error is JSON. Our own additions are asked for by name
(`glossary`, `explain`, `per_item`), so an answer has no member that a client does not know.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from io import BytesIO
from pathlib import PurePath
from typing import Final

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, request, send_file, url_for
from flask import Request as HttpRequest

from service.app import Services, services
from service.documents import translate_document
from service.errors import InvalidRequest, NotFound, TextTooLong, Unauthorised
from service.http.clients import (
    Answer,
    Parameters,
    alternatives,
    applied_terms,
    choose_glossary,
    language_names,
    translate_texts,
    warnings_of,
)
from service.http.face import Face, key_in_headers
from service.http.libretranslate_schemas import (
    LibreDetectRequest,
    LibreError,
    LibreFile,
    LibreFileRequest,
    LibreHealth,
    LibreLanguages,
    LibreLanguagesOfEach,
    LibreServedLanguages,
    LibreSettings,
    LibreSuccess,
    LibreSuggestRequest,
    LibreTranslateRequest,
    LibreTranslation,
    LibreTranslations,
)
from service.http.limits import key_ring, owner
from service.http.openapi import FORMS, operation, path_parameter
from service.http.problems import Problem
from service.http.quota import Account
from service.http.schemas import LANGUAGE_CODE, AnyObject, Document
from service.jobs.schema import metadata
from service.pipeline import Request, Translation
from service.text.detect import UNDETERMINED, Detection
from service.text.files import MAX_FILE_BYTES, SUPPORTED
from service.text.markup import Rules

blueprint = Blueprint("libretranslate", __name__)

MAX_ALTERNATIVES: Final = 5
FILE_LIFETIME: Final = 30 * 60.0
"""Seconds for which a translated file can be fetched."""
MAX_SUGGESTIONS: Final = 100_000
NO_KEY: Final = "Please contact the server operator to get an API key"

translated_files = sa.Table(
    "translated_files",
    metadata,
    sa.Column("name", sa.String(300), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
suggestions = sa.Table(
    "suggestions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("source", sa.String(8), nullable=False),
    sa.Column("target", sa.String(8), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("suggestion", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)


def find_key(http: HttpRequest) -> str | None:
    """The API key of a request: in the headers, or the parameter `api_key`."""
    found = key_in_headers(http)
    if found is not None:
        return found
    _allow_files(http)
    try:
        value = Parameters(http).one("api_key")
    except InvalidRequest:
        return None
    return value if isinstance(value, str) and value else None


def _allow_files(http: HttpRequest) -> None:
    if http.path.endswith("/translate_file"):
        http.max_content_length = MAX_FILE_BYTES + 65_536


def error_answer(problem: Problem) -> Response:
    """An error in LibreTranslate's shape, with its status where that differs from ours."""
    status, text = problem.status, problem.detail
    if problem.code == Unauthorised.code:
        given = find_key(request)
        status, text = (403, "Invalid API key") if given else (400, NO_KEY)
    elif problem.code == TextTooLong.code:
        status = 400
    elif problem.code == "rate_limited":
        text = f"Slowdown: {text}"
    response = jsonify({"error": text})
    response.status_code = status
    return response


FACE = Face(
    blueprint,
    problem=error_answer,
    find_key=find_key,
    paths=(
        "/translate",
        "/detect",
        "/languages",
        "/frontend/",
        "/health",
        "/suggest",
        "/translate_file",
        "/download_file/",
        "/spec",
    ),
    open_views=frozenset({"languages", "settings", "health", "download_file", "spec"}),
)


@blueprint.post("/translate")
@operation(
    "Translate",
    tag="LibreTranslate",
    request=LibreTranslateRequest,
    media_types=FORMS,
    answers={200: (LibreTranslation, LibreTranslations)},
    errors=(400, 403, 404, 429, 503),
    error=LibreError,
)
def translate() -> Response:
    """Translate a text or an array of texts, plain or HTML."""
    own = services()
    given = _parameters()
    texts, is_array = _texts(given)
    own.require_models()
    source, target = _languages(own, given)
    is_html = _is_html(given)
    count = _count_of_alternatives(given)
    glossary = choose_glossary(own, given.several("glossary"))
    explain = given.flag("explain")
    requests = [Request(text, source=source, target=target, glossary=glossary) for text in texts]
    answers = translate_texts(
        own, requests, [Rules() if is_html else None] * len(texts), "translate"
    )
    members: dict[str, list[object]] = {
        "translatedText": [answer.translation.text for answer in answers]
    }
    if source is None:
        members["detectedLanguage"] = [_detected(answer.translation) for answer in answers]
    if count:
        members["alternatives"] = [
            [] if is_html else list(alternatives(own, answer.translation, count, glossary))
            for answer in answers
        ]
    if explain:
        members |= _explanation(answers)
    response = jsonify(
        members if is_array else {name: values[0] for name, values in members.items()}
    )
    models = {answer.translation.model for answer in answers} - {""}
    versions = {answer.translation.glossary_version for answer in answers} - {""}
    response.headers["X-Model"] = ", ".join(sorted(models)) or "none"
    response.headers["X-Glossary-Version"] = ", ".join(sorted(versions)) or "none"
    return response


def _explanation(answers: Sequence[Answer]) -> dict[str, list[object]]:
    return {
        "rawText": [answer.translation.raw_text for answer in answers],
        "appliedTerms": [applied_terms(answer.translation) for answer in answers],
        "warnings": [warnings_of(answer) for answer in answers],
    }


@blueprint.post("/detect")
@operation(
    "Detect the language",
    tag="LibreTranslate",
    request=LibreDetectRequest,
    media_types=FORMS,
    answers={200: (LibreLanguages, LibreLanguagesOfEach)},
    errors=(400, 403, 429),
    error=LibreError,
)
def detect() -> Response:
    """The languages that a text may be in, best first; `per_item` for a list for each."""
    own = services()
    given = _parameters()
    texts, is_array = _texts(given)
    per_item = given.flag("per_item")
    found = [_candidates(own.pipeline.detect(text)) for text in texts]
    if is_array and per_item:
        return jsonify([_shown(candidates) for candidates in found])
    merged: dict[str, float] = {}
    for candidates in found:
        for language, confidence in candidates.items():
            merged[language] = merged.get(language, 0.0) + confidence / len(found)
    return jsonify(_shown(merged))


def _candidates(detection: Detection) -> dict[str, float]:
    if detection.language == UNDETERMINED:
        return {"en": 0.0}
    return {c.language: c.confidence for c in detection.candidates} or {
        detection.language: detection.confidence
    }


def _shown(candidates: dict[str, float]) -> list[dict[str, object]]:
    return [
        {"confidence": round(100 * confidence, 2), "language": language}
        for language, confidence in sorted(candidates.items(), key=lambda item: -item[1])
    ]


@blueprint.route("/languages", methods=["GET", "POST"])
@operation(
    "Languages",
    tag="LibreTranslate",
    answers={200: (LibreServedLanguages,)},
    errors=(503,),
    error=LibreError,
)
def languages() -> Response:
    """What can be translated to what; a body is not looked at."""
    own = services()
    own.require_models()
    names = language_names(own)
    targets: dict[str, set[str]] = {}
    for source, target in own.engine.pairs():
        targets.setdefault(source, set()).add(target)
        targets.setdefault(target, set()).add(target)
    return jsonify(
        [
            {"code": code, "name": names.get(code, code), "targets": sorted(targets[code])}
            for code in sorted(targets)
        ]
    )


@blueprint.get("/frontend/settings")
@operation("Settings of a frontend", tag="LibreTranslate", answers={200: (LibreSettings,)})
def settings() -> Response:
    """What a frontend asks before it shows itself."""
    own = services()
    return jsonify(
        {
            "charLimit": own.settings.max_item_chars,
            "frontendTimeout": 500,
            "apiKeys": key_ring().asked_for(),
            "keyRequired": key_ring().asked_for(),
            "suggestions": True,
            "filesTranslation": True,
            "supportedFilesFormat": list(SUPPORTED),
            "language": {
                "source": {"code": "auto", "name": "Auto Detect"},
                "target": {"code": "en", "name": "English"},
            },
        }
    )


@blueprint.get("/health")
@operation("Health", tag="LibreTranslate", answers={200: (LibreHealth,), 503: (LibreHealth,)})
def health() -> tuple[Response, int]:
    """Whether texts can be translated now."""
    own = services()
    if own.ready:
        return jsonify({"status": "ok"}), 200
    response = jsonify({"status": "error" if own.loaded else "loading"})
    response.headers["Retry-After"] = "2"
    return response, 503


@blueprint.post("/suggest")
@operation(
    "Propose a better translation",
    tag="LibreTranslate",
    request=LibreSuggestRequest,
    media_types=FORMS,
    answers={200: (LibreSuccess,)},
    errors=(400, 403, 429, 503, 507),
    error=LibreError,
)
def suggest() -> Response:
    """Keep a better translation that a reader proposes; it changes no answer by itself."""
    own = services()
    given = _parameters()
    values = {name: given.text(name) for name in ("q", "s", "source", "target")}
    for name, value in values.items():
        if not value:
            raise InvalidRequest(f"Invalid request: missing {name} parameter", field=name)
        if len(value) > own.settings.max_item_chars:
            raise _too_long(len(value), own.settings.max_item_chars)
    with own.jobs.database.transaction() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(suggestions))
        if (count or 0) >= MAX_SUGGESTIONS:
            raise InvalidRequest("No more suggestions are taken; read those that are there first.")
        connection.execute(
            suggestions.insert().values(
                id=str(uuid.uuid4()),
                owner=owner(),
                source=_clean(values["source"])[:8],
                target=_clean(values["target"])[:8],
                text=_clean(values["q"]),
                suggestion=_clean(values["s"]),
                created=own.jobs.database.now(connection),
            )
        )
    return jsonify({"success": True})


def _clean(text: str | None) -> str:
    """Text that every database stores: without NUL and lone surrogates."""
    return (text or "").replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@blueprint.post("/translate_file")
@operation(
    "Translate a document",
    tag="LibreTranslate",
    request=LibreFileRequest,
    media_types=("multipart/form-data",),
    answers={200: (LibreFile,)},
    errors=(400, 403, 404, 415, 429, 503, 507),
    error=LibreError,
)
def translate_a_file() -> Response:
    """Translate a document; the answer tells where to fetch it within half an hour."""
    _allow_files(request)
    own = services()
    given = _parameters()
    upload = request.files.get("file")
    if upload is None:
        raise InvalidRequest("Invalid request: missing file parameter", field="file")
    if not upload.filename:
        raise InvalidRequest("Invalid request: empty file", field="file")
    name = _safe_name(upload.filename)
    ending = PurePath(name).suffix.lower()
    if ending not in SUPPORTED:
        raise InvalidRequest("Invalid request: file format not supported", field="file")
    own.require_models()
    source, target = _languages(own, given)
    glossary = choose_glossary(own, given.several("glossary"))
    wanted = Request("", source=source, target=target, glossary=glossary)
    account = Account.of_request(own.usage)
    account.check()
    content, characters = translate_document(
        own.pipeline,
        upload.stream.read(MAX_FILE_BYTES + 1),
        name,
        wanted,
        max_chars=own.settings.max_item_chars,
    )
    account.charge(characters)
    stored = f"{uuid.uuid4()}.{PurePath(name).stem}_{target}{ending}"
    with own.jobs.database.transaction() as connection:
        now = own.jobs.database.now(connection)
        connection.execute(
            translated_files.delete().where(translated_files.c.created < now - FILE_LIFETIME)
        )
        connection.execute(
            translated_files.insert().values(name=stored, content=content, created=now)
        )
    url = url_for("libretranslate.download_file", name=stored, _external=True)
    return jsonify({"translatedFileUrl": url})


def _safe_name(name: str) -> str:
    """A file name of letters, digits, dots and dashes, without folders, of 100 characters."""
    path = PurePath(name.replace("\\", "/"))
    stem = re.sub(r"[^\w.-]+|\.{2,}", "_", path.stem).strip("._")[-100:] or "file"
    return stem + re.sub(r"[^\w.]", "", path.suffix)[:20]


@blueprint.get("/download_file/<string:name>")
@operation(
    "Fetch a translated document",
    tag="LibreTranslate",
    answers={200: (Document,)},
    errors=(404, 503),
    error=LibreError,
    media_type="application/octet-stream",
    parameters=(path_parameter("name", "As `translatedFileUrl` ends."),),
)
def download_file(name: str) -> Response:
    """A file that was translated; the name is a secret of whoever had it translated."""
    own = services()
    content = None
    if re.fullmatch(r"[\w.-]{1,300}", name) and own.jobs.database.exists():
        with own.jobs.database.transaction(writes=False) as connection:
            oldest = own.jobs.database.now(connection) - FILE_LIFETIME
            content = connection.scalar(
                sa.select(translated_files.c.content).where(
                    translated_files.c.name == name, translated_files.c.created >= oldest
                )
            )
    if content is None:
        raise NotFound("There is no such file; translated files are kept for half an hour.")
    return send_file(
        BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name.partition(".")[2],
        max_age=0,
    )


@blueprint.get("/spec")
@operation("This interface in Swagger 2", tag="LibreTranslate", answers={200: (AnyObject,)})
def spec() -> Response:
    """This interface as a Swagger 2 document, where LibreTranslate has one."""
    return jsonify(_swagger(services()))


# Reading the parameters


def _parameters() -> Parameters:
    try:
        given = Parameters(request)
    except InvalidRequest as error:
        raise InvalidRequest(f"Invalid JSON format: {error.detail}") from error
    given.text("api_key")
    return given


def _texts(given: Parameters) -> tuple[list[str], bool]:
    """The texts of `q`, and whether they came as an array."""
    own = services()
    value = given.several("q")
    if value in (None, "", []):
        raise InvalidRequest("Invalid request: missing q parameter", field="q")
    values: list[object] = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str)]
    if len(texts) < len(values):
        raise InvalidRequest(
            "Invalid request: q must be a string or an array of strings", field="q"
        )
    if len(texts) > own.settings.max_items:
        raise _too_long(len(texts), own.settings.max_items)
    longest = max(map(len, texts))
    if longest > own.settings.max_item_chars:
        raise _too_long(longest, own.settings.max_item_chars)
    return texts, isinstance(value, list)


def _too_long(size: int, limit: int) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid request: request ({size}) exceeds text limit ({limit})", field="q"
    )


def _languages(own: Services, given: Parameters) -> tuple[str | None, str]:
    """Source (None: to be detected) and target."""
    codes = {}
    for name in ("source", "target"):
        code = given.text(name)
        if not code:
            raise InvalidRequest(f"Invalid request: missing {name} parameter", field=name)
        codes[name] = code
    pairs = own.engine.pairs()
    known = {code for pair in pairs for code in pair}
    target = _base(codes["target"])
    if target not in {code for _, code in pairs}:
        if target in known:
            names = language_names(own)
            source = _base(codes["source"])
            raise InvalidRequest(
                f"{names.get(target, target)} ({target}) is not available as a target language "
                f"from {names.get(source, source)} ({source})",
                field="target",
            )
        raise InvalidRequest(f"{codes['target'][:40]} is not supported", field="target")
    if codes["source"].lower() == "auto":
        return None, target
    source = _base(codes["source"])
    if source not in known:
        raise InvalidRequest(f"{codes['source'][:40]} is not supported", field="source")
    return source, target


def _base(code: str) -> str:
    """The language served for a code: ``fr-FR`` and ``FR`` are ``fr``."""
    if not LANGUAGE_CODE.fullmatch(code):
        return code
    return code.replace("_", "-").split("-")[0].lower()


def _is_html(given: Parameters) -> bool:
    form = given.text("format") or "text"
    if form not in ("text", "html"):
        raise InvalidRequest(f"{form[:40]} format is not supported", field="format")
    return form == "html"


def _count_of_alternatives(given: Parameters) -> int:
    value = given.one("alternatives")
    if value is None or value == "":
        return 0
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value, is_number = int(value), True
    if not is_number or not isinstance(value, int) or value < 0:
        raise InvalidRequest(
            "Invalid request: 'alternatives' must be a number", field="alternatives"
        )
    if value > MAX_ALTERNATIVES:
        raise InvalidRequest(
            f"Invalid request: alternatives ({value}) exceeds limit ({MAX_ALTERNATIVES})",
            field="alternatives",
        )
    return value


def _detected(translation: Translation) -> dict[str, object]:
    """The detected language; English with confidence 0 where nothing can be told, as there."""
    detection = translation.detection
    if detection is None or detection.language == UNDETERMINED:
        return {"confidence": 0, "language": "en"}
    return {"confidence": round(100 * detection.confidence, 2), "language": translation.source}


# The description


def _swagger(own: Services) -> dict[str, object]:
    def parameter(name: str, description: str, *, required: bool = False) -> dict[str, object]:
        return {
            "in": "formData",
            "name": name,
            "type": "string",
            "required": required,
            "description": description,
        }

    languages_of = [
        parameter("source", "Source language code, or `auto`.", required=True),
        parameter("target", "Target language code.", required=True),
        parameter("api_key", "API key, where the server asks for one."),
    ]
    error = {"description": "What is wrong.", "schema": {"$ref": "#/definitions/error"}}

    def described(
        summary: str, parameters: list[dict[str, object]], answer: str, *, tag: str = "translate"
    ) -> dict[str, object]:
        good = {"description": answer, "schema": {"type": "object"}}
        return {
            "tags": [tag],
            "summary": summary,
            "consumes": ["application/json", "application/x-www-form-urlencoded"],
            "parameters": parameters,
            "responses": {"200": good, "400": error, "403": error, "429": error},
        }

    q = parameter("q", "Text, or an array of texts (JSON), or repeated.", required=True)
    paths: dict[str, object] = {
        "/translate": {
            "post": described(
                "Translate",
                [
                    q,
                    *languages_of,
                    parameter("format", "`text` or `html`."),
                    parameter("alternatives", f"Number of alternatives, 0 to {MAX_ALTERNATIVES}."),
                    parameter("glossary", "`default`, `none`, or ids of glossaries."),
                    parameter("explain", "`true`: say which names were changed."),
                ],
                "Translated text",
            )
        },
        "/detect": {"post": described("Detect the language", [q], "Languages, best first")},
        "/languages": {"get": described("Languages", [], "List of languages")},
        "/frontend/settings": {
            "get": described("Settings of a frontend", [], "Settings", tag="frontend")
        },
        "/health": {"get": described("Health", [], "Whether it can translate", tag="health")},
        "/suggest": {
            "post": described(
                "Propose a better translation",
                [q, parameter("s", "The better translation.", required=True), *languages_of],
                "Success",
                tag="feedback",
            )
        },
        "/translate_file": {
            "post": described(
                "Translate a file",
                [{"in": "formData", "name": "file", "type": "file"}, *languages_of],
                "Where the translated file is",
            )
        },
    }
    return {
        "swagger": "2.0",
        "info": {"title": "Relais, as LibreTranslate", "version": "1.0"},
        "basePath": (request.script_root + own.settings.url_prefix) or "/",
        "paths": paths,
        "definitions": {"error": {"type": "object", "properties": {"error": {"type": "string"}}}},
    }
