"""Whether the names that a source sentence shows arrived in its translation.

Reach for `lost_words` to choose among several translations of one sentence, and for `parted` before
names are looked for: a model that was given وMacron answers "andMacron". Both look at one sentence
at a time and cost microseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

from service.names.anchors import Carried
from service.names.copied import arrived
from service.names.mentions import PARTICLES
from service.names.skeleton import fold
from service.text.glue import spaced

# A word this near to a name's (share of letters kept) is a damaged form of it, which can be put
# right afterwards: Kesaci for Kessaci is 0.86, Bardella for party 0.25.
NEAR = 0.6
# Names of a sentence that are looked for: one with more is a list, and each is compared with each
# word of the translation.
MOST_NAMES = 50

# (source start, source end, output start, output end), half-open.
Link: TypeAlias = tuple[int, int, int, int]

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class LostName:
    """A name of the source that a translation lacks.

    Args:
        start, end: half-open offsets into the carried text.
        text: as it is to be printed.
        kind: the type of its entry; "person" where no glossary lists it.
    """

    start: int
    end: int
    text: str
    kind: str

    @property
    def words(self) -> int:
        return len(self.text.split())


def lost_words(carried: Carried, output: str) -> int:
    """How many words of a sentence's names have no likeness in its translation.

    Args:
        carried: what the model was given, with its anchors.
        output: the translation of that sentence.
    """
    wanted = [
        word
        for anchor in carried.anchors[:MOST_NAMES]
        for word in name_words(anchor.text or anchor.entry.name)
    ]
    there = _WORD.findall(output) if wanted else []
    lost = 0
    for word in sorted(wanted, key=len, reverse=True):
        near = [_likeness(word, other) for other in there]
        best = max(range(len(near)), key=near.__getitem__, default=None)
        if best is None or near[best] < NEAR:
            lost += 1
        else:
            del there[best]
    if carried.copied:
        folded = name_words(output)
        lost += sum(
            _missing(name_words(carried.text[start:end]), folded)
            for start, end in carried.copied[:MOST_NAMES]
        )
    return lost


def lost_names(carried: Carried, output: str) -> list[LostName]:
    """The names of a sentence that have a word without likeness in its translation, in order."""
    there = _WORD.findall(output)
    folded = name_words(output)
    lost: list[LostName] = []
    anchors = zip(carried.anchors[:MOST_NAMES], carried.spans[:MOST_NAMES], strict=True)
    for anchor, (start, end) in anchors:
        text = anchor.text or anchor.entry.name
        for word in name_words(text):
            if not any(_likeness(word, other) >= NEAR for other in there):
                lost.append(LostName(start, end, text, anchor.entry.type))
                break
    for start, end in carried.copied[:MOST_NAMES]:
        text = carried.text[start:end]
        if _missing(name_words(text), folded):
            lost.append(LostName(start, end, text, "person"))
    return sorted(lost, key=lambda name: name.start)


def _likeness(word: str, other: str) -> float:
    """How much of a folded name word's letters a word of the output has; a name has a capital."""
    folded = fold(other)
    if other[0].islower() and folded != word:
        return 0.0
    return Levenshtein.normalized_similarity(word, folded)


def _missing(name: Sequence[str], output: Sequence[str]) -> int:
    """How many words of a name did not arrive; one if they stand apart from each other."""
    places = [[i for i, other in enumerate(output) if other == word] for word in name]
    missing = sum(
        not where and not arrived(word, output) for word, where in zip(name, places, strict=True)
    )
    if missing or not all(places):
        return missing
    return not any(all(first + i in where for i, where in enumerate(places)) for first in places[0])


def name_words(name: str) -> list[str]:
    """The words of a name that a translation must have, folded."""
    words = map(fold, _WORD.findall(unicodedata.normalize("NFC", name)))
    return [word for word in words if word not in PARTICLES and len(word) > 1]


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
        text, moved = spaced(text, moved, cut)
    return text, moved
