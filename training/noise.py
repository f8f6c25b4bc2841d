"""What careless typing, headlines and other desks do to a sentence.

Each function changes the source only and returns the text unchanged where it has nothing to do, so
that the model learns to write ordinary English whatever comes in. All are pure; the random ones
take the generator as an argument.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

_FINAL = ".!?…؟۔"


def drop_final_punctuation(text: str) -> str:
    """Cut the closing full stop, question or exclamation mark."""
    return text.rstrip().rstrip(_FINAL).rstrip() or text


def upper_case(text: str) -> str:
    """Write everything in capitals, keeping accents."""
    return text.upper()


def lower_case(text: str) -> str:
    """Write everything in small letters."""
    return text.lower()


def drop_accents(text: str) -> str:
    """Remove accents, cedillas and vowel marks (Arabic letters with hamza lose it)."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def capitals_without_accents(text: str) -> str:
    """Write capitals as many headlines do, without accents."""
    return drop_accents(text).upper()


def confuse_final_letters(text: str, rng: random.Random) -> str:
    """Write ه for a final ة in some words, as hasty Arabic typing does."""
    words = text.split(" ")
    return " ".join(
        word[:-1] + "ه" if word.endswith("ة") and rng.random() < 0.7 else word for word in words
    )


def arabic_digits(text: str) -> str:
    """Write Arabic-Indic digits for ASCII ones."""
    return text.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})


def add_tatweel(text: str, rng: random.Random) -> str:
    """Stretch some Arabic words with tatweel."""
    return " ".join(
        word[:-1] + "ـ" + word[-1]
        if len(word) > 3 and all("\u0621" <= c <= "\u064a" for c in word) and rng.random() < 0.3
        else word
        for word in text.split(" ")
    )


def straight_quotes(text: str) -> str:
    """Write typewriter quotes for typographic ones."""
    return text.translate({ord(c): '"' for c in "«»“”„"} | {ord(c): "'" for c in "’‘"})


def curly_quotes(text: str) -> str:
    """Write a typographic apostrophe for the straight one."""
    return text.replace("'", "’")


#: Noise that survives the normaliser, by language, with its share; used to make training text.
TRAINING_NOISE: dict[str, list[tuple[Callable[[str], str], float]]] = {
    "fr": [
        (upper_case, 0.15),
        (capitals_without_accents, 0.15),
        (lower_case, 0.25),
        (drop_accents, 0.3),
        (drop_final_punctuation, 0.15),
    ],
    "ar": [(drop_final_punctuation, 1.0)],
}

#: Every kind that the card reports, by language.
REPORTED_NOISE: dict[str, dict[str, Callable[[str], str]]] = {
    "fr": {
        "no final punctuation": drop_final_punctuation,
        "all capitals": upper_case,
        "capitals without accents": capitals_without_accents,
        "all lower case": lower_case,
        "no accents": drop_accents,
        "straight quotes": straight_quotes,
        "curly apostrophes": curly_quotes,
    },
    "ar": {
        "no final punctuation": drop_final_punctuation,
        "no diacritics, no hamza": drop_accents,
        "tatweel": lambda text: add_tatweel(text, random.Random(1)),
        "Arabic-Indic digits": arabic_digits,
        "ه for final ة": lambda text: confuse_final_letters(text, random.Random(1)),
    },
}


def make_noisy(text: str, language: str, rng: random.Random) -> str:
    """Apply one training noise of ``language``, drawn by its share."""
    kinds = TRAINING_NOISE[language]
    change = rng.choices([kind for kind, _ in kinds], [share for _, share in kinds])[0]
    noisy = change(text)
    if language == "ar" and rng.random() < 0.5:
        noisy = confuse_final_letters(noisy, rng)
    return noisy
