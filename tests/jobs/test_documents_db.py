"""Documents that are taken in, translated meanwhile and fetched once, whatever happens to us."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service import documents_db
from service.documents_db import DocumentDesk, Order, documents
from service.errors import InvalidRequest, NotFound, NotReady, Overloaded, UnsupportedLanguage
from service.jobs.database import Database

ORDER = Order("fr", "en")
WAIT = 30.0


def upper(content: bytes, _name: str, _order: Order) -> tuple[bytes, int]:
    return content.upper(), len(content)


class Held:
    """A translation that ends when it is let go."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, content: bytes, name: str, order: Order) -> tuple[bytes, int]:
        self.begun.set()
        self.let_go.wait(WAIT)
        return self.answer, 1


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held(b"late")
    yield held
    held.let_go.set()


def change(database: Database, **values: object) -> None:
    with database.transaction() as connection:
        connection.execute(documents.update().values(**values))


def count(database: Database) -> int:
    with database.transaction(writes=False) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(documents)) or 0


def abandoned(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A document that a process took in and then ended."""
    with monkeypatch.context() as patched:
        patched.setattr(DocumentDesk, "_work_on", lambda *_: None)
        return DocumentDesk(database, upper).take_in("", "a.txt", b"text", ORDER)


def test_a_document_is_translated_and_kept_until_it_is_forgotten(database: Database) -> None:
    desk = DocumentDesk(database, upper)
    identifier, key = desk.take_in("ann", "a.txt", b"text", ORDER)

    status = desk.status("ann", identifier, key, wait=WAIT)
    assert (status.state, status.characters, status.problem) == ("done", 4, None)
    assert desk.result("ann", identifier, key) == ("a.txt", b"TEXT")
    assert desk.result("ann", identifier, key) == ("a.txt", b"TEXT")
    desk.forget(identifier)
    with pytest.raises(NotFound):
        desk.status("ann", identifier, key)


def test_only_its_owner_opens_it_and_only_with_its_key(database: Database) -> None:
    desk = DocumentDesk(database, upper)
    with pytest.raises(NotFound):
        desk.status("ann", "0" * 32, "0" * 64)
    identifier, key = desk.take_in("ann", "a.txt", b"text", ORDER)
    for owner, which, opened in (
        ("bob", identifier, key),
        ("ann", identifier, "0" * 64),
        ("ann", identifier, "\ud800"),
        ("ann", "\0", key),
    ):
        with pytest.raises(NotFound):
            desk.result(owner, which, opened)


def test_a_result_is_not_ready_until_it_is(database: Database, held: Held) -> None:
    desk = DocumentDesk(database, held)
    identifier, key = desk.take_in("", "a.txt", b"text", ORDER)
    assert held.begun.wait(WAIT)
    assert desk.status("", identifier, key, wait=0.01).state == "translating"
    with pytest.raises(NotReady):
        desk.result("", identifier, key)


def test_a_document_without_capacity_waits_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_db, "wait_random", lambda *_: lambda _state: 0.01)
    failures: list[Exception] = [Overloaded("Full."), NotReady("Loading.")]

    def translate(content: bytes, name: str, order: Order) -> tuple[bytes, int]:
        if failures:
            raise failures.pop()
        return upper(content, name, order)

    desk = DocumentDesk(database, translate)
    identifier, key = desk.take_in("", "a.txt", b"text", ORDER)
    assert desk.status("", identifier, key, wait=WAIT).state == "done"
    assert not failures


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (UnsupportedLanguage("That language is not served."), "That language is not served."),
        (RuntimeError("a secret of the inside"), "The service failed on it."),
    ],
)
def test_what_fails_says_why_and_keeps_nothing(
    database: Database, error: Exception, problem: str
) -> None:
    def translate(_content: bytes, _name: str, _order: Order) -> tuple[bytes, int]:
        raise error

    desk = DocumentDesk(database, translate)
    identifier, key = desk.take_in("", "a.txt", b"text", ORDER)
    status = desk.status("", identifier, key, wait=WAIT)
    assert (status.state, status.problem) == ("error", problem)
    with pytest.raises(InvalidRequest, match=problem):
        desk.result("", identifier, key)
    with database.transaction(writes=False) as connection:
        assert connection.scalar(sa.select(documents.c.content)) == b""


@pytest.mark.parametrize("lease_until", [0.0, 1e12], ids=["over", "before the clock was set back"])
def test_a_document_whose_process_has_ended_is_begun_again_when_it_is_asked_after(
    database: Database, monkeypatch: pytest.MonkeyPatch, lease_until: float
) -> None:
    identifier, key = abandoned(database, monkeypatch)
    change(database, state="translating", tries=1, lease_until=lease_until)

    assert DocumentDesk(database, upper).status("", identifier, key, wait=WAIT).state == "done"


def test_one_that_is_being_worked_on_is_not_begun_by_others(database: Database, held: Held) -> None:
    identifier, key = DocumentDesk(database, held).take_in("", "a.txt", b"text", ORDER)
    assert held.begun.wait(WAIT)

    other = DocumentDesk(database, upper)
    assert other.status("", identifier, key, wait=0.2).state == "translating"


def test_who_comes_too_late_changes_nothing(database: Database, held: Held) -> None:
    slow = DocumentDesk(database, held)
    identifier, key = slow.take_in("", "a.txt", b"text", ORDER)
    assert held.begun.wait(WAIT)
    change(database, lease_until=0.0)  # as if the process had fallen silent

    quick = DocumentDesk(database, upper)
    assert quick.status("", identifier, key, wait=WAIT).state == "done"
    held.let_go.set()
    slow.status("", identifier, key, wait=WAIT)
    assert quick.result("", identifier, key) == ("a.txt", b"TEXT")


def test_one_that_ended_three_processes_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier, key = abandoned(database, monkeypatch)
    change(database, state="translating", tries=documents_db.MOST_TRIES)

    status = DocumentDesk(database, upper).status("", identifier, key, wait=WAIT)
    assert (status.state, status.problem) == (
        "error",
        "The service failed on it again and again.",
    )


def test_a_process_that_ends_in_order_gives_its_documents_back(
    database: Database, held: Held
) -> None:
    ending = DocumentDesk(database, held)
    identifier, key = ending.take_in("", "a.txt", b"text", ORDER)
    assert held.begun.wait(WAIT)
    ending.close()

    other = DocumentDesk(database, upper)
    assert other.status("", identifier, key, wait=WAIT).state == "done"
    with database.transaction(writes=False) as connection:
        assert connection.scalar(sa.select(documents.c.tries)) == 1


def test_a_caller_keeps_only_so_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents_db, "MOST_DOCUMENTS", 2)
    desk = DocumentDesk(database, upper)
    for _ in range(2):
        desk.take_in("ann", "a.txt", b"text", ORDER)
    with pytest.raises(InvalidRequest, match="fetch"):
        desk.take_in("ann", "a.txt", b"text", ORDER)
    desk.take_in("bob", "a.txt", b"text", ORDER)


def test_what_nobody_fetches_is_deleted_after_a_day(database: Database) -> None:
    desk = DocumentDesk(database, upper)
    identifier, key = desk.take_in("", "a.txt", b"text", ORDER)
    assert desk.status("", identifier, key, wait=WAIT).state == "done"
    with database.transaction() as connection:
        yesterday = database.now(connection) - documents_db.LIFETIME - 1
        connection.execute(documents.update().values(updated=yesterday))
    with pytest.raises(NotFound):
        desk.status("", identifier, key)
    desk.take_in("", "b.txt", b"text", ORDER)
    assert count(database) == 1
