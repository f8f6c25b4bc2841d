"""The queue of chunks: what of the jobs waits, who works on what, and what came of it.

A *chunk* is a range of a job's positions. Workers take chunks under a lease, which they renew
while they work; every method is one short transaction, so that a worker may be killed between any
two of them:

- A lease that has run out is taken over. Every claim raises the chunk's token, and only the holder
  of the latest token can finish it: its results and its end are written in one transaction, so
  each item has exactly one result, whoever worked on it and however often.
- A try is counted *before* the work begins, so that an item that kills its worker is counted too.
  A chunk that failed is split by `FAN_OUT` until the item at fault is alone; alone, it is tried
  `MAX_TRIES` times and then set aside with an error.
- A lease that ends later than any lease could is void as well, and a pause that does is over: the
  clock has been set back.

Row locks are taken job first, then chunk, everywhere; that order is what rules deadlocks out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from service.errors import ItemSetAside
from service.jobs.database import Database
from service.jobs.records import Fault, Options, Record, result_line
from service.jobs.schema import (
    ACTIVE,
    chunks,
    end_job_if_done,
    has_come,
    items,
    jobs,
    results,
)

#: Times that one item alone is tried before it is set aside.
MAX_TRIES: Final = 3
#: Parts into which a failed chunk is split. 8 isolates one of 64 items in two splits; 2 would need
#: six, and each may cost a worker's life.
FAN_OUT: Final = 8
#: Most seconds for which a chunk may be given back.
LONGEST_DELAY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on positions `start` to `stop` (half-open), while it is renewed.

    `suspect`: it was begun before and not finished; its items may have ended that worker.
    """

    job: str
    start: int
    stop: int
    token: int
    options: Options
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result line of one item, as JSON, and whether it is an error."""

    position: int
    line: str
    failed: bool


class ChunkQueue:
    """The chunks of all jobs of one database; used by any number of threads and processes.

    Args:
        lease_seconds: how long a worker may be silent before its chunk is given to another.
    """

    def __init__(self, database: Database, *, lease_seconds: float = 30.0) -> None:
        self._database = database
        self.lease_seconds = lease_seconds

    def claim(self, worker: str, job: str | None = None, start: int | None = None) -> Claim | None:
        """The next chunk to work on, under a lease; None where there is none.

        Jobs take turns, so that a small one need not wait for a large one.

        Args:
            worker: who asks, for people to read.
            job, start: take this very chunk, or none.
        """
        passed: set[str] = set()
        while True:
            with self._database.transaction() as connection:
                now = self._database.now(connection)
                found = self._next_job(connection, now, job, start, passed)
                if found is None:
                    return None
                claim = self._claim_in(connection, found, start, worker, now)
            if claim is not None:
                return claim
            passed.add(found)

    def _next_job(
        self,
        connection: sa.Connection,
        now: float,
        job: str | None,
        start: int | None,
        passed: set[str],
    ) -> str | None:
        """The job whose turn it is among those with a chunk to take; its row is now locked."""
        ready = sa.exists().where(chunks.c.job == jobs.c.id, self._claimable(now, start))
        query = (
            sa.select(jobs.c.id)
            .where(jobs.c.state.in_(ACTIVE), jobs.c.id.not_in(passed), ready)
            .order_by(jobs.c.turn)
            .limit(1)
            .with_for_update(key_share=True)
        )
        if job is not None:
            query = query.where(jobs.c.id == job)
        found: str | None = connection.scalar(query)
        return found

    def _claimable(self, now: float, start: int | None = None) -> sa.ColumnElement[bool]:
        waiting = sa.and_(
            chunks.c.state == "waiting", has_come(chunks.c.not_before, now, LONGEST_DELAY)
        )
        over = has_come(chunks.c.lease_until, now, 2 * self.lease_seconds)
        ready = sa.or_(waiting, sa.and_(chunks.c.state == "leased", over))
        return ready if start is None else sa.and_(ready, chunks.c.start == start)

    def _claim_in(
        self, connection: sa.Connection, job: str, start: int | None, worker: str, now: float
    ) -> Claim | None:
        """Claim the first chunk of a job that is not set aside on the way."""
        while True:
            chunk = connection.execute(
                sa.select(chunks)
                .where(chunks.c.job == job, self._claimable(now, start))
                .order_by(chunks.c.start)
                .limit(1)
            ).one_or_none()
            if chunk is None:
                return None
            if chunk.tries < MAX_TRIES or chunk.stop - chunk.start > 1:
                break
            self._set_aside(connection, job, chunk.start, now)
        stop, tries = chunk.stop, chunk.tries + 1
        if chunk.tries > 0 and chunk.stop - chunk.start > 1:
            stop, tries = self._split(connection, job, chunk.start, chunk.stop), 1
        connection.execute(
            chunks.update()
            .where(chunks.c.job == job, chunks.c.start == chunk.start)
            .values(
                stop=stop,
                state="leased",
                tries=tries,
                token=chunk.token + 1,
                worker=worker[:200],
                lease_until=now + self.lease_seconds,
                sent=None,
            )
        )
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job)
            .values(
                state="running",
                started=sa.func.coalesce(jobs.c.started, now),
                turn=now,
                updated=now,
            )
        )
        options = connection.scalar(sa.select(jobs.c.options).where(jobs.c.id == job))
        return Claim(
            job,
            chunk.start,
            stop,
            chunk.token + 1,
            Options.from_json(json.loads(options or "{}")),
            suspect=chunk.tries > 0,
        )

    def _split(self, connection: sa.Connection, job: str, start: int, stop: int) -> int:
        """Give all but the first part of a chunk to chunks of their own; where that part stops."""
        step = math.ceil((stop - start) / FAN_OUT)
        connection.execute(
            chunks.insert(),
            [
                {"job": job, "start": at, "stop": min(at + step, stop), "state": "waiting"}
                for at in range(start + step, stop, step)
            ],
        )
        return start + step

    def _set_aside(self, connection: sa.Connection, job: str, position: int, now: float) -> None:
        stored = connection.scalar(
            sa.select(items.c.record).where(items.c.job == job, items.c.position == position)
        )
        error = ItemSetAside(
            f"The item was tried {MAX_TRIES} times, and each time the worker failed on it."
        )
        line = result_line(Record.from_json(stored or "{}"), Fault.of(error))
        self._write_results(connection, job, [Outcome(position, line, failed=True)])
        connection.execute(
            chunks.update()
            .where(chunks.c.job == job, chunks.c.start == position)
            .values(state="done", failed=1, finished=now, token=chunks.c.token + 1)
        )
        end_job_if_done(connection, job, now)

    def records(self, claim: Claim) -> list[Record]:
        """The records of a claimed chunk, in order."""
        with self._database.transaction(writes=False) as connection:
            found = connection.scalars(
                sa.select(items.c.record)
                .where(
                    items.c.job == claim.job,
                    items.c.position >= claim.start,
                    items.c.position < claim.stop,
                )
                .order_by(items.c.position)
            )
            return [Record.from_json(line) for line in found]

    def renew(self, claim: Claim) -> bool:
        """Extend the lease; False where it is lost, or the job was cancelled."""
        active = sa.exists().where(jobs.c.id == claim.job, jobs.c.state.in_(ACTIVE))
        with self._database.transaction() as connection:
            renewed = connection.execute(
                chunks.update()
                .where(*self._held(claim), active)
                .values(lease_until=self._database.now(connection) + self.lease_seconds)
            )
            return bool(renewed.rowcount == 1)

    def finish(self, claim: Claim, outcomes: Sequence[Outcome]) -> bool:
        """Write a chunk's results and its end; False where another has it, or nobody wants it."""
        failed = sum(outcome.failed for outcome in outcomes)
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            state = self._lock(connection, claim.job)
            if state not in ACTIVE:
                return False
            ended = connection.execute(
                chunks.update()
                .where(*self._held(claim))
                .values(
                    state="done",
                    succeeded=len(outcomes) - failed,
                    failed=failed,
                    finished=now,
                    lease_until=None,
                )
            )
            if ended.rowcount != 1:
                return False
            self._write_results(connection, claim.job, outcomes)
            connection.execute(
                jobs.update().where(jobs.c.id == claim.job).values(updated=now, problem=None)
            )
            end_job_if_done(connection, claim.job, now)
            return True

    def release(
        self, claim: Claim, *, failed: bool, delay: float = 0.0, problem: str | None = None
    ) -> None:
        """Give a chunk back without results.

        Args:
            failed: whether its items may be to blame; otherwise the try is not counted.
            delay: seconds before it may be taken again; at most LONGEST_DELAY.
            problem: what to say meanwhile about the job.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            if self._lock(connection, claim.job) not in ACTIVE:
                return
            released = connection.execute(
                chunks.update()
                .where(*self._held(claim))
                .values(
                    state="waiting",
                    tries=chunks.c.tries - (0 if failed else 1),
                    lease_until=None,
                    not_before=now + delay if delay else 0.0,
                )
            )
            if released.rowcount == 1 and problem is not None:
                connection.execute(
                    jobs.update().where(jobs.c.id == claim.job).values(problem=problem)
                )

    def _held(self, claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            chunks.c.job == claim.job,
            chunks.c.start == claim.start,
            chunks.c.token == claim.token,
            chunks.c.state == "leased",
        )

    def _lock(self, connection: sa.Connection, job: str) -> str | None:
        state: str | None = connection.scalar(
            sa.select(jobs.c.state).where(jobs.c.id == job).with_for_update(key_share=True)
        )
        return state

    def _write_results(
        self, connection: sa.Connection, job: str, outcomes: Sequence[Outcome]
    ) -> None:
        connection.execute(
            self._database.insert(results).on_conflict_do_nothing(),
            [
                {"job": job, "position": outcome.position, "line": outcome.line}
                for outcome in outcomes
            ],
        )

    # Sending chunks to a broker

    def take_unsent(self, window: int, resend_seconds: float) -> list[tuple[str, int]]:
        """Chunks (job, start) to put on the broker, noted as sent.

        Args:
            window: most chunks that may be sent and not begun; a small one keeps jobs taking
                turns.
            resend_seconds: a chunk sent longer ago, and not begun, is taken to be lost.
        """
        with self._database.transaction() as connection:
            now = self._database.now(connection)
            active = jobs.c.state.in_(ACTIVE)
            underway = connection.scalar(
                sa.select(sa.func.count())
                .select_from(chunks.join(jobs, jobs.c.id == chunks.c.job))
                .where(active, chunks.c.state != "done", chunks.c.sent > now - resend_seconds)
            )
            room = window - (underway or 0)
            unsent = sa.and_(
                self._claimable(now),
                sa.or_(
                    chunks.c.sent.is_(None),
                    chunks.c.sent <= now - resend_seconds,
                    chunks.c.sent > now + resend_seconds,
                ),
            )
            ready = sa.exists().where(chunks.c.job == jobs.c.id, unsent)
            waiting = connection.scalars(
                sa.select(jobs.c.id)
                .where(active, ready)
                .order_by(jobs.c.turn)
                .limit(max(room, 0))
                .with_for_update(key_share=True, skip_locked=True)
            ).all()
            taken: list[tuple[str, int]] = []
            for place, job in enumerate(waiting):
                share = math.ceil((room - len(taken)) / (len(waiting) - place))
                starts = connection.scalars(
                    sa.select(chunks.c.start)
                    .where(chunks.c.job == job, unsent)
                    .order_by(chunks.c.start)
                    .limit(share)
                ).all()
                connection.execute(
                    chunks.update()
                    .where(chunks.c.job == job, chunks.c.start.in_(starts))
                    .values(sent=now)
                )
                taken += [(job, start) for start in starts]
            return taken

    def unsend(self, sent: Sequence[tuple[str, int]]) -> None:
        """These chunks could not be sent after all."""
        with self._database.transaction() as connection:
            for job, start in sent:
                connection.execute(
                    chunks.update()
                    .where(chunks.c.job == job, chunks.c.start == start)
                    .values(sent=None)
                )

    def counts(self) -> dict[str, int]:
        """Chunks of jobs that have not ended, by state, for the metrics."""
        with self._database.transaction(writes=False) as connection:
            rows = connection.execute(
                sa.select(chunks.c.state, sa.func.count())
                .select_from(chunks.join(jobs, jobs.c.id == chunks.c.job))
                .where(jobs.c.state.in_(ACTIVE))
                .group_by(chunks.c.state)
            ).all()
            return {"waiting": 0, "leased": 0} | {row.state: int(row[1]) for row in rows}
