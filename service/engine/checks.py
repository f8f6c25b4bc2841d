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

_WORD: Final = re.compile(r"[^\W\d_]+")
_ARABIC_LETTER: Final = re.compile("[\u0620-\u064a\u066e-\u06d3]")


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
