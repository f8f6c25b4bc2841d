"""DeepL's interface: `/v2/translate`, `/v2/languages`, `/v2/usage`, `/v3/languages`.

Its official clients work unchanged. Glossaries are in `service.http.deepl_glossaries`, documents
in `service.http.deepl_documents`. A glossary can be used with a detected source language too, which
DeepL does not allow. What DeepL takes and this service has no use for (`formality`, `style_id`,
unknown members) is checked where its values are listed, and otherwise taken and ignored.

The official client gives up after ten seconds and tries five times more, on every 429 and 5xx: so
what will not pass by itself is a 400 here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, g, jsonify, request
from flask import Request as HttpRequest

from service.app import Services, services
from service.documents_db import Order
from service.errors import InvalidRequest, QuotaExceeded, Unauthorised
from service.http.clients import (
    Answer,
    Parameters,
    choose_glossary,
    language_names,
    named_glossaries,
    resolving,
    translate_texts,
    with_context,
)
from service.http.deepl_schemas import (
    DeeplError,
    DeeplLanguages,
    DeeplResourceLanguages,
    DeeplTexts,
    DeeplTranslateRequest,
    DeeplUsage,
    LanguagesQuery,
    ResourceQuery,
)
from service.http.face import Face, key_in_headers
from service.http.limits import check_item_count
from service.http.openapi import FORMS, operation
from service.http.problems import Problem
from service.http.quota import Account
from service.http.schemas import LANGUAGE_CODE, MOST_GLOSSARIES
from service.pipeline import Request
from service.text.detect import UNDETERMINED
from service.text.files import MAX_FILE_BYTES
from service.text.markup import Rules, outline

blueprint = Blueprint("deepl", __name__)

#: What `/v2/usage` says may be translated; there is no such limit.
CHARACTER_LIMIT: Final = 1_000_000_000_000
VARIANTS: Final = {"en": ("EN-GB", "EN-US")}
VARIANT_NAMES: Final = {"EN-GB": "English (British)", "EN-US": "English (American)"}
ENUMERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "split_sentences": ("0", "1", "nonewlines"),
    "tag_handling": ("xml", "html"),
    "tag_handling_version": ("v1", "v2"),
    "formality": ("default", "more", "less", "prefer_more", "prefer_less"),
    "model_type": ("quality_optimized", "prefer_quality_optimized", "latency_optimized"),
}


def find_key(http: HttpRequest) -> str | None:
    """The key of a request: in `Authorization`, or the parameter `auth_key` of old clients."""
    found = key_in_headers(http)
    if found is not None:
        return found
    allow_files(http)
    try:
        value = Parameters(http).one("auth_key")
    except InvalidRequest:
        return None
    return value if isinstance(value, str) and value else None


def error_answer(problem: Problem) -> Response:
    """An error in DeepL's shape."""
    message = problem.title if problem.detail == problem.title else problem.detail
    members = {"message": message, "code": problem.code}
    if problem.code == Unauthorised.code:
        members = {"message": "Forbidden", "detail": problem.detail}
    elif problem.field is not None:
        members["detail"] = f"At {problem.field}."
    response = jsonify(members)
    response.status_code = 456 if problem.code == QuotaExceeded.code else problem.status
    response.headers["X-Trace-ID"] = str(g.get("request_id", ""))
    return response


FACE = Face(
    blueprint,
    problem=error_answer,
    find_key=find_key,
    paths=("/v2", "/v2/", "/v3", "/v3/"),
)


@blueprint.after_request
def name_the_trace(response: Response) -> Response:
    """Every answer carries the request's id where DeepL's clients look for it."""
    response.headers["X-Trace-ID"] = str(g.get("request_id", ""))
    return response


@blueprint.route("/v2/translate", methods=["GET", "POST"])
@operation(
    "Translate texts",
    tag="DeepL",
    request=DeeplTranslateRequest,
    media_types=FORMS,
    answers={200: (DeeplTexts,)},
    errors=(400, 403, 404, 413, 429, 456, 503),
    error=DeeplError,
)
def translate() -> Response:
    """Translate one or many texts, each in its own language."""
    own = services()
    given = Parameters(request)
    texts = _texts(given)
    check_item_count(texts, own.settings)
    _check_enumerations(given)
    own.require_models()
    target = _target(own, given)
    source = _source(own, given)
    glossary = choose_glossary(own, _glossary_ids(given))
    context = given.text("context") or ""
    requests = [
        with_context(own, Request(text, source=source, target=target, glossary=glossary), context)
        for text in texts
    ]
    rules = [_rules(given, text) for text in texts]
    answers = translate_texts(own, requests, rules, "translate")
    model = given.text("model_type")
    response = jsonify({"translations": [_shown(answer, model) for answer in answers]})
    models = {answer.translation.model for answer in answers} - {""}
    versions = {answer.translation.glossary_version for answer in answers} - {""}
    response.headers["X-Model"] = ", ".join(sorted(models)) or "none"
    response.headers["X-Glossary-Version"] = ", ".join(sorted(versions)) or "none"
    return response


