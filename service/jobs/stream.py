"""Translating a batch while it is still being read, and handing out results in order.

Three things go on at once: a thread reads records, up to `IN_FLIGHT` groups are being translated,
and the caller takes result lines. Each waits for the next, so memory holds a few groups
whatever the batch's size, and a caller that takes results slowly slows the reading down.

Some clients send their whole body before they read a byte of the answer, and would wait for us for
ever while we wait for them. So when the results have not been taken for `STALL_SECONDS`, the
reading goes on and what it brings is put into a temporary file, to be worked on later.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import structlog
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from service.errors import (
    ItemSetAside,
    NotReady,
    Overloaded,
    ServiceError,
    StorageFull,
)
from service.jobs.chunks import Outcome
from service.jobs.records import Fault, GlossaryOf, Options, Record, no_glossary, result_line
from service.jobs.work import Translate, translate_records
from service.logs import places_of

log = structlog.get_logger("service.jobs")

#: Groups translated at once: while one is handed out, the next keeps the models busy.
IN_FLIGHT: Final = 2
#: A group is as many records as are there, up to this many and about this many characters.
GROUP_RECORDS: Final = 64
GROUP_CHARS: Final = 200_000
#: What is read ahead, at most.
AHEAD_RECORDS: Final = 4 * GROUP_RECORDS
AHEAD_CHARS: Final = 4 * GROUP_CHARS
#: Seconds without a result being taken after which a batch is read into a file.
STALL_SECONDS: Final = 2.0
#: Seconds without a result after which an empty group is handed out, as a sign of life.
PULSE_SECONDS: Final = 15.0
#: Seconds during which a group waits for capacity before the batch is ended with an error.
CAPACITY_SECONDS: Final = 300.0


class Abandoned(Exception):
    """Nobody wants the records any more."""


class RecordQueue:
    """A queue of records, bounded in memory, which overflows into a file when the taker stalls.

    Args:
        spill_dir: where the file may be made; it has no name and vanishes with the process.
        stalled: whether the results are not being taken at present.
    """

    def __init__(self, spill_dir: Path, stalled: Callable[[], bool]) -> None:
        self._spill_dir = spill_dir
        self._stalled = stalled
        self._changed = threading.Condition()
        self._memory: deque[Record] = deque()
        self._memory_chars = 0
        self._file: IO[bytes] | None = None
        self._read_at = self._write_at = 0
        self._ended = self._abandoned = False
        self._error: BaseException | None = None
        self.spilled = 0

    def put(self, record: Record) -> None:
        """Add a record; waits while the queue is full and the results are being taken.

        Raises:
            Abandoned: `abandon` was called.
        """
        with self._changed:
            while self._is_full() and not self._file and not self._abandoned:
                if self._stalled():
                    self._spill_dir.mkdir(parents=True, exist_ok=True)
                    self._file = TemporaryFile(dir=self._spill_dir)  # noqa: SIM115
                else:
                    self._changed.wait(STALL_SECONDS / 4)
            if self._abandoned:
                raise Abandoned
            if self._file:
                self._write(self._file, record)
            else:
                self._memory.append(record)
                self._memory_chars += len(record.text)
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """No more records come; after the last, `take` raises `error` if there is one."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Let the reading end: its next `put` raises."""
        with self._changed:
            self._abandoned = self._ended = True
            self._memory.clear()
            self._close_file()
            self._changed.notify_all()

    def take(self, *, wait: bool) -> list[Record] | None:
        """The records that are there, up to one group; [] if none is yet, None at the end.

        Args:
            wait: wait for at least one.

        Raises:
            what `end` was given, once no record is left.
        """
        with self._changed:
            while not self._memory and not self._refill():
                if self._ended:
                    if self._error is not None:
                        raise self._error
                    return None
                if not wait:
                    return []
                self._changed.wait()
            group: list[Record] = []
            chars = 0
            while self._memory and len(group) < GROUP_RECORDS and chars < GROUP_CHARS:
                record = self._memory.popleft()
                chars += len(record.text)
                group.append(record)
                if not self._memory:
                    self._refill()
            self._memory_chars -= chars
            self._changed.notify_all()
            return group

    def _is_full(self) -> bool:
        return len(self._memory) >= AHEAD_RECORDS or self._memory_chars >= AHEAD_CHARS

    def _write(self, file: IO[bytes], record: Record) -> None:
        try:
            file.seek(self._write_at)
            file.write(record.to_json().encode() + b"\n")
            self._write_at = file.tell()
        except OSError as error:
            raise StorageFull(
                "There is no room to keep the batch in until its results are taken; read the "
                "results while you send."
            ) from error
        self.spilled += 1

    def _refill(self) -> bool:
        """Move records from the file to memory; the file is closed once it has been read."""
        if self._file is None:
            return False
        self._file.seek(self._read_at)
        while self._read_at < self._write_at and not self._is_full():
            line = self._file.readline()
            self._read_at += len(line)
            record = Record.from_json(line.decode())
            self._memory.append(record)
            self._memory_chars += len(record.text)
        if self._read_at == self._write_at:
            self._close_file()
        return bool(self._memory)

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._read_at = self._write_at = 0


