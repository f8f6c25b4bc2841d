"""A model of what the way through Arabic does to a name.

A word is read as a string of *units*, one character each: its consonants and vowels as they sound,
in a plain reading (what a relay writes) and in a French one (silent endings, `eau`, `gn`, `ou`,
soft c and g). An Arabic form is read into the same alphabet, letter by letter. Two units cost
little where one Arabic letter stands for both (p and b), or where their Arabic letters differ by
dots alone (r and z), and much otherwise.

* `coarse` throws almost everything away: equal or nearly equal coarse strings make candidates.
* `align` finds the best alignment of two unit strings, as the log-odds that one is a damaged form
  of the other; its weights were learned (training/names/README.md) and stand in `weights.json`.

Costs: a reading about 5 µs, an alignment of two words about 40 µs; nothing is kept between calls.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

VOWELS = frozenset("aeiou")
# The Arabic letters that stand for long vowels or are not heard: و ي ا ع.
LONG = frozenset("WYAE")
_VOWEL_LIKE = VOWELS | LONG

_SPECIAL = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ı": "i", "ŋ": "n", "ħ": "h", "ə": "e",
    }
)  # fmt: skip
# Characters inside words that carry no letter: soft hyphen, zero-width, direction, tatweel, ayn.
IGNORABLE = "\u00ad\u034f\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_IGNORED = re.compile(f"[{IGNORABLE}'’‘`´ʼʿʾ]")


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without accents, case and invisible characters; letters only."""
    decomposed = unicodedata.normalize("NFKD", _IGNORED.sub("", word))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return bare.casefold().translate(_SPECIAL)


_PLAIN_RULES: tuple[tuple[str, str], ...] = (
    (r"tsch", "C"), (r"sch", "S"), (r"tch", "C"), (r"sh", "S"), (r"ch", "C"), (r"kh", "x"),
    (r"gh", "G"), (r"ph", "f"), (r"th", "T"), (r"dh", "D"), (r"dj", "j"), (r"ck", "k"),
    (r"cq?u(?=[eiy])", "k"), (r"qu(?=[aeiou])", "k"), (r"c(?=[eiy])", "c"), (r"c(?![eiy])", "k"),
    (r"x", "ks"), (r"eau|au", "o"), (r"oo|ou", "u"), (r"ee", "i"), (r"[ae][iy](?![aeiou])", "e"),
    (r"y(?![aeiou])", "i"), (r"(?<=[bcdfgjklmnpqrstvxz])y", "i"),
)  # fmt: skip

_FRENCH_RULES: tuple[tuple[str, str], ...] = (
    (r"(?:e?aux?|aud|ault|aut|ots?|os)$", "o"), (r"(?:er|ez|ets?|ais|ait|ay|ey)$", "e"),
    (r"es$", ""), (r"(?<=[^cqg])ue$", "u"),
    (r"(?<=[aeiourlnm])[tdsxzp]+$", ""), (r"(?<=[^aeiou])e$", ""), (r"(?<=[iuo])e$", ""),
    (r"([aeo]u?)ill(?=[aeiou]|$)", r"\1y"), (r"(?<=[^aeiou])ill(?=[aeiou])", "iy"),
    (r"gn", "N"), (r"tch", "C"), (r"sch", "S"), (r"ch(?=[lr])", "k"), (r"ch", "S"), (r"ph", "f"),
    (r"th", "t"), (r"kh", "x"), (r"dj", "j"), (r"gu(?=[eiy])", "g"), (r"ge(?=[ao])", "j"),
    (r"g(?=[eiy])", "j"), (r"qu", "k"), (r"q", "k"), (r"ck", "k"),
    (r"(?<=[aeiou])s(?=[aeiou])", "z"), (r"c(?=[eiy])", "s"), (r"c", "k"), (r"x", "ks"),
    (r"oi", "wa"),
    (r"eau|au", "o"), (r"oeu|eu", "e"), (r"ou(?=[aei])", "w"), (r"ou", "u"),
    (r"[ae][iy](?![aeiou])", "e"), (r"h", ""),
    (r"y(?![aeiou])", "i"), (r"(?<=[bcdfgjklmnpqrstvxz])y", "i"),
)  # fmt: skip

_PLAIN = tuple((re.compile(pattern), value) for pattern, value in _PLAIN_RULES)
_FRENCH = tuple((re.compile(pattern), value) for pattern, value in _FRENCH_RULES)
_DOUBLED = re.compile(r"(.)\1+")
_NOT_UNIT = re.compile(r"[^a-zA-Z]")


