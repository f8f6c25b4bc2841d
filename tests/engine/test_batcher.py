"""Batches: made of what waits, whoever waits; nothing lost, nobody held up for nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.engine.batcher import Batcher
from service.engine.model import Decoded, Decoding, Unit
from service.errors import NotReady

GREEDY = Decoding(1)


def unit(length: int, decoding: Decoding = GREEDY, name: str = "x") -> Unit:
    return Unit((name,) * length, decoding)


class Recorder:
    """Answers each unit with its own pieces; can be held up."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[Unit]] = []
        self.open = threading.Event()
        self.started = threading.Semaphore(0)
        if not held:
            self.open.set()

    def __call__(self, units: Sequence[Unit]) -> list[list[Decoded]]:
        self.batches.append(list(units))
        self.started.release()
        assert self.open.wait(20)
        return [[Decoded(each.pieces, 0.0, (), cut=False)] for each in units]


def broken_by_bad(units: Sequence[Unit]) -> list[list[Decoded]]:
    """Answers each unit with its own pieces, unless the first is a bad one."""
    if units[0].pieces[0] == "bad":
        raise RuntimeError("broken")
    return [[Decoded(each.pieces, 0.0, (), cut=False)] for each in units]


def batcher(run: Recorder, *, threads: int = 1, pieces: int = 100, wait_s: float = 30) -> Batcher:
    return Batcher(run, threads=threads, batch_pieces=pieces, wait_s=wait_s)


def test_a_lone_unit_goes_at_once() -> None:
    """The wait is 30 seconds: had it been kept waiting, the result would time out."""
    own = batcher(Recorder())
    [future] = own.submit([unit(3)])
    assert future.result(timeout=10)[0].pieces == ("x",) * 3
    own.close()


def test_answers_come_back_to_those_who_asked() -> None:
    own = batcher(Recorder(), threads=2)

    def ask(number: int) -> bool:
        units = [unit(1 + n % 17, name=f"{number}-{n}") for n in range(20)]
        futures = own.submit(units)
        return all(
            future.result(timeout=20)[0].pieces == each.pieces
            for future, each in zip(futures, units, strict=True)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(24)))
    own.close()


def test_units_of_several_callers_share_a_batch_while_the_model_is_busy() -> None:
    run = Recorder(held=True)
    own = batcher(run, wait_s=0)
    futures = own.submit([unit(5)])
    assert run.started.acquire(timeout=10)
    for name in "abc":
        futures += own.submit([unit(5, name=name)])
    run.open.set()
    for future in futures:
        future.result(timeout=10)
    own.close()
    assert len(run.batches) == 2
    assert {each.pieces[0] for each in run.batches[1]} == {"a", "b", "c"}


def test_a_batch_never_holds_more_than_it_may_padding_included() -> None:
    run = Recorder(held=True)
    own = batcher(run, pieces=100)
    futures = own.submit([unit(length) for length in [1, 30, 7, 80, 3, 3, 25, 60, 12, 9] * 4])
    run.open.set()
    for future in futures:
        future.result(timeout=20)
    own.close()
    for batch in run.batches:
        assert len(batch) == 1 or len(batch) * max(len(each.pieces) + 1 for each in batch) <= 100


def test_a_unit_longer_than_a_batch_goes_alone() -> None:
    run = Recorder()
    own = batcher(run, pieces=100)
    [future] = own.submit([unit(400)])
    assert len(future.result(timeout=10)[0].pieces) == 400
    own.close()


def test_lengths_are_kept_together() -> None:
    run = Recorder(held=True)
    own = batcher(run, pieces=120)
    first = own.submit([unit(2)])
    assert run.started.acquire(timeout=10)
    futures = own.submit([unit(length) for _ in range(10) for length in (5, 39)])
    run.open.set()
    for future in first + futures:
        future.result(timeout=20)
    own.close()
    counts = own.counts
    assert counts.units == 21
    assert counts.padded <= 1.5 * counts.pieces


def test_decodings_are_not_mixed() -> None:
    run = Recorder(held=True)
    own = batcher(run)
    futures = own.submit([unit(5, Decoding(1 + number % 2)) for number in range(12)])
    run.open.set()
    for future in futures:
        future.result(timeout=20)
    own.close()
    assert all(len({each.decoding for each in batch}) == 1 for batch in run.batches)