def _shown(answer: Answer, model: str | None) -> dict[str, object]:
    translation = answer.translation
    source = translation.source if translation.source != UNDETERMINED else translation.target
    value: dict[str, object] = {
        "detected_source_language": source.upper(),
        "text": translation.text,
        "billed_characters": answer.characters,
    }
    if model is not None:
        value["model_type_used"] = "latency_optimized"
    return value


def allow_files(http: HttpRequest) -> None:
    """Let the body of an upload be as large as a document may be."""
    if http.path.endswith("/v2/document"):
        http.max_content_length = MAX_FILE_BYTES + 65_536


def order_of(own: Services, given: Parameters) -> Order:
    """How a document is to be translated, its glossaries by their ids.

    Raises:
        InvalidRequest: what is wrong with a parameter.
        NotFound: there is no such glossary.
    """
    _check_enumerations(given)
    source, target = _source(own, given), _target(own, given)
    named = named_glossaries(_glossary_ids(given))
    if isinstance(named, str):
        return Order(source, target, named)
    resolve = resolving(own)
    return Order(source, target, glossaries=[resolve(name) for name in named])


def _texts(given: Parameters) -> list[str]:
    value = given.several("text")
    if value is None or value == []:
        raise InvalidRequest("Parameter 'text' not specified.", field="text")
    values: list[object] = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str)]
    if len(texts) < len(values):
        raise InvalidRequest("Parameter 'text' must be an array of strings.", field="text")
    return texts


def _check_enumerations(given: Parameters) -> None:
    for name, allowed in ENUMERATIONS.items():
        value = given.one(name)
        if value is None or value == "":
            continue
        if name == "split_sentences" and isinstance(value, bool | int):
            value = str(int(value))
        if value not in allowed:
            raise InvalidRequest(
                f"Value for '{name}' not supported; it is one of {', '.join(allowed)}.", field=name
            )
    if given.one("formality") in ("more", "less"):
        raise InvalidRequest(
            "'formality' is not supported for given 'target_lang'.", field="formality"
        )


def _target(own: Services, given: Parameters) -> str:
    code = given.text("target_lang")
    if not code:
        raise InvalidRequest("Parameter 'target_lang' not specified.", field="target_lang")
    target = _base(code)
    if target not in {target for _, target in own.engine.pairs()}:
        raise InvalidRequest("Value for 'target_lang' not supported.", field="target_lang")
    return target


def _source(own: Services, given: Parameters) -> str | None:
    code = given.text("source_lang")
    if not code:
        return None
    source = _base(code)
    if source not in {code for pair in own.engine.pairs() for code in pair}:
        raise InvalidRequest("Value for 'source_lang' not supported.", field="source_lang")
    return source


def _base(code: str) -> str:
    """The language served for DeepL's code: ``EN-US`` is ``en``."""
    if not LANGUAGE_CODE.fullmatch(code):
        return code
    return code.replace("_", "-").split("-")[0].lower()


def _glossary_ids(given: Parameters) -> object:
    """The glossaries named, in DeepL's two ways and in ours."""
    single = given.text("glossary_id")
    several = _names(given, "glossary_ids", most=MOST_GLOSSARIES)
    if single and several:
        raise InvalidRequest("Give either 'glossary_id' or 'glossary_ids'.", field="glossary_id")
    if single:
        return [single]
    return several or given.several("glossary")


def _names(given: Parameters, name: str, *, most: int | None = None) -> list[str]:
    """A list of names: a JSON array, repeated, or separated by commas; `most` may be given."""
    value = given.several(name)
    if value is None:
        return []
    given_values: list[object] = value if isinstance(value, list) else [value]
    values = [item for item in given_values if isinstance(item, str)]
    if len(values) < len(given_values):
        raise InvalidRequest(f"Parameter '{name}' must be a list of strings.", field=name)
    parts = [part.strip() for item in values for part in item.split(",")]
    if most is not None and len(parts) > most:
        raise InvalidRequest(f"Parameter '{name}' may have {most} values at most.", field=name)
    return [part for part in parts if part]


