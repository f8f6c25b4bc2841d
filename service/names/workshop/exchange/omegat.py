"""OmegaT glossaries: UTF-8 lines of source term, target term and comment, separated by tabs.

Only one source language goes into a file. Several source forms of a name are several lines, as
OmegaT itself keeps them; they are one record again when they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.names.glossary import TYPES
from service.names.workshop.exchange.common import Options, record, script_matches

_HEAD = "# Glossary in tab-separated format -*- coding: utf-8 -*-\n"


def write(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """The forms of one source language, each with the name; the comment holds type and notes.

    A name that has no form in that language stands as its own source in French, and is left out
    in Arabic.
    """
    lines = [_HEAD]
    for item in records:
        if item.get("status") == "deprecated":
            continue
        sources = list(item.get(options.language, ()))
        if options.language == "fr":
            sources.append(item["name"])
        comment = ": ".join(part for part in (item["type"], item.get("notes")) if part)
        for source in sources:
            lines.append("\t".join(_cell(text) for text in (source, item["name"], comment)) + "\n")
    return "".join(lines)


def read(text: str, options: Options) -> list[dict[str, Any]]:
    """The records of an OmegaT glossary; lines with one target are one record."""
    found: dict[str, dict[str, Any]] = {}
    for line in text.lstrip("\ufeff").splitlines():
        if line.startswith("#") or "\t" not in line:
            continue
        source, target, *rest = (cell.strip() for cell in line.split("\t"))
        if not source or not target:
            continue
        fields = found.setdefault(target, {"name": target})
        kind, _, notes = (rest[0] if rest else "").partition(":")
        if kind.strip() in TYPES:
            fields["type"] = kind.strip()
            if notes.strip():
                fields["notes"] = notes.strip()
        elif rest and rest[0]:
            fields["notes"] = rest[0]
        key = "ar" if script_matches(source, "ar") else "fr"
        if source != target and source not in fields.setdefault(key, []):
            fields[key].append(source)
    return [record(fields, options) for fields in found.values()]


def _cell(text: str) -> str:
    return " ".join(str(text).split())
