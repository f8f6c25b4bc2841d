"""Transactions on the job database, and its failures as errors that a caller can be told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.errors import StorageFull, StorageUnavailable
from service.jobs.schema import make_tables, now_on, open_database


class Database:
    """One job database, shared by all threads; the tables are made when it is first used.

    Args:
        url: SQLAlchemy URL.

    Raises:
        SettingsError: the URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_database(url)
        self._prepared = False
        self._preparing = threading.Lock()

    def close(self) -> None:
        """Close the idle connections."""
        self._engine.dispose()

    def exists(self) -> bool:
        """Whether there is a database; one in a file is made when the first job is."""
        path = self._engine.url.database
        return self._engine.dialect.name != "sqlite" or not path or Path(path).exists()

    @contextmanager
    def transaction(self, *, writes: bool = True) -> Iterator[sa.Connection]:
        """A transaction, committed at the end of the block and rolled back when it raises.

        Raises:
            StorageFull: the disk is full.
            StorageUnavailable: the database is locked, unreachable or failing.
        """
        self._prepare()
        with storage_errors(), self._connect(writes) as connection, connection.begin():
            yield connection

    def now(self, connection: sa.Connection) -> float:
        """Seconds since 1970 by the clock that all workers of this database share."""
        return float(connection.scalar(sa.select(now_on(self._engine))) or 0.0)

    def insert(self, table: sa.Table) -> Any:
        """An insert that knows `on_conflict_do_nothing`."""
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    def _connect(self, writes: bool) -> sa.Connection:
        return self._engine.connect().execution_options(writes=writes)

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._preparing, storage_errors():
            if self._prepared:
                return
            path = self._engine.url.database
            if self._engine.dialect.name == "sqlite" and path:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            with self._connect(True) as connection, connection.begin():
                make_tables(connection)
            self._prepared = True


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what a database driver raises for want of disk or of a lock into our own errors."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if _is_disk_full(error.orig):
            raise StorageFull(
                "The disk that holds the job database is full; free some space, then try again. "
                "Nothing that was stored is lost."
            ) from error
        if isinstance(error, sa.exc.OperationalError) or error.connection_invalidated:
            raise StorageUnavailable(
                "The job database is locked or cannot be reached; try again in a moment."
            ) from error
        raise
    except sa.exc.TimeoutError as error:
        raise StorageUnavailable("All connections to the job database are in use.") from error
    except OSError as error:
        raise StorageUnavailable("The folder of the job database cannot be written to.") from error


def _is_disk_full(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        # With a file size limit or a quota, SQLite reports the failed write as an I/O error.
        code = getattr(error, "sqlite_errorcode", None)
        return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
    return getattr(error, "sqlstate", None) in ("53100", "53000")
