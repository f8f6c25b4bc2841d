"""What a change of the glossary does to texts.

Reach for this before a merge: the two versions may be folders, or git revisions of one. A revision
is read with `git show` into a temporary folder, so that no
working tree is touched.
"""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from service.errors import InvalidRequest
from service.names.anchors import find_anchors
from service.names.glossary import Entry, Glossary, load_glossary
from service.names.normalise import normalise

_SILENT = ("file", "line")  # an entry that moved to another line or file has not changed


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a corpus."""

    id: str
    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class EntryChange:
    """An entry that is new, gone, or changed in some fields."""

    id: str
    kind: str  # "added", "removed" or "changed"
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextChange:
    """A sentence that comes out otherwise under the new glossary.

    Args:
        id: the text's id and, after a `#`, the sentence's number.
        text: the sentence.
        old, new: what each version makes of it.
        entries: the entries at work in one version and not in the other.
    """

    id: str
    text: str
    old: str
    new: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two versions of a glossary."""

    old_version: str
    new_version: str
    entries: tuple[EntryChange, ...]
    texts: tuple[TextChange, ...]
    tried: int


def compare(old: Glossary, new: Glossary, corpus: Iterable[Item]) -> Difference:
    """What differs between two glossaries, in their entries and on the texts of a corpus."""
    tried = 0
    changes: list[TextChange] = []
    for item in corpus:
        tried += 1
        changes += _text_changes(item, old, new)
    return Difference(
        old.version, new.version, tuple(_entry_changes(old, new)), tuple(changes), tried
    )


def read_version(spec: str, directory: Path) -> Glossary:
    """A version of a glossary.

    Args:
        spec: a folder; or a git revision of `directory` (`main`, `HEAD~3`, a tag, a commit); or
            `REVISION:FOLDER` for a folder elsewhere in the repository.
        directory: the glossary's folder, for revisions.

    Raises:
        InvalidRequest: neither a folder nor a revision.
        GlossaryError: its term files cannot be used.
    """
    if Path(spec).is_dir():
        return load_glossary(Path(spec))
    with tempfile.TemporaryDirectory(prefix="relais-glossary-") as temporary:
        _checkout(spec, directory, Path(temporary))
        return load_glossary(Path(temporary))


def read_corpus(paths: Iterable[Path]) -> Iterator[Item]:
    """The texts of files: JSON lines (`id`, `text`, perhaps `language`), or a text a line.

    Raises:
        InvalidRequest: a line of a .jsonl file is not such an object.
    """
    for path in paths:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                if path.suffix not in (".jsonl", ".ndjson"):
                    yield Item(f"{path.name}:{number}", line.rstrip("\n"))
                    continue
                try:
                    value = json.loads(line)
                    text = value["text"]
                except (ValueError, TypeError, KeyError) as error:
                    raise InvalidRequest(
                        'Each line must be an object with "text", and "id" if you like.',
                        field=f"{path}:{number}",
                    ) from error
                language = str(value.get("language") or "en")
                yield Item(str(value.get("id", f"{path.name}:{number}")), str(text), language)


def render(difference: Difference) -> str:
    """The difference as a report to read; what changed in a text stands as [-old-]{+new+}."""
    lines = [f"glossary {difference.old_version} -> {difference.new_version}"]
    if not difference.entries:
        lines.append("no entry differs")
    for change in difference.entries:
        sign = {"added": "+", "removed": "-", "changed": "~"}[change.kind]
        lines.append(
            f"  {sign} {change.id}" + (f" ({', '.join(change.fields)})" if change.fields else "")
        )
    lines.append("")
    if not difference.tried:
        lines.append("no text was tried; give texts with --on to see which sentences change")
        return "\n".join(lines)
    sentences = "sentence" if len(difference.texts) == 1 else "sentences"
    texts = "text" if difference.tried == 1 else "texts"
    lines.append(f"{len(difference.texts)} changed {sentences} in {difference.tried} {texts}")
    for text in difference.texts:
        lines.append(f"\n  {text.id}  [{', '.join(text.entries) or 'no entry'}]")
        lines.append(f"    was: {text.text}")
        lines.append(f"    now: {mark_words(text.old, text.new)}")
    return "\n".join(lines)


