"""Which entries a name is near to, and which words of a text may be names.

Reach for this to *show* an editor what is near: it errs on the side of showing. What is changed
in a text is decided by `service.names.normalise` alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from service.names import words
from service.names.glossary import Entry, Glossary
from service.names.skeleton import (
    align,
    arabic_units,
    coarse,
    coarse_readings,
    fold,
    french_units,
    plain_units,
)
from service.names.workshop.forms import has_arabic, same

#: Log-odds below which two words are not the same name at all: "Cohen"/"Chenu" 0.1,
#: "Nonier"/"Nuñez" 0.8, "Bayrou"/"Barrot" 1.4, "Kisasi"/"Kessaci" 3.3.
WORD_NEAR = 0.5
#: What is left of the likeness of two names whose surnames are alike and given names are not.
OTHER_GIVEN_NAME = 0.4
#: Zipf frequency from which a capitalised word before a name is an ordinary word: "Interior" 4.3.
ORDINARY_WORD = 4.2
#: Particles that belong to the name behind or between them.
_PARTICLE_WORDS = (
    "al el an ad as ash at bin ben ibn bint abu abou abd abdel abdul ould de du des del della "
    "di da la le les van von der den dos d l"
)
PARTICLES = frozenset(_PARTICLE_WORDS.split())
_ARTICLE = re.compile(r"^(?:[aeu]l|a[nsdtrz]|ash|[ei]s)[-\s](?=\w)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Near:
    """An entry that a name is near to; `likeness` is 0 to 1, from its least alike word."""

    entry: Entry
    likeness: float


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a text that look like a name; `text == source[start:end]`."""

    start: int
    end: int
    text: str


def name_words(name: str) -> list[str]:
    """The words of a name that tell it from others: without particles and articles."""
    parts = [word for word in re.split(r"[\s\-–’']+", name) if word]
    telling = [word for word in parts if same(word) not in PARTICLES]
    return telling or parts


