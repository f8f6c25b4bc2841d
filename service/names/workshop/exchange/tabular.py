"""CSV and TSV tables.

Written: one row an entry, one column a field, several values in a cell separated by `|`. Read:
such tables; tables whose header holds language codes (`en`, `fr`, `ar`, as Google's and Amazon's
glossaries have it); and tables of two columns without a header, source and target (DeepL's).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from service.errors import GlossaryError
from service.names.workshop.exchange.common import (
    Options,
    from_cell,
    language_of,
    record,
    script_matches,
    to_cell,
)
from service.names.workshop.termfiles import KEY_ORDER

_ALIASES = {
    "term": "name", "preferred": "name", "english": "name", "arabic": "ar", "french": "fr",
    "kind": "type", "note": "notes", "comment": "notes", "description": "notes", "url": "source",
}  # fmt: skip
_LANGUAGES = ("en", "fr", "ar")


def write_csv(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """A comma-separated table with a header."""
    return _write(records, ",")


def write_tsv(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """A tab-separated table with a header."""
    return _write(records, "\t")


def read(text: str, options: Options) -> list[dict[str, Any]]:
    """The records of a table, whatever its separator.

    Raises:
        GlossaryError: a row has no name, or the table no column for it.
    """
    text = text.lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=lambda sign: (first.count(sign), sign == "\t"))
    rows = [
        (line, row)
        for line, row in _numbered(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        if any(cell.strip() for cell in row)
    ]
    if not rows:
        return []
    header = [_column(cell) for cell in rows[0][1]]
    if "name" in header:
        return [_wide(header, row, line, options) for line, row in rows[1:]]
    if len(rows[0][1]) < 2:
        raise GlossaryError(
            "The table needs a header with a column 'name', or two columns: source and target.",
            field=f"{options.name}:{rows[0][0]}",
        )
    return _two_columns([row for _, row in rows], options)


def _write(records: Sequence[Mapping[str, Any]], delimiter: str) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(KEY_ORDER)
    for item in records:
        writer.writerow([to_cell(key, item[key]) if key in item else "" for key in KEY_ORDER])
    return stream.getvalue()


def _numbered(reader: Any) -> list[tuple[int, list[str]]]:
    rows = []
    line = 1
    for row in reader:
        rows.append((line, row))
        line = reader.line_num + 1
    return rows


def _column(cell: str) -> str:
    name = cell.strip().lower()
    if name in KEY_ORDER:
        return name
    if name in _ALIASES:
        return _ALIASES[name]
    language = language_of(name)
    if len(name) in (2, 5) and language in _LANGUAGES:
        return "name" if language == "en" else language
    return name


def _wide(header: list[str], row: list[str], line: int, options: Options) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, cell in zip(header, row, strict=False):
        if key not in KEY_ORDER:
            continue
        value = from_cell(key, cell)
        if isinstance(value, list):
            fields[key] = [*fields.get(key, []), *value]
        elif value:
            fields[key] = value
    if not fields.get("name"):
        raise GlossaryError("The row has no name.", field=f"{options.name}:{line}")
    return record(fields, options)


def _two_columns(rows: list[list[str]], options: Options) -> list[dict[str, Any]]:
    """Source and target; rows with one target are one record."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        source, target = row[0].strip(), row[1].strip() if len(row) > 1 else ""
        if not source or not target:
            continue
        if script_matches(target, "ar") and not script_matches(source, "ar"):
            source, target = target, source
        fields = found.setdefault(target, {"name": target})
        key = "ar" if script_matches(source, "ar") else "fr"
        if source != target and source not in fields.setdefault(key, []):
            fields[key].append(source)
    return [record(fields, options) for fields in found.values()]
