"""The job store: jobs as they are received, shown, cancelled and deleted, and their webhooks.

Every method is one short transaction, so that a process may be killed between any two of them. A
job is `receiving` while its items arrive, and `queued` only once all of them are stored; from
there on its chunks are worked on (see `service.jobs.chunks`) until it is `done`, or `cancelled`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from service.errors import Conflict, InvalidRequest, NotFound
from service.jobs.database import Database
from service.jobs.records import Options, Record
from service.jobs.schema import (
    ACTIVE,
    State,
    chunks,
    has_come,
    items,
    jobs,
    results,
    webhook_due,
)

#: Seconds over which the present rate of a job is measured.
RATE_WINDOW: Final = 60.0
#: Seconds after which an upload that brings nothing more is given up.
UPLOAD_IDLE: Final = 900.0
#: Seconds of silence after which the same upload may begin anew: its server may have died.
UPLOAD_SILENCE: Final = 60.0
#: Seconds that one attempt to deliver a webhook may take before another process tries.
WEBHOOK_LEASE: Final = 300.0
#: Most seconds after which the delivery of a webhook may be tried again.
LONGEST_WEBHOOK_DELAY: Final = 4 * 3600.0
#: Result lines read from the database at once.
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. Times are seconds since 1970.

    Args:
        rate: items a second, of late; None before the first are done.
        seconds_left: by that rate; None where it is not known, or the job has ended.
        problem: why it does not go on at present, if it does not.
    """

    id: str
    owner: str
    state: State
    options: Options
    created: float
    started: float | None
    finished: float | None
    total: int
    succeeded: int
    failed: int
    rate: float | None
    seconds_left: float | None
    problem: str | None
    digest: str | None
    webhook_url: str | None
    webhook_state: str | None

    @property
    def active(self) -> bool:
        """Whether there is work left."""
        return self.state in ACTIVE


