"""Other tools' term formats, in and out.

Each format is a module with `read(text, options)` and `write(records, options)`; a record is an
entry's fields as the YAML files hold them (`id`, `name`, `ar` and so on), so that one format can be
turned into another. `FORMATS` says what each can hold; reading back what was written gives the same
records, less the fields that it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from service.errors import InvalidRequest
from service.names.glossary import Entry
from service.names.workshop.exchange import omegat, tabular, tbx, tmx
from service.names.workshop.exchange.common import Options
from service.names.workshop.termfiles import KEY_ORDER

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """One exchange format.

    Args:
        name: what to call it on the command line.
        title: what it is.
        suffixes: the endings of its files.
        holds: the fields that survive a round trip.
        read, write: from and to text.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    holds: tuple[str, ...]
    read: Callable[[str, Options], list[Record]]
    write: Callable[[Sequence[Mapping[str, Any]], Options], str]


FORMATS = {
    item.name: item
    for item in (
        Format(
            "csv", "comma-separated table", (".csv",), KEY_ORDER, tabular.read, tabular.write_csv
        ),
        Format(
            "tsv", "tab-separated table", (".tsv", ".tab"), KEY_ORDER, tabular.read,
            tabular.write_tsv,
        ),
        Format(
            "tbx", "TBX-Basic (ISO 30042)", (".tbx",), KEY_ORDER, tbx.read, tbx.write
        ),
        Format(
            "tbx2", "TBX-Basic of 2008, for older tools", (), KEY_ORDER, tbx.read, tbx.write_2008
        ),
        Format("tmx", "TMX 1.4", (".tmx",), KEY_ORDER, tmx.read, tmx.write),
        Format(
            "omegat", "OmegaT glossary", (".utf8", ".txt"), ("name", "type", "ar", "fr", "notes"),
            omegat.read, omegat.write,
        ),
    )
}  # fmt: skip


def format_of(path: Path, name: str | None = None) -> Format:
    """The format of that name, or of the file's ending.

    Raises:
        InvalidRequest: there is no such format.
    """
    if name is not None:
        return FORMATS[name]
    for item in FORMATS.values():
        if path.suffix.lower() in item.suffixes:
            return item
    endings = ", ".join(ending for item in FORMATS.values() for ending in item.suffixes)
    raise InvalidRequest(
        f"The ending of {path.name!r} tells no format (known: {endings}); name one with --format."
    )


def record_of(entry: Entry) -> Record:
    """An entry's fields as its file holds them; empty ones and the default status left out."""
    record: Record = {}
    for field in fields(Entry):
        value = getattr(entry, field.name)
        if field.name in ("file", "line") or value in (None, (), ""):
            continue
        if field.name == "examples":
            value = [{"in": example.before, "out": example.after} for example in value]
        elif isinstance(value, tuple):
            value = list(value)
        elif field.name == "status" and value == "reviewed":
            continue
        record[field.name] = value
    return {key: record[key] for key in KEY_ORDER if key in record}
