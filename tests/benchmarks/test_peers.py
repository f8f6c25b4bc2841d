"""The comparison with the peers: fair work, right figures."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks import peers
from benchmarks.peers import System, articles, measure, percentile


class Recorder:
    """Answers with what it was asked, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, texts: Sequence[str], source: str) -> list[str]:
        self.asked.append(tuple(texts))
        return list(texts)


def test_no_text_is_asked_twice_of_a_system() -> None:
    recorder = Recorder()
    system = System("one", recorder, 2)
    for mark in range(2):
        for work in peers.WORKLOADS.values():
            recorder.asked.clear()
            work(system, mark)
            texts = [text for asked in recorder.asked for text in asked]
            assert len(texts) == len(set(texts))


def test_rounds_differ_in_every_article() -> None:
    for language in peers.LANGUAGES:
        first, second = articles(language, 0), articles(language, 1)
        assert first
        assert not set(first) & set(second)


def test_every_system_is_asked_the_same() -> None:
    recorders = [Recorder(), Recorder()]
    systems = [System(name, ask, 2) for name, ask in zip("ab", recorders, strict=True)]
    report = measure(systems, rounds=1, sentences=2)
    assert sorted(recorders[0].asked) == sorted(recorders[1].asked)
    assert report.count("| a |") == 2
    assert report.count("| b |") == 3


def test_a_peer_is_compared_with_the_system_of_its_own_beam(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {"own": 1.0, "own, wide": 2.0, "peer": 8.0, "peer, narrow": 3.0}
    monkeypatch.setattr(peers, "WORKLOADS", {"work": lambda system, _mark: seconds[system.name]})
    beams = {"own": 2, "own, wide": 4, "peer": 4, "peer, narrow": 2}
    systems = [System(name, Recorder(), beam) for name, beam in beams.items()]
    report = measure(systems, rounds=1, sentences=1)
    assert "| peer | 8.00 s, 8.00 |" in report
    assert "| peer | 4 | 4.00 |" in report
    assert "| peer, narrow | 2 | 3.00 |" in report


def test_arrays_have_sixty_four_paragraphs() -> None:
    recorder = Recorder()
    peers.arrays(System("one", recorder, 2), 0)
    assert [len(asked) for asked in recorder.asked] == [64, 64]


@pytest.mark.parametrize(("share", "value"), [(0.5, 10.0), (0.95, 19.0), (1.0, 20.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 21)], share) == value
