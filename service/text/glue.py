"""Two English words that a model wrote as one: "theboard", "toconfront".

A small model sometimes forgets the space after an article or a preposition. `unglued` puts it there
where the whole is no word that anybody writes and the rest is one, in English or in the source: 14
times in the 997 lines of FLORES dev in French (package 1.4).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from wordfreq import zipf_frequency

# Half-open: source start, source end, output start, output end.
Link = tuple[int, int, int, int]

# A word met less often than this (Zipf frequency) is none, and one met more often is one.
NO_WORD, WORD = 1.0, 3.0
SHORTEST_REST = 4

_FIRST = (
    "their",
    "this",
    "with",
    "from",
    "the",
    "and",
    "for",
    "its",
    "his",
    "her",
    "of",
    "to",
    "by",
)
_WORD = re.compile(r"(?<![\w-])[a-z]{6,40}(?![\w-])")


def unglued(
    text: str, links: Sequence[Link] | None, source: str
) -> tuple[str, tuple[Link, ...] | None]:
    """A translation with spaces where the model forgot them.

    Args:
        text: an English translation.
        links: the model's links, whose output side moves along.
        source: the sentence that was translated.
    """
    moved = None if links is None else tuple(links)
    cuts = [
        match.start() + length
        for match in _WORD.finditer(text)
        for length in (_first(match.group(), source),)
        if length
    ]
    for cut in reversed(cuts):
        text, moved = spaced(text, moved, cut)
    return text, moved


def spaced(
    text: str, links: tuple[Link, ...] | None, cut: int
) -> tuple[str, tuple[Link, ...] | None]:
    """A translation with a space put in at an offset, and its links."""
    moved = links and tuple(
        (first, last, start + (start >= cut), end + (end > cut))
        for first, last, start, end in links
    )
    return f"{text[:cut]} {text[cut:]}", moved


def _first(word: str, source: str) -> int:
    """How long the first of two words is that were written as one; 0 for one word."""
    cut = _known_cut(word)
    if cut > 0:
        return 0 if word in source else cut
    for length in _cuts(word) if cut < 0 else ():
        if re.search(rf"(?<!\w){word[length:]}(?!\w)", source):
            return length
    return 0


@lru_cache(maxsize=65536)
def _known_cut(word: str) -> int:
    """Where to cut what is no word, so that an English one is left.

    0 for a word that stands as it is; -1 for what is no word, cut or not.
    """
    if zipf_frequency(word, "en") >= NO_WORD:
        return 0
    return next(
        (length for length in _cuts(word) if zipf_frequency(word[length:], "en") >= WORD), -1
    )


def _cuts(word: str) -> list[int]:
    return [
        len(first)
        for first in _FIRST
        if word.startswith(first) and len(word) - len(first) >= SHORTEST_REST
    ]