@lru_cache(maxsize=65536)
def word_odds(text: str, name: str) -> float:
    """Log-odds that one word is a damaged form of the other; either may be Arabic."""
    if has_arabic(text):
        text, name = name, text
    if has_arabic(text):
        return 3.0 if same(text) == same(name) else -3.0
    units = plain_units(fold(text))
    if has_arabic(name):
        article = name.removeprefix("ال") if len(name) > 4 else name
        return max(align(units, arabic_units(form), arabic=True) for form in {name, article})
    folded = fold(name)
    return max(align(units, plain_units(folded)), align(units, french_units(folded)))


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 to 1.

    The last word counts most: alike names of one surname and another given name stay below 0.5.
    A name of fewer words is compared with the last words of the other: `one` may well be a surname
    alone, and loses a little for it; where `other` has fewer words, much is left over.
    """
    if same(one) == same(other):
        return 1.0
    first, second = name_words(one), name_words(other)
    short, long = sorted((first, second), key=len)
    if not short:
        return 0.0
    missing = len(long) - len(short)
    tail = long[missing:]
    straight = _words_alike(short, tail)
    swapped = _words_alike(short, [*tail[1:], tail[0]]) * 0.8 if len(short) > 1 else 0.0
    return max(straight, swapped) * (0.9 if len(first) < len(second) else 0.5) ** missing


def _words_alike(one: list[str], other: list[str]) -> float:
    odds = [max(word_odds(a, b), word_odds(b, a)) for a, b in zip(one, other, strict=True)]
    surname = _sigmoid(odds[-1] - WORD_NEAR)
    given = _sigmoid(min(odds[:-1]) - WORD_NEAR) if len(odds) > 1 else 1.0
    return surname * (OTHER_GIVEN_NAME + (1 - OTHER_GIVEN_NAME) * given)


class Neighbours:
    """The entries of a glossary, looked up by how their last word sounds."""

    def __init__(self, glossary: Glossary) -> None:
        self._entries = [entry for entry in glossary.entries if entry.status != "deprecated"]
        self._by_sound: dict[str, set[int]] = {}
        for number, entry in enumerate(self._entries):
            for form in (entry.name, *entry.fr, *entry.variants, *entry.ar):
                for word in name_words(form)[-1:]:
                    for sound in _sounds(word):
                        self._by_sound.setdefault(sound, set()).add(number)

    def near(self, name: str, *, limit: int = 5, least: float = 0.3) -> list[Near]:
        """The entries that a name is nearest to, best first; for a name of several words, those
        whose names have several too.

        Args:
            name: Latin or Arabic.
            limit: how many.
            least: the least likeness that is shown.
        """
        sounds = {sound for word in name_words(name)[-1:] for sound in _sounds(word)}
        several = len(name_words(name)) > 1
        numbers = {
            number
            for known, members in self._by_sound.items()
            if any(_near_sound(known, sound) for sound in sounds)
            for number in members
        }
        found = []
        for number in numbers:
            entry = self._entries[number]
            if several and len(name_words(entry.name)) == 1:
                continue
            best = max(likeness(name, form) for form in forms_of(entry))
            if best >= least:
                found.append(Near(entry, round(best, 3)))
        return sorted(found, key=lambda near: (-near.likeness, near.entry.id))[:limit]


def forms_of(entry: Entry) -> tuple[str, ...]:
    """Every form that stands for an entry."""
    return (entry.name, *entry.fr, *entry.variants, *entry.ar)


def name_spans(text: str) -> Iterator[Span]:
    """Runs of capitalised words, with particles between them, without the titles before them.

    A lone word that begins a sentence counts only if it is capitalised elsewhere in the text too.
    """
    found = list(_WORD.finditer(text))
    inside = {
        word.group()
        for index, word in enumerate(found)
        if word.group()[0].isupper() and not _begins_sentence(text, found, index)
    }
    index = 0
    while index < len(found):
        if not _capital(found[index].group()):
            index += 1
            continue
        first, last = index, _last_of_run(text, found, index)
        while first < last and no_name(found[first].group()):
            first += 1
        lone = first == last and _begins_sentence(text, found, first)
        if not (lone and found[first].group() not in inside):
            start, end = found[first].start(), found[last].end()
            yield Span(start, end, text[start:end])
        index = last + 1


def _last_of_run(text: str, found: list[re.Match[str]], index: int) -> int:
    """The last word of the run of capitalised words that begins at `index`."""
    last = index
    while last + 1 < len(found) and _joined(text, found[last], found[last + 1]):
        following = found[last + 1].group()
        if _capital(following):
            last += 1
        elif (
            following.lower() in PARTICLES
            and last + 2 < len(found)
            and _capital(found[last + 2].group())
            and _joined(text, found[last + 1], found[last + 2])
        ):
            last += 2
        else:
            break
    return last


def no_name(word: str) -> bool:
    """Whether a word before a name is a title, a nationality or an ordinary word."""
    folded = fold(word)
    if folded in PARTICLES:
        return False
    common = words.frequency(folded) >= ORDINARY_WORD and not words.is_given_name(folded)
    return words.is_role(folded) or words.is_place(folded) or common


def _capital(word: str) -> bool:
    parts = re.split(r"['’-]", word)
    return any(part[:1].isupper() for part in parts) and len(word) > 1


def _joined(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return text[one.end() : other.start()] in (" ", "\u00a0", "-")


def _begins_sentence(text: str, found: list[re.Match[str]], index: int) -> bool:
    start = found[index].start()
    before = text[:start].rstrip(" \u00a0\"'“”«»‘’(")
    return not before or before[-1] in ".!?:;\n…" or "\n" in text[len(before) : start]


def _sounds(word: str) -> set[str]:
    bare = _ARTICLE.sub("", word)
    if has_arabic(word):
        readings = {arabic_units(form) for form in (word, word.removeprefix("ال"))}
    else:
        folded = fold(bare)
        readings = {plain_units(folded), french_units(folded)}
    return {sound for units in readings for sound in (*coarse_readings(units), coarse(units))}


def _near_sound(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < 2:
        return False
    return Levenshtein.distance(one, other, score_cutoff=1) <= 1


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
