"""Glossaries that callers make over the API, beside the term files that people keep in git.

A glossary has a name and dictionaries, one for each pair of languages: source terms and the terms
they become. They live in the database of the jobs. The term files appear here too, one read-only
glossary for each file, under ids that stay the same wherever the service runs (UUID version 5 of
the file's path).

For a request, a glossary's terms are added to the term files in force: a source term becomes an
entry whose name is the target term, so it is carried through the translation and checked after
it like any other name.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from service.errors import InvalidRequest, NotFound, ReadOnly, ServiceError
from service.jobs.database import Database
from service.jobs.schema import metadata
from service.names.glossary import Entry, Glossary
from service.names.matcher import index_of

FILES_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:relais:glossary")
"""Term file `people/x.yaml` has the glossary id uuid5(FILES_NAMESPACE, "people/x.yaml")."""

SOURCES = ("fr", "ar")
MAX_TERM_BYTES = 1024
MAX_NAME_BYTES = 1024
MAX_GLOSSARY_BYTES = 10 * 1024 * 1024
MAX_GLOSSARIES = 1000
"""DeepL's limits, for each owner."""

LARGE = 1_000
"""Entries above which a glossary is indexed as soon as it is made."""

_COMBINED = 8
"""Combinations of glossaries kept ready; each is about as large as the glossary in force."""