class JobStore:
    """All jobs of one database; shared by threads, used by any number of processes.

    Args:
        chunk_items: most items in one chunk.
    """

    def __init__(self, database: Database, *, chunk_items: int = 64) -> None:
        self._database = database
        self._chunk_items = chunk_items

    def exists(self) -> bool:
        """Whether there may be a job; asks nothing of the database."""
        return self._database.exists()

    # Receiving

    def create(
        self,
        owner: str,
        options: Options,
        *,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
    ) -> tuple[Job, bool]:
        """A new job that receives items; or the one made before with the same key, and False.

        Raises:
            Conflict: another upload with the same key is going on.
        """
        identifier = f"job_{uuid.uuid4().hex}"
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            if idempotency_key is not None:
                earlier = self._earlier(connection, owner, idempotency_key, now)
                if earlier is not None:
                    return earlier, False
            inserted = connection.scalar(
                self._database.insert(jobs)
                .values(
                    id=identifier,
                    owner=owner,
                    state="receiving",
                    options=json.dumps(options.to_json()),
                    created=now,
                    updated=now,
                    turn=now,
                    idempotency_key=idempotency_key,
                    webhook_url=webhook_url,
                )
                .on_conflict_do_nothing()
                .returning(jobs.c.id)
            )
            if inserted is None:
                raise Conflict("Another upload with this Idempotency-Key has just begun.")
            return self._job(connection, identifier, owner), True

    def _earlier(self, connection: sa.Connection, owner: str, key: str, now: float) -> Job | None:
        row = connection.execute(
            sa.select(jobs.c.id, jobs.c.state, jobs.c.updated).where(
                jobs.c.owner == owner, jobs.c.idempotency_key == key
            )
        ).one_or_none()
        if row is None:
            return None
        if row.state != "receiving":
            return self._job(connection, row.id, owner)
        if abs(now - row.updated) < UPLOAD_SILENCE:  # more ahead: the clock has been set back
            raise Conflict(
                f"An upload with this Idempotency-Key is going on as {row.id}. Wait for it; or, "
                f"if it broke, send it again after {UPLOAD_SILENCE:.0f} seconds."
            )
        self._delete(connection, [row.id])
        return None

    def add(self, job: str, records: Sequence[Record]) -> None:
        """Store the next records of a job that is being received.

        Raises:
            Conflict: the job is no longer receiving: it was cancelled, or its upload given up.
        """
        if not records:
            return
        with self._database.transaction() as connection:
            self._still_receiving(connection, job, more=len(records))
            connection.execute(
                items.insert(),
                [
                    {"job": job, "position": record.position, "record": record.to_json()}
                    for record in records
                ],
            )
            starts = range(0, len(records), self._chunk_items)
            connection.execute(
                chunks.insert(),
                [
                    {
                        "job": job,
                        "start": records[start].position,
                        "stop": records[min(start + self._chunk_items, len(records)) - 1].position
                        + 1,
                        "state": "waiting",
                    }
                    for start in starts
                ],
            )

    def complete(self, job: str, digest: str) -> Job:
        """Everything has arrived: queue the job.

        Args:
            digest: of the upload, to tell a repetition from another upload with the same key.

        Raises:
            InvalidRequest: there is not one item.
            Conflict: the job is no longer receiving.
        """
        with self._database.transaction() as connection:
            self._still_receiving(connection, job)
            if not connection.scalar(sa.select(jobs.c.total).where(jobs.c.id == job)):
                raise InvalidRequest("There is no item in the body; send at least one.")
            connection.execute(
                jobs.update().where(jobs.c.id == job).values(state="queued", digest=digest)
            )
            return self._job(connection, job)

    def _still_receiving(self, connection: sa.Connection, job: str, more: int = 0) -> None:
        updated = connection.execute(
            jobs.update()
            .where(jobs.c.id == job, jobs.c.state == "receiving")
            .values(updated=self._database.now(connection), total=jobs.c.total + more)
        )
        if updated.rowcount != 1:
            raise Conflict("The job was cancelled while its items were being received.")

    def discard(self, job: str) -> None:
        """Forget a job whose upload failed."""
        with self._database.transaction() as connection:
            found = connection.scalar(
                sa.select(jobs.c.id).where(jobs.c.id == job, jobs.c.state == "receiving")
            )
            if found is not None:
                self._delete(connection, [job])

    # Showing

    def get(self, job: str, owner: str | None = None) -> Job:
        """A job as it stands.

        Args:
            owner: whose it must be; None: anyone's.

        Raises:
            NotFound: there is none of that name, or it belongs to someone else.
        """
        with self._database.transaction(writes=False) as connection:
            return self._job(connection, job, owner)

    def list_jobs(
        self,
        owner: str | None = None,
        *,
        state: State | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> list[Job]:
        """Jobs, newest first.

        Args:
            before: only jobs older than the job of this name.

        Raises:
            NotFound: `before` names no job.
        """
        query = sa.select(jobs).order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if state is not None:
            query = query.where(jobs.c.state == state)
        with self._database.transaction(writes=False) as connection:
            if before is not None:
                last = self._row(connection, before, owner)
                query = query.where(
                    sa.tuple_(jobs.c.created, jobs.c.id) < sa.tuple_(last.created, last.id)
                )
            rows = connection.execute(query).all()
            return self._jobs(connection, rows)

    def results(
        self, job: str, owner: str | None = None, *, offset: int = 0, limit: int | None = None
    ) -> tuple[int, Iterator[str]]:
        """The result lines from position `offset` on, as far as they go without a gap.

        A reader that asks again from the position returned misses none and gets none twice. Of a
        cancelled job all results are given, since the gaps in it will not be filled.

        Returns:
            the position at which to go on, and the lines in order.

        Raises:
            NotFound: there is no such job.
        """
        with self._database.transaction(writes=False) as connection:
            row = self._row(connection, job, owner)
            stop = int(row.total)
            if row.state == "receiving":
                stop = offset
            elif row.state in ACTIVE:
                gap = connection.scalar(
                    sa.select(sa.func.min(chunks.c.start)).where(
                        chunks.c.job == job, chunks.c.state != "done", chunks.c.stop > offset
                    )
                )
                stop = stop if gap is None else int(gap)
        if limit is not None:
            stop = min(stop, offset + limit)
        stop = max(stop, offset)
        return stop, self._lines(job, offset, stop)

    def _lines(self, job: str, start: int, stop: int) -> Iterator[str]:
        while start < stop:
            with self._database.transaction(writes=False) as connection:
                page = connection.execute(
                    sa.select(results.c.position, results.c.line)
                    .where(
                        results.c.job == job,
                        results.c.position >= start,
                        results.c.position < stop,
                    )
                    .order_by(results.c.position)
                    .limit(PAGE)
                ).all()
            for row in page:
                yield row.line
            if len(page) < PAGE:
                return
            start = page[-1].position + 1

    # Ending

    def cancel(self, job: str, owner: str | None = None) -> Job:
        """Stop a job; what is done stays. A job that has ended is left as it is.

        Raises:
            NotFound: there is no such job.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            self._row(connection, job, owner)
            connection.execute(
                jobs.update()
                .where(jobs.c.id == job, jobs.c.state.in_(("receiving", *ACTIVE)))
                .values(
                    state="cancelled",
                    finished=now,
                    updated=now,
                    problem=None,
                    **webhook_due(now),
                )
            )
            return self._job(connection, job)

    def purge(self, job: str, owner: str | None = None) -> None:
        """Cancel a job and delete everything that is kept of it.

        Raises:
            NotFound: there is no such job.
        """
        with self._database.transaction() as connection:
            self._row(connection, job, owner)
            self._delete(connection, [job])

    # Webhooks

    def take_webhook(self) -> Job | None:
        """An ended job whose caller is to be told now; no one else gets it for a while."""
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            job = connection.scalar(
                sa.select(jobs.c.id)
                .where(
                    jobs.c.webhook_state == "pending",
                    has_come(jobs.c.webhook_next, now, LONGEST_WEBHOOK_DELAY),
                )
                .order_by(jobs.c.webhook_next)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if job is None:
                return None
            connection.execute(
                jobs.update()
                .where(jobs.c.id == job)
                .values(webhook_next=now + WEBHOOK_LEASE, webhook_tries=jobs.c.webhook_tries + 1)
            )
            return self._job(connection, job)

    def webhook_tries(self, job: str) -> int:
        """How often the delivery of a job's webhook was begun."""
        with self._database.transaction(writes=False) as connection:
            tries = connection.scalar(sa.select(jobs.c.webhook_tries).where(jobs.c.id == job))
            return int(tries or 0)

    def note_webhook(
        self, job: str, state: Literal["delivered", "failed", "pending"], delay: float = 0.0
    ) -> None:
        """How the delivery went.

        Args:
            state: `pending`: it is to be tried again.
            delay: after so many seconds; at most LONGEST_WEBHOOK_DELAY.
        """
        with self._database.transaction() as connection:
            connection.execute(
                jobs.update()
                .where(jobs.c.id == job)
                .values(webhook_state=state, webhook_next=self._database.now(connection) + delay)
            )

    # Keeping house

    def forget_stale(self, retention_seconds: float | None) -> int:
        """Delete uploads that were given up, and jobs that ended longer ago than that.

        Returns:
            how many jobs were deleted.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            stale = sa.and_(jobs.c.state == "receiving", jobs.c.updated < now - UPLOAD_IDLE)
            if retention_seconds is not None:
                stale = sa.or_(stale, jobs.c.finished < now - retention_seconds)
            found = connection.scalars(sa.select(jobs.c.id).where(stale).limit(100)).all()
            self._delete(connection, found)
            return len(found)

    def _delete(self, connection: sa.Connection, found: Sequence[str]) -> None:
        for table in (results, chunks, items):
            connection.execute(table.delete().where(table.c.job.in_(found)))
        connection.execute(jobs.delete().where(jobs.c.id.in_(found)))

    # Rows to values

    def _row(self, connection: sa.Connection, job: str, owner: str | None) -> Any:
        query = sa.select(jobs).where(jobs.c.id == job)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("There is no job of this name, or it is not yours.", field="job")
        return row

    def _job(self, connection: sa.Connection, job: str, owner: str | None = None) -> Job:
        return self._jobs(connection, [self._row(connection, job, owner)])[0]

    def _jobs(self, connection: sa.Connection, rows: Sequence[Any]) -> list[Job]:
        now = self._database.now(connection)
        recent = chunks.c.finished > now - RATE_WINDOW
        done = chunks.c.succeeded + chunks.c.failed
        counted = connection.execute(
            sa.select(
                chunks.c.job,
                sa.func.sum(chunks.c.succeeded).label("succeeded"),
                sa.func.sum(chunks.c.failed).label("failed"),
                sa.func.sum(sa.case((recent, done), else_=0)).label("recent"),
            )
            .where(chunks.c.job.in_([row.id for row in rows]))
            .group_by(chunks.c.job)
        ).all()
        counts = {row.job: row for row in counted}
        return [_job_of(row, counts.get(row.id), now) for row in rows]


def _job_of(row: Any, counted: Any, now: float) -> Job:
    succeeded = int(counted.succeeded) if counted else 0
    failed = int(counted.failed) if counted else 0
    rate = _rate(row, succeeded + failed, int(counted.recent) if counted else 0, now)
    left = None
    if rate and row.state in ACTIVE:
        left = (row.total - succeeded - failed) / rate
    return Job(
        id=row.id,
        owner=row.owner,
        state=row.state,
        options=Options.from_json(json.loads(row.options)),
        created=row.created,
        started=row.started,
        finished=row.finished,
        total=int(row.total),
        succeeded=succeeded,
        failed=failed,
        rate=rate,
        seconds_left=left,
        problem=row.problem,
        digest=row.digest,
        webhook_url=row.webhook_url,
        webhook_state=row.webhook_state,
    )


def _rate(row: Any, done: int, recent: int, now: float) -> float | None:
    """Items a second: over the whole job once it has ended, over the last minute before.

    None where the clock has been set back to before the job's start.
    """
    if row.started is None or not done:
        return None
    seconds = (now if row.finished is None else row.finished) - row.started
    if seconds < 0:
        return None
    if row.finished is not None:
        return float(done / max(seconds, 0.001))
    return recent / max(min(seconds, RATE_WINDOW), 0.001) or None
