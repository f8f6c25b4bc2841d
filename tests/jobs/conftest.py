from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.jobs import database as database_module
from service.jobs.chunks import ChunkQueue
from service.jobs.database import Database
from service.jobs.records import Options, Record
from service.jobs.store import Job, JobStore
from tests.jobs.servers import Postgres, RabbitMQ, Redis


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that the servers' own users may enter (pytest's are for one user only)."""
    with tempfile.TemporaryDirectory(prefix="relais-servers-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    folder = server_folder / "postgres"
    folder.mkdir()
    server = Postgres(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(server_folder: Path) -> Iterator[Redis]:
    folder = server_folder / f"redis-{uuid.uuid4().hex}"
    folder.mkdir()
    server = Redis(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq(server_folder: Path) -> Iterator[RabbitMQ]:
    """One for all tests, because it takes long to start."""
    folder = server_folder / "rabbitmq"
    folder.mkdir()
    server = RabbitMQ(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that jobs can be kept in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.empty_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


class Jobs:
    """A store and a queue of small chunks, and the shortest ways to use them in a test."""

    def __init__(self, database: Database, *, chunk_items: int = 4, lease: float = 30.0) -> None:
        self.store = JobStore(database, chunk_items=chunk_items)
        self.queue = ChunkQueue(database, lease_seconds=lease)
        self.database = database

    def queued(
        self,
        texts: list[str],
        *,
        owner: str = "",
        webhook: str | None = None,
        source: str | None = None,
    ) -> Job:
        job, _new = self.store.create(owner, Options(source=source), webhook_url=webhook)
        self.store.add(job.id, records_of(texts))
        return self.store.complete(job.id, "digest")

    def lines(self, job: str, offset: int = 0) -> list[str]:
        return list(self.store.results(job, offset=offset)[1])


def records_of(texts: list[str], start: int = 0) -> list[Record]:
    return [
        Record(position, position + 1, f"id-{position}", text)
        for position, text in enumerate(texts, start=start)
    ]


#: Seconds.
DAY = 86_400.0


def advance(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the database's clock run ahead (or, by a negative figure, set it back), once more."""
    earlier = database_module.now_on

    def later(engine: sa.Engine) -> sa.ColumnElement[float]:
        return earlier(engine) + seconds

    monkeypatch.setattr(database_module, "now_on", later)


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)