def mark_words(old: str, new: str) -> str:
    """The new text with every changed word shown as ``[-old-]{+new+}``."""
    one, other = re.findall(r"\s+|[^\s]+", old), re.findall(r"\s+|[^\s]+", new)
    pieces = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, one, other, False).get_opcodes():
        if tag == "equal":
            pieces.append("".join(one[a:b]))
            continue
        if gone := "".join(one[a:b]):
            pieces.append(f"[-{gone}-]")
        if come := "".join(other[c:d]):
            pieces.append(f"{{+{come}+}}")
    return "".join(pieces)


def _entry_changes(old: Glossary, new: Glossary) -> Iterator[EntryChange]:
    before = {entry.id: entry for entry in old.entries}
    after = {entry.id: entry for entry in new.entries}
    for entry_id in sorted(before.keys() | after.keys()):
        one, other = before.get(entry_id), after.get(entry_id)
        if one is None:
            yield EntryChange(entry_id, "added")
        elif other is None:
            yield EntryChange(entry_id, "removed")
        else:
            changed = tuple(
                field.name
                for field in fields(Entry)
                if field.name not in _SILENT
                and getattr(one, field.name) != getattr(other, field.name)
            )
            if changed:
                yield EntryChange(entry_id, "changed", changed)


def _text_changes(item: Item, old: Glossary, new: Glossary) -> Iterator[TextChange]:
    if item.language in ("ar", "fr"):
        before = {(a.start, a.end, a.entry.id) for a in find_anchors(item.text, item.language, old)}
        after = {(a.start, a.end, a.entry.id) for a in find_anchors(item.text, item.language, new)}
        if before != after:
            guilty = tuple(sorted({entry for _, _, entry in before ^ after}))
            yield TextChange(
                item.id, item.text, _shown(item.text, before), _shown(item.text, after), guilty
            )
        return
    one, other = normalise(item.text, old), normalise(item.text, new)
    if one.text == other.text:
        return
    pairs = list(_lines(item.text, one.text, other.text))
    applied = [
        {
            (report.surface, report.entry, report.replacement)
            for report in result.names
            if report.applied and report.surface != report.replacement
        }
        for result in (one, other)
    ]
    differing = applied[0] ^ applied[1]
    for number, (text, was, now) in enumerate(pairs, 1):
        if was != now:
            guilty = tuple(
                sorted({entry for surface, entry, _ in differing if entry and surface in text})
            )
            name = item.id if len(pairs) == 1 else f"{item.id}#{number}"
            yield TextChange(name, text, was, now, guilty)


def _lines(text: str, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """The three texts side by side, by sentence where all have as many, else as a whole."""
    split = [re.split(r"(?<=[.!?…])\s+|\n+", version) for version in (text, old, new)]
    if len({len(parts) for parts in split}) == 1:
        yield from zip(*split, strict=True)
    else:
        yield text, old, new


def _shown(text: str, anchors: set[tuple[int, int, str]]) -> str:
    for start, end, entry in sorted(anchors, reverse=True):
        text = f"{text[:start]}[{text[start:end]} = {entry}]{text[end:]}"
    return text


def _checkout(spec: str, directory: Path, target: Path) -> None:
    """Write the files of a revision's folder below `target`."""
    revision, _, folder = spec.partition(":")
    if revision.startswith("-"):
        raise InvalidRequest(f"{spec!r} is no git revision.")
    root = Path(_git(directory, "rev-parse", "--show-toplevel", spec=spec).strip())
    _git(directory, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", spec=spec)
    inside = PurePosixPath(folder or directory.resolve().relative_to(root).as_posix())
    listing = _git(
        root, "ls-tree", "-r", "-z", "--name-only", revision, "--", f"{inside}/", spec=spec
    )
    names = [name for name in listing.split("\0") if name.endswith((".yaml", ".yml", ".json"))]
    if not names:
        raise InvalidRequest(f"The revision {revision!r} has no term files under {inside}.")
    for name in names:
        place = target / PurePosixPath(name).relative_to(inside)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(
            subprocess.run(
                ["git", "show", f"{revision}:{name}"], cwd=root, capture_output=True, check=True
            ).stdout
        )


def _git(directory: Path, *arguments: str, spec: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=directory, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise InvalidRequest(f"{spec!r} is no folder, and git is not installed.") from error
    if done.returncode:
        raise InvalidRequest(
            f"{spec!r} is neither a folder nor a git revision of {directory}: "
            f"{done.stderr.strip() or 'unknown revision'}."
        )
    return done.stdout