glossaries = sa.Table(
    "glossaries",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
)
dictionaries = sa.Table(
    "dictionaries",
    metadata,
    sa.Column("glossary", sa.String(36), primary_key=True),
    sa.Column("source", sa.String(8), primary_key=True),
    sa.Column("target", sa.String(8), primary_key=True),
    sa.Column("entries", sa.Text, nullable=False),
    sa.Column("entry_count", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Terms of one pair of languages (ISO 639-1 codes), source term to target term."""

    source: str
    target: str
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DictionaryInfo:
    """A dictionary without its entries."""

    source: str
    target: str
    entry_count: int


@dataclass(frozen=True, slots=True)
class GlossaryInfo:
    """A glossary as it is listed; `created` is seconds since 1970."""

    id: str
    name: str
    created: float
    dictionaries: tuple[DictionaryInfo, ...]
    read_only: bool = False


def checked(entries: Sequence[tuple[str, str]], *, where: str = "entries") -> dict[str, str]:
    """Entries as a mapping, once they can all be used.

    Raises:
        InvalidRequest: no entry, an empty or too long term, a control character, or a source
            term twice; the message names the entry by its number, from 1.
    """
    found: dict[str, str] = {}
    size = 0
    for number, (source, target) in enumerate(entries, 1):
        source, target = source.strip(" "), target.strip(" ")
        for term in (source, target):
            problem = _term_problem(term)
            if problem:
                raise InvalidRequest(f"Entry {number} {problem}.", field=where)
            size += len(term.encode()) + 1
        if source in found:
            first = 1 + list(found).index(source)
            raise InvalidRequest(
                f"Entry {number} has the source term of entry {first} again.", field=where
            )
        found[source] = target
    if not found:
        raise InvalidRequest("A dictionary needs at least one entry.", field=where)
    if size > MAX_GLOSSARY_BYTES:
        raise InvalidRequest(
            f"A dictionary may have {MAX_GLOSSARY_BYTES:,} bytes at most.", field=where
        )
    return found


def _term_problem(term: str) -> str | None:
    if not term:
        return "has an empty term"
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" for char in term):
        return "holds a control character"
    if any("\ud800" <= char <= "\udfff" for char in term):
        return "is not of whole Unicode characters"
    if len(term.encode()) > MAX_TERM_BYTES:
        return f"has a term of more than {MAX_TERM_BYTES} bytes"
    return None


class GlossaryDatabase:
    """All glossaries of one database; shared by threads, used by any number of processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._combined: OrderedDict[tuple[object, ...], Glossary] = OrderedDict()
        self._lock = threading.Lock()
        self._preparing = threading.Lock()

    # Reading

    def list(self, owner: str, in_force: Glossary) -> list[GlossaryInfo]:
        """The owner's glossaries, oldest first, after those of the term files."""
        stored: list[GlossaryInfo] = []
        if self._database.exists():
            with self._database.transaction(writes=False) as connection:
                stored = [
                    self._info(connection, row)
                    for row in connection.execute(
                        sa.select(glossaries)
                        .where(glossaries.c.owner == owner)
                        .order_by(glossaries.c.created, glossaries.c.id)
                    )
                ]
        return [*_file_glossaries(in_force), *stored]

    def get(self, owner: str, identifier: str, in_force: Glossary) -> GlossaryInfo:
        """One glossary.

        Raises:
            NotFound: there is none of that id, or it is somebody else's.
        """
        file = _file_of(identifier, in_force)
        if file is not None:
            return _file_info(file, in_force)
        if not self._database.exists():
            raise _not_found()
        with self._database.transaction(writes=False) as connection:
            return self._info(connection, self._row(connection, owner, identifier))

    def entries(
        self, owner: str, identifier: str, source: str, target: str, in_force: Glossary
    ) -> dict[str, str]:
        """The entries of one dictionary.

        Raises:
            NotFound: there is no such glossary, or it has no such dictionary.
        """
        file = _file_of(identifier, in_force)
        if file is not None:
            found = _file_entries(file, in_force, source) if target == "en" else {}
            if not found:
                raise NotFound("The glossary has no dictionary of these languages.")
            return found
        if not self._database.exists():
            raise _not_found()
        with self._database.transaction(writes=False) as connection:
            self._row(connection, owner, identifier)
            written = connection.scalar(
                sa.select(dictionaries.c.entries).where(*_key(identifier, source, target))
            )
        if written is None:
            raise NotFound("The glossary has no dictionary of these languages.")
        return dict(json.loads(written))

    # Writing

    def create(self, owner: str, name: str, given: Sequence[Dictionary]) -> GlossaryInfo:
        """A new glossary.

        Raises:
            InvalidRequest: the name is empty or too long, there is no dictionary, two are of the
                same languages, or the owner has too many glossaries.
        """
        _check_name(name)
        if not given:
            raise InvalidRequest("A glossary needs at least one dictionary.", field="dictionaries")
        pairs = [(dictionary.source, dictionary.target) for dictionary in given]
        if len(set(pairs)) < len(pairs):
            raise InvalidRequest(
                "Two dictionaries are of the same languages.", field="dictionaries"
            )
        identifier = str(uuid.uuid4())
        with self._database.transaction() as connection:
            count = connection.scalar(sa.select(sa.func.count()).where(glossaries.c.owner == owner))
            if (count or 0) >= MAX_GLOSSARIES:
                raise InvalidRequest(
                    f"There are {MAX_GLOSSARIES:,} glossaries already; delete one first."
                )
            connection.execute(
                glossaries.insert().values(
                    id=identifier, owner=owner, name=name, created=self._database.now(connection)
                )
            )
            for dictionary in given:
                _store(connection, identifier, dictionary)
            return self._info(connection, self._row(connection, owner, identifier))

    def rename(self, owner: str, identifier: str, name: str, in_force: Glossary) -> None:
        """Give a glossary another name.

        Raises:
            NotFound: there is none of that id.
            ReadOnly: it is a term file.
            InvalidRequest: the name is empty or too long.
        """
        _check_name(name)
        _refuse_file(identifier, in_force)
        with self._database.transaction() as connection:
            self._row(connection, owner, identifier, locked=True)
            connection.execute(
                glossaries.update().where(glossaries.c.id == identifier).values(name=name)
            )

    def put(
        self,
        owner: str,
        identifier: str,
        dictionary: Dictionary,
        in_force: Glossary,
        *,
        merge: bool = False,
    ) -> DictionaryInfo:
        """Replace one dictionary, or add to it; it is made if it is not there.

        Raises:
            NotFound: there is no glossary of that id.
            ReadOnly: it is a term file.
        """
        _refuse_file(identifier, in_force)
        with self._database.transaction() as connection:
            self._row(connection, owner, identifier, locked=True)
            key = _key(identifier, dictionary.source, dictionary.target)
            if merge:
                written = connection.scalar(sa.select(dictionaries.c.entries).where(*key))
                earlier = json.loads(written) if written else {}
                merged = checked(list({**earlier, **dictionary.entries}.items()))
                dictionary = Dictionary(dictionary.source, dictionary.target, merged)
            connection.execute(dictionaries.delete().where(*key))
            _store(connection, identifier, dictionary)
            _touch(connection, identifier)
        return DictionaryInfo(dictionary.source, dictionary.target, len(dictionary.entries))

    def delete(self, owner: str, identifier: str, in_force: Glossary) -> None:
        """Delete a glossary.

        Raises:
            NotFound: there is none of that id.
            ReadOnly: it is a term file.
        """
        _refuse_file(identifier, in_force)
        with self._database.transaction() as connection:
            self._row(connection, owner, identifier, locked=True)
            connection.execute(dictionaries.delete().where(dictionaries.c.glossary == identifier))
            connection.execute(glossaries.delete().where(glossaries.c.id == identifier))

    def delete_dictionary(
        self, owner: str, identifier: str, source: str, target: str, in_force: Glossary
    ) -> None:
        """Delete one dictionary of a glossary.

        Raises:
            NotFound: there is no such glossary or dictionary.
            ReadOnly: it is a term file.
        """
        _refuse_file(identifier, in_force)
        with self._database.transaction() as connection:
            self._row(connection, owner, identifier, locked=True)
            deleted = connection.execute(
                dictionaries.delete().where(*_key(identifier, source, target))
            )
            if not deleted.rowcount:
                raise NotFound("The glossary has no dictionary of these languages.")
            _touch(connection, identifier)

    # Using

    def resolve(self, owner: str | None, name: str, in_force: Glossary) -> str:
        """The id of the glossary that is named by its id or its name; a term file's is its path.

        Raises:
            NotFound: there is none that the owner may use.
            InvalidRequest: there are several of that name.
        """
        if _file_of(name, in_force) is not None:
            return name
        found = [info.id for info in _file_glossaries(in_force) if info.name == name]
        if self._database.exists() and _is_text(name):
            by = glossaries.c.id if _is_id(name) else glossaries.c.name
            wanted = sa.select(glossaries.c.id).where(by == name)
            if owner is not None:
                wanted = wanted.where(glossaries.c.owner == owner)
            with self._database.transaction(writes=False) as connection:
                found += connection.scalars(wanted.limit(2))
        if len(found) > 1:
            raise InvalidRequest(
                "Several glossaries have this name; give the id of one.", field="glossary"
            )
        if not found:
            raise NotFound("There is no glossary of this id or name.", field="glossary")
        return found[0]

    def combined(self, owner: str | None, names: Sequence[str], in_force: Glossary) -> Glossary:
        """The term files in force with the terms of these glossaries added to them.

        A term of a glossary comes before one of the term files; of several glossaries, the first
        that has a term decides.

        Args:
            owner: whose glossaries may be named; None: anybody's, by id, for work that was
                checked when it was taken in.
            names: ids or names.

        Raises:
            NotFound: there is no glossary of one of the names.
            InvalidRequest: there are several of one of the names.
        """
        identifiers = [self.resolve(owner, name, in_force) for name in names]
        own = [i for i in dict.fromkeys(identifiers) if _file_of(i, in_force) is None]
        if not own:
            return in_force
        if not self._database.exists():
            raise _not_found()
        with self._database.transaction(writes=False) as connection:
            rows = [self._row(connection, owner, identifier) for identifier in own]
            key = (in_force.version, *((row.id, row.revision) for row in rows))
            with self._lock:
                if key in self._combined:
                    self._combined.move_to_end(key)
                    return self._combined[key]
            terms = [
                (row.source, row.target, dict(json.loads(row.entries)))
                for identifier in own
                for row in connection.execute(
                    sa.select(dictionaries).where(dictionaries.c.glossary == identifier)
                )
            ]
        made = _with_terms(in_force, terms, key)
        with self._lock:
            self._combined[key] = made
            while len(self._combined) > _COMBINED:
                self._combined.popitem(last=False)
        return made

    def prepare(self, owner: str, identifier: str, in_force: Glossary) -> None:
        """Begin to index a large glossary, so that the first request that names it need not wait.

        Indexing takes about half a millisecond an entry. One glossary at a time; a small one, or
        one that is made meanwhile, is indexed when it is first used.
        """
        info = self.get(owner, identifier, in_force)
        count = sum(dictionary.entry_count for dictionary in info.dictionaries)
        if count < LARGE or not self._preparing.acquire(blocking=False):
            return

        def index() -> None:
            try:
                index_of(self.combined(owner, [identifier], in_force))
            except ServiceError:
                return  # deleted meanwhile; whoever names it is told
            finally:
                self._preparing.release()

        threading.Thread(target=index, name="glossary-index", daemon=True).start()

    def _row(
        self, connection: sa.Connection, owner: str | None, identifier: str, *, locked: bool = False
    ) -> sa.Row:  # type: ignore[type-arg]
        """The glossary's row; `locked`, so that nobody else changes it before the commit."""
        if not _is_id(identifier):
            raise _not_found()
        query = sa.select(glossaries).where(glossaries.c.id == identifier)
        if owner is not None:
            query = query.where(glossaries.c.owner == owner)
        if locked:
            query = query.with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None:
            raise _not_found()
        return row

    def _info(self, connection: sa.Connection, row: sa.Row) -> GlossaryInfo:  # type: ignore[type-arg]
        found = connection.execute(
            sa.select(dictionaries.c.source, dictionaries.c.target, dictionaries.c.entry_count)
            .where(dictionaries.c.glossary == row.id)
            .order_by(dictionaries.c.source, dictionaries.c.target)
        )
        infos = tuple(DictionaryInfo(*values) for values in found)
        return GlossaryInfo(row.id, row.name, row.created, infos)


def _key(identifier: str, source: str, target: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        dictionaries.c.glossary == identifier,
        dictionaries.c.source == source,
        dictionaries.c.target == target,
    )


def _store(connection: sa.Connection, identifier: str, dictionary: Dictionary) -> None:
    connection.execute(
        dictionaries.insert().values(
            glossary=identifier,
            source=dictionary.source,
            target=dictionary.target,
            entries=json.dumps(dict(dictionary.entries), ensure_ascii=False),
            entry_count=len(dictionary.entries),
        )
    )


def _touch(connection: sa.Connection, identifier: str) -> None:
    connection.execute(
        glossaries.update()
        .where(glossaries.c.id == identifier)
        .values(revision=glossaries.c.revision + 1)
    )


def _check_name(name: str) -> None:
    problem = _term_problem(name.strip())
    if problem or len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidRequest(
            f"A glossary needs a name of at most {MAX_NAME_BYTES} bytes, without control "
            "characters.",
            field="name",
        )


def _is_id(identifier: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier) is not None


def _is_text(name: str) -> bool:
    """Whether a database can be asked for it: no NUL, no lone surrogate."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in name)


def _not_found() -> NotFound:
    return NotFound("There is no glossary of this id.")


def _with_terms(
    in_force: Glossary,
    terms: Sequence[tuple[str, str, Mapping[str, str]]],
    key: tuple[object, ...],
) -> Glossary:
    """The glossary in force, its entries preceded by the terms of others."""
    forms: dict[tuple[str, str], list[str]] = {}
    claimed: set[tuple[str, str]] = set()
    for source, _target, entries in terms:
        for term, name in entries.items():
            if (source, term) not in claimed:
                claimed.add((source, term))
                forms.setdefault((source, name), []).append(term)
    added = []
    for number, ((source, name), own) in enumerate(forms.items()):
        added.append(
            Entry(
                id=f"term-{number}",
                name=name,
                type="term",
                ar=tuple(own) if source == "ar" else (),
                fr=tuple(own) if source == "fr" else (),
            )
        )
    # A form that the caller's terms claim is taken from the term files for this request.
    kept = [_without(entry, claimed) for entry in in_force.entries]
    digest = hashlib.sha256(json.dumps([in_force.version, key]).encode()).hexdigest()[:16]
    return Glossary(entries=(*added, *kept), version=digest, style=in_force.style)


def _without(entry: Entry, claimed: set[tuple[str, str]]) -> Entry:
    ar = tuple(form for form in entry.ar if ("ar", form) not in claimed)
    fr = tuple(form for form in entry.fr if ("fr", form) not in claimed)
    if ar == entry.ar and fr == entry.fr:
        return entry
    return replace(entry, ar=ar, fr=fr)


# The term files as read-only glossaries


def file_glossary_id(file: str) -> str:
    """The glossary id of a term file, by its path in the glossary's folder."""
    return str(uuid.uuid5(FILES_NAMESPACE, file))


def _file_glossaries(in_force: Glossary) -> list[GlossaryInfo]:
    files = sorted({entry.file for entry in in_force.entries if entry.file})
    return [_file_info(file, in_force) for file in files]


def _file_of(identifier: str, in_force: Glossary) -> str | None:
    """The term file of a glossary id, if it is one."""
    files = {entry.file for entry in in_force.entries if entry.file}
    return next((file for file in files if file_glossary_id(file) == identifier), None)


def _refuse_file(identifier: str, in_force: Glossary) -> None:
    file = _file_of(identifier, in_force)
    if file is not None:
        raise ReadOnly(f"This glossary is the term file {file}; change it there.")


def _file_info(file: str, in_force: Glossary) -> GlossaryInfo:
    infos = tuple(
        DictionaryInfo(source, "en", len(entries))
        for source in SOURCES
        if (entries := _file_entries(file, in_force, source))
    )
    return GlossaryInfo(file_glossary_id(file), file, 0.0, infos, read_only=True)


def _file_entries(file: str, in_force: Glossary, source: str) -> dict[str, str]:
    """What a term file says of one source language: every form it lists, and its name."""
    found: dict[str, str] = {}
    for entry in in_force.entries:
        if entry.file != file or entry.status == "deprecated":
            continue
        if source == "fr":
            for form in entry.fr or (entry.name,):
                found.setdefault(form, entry.name)
        elif source == "ar":
            for form in entry.ar:
                found.setdefault(form, entry.name)
    return found
