"""What may be wrong with a translation, told from the two texts alone.

Cheap enough to be run on every sentence. Each function looks for one fault and allows for what the
source itself does: a source that repeats itself may be translated by one that does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from service.text.languages import FUNCTION_WORDS

# Longest group of words whose immediate repetition is looked for.
_LONGEST_LOOP: Final = 8
# A group of words, or of characters, that follows itself this often is a loop.
_LOOPS: Final = 3
_CHARACTER_LOOP: Final = re.compile(r"(\S{1,4}?)\1{7,}")
# A group of three words that comes this many times more often than in the source is one as well.
_TRIGRAM_SURPLUS: Final = 3

_NUMBER: Final = re.compile(
    r"[0-9]{1,3}(?:[ \u00a0\u202f\u2009'’.,][0-9]{3})+(?![0-9])(?:[.,][0-9]+)?"
    r"|[0-9]+(?:[.,][0-9]+)*"
)
_CLOCK: Final = re.compile(r"\b([0-9]{1,2})\.(?=[0-9]{2}\s*[ap]\.?m\b)")
_DIGITS: Final = {
    **{ord("٠") + n: str(n) for n in range(10)},
    **{ord("۰") + n: str(n) for n in range(10)},
    ord("٫"): ".",
    ord("٬"): ",",
}
_SMALL_NUMBERS: Final = (
    ("zero", "no"), ("one", "first", "a", "an", "single"), ("two", "second", "both", "twice"),
    ("three", "third"), ("four", "fourth"), ("five", "fifth"), ("six", "sixth"),
    ("seven", "seventh"), ("eight", "eighth"), ("nine", "ninth"), ("ten", "tenth"), ("eleven",),
    ("twelve", "twelfth"),
)  # fmt: skip
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
# Words that an English translation may write as digits.
_NUMBER_WORD: Final = re.compile(
    r"""\b(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|
    vingt|trente|quarante|cinquante|soixante|cent|cents|mille|millions?|milliards?|premier|première|
    janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|
    dizaines?|centaines?|milliers?|un|une|minuit|midi)\b
    |واحد|اثن|ثلاث|أربع|خمس|ست|سبع|ثماني|تسع|عشر|مئ|مائ|ألف|آلاف|مليون|ملايين|مليار|حادي|ثاني|ثالث|
    يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر|كانون|شباط|آذار|
    نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_ARABIC_LETTER: Final = re.compile("[\u0620-\u064a\u066e-\u06d3]")


def western_digits(text: str) -> str:
    """`text` with Arabic-Indic and Persian digits written as European ones; same length."""
    return text.translate(_DIGITS) if any(ord(character) in _DIGITS for character in text) else text


def numbers(text: str) -> Counter[str]:
    """The numbers written in digits, without the separators of thousands and decimals.

    ``3,5`` and ``3.5`` are the same here, and so are ``1 000``, ``1.000`` and ``١٬٠٠٠``; a date
    in digits gives its parts.
    """
    found: Counter[str] = Counter()
    for match in _NUMBER.finditer(_CLOCK.sub(r"\1 ", western_digits(text))):
        parts = re.split(r"[.,]", match.group())
        if len(parts) == 3 and len(parts[2]) in (2, 4) and max(map(len, parts[:2])) <= 2:
            found.update(str(int(part)) for part in parts)
        else:
            digits = re.sub(r"\D", "", match.group())
            found[digits.lstrip("0") or "0"] += 1
    return found


def number_mismatch(source: str, translation: str) -> bool:
    """Whether a number in digits was lost, changed, or came from nowhere.

    A small number, or a month, may be written as a word in the translation; an hour may lose
    twelve; and where the source writes numbers as words, the translation may use digits.
    """
    expected, got = numbers(source), numbers(translation)
    if expected == got:
        return False
    lost, new = expected - got, got - expected
    words = set(_WORD.findall(translation.casefold()))
    missing = [number for number in lost.elements() if not _is_told(number, words, new)]
    if missing:
        return True
    return bool(new) and _NUMBER_WORD.search(source) is None and new.total() > lost.total()


def _is_told(number: str, words: set[str], new: Counter[str]) -> bool:
    """Whether a number is there in another form: as a word, as a month, or as an hour of twelve."""
    if len(number) > 2:
        return False
    value = int(number)
    if value < len(_SMALL_NUMBERS) and words & set(_SMALL_NUMBERS[value]):
        return True
    if 1 <= value <= 12 and _MONTHS[value - 1] in words:
        return True
    if 13 <= value <= 24 and new[str(value - 12)]:
        return True
    return value in (0, 12, 24) and bool(words & {"midnight", "noon"})


def is_repetitive(translation: str, source: str) -> bool:
    """Whether the translation goes round in circles more than its source does."""
    words = _WORD.findall(translation.casefold())
    source_words = _WORD.findall(source.casefold())
    if _longest_loop(words) >= _LOOPS and _longest_loop(words) > _longest_loop(source_words):
        return True
    if _CHARACTER_LOOP.search(translation) and not _CHARACTER_LOOP.search(source):
        return True
    often = _commonest_trigram(words)
    return often > _commonest_trigram(source_words) + _TRIGRAM_SURPLUS


def _longest_loop(words: Sequence[str]) -> int:
    """How often, at most, a group of words follows itself at once; 1 if none does."""
    longest = 1
    for size in range(1, min(_LONGEST_LOOP, len(words) // 2) + 1):
        same = 0
        for at in range(size, len(words)):
            same = same + 1 if words[at] == words[at - size] else 0
            longest = max(longest, same // size + 1)
    return longest


def _commonest_trigram(words: Sequence[str]) -> int:
    trigrams = Counter(zip(words, words[1:], words[2:], strict=False))
    return max(trigrams.values(), default=0)


def is_echo(source: str, translation: str, language: str) -> bool:
    """Whether the translation is the source, or mostly so.

    Names alone translate to themselves; only texts with words that belong to the source language
    are judged.
    """
    if language == "ar":
        source_letters = len(_ARABIC_LETTER.findall(source))
        return source_letters > 0 and 4 * len(_ARABIC_LETTER.findall(translation)) > source_letters
    before = _WORD.findall(source.casefold())
    after = Counter(_WORD.findall(translation.casefold()))
    if len(before) < 4:
        return False
    kept = sum((Counter(before) & after).values())
    own = {word for word in before if language in FUNCTION_WORDS.get(word, ())}
    telling = sum(word in after and "en" not in FUNCTION_WORDS[word] for word in own)
    if kept >= 0.9 * len(before):
        return telling >= 1
    return kept >= 0.5 * len(before) and telling >= 3


def is_odd_length(source: str, translation: str) -> bool:
    """Whether one text is more than three times as long as the other (from 20 characters on)."""
    shorter, longer = sorted((len(source), len(translation)))
    return longer >= 20 and longer > 3 * shorter
