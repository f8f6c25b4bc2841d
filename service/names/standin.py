"""A name that the model cannot copy goes through it as another one, and is put back afterwards.

"Octavian Străinu" comes out as "Strinu" whatever the model is asked; "Paul Martin" in its place
comes out as "Paul Martin". Reach for `stand_ins` when a sentence has lost names in every
translation that was asked for: each answer is a sentence to ask for instead, and `StandIn.undone`
puts the names back, if every stand-in arrived, once and whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from service.names.anchors import Carried
from service.names.arrival import Link, LostName, lost_names
from service.names.skeleton import fold

# Names that both models copy, none of a person in the news: the first of each is tried first.
_WOMEN = ("Marie Martin", "Sophie Robert", "Claire Dubois", "Anne Moreau", "Alice Girard")
_MEN = ("Paul Martin", "Thomas Robert", "Pierre Dubois", "Alain Moreau", "Antoine Girard")
_SURNAMES = ("Martin", "Robert", "Dubois", "Moreau", "Girard", "Arnaud", "Albert")
_PLACES = ("Paris", "Madrid", "Berlin", "Oslo", "Amsterdam")
# Sentences asked for in place of one that lost names.
VARIANTS = 3

_VOWELS = tuple("aeiouyh")
_ELISION = ("'", "’")


@dataclass(frozen=True, slots=True)
class _Part:
    """One name and who stands in: half-open offsets into the carried text and into the new one."""

    start: int
    end: int
    new_start: int
    new_end: int
    name: str
    substitute: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """A sentence to ask the model instead: `undone` takes its translation back.

    Args:
        text: the carried text with other names in place of those that were lost.
    """

    text: str
    _parts: tuple[_Part, ...]

    def undone(
        self, text: str, links: Sequence[Link] | None
    ) -> tuple[str, tuple[Link, ...] | None] | None:
        """The translation with the names back in their places; None if a stand-in is not there.

        Args:
            text: the translation of `self.text`.
            links: the model's links for it.

        Returns:
            the translation, and its links as of the carried text.
        """
        found: list[tuple[int, int, str]] = []
        for part in self._parts:
            whole = list(re.finditer(rf"(?<!\w){re.escape(part.substitute)}(?!\w)", text))
            if len(whole) != 1 or any(text.count(word) > 1 for word in part.substitute.split()):
                return None
            found.append((*whole[0].span(), part.name))
        found.sort()
        pieces: list[str] = []
        at = 0
        for start, end, name in found:
            pieces += [text[at:start], name]
            at = end
        pieces.append(text[at:])
        if links is None:
            return "".join(pieces), None
        source = [(part.new_start, part.new_end, part.end - part.start) for part in self._parts]
        output = [(start, end, len(name)) for start, end, name in found]
        return "".join(pieces), tuple(
            (*_moved(first, last, source), *_moved(start, end, output))
            for first, last, start, end in links
        )


def stand_ins(carried: Carried, output: str) -> list[StandIn]:
    """Sentences with stand-ins for the names that `output` lacks; none if it lacks none."""
    lost = [
        name
        for name in lost_names(carried, output)
        if name.kind in ("person", "place") and name.words <= 4
    ]
    if not lost:
        return []
    around = fold(f"{carried.text} {output}")
    return [
        variant
        for number in range(VARIANTS)
        if (variant := _variant(carried.text, lost, around, number)) is not None
    ]


def _variant(text: str, lost: Sequence[LostName], around: str, number: int) -> StandIn | None:
    parts: list[_Part] = []
    pieces: list[str] = []
    at = length = 0
    used: set[str] = set()
    for name in lost:
        choice = next(islice(_choices(text, name, around, used), number, None), None)
        if choice is None:
            return None
        used.update(choice.split())
        before = text[at : name.start]
        pieces += [before, choice]
        start = length + len(before)
        length = start + len(choice)
        parts.append(_Part(name.start, name.end, start, length, name.text, choice))
        at = name.end
    pieces.append(text[at:])
    return StandIn("".join(pieces), tuple(parts))


def _choices(text: str, name: LostName, around: str, used: set[str]) -> Iterator[str]:
    """Names that can stand in for one: like it in kind, and nowhere else in the sentence."""
    if name.kind == "place":
        names: Sequence[str] = _PLACES
    elif name.words == 1:
        names = _SURNAMES
    else:
        given = fold(name.text.split()[0])
        both = zip(_WOMEN, _MEN, strict=True)
        woman = given.endswith(("a", "e", "ah", "ine"))
        names = [each for pair in both for each in (pair if woman else pair[::-1])]
    elided = text[: name.start].endswith(_ELISION)
    for choice in names:
        words = choice.split()
        if (
            fold(choice).startswith(_VOWELS) == elided
            and not used.intersection(words)
            and not any(fold(word) in around for word in words)
        ):
            yield choice


def _moved(start: int, end: int, places: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
    """A span where each place (start, end) has got another length."""
    return _moved_offset(start, places, after=False), _moved_offset(end, places, after=True)


def _moved_offset(offset: int, places: Sequence[tuple[int, int, int]], *, after: bool) -> int:
    grown = 0
    for start, end, length in places:
        if offset >= end:
            grown += length - (end - start)
        elif offset > start:
            # Inside: the link is one of the whole name.
            return start + grown + (length if after else 0)
    return offset + grown
