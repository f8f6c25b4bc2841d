"""Numbers in a sentence and in its translation: compared, and put right.

A small model copies most numbers and stutters over some: 2008 becomes 208, 14 becomes 144. Where it
is plain which number of the source a wrong one stands for, it is replaced by that number.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

# A half-open span of a translation and what is to stand there.
Edit: TypeAlias = tuple[int, int, str]

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
_DIGIT: Final = re.compile(r"\d")


def western_digits(text: str) -> str:
    """`text` with Arabic-Indic and Persian digits written as European ones; same length."""
    return text if text.isascii() else text.translate(_DIGITS)


def numbers(text: str) -> Counter[str]:
    """The numbers written in digits, each in one form whatever its separators.

    ``3,5`` and ``3.5`` are the same here, and so are ``1 000``, ``1.000`` and ``١٬٠٠٠`` (three
    digits after a separator are thousands). A date in digits gives its parts.
    """
    found: Counter[str] = Counter()
    if _DIGIT.search(text) is None:
        return found
    for match in _NUMBER.finditer(_CLOCK.sub(r"\1 ", western_digits(html.unescape(text)))):
        parts = [part.lstrip("0") or "0" for part in re.split(r"\D", match.group())]
        lengths = [len(part) for part in re.split(r"\D", match.group())]
        if len(parts) == 3 and lengths[2] in (2, 4) and max(lengths[:2]) <= 2:
            found.update(parts)
        elif len(parts) > 1 and lengths[-1] != 3:
            whole = re.sub(r"\D", "", match.group()[: -lengths[-1]]).lstrip("0") or "0"
            found[f"{whole}.{match.group()[-lengths[-1] :].rstrip('0')}".rstrip(".")] += 1
        else:
            found[re.sub(r"\D", "", match.group()).lstrip("0") or "0"] += 1
    return found


# A sentence and its translation are compared several times on their way; no result is changed.
_numbers_again: Final = lru_cache(maxsize=256)(numbers)


def number_mismatch(source: str, translation: str) -> bool:
    """Whether a number in digits was lost, changed, or came from nowhere.

    A small number, or a month, may be written as a word in the translation; an hour may lose
    twelve; and where the source writes numbers as words, the translation may use digits.
    """
    expected, got = _numbers_again(source), _numbers_again(translation)
    if expected == got:
        return False
    lost, new = expected - got, got - expected
    for time in [number for number in new if "." in number]:  # 18 h 30: 18.30
        hour, minutes = time.split(".")
        parts = Counter((hour, minutes.ljust(2, "0")))
        if parts <= lost:
            lost -= parts
            del new[time]
    words = set(_WORD.findall(translation.casefold()))
    missing = [number for number in lost.elements() if not _is_told(number, words, new)]
    if missing:
        return True
    return bool(new) and _NUMBER_WORD.search(source) is None and new.total() > lost.total()


def _is_told(number: str, words: set[str], new: Counter[str]) -> bool:
    """Whether a number is there in another form: as a word, as a month, or as an hour of twelve."""
    if len(number) > 2 or not number.isdigit():
        return False
    value = int(number)
    if value < len(_SMALL_NUMBERS) and words & set(_SMALL_NUMBERS[value]):
        return True
    if 1 <= value <= 12 and _MONTHS[value - 1] in words:
        return True
    if 13 <= value <= 24 and new[str(value - 12)]:
        return True
    return value in (0, 12, 24) and bool(words & {"midnight", "noon"})


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    end: int
    text: str
    value: str


def mends(
    source: str, translation: str, linked: Callable[[int, int], tuple[int, int] | None]
) -> list[Edit]:
    """The edits that put right what numbers of a translation can be put right.

    A number that the source does not have is replaced by one that the translation lacks, if it
    looks like a slip of it, or if the model was looking at it.

    Args:
        linked: the span of the source that the model looked at for a span of the translation.
    """
    lost, new = _unmatched(source, translation)
    edits: list[Edit] = []
    for wrong in new:
        place = linked(wrong.start, wrong.end)
        right = next(
            (
                number
                for number in lost
                if place is not None and number.start < place[1] and place[0] < number.end
            ),
            None,
        )
        if right is None:
            alike = [number for number in lost if _is_slip(wrong.value, number.value)]
            right = alike[0] if alike and (len(alike) == 1 or len(lost) == len(new)) else None
        if right is None and len(lost) == len(new) == 1:
            [only] = lost
            right = only if len(only.value) == len(wrong.value) else None
        if right is not None:
            lost.remove(right)
            edits.append((wrong.start, wrong.end, _english(right.text)))
    return edits


def _unmatched(source: str, translation: str) -> tuple[list[_Number], list[_Number]]:
    """Numbers of the source that the translation lacks, and the other way round; no dates."""
    here, there = _listed(source), _listed(translation)
    got = Counter(number.value for number in there)
    expected = Counter(number.value for number in here)
    words = set(_WORD.findall(translation.casefold()))
    surplus = got - expected
    lost = [number for number in _beyond(here, got) if not _is_told(number.value, words, surplus)]
    return lost, _beyond(there, expected)


def _listed(text: str) -> list[_Number]:
    western = western_digits(text)
    found = []
    for match in _NUMBER.finditer(western):
        values = list(numbers(match.group()).elements())
        if len(values) == 1:
            found.append(_Number(*match.span(), match.group(), values[0]))
    return found


def _beyond(listed: Sequence[_Number], others: Counter[str]) -> list[_Number]:
    """Those numbers that `others` has not, or not as often."""
    left = others.copy()
    beyond = []
    for number in listed:
        if left[number.value] > 0:
            left[number.value] -= 1
        else:
            beyond.append(number)
    return beyond


def _is_slip(wrong: str, right: str) -> bool:
    """Whether one number is the other with digits doubled, dropped or a separator moved."""
    wrong, right = wrong.replace(".", ""), right.replace(".", "")
    shorter, longer = sorted((wrong, right), key=len)
    rest = iter(longer)
    return len(longer) <= 2 * len(shorter) + 1 and all(digit in rest for digit in shorter)


def _english(number: str) -> str:
    """A number as English writes it: a comma before thousands, a point before decimals."""
    parts = re.split(r"\D", number)
    separators = re.findall(r"\D", number)
    if len(parts) == 1:
        return number
    decimals = len(parts[-1]) != 3
    whole = parts[:-1] if decimals else parts
    text = (
        ",".join(whole) if all(len(part) == 3 for part in whole[1:]) else separators[0].join(whole)
    )
    return f"{text}.{parts[-1]}" if decimals else text
