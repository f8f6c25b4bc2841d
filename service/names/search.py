"""Searching the glossary as an editor types: by spelling in either script, then by sound."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.names.glossary import Entry, Glossary
from service.names.matcher import arabic_words
from service.names.skeleton import (
    align,
    arabic_units,
    coarse_readings,
    derived_units,
    fold,
    french_units,
    plain_units,
)

SOUND = "sounds like it"


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found, and the form that it was found by (empty: its name)."""

    entry: Entry
    by: str = ""


def find(glossary: Glossary, query: str) -> list[Hit]:
    """Entries for a query, best first; all of them, by name, for an empty one.

    A name that begins with the query comes first, then one that holds it, then other forms that
    hold it, then names that sound like it; a query in Arabic is heard as Arabic.
    """
    wanted = folded(query)
    if not wanted:
        return [Hit(entry) for entry in sorted(glossary.entries, key=lambda e: folded(e.name))]
    ranked: list[tuple[float, str, Hit]] = []
    words = [_units(word) for word in query.replace("-", " ").split()]
    arabic = _has_arabic(wanted)
    for entry in glossary.entries:
        hit = _rank(entry, wanted) or _rank_by_sound(entry, words, arabic)
        if hit is not None:
            ranked.append((hit[0], folded(entry.name), Hit(entry, hit[1])))
    ranked.sort(key=lambda item: item[:2])
    return [hit for _, _, hit in ranked]


def _has_arabic(text: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in text)


def _units(word: str) -> str:
    """How a word of the query is read; an Arabic one without its article."""
    if _has_arabic(word):
        return arabic_units("".join(arabic_words(word)))
    return plain_units(fold(word))


def _rank_by_sound(entry: Entry, words: Sequence[str], arabic: bool) -> tuple[float, str] | None:
    """By how nearly every word of the query sounds like a word of the name."""
    if not words or not all(words):
        return None
    parts = [fold(part) for part in entry.name.replace("-", " ").split()]
    readings = _arabic_readings(entry, parts) if arabic else _latin_readings(parts)
    near = [max((_likeness(word, one, arabic) for one in readings), default=0.0) for word in words]
    return (3 + 1 / (1 + min(near)), SOUND) if min(near) > 0 else None


def _latin_readings(parts: Sequence[str]) -> set[str]:
    """The parts of a name as they are read in English and in French."""
    return {units for part in parts for units in (plain_units(part), french_units(part))}


def _arabic_readings(entry: Entry, parts: Sequence[str]) -> set[str]:
    """The words of a name's Arabic forms, and how its parts would be written in Arabic."""
    listed = {arabic_units(word) for form in entry.ar for word in arabic_words(form)}
    return listed.union(*(derived_units(part) for part in parts))


def _likeness(units: str, reading: str, arabic: bool) -> float:
    """Log-odds that `units` is a damaged form of a name's part; 0 where it surely is not."""
    if set(coarse_readings(units)) & set(coarse_readings(reading)):
        return max(0.0, align(units, reading, arabic=arabic))
    return 0.0


def _rank(entry: Entry, wanted: str) -> tuple[float, str] | None:
    name = folded(entry.name)
    if name.startswith(wanted):
        return 0, ""
    if wanted in name:
        return 1, ""
    for form in _other_forms(entry):
        if wanted in folded(form):
            return 2, form
    return None


def _other_forms(entry: Entry) -> Iterator[str]:
    yield from entry.ar
    yield from entry.fr
    yield from entry.variants
    yield entry.id
    yield from entry.context


def folded(text: str) -> str:
    """Case, accents, Arabic vowel signs and hamza seats left out."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.translate(_ARABIC_SEATS).strip()


_ARABIC_SEATS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None}
)
