"""The job tables, and the engine that opens them: SQLite for one machine, PostgreSQL for many.

`results` holds at most one row per (job, position): its primary key is what makes results
exactly-once. `chunks` says which ranges of positions wait, are leased or are done; a chunk is
known by its job and first position, and may be split. Times are seconds since 1970, read from the
database server's clock on PostgreSQL, so that machines need not agree on the time.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any, Final, Literal

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from service.errors import SettingsError

#: Raised when the tables change; an older service then refuses a newer database.
SCHEMA_VERSION: Final = 1
#: How long SQLite waits for another writer before it says "database is locked", in seconds.
BUSY_TIMEOUT: Final = 30.0
#: Key of the PostgreSQL lock under which tables are made by one process at a time.
_MAKING_TABLES: Final = 0x52656C61

State = Literal["receiving", "queued", "running", "done", "cancelled"]
#: States of a job that is being worked on.
ACTIVE: Final = ("queued", "running")

metadata = sa.MetaData()

about = sa.Table("about", metadata, sa.Column("schema_version", sa.Integer, primary_key=True))

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("updated", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("total", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("turn", sa.Double, nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("idempotency_key", sa.String(255)),
    sa.Column("digest", sa.String(64)),
    sa.Column("webhook_url", sa.Text),
    sa.Column("webhook_state", sa.String(16)),
    sa.Column("webhook_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("webhook_next", sa.Double),
    sa.UniqueConstraint("owner", "idempotency_key"),
    sa.Index("jobs_by_state", "state", "turn"),
    sa.Index("jobs_by_age", "created", "id"),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("job", sa.String(40), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record", sa.Text, nullable=False),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("job", sa.String(40), primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stop", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("worker", sa.String(200)),
    sa.Column("lease_until", sa.Double),
    sa.Column("not_before", sa.Double, nullable=False, server_default="0"),
    sa.Column("sent", sa.Double),
    sa.Column("succeeded", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
    sa.Column("finished", sa.Double),
    sa.Index("chunks_by_state", "job", "state", "start"),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("job", sa.String(40), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Text, nullable=False),
)


def has_come(moment: sa.ColumnElement[Any], now: float, furthest: float) -> sa.ColumnElement[bool]:
    """Whether a moment that is waited for has come.

    One more than `furthest` seconds ahead, further than any is ever set, has come too: the clock
    has been set back since.
    """
    return sa.or_(moment <= now, moment > now + furthest)


def webhook_due(now: float) -> dict[str, Any]:
    """The values of a job that has just ended, which have its caller told if he asked for it."""
    state = sa.case((jobs.c.webhook_url.is_not(None), "pending"), else_=None)
    return {"webhook_state": state, "webhook_next": now}


def end_job_if_done(connection: sa.Connection, job: str, now: float) -> None:
    """Note the end of a job of which every chunk is done; its row must be locked."""
    open_chunk = sa.exists().where(chunks.c.job == job, chunks.c.state != "done")
    connection.execute(
        jobs.update()
        .where(jobs.c.id == job, ~open_chunk)
        .values(state="done", finished=now, updated=now, **webhook_due(now))
    )


def open_database(url: str) -> sa.Engine:
    """The engine for a job database; connects to nothing yet.

    Raises:
        SettingsError: the URL is not one of a database that can be used here.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            return _open_postgresql(parsed)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise SettingsError(
            "RELAIS_DATABASE_URL cannot be used: write sqlite:///PATH or "
            "postgresql://USER:PASSWORD@HOST/DATABASE.",
            field="RELAIS_DATABASE_URL",
        ) from error
    raise SettingsError(
        f"RELAIS_DATABASE_URL names {parsed.get_backend_name()}; jobs are kept in sqlite or "
        "postgresql.",
        field="RELAIS_DATABASE_URL",
    )


def _open_postgresql(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # Without it, a table that somebody keeps locked would hold every request for good.
        connection.execute(f"SET lock_timeout = {int(BUSY_TIMEOUT * 1000)}")
        connection.commit()

    return engine


def _busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and code == sqlite3.SQLITE_BUSY


def _open_sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT}, pool_size=10, max_overflow=20
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        # WAL: readers never wait. FULL: what was acknowledged survives a power cut as well. The
        # first change to WAL takes the whole file, and SQLite does not wait for that by itself.
        patiently = Retrying(
            retry=retry_if_exception(_busy),
            stop=stop_after_delay(BUSY_TIMEOUT),
            wait=wait_random(0.01, 0.1),
            reraise=True,
        )
        patiently(cursor.execute, "PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that will write says so at once: one that begins as a reader and then
        # writes is refused with "database is locked" without waiting.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def make_tables(connection: sa.Connection) -> None:
    """Make what is missing, by one process at a time; the connection is in a transaction.

    Raises:
        SettingsError: the database was made by a newer version of the service.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING_TABLES)))
    metadata.create_all(connection)
    found = connection.scalar(sa.select(sa.func.max(about.c.schema_version)))
    if found is None:
        connection.execute(about.insert().values(schema_version=SCHEMA_VERSION))
    elif found > SCHEMA_VERSION:
        raise SettingsError(
            f"The job database has schema version {found}, this service knows {SCHEMA_VERSION}: "
            "it was made by a newer version. Upgrade the service, or name another database.",
            field="RELAIS_DATABASE_URL",
        )


def now_on(engine: sa.Engine) -> sa.ColumnElement[float]:
    """The present time in seconds, by the clock that all workers of this database share."""
    if engine.dialect.name == "postgresql":
        clock = sa.func.clock_timestamp()
        return sa.cast(sa.extract("epoch", clock), sa.Double)
    return sa.literal(time.time(), sa.Double)