def test_a_short_request_overtakes_a_long_one() -> None:
    run = Recorder(held=True)
    own = batcher(run, pieces=60)
    long = own.submit([unit(9, name="long") for _ in range(300)])
    assert run.started.acquire(timeout=10)
    [short] = own.submit([unit(9, name="short")])
    run.open.set()
    for future in [short, *long]:
        future.result(timeout=20)
    own.close()
    [place] = [number for number, batch in enumerate(run.batches) if short_is_in(batch)]
    assert place < len(run.batches) // 2


def short_is_in(batch: list[Unit]) -> bool:
    return any(each.pieces[0] == "short" for each in batch)


def test_a_lone_request_is_spread_over_the_threads() -> None:
    run = Recorder(held=True)
    own = batcher(run, threads=2, pieces=1024)
    futures = own.submit([unit(19) for _ in range(40)])
    assert run.started.acquire(timeout=10)
    assert run.started.acquire(timeout=10)
    run.open.set()
    for future in futures:
        future.result(timeout=20)
    own.close()
    assert sorted(map(len, run.batches))[-2:] == [20, 20]


def test_an_error_reaches_those_in_the_batch_and_nobody_else() -> None:
    own = Batcher(broken_by_bad, threads=1, batch_pieces=100, wait_s=0)
    [bad] = own.submit([unit(3, name="bad")])
    with pytest.raises(RuntimeError, match="broken"):
        bad.result(timeout=10)
    [good] = own.submit([unit(3)])
    assert good.result(timeout=10)
    own.close()


def test_closing_answers_what_was_queued_and_refuses_more() -> None:
    run = Recorder(held=True)
    own = batcher(run, pieces=20)
    futures = own.submit([unit(9) for _ in range(50)])
    run.open.set()
    own.close()
    assert all(future.done() for future in futures)
    with pytest.raises(NotReady):
        own.submit([unit(3)])


class ThreadRecorder(Recorder):
    """Notes the thread of each batch too."""

    def __init__(self, *, held: bool = False) -> None:
        super().__init__(held=held)
        self.threads: list[str] = []

    def __call__(self, units: Sequence[Unit]) -> list[list[Decoded]]:
        self.threads.append(threading.current_thread().name)
        return super().__call__(units)


def test_a_small_request_that_finds_the_model_idle_is_done_by_its_caller() -> None:
    run = ThreadRecorder()
    own = batcher(run)
    answers = own.ask([unit(3, name="a"), unit(4, name="b")])
    assert [answer[0].pieces[0] for answer in answers] == ["a", "b"]
    assert run.threads == [threading.current_thread().name]
    assert (own.counts.batches, own.counts.units, own.counts.padded) == (1, 2, 10)
    own.close()


@pytest.mark.parametrize(
    "units",
    [
        [unit(3), unit(3, Decoding(2))],  # two batches
        [unit(20) for _ in range(40)],  # more than one batch
    ],
)
def test_what_takes_more_than_a_batch_is_left_to_the_workers(units: list[Unit]) -> None:
    run = ThreadRecorder()
    own = batcher(run)
    assert len(list(own.ask(units))) == len(units)
    assert threading.current_thread().name not in run.threads
    own.close()


def test_nobody_waits_for_a_caller_who_does_his_own_work() -> None:
    """The model takes two batches at once."""
    run = ThreadRecorder(held=True)
    own = batcher(run, threads=2, wait_s=0)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: list(own.ask([unit(3, name="a")])))
        assert run.started.acquire(timeout=10)
        second = pool.submit(lambda: list(own.ask([unit(3, name="b")])))
        assert run.started.acquire(timeout=10)
        run.open.set()
        assert first.result(timeout=10)[0][0].pieces[0] == "a"
        assert second.result(timeout=10)[0][0].pieces[0] == "b"
    assert len(run.batches) == 2
    own.close()


def test_closing_waits_for_a_caller_who_does_his_own_work() -> None:
    run = Recorder(held=True)
    own = batcher(run)
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(lambda: list(own.ask([unit(3)])))
        assert run.started.acquire(timeout=10)
        closed = pool.submit(own.close)
        with pytest.raises(TimeoutError):
            closed.result(timeout=0.2)
        run.open.set()
        closed.result(timeout=10)
        assert answer.result(timeout=10)
    with pytest.raises(NotReady):
        own.ask([unit(3)])


def test_an_error_in_the_callers_own_work_frees_the_model() -> None:
    own = Batcher(broken_by_bad, threads=1, batch_pieces=100, wait_s=30)
    with pytest.raises(RuntimeError, match="broken"):
        own.ask([unit(3, name="bad")])
    assert list(own.ask([unit(3)]))
    own.close()