def _rules(given: Parameters, text: str) -> Rules | None:
    """How a text's markup is read; None for plain text."""
    handling = given.text("tag_handling")
    outlined = given.flag("outline_detection", default=True)
    ignored, splitting, joining = (
        frozenset(_names(given, name))
        for name in ("ignore_tags", "splitting_tags", "non_splitting_tags")
    )
    if not handling:
        return None
    if handling == "html":
        return Rules(ignore_tags=ignored, splitting_tags=splitting, non_splitting_tags=joining)
    if outlined:
        splitting |= outline(text)
    return Rules(
        "xml",
        attributes=frozenset(),
        ignore_tags=ignored,
        splitting_tags=splitting,
        non_splitting_tags=joining,
    )


@blueprint.get("/v2/languages")
@operation(
    "Source or target languages",
    tag="DeepL",
    request=LanguagesQuery,
    answers={200: (DeeplLanguages,)},
    errors=(400, 403, 429, 503),
    error=DeeplError,
)
def languages() -> Response:
    """Source or target languages; the official client asks with a form in a GET's body."""
    own = services()
    own.require_models()
    kind = _choice("type", "source")
    if kind not in ("source", "target"):
        raise InvalidRequest("Value for 'type' not supported.", field="type")
    names = language_names(own)
    pairs = own.engine.pairs()
    if kind == "source":
        codes = {code for pair in pairs for code in pair}
        return jsonify(
            [{"language": code.upper(), "name": names.get(code, code)} for code in sorted(codes)]
        )
    return jsonify(
        [
            {
                "language": variant,
                "name": VARIANT_NAMES.get(variant) or names.get(code, code),
                "supports_formality": False,
            }
            for code in sorted({target for _, target in pairs})
            for variant in VARIANTS.get(code, (code.upper(),))
        ]
    )


@blueprint.get("/v3/languages")
@operation(
    "The languages of a resource",
    tag="DeepL",
    request=ResourceQuery,
    answers={200: (DeeplResourceLanguages,)},
    errors=(400, 403, 429, 503),
    error=DeeplError,
)
def languages_by_resource() -> Response:
    """The languages of one resource: `translate_text` or `glossary`."""
    own = services()
    own.require_models()
    resource = _choice("resource", "translate_text")
    if resource not in ("translate_text", "glossary"):
        raise InvalidRequest("Value for 'resource' not supported.", field="resource")
    pairs = own.engine.pairs()
    targets = {target for _, target in pairs}
    names = language_names(own)
    features = {
        "auto_detection": {"status": "stable"},
        "glossary": {"status": "stable"},
        "tag_handling": {"status": "stable"},
    }
    listed = [
        {
            "lang": code,
            "name": names.get(code, code),
            "usable_as_source": True,
            "usable_as_target": code in targets,
            "status": "stable",
            "features": features if resource == "translate_text" else {},
        }
        for code in sorted({code for pair in pairs for code in pair})
    ]
    for code in sorted(targets) if resource == "translate_text" else ():
        for variant in VARIANTS.get(code, ()):
            listed.append(
                {
                    "lang": variant[:2].lower() + variant[2:],
                    "name": VARIANT_NAMES[variant],
                    "usable_as_source": False,
                    "usable_as_target": True,
                    "status": "stable",
                    "features": features,
                }
            )
    return jsonify(listed)


def _choice(name: str, default: str) -> str:
    value = Parameters(request).text(name)
    return default if value is None else value


@blueprint.get("/v2/usage")
@operation(
    "Characters translated",
    tag="DeepL",
    answers={200: (DeeplUsage,)},
    errors=(403, 429),
    error=DeeplError,
)
def usage() -> Response:
    """Characters translated for this API key in this calendar month, and the most that may be;
    without a key of the keys file, those translated since this process began."""
    own = services()
    account = Account.of_request(own.usage)
    if account.key is None:
        used, limit = _characters(own), CHARACTER_LIMIT
    else:
        used = account.used()
        limit = account.key.characters_per_month or CHARACTER_LIMIT
    return jsonify({"character_count": used, "character_limit": limit})


def _characters(own: Services) -> int:
    samples: Sequence[object] = [
        sample.value
        for metric in own.metrics.characters.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels.get("operation") == "translate"
    ]
    return sum(int(float(str(value))) for value in samples)
