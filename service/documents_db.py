"""Documents that are taken in now, translated meanwhile, and fetched once: DeepL's way with files.

Reach for it where a caller uploads a file and asks after it until it is done; a caller who waits
for the answer needs only `service.documents.translate_document`. Documents live in the database of
the jobs. The process that took one in works on it; should that process end, the document is begun
again by whichever process is asked after it, and given up when it has ended three of them.

A document is deleted when it has been fetched, and a day after the last that happened to it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

import sqlalchemy as sa
import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from service.errors import (
    InvalidRequest,
    NotFound,
    NotReady,
    Overloaded,
    ServiceError,
    StorageFull,
    StorageUnavailable,
)
from service.jobs.database import Database
from service.jobs.schema import has_come, metadata
from service.logs import places_of

log = structlog.get_logger("service.documents")

State = Literal["queued", "translating", "done", "error"]

MOST_DOCUMENTS: Final = 100
"""Documents of one owner that may be kept at once."""
LIFETIME: Final = 24 * 3600.0
"""Seconds after which a document is deleted that nothing has happened to."""
AT_ONCE: Final = 2
"""Documents worked on at once in one process; their sentences share its batches."""
MOST_TRIES: Final = 3
LEASE_SECONDS: Final = 30.0
"""Silence of a process after which its documents may be begun again by others."""
CAPACITY_SECONDS: Final = 300.0
"""How long a document waits for capacity or for the models before it is given up."""

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("key_digest", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("order", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", sa.Double, nullable=False, server_default="0"),
    sa.Column("characters", sa.Integer),
    sa.Column("problem", sa.Text),
    sa.Column("updated", sa.Double, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Order:
    """How a document is to be translated.

    Args:
        source: ISO 639-1 code, or None to detect it.
        target: ISO 639-1 code.
        glossary: "default" for the term files, "none" to leave names alone.
        glossaries: ids of the caller's own, whose terms are added to the term files.
    """

    source: str | None
    target: str
    glossary: Literal["default", "none"] = "default"
    glossaries: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Status:
    """How far a document is; `characters` of the source text once it is done."""

    name: str
    state: State
    characters: int | None
    problem: str | None


#: From a document's bytes, its name and how it is wanted, to the translated bytes and the number of
#: characters of the source text.
TranslateDocument = Callable[[bytes, str, Order], tuple[bytes, int]]


class DocumentDesk:
    """Takes documents in, has them translated, and hands them out; one for each process.

    Args:
        translate: raises the ServiceError that concerns a document.
    """

    def __init__(self, database: Database, translate: TranslateDocument) -> None:
        self._database = database
        self._translate = translate
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._mine: set[str] = set()
        self._claims: dict[str, int] = {}
        self._threads: list[threading.Thread] = []

    def take_in(self, owner: str, name: str, content: bytes, order: Order) -> tuple[str, str]:
        """Store a document and begin to work on it; its id, and the key that opens it.

        Raises:
            InvalidRequest: the owner has too many documents here.
        """
        identifier, key = secrets.token_hex(16).upper(), secrets.token_hex(32).upper()
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            connection.execute(documents.delete().where(documents.c.updated < now - LIFETIME))
            count = connection.scalar(sa.select(sa.func.count()).where(documents.c.owner == owner))
            if (count or 0) >= MOST_DOCUMENTS:
                raise InvalidRequest(
                    f"{MOST_DOCUMENTS} documents are waiting here; fetch some of them first."
                )
            connection.execute(
                documents.insert().values(
                    id=identifier,
                    owner=owner,
                    key_digest=_digest(key),
                    name=name,
                    order=json.dumps(asdict(order)),
                    content=content,
                    state="queued",
                    updated=now,
                )
            )
        self._work_on(identifier)
        return identifier, key

    def status(self, owner: str, identifier: str, key: str, *, wait: float = 0.0) -> Status:
        """How far a document is.

        Args:
            wait: seconds to wait for its end, where this process works on it.

        Raises:
            NotFound: there is no such document, or the key does not open it.
        """
        found, abandoned = self._look(owner, identifier, key)
        if abandoned:
            self._work_on(identifier)
        with self._changed:
            ended = self._changed.wait_for(lambda: identifier not in self._mine, wait)
        if wait and ended and found.state in ("queued", "translating"):
            found, _ = self._look(owner, identifier, key)
        return found

    def result(self, owner: str, identifier: str, key: str) -> tuple[str, bytes]:
        """A translated document: its name and its bytes.

        Raises:
            NotFound: there is no such document, or the key does not open it.
            NotReady: it is not done yet.
            InvalidRequest: it could not be translated.
        """
        found = self.status(owner, identifier, key)
        if found.state == "error":
            raise InvalidRequest(f"The document could not be translated: {found.problem}")
        if found.state != "done":
            raise NotReady("The document is not ready yet; ask for its status.")
        with self._database.transaction(writes=False) as connection:
            content = connection.scalar(
                sa.select(documents.c.content).where(documents.c.id == identifier)
            )
        if content is None:
            raise _not_found()
        return found.name, bytes(content)

    def forget(self, identifier: str) -> None:
        """Delete a document."""
        with self._database.transaction() as connection:
            connection.execute(documents.delete().where(documents.c.id == identifier))

    def close(self) -> None:
        """Give back what is being worked on, uncounted: this process is about to end."""
        for identifier, number in list(self._claims.items()):
            try:
                with self._database.transaction() as connection:
                    connection.execute(
                        documents.update()
                        .where(documents.c.id == identifier, documents.c.tries == number)
                        .where(documents.c.state == "translating")
                        .values(state="queued", tries=number - 1, lease_until=0.0)
                    )
            except (StorageFull, StorageUnavailable) as error:
                log.warning("document_not_given_back", code=error.code)

    def _look(self, owner: str, identifier: str, key: str) -> tuple[Status, bool]:
        """A document's status, and whether nobody works on it though it is not done."""
        if not self._database.exists() or not identifier.isalnum():
            raise _not_found()
        columns = (
            documents.c.name,
            documents.c.state,
            documents.c.characters,
            documents.c.problem,
            documents.c.key_digest,
        )
        with self._database.transaction(writes=False) as connection:
            now = self._database.now(connection)
            row = connection.execute(
                sa.select(*columns, _let_go(now).label("let_go")).where(
                    documents.c.id == identifier,
                    documents.c.owner == owner,
                    documents.c.updated >= now - LIFETIME,
                )
            ).one_or_none()
        if row is None or not hmac.compare_digest(row.key_digest, _digest(key)):
            raise _not_found()
        unfinished = row.state in ("queued", "translating")
        status = Status(row.name, row.state, row.characters, row.problem)
        return status, unfinished and row.let_go

    # Working

    def _work_on(self, identifier: str) -> None:
        """Have a thread of this process work on a document, once it has time."""
        with self._changed:
            if identifier in self._mine:
                return
            self._mine.add(identifier)
            if len(self._threads) < AT_ONCE:
                thread = threading.Thread(target=self._run, name="documents", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._waiting.put(identifier)

    def _run(self) -> None:
        while True:
            identifier = self._waiting.get()
            try:
                self._attempt(identifier)
            except (StorageFull, StorageUnavailable) as error:
                log.warning("document_left", code=error.code)  # whoever asks has it begun again
            finally:
                with self._changed:
                    self._mine.discard(identifier)
                    self._changed.notify_all()

    def _attempt(self, identifier: str) -> None:
        row = self._claim(identifier)
        if row is None:
            return
        if row.tries > MOST_TRIES:
            self._end(identifier, row.tries, problem="The service failed on it again and again.")
            return
        with self._kept(identifier, row.tries):
            try:
                content, characters = self._when_there_is_capacity(
                    bytes(row.content), row.name, Order(**json.loads(row.order))
                )
            except (StorageFull, StorageUnavailable):
                raise
            except ServiceError as error:
                self._end(identifier, row.tries, problem=error.detail)
            except Exception as error:
                name = type(error).__qualname__
                log.error("document_failed", exception=name, places=places_of(error))
                self._end(identifier, row.tries, problem="The service failed on it.")
            else:
                self._end(identifier, row.tries, content, characters)

    def _claim(self, identifier: str) -> sa.Row | None:  # type: ignore[type-arg]
        """The document, from now on to be worked on here; None where others do."""
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            claimed = connection.execute(
                documents.update()
                .where(
                    documents.c.id == identifier,
                    documents.c.state.in_(("queued", "translating")),
                    _let_go(now),
                )
                .values(
                    state="translating",
                    tries=documents.c.tries + 1,
                    lease_until=now + LEASE_SECONDS,
                    updated=now,
                )
            )
            if not claimed.rowcount:
                return None
            return connection.execute(
                sa.select(documents).where(documents.c.id == identifier)
            ).one()

    @contextmanager
    def _kept(self, identifier: str, number: int) -> Iterator[None]:
        """Renew the lease of a claim from another thread while the block runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(LEASE_SECONDS / 3):
                try:
                    with self._database.transaction() as connection:
                        until = self._database.now(connection) + LEASE_SECONDS
                        connection.execute(
                            documents.update()
                            .where(documents.c.id == identifier, documents.c.tries == number)
                            .values(lease_until=until)
                        )
                except (StorageFull, StorageUnavailable) as error:
                    log.warning("lease_not_renewed", code=error.code)

        thread = threading.Thread(target=renew, name="document-lease", daemon=True)
        thread.start()
        self._claims[identifier] = number
        try:
            yield
        finally:
            del self._claims[identifier]
            done.set()
            thread.join()

    def _when_there_is_capacity(self, content: bytes, name: str, order: Order) -> tuple[bytes, int]:
        for attempt in Retrying(
            retry=retry_if_exception_type((Overloaded, NotReady)),
            wait=wait_random(0.5, 2.0),
            stop=stop_after_delay(CAPACITY_SECONDS),
            reraise=True,
        ):
            with attempt:
                return self._translate(content, name, order)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _end(
        self,
        identifier: str,
        number: int,
        content: bytes = b"",
        characters: int | None = None,
        *,
        problem: str | None = None,
    ) -> None:
        """Store the translation, or the problem, unless others have begun it again."""
        with self._database.transaction() as connection:
            connection.execute(
                documents.update()
                .where(documents.c.id == identifier, documents.c.tries == number)
                .values(
                    state="done" if problem is None else "error",
                    content=content,
                    characters=characters,
                    problem=problem,
                    updated=self._database.now(connection),
                )
            )


def _let_go(now: float) -> sa.ColumnElement[bool]:
    """Whether no process holds a document: its lease is over."""
    return has_come(documents.c.lease_until, now, 2 * LEASE_SECONDS)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _not_found() -> NotFound:
    return NotFound("There is no such document here; one that was fetched is deleted.")
