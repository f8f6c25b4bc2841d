"""What is known of ordinary words, given names and places, so that they are not taken for names.

The lists stand in `data/`; word frequencies are wordfreq's (Zipf scale: 3 is once in a million
words, 5 a hundred times; 0 was never met). Loaded at the first question, about 0.5 s and 60 MB.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from wordfreq import zipf_frequency

_DATA = Path(__file__).with_name("data")


@lru_cache(maxsize=8)
def _list(name: str) -> frozenset[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_given_name(folded: str) -> bool:
    """Whether a folded word is a given name somewhere."""
    return folded in _list("given_names.txt")


def is_place(folded: str) -> bool:
    """Whether folded words, joined by single spaces, are a place or its people."""
    return folded in _list("places.txt")


def is_role(folded: str) -> bool:
    """Whether a folded word is a title or an office: minister, coach, Mr."""
    return folded in _list("roles.txt")


def is_kin(folded: str) -> bool:
    """Whether a folded word says that two people are of one family."""
    return folded in _KIN


_KIN = frozenset(
    {"brother", "brothers", "sister", "sisters", "son", "sons", "daughter", "daughters", "father",
     "mother", "wife", "husband", "widow", "widower", "cousin", "uncle", "aunt", "nephew", "niece",
     "family", "parents", "grandfather", "grandmother", "siblings", "sibling", "twin", "twins"}
)  # fmt: skip


@lru_cache(maxsize=65536)
def frequency(folded: str) -> float:
    """How common a folded word is, in English or French, whichever is more."""
    return max(zipf_frequency(folded, "en"), zipf_frequency(folded, "fr"))


@lru_cache(maxsize=65536)
def english_frequency(folded: str) -> float:
    """How common a folded word is in English."""
    return float(zipf_frequency(folded, "en"))
