"""Term files: read, checked, put together into one glossary, and read again when they change.

Reach for `load_glossary` for a folder that stays as it is, for `GlossaryStore` in a service. A
folder may hold any number of `*.yaml`, `*.yml` and `*.json` files, in subfolders too; each is a
list of entries, a mapping with `entries:` (and perhaps `style:`), or one entry. `style.yaml` holds
the house style. Files whose name begins with `.` or `_`, and JSON schemas (`schema.json`,
`*.schema.json`), are left out.

Everything in a term file is text: `No` is a name, not false. Aliases and anchors of YAML are
refused, because a few lines of them can stand for gigabytes.

Costs about 30 microseconds and 2 kB an entry. Entries with the status `deprecated` are kept in the
list but match nothing; `proposed` ones only make suggestions.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from service.errors import GlossaryError, NotReady

EntryType = Literal["person", "organisation", "place", "work", "term"]
Status = Literal["proposed", "reviewed", "deprecated"]

TYPES: tuple[str, ...] = get_args(EntryType)
STATUSES: tuple[str, ...] = get_args(Status)

# Limits that no honest term file meets; they keep a hostile one from filling the memory.
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 8
MAX_FORM_CHARS = 300
MAX_ENTRIES = 1_000_000

_SUFFIXES = {".yaml", ".yml", ".json"}


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with the damaged form and the same sentence put right; a test of the entry."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One name.

    Args:
        id: stable, kebab-case, unique over all files.
        name: the spelling that is printed.
        type: person, organisation, place, work or term.
        ar: Arabic forms; may be empty, then likely ones are derived.
        fr: other French forms.
        variants: wrong forms seen in print, always rewritten.
        keep: look-alikes that are never rewritten to this entry.
        context: words and names that stand near this one.
        gender: "f", "m" or None.
        since: the date of the entry, as text.
        source: where the right spelling is documented.
        examples: sentences that show the entry at work.
        status: proposed (only suggested), reviewed, or deprecated (never matched).
        style: "accents" or "no-accents" where this entry differs from the house style.
        notes: free text for editors.
        file: the term file, relative to the glossary's folder.
        line: the line on which the entry begins, from 1.
    """

    id: str
    name: str
    type: str = "person"
    ar: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    gender: str | None = None
    since: str | None = None
    source: str | None = None
    examples: tuple[Example, ...] = ()
    status: str = "reviewed"
    style: str | None = None
    notes: str | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """How this glossary's house writes names; read from `style.yaml`.

    Args:
        restore_accents: give a sure name the accents its entry has.
        surname_only: follow a resolved full name to its surname standing alone.
        given_only: follow it to its given name standing alone.
        exonyms: write the entry's name for a place that stands in one of its French forms.
    """

    restore_accents: bool = True
    surname_only: bool = True
    given_only: bool = True
    exonyms: bool = True


@dataclass(frozen=True)
class Glossary:
    """All entries of a folder.

    Args:
        entries: in the order of files and lines.
        version: the first 16 hexadecimal digits of the content's SHA-256.
        style: the house style.
    """

    entries: tuple[Entry, ...] = ()
    version: str = ""
    style: HouseStyle = HouseStyle()
    _cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def by_id(self, entry_id: str) -> Entry | None:
        """The entry of that id, or None."""
        table = self._cache.get("by_id")
        if table is None:
            table = self._cache["by_id"] = {entry.id: entry for entry in self.entries}
        found: Entry | None = table.get(entry_id)
        return found


EMPTY = Glossary(version=hashlib.sha256(b"").hexdigest()[:16])


def load_glossary(directory: Path) -> Glossary:
    """Read every term file below a folder.

    Raises:
        GlossaryError: a file cannot be used; `field` holds ``file:line``, the detail names the
            entry.
    """
    return _assemble(_read(Path(directory)))