@lru_cache(maxsize=65536)
def plain_units(folded: str) -> str:
    """A folded word in the plain reading."""
    return _read(folded.replace("ñ", "N"), _PLAIN)


@lru_cache(maxsize=65536)
def french_units(folded: str) -> str:
    """A folded word as a French reader says it."""
    return _read(folded, _FRENCH)


def _read(word: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, value in rules:
        word = pattern.sub(value, word)
    return _DOUBLED.sub(r"\1", _NOT_UNIT.sub("", word))


_ARABIC_UNITS = {
    "ا": "A", "أ": "A", "إ": "i", "آ": "A", "ٱ": "A", "ى": "A", "ء": "", "ئ": "Y", "ؤ": "W",
    "ب": "b", "پ": "p", "ت": "t", "ث": "T", "ج": "j", "چ": "C", "ح": "h", "خ": "x", "د": "d",
    "ذ": "D", "ر": "r", "ز": "z", "ژ": "j", "س": "s", "ش": "S", "ص": "s", "ض": "d", "ط": "t",
    "ظ": "z", "ع": "E", "غ": "G", "ف": "f", "ڤ": "v", "ڥ": "v", "ق": "q", "ڨ": "g", "ك": "k",
    "ک": "k", "گ": "g", "ڭ": "g", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "a", "و": "W",
    "ي": "Y", "ی": "Y",
}  # fmt: skip


@lru_cache(maxsize=65536)
def arabic_units(word: str) -> str:
    """An Arabic word, letter by letter, short vowels left out as they are."""
    units = "".join(_ARABIC_UNITS.get(letter, "") for letter in word)
    if len(units) > 2 and units.endswith(("Yh", "Ah")):
        units = units[:-1]
    return _DOUBLED.sub(r"\1", units)


_TO_ARABIC = str.maketrans(
    {"p": "b", "v": "f", "g": "G", "C": "S", "c": "s", "N": "nY", "w": "W", "y": "Y", "e": "",
     "a": "A", "i": "Y", "o": "W", "u": "W"}
)  # fmt: skip
_SHORT = re.compile(r"(?<=.)[aeiou](?=.)")


@lru_cache(maxsize=65536)
def derived_units(folded: str) -> tuple[str, ...]:
    """How Arabic likely writes a name of which no Arabic form is known, as units.

    The first takes the French vowels for long ones, as outlets write European names; the second
    drops the vowels inside, as Arabic names are written.
    """
    french, plain = french_units(folded), plain_units(folded)
    first = "A" if french[:1] in VOWELS else ""
    long = first + french[len(first) :].translate(_TO_ARABIC)
    short = first + _SHORT.sub("", plain)[len(first) :].translate(_TO_ARABIC)
    return tuple(dict.fromkeys(_DOUBLED.sub(r"\1", units) for units in (long, short) if units))


_COARSE = {
    **dict.fromkeys("bpfv", "B"), **dict.fromkeys("kqgGx", "K"), **dict.fromkeys("szSjCcD", "S"),
    **dict.fromkeys("tdT", "T"), **dict.fromkeys("nN", "N"), "m": "M", "l": "L", "r": "R",
}  # fmt: skip
# Units that may stand in either of two coarse classes, depending on who romanised them.
_COARSE_OTHER = str.maketrans({"g": "j", "j": "g", "C": "k", "c": "k", "T": "s", "D": "d"})


@lru_cache(maxsize=65536)
def coarse(units: str) -> str:
    """The consonants of a unit string in seven classes; w, y, h and vowels dropped."""
    return _DOUBLED.sub(r"\1", "".join(_COARSE.get(unit, "") for unit in units))


@lru_cache(maxsize=65536)
def coarse_readings(units: str) -> tuple[str, ...]:
    """The coarse string, and the one in which g, j, ch, c, th, dh are taken the other way."""
    first, other = coarse(units), coarse(units.translate(_COARSE_OTHER))
    return (first,) if first == other else (first, other)


_LIGHT = str.maketrans({"C": "S", "q": "k", "c": "s", "w": "u", "y": "i", "T": "t", "D": "d"})


@lru_cache(maxsize=65536)
def light(folded: str) -> str:
    """A word as every house would spell it.

    What differs by sh and ch, q and k, y and i, u and ou, by doubled letters or by a last e or h
    is another house's right spelling as often as damage.
    """
    units = plain_units(folded).translate(_LIGHT)
    if len(units) > 3 and units[-1] in "eh":
        units = units[:-1]
    return _DOUBLED.sub(r"\1", units.removesuffix("h"))


@lru_cache(maxsize=65536)
def lightest(folded: str) -> str:
    """A word without what no reader notices: doubled letters, ou for u."""
    return _DOUBLED.sub(r"\1", folded.replace("ou", "u").replace("oo", "u"))


# --- Alignment ---------------------------------------------------------------------------------

# Units that one Arabic letter may stand for.
SAME_LETTER = (
    "bp", "fv", "kq", "gj", "gk", "gq", "gG", "gC", "kC", "SC", "jC", "jS", "sc", "kc", "cC", "Nn",
    "jz", "Tt", "Ts", "Dd", "Dz", "sz", "xk", "xh", "xq", "xG", "vw", "bv", "dt", "yj", "jG",
)  # fmt: skip
# Units whose Arabic letters are one stroke with other dots: ر ز, ب ت ث ن ي, ج ح خ, د ذ, س ش, ف ق.
DOTS = (
    "rz", "bt", "bn", "tn", "by", "ty", "ny", "bT", "nT", "pt", "pn", "jh", "jx", "sS", "fq", "vq",
    "dz", "fk", "gh", "Sz", "dr",
)  # fmt: skip
_SAME = {pair for both in SAME_LETTER for pair in (both, both[::-1])}
_DOTTED = {pair for both in DOTS for pair in (both, both[::-1])}
# Long vowels of an Arabic form and what they are written with.
_LONG_AS = {"W": "wuov", "Y": "yie", "A": "aeo", "E": "aei"}
_GLIDES = {"wu", "uw", "wo", "ow", "yi", "iy", "ye", "ey"}
_SILENT = frozenset("tdsxzprk")

# What can happen to a unit, in the order of `Weights`.
OPERATIONS = (
    "consonant",  # the same consonant on both sides
    "same_letter",  # one Arabic letter stands for both
    "dots",  # the two Arabic letters differ by dots
    "other",  # any other pair of consonants
    "added",  # a consonant in the text alone
    "lost",  # a consonant in the name alone
    "h",  # h on one side alone
    "nasal",  # n before a consonant or at the end, on one side alone
    "silent_lost",  # a last consonant that French does not say, lost
    "silent_added",  # such a consonant put where there was none
    "vowel",  # the same vowel, or a long one written as such
    "vowel_changed",
    "vowel_added",
    "vowel_lost",
    "glide",  # w for u or o, y for i or e
    "glide_lost",  # w or y on one side alone
    "first",  # the first sound differs
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds of each operation and of any pair, against Latin and against Arabic forms."""

    latin: tuple[float, ...]
    latin_bias: float
    arabic: tuple[float, ...]
    arabic_bias: float

    @classmethod
    def from_json(cls, value: Mapping[str, Mapping[str, float]]) -> Weights:
        """Weights by the names of `OPERATIONS`, and `bias`."""
        latin, arabic = value["latin"], value["arabic"]
        return cls(
            tuple(float(latin[name]) for name in OPERATIONS),
            float(latin["bias"]),
            tuple(float(arabic[name]) for name in OPERATIONS),
            float(arabic["bias"]),
        )


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The learned weights of `weights.json`."""
    return Weights.from_json(
        json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
    )


_OP = {name: number for number, name in enumerate(OPERATIONS)}
_CONSONANT, _VOWEL, _GLIDE = _OP["consonant"], _OP["vowel"], _OP["glide"]
_ALIKE = frozenset({_CONSONANT, _VOWEL, _GLIDE, _OP["same_letter"], _OP["vowel_changed"]})


@lru_cache(maxsize=4096)
def _pair(text: str, name: str) -> int | None:
    """The operation that turns unit `name` into unit `text`, or None where none may."""
    if text == name:
        return _VOWEL if text in _VOWEL_LIKE else _CONSONANT
    both = text + name
    for long, other in ((name, text), (text, name)):
        if long in LONG:
            if other in LONG:
                return _OP["vowel_changed"]
            if other in _LONG_AS[long]:
                return _VOWEL if other in VOWELS else _GLIDE
            return _OP["vowel_changed"] if other in VOWELS else None
    if both in _GLIDES:
        return _GLIDE
    if text in VOWELS or name in VOWELS:
        return _OP["vowel_changed"] if text in VOWELS and name in VOWELS else None
    if both in _SAME:
        return _OP["same_letter"]
    if both in _DOTTED:
        return _OP["dots"]
    return _OP["other"]


def _alone(units: str, at: int, in_text: bool) -> int:
    """The operation for a unit that stands on one side alone."""
    unit = units[at]
    if unit in VOWELS or unit in "AE":
        return _OP["vowel_added" if in_text else "vowel_lost"]
    if unit in "wyWY":
        return _OP["glide_lost"]
    if unit == "h":
        return _OP["h"]
    last = at == len(units) - 1
    if last and unit in _SILENT and at > 1:
        return _OP["silent_added" if in_text else "silent_lost"]
    if unit == "n" and (last or units[at + 1] not in _VOWEL_LIKE) and at > 0:
        return _OP["nasal"]
    return _OP["added" if in_text else "lost"]


@lru_cache(maxsize=65536)
def _alone_all(units: str, in_text: bool) -> tuple[int, ...]:
    return tuple(_alone(units, at, in_text) for at in range(len(units)))


_MOST_UNITS = 32
_ALPHABET = "bpfvmnNlrszCScdDtTkqgGxjhwy" + "aeiou" + "WYAE"


@lru_cache(maxsize=2)
def _pair_weights(arabic: bool) -> dict[str, dict[str, float]]:
    """The learned log-odds of every pair of units that may be aligned."""
    weight = weights().arabic if arabic else weights().latin
    return {
        text: {
            name: weight[operation]
            for name in _ALPHABET
            if (operation := _pair(text, name)) is not None
        }
        for text in _ALPHABET
    }


@lru_cache(maxsize=65536)
def _alone_weights(units: str, in_text: bool, arabic: bool) -> tuple[float, ...]:
    weight = weights().arabic if arabic else weights().latin
    return tuple(weight[operation] for operation in _alone_all(units, in_text))


@lru_cache(maxsize=4096)
def _starts_alike(text: str, name: str) -> bool:
    """Whether two first units may be one sound: the one letter that damage mostly spares."""
    if "h" in (text, name) and (text in _VOWEL_LIKE or name in _VOWEL_LIKE):
        return True
    pair = _pair(text, name)
    return pair is not None and pair in _ALIKE


def align(text: str, name: str, *, arabic: bool = False) -> float:
    """The log-odds that unit string `text` is a damaged form of unit string `name`.

    Args:
        text: units of what stands in the text (plain reading).
        name: units of the entry's form, in any reading.
        arabic: `name` was read from an Arabic form.
    """
    text, name = text[:_MOST_UNITS], name[:_MOST_UNITS]
    pairs = _pair_weights(arabic)
    text_alone = _alone_weights(text, True, arabic)
    name_alone = _alone_weights(name, False, arabic)
    chosen = weights()
    total = 0.0
    row = [0.0]
    for alone in name_alone:
        total += alone
        row.append(total)
    for unit, alone in zip(text, text_alone, strict=True):
        across = pairs[unit]
        diagonal = row[0]
        left = diagonal + alone
        new = [left]
        for j, other in enumerate(name):
            up = row[j + 1]
            left += name_alone[j]
            score = up + alone
            if score > left:
                left = score
            pair = across.get(other)
            if pair is not None:
                score = diagonal + pair
                if score > left:
                    left = score
            new.append(left)
            diagonal = up
        row = new
    score = row[-1]
    if text and name and not _starts_alike(text[0], name[0]):
        score += (chosen.arabic if arabic else chosen.latin)[_OP["first"]]
    return score + (chosen.arabic_bias if arabic else chosen.latin_bias)


_CODES = {unit: code for code, unit in enumerate(_ALPHABET, start=1)}
_ARABIC_CODES = 64
_NEVER = -1e9
_WIDTH = _MOST_UNITS


@lru_cache(maxsize=1)
def _code_weights() -> tuple[FloatArray, FloatArray]:
    """Log-odds by unit of the text and code of the name's unit, and what a first pair costs.

    The codes of an Arabic form's units are `_ARABIC_CODES` higher than a Latin one's.
    """
    pairs = np.full((len(_ALPHABET) + 1, 2 * _ARABIC_CODES), _NEVER)
    first = np.zeros_like(pairs)
    chosen = weights()
    for arabic, weight in ((False, chosen.latin), (True, chosen.arabic)):
        table = _pair_weights(arabic)
        for text, row in _CODES.items():
            for name, code in _CODES.items():
                column = code + _ARABIC_CODES * arabic
                pairs[row, column] = table[text].get(name, _NEVER)
                if not _starts_alike(text, name):
                    first[row, column] = weight[_OP["first"]]
    return pairs, first


@lru_cache(maxsize=131072)
def _packed(units: str, arabic: bool) -> tuple[bytes, bytes, int]:
    """A name's units as codes and as costs of each alone, padded to one width, and their number."""
    units = units[:_MOST_UNITS]
    codes = bytes(_CODES[unit] + _ARABIC_CODES * arabic for unit in units)
    alone = array("d", _alone_weights(units, False, arabic))
    padding = _WIDTH - len(units)
    return codes + bytes(padding), alone.tobytes() + bytes(8 * padding), len(units)


def align_many(text: str, forms: Sequence[tuple[str, bool]]) -> list[float]:
    """`align` of one text with many forms at once: about 0.2 ms, and 1 ms for 1,000 forms.

    Args:
        text: units of what stands in the text (plain reading).
        forms: units of each form, and whether they were read from an Arabic one.
    """
    text = text[:_MOST_UNITS]
    packed = [_packed(units, arabic) for units, arabic in forms]
    count = len(packed)
    lengths = np.fromiter((length for _, _, length in packed), np.intp, count)
    width = int(lengths.max(initial=0))
    shape = (count, _WIDTH)
    codes = np.frombuffer(b"".join(codes for codes, _, _ in packed), np.uint8).reshape(shape)
    costs = np.frombuffer(b"".join(costs for _, costs, _ in packed)).reshape(shape)
    codes = np.ascontiguousarray(codes[:, :width].T)
    # What the units of each name cost up to a place, if the text has none of them.
    dropped = np.zeros((width + 1, count))
    np.cumsum(costs[:, :width].T, axis=0, out=dropped[1:])
    arabic = np.fromiter((arabic for _, arabic in forms), np.bool_, count)
    alone = [
        np.where(arabic, from_arabic, from_latin)
        for from_latin, from_arabic in zip(
            _alone_weights(text, True, False), _alone_weights(text, True, True), strict=True
        )
    ]
    pairs, first = _code_weights()
    row = dropped.copy()
    for unit, cost in zip(text, alone, strict=True):
        new = row + cost
        np.maximum(new[1:], row[:-1] + pairs[_CODES[unit]].take(codes), out=new[1:])
        new -= dropped
        np.maximum.accumulate(new, axis=0, out=new)
        new += dropped
        row = new
    score = row[lengths, np.arange(count)]
    if text and width:
        score = score + np.where(lengths > 0, first[_CODES[text[0]]].take(codes[0]), 0.0)
    chosen = weights()
    result: list[float] = (score + np.where(arabic, chosen.arabic_bias, chosen.latin_bias)).tolist()
    return result


def score_with(text: str, name: str, *, arabic: bool, table: Weights) -> float:
    """`align` with other weights than the learned ones, for learning them."""
    return _align(text[:_MOST_UNITS], name[:_MOST_UNITS], arabic, table)[0]


def operations(
    text: str, name: str, *, arabic: bool = False, table: Weights | None = None
) -> tuple[int, ...]:
    """How often each of `OPERATIONS` happens in the best alignment: what the fit learns from."""
    counts = [0] * len(OPERATIONS)
    for operation in _align(text[:_MOST_UNITS], name[:_MOST_UNITS], arabic, table)[1]:
        counts[operation] += 1
    return tuple(counts)


def _align(
    text: str, name: str, arabic: bool, table: Weights | None
) -> tuple[float, tuple[int, ...]]:
    chosen = table or weights()
    weight = chosen.arabic if arabic else chosen.latin
    text_alone, name_alone = _alone_all(text, True), _alone_all(name, False)
    # One row per unit of the text: best log-odds and the operations that lead there.
    row: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for j in range(len(name)):
        score, path = row[-1]
        operation = name_alone[j]
        row.append((score + weight[operation], (*path, operation)))
    for i, unit in enumerate(text):
        alone = text_alone[i]
        alone_weight = weight[alone]
        score, path = row[0]
        previous, row = row, [(score + alone_weight, (*path, alone))]
        for j, other in enumerate(name):
            operation = name_alone[j]
            left = row[j][0] + weight[operation]
            up = previous[j + 1][0] + alone_weight
            best, where, op = left, row[j], operation
            if up > left:
                best, where, op = up, previous[j + 1], alone
            pair = _pair(unit, other)
            if pair is not None:
                across = previous[j][0] + weight[pair]
                if across >= best:
                    best, where, op = across, previous[j], pair
            row.append((best, (*where[1], op)))
    score, path = row[-1]
    if text and name and not _starts_alike(text[0], name[0]):
        score += weight[_OP["first"]]
        path = (*path, _OP["first"])
    return score + (chosen.arabic_bias if arabic else chosen.latin_bias), path
