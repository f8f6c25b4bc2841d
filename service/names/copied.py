"""Names that a translation shows as its source does, though no glossary lists them.

A small model breaks a name that it has never met: Assétou Kéïta comes out as Keïta, Knauf as "Kn
casta". `with_copied` finds the names of a source text in Latin script, French or inside Arabic,
that English writes alike; `arrival.lost_words` asks for them. What French has and English does not
is left out (Londres, Conseil), and so is everything in doubt: a name that is missed here is only
not guarded. `arrived` tells a translated name (César, Caesar) from a damaged one (Străinu, Strinu).

Costs microseconds a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein
from wordfreq import zipf_frequency

from service.names import words
from service.names.anchors import Carried
from service.names.mentions import Document, Token
from service.names.skeleton import fold

# Languages whose sources are read: of 348 names of unknown people in French news 317 came out whole
# without it, 338 with it.
LANGUAGES = frozenset({"ar", "fr"})

# A word is French, not English, if French has it this much more often (Zipf frequencies), and often
# enough to be a word.
FRENCH_BY, UNKNOWN = 0.7, 2.5
# A first word of a sentence that is more common than this is no given name: Les, Par.
COMMON_FIRST = 5.2
# A word after a given name that is more common than this need not be a surname.
COMMON_SURNAME = 4.3
# More words than this beside each other are a list or a headline.
MOST_WORDS = 6
# Names that are places, feasts or saints, which English may have otherwise.
_NO_PERSONS = frozenset({"saint", "sainte", "st", "mont", "notre", "dame", "ire", "ier"})

# A word this near (share of letters kept) is the English form of a given name if English knows it
# better, and of any name if that is spelled by French sounds: Joubeir, Zaloujny.
NEAR, NEAR_BY_SOUND = 0.6, 0.65
# A word met more often than this (Zipf frequency) is one that English knows.
MET = 1.3
_FRENCH_SOUND = re.compile(r"ou|tch|dj|ch|j|kh|gu|ss|ne$|v$")

_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")
_JOINS = frozenset({"space", "hyphen", "elision", "apostrophe", "initial"})


def with_copied(sentences: Sequence[Carried]) -> list[Carried]:
    """The sentences of a document, with the people in them who are no entries of the glossary.

    A name has two words or more, or one that is the last of such a name in any of the sentences.
    """
    runs = [list(_runs(carried)) for carried in sentences]
    known = {run[-1].text for found in runs for run in found if 1 < len(run) <= MOST_WORDS}
    return [
        replace(
            carried,
            copied=tuple(
                (run[0].start, run[-1].end)
                for run in found
                if run[-1].text in known
                and len(run) <= MOST_WORDS
                and not any(token.folded in _NO_PERSONS for token in run)
                and (len(run) > 1 or len(run[0].text) > 2)
            ),
        )
        if found
        else carried
        for carried, found in zip(sentences, runs, strict=True)
    ]


def _runs(carried: Carried) -> Iterator[list[Token]]:
    """Words that can be a name or its end, in order."""
    text, language = carried.text, carried.language
    if language not in LANGUAGES or not _LATIN.search(text):
        return
    run: list[Token] = []
    # Both the tokens and the glossary's names are in order, so each name is passed once.
    taken = iter([*carried.spans, (len(text), len(text) + 1)])
    start, end = next(taken)
    for token in Document(text).tokens:
        while end <= token.start:
            start, end = next(taken)
        free = token.end <= start
        joined = token.gap in _JOINS
        if free and joined and run and token.particle:
            continue
        name = free and (_is_name(token, language) or (joined and _is_surname(token, run)))
        if run and not (name and joined):
            yield run
            run = []
        if name:
            run.append(token)
    if run:
        yield run


def _is_name(token: Token, language: str) -> bool:
    """Whether a word can be part of a name that English writes alike."""
    if not token.capital or token.upper or token.protected or len(token.text) < 2:
        return False
    if token.opens and words.frequency(token.folded) >= COMMON_FIRST:
        return False
    return (
        words.is_given_name(token.folded)
        or language != "fr"
        or not (words.is_place(token.folded) or _is_french(token.text.lower()))
    )


def _is_surname(token: Token, run: Sequence[Token]) -> bool:
    """Whether a word that French has too ends a name that has begun: Geoffroy Maisonneuve."""
    return (
        token.capital
        and not (token.upper or token.protected or words.is_place(token.folded))
        and len(run) > 0
        and (words.is_given_name(run[-1].folded) or (len(run) > 1 and token.gap == "hyphen"))
        and words.frequency(token.folded) < COMMON_SURNAME
    )


@lru_cache(maxsize=65536)
def _is_french(word: str) -> bool:
    """Whether French has a word and English has it much less often."""
    french = zipf_frequency(word, "fr")
    english = max(zipf_frequency(word, "en"), words.english_frequency(fold(word)))
    return bool(french >= UNKNOWN and french - english > FRENCH_BY)


def arrived(word: str, output: Collection[str]) -> bool:
    """Whether a word of such a name stands in a translation, as it is or as English writes it.

    Args:
        word: the word, folded.
        output: the folded words of the translation.
    """
    if word in output:
        return True
    respelled = _FRENCH_SOUND.search(word) is not None
    given = words.is_given_name(word)
    for other in output:
        near = Levenshtein.normalized_similarity(word, other)
        if (respelled and near >= NEAR_BY_SOUND) or (
            given and near >= NEAR and better_met(other, word)
        ):
            return True
    return False


def better_met(word: str, other: str) -> bool:
    """Whether a word is met in English print, and more often than the other; both folded.

    Then it may be how English spells the name that the other is: Lukashenko, Loukachenko.
    """
    met = words.english_frequency(word)
    return met > MET and met > words.english_frequency(other)