class GlossaryStore:
    """The glossary in force, read again when a term file changes.

    `current` is always a good glossary: where the files on disk are broken, it is the last good
    one, and `problem` says what is wrong and where. If the files are broken from the start,
    `current` is the empty glossary, and there is none in force.

    Args:
        directory: the folder of term files.
        poll_seconds: the least time between two looks at the folder; a look costs one `stat` per
            file, the content is read (and hashed) only where one of those changed.
    """

    def __init__(self, directory: Path, poll_seconds: float = 1.0) -> None:
        self._directory = Path(directory)
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._stamp: object = None
        self._digest: str | None = None
        self._current = EMPTY
        self._problem: str | None = None

    @property
    def current(self) -> Glossary:
        """The last good glossary; looks for changes first, if it is time to."""
        if time.monotonic() - self._looked_at >= self._poll_seconds:
            if self._digest is None:
                with self._lock:
                    self._look()
            elif self._lock.acquire(blocking=False):
                try:
                    self._look()
                finally:
                    self._lock.release()
        return self._current

    @property
    def problem(self) -> str | None:
        """What is wrong with the files on disk, as ``file:line: what``, or None."""
        return self._problem

    @property
    def usable(self) -> bool:
        """Whether a glossary is in force; False where the files were broken from the start."""
        return self.current.version != EMPTY.version or not self._problem

    def in_force(self) -> Glossary:
        """The last good glossary, for putting names right.

        Raises:
            NotReady: the files were broken from the start: names would silently stay wrong.
        """
        if not self.usable:
            raise NotReady(
                f"No glossary is in force, because a term file is broken: {self.problem}"
            )
        return self.current

    def reload(self) -> Glossary:
        """Look at the folder now, whatever the time."""
        with self._lock:
            self._stamp = None
            self._look(force=True)
        return self._current

    def _look(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._looked_at < self._poll_seconds:
            return
        try:
            stamp = tuple(
                (str(path), stat.st_mtime_ns, stat.st_size)
                for path in _term_files(self._directory)
                for stat in (path.stat(),)
            )
            if stamp != self._stamp:
                contents = _read(self._directory)
                digest = _digest(contents)
                if digest != self._digest:
                    self._digest = digest
                    self._take(contents)
                self._stamp = stamp
        except (GlossaryError, OSError) as error:
            self._digest = self._digest or ""
            self._problem = _describe(error)
        finally:
            self._looked_at = now

    def _take(self, contents: list[tuple[str, bytes]]) -> None:
        """Put new content in force, or keep the last good one and say what is wrong."""
        try:
            self._current = _assemble(contents)
            self._problem = None
        except GlossaryError as error:
            self._problem = _describe(error)


def _describe(error: GlossaryError | OSError) -> str:
    if isinstance(error, GlossaryError):
        return f"{error.field}: {error.detail}" if error.field else error.detail
    return str(error)


def _term_files(directory: Path) -> list[Path]:
    """The term files below a folder, in a fixed order."""
    if not directory.is_dir():
        raise GlossaryError(f"{directory} is not a folder of term files.", field=str(directory))
    return sorted(
        path
        for path in directory.rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and not any(part[0] in "._" for part in path.relative_to(directory).parts)
        and path.name != "schema.json"
        and not path.name.endswith(".schema.json")
        and path.is_file()
    )


def _read(directory: Path) -> list[tuple[str, bytes]]:
    contents = []
    for path in _term_files(directory):
        name = path.relative_to(directory).as_posix()
        if path.stat().st_size > MAX_FILE_BYTES:
            raise GlossaryError(
                f"The file is larger than {MAX_FILE_BYTES:,} bytes; split it.", field=f"{name}:1"
            )
        contents.append((name, path.read_bytes()))
    return contents


def _digest(contents: list[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, data in contents:
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def _assemble(contents: list[tuple[str, bytes]]) -> Glossary:
    """Parse and check the files, and put their entries together."""
    entries: list[Entry] = []
    style: dict[str, bool] = {}
    seen: dict[str, Entry] = {}
    for file, data in contents:
        root = _parse(file, data)
        if root.value is None:
            continue
        if Path(file).stem == "style":
            style |= _style(file, root)
            continue
        if isinstance(root.value, dict) and "style" in root.value and "name" not in root.value:
            style |= _style(file, root.value["style"])
        for node in _entry_nodes(file, root):
            entry = _entry(file, node, seen)
            other = seen.get(entry.id)
            if other is not None and _folded(other.name) != _folded(entry.name):
                raise GlossaryError(
                    f"The id {entry.id!r} is used twice, here and at {other.file}:{other.line}; "
                    "ids are unique over all files.",
                    field=f"{file}:{entry.line}",
                )
            if other is not None:
                continue
            seen[entry.id] = entry
            entries.append(entry)
            if len(entries) > MAX_ENTRIES:
                raise GlossaryError(
                    f"More than {MAX_ENTRIES:,} entries.", field=f"{file}:{entry.line}"
                )
    return Glossary(tuple(entries), _digest(contents), HouseStyle(**style))


@dataclass(slots=True)
class _Node:
    """A value of a term file with the line on which it stands."""

    value: Any  # str, None, bool, list[_Node] or dict[str, _Node]
    line: int


def _parse(file: str, data: bytes) -> _Node:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GlossaryError("The file is not UTF-8.", field=f"{file}:{line}") from error
    if file.endswith(".json") or text.lstrip()[:1] in ("[", "{"):
        try:
            return _from_json(text)
        except RecursionError as error:
            raise GlossaryError("The file is nested too deep.", field=f"{file}:1") from error
        except json.JSONDecodeError as error:
            if file.endswith(".json"):
                raise GlossaryError(
                    f"The file is not JSON: {error.msg}.", field=f"{file}:{error.lineno}"
                ) from error
    return _from_yaml(file, text)


def _from_json(text: str) -> _Node:
    """JSON, the quick way: entries get the line of their opening brace."""
    lines = _object_lines(text)

    def wrap(value: Any, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise RecursionError
        line = 1
        if isinstance(value, dict):
            line = next(lines, 1)
            return _Node({str(key): wrap(item, depth + 1) for key, item in value.items()}, line)
        if isinstance(value, list):
            return _Node([wrap(item, depth + 1) for item in value], line)
        if isinstance(value, (bool, str)) or value is None:
            return _Node(value, line)
        return _Node(str(value), line)

    return wrap(json.loads(text), 0)


_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\{|\n')


def _object_lines(text: str) -> Iterator[int]:
    """The line of every `{` outside strings, in order."""
    line = 1
    for match in _JSON_TOKEN.finditer(text):
        token = match.group()
        if token == "{":
            yield line
        else:
            line += token.count("\n")


def _from_yaml(file: str, text: str) -> _Node:
    """YAML from its events: every scalar is text, no alias, no tag, no merge."""
    stack: list[_Node] = []
    keys: list[str | None] = []
    root = _Node(None, 1)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.ScalarEvent):
                value = event.value
                node = _Node(
                    None if event.implicit[0] and value in ("", "~", "null") else value,
                    _line(event),
                )
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                mapping = isinstance(event, yaml.MappingStartEvent)
                node = _Node({} if mapping else [], _line(event))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
                keys.pop()
                continue
            elif isinstance(event, yaml.AliasEvent):
                raise GlossaryError(
                    "Aliases (*name) are not allowed in a term file; write the value out.",
                    field=f"{file}:{_line(event)}",
                )
            else:
                continue
            if not stack:
                root = node
            elif isinstance(stack[-1].value, list):
                stack[-1].value.append(node)
            elif keys[-1] is None and isinstance(node.value, str):
                if node.value in stack[-1].value:
                    raise GlossaryError(
                        f"The key {node.value!r} stands twice in one mapping.",
                        field=f"{file}:{node.line}",
                    )
                keys[-1] = node.value
                continue
            elif keys[-1] is None:
                raise GlossaryError("A key must be a word.", field=f"{file}:{node.line}")
            else:
                stack[-1].value[keys[-1]] = node
                keys[-1] = None
            if not isinstance(node.value, str) and node.value is not None:
                stack.append(node)
                keys.append(None)
                if len(stack) > MAX_DEPTH:
                    raise GlossaryError("The file is nested too deep.", field=f"{file}:{node.line}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise GlossaryError(
            f"The file is not YAML: {error.problem or error.context}.", field=f"{file}:{line}"
        ) from error
    except yaml.YAMLError as error:
        raise GlossaryError(f"The file is not YAML: {error}.", field=f"{file}:1") from error
    return root


def _folded(name: str) -> str:
    """A name without accents and case, to tell a repeated entry from a repeated id."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if c.isalnum()).casefold()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _entry_nodes(file: str, root: _Node) -> Iterator[_Node]:
    """The entries of a file, whichever of its shapes it has."""
    value = root.value
    if isinstance(value, dict):
        if "entries" in value:
            value = value["entries"].value
            if value is None:
                return
        elif "name" in value:
            value = [root]
        elif set(value) <= {"style", "description", "$schema", "version"}:
            return
        elif value and all(isinstance(node.value, dict) for node in value.values()):
            for key, node in value.items():
                node.value.setdefault("id", _Node(key, node.line))
            value = list(value.values())
    if isinstance(value, dict):
        for key, node in value.items():
            if isinstance(node.value, dict):
                node.value.setdefault("id", _Node(key, node.line))
        value = list(value.values())
    if not isinstance(value, list):
        raise GlossaryError(
            "A term file is a list of entries, or a mapping with 'entries:'.",
            field=f"{file}:{root.line}",
        )
    for node in value:
        if not isinstance(node.value, dict):
            raise GlossaryError(
                "An entry is a mapping with at least 'name:'.", field=f"{file}:{node.line}"
            )
        yield node


def _style(file: str, node: _Node) -> dict[str, bool]:
    known = {item.name for item in fields(HouseStyle)}
    if not isinstance(node.value, dict):
        raise GlossaryError(
            f"The house style is a mapping of {', '.join(sorted(known))}.",
            field=f"{file}:{node.line}",
        )
    if set(node.value) == {"style"}:
        return _style(file, node.value["style"])
    style = {}
    for key, setting in node.value.items():
        if key not in known:
            raise GlossaryError(
                f"{key!r} is no setting of the house style; there are {', '.join(sorted(known))}.",
                field=f"{file}:{setting.line}",
            )
        word = str(setting.value).lower()
        if word not in ("true", "false", "yes", "no", "on", "off"):
            raise GlossaryError(
                f"{key!r} is true or false, not {setting.value!r}.", field=f"{file}:{setting.line}"
            )
        style[key] = word in ("true", "yes", "on")
    return style


def _entry(file: str, node: _Node, seen: dict[str, Entry]) -> Entry:
    """Check one entry. Keys that nobody knows are left to the glossary's lint."""
    value: dict[str, _Node] = node.value
    given_id = value["id"].value if "id" in value else None

    def fail(message: str, line: int) -> GlossaryError:
        label = f"Entry {given_id!r}: " if given_id else ""
        return GlossaryError(label + message, field=f"{file}:{line}")

    def text(key: str) -> str | None:
        found = value.get(key)
        if found is None or found.value is None:
            return None
        if not isinstance(found.value, str):
            raise fail(f"{key!r} is a text.", found.line)
        return found.value.strip() or None

    def texts(key: str) -> tuple[str, ...]:
        found = value.get(key)
        if found is None or found.value is None:
            return ()
        if isinstance(found.value, str):
            return (form(key, found),) if found.value.strip() else ()
        if not isinstance(found.value, list):
            raise fail(f"{key!r} is a list of texts.", found.line)
        return tuple(dict.fromkeys(form(key, item) for item in found.value))

    def form(key: str, item: _Node) -> str:
        if not isinstance(item.value, str) or not item.value.strip():
            raise fail(f"{key!r} is a list of texts.", item.line)
        if len(item.value) > MAX_FORM_CHARS:
            raise fail(f"A form of {key!r} is longer than {MAX_FORM_CHARS} characters.", item.line)
        return item.value.strip()

    def choice(key: str, allowed: tuple[str, ...], default: str) -> str:
        chosen = text(key) or default
        if chosen not in allowed:
            raise fail(f"{key!r} is one of {', '.join(allowed)}, not {chosen!r}.", value[key].line)
        return chosen

    name = text("name")
    if name is None:
        raise fail("'name' is missing: the spelling that is to be printed.", node.line)
    if len(name) > MAX_FORM_CHARS:
        raise fail(f"'name' is longer than {MAX_FORM_CHARS} characters.", value["name"].line)
    entry_id = text("id")
    if entry_id is None:
        base = re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "entry"
        entry_id, number = base, 2
        while entry_id in seen:
            entry_id, number = f"{base}-{number}", number + 1
    return Entry(
        id=entry_id,
        name=name,
        type=choice("type", TYPES, "person"),
        ar=texts("ar"),
        fr=texts("fr"),
        variants=texts("variants"),
        keep=texts("keep"),
        context=texts("context"),
        gender=text("gender"),
        since=text("since"),
        source=text("source"),
        examples=_examples(value.get("examples"), fail),
        status=choice("status", STATUSES, "reviewed"),
        style=text("style"),
        notes=text("notes"),
        file=file,
        line=node.line,
    )


def _examples(node: _Node | None, fail: Any) -> tuple[Example, ...]:
    if node is None or node.value is None:
        return ()
    if not isinstance(node.value, list):
        raise fail("'examples' is a list of 'in:' and 'out:'.", node.line)
    examples = []
    for item in node.value:
        pair = item.value if isinstance(item.value, dict) else {}
        before, after = pair.get("in"), pair.get("out")
        if not (
            before and after and isinstance(before.value, str) and isinstance(after.value, str)
        ):
            raise fail("An example has 'in:' and 'out:'.", item.line)
        examples.append(Example(before.value, after.value))
    return tuple(examples)
