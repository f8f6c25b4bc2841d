"""Batches translated while they are read: in order, in bounded memory, whoever is slow."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import InvalidRequest, NotReady, Overloaded
from service.jobs import stream as stream_module
from service.jobs.records import Fault, Options, Record
from service.jobs.stream import AHEAD_RECORDS, GROUP_RECORDS, BatchStream, RecordQueue
from tests.jobs.conftest import records_of
from tests.jobs.fakes import RAISES, UNSUPPORTED, FakePipeline, translated
from tests.jobs.processes import wait_until


def stream_of(
    records: Iterator[Record], pipeline: FakePipeline, tmp_path: Path, **more: object
) -> BatchStream:
    return BatchStream(
        records,
        Options(),
        pipeline.translate,
        spill_dir=tmp_path,
        **more,  # type: ignore[arg-type]
    )


def lines_of(stream: BatchStream) -> list[dict[str, object]]:
    return [json.loads(outcome.line) for outcomes in stream for outcome in outcomes]


def test_results_come_in_order_and_each_once(tmp_path: Path) -> None:
    texts = [f"texte {number}" for number in range(1000)]
    lines = lines_of(stream_of(iter(records_of(texts)), FakePipeline(), tmp_path))
    assert [line["position"] for line in lines] == list(range(1000))
    assert [line["text"] for line in lines] == [translated(text) for text in texts]


def test_the_first_results_come_while_the_rest_is_still_being_sent(tmp_path: Path) -> None:
    first_seen = threading.Event()

    def records() -> Iterator[Record]:
        yield from records_of(["a", "b"])
        assert first_seen.wait(30), "nothing came before the end"
        yield from records_of(["c"], start=2)

    stream = stream_of(records(), FakePipeline(), tmp_path)
    positions = []
    for outcomes in stream:
        positions += [outcome.position for outcome in outcomes]
        first_seen.set()
    assert positions == [0, 1, 2]


def test_faults_and_refusals_stand_in_their_place(tmp_path: Path) -> None:
    bad = Record(1, 2, "x", "", fault=Fault.of(InvalidRequest("The line is not JSON.")))
    records = [*records_of(["a"]), bad, *records_of([UNSUPPORTED, "d"], start=2)]
    lines = lines_of(stream_of(iter(records), FakePipeline(), tmp_path))
    assert [line["position"] for line in lines] == [0, 1, 2, 3]
    assert ["error" in line for line in lines] == [False, True, True, False]
    assert (lines[1]["line"], lines[1]["id"]) == (2, "x")


def test_a_glossary_that_is_no_more_is_an_error_of_the_items_that_name_it(tmp_path: Path) -> None:
    gone = Record(0, 1, None, "a", glossary="3b1b5d1e-0000-4000-8000-000000000000")
    records = [gone, *records_of(["b"], start=1)]
    first, second = lines_of(stream_of(iter(records), FakePipeline(), tmp_path))
    assert "not_found" in json.dumps(first)
    assert second["text"] == "B"


def test_a_text_on_which_the_service_fails_is_an_error_line_alone(tmp_path: Path) -> None:
    records = records_of(["a", RAISES, "c"])
    lines = lines_of(stream_of(iter(records), FakePipeline(), tmp_path))
    assert [line.get("text") for line in lines] == ["A", None, "C"]
    assert "set_aside" in json.dumps(lines[1])


@pytest.mark.parametrize("error", [Overloaded("Full."), NotReady("Loading.")])
def test_a_batch_waits_for_capacity(tmp_path: Path, error: Exception) -> None:
    pipeline = FakePipeline(failures=[error, error])
    lines = lines_of(stream_of(iter(records_of(["a"])), pipeline, tmp_path))
    assert [line["text"] for line in lines] == ["A"]
    assert len(pipeline.calls) == 3


def test_a_group_that_takes_long_is_announced_by_empty_groups_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "PULSE_SECONDS", 0.01)
    pipeline = FakePipeline()
    pipeline.go_on.clear()
    idle = threading.Event()

    def records() -> Iterator[Record]:
        yield from records_of(["a"])
        idle.wait(0.5)  # the sender is slow: nothing is promised, so nothing is announced

    groups = iter(stream_of(records(), pipeline, tmp_path))
    assert [next(groups) for _ in range(3)] == [[], [], []]
    pipeline.go_on.set()
    rest = [*groups]
    assert [outcome.position for outcomes in rest for outcome in outcomes] == [0]
    assert rest[-1], "an empty group promises another after it"


def test_what_was_read_before_a_break_is_answered_before_the_error(tmp_path: Path) -> None:
    taken = threading.Event()

    def records() -> Iterator[Record]:
        yield from records_of(["a", "b"])
        taken.wait(30)
        raise InvalidRequest("The array is broken.")

    results = iter(stream_of(records(), FakePipeline(), tmp_path))
    seen = [outcome.position for outcome in next(results)]
    while len(seen) < 2:
        seen += [outcome.position for outcome in next(results)]
    taken.set()
    assert seen == [0, 1]
    with pytest.raises(InvalidRequest, match="broken"):
        next(results)


def test_texts_that_are_there_are_translated_together(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.go_on.clear()
    stream = stream_of(iter(records_of(["t"] * (4 * GROUP_RECORDS))), pipeline, tmp_path)
    results = iter(stream)
    threading.Timer(0.3, pipeline.go_on.set).start()
    lines = [outcome for outcomes in results for outcome in outcomes]
    assert len(lines) == 4 * GROUP_RECORDS
    assert len(pipeline.calls) <= 6


def test_reading_stops_while_results_are_taken_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STALL_SECONDS", 3600.0)
    read = 0

    def records() -> Iterator[Record]:
        nonlocal read
        for record in records_of(["t"] * 5000):
            read += 1
            yield record

    stream = stream_of(records(), FakePipeline(), tmp_path)
    results = iter(stream)
    first = next(results)
    wait_until(lambda: len(stream.queue._memory) >= AHEAD_RECORDS)
    most = AHEAD_RECORDS + (stream_module.IN_FLIGHT + 2) * GROUP_RECORDS
    assert read <= most
    rest = [outcome for outcomes in results for outcome in outcomes]
    assert len(first) + len(rest) == 5000
    assert stream.queue.spilled == 0


def test_a_sender_that_takes_no_results_yet_is_read_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STALL_SECONDS", 0.2)
    ended = threading.Event()

    def records() -> Iterator[Record]:
        yield from records_of([f"texte {number}" for number in range(5000)])
        ended.set()

    stream = stream_of(records(), FakePipeline(), tmp_path)
    results = iter(stream)
    lines = list(next(results))
    assert ended.wait(30), "the reading waits for results to be taken"
    assert len(stream.queue._memory) <= AHEAD_RECORDS
    lines += [outcome for outcomes in results for outcome in outcomes]
    assert [outcome.position for outcome in lines] == list(range(5000))
    assert [json.loads(outcome.line)["text"] for outcome in lines] == [
        f"TEXTE {number}" for number in range(5000)
    ]
    assert stream.queue.spilled > 0
    assert list(tmp_path.iterdir()) == []


def test_a_caller_that_goes_away_ends_the_reading(tmp_path: Path) -> None:
    interrupted = threading.Event()

    def records() -> Iterator[Record]:
        yield from records_of(["a"])
        interrupted.wait(60)  # as a read from a connection does until it is shut down

    stream = stream_of(records(), FakePipeline(), tmp_path, interrupt=interrupted.set)
    results = iter(stream)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not stream._reader.is_alive()


def test_the_queue_refuses_records_once_it_is_abandoned(tmp_path: Path) -> None:
    queue = RecordQueue(tmp_path, lambda: False)
    queue.abandon()
    with pytest.raises(stream_module.Abandoned):
        queue.put(records_of(["a"])[0])
