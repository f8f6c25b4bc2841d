"""DeepL's glossaries, both versions of the interface.

`/v2/glossaries` knows glossaries of one pair of languages that never change; `/v3/glossaries`
knows several dictionaries in one, which can be changed. Both show the same glossaries: those that
callers made, and the term files, which are read-only here (403) because people keep them in git.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Response, jsonify, request

from service.app import services
from service.errors import InvalidRequest, NotFound, UnsupportedMediaType
from service.glossaries_db import (
    SOURCES,
    Dictionary,
    DictionaryInfo,
    GlossaryInfo,
    checked,
)
from service.http import deepl
from service.http.clients import Parameters
from service.http.deepl_schemas import (
    DeeplChangeRequest,
    DeeplDictionaries,
    DeeplDictionary,
    DeeplDictionaryRequest,
    DeeplError,
    DeeplGlossaries,
    DeeplGlossary,
    DeeplGlossaryRequest,
    DeeplMultilingualGlossaries,
    DeeplMultilingualGlossary,
    DeeplMultilingualRequest,
    DeeplPairs,
    PairQuery,
)
from service.http.limits import owner
from service.http.openapi import FORMS, operation, path_parameter, query_parameters
from service.http.schemas import LANGUAGE_CODE, PlainText

FACE = deepl.FACE
"""DeepL's whole interface: its routes here are added to those of `service.http.deepl`."""

TSV = "text/tab-separated-values"
GLOSSARY = path_parameter("glossary_id", "The glossary's id.")


@deepl.blueprint.get("/v2/glossary-language-pairs")
@operation(
    "Pairs of languages",
    tag="DeepL",
    answers={200: (DeeplPairs,)},
    errors=(403, 429),
    error=DeeplError,
)
def glossary_language_pairs() -> Response:
    """The pairs of languages that a dictionary can be of."""
    return jsonify(
        {
            "supported_languages": [
                {"source_lang": source, "target_lang": "en"} for source in SOURCES
            ]
        }
    )


# Version 2: one pair of languages


@deepl.blueprint.post("/v2/glossaries")
@operation(
    "Make a glossary",
    tag="DeepL",
    request=DeeplGlossaryRequest,
    media_types=FORMS,
    answers={201: (DeeplGlossary,)},
    errors=(400, 403, 429, 503, 507),
    error=DeeplError,
)
def create_v2() -> tuple[Response, int]:
    """A new glossary of one pair of languages."""
    given = Parameters(request)
    name = _required(given.text("name"), "name")
    dictionary = _dictionary(
        given.one("source_lang"),
        given.one("target_lang"),
        given.one("entries"),
        given.one("entries_format"),
    )
    info = _created(name, [dictionary])
    return jsonify(_shown_v2(info)), 201


@deepl.blueprint.get("/v2/glossaries")
@operation(
    "List the glossaries",
    tag="DeepL",
    answers={200: (DeeplGlossaries,)},
    errors=(403, 429, 503),
    error=DeeplError,
)
def list_v2() -> Response:
    """All glossaries; of one with several dictionaries, the first is shown."""
    own = services()
    infos = own.jobs.glossaries.list(owner(), own.glossaries.current)
    return jsonify({"glossaries": [_shown_v2(info) for info in infos if info.dictionaries]})


