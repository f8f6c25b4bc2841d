"""The native interface: `/v1/translate`, `/v1/detect`, `/v1/normalise`.

A request holds one `text`, and is answered with its result or a problem document; or it holds
`items`, and is answered with a result *or an error* for each, in order: one bad item never
harms the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request

from service.app import Services, services
from service.documents import translate_all
from service.errors import ServiceError
from service.http.body import read_json, validate
from service.http.clients import choose_glossary
from service.http.face import Face
from service.http.limits import check_item_count
from service.http.observe import add_log_fields
from service.http.openapi import operation
from service.http.quota import Account, translated_characters
from service.http.schemas import (
    DetectedItems,
    DetectionOut,
    DetectItem,
    DetectRequest,
    NormalisedItems,
    NormalisedOut,
    NormaliseItem,
    NormaliseRequest,
    Refused,
    TranslatedItems,
    TranslateItem,
    TranslateRequest,
    TranslationOut,
    entries,
)
from service.names.normalise import Normalised
from service.pipeline import Request, Translation
from service.serialise import detection_to_json, name_to_json, translation_to_json
from service.text.detect import Detection
from service.text.markup import Rules

blueprint = Blueprint("native", __name__, url_prefix="/v1")
FACE = Face(blueprint, paths=("/v1", "/v1/"))

Item = TypeVar("Item", TranslateItem, DetectItem, NormaliseItem)
Result = TypeVar("Result")
Value = dict[str, object]


@blueprint.post("/translate")
@operation(
    "Translate texts and put their names right",
    tag="translate",
    request=TranslateRequest,
    answers={200: (TranslationOut, TranslatedItems)},
    errors=(400, 403, 404, 413, 415, 429, 503),
)
def translate() -> Response:
    """Send one `text`, or many `items`; the sentences of all items are translated together."""
    body = validate(TranslateRequest, read_json(request))
    own = services()
    own.require_models()
    glossary = choose_glossary(own, body.glossary)

    account = Account.of_request(own.usage)

    def work(items: Sequence[TranslateItem]) -> list[Translation | ServiceError]:
        account.check(sum(len(item.text) for item in items))
        return translate_all(
            own.pipeline,
            [
                Request(
                    text=item.text,
                    source=item.source or body.source,
                    target=body.target,
                    glossary=glossary,
                )
                for item in items
            ],
            [Rules() if (item.format or body.format) == "html" else None for item in items],
            max_chars=own.settings.max_item_chars,
        )

    def show(result: Translation) -> Value:
        own.metrics.count_translation(result)
        return translation_to_json(result, explain=body.explain)

    items = entries([TranslateItem(text=body.text)] if body.is_one else body.items)
    results = _work_on(own, "translate", items, work)
    response = _answer_one(results, show) if body.is_one else _answer_many(items, results, show)
    done = [result for result in results if isinstance(result, Translation)]
    texts = ["" if isinstance(item, Refused) else item.text for item in items]
    account.charge(translated_characters(texts, results))
    _name_versions(response, own, done)
    add_log_fields(sentences=sum(len(result.sentences) for result in done))
    return response


def _name_versions(response: Response, own: Services, done: Sequence[Translation]) -> None:
    """Say in the headers which models and which glossary the answer was made with."""
    models = sorted({result.model for result in done if result.model})
    versions = sorted({result.glossary_version for result in done if result.glossary_version})
    response.headers["X-Model"] = ", ".join(models) or "none"
    response.headers["X-Glossary-Version"] = ", ".join(versions) or "none"


@blueprint.post("/detect")
@operation(
    "Tell which language texts are in",
    tag="translate",
    request=DetectRequest,
    answers={200: (DetectionOut, DetectedItems)},
    errors=(400, 403, 413, 415, 429),
)
def detect() -> Response:
    """Each text gets its own answer; `und` with confidence 0 where there is nothing to tell."""
    body = validate(DetectRequest, read_json(request))
    own = services()

    def work(items: Sequence[DetectItem]) -> list[Detection | ServiceError]:
        return [_or_error(own.pipeline.detect, item.text) for item in items]

    items = entries([DetectItem(text=body.text)] if body.is_one else body.items)
    results = _work_on(own, "detect", items, work)
    if body.is_one:
        return _answer_one(results, detection_to_json)
    return _answer_many(items, results, detection_to_json)


@blueprint.post("/normalise")
@operation(
    "Put the names of texts right without translating them",
    tag="translate",
    request=NormaliseRequest,
    answers={200: (NormalisedOut, NormalisedItems)},
    errors=(400, 403, 404, 413, 415, 429, 503),
)
def normalise() -> Response:
    """For English that was relayed from French or Arabic: the text comes back as it was, with
    the names that the glossary knows in their right spelling, and a report on each."""
    body = validate(NormaliseRequest, read_json(request))
    own = services()
    glossary = own.pipeline.glossary(choose_glossary(own, body.glossary))
    version = glossary.version if glossary else ""

    def work(items: Sequence[NormaliseItem]) -> list[Normalised | ServiceError]:
        return [
            _or_error(
                own.pipeline.normalise,
                item.text,
                item.language or body.language,
                glossary or "none",
            )
            for item in items
        ]

    def show(result: Normalised) -> Value:
        own.metrics.count_names(result.names)
        return {
            "text": result.text,
            "names": [name_to_json(name) for name in result.names],
            "glossary": version,
        }

    items = entries([NormaliseItem(text=body.text)] if body.is_one else body.items)
    results = _work_on(own, "normalise", items, work)
    response = _answer_one(results, show) if body.is_one else _answer_many(items, results, show)
    response.headers["X-Glossary-Version"] = version or "none"
    return response


def _or_error(work: Callable[..., Result], *arguments: object) -> Result | ServiceError:
    try:
        return work(*arguments)
    except ServiceError as error:
        return error


def _work_on(
    own: Services,
    name: str,
    items: Sequence[Item | Refused],
    work: Callable[[Sequence[Item]], list[Result | ServiceError]],
) -> list[Result | ServiceError]:
    """The result or the error of each item, in order, and their place in log and metrics."""
    check_item_count(items, own.settings)
    good = [item for item in items if not isinstance(item, Refused)]
    answers = iter(work(good))
    results = [item.error if isinstance(item, Refused) else next(answers) for item in items]
    failed = 0
    for result in results:
        error = isinstance(result, ServiceError)
        failed += error
        source = result.source if isinstance(result, Translation) else ""
        own.metrics.items.labels(name, source, "error" if error else "ok").inc()
    characters = sum(len(item.text) for item in good)
    own.metrics.characters.labels(name).inc(characters)
    add_log_fields(items=len(items), failed=failed, characters=characters)
    return results


def _answer_one(
    results: Sequence[Result | ServiceError], show: Callable[[Result], Value]
) -> Response:
    (result,) = results
    if isinstance(result, ServiceError):
        raise result
    return jsonify(show(result))


def _answer_many(
    items: Sequence[Item | Refused],
    results: Sequence[Result | ServiceError],
    show: Callable[[Result], Value],
) -> Response:
    """The answer to many texts: a result or an error for each, with its id."""
    values: list[Value] = []
    for index, (item, result) in enumerate(zip(items, results, strict=True)):
        value: Value = {} if item.id is None else {"id": item.id}
        if isinstance(result, ServiceError):
            value["error"] = error_to_json(result, index)
        else:
            value |= show(result)
        values.append(value)
    return jsonify({"items": values})


def error_to_json(error: ServiceError, index: int) -> Value:
    """An item's error; its field says where in the request the fault stands."""
    return {
        "code": error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "field": f"items[{index}]" + (f".{error.field}" if error.field else ""),
    }
