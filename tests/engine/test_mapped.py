"""Rewriting that remembers where each character came from."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from service.engine.mapped import Mapped


def test_a_replaced_stretch_stands_for_the_whole_of_what_it_replaced() -> None:
    original = "voir https://a.fr ici"
    mapped = Mapped.of(original).sub(re.compile(r"https\S+"), lambda _: "Google")
    assert mapped.text == "voir Google ici"
    assert original[slice(*mapped.span(5, 11))] == "https://a.fr"
    assert original[slice(*mapped.span(6, 8))] == "https://a.fr"
    assert original[slice(*mapped.span(12, 15))] == "ici"


def test_a_replacement_of_the_same_length_keeps_places() -> None:
    mapped = Mapped.of("ABC").sub(re.compile("B"), lambda _: "x")
    assert mapped.span(1, 2) == (1, 2)


def test_deletions_shift() -> None:
    mapped = Mapped.of("a\u200bb").sub(re.compile("\u200b"), lambda _: "")
    assert mapped.text == "ab"
    assert mapped.span(1, 2) == (2, 3)


@given(st.text(max_size=40), st.text(max_size=5), st.sampled_from([r"\s+", "a", "[a-m]", r"\w{2}"]))
def test_laws(text: str, new: str, pattern: str) -> None:
    mapped = Mapped.of(text).sub(re.compile(pattern), lambda _: new)
    assert mapped.text == re.sub(pattern, lambda _: new, text)
    assert len(mapped.text) == len(mapped.starts) == len(mapped.ends)
    assert list(mapped.starts) == sorted(mapped.starts)
    assert all(0 <= a < b <= len(text) for a, b in zip(mapped.starts, mapped.ends, strict=True))
    assert mapped.strip().text == mapped.text.strip()
