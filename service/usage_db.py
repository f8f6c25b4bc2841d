"""How many characters each API key has had translated, by calendar month (UTC), in the database
of the jobs: so that a quota holds over restarts and for all servers together."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from service.jobs.database import Database
from service.jobs.schema import metadata

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("characters", sa.BigInteger, nullable=False),
)


def month_of(now: float) -> str:
    """The calendar month in which `now` (seconds since 1970) falls, e.g. ``2026-11``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


class UsageBook:
    """Adds up and tells."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: str, characters: int) -> None:
        """Count `characters` more for `owner` in this month.

        Raises:
            StorageFull, StorageUnavailable: the database cannot be used.
        """
        with self._database.transaction() as connection:
            month = month_of(self._database.now(connection))
            insert = self._database.insert(usage).values(
                owner=owner, month=month, characters=characters
            )
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[usage.c.owner, usage.c.month],
                    set_={"characters": usage.c.characters + characters},
                )
            )

    def of(self, owner: str) -> int:
        """Characters counted for `owner` in this month.

        Raises:
            StorageUnavailable: the database cannot be used.
        """
        if not self._database.exists():
            return 0
        with self._database.transaction(writes=False) as connection:
            month = month_of(self._database.now(connection))
            found = connection.scalar(
                sa.select(usage.c.characters).where(usage.c.owner == owner, usage.c.month == month)
            )
        return int(found or 0)
