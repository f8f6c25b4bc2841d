"""Term files as their editors see them: text with lines, comments and an order of its own.

Reach for this module to criticise or to change a file; to *use* a glossary, load it with
`service.names.glossary`. Changes are cut into the text, so that comments, order, quoting and
every line that is not concerned stay as they are, and a review shows the change alone. Only a
file of an unusual shape (a mapping with `entries:`) is written out anew, by ruamel.yaml, which
keeps comments and order too. Every change is read back before it is kept.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from ruamel.yaml import YAML

from service.errors import GlossaryError

#: The order in which an entry's keys are written.
KEY_ORDER = (
    "id",
    "name",
    "type",
    "status",
    "ar",
    "fr",
    "variants",
    "keep",
    "context",
    "gender",
    "since",
    "source",
    "style",
    "notes",
    "examples",
)
LIST_KEYS = ("ar", "fr", "variants", "keep", "context")
FOLDERS = {
    "person": "people",
    "organisation": "organisations",
    "place": "places",
    "work": "works",
    "term": "terms",
}

SUFFIXES = (".yaml", ".yml", ".json")
_NULL = "tag:yaml.org,2002:null"
# A plain scalar that YAML, or a person, could take for something else is quoted.
_UNSAFE = re.compile(
    r"""[\[\]{},&*!|>%@`"?\\]|:(?=\s|$)|(?:^|\s)\#|^[\s'?~:-]|\s$|^$"""
    r"""|^(?:no|yes|on|off|y|n|true|false|null)$|^[+-]?[\d.][\d.,:eExXoO_-]*$"""
    r"""|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]""",
    re.IGNORECASE,
)
# Characters that YAML allows in quotes only, and as escapes.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry as it stands in its file, however wrong it may be.

    Args:
        file: the file, relative to the glossary's folder.
        line: its first line, from 1.
        value: what was read; every scalar is text or None.
        node: the parsed node, for positions.
    """

    file: str
    line: int
    value: dict[str, Any]
    node: yaml.MappingNode

    @property
    def id(self) -> str | None:
        """The entry's id, if it has one."""
        found = self.value.get("id")
        return found if isinstance(found, str) else None

    @property
    def label(self) -> str:
        """What to call the entry in a message."""
        return self.id or str(self.value.get("name") or "entry without a name")

    def texts(self, key: str) -> list[str]:
        """The texts under a key, whether written as a list or alone."""
        found = self.value.get(key)
        if isinstance(found, str):
            return [found]
        return [item for item in found or [] if isinstance(item, str)]

    def line_of(self, *path: str | int) -> int:
        """The line of a value inside the entry; of the entry, if there is none."""
        node: yaml.Node = self.node
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return _line(node)


@dataclass(frozen=True, slots=True)
class TermFile:
    """One parsed file.

    Args:
        path: where it lies.
        name: relative to the glossary's folder, with slashes.
        text: its content, with lines that end in LF.
        entries: what it holds, in order.
    """

    path: Path
    name: str
    text: str
    entries: tuple[RawEntry, ...]

    @classmethod
    def read(cls, path: Path, directory: Path) -> TermFile:
        """Parse a file.

        Raises:
            GlossaryError: it is not UTF-8, not YAML, or not a list of entries.
        """
        name = path.relative_to(directory).as_posix()
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise GlossaryError("The file is not UTF-8.", field=f"{name}:1") from error
        text = text.replace("\r\n", "\n")
        return cls(path, name, text, tuple(_entries(name, text)))


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a file's text and what is to stand there."""

    start: int
    end: int
    text: str


def term_paths(directory: Path) -> list[Path]:
    """The term files below a folder, without the house style, schemas and hidden files."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.stem != "style"
        and path.name != "schema.json"
        and not path.name.endswith(".schema.json")
        and not any(part[0] in "._" for part in path.relative_to(directory).parts)
        and path.is_file()
    )


def find_entry(directory: Path, entry_id: str) -> tuple[TermFile, RawEntry] | None:
    """The file and the entry of that id, or None."""
    for path in term_paths(directory):
        if entry_id in path.read_text("utf-8", errors="replace"):
            file = TermFile.read(path, directory)
            for entry in file.entries:
                if entry.id == entry_id:
                    return file, entry
    return None


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with every edit made; edits must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def scalar(value: str) -> str:
    """A text as YAML: plain where that is safe, in double quotes elsewhere."""
    if not _UNSAFE.search(value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)


def flow_list(values: Sequence[str]) -> str:
    """A list of texts on one line."""
    return "[" + ", ".join(scalar(value) for value in values) + "]"


def render_entry(value: Mapping[str, Any], *, indent: int = 0) -> str:
    """An entry as the files here write it, ending with a newline; empty fields are left out."""
    lines = []
    for key in sorted(value, key=_rank):
        lines += _render_field(key, value[key])
    if not lines:
        return ""
    body = ["- " + lines[0], *("  " + line for line in lines[1:])]
    return "".join(" " * indent + line + "\n" for line in body)


def append_entries(path: Path, directory: Path, values: Sequence[Mapping[str, Any]]) -> None:
    """Write entries at the end of a file; the file is made if there is none.

    Raises:
        GlossaryError: the file there cannot be read, or would not read back as meant.
    """
    no_entries: tuple[RawEntry, ...] = ()
    if not path.exists():
        depth = len(path.relative_to(directory).parts) - 1
        title = path.stem.replace("-", " ").capitalize()
        head = (
            f"# yaml-language-server: $schema={'../' * depth}schema.json\n# {title}\n"
            if path.suffix != ".json"
            else "[]\n"
        )
        old, before = head, no_entries
    else:
        file = TermFile.read(path, directory)
        old, before = file.text, file.entries
    expected = [entry.value for entry in before] + [_cleaned(value) for value in values]
    if path.suffix == ".json":
        new = _append_json(old, values)
    else:
        column = before[0].node.start_mark.column - 2 if before else 0
        text = old if old.endswith("\n") or not old else old + "\n"
        new = text + "".join("\n" + render_entry(value, indent=max(0, column)) for value in values)
        if not _reads_as(path.name, new, expected):
            new = _append_by_dump(old, values)
    _keep(path, directory, new, expected)


def set_field(path: Path, directory: Path, entry_id: str, key: str, value: Any) -> None:
    """Give one field of one entry a new value; None or an empty list takes the field out.

    Raises:
        GlossaryError: there is no such entry, or the file would not read back as meant.
    """
    file = TermFile.read(path, directory)
    entry = next((entry for entry in file.entries if entry.id == entry_id), None)
    if entry is None:
        raise GlossaryError(f"There is no entry {entry_id!r}.", field=f"{file.name}:1")
    expected = [_cleaned(other.value) for other in file.entries]
    wanted = dict(entry.value)
    if value in (None, [], ""):
        wanted.pop(key, None)
    else:
        wanted[key] = value
    expected[file.entries.index(entry)] = _cleaned(wanted)
    if path.suffix == ".json":
        new = json.dumps(expected, ensure_ascii=False, indent=2) + "\n"
    else:
        new = apply_edits(file.text, [_field_edit(file.text, entry, key, wanted.get(key))])
    _keep(path, directory, new, expected)


def write_text(path: Path, text: str) -> None:
    """Write a file at one stroke, so that no reader ever sees half of it.

    A file whose lines end in CR LF keeps such lines.
    """
    if path.exists() and b"\r\n" in path.read_bytes():
        text = text.replace("\n", "\r\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if path.exists():
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        else:
            Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def list_edits(
    file: TermFile, entry: RawEntry, key: str, wanted: Sequence[str | None]
) -> list[Edit]:
    """The edits that give each item of the list under `key` its new text, or drop it.

    Args:
        wanted: as many as the list has items; None drops the item, and its line if it has one.
    """
    node = _child(entry.node, key)
    kept = [text for text in wanted if text is not None]
    if not isinstance(node, yaml.SequenceNode) or not kept:
        return [_field_edit(file.text, entry, key, kept)]
    if node.flow_style and len(kept) < len(wanted):
        return [Edit(node.start_mark.index, node.end_mark.index, flow_list(kept))]
    edits = []
    for item, text in zip(node.value, wanted, strict=True):
        if text is None:
            start = file.text.rfind("\n", 0, item.start_mark.index) + 1
            edits.append(Edit(start, _line_end(file.text, item), ""))
        elif plain(item) != text:
            edits.append(Edit(item.start_mark.index, item.end_mark.index, scalar(text)))
    return edits


def text_edit(entry: RawEntry, path: Sequence[str | int], wanted: str) -> Edit:
    """The edit that gives the scalar at `path` inside the entry another text."""
    node: yaml.Node | None = entry.node
    for step in path:
        node = _child(node, step) if node is not None else None
    if not isinstance(node, yaml.ScalarNode):
        raise LookupError(f"{entry.label}: nothing at {list(path)}")
    return Edit(node.start_mark.index, node.end_mark.index, scalar(wanted))


def insert_edit(entry: RawEntry, key: str, value: Any, text: str) -> Edit:
    """The edit that adds a field which the entry lacks."""
    return _field_edit(text, entry, key, value)


def plain(node: yaml.Node) -> Any:
    """A node as text, None, list or dict; numbers, dates and `No` stay the text they are."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL and not node.style else node.value
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(plain(key)): plain(value) for key, value in node.value}
    return None


def _entries(name: str, text: str) -> list[RawEntry]:
    try:
        if "&" in text or "*" in text:
            _refuse_aliases(name, text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise GlossaryError(
            f"The file is not YAML: {error.problem or error.context}. A text with ': ' or ' #' "
            "in it needs quotation marks.",
            field=f"{name}:{mark.line + 1 if mark else 1}",
        ) from error
    except yaml.YAMLError as error:
        raise GlossaryError(f"The file is not YAML: {error}.", field=f"{name}:1") from error
    if root is None or (isinstance(root, yaml.ScalarNode) and plain(root) is None):
        return []
    return [RawEntry(name, _line(node), plain(node), node) for node in _entry_nodes(name, root)]


def _refuse_aliases(name: str, text: str) -> None:
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if getattr(event, "anchor", None):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise GlossaryError(
                "Aliases and anchors (*name, &name) are not allowed; write the value out.",
                field=f"{name}:{line}",
            )


def _entry_nodes(name: str, root: yaml.Node) -> list[yaml.MappingNode]:
    holder: yaml.Node = root
    if isinstance(root, yaml.MappingNode):
        if _child(root, "name") is not None:
            return [root]
        holder = _child(root, "entries") or root
        if isinstance(holder, yaml.ScalarNode) and plain(holder) is None:
            return []
        if holder is root and set(plain(root)) <= {"style", "description", "$schema", "version"}:
            return []
    if not isinstance(holder, yaml.SequenceNode):
        raise GlossaryError(
            "A term file is a list of entries: every entry begins with '- id:'.",
            field=f"{name}:{_line(holder)}",
        )
    for node in holder.value:
        if not isinstance(node, yaml.MappingNode):
            raise GlossaryError(
                "An entry is a list item with 'id:', 'name:' and 'type:' below each other.",
                field=f"{name}:{_line(node)}",
            )
    return list(holder.value)


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if plain(key) == step:
                return cast(yaml.Node, value)
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _rank(key: str) -> int:
    return KEY_ORDER.index(key) if key in KEY_ORDER else len(KEY_ORDER)


def _render_field(key: str, value: Any) -> list[str]:
    if value in (None, "", [], ()):
        return []
    if key == "examples":
        lines = ["examples:"]
        for example in value:
            lines += [f"  - in:  {scalar(example['in'])}", f"    out: {scalar(example['out'])}"]
        return lines
    if isinstance(value, (list, tuple)):
        return [f"{key}: {flow_list(value)}"]
    return [f"{key}: {scalar(str(value))}" if key != "since" else f"{key}: {value}"]


def _field_edit(text: str, entry: RawEntry, key: str, value: Any) -> Edit:
    """Replace, insert or take out one field of an entry in block style.

    A comment behind the value stays where value and new value both fit on one line; items are
    added to a list in block style without touching those that are there.
    """
    margin = " " * entry.node.start_mark.column
    rendered = _render_field(key, value)
    lines = "".join(margin + line + "\n" for line in rendered)
    pairs = entry.node.value
    for index, (key_node, node) in enumerate(pairs):
        if plain(key_node) != key:
            continue
        one_line = isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">")
        one_line = one_line or (isinstance(node, yaml.SequenceNode) and bool(node.flow_style))
        if len(rendered) == 1 and one_line and node.end_mark.index > node.start_mark.index:
            there = rendered[0].removeprefix(f"{key}: ")
            return Edit(node.start_mark.index, node.end_mark.index, there)
        end = _line_end(text, node)
        old = plain(node)
        if (
            isinstance(node, yaml.SequenceNode)
            and isinstance(value, list)
            and old
            and key in LIST_KEYS
            and value[: len(old)] == old
        ):
            dash = " " * (node.value[-1].start_mark.column - 2) + "- "
            added = "".join(dash + scalar(item) + "\n" for item in value[len(old) :])
            return Edit(end, end, added)
        if index == 0:
            return Edit(key_node.start_mark.index, end, lines[len(margin) :])
        return Edit(key_node.start_mark.index - len(margin), end, lines)
    before = [pair for pair in pairs if _rank(plain(pair[0])) < _rank(key)] or pairs[:1]
    at = _line_end(text, before[-1][1])
    if at and text[at - 1] != "\n":
        lines = "\n" + lines
    return Edit(at, at, lines)


def _line_end(text: str, node: yaml.Node) -> int:
    """One past the newline that ends the last line of a value."""
    last = node
    while isinstance(last, (yaml.SequenceNode, yaml.MappingNode)) and not last.flow_style:
        if not last.value:
            break
        child = last.value[-1]
        last = child[1] if isinstance(child, tuple) else child
    end = int(last.end_mark.index)
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        return end
    newline = text.find("\n", end)
    return len(text) if newline < 0 else newline + 1


def _cleaned(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item not in (None, "", [], ())}


def _reads_as(name: str, text: str, expected: Sequence[Mapping[str, Any]]) -> bool:
    try:
        found = [_cleaned(entry.value) for entry in _entries(name, text)]
    except GlossaryError:
        return False
    return found == [_cleaned(value) for value in expected]


def _keep(path: Path, directory: Path, text: str, expected: Sequence[Mapping[str, Any]]) -> None:
    name = path.relative_to(directory).as_posix()
    if not _reads_as(name, text, expected):
        raise GlossaryError(
            "The change cannot be written into this file by a program; make it by hand.",
            field=f"{name}:1",
        )
    write_text(path, text)


def _append_json(old: str, values: Sequence[Mapping[str, Any]]) -> str:
    data = json.loads(old)
    entries = data["entries"] if isinstance(data, dict) else data
    entries.extend(_cleaned(value) for value in values)
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _append_by_dump(old: str, values: Sequence[Mapping[str, Any]]) -> str:
    """Append with ruamel.yaml: for `entries:` inside a mapping and other unusual shapes."""
    round_trip = YAML()
    round_trip.preserve_quotes = True
    round_trip.width = 10_000
    data = round_trip.load(old)
    entries = data.get("entries") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        return old
    entries.extend(
        {key: value[key] for key in sorted(_cleaned(value), key=_rank)} for value in values
    )
    stream = io.StringIO()
    round_trip.dump(data, stream)
    return stream.getvalue()
