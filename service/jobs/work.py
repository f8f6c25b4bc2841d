"""Translating one chunk: the same for the embedded runner, a Celery worker and a batch stream.

What the pipeline says about one item becomes that item's error line. What it raises concerns the
whole chunk: `Overloaded` and `NotReady` pass by themselves, so the chunk waits and nothing is
counted against it; anything else may be an item's fault, so the chunk is given back as failed,
and comes again in smaller parts (see `service.jobs.chunks`).
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from service.documents import translate_all
from service.errors import (
    NotFound,
    NotReady,
    Overloaded,
    ServiceError,
    StorageFull,
    StorageUnavailable,
)
from service.jobs.chunks import ChunkQueue, Claim, Outcome
from service.jobs.records import (
    Fault,
    GlossaryOf,
    Options,
    Record,
    TextFormat,
    no_glossary,
    result_line,
)
from service.logs import places_of
from service.pipeline import Pipeline, Request, Translation
from service.serialise import translation_to_json
from service.text.markup import Rules
from service.tracing import span

log = structlog.get_logger("service.jobs")

#: Translates texts, each written in its own format.
Translate = Callable[
    [Sequence[Request], Sequence[TextFormat]], Sequence[Translation | ServiceError]
]
Result = TypeVar("Result")

#: Seconds before a chunk is tried again for which there was no capacity or no model.
PAUSE: Final = 5.0
#: Seconds during which finished results are kept in memory for a database that is away.
PATIENCE: Final = 600.0
STORAGE_ERRORS: Final = (StorageFull, StorageUnavailable)


def translating(pipeline: Callable[[], Pipeline], max_chars: int) -> Translate:
    """`Pipeline.translate` for texts and markup.

    Args:
        pipeline: gives the pipeline, when it is needed.
        max_chars: most characters that it takes in one item.
    """

    def translate(
        requests: Sequence[Request], formats: Sequence[TextFormat]
    ) -> Sequence[Translation | ServiceError]:
        rules = [Rules() if form == "html" else None for form in formats]
        return translate_all(pipeline(), requests, rules, max_chars=max_chars)

    return translate


def translate_records(
    records: Sequence[Record],
    options: Options,
    translate: Translate,
    glossary: GlossaryOf = no_glossary,
) -> list[Outcome]:
    """The result line of each record, in order; all texts are translated together.

    Raises:
        Overloaded, NotReady: there is no capacity, or no model, at present.
    """
    asked = [record.fault or _request(record, options, glossary) for record in records]
    requests = [request for request in asked if isinstance(request, Request)]
    formats = [
        record.format or options.format
        for record, request in zip(records, asked, strict=True)
        if isinstance(request, Request)
    ]
    answers = iter(translate(requests, formats) if requests else ())
    outcomes = []
    for record, request in zip(records, asked, strict=True):
        answer = next(answers) if isinstance(request, Request) else request
        if isinstance(answer, (Overloaded, NotReady)):
            raise answer
        if isinstance(answer, ServiceError):
            answer = Fault.of(answer)
        value = (
            answer
            if isinstance(answer, Fault)
            else translation_to_json(answer, explain=options.explain)
        )
        line = result_line(record, value)
        outcomes.append(Outcome(record.position, line, failed=isinstance(value, Fault)))
    return outcomes


def _request(record: Record, options: Options, glossary: GlossaryOf) -> Request | Fault:
    try:
        return record.request(options, glossary)
    except NotFound as error:
        return Fault.of(error)


class ChunkWorker:
    """Works on chunks of the queue, one after another, in the thread that calls it.

    Several threads may work at once. A suspect chunk is worked on alone, and nothing is claimed
    meanwhile: should it end the process, no other chunk is counted as tried.

    Args:
        translate: see `translating`.
        glossary: the glossary of an id, where a caller named one.
    """

    def __init__(
        self, queue: ChunkQueue, translate: Translate, glossary: GlossaryOf = no_glossary
    ) -> None:
        self._queue = queue
        self._translate = translate
        self._glossary = glossary
        self._underway: dict[Claim, None] = {}
        self._claiming = threading.Lock()
        self._changed = threading.Condition()

    def work_on_next(self, job: str | None = None, start: int | None = None) -> bool:
        """Take the next chunk, or the one named, and work on it; False where there is none.

        Raises:
            StorageFull, StorageUnavailable: the database cannot be used at present.
        """
        with self._claiming:
            self._wait_until(lambda: not any(claim.suspect for claim in self._underway))
            claim = self._queue.claim(worker_name(), job, start)
            if claim is None:
                return False
            if claim.suspect:
                with self._kept(claim):
                    self._wait_until(lambda: not self._underway)
            self._underway[claim] = None
        self._work_on(claim)
        return True

    def _wait_until(self, free: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(free)

    def give_back(self) -> None:
        """Give back what is underway, uncounted: this process is about to end."""
        for claim in list(self._underway):
            try:
                self._queue.release(claim, failed=False)
            except STORAGE_ERRORS as error:
                log.warning("chunk_not_given_back", job=claim.job, code=error.code)

    def _work_on(self, claim: Claim) -> None:
        try:
            with self._kept(claim):
                self._attempt(claim)
        finally:
            with self._changed:
                del self._underway[claim]
                self._changed.notify_all()

    def _attempt(self, claim: Claim) -> None:
        try:
            with span("job chunk", job=claim.job, start=claim.start, stop=claim.stop) as own:
                records = self._queue.records(claim)
                outcomes = translate_records(
                    records, claim.options, self._translate, self._glossary
                )
                failed = sum(outcome.failed for outcome in outcomes)
                own.set(items=len(records), failed=failed)
        except STORAGE_ERRORS:
            raise
        except (Overloaded, NotReady) as error:
            problem = error.detail
            patiently(
                lambda: self._queue.release(claim, failed=False, delay=PAUSE, problem=problem)
            )
        except Exception as error:
            name = type(error).__qualname__
            log.error("chunk_failed", job=claim.job, exception=name, places=places_of(error))
            problem = f"Some items failed ({name}); they are being tried again in smaller parts."
            patiently(lambda: self._queue.release(claim, failed=True, problem=problem))
        except BaseException:
            self._queue.release(claim, failed=False)
            raise
        else:
            if not patiently(lambda: self._queue.finish(claim, outcomes)):
                log.info("chunk_superseded", job=claim.job, start=claim.start)

    @contextmanager
    def _kept(self, claim: Claim) -> Iterator[None]:
        """Renew the lease of a claim from another thread while the block runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._queue.lease_seconds / 3):
                try:
                    if not self._queue.renew(claim):
                        return
                except STORAGE_ERRORS as error:
                    log.warning("lease_not_renewed", job=claim.job, code=error.code)

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def patiently(work: Callable[[], Result]) -> Result:
    """Do `work`, again and again while the database is away or full, for `PATIENCE` seconds.

    Raises:
        StorageFull, StorageUnavailable: it did not come back.
    """
    for attempt in Retrying(
        retry=retry_if_exception_type(STORAGE_ERRORS),
        wait=wait_exponential_jitter(multiplier=0.2, max=15),
        stop=stop_after_delay(PATIENCE),
        reraise=True,
    ):
        with attempt:
            return work()
    raise AssertionError("unreachable: the last attempt returns or raises")


def worker_name() -> str:
    """Which thread of which process of which machine this is, for people to read."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"
