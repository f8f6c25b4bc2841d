"""More entries than any passage needs: names that stand in the way.

A glossary grows, and a matcher that looks every word up in it grows wrong with it. `generate` makes
as many plausible people as asked for, from given names and surnames of French, Maghreb and Levant
stock (`data/stock/`, surnames also composed from stems and endings), always the same ones for the
same seed, each with an Arabic form from a simple transliterator.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.names.score import folded

STOCK = Path(__file__).parent / "data" / "stock"
SEED = 20261128
COMPOSED_SHARE = 0.6
"""Share of composed surnames, French and Maghreb: real lists have many rare ones."""

_LETTERS = [
    ("eaux", "و"), ("eau", "و"), ("oin", "وان"), ("ille", "ي"), ("tch", "تش"), ("dj", "ج"),
    ("ch", "ش"), ("gn", "ني"), ("gh", "غ"), ("kh", "خ"), ("ph", "ف"), ("th", "ت"), ("dh", "ظ"),
    ("qu", "ك"), ("gu", "غ"), ("ie", "ي"), ("ou", "و"), ("oi", "وا"), ("au", "و"), ("ai", "ي"),
    ("ei", "ي"),
    ("an", "ان"), ("en", "ان"), ("ee", "ي"), ("a", "ا"), ("b", "ب"), ("c", "ك"), ("d", "د"),
    ("e", ""), ("f", "ف"), ("g", "غ"), ("h", "ه"), ("i", "ي"), ("j", "ج"), ("k", "ك"), ("l", "ل"),
    ("m", "م"), ("n", "ن"), ("o", "و"), ("p", "ب"), ("q", "ق"), ("r", "ر"), ("s", "س"), ("t", "ت"),
    ("u", "و"), ("v", "ف"), ("w", "و"), ("x", "كس"), ("y", "ي"), ("z", "ز"),
]  # fmt: skip
_RULES = re.compile("|".join(latin for latin, _ in _LETTERS))
_TABLE = dict(_LETTERS)
_FIRST = {"a": "أ", "e": "إ", "i": "إ", "o": "أو", "u": "أو", "y": "ي"}


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up name with its Arabic form."""

    name: str
    arabic: str


def transliterate(name: str) -> str:
    """An Arabic form of a name in French spelling, as an editor in a hurry would write it.

    Silent endings go, soft c and g are heard, doubled letters are written once, and a short e is
    not written at all.
    """
    return " ".join(_word(word) for word in re.split(r"[ \-']", name) if word)


def _word(word: str) -> str:
    word = word.lower().replace("é", "ié")  # é is written as a long i, e is not written
    word = folded(word).replace("iie", "ie").replace("ck", "k").replace("'", "")
    if word.startswith("abd") and len(word) > 5:
        return "عبد ال" + _word(re.sub(r"^abd[aeou]?[lrsn]?", "", word))
    first = _FIRST.get(word[0], "")
    word = re.sub(r"(?<=.[a-z])(?:er|ez|et|ets)$", "i", word)
    word = re.sub(r"(?<=.[a-z])(?:[dtspx]|e|es)$", "", word)
    word = re.sub(r"c(?=[eiy])", "s", word)
    word = re.sub(r"g(?=[eiy])", "j", word)
    word = re.sub(r"([a-z])\1", r"\1", word)
    if first and word:
        return first + _RULES.sub(lambda found: _TABLE[found[0]], word[1:])
    return _RULES.sub(lambda found: _TABLE[found[0]], word)


def _stock(name: str) -> list[str]:
    return (STOCK / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _surnames(stock: str) -> tuple[list[str], list[str]]:
    """The listed surnames of a stock, and its composed ones (none for the Levant)."""
    listed = _stock(f"surnames-{stock}")
    if stock == "french":
        pairs = product(_stock("stems-french"), _stock("endings-french"))
        return listed, ["".join(pair) for pair in pairs]
    if stock == "maghreb":
        roots = [name.lower() for name in _stock("given-maghreb")]
        return listed, ["".join(pair) for pair in product(("Ben", "Bel", "Bou", "Aït-"), roots)]
    return listed, []


def generate(count: int, avoid: Collection[str] = (), seed: int = SEED) -> Iterator[Person]:
    """Make `count` different people; the first n of a longer run are those of a shorter one.

    Args:
        count: how many; about 500,000 different ones are possible.
        avoid: names, folded and in lower case, that must not be made, such as the golds' right and
            wrong forms.
        seed: another seed gives other people.
    """
    chance = random.Random(seed)
    stocks = ("french", "maghreb", "levant")
    given = {stock: _stock(f"given-{stock}") for stock in stocks}
    surnames = {stock: _surnames(stock) for stock in stocks}
    seen = set(avoid)
    made = 0
    while made < count:
        (stock,) = chance.choices(stocks, weights=(5, 4, 1))
        listed, composed = surnames[stock]
        pool = composed if composed and chance.random() < COMPOSED_SHARE else listed
        name = f"{chance.choice(given[stock])} {chance.choice(pool)}"
        key = folded(name).lower()
        if key not in seen:
            seen.add(key)
            made += 1
            yield Person(name=name, arabic=transliterate(name))
