"""`/v1/glossary`: the names in force, searched, shown and exported.

Nothing here changes a term file: those are edited in git, on the command line or on the page.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from service.app import services
from service.errors import NotFound
from service.http.body import validate
from service.http.face import Face
from service.http.openapi import operation, path_parameter, query_parameters
from service.http.schemas import EntriesOut, EntryOut, GlossaryOut
from service.names import search
from service.names.glossary import Entry
from service.names.workshop.exchange import FORMATS, record_of
from service.names.workshop.exchange.common import Options

blueprint = Blueprint("glossary", __name__, url_prefix="/v1")
FACE = Face(blueprint)

MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "tbx": "application/x-tbx+xml",
    "tmx": "application/x-tmx+xml",
    "omegat": "text/tab-separated-values",
}
ENTRY_PARAMETER: Final = path_parameter("entry_id", "The entry's id.")


class EntriesQuery(BaseModel):
    """Which entries are listed."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="A name in either script, or how it sounds.")
    type: Literal["person", "organisation", "place", "work", "term"] | None = Field(
        None, description="Only entries of this type."
    )
    status: Literal["proposed", "reviewed", "deprecated"] | None = Field(
        None, description="Only entries in this state."
    )
    limit: int = Field(100, ge=1, le=1000, description="Most entries in one answer.")
    offset: int = Field(0, ge=0, le=2**53, description="How many to leave out.")


class ExportQuery(BaseModel):
    """How the glossary is written."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "tsv", "tbx", "tmx", "omegat"] = Field(
        "tbx", description="The exchange format."
    )
    language: Literal["ar", "fr"] = Field(
        "ar", description="Source language, for formats that hold one pair of languages."
    )


@blueprint.get("/glossary")
@operation(
    "The glossary in force",
    tag="glossary",
    answers={200: (GlossaryOut,)},
    errors=(403, 429),
)
def show_glossary() -> Response:
    """`version` is a hash of the term files' content; every answer names the one it was made
    with. `problem` says what is wrong with the files on disk while the last good ones stay."""
    own = services()
    current = own.glossaries.current
    return jsonify(
        {
            "version": current.version,
            "entries": len(current.entries),
            "types": dict(sorted(Counter(entry.type for entry in current.entries).items())),
            "statuses": dict(sorted(Counter(entry.status for entry in current.entries).items())),
            "files": dict(sorted(Counter(entry.file for entry in current.entries).items())),
            "problem": own.glossaries.problem,
        }
    )


@blueprint.get("/glossary/entries")
@operation(
    "Search the glossary",
    tag="glossary",
    answers={200: (EntriesOut,)},
    errors=(400, 403, 429),
    parameters=query_parameters(EntriesQuery),
)
def list_entries() -> Response:
    """By spelling in either script, then by sound; best first, or by name without a query."""
    query = validate(EntriesQuery, request.args.to_dict())
    current = services().glossaries.current
    found = [
        hit.entry
        for hit in search.find(current, query.q)
        if query.type in (None, hit.entry.type) and query.status in (None, hit.entry.status)
    ]
    page = found[query.offset : query.offset + query.limit]
    return jsonify(
        {
            "entries": [_entry_to_json(entry) for entry in page],
            "total": len(found),
            "version": current.version,
        }
    )


@blueprint.get("/glossary/entries/<entry_id>")
@operation(
    "Show an entry",
    tag="glossary",
    answers={200: (EntryOut,)},
    errors=(403, 404, 429),
    parameters=(ENTRY_PARAMETER,),
)
def show_entry(entry_id: str) -> Response:
    """With all its forms and examples, and where it is kept."""
    found = services().glossaries.current.by_id(entry_id)
    if found is None:
        raise NotFound(f"The glossary has no entry {entry_id!r}.", field="entry_id")
    return jsonify(_entry_to_json(found))


def _entry_to_json(entry: Entry) -> dict[str, object]:
    return {"status": entry.status, **record_of(entry), "file": entry.file, "line": entry.line}


@blueprint.get("/glossary/export")
@operation(
    "Export the glossary",
    tag="glossary",
    answers={200: ()},
    errors=(400, 403, 429),
    parameters=query_parameters(ExportQuery),
)
def export_glossary() -> Response:
    """As TBX, TMX, CSV, TSV or OmegaT, for other tools."""
    query = validate(ExportQuery, request.args.to_dict())
    chosen = FORMATS[query.format]
    current = services().glossaries.current
    text = chosen.write(
        [record_of(entry) for entry in current.entries], Options(language=query.language)
    )
    return Response(
        text,
        content_type=f"{MEDIA_TYPES[query.format]}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="glossary{chosen.suffixes[0]}"',
            "X-Glossary-Version": current.version,
        },
    )