@deepl.blueprint.get("/v2/glossaries/<glossary_id>")
@operation(
    "Show a glossary",
    tag="DeepL",
    answers={200: (DeeplGlossary,)},
    errors=(403, 404, 429, 503),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def get_v2(glossary_id: str) -> Response:
    """One glossary."""
    own = services()
    info = own.jobs.glossaries.get(owner(), glossary_id, own.glossaries.current)
    if not info.dictionaries:
        raise NotFound("The glossary has no dictionary.")
    return jsonify(_shown_v2(info))


@deepl.blueprint.get("/v2/glossaries/<glossary_id>/entries")
@operation(
    "Read a glossary's entries",
    tag="DeepL",
    answers={200: (PlainText,)},
    errors=(403, 404, 415, 429, 503),
    error=DeeplError,
    media_type=TSV,
    parameters=(GLOSSARY,),
)
def entries_v2(glossary_id: str) -> Response:
    """The entries of a glossary as tab-separated values."""
    if request.accept_mimetypes and not request.accept_mimetypes[TSV]:
        raise UnsupportedMediaType(f"Entries are given as {TSV}; accept that.")
    own = services()
    database = own.jobs.glossaries
    info = database.get(owner(), glossary_id, own.glossaries.current)
    if not info.dictionaries:
        raise NotFound("The glossary has no dictionary.")
    first = info.dictionaries[0]
    entries = database.entries(
        owner(), glossary_id, first.source, first.target, own.glossaries.current
    )
    return Response(_as_tsv(entries), content_type=f"{TSV}; charset=UTF-8")


@deepl.blueprint.delete("/v2/glossaries/<glossary_id>")
@operation(
    "Delete a glossary",
    tag="DeepL",
    answers={204: ()},
    errors=(403, 404, 429, 503, 507),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def delete_v2(glossary_id: str) -> tuple[str, int]:
    """Term files cannot be deleted here."""
    return delete_v3(glossary_id)


@deepl.blueprint.delete("/v3/glossaries/<glossary_id>")
@operation(
    "Delete a glossary",
    tag="DeepL",
    answers={204: ()},
    errors=(403, 404, 429, 503, 507),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def delete_v3(glossary_id: str) -> tuple[str, int]:
    """Term files cannot be deleted here."""
    own = services()
    own.jobs.glossaries.delete(owner(), glossary_id, own.glossaries.current)
    return "", 204


def _created(name: str, dictionaries: Sequence[Dictionary]) -> GlossaryInfo:
    own = services()
    database = own.jobs.glossaries
    info = database.create(owner(), name, dictionaries)
    database.prepare(owner(), info.id, own.glossaries.current)
    return info


def _shown_v2(info: GlossaryInfo) -> dict[str, object]:
    first = info.dictionaries[0]
    return {
        "glossary_id": info.id,
        "name": info.name,
        "ready": True,
        "source_lang": first.source,
        "target_lang": first.target,
        "creation_time": _time(info.created),
        "entry_count": first.entry_count,
    }


# Version 3: several dictionaries


@deepl.blueprint.post("/v3/glossaries")
@operation(
    "Make a glossary of several dictionaries",
    tag="DeepL",
    request=DeeplMultilingualRequest,
    answers={201: (DeeplMultilingualGlossary,)},
    errors=(400, 403, 429, 503, 507),
    error=DeeplError,
)
def create_v3() -> tuple[Response, int]:
    """A new glossary with one or more dictionaries."""
    given = Parameters(request)
    name = _required(given.text("name"), "name")
    info = _created(name, _dictionaries(given))
    return jsonify(_shown_v3(info)), 201


@deepl.blueprint.get("/v3/glossaries")
@operation(
    "List the glossaries",
    tag="DeepL",
    answers={200: (DeeplMultilingualGlossaries,)},
    errors=(403, 429, 503),
    error=DeeplError,
)
def list_v3() -> Response:
    """All glossaries."""
    own = services()
    infos = own.jobs.glossaries.list(owner(), own.glossaries.current)
    return jsonify({"glossaries": [_shown_v3(info) for info in infos]})


@deepl.blueprint.get("/v3/glossaries/<glossary_id>")
@operation(
    "Show a glossary",
    tag="DeepL",
    answers={200: (DeeplMultilingualGlossary,)},
    errors=(403, 404, 429, 503),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def get_v3(glossary_id: str) -> Response:
    """One glossary."""
    own = services()
    info = own.jobs.glossaries.get(owner(), glossary_id, own.glossaries.current)
    return jsonify(_shown_v3(info))


@deepl.blueprint.patch("/v3/glossaries/<glossary_id>")
@operation(
    "Change a glossary",
    tag="DeepL",
    request=DeeplChangeRequest,
    answers={200: (DeeplMultilingualGlossary,)},
    errors=(400, 403, 404, 429, 503, 507),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def change(glossary_id: str) -> Response:
    """Rename a glossary, or add to its dictionaries: a term that is there is given anew."""
    own = services()
    given = Parameters(request)
    database = own.jobs.glossaries
    in_force = own.glossaries.current
    name = given.text("name")
    changes = _dictionaries(given) if given.one("dictionaries") is not None else []
    if name is None and not changes:
        raise InvalidRequest("Give a 'name' or 'dictionaries' to change.")
    if name is not None:
        database.rename(owner(), glossary_id, name, in_force)
    for dictionary in changes:
        database.put(owner(), glossary_id, dictionary, in_force, merge=True)
    if changes:
        database.prepare(owner(), glossary_id, in_force)
    return jsonify(_shown_v3(database.get(owner(), glossary_id, in_force)))


@deepl.blueprint.put("/v3/glossaries/<glossary_id>/dictionaries")
@operation(
    "Replace a dictionary, or make it",
    tag="DeepL",
    request=DeeplDictionaryRequest,
    media_types=FORMS,
    answers={200: (DeeplDictionary,)},
    errors=(400, 403, 404, 429, 503, 507),
    error=DeeplError,
    parameters=(GLOSSARY,),
)
def put_dictionary(glossary_id: str) -> Response:
    """Replace a dictionary, or make it."""
    own = services()
    given = Parameters(request)
    dictionary = _dictionary(
        given.one("source_lang"),
        given.one("target_lang"),
        given.one("entries"),
        given.one("entries_format"),
    )
    database = own.jobs.glossaries
    info = database.put(owner(), glossary_id, dictionary, own.glossaries.current)
    database.prepare(owner(), glossary_id, own.glossaries.current)
    return jsonify(_shown_dictionary(info))


@deepl.blueprint.delete("/v3/glossaries/<glossary_id>/dictionaries")
@operation(
    "Delete a dictionary",
    tag="DeepL",
    answers={204: ()},
    errors=(400, 403, 404, 429, 503, 507),
    error=DeeplError,
    parameters=(GLOSSARY, *query_parameters(PairQuery)),
)
def delete_dictionary(glossary_id: str) -> tuple[str, int]:
    """Delete one dictionary."""
    own = services()
    source, target = _pair_of_query()
    own.jobs.glossaries.delete_dictionary(
        owner(), glossary_id, source, target, own.glossaries.current
    )
    return "", 204


@deepl.blueprint.get("/v3/glossaries/<glossary_id>/entries")
@operation(
    "Read a dictionary's entries",
    tag="DeepL",
    answers={200: (DeeplDictionaries,)},
    errors=(400, 403, 404, 429, 503),
    error=DeeplError,
    parameters=(GLOSSARY, *query_parameters(PairQuery)),
)
def entries_v3(glossary_id: str) -> Response:
    """The entries of one dictionary."""
    own = services()
    source, target = _pair_of_query()
    entries = own.jobs.glossaries.entries(
        owner(), glossary_id, source, target, own.glossaries.current
    )
    dictionary = {
        "source_lang": source,
        "target_lang": target,
        "entries": _as_tsv(entries),
        "entries_format": "tsv",
    }
    return jsonify({"dictionaries": [dictionary]})


def _pair_of_query() -> tuple[str, str]:
    given = Parameters(request)
    return (
        _language(given.one("source_lang"), "source_lang"),
        _language(given.one("target_lang"), "target_lang"),
    )


def _shown_v3(info: GlossaryInfo) -> dict[str, object]:
    return {
        "glossary_id": info.id,
        "name": info.name,
        "dictionaries": [_shown_dictionary(dictionary) for dictionary in info.dictionaries],
        "creation_time": _time(info.created),
    }


def _shown_dictionary(info: DictionaryInfo) -> dict[str, object]:
    return {
        "source_lang": info.source,
        "target_lang": info.target,
        "entry_count": info.entry_count,
    }


def _time(seconds: float) -> str:
    """ISO 8601 with a fraction and a zone: the official client reads nothing else."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


# Reading dictionaries


def _required(value: str | None, name: str) -> str:
    if not value:
        raise InvalidRequest(f"Parameter '{name}' not specified.", field=name)
    return value


def _dictionaries(given: Parameters) -> list[Dictionary]:
    value = given.one("dictionaries")
    if not isinstance(value, list):
        raise InvalidRequest("Parameter 'dictionaries' must be a list.", field="dictionaries")
    found: list[Dictionary] = []
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise InvalidRequest("A dictionary must be an object.", field=f"dictionaries[{index}]")
        found.append(
            _dictionary(
                item.get("source_lang"),
                item.get("target_lang"),
                item.get("entries"),
                item.get("entries_format"),
                where=f"dictionaries[{index}].",
            )
        )
    return found


def _dictionary(
    source: object, target: object, entries: object, form: object, *, where: str = ""
) -> Dictionary:
    source_code = _language(source, f"{where}source_lang")
    target_code = _language(target, f"{where}target_lang")
    if source_code not in SOURCES or target_code != "en":
        raise InvalidRequest(
            "Unsupported glossary source and target language pair; see "
            "/v2/glossary-language-pairs.",
            field=f"{where}source_lang",
        )
    if not isinstance(entries, str):
        raise InvalidRequest("Parameter 'entries' not specified.", field=f"{where}entries")
    rows = _rows(entries, form, where)
    return Dictionary(source_code, target_code, checked(rows, where=f"{where}entries"))


def _rows(entries: str, form: object, where: str) -> list[tuple[str, str]]:
    if form in (None, "tsv"):
        lines = [line for line in entries.replace("\r\n", "\n").split("\n") if line.strip()]
        rows: Sequence[Sequence[str]] = [line.split("\t") for line in lines]
    elif form == "csv":
        try:
            rows = [row for row in csv.reader(io.StringIO(entries), strict=True) if row]
        except csv.Error as error:
            raise InvalidRequest(f"Not CSV: {error}.", field=f"{where}entries") from error
        rows = [row[:2] if len(row) == 4 else row for row in rows]
    else:
        raise InvalidRequest(
            "Value for 'entries_format' not supported; it is tsv or csv.",
            field=f"{where}entries_format",
        )
    pairs = []
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise InvalidRequest(
                f"Entry {number} must have a source and a target term.", field=f"{where}entries"
            )
        pairs.append((row[0], row[1]))
    return pairs


def _language(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"Parameter '{name}' not specified.", field=name)
    if not LANGUAGE_CODE.fullmatch(value):
        raise InvalidRequest(f"Value for '{name}' not supported.", field=name)
    return value.replace("_", "-").split("-")[0].lower()


def _as_tsv(entries: dict[str, str]) -> str:
    return "\n".join(f"{source}\t{target}" for source, target in entries.items())