class BatchStream:
    """The result lines of a batch, in order, while it is being read.

    Iterate over it once; call `close` afterwards, whatever happened.

    Args:
        records: read in a thread of its own.
        spill_dir: where records may be put that are read faster than results are taken.
        interrupt: called at the end when the reading has not ended; makes it end.
        glossary: the glossary of an id, where a caller named one.
    """

    def __init__(
        self,
        records: Iterator[Record],
        options: Options,
        translate: Translate,
        *,
        spill_dir: Path,
        interrupt: Callable[[], None] = lambda: None,
        glossary: GlossaryOf = no_glossary,
    ) -> None:
        self._records = records
        self._options = options
        self._translate = translate
        self._interrupt = interrupt
        self._glossary = glossary
        self._handed_over: float | None = None
        # The request's id and span, for the threads; by the time they work it may have ended.
        self._context = copy_context()
        self.queue = RecordQueue(spill_dir, self._is_stalled)
        self._reader = threading.Thread(target=self._read, name="batch-reader", daemon=True)

    def __iter__(self) -> Iterator[list[Outcome]]:
        """The outcomes, a group at a time; an empty group says that the next is being worked on.

        Raises:
            ServiceError: the batch cannot be read any further, or there is no capacity.
        """
        self._reader.start()
        try:
            with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="batch") as executor:
                for outcomes in self._groups(executor):
                    self._handed_over = time.monotonic()
                    yield outcomes
                    self._handed_over = None
        finally:
            self.close()

    def close(self) -> None:
        """End the reading, and wait until it has ended."""
        self.queue.abandon()
        if self._reader.is_alive():
            self._interrupt()
            self._reader.join()

    def _groups(self, executor: ThreadPoolExecutor) -> Iterator[list[Outcome]]:
        pending: deque[Future[list[Outcome]]] = deque()
        failure: BaseException | None = None
        try:
            more = True
            while more or pending:
                while more and len(pending) < IN_FLIGHT:
                    try:
                        group = self.queue.take(wait=not pending)
                    except ServiceError as error:
                        failure, group = error, None
                    if group is None:
                        more = False
                    elif not group:
                        break
                    else:
                        pending.append(
                            executor.submit(self._context.copy().run, self._work_on, group)
                        )
                if pending:
                    while not wait([pending[0]], timeout=PULSE_SECONDS).done:
                        yield []
                    yield pending.popleft().result()
            if failure is not None:
                raise failure
        finally:
            for future in pending:
                future.cancel()

    def _work_on(self, group: list[Record]) -> list[Outcome]:
        """Translate a group; should it fail as a whole, each record alone."""
        try:
            return self._when_there_is_capacity(group)
        except ServiceError:
            raise
        except Exception as error:
            name = type(error).__qualname__
            log.error("batch_group_failed", exception=name, places=places_of(error))
            if len(group) > 1:
                return [outcome for record in group for outcome in self._work_on([record])]
            fault = Fault.of(ItemSetAside(f"The service failed on this item ({name})."))
            return [Outcome(group[0].position, result_line(group[0], fault), failed=True)]

    def _when_there_is_capacity(self, group: list[Record]) -> list[Outcome]:
        for attempt in Retrying(
            retry=retry_if_exception_type((Overloaded, NotReady)),
            wait=wait_random(0.2, 1.0),
            stop=stop_after_delay(CAPACITY_SECONDS),
            reraise=True,
        ):
            with attempt:
                return translate_records(group, self._options, self._translate, self._glossary)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _read(self) -> None:
        try:
            for record in self._records:
                self.queue.put(record)
        except Abandoned:
            return
        except ServiceError as error:
            self.queue.end(error)
        except Exception as error:
            name = type(error).__qualname__
            log.info("batch_reading_failed", exception=name, places=places_of(error))
            self.queue.end(error)
        else:
            self.queue.end()

    def _is_stalled(self) -> bool:
        since = self._handed_over
        return since is not None and time.monotonic() - since > STALL_SECONDS
