"""A name proposed on the page: the change it makes to the term files, shown, downloaded or saved.

A proposal is never a silent change. Without an editor's key it is a patch to download and send to
whoever keeps the files; with one it is written into the file, with every other line left as it is.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import Conflict, InvalidRequest
from service.names.glossary import STATUSES, TYPES, Entry, Glossary, load_glossary
from service.names.workshop.lint import Finding, lint
from service.names.workshop.propose import free_id
from service.names.workshop.termfiles import FOLDERS, LIST_KEYS, append_entries, set_field

TEXT_KEYS = ("name", "type", "status", "gender", "source", "since", "notes")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a proposal would do.

    Args:
        entry_id: of the new or the corrected entry.
        file: the term file, relative to the glossary's folder.
        patch: a unified diff that `git apply` takes inside that folder; empty: nothing changes.
        findings: what `glossary lint` says about the entry, where that was asked for.
    """

    entry_id: str
    file: str
    patch: str
    findings: tuple[Finding, ...] = ()


def values_of(entry: Entry) -> dict[str, Any]:
    """An entry as the form shows it."""
    values: dict[str, Any] = {key: getattr(entry, key) or "" for key in TEXT_KEYS}
    values |= {key: list(getattr(entry, key)) for key in LIST_KEYS}
    return values


def stamp_of(entry: Entry) -> str:
    """What an entry's fields were when a form was opened, to see whether they have changed."""
    text = json.dumps(values_of(entry), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def values_of_form(form: Mapping[str, str]) -> dict[str, Any]:
    """The form's fields; lists have one form a line.

    Raises:
        InvalidRequest: no name, or a type, state or gender that does not exist.
    """
    values: dict[str, Any] = {key: _clean(form.get(key, "")) for key in TEXT_KEYS}
    for key in LIST_KEYS:
        lines = (_clean(line) for line in form.get(key, "").splitlines())
        values[key] = [line for line in lines if line]
    for key, allowed in (("type", TYPES), ("status", STATUSES), ("gender", ("", "f", "m"))):
        if values[key] not in allowed:
            raise InvalidRequest(f"The {key} must be one of {', '.join(allowed)}.", field=key)
    if not values["name"]:
        raise InvalidRequest("Write the name in its right spelling.", field="name")
    return values


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def draft(
    directory: Path,
    glossary: Glossary,
    values: Mapping[str, Any],
    entry_id: str,
    *,
    stamp: str = "",
    check: bool = False,
) -> Draft:
    """The change that a proposal makes, worked out on a copy of the one file concerned.

    Args:
        directory: the glossary's folder.
        values: as `values_of_form` gives them.
        entry_id: the entry to correct; empty for a new one.
        stamp: of the entry as the form was opened on it (`stamp_of`); empty: not compared.
        check: look for what `glossary lint` would say, which takes a while.

    Raises:
        Conflict: the entry was changed since.
        InvalidRequest: the proposal cannot become an entry; the detail says why.
    """
    found = glossary.by_id(entry_id) if entry_id else None
    if entry_id and found is None:
        raise InvalidRequest(f"The glossary has no entry {entry_id!r}.", field="entry_id")
    if found is not None and stamp and stamp != stamp_of(found):
        raise Conflict(
            "The entry was changed by someone else since you opened this form. Open it again and "
            "make your change there.",
            field="entry_id",
        )
    file = found.file if found else f"{FOLDERS[values['type']]}/proposed.yaml"
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "glossary"
        shutil.copytree(directory, copy, ignore=shutil.ignore_patterns(".*", "*.txt", "*.md"))
        before = _text(copy / file)
        identifier = _write(copy, glossary, values, found)
        load_glossary(copy)  # a proposal that breaks the files is refused here, with its reason
        after = _text(copy / file)
        findings = lint(copy, examples=False) if check else []
    own = tuple(finding for finding in findings if finding.entry == identifier)
    return Draft(identifier, file, _patch(file, before, after), own)


def save(
    directory: Path,
    glossary: Glossary,
    values: Mapping[str, Any],
    entry_id: str,
    *,
    stamp: str = "",
) -> Draft:
    """Write the change into the term file; `draft` must accept it."""
    made = draft(directory, glossary, values, entry_id, stamp=stamp)
    _write(directory, glossary, values, glossary.by_id(entry_id) if entry_id else None)
    return made


def _write(
    directory: Path, glossary: Glossary, values: Mapping[str, Any], found: Entry | None
) -> str:
    if found is None:
        identifier = free_id(values["name"], {entry.id for entry in glossary.entries})
        entry = {"id": identifier, **{key: value for key, value in values.items() if value}}
        path = directory / FOLDERS[values["type"]] / "proposed.yaml"
        path.parent.mkdir(exist_ok=True)
        append_entries(path, directory, [entry])
        return identifier
    shown = values_of(found)
    for key, value in values.items():
        if value != shown[key]:
            set_field(directory / found.file, directory, found.id, key, value or None)
    return found.id


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _patch(file: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{file}" if before else "/dev/null",
        f"b/{file}",
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
