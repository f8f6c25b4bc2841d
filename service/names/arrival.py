"""Whether the names that a source sentence shows arrived in its translation.

Reach for `lost_words` to choose among several translations of one sentence, and for `parted` before
names are looked for: a model that was given وMacron answers "andMacron". Both look at one sentence
at a time and cost microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

from service.names.anchors import Carried
from service.names.mentions import PARTICLES
from service.names.skeleton import fold

# A word this near to a name's (share of letters kept) is a damaged form of it, which can be put
# right afterwards: Kesaci for Kessaci is 0.86, Bardella for party 0.25.
NEAR = 0.6

# (source start, source end, output start, output end), half-open.
Link: TypeAlias = tuple[int, int, int, int]

_WORD = re.compile(r"[^\W\d_]+")


def lost_words(carried: Carried, output: str) -> int:
    """How many words of a sentence's names have no likeness in its translation.

    Args:
        carried: what the model was given, with its anchors.
        output: the translation of that sentence.
    """
    wanted = [
        word
        for anchor in carried.anchors
        for word in map(fold, _WORD.findall(anchor.text or anchor.entry.name))
        if word not in PARTICLES and len(word) > 1
    ]
    there = list(map(fold, _WORD.findall(output))) if wanted else []
    lost = 0
    for word in sorted(wanted, key=len, reverse=True):
        near = [Levenshtein.normalized_similarity(word, other) for other in there]
        best = max(range(len(near)), key=near.__getitem__, default=None)
        if best is None or near[best] < NEAR:
            lost += 1
        else:
            del there[best]
    return lost


def parted(
    text: str, links: Sequence[Link] | None, carried: Carried
) -> tuple[str, tuple[Link, ...] | None]:
    """A translation with a space between a word in small letters and a name glued to it.

    Args:
        text: the translation.
        links: the model's links, whose output side moves along.
        carried: what the model was given; only names in it are parted.
    """
    moved = None if links is None else tuple(links)
    if carried.language != "ar":
        return text, moved
    names = {re.escape((anchor.text or anchor.entry.name).split()[0]) for anchor in carried.anchors}
    if not names:
        return text, moved
    glued = re.compile(rf"(?<!\w)[a-z]{{2,}}(?=(?:{'|'.join(sorted(names))})(?!\w))")
    cuts = [match.end() for match in glued.finditer(text)]
    for cut in reversed(cuts):
        text = f"{text[:cut]} {text[cut:]}"
        moved = moved and tuple(
            (first, last, start + (start >= cut), end + (end > cut))
            for first, last, start, end in moved
        )
    return text, moved
