"""Step 0, ``dictionary``: word pairs from a FreeDict dictionary, as a table that ``prepare`` reads.

FreeDict's dictionaries come as Debian packages (``dict-freedict-eng-ara`` and others), in the
format of dictd: a headword with its pronunciation between slashes, then its translations, one a
line, numbered where there are several. English words stand there with a capital, whatever they are;
the case they get here is the one that a large English text gives them.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ORIGIN = "freedict"
LICENCE = "GPL-2.0-or-later"

_HEADWORD = re.compile(r"^(?P<word>[^/\n]+?) /[^/]*/")
_NUMBER = re.compile(r"^\d+\. ")
_NOTE = re.compile(r"\([^)]*\)|\[[^]]*\]|<[^>]*>")
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0670\u0640]")
#: A word is spelt with a capital if this share of its uses inside sentences has one.
_CAPITAL_FROM = 0.5


def read_dictd(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (headword, translation) from a ``.dict.dz`` file."""
    word = None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for raw in lines:
            line = raw.strip()
            head = _HEADWORD.match(line)
            if head:
                word = head["word"].strip()
            elif word is not None and line:
                for part in re.split("[;,،؛]", _NUMBER.sub("", line)):
                    text = _NOTE.sub("", part).strip()
                    if text:
                        yield word, text


def count_cases(sentences: Iterable[str]) -> Counter[str]:
    """Count the words inside sentences as they are written (the first word of each left out)."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(_WORD.findall(sentence)[1:])
    return counts


def natural_case(text: str, counts: Counter[str]) -> str | None:
    """Return ``text`` with each word in its usual case, or None if a word was never seen."""
    words = []
    for word in text.split():
        small, capital = counts[word.lower()], counts[word.lower().capitalize()]
        if small + capital == 0:
            return None
        proper = capital >= _CAPITAL_FROM * (small + capital)
        words.append(word.lower().capitalize() if proper else word.lower())
    return " ".join(words)


def word_pairs(
    entries: Iterable[tuple[str, str]],
    *,
    language: str,
    english_first: bool,
    counts: Counter[str],
    most: int = 3,
) -> list[tuple[str, str]]:
    """Choose the (foreign, English) pairs that are worth showing.

    Args:
        entries: what ``read_dictd`` yields.
        language: of the foreign side.
        english_first: whether the headwords are English.
        counts: of ``count_cases``; pairs with an English word that it lacks are dropped.
        most: translations kept of one foreign word, the commonest English first.
    """
    found: dict[str, dict[str, None]] = {}
    for head, translation in entries:
        foreign, english = (translation, head) if english_first else (head, translation)
        foreign = unicodedata.normalize("NFC", foreign)
        if language == "ar":
            foreign = _ARABIC_MARKS.sub("", foreign)
            if not re.fullmatch("[\u0621-\u064a ]+", foreign):
                continue
        usual = natural_case(english, counts)
        if usual and foreign.count(" ") < 3 and usual.count(" ") < 3:
            found.setdefault(foreign, {})[usual] = None

    def commonness(english: str) -> int:
        return min(counts[word] for word in english.split())

    return [
        (foreign, english)
        for foreign, options in found.items()
        for english in sorted(options, key=commonness, reverse=True)[:most]
    ]


def write_table(
    pairs: Iterable[tuple[str, str]], path: Path, origin: str = ORIGIN, licence: str = LICENCE
) -> int:
    """Write a table of distinct pairs in the form of ``data.read_table``; return their number."""
    lines = {f"{foreign}\t{english}\t{origin}\t{licence}\n": None for foreign, english in pairs}
    path.write_text("".join(lines), encoding="utf-8")
    return len(lines)
