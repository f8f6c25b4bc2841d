"""Model batches made of whatever is waiting, whoever is waiting for it.

A batch holds units of similar length and at most so many source pieces, padding included. While
the model is idle a unit goes at once; while it is busy, units wait for others to share their
batch, for as long as the setting says. A long request does not hold up a short one: each unit is
due a little later than the one before it in its request, and the earliest due goes first.

CTranslate2 lets the interpreter run while it works, so the workers are plain threads: one more
than the model has, so that a batch is ready whenever the model is. A small request that finds the
model idle needs none of them: its caller's thread does the work, and no time goes into waking
another one.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeAlias

from service.engine.model import Decoded, Decoding, Unit
from service.errors import NotReady

Run: TypeAlias = Callable[[Sequence[Unit]], list[list[Decoded]]]
Answers: TypeAlias = list[Decoded]

# How much later each unit of a request is due than the one before it: about the time it takes.
_TURN_S: Final = 0.01
# Units whose lengths differ by less than this are of one length.
_LENGTH_STEP: Final = 8
# A request alone is spread over the model's threads in batches of no fewer pieces than this.
_LEAST_SHARE: Final = 192


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batcher has done, for checks that do not depend on the machine.

    Args:
        batches: model calls.
        units: stretches translated.
        pieces: source pieces in them.
        padded: source pieces with the padding that batches add.
    """

    batches: int = 0
    units: int = 0
    pieces: int = 0
    padded: int = 0


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    number: int
    unit: Unit
    future: Future[Answers]


class Batcher:
    """Pools the units of all callers for one model.

    Args:
        run: translates the units of one batch.
        threads: batches that `run` works on at once.
        batch_pieces: most source pieces in a batch, padding included; a longer unit goes alone.
        wait_s: how long a unit waits for others while the model is busy.
    """

    def __init__(self, run: Run, *, threads: int, batch_pieces: int, wait_s: float) -> None:
        self._run = run
        self._threads = threads
        self._batch_pieces = batch_pieces
        self._wait_s = wait_s
        self._change = threading.Condition()
        self._queues: dict[tuple[Decoding, int], list[_Waiting]] = {}
        self._waiting_pieces = 0
        self._go_at = 0.0
        self._running = 0
        self._closing = False
        self._numbers = count()
        self._counts = Counts()
        self._workers = [
            threading.Thread(target=self._work, name=f"batcher-{number}", daemon=True)
            for number in range(threads + 1)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def counts(self) -> Counts:
        """What was done so far."""
        with self._change:
            return self._counts

    def ask(self, units: Sequence[Unit]) -> Iterator[Answers]:
        """The hypotheses of each unit, in order, as soon as they are there.

        Raises:
            NotReady: the batcher is closed.
        """
        if not self._seize(units):
            return (future.result() for future in self.submit(units))
        try:
            return iter(self._run(units))
        finally:
            self._release()

    def submit(self, units: Sequence[Unit]) -> list[Future[Answers]]:
        """Queue units; their hypotheses come in the futures.

        Raises:
            NotReady: the batcher is closed.
        """
        futures: list[Future[Answers]] = [Future() for _ in units]
        now = time.monotonic()
        with self._change:
            if self._closing:
                raise NotReady("The service is stopping.")
            if not self._waiting_pieces:
                self._go_at = now + self._wait_s
            for place, (unit, future) in enumerate(zip(units, futures, strict=True)):
                waiting = _Waiting(now + place * _TURN_S, next(self._numbers), unit, future)
                key = (unit.decoding, len(unit.pieces) // _LENGTH_STEP)
                heapq.heappush(self._queues.setdefault(key, []), waiting)
                self._waiting_pieces += _size(unit)
            self._change.notify_all()
        return futures

    def close(self) -> None:
        """Translate what is queued, then stop the threads."""
        with self._change:
            self._closing = True
            self._change.notify_all()
            self._change.wait_for(lambda: not self._running and not self._waiting_pieces)
        for worker in self._workers:
            worker.join()

    def _seize(self, units: Sequence[Unit]) -> bool:
        """Take the idle model for units that would be one batch; False where it is not idle."""
        padded = max(map(_size, units), default=0) * len(units)
        one_batch = len(units) == 1 or 0 < padded <= min(_LEAST_SHARE, self._batch_pieces)
        if not one_batch or any(unit.decoding != units[0].decoding for unit in units):
            return False
        with self._change:
            if self._closing or self._running or self._waiting_pieces:
                return False
            self._begin(units)
            return True

    def _begin(self, batch: Sequence[Unit]) -> None:
        """Count a batch that is about to run; the lock is held."""
        sizes = list(map(_size, batch))
        self._running += 1
        self._counts = Counts(
            self._counts.batches + 1,
            self._counts.units + len(batch),
            self._counts.pieces + sum(sizes),
            self._counts.padded + max(sizes) * len(batch),
        )

    def _release(self) -> None:
        """Let others know that a batch is done."""
        with self._change:
            self._running -= 1
            self._change.notify_all()

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                answers = self._run([waiting.unit for waiting in batch])
            except BaseException as error:
                for waiting in batch:
                    waiting.future.set_exception(error)
            else:
                for waiting, answer in zip(batch, answers, strict=True):
                    waiting.future.set_result(answer)
            self._release()

    def _next_batch(self) -> list[_Waiting]:
        """The next batch, when it is time for it; empty when there will be none."""
        with self._change:
            while True:
                if not self._waiting_pieces:
                    if self._closing:
                        return []
                    self._change.wait()
                    continue
                now = time.monotonic()
                full = self._waiting_pieces >= self._batch_pieces
                if self._running == 0:
                    self._go_at = min(self._go_at, now)
                free = self._running < self._threads
                if full or self._closing or (free and now >= self._go_at):
                    return self._take()
                self._change.wait(self._go_at - now if free else None)

    def _take(self) -> list[_Waiting]:
        """The unit that is due first, with others of about its length."""
        idle = max(self._threads - self._running, 1)
        share = max(self._waiting_pieces // idle, _LEAST_SHARE)
        limit = min(share, self._batch_pieces)
        decoding, length = min(self._queues, key=lambda key: self._queues[key][0])
        batch: list[_Waiting] = []
        longest = 0
        for key in self._nearest(decoding, length):
            queue = self._queues[key]
            while queue:
                size = _size(queue[0].unit)
                if batch and max(longest, size) * (len(batch) + 1) > limit:
                    break
                longest = max(longest, size)
                self._waiting_pieces -= size
                batch.append(heapq.heappop(queue))
            if not queue:
                del self._queues[key]
        self._begin([waiting.unit for waiting in batch])
        return batch

    def _nearest(self, decoding: Decoding, length: int) -> list[tuple[Decoding, int]]:
        """The queues with this decoding, the nearest length first."""
        return sorted(
            (key for key in self._queues if key[0] == decoding),
            key=lambda key: (abs(key[1] - length), key[1]),
        )


def _size(unit: Unit) -> int:
    """Pieces that a unit takes in a batch: its own and the end mark."""
    return len(unit.pieces) + 1
