"""What names cost, in counts and not in times: a slip shows on a busy machine as well."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable

import pytest

from service.names.glossary import Entry, Glossary
from service.names.matcher import Memo, Part, index_of
from service.names.normalise import normalise

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "i", "ou", "er", "al", "in")]
TEXT = (
    "Franck Alessio met Amin Kisasi and Laurent Nonier in Marseille. Deputy Sarah Whitfield of the "
    "National Assembly and George Bendall spoke before Kisasi, who had come with Benoit Payen."
)


def glossary(size: int) -> Glossary:
    """The names of the text among `size` random ones."""
    known = ["Franck Allisio", "Amine Kessaci", "Laurent Nuñez", "Benoît Payan"]
    chosen = random.Random(7)

    def word() -> str:
        return "".join(chosen.choices(SYLLABLES, k=chosen.choice((2, 3, 3, 4)))).capitalize()

    names = known + [f"{word()} {word()}" for _ in range(size)]
    entries = tuple(Entry(id=f"e{n}", name=name) for n, name in enumerate(names))
    return Glossary(entries, version=str(size))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts of names that a form of the text was compared with."""
    seen: list[str] = []
    one, many = Memo.score, Memo.score_all

    def score(self: Memo, folded: str, part: Part) -> float:
        seen.append(folded)
        return one(self, folded, part)

    def score_all(self: Memo, folded: str, parts: Iterable[Part]) -> None:
        parts = list(parts)
        seen.extend([folded] * len(parts))
        many(self, folded, parts)

    monkeypatch.setattr(Memo, "score", score)
    monkeypatch.setattr(Memo, "score_all", score_all)
    return seen


def test_comparisons_hardly_grow_with_the_glossary(compared: list[str]) -> None:
    counts = []
    for size in (500, 5_000):
        names = glossary(size)
        index_of(names)
        compared.clear()
        normalise(TEXT, names)
        counts.append(len(compared))
    few, many = counts

    assert few > 0
    assert many <= 4 * few


def test_memory_for_a_text_hardly_grows_with_the_glossary() -> None:
    peaks = []
    for size in (500, 5_000):
        names = glossary(size)
        normalise(TEXT, names)
        tracemalloc.start()
        normalise(TEXT, names)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    few, many = peaks

    assert many <= 2 * few + 100_000
