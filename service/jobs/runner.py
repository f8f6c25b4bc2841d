"""The threads that work on jobs inside a server process, and those that keep house.

One `Runner` per process; it is started after the process has forked. Any number of processes may
run on one database. With a broker, the work is done by Celery workers, and the runner of a
server only keeps house: it puts chunks on the broker, delivers webhooks, forgets old jobs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from service.jobs.store import JobStore
from service.jobs.webhooks import WebhookSender
from service.jobs.work import STORAGE_ERRORS, ChunkWorker
from service.logs import places_of

log = structlog.get_logger("service.jobs")

#: Chunks worked on at once in one process: while one is stored, the other keeps the models busy.
CHUNKS_AT_ONCE: Final = 2
#: Seconds between two looks at the tables while nothing is to be done.
POLL: Final = 1.0
#: Seconds between two sweeps of what is old.
SWEEP: Final = 60.0
#: Longest pause after failures that follow each other, in seconds.
LONGEST_PAUSE: Final = 30.0


class Publisher(Protocol):
    """What puts chunks on a broker."""

    def top_up(self) -> None: ...


class Runner:
    """Works on jobs, or has others work on them, until it is stopped.

    Args:
        worker: works on chunks in this process; None: others do.
        ready: whether the models are loaded; until then no chunk is taken.
        webhooks: tells callers that their jobs have ended.
        publisher: puts chunks on a broker; None: there is none.
        retention_seconds: how long ended jobs are kept; None: for ever.
    """

    def __init__(
        self,
        store: JobStore,
        worker: ChunkWorker | None,
        *,
        ready: Callable[[], bool] = lambda: True,
        webhooks: WebhookSender | None = None,
        publisher: Publisher | None = None,
        retention_seconds: float | None = None,
    ) -> None:
        self._store = store
        self._worker = worker
        self._ready = ready
        self._webhooks = webhooks
        self._publisher = publisher
        self._retention_seconds = retention_seconds
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._swept = 0.0

    def start(self) -> None:
        """Begin, unless that has been done. Call it after the process has forked."""
        with self._lock:
            if self._threads or self._stopping.is_set():
                return
            steps = [self._keep_house, self._tell_callers]
            if self._worker is not None:
                steps += [self._work] * CHUNKS_AT_ONCE
            for number, step in enumerate(steps):
                thread = threading.Thread(
                    target=self._repeat, args=(step,), name=f"jobs-{number}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def wake(self) -> None:
        """Look at the tables now: there is a new job."""
        self._wake.set()

    def stop(self, seconds: float = 60.0) -> None:
        """Take no more chunks, and wait `seconds` for those underway to be finished."""
        self._stopping.set()
        self._wake.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _repeat(self, step: Callable[[], bool]) -> None:
        """Do `step` until the end: at once again while it finds work, else after a pause."""
        failures = 0
        while not self._stopping.is_set():
            busy = False
            try:
                busy = self._store.exists() and step()
                failures = 0
            except STORAGE_ERRORS as error:
                failures += 1
                log.warning("jobs_paused", code=error.code)
            except Exception as error:
                failures += 1
                name = type(error).__qualname__
                log.error("jobs_fault", exception=name, places=places_of(error))
            if failures:
                self._stopping.wait(min(POLL * 2 ** (failures - 1), LONGEST_PAUSE))
            elif not busy:
                self._wake.wait(POLL)
                self._wake.clear()

    def _work(self) -> bool:
        return self._worker is not None and self._ready() and self._worker.work_on_next()

    def _keep_house(self) -> bool:
        if self._publisher is not None:
            self._publisher.top_up()
        if time.monotonic() - self._swept > SWEEP or not self._swept:
            self._swept = time.monotonic()
            self._store.forget_stale(self._retention_seconds)
        return False

    def _tell_callers(self) -> bool:
        return self._webhooks is not None and self._webhooks.deliver_next(self._store)
