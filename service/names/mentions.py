"""Where names may stand in a text: tokens, runs of capitalised tokens, and places not to touch.

Everything here is linear in the length of the text, whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from service.names.skeleton import IGNORABLE, fold

APOSTROPHES = "'’‘ʼʿʾ`´"
HYPHENS = "-\u2010\u2011"
_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(f"{_LETTER}(?:{_LETTER}|[\u0300-\u036f{IGNORABLE}])*")
_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ])")
# A capital inside these is part of one name: McDonald, DeJong, LeBron, AlMasry.
_CAMEL_PREFIXES = frozenset(
    {"mc", "mac", "de", "du", "di", "da", "le", "la", "van", "von", "al", "el", "abu", "ben",
     "bin", "o", "d", "l", "fitz", "saint", "st"}
)  # fmt: skip
_POSSESSIVE = frozenset({"s", "t", "re", "ll", "ve", "d", "m"})
ARTICLES = frozenset({"al", "el", "ul", "il"})
_ASSIMILATED = frozenset({"as", "ash", "an", "en", "ad", "ed", "ar", "er", "at", "az", "ez", "es"})
PARTICLES = ARTICLES | {
    "ben", "bin", "ibn", "bint", "bou", "abu", "abou", "aboul", "abul", "abd", "abdel", "abdul",
    "ould", "ait", "de", "du", "des", "la", "le", "les", "di", "da", "dos", "del", "della", "van",
    "von", "der", "zu",
}  # fmt: skip
_INSIDE_PLACES = frozenset({"sur", "sous", "en", "aux", "et", "lez", "pres"})
# Lower-case words that may stand inside a name but never begin or end one alone.
_LOWER_PARTICLES = PARTICLES | _ASSIMILATED | {"do", "den", "ter", "ten"}

_PROTECTED = re.compile(
    r"""
      ```.*?(?:```|\Z)                      # code
    | `[^`\n]{1,300}`
    | (?:https?|ftp|file|mailto|data)://?\S+
    | www\.\S+
    | (?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}
    | [@\#][\w.-]*\w                          # handles and tags
    | </?[A-Za-z][^<>]{0,2000}>              # HTML
    | &\#?\w{1,10};
    | \$?\{\{?[^{}\n]{0,200}\}\}?            # placeholders
    | %\(\w{1,40}\)[sdf]
    | (?<![\w/])(?:~|\.{0,2})/[\w.-]+(?:/[\w.-]+)+   # paths
    | (?<![\w.-])[\w-]{1,64}(?:\.[\w-]{1,64}){0,8}\.(?:com|org|net|fr|dz|tn|ma|lb|eg
        |uk|info|eu|io|tv|news|pdf|jpe?g|png|gif|docx?|xlsx?|csv|html?|txt|mp[34]|zip|json|xml|ya?ml|py|js)\b
    """,
    re.VERBOSE | re.DOTALL,
)
# A sentence with one of these speaks about spellings; what it quotes is left alone.
_SPELLING = re.compile(
    r"\b(?:mis-?spell\w*|mis-?spelt|spell(?:s|ed|ing|ings)?|spelt|typos?|translit\w+|romani[sz]\w+"
    r"|mistransl\w+|misprint\w*|printing error|sic"
    r"|orthograph\w*|pronounc\w+|written as|rendered as)\b",
    re.IGNORECASE,
)
# Begins at the first of a run of marks only: thousands of dots are read once, not once for each.
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)|\n")
_OPENING = " \t\u00a0\"'“”‘’«»([{-–—•*·…\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INITIAL_GAP = re.compile(r"\.[ \u00a0]?")
_SPACE_GAP = re.compile(r"[ \u00a0\u202f\u2009]{1,2}")
_INVISIBLE = re.compile(f"[{IGNORABLE}]")


class Token(NamedTuple):
    """A word of the text; a tuple, because a text has many.

    Args:
        start, end: half-open offsets into the text.
        text: as it stands.
        folded: without accents, case and invisible characters.
        capital: begins with a capital letter.
        upper: has two letters or more, all capitals.
        opens: begins a sentence, a line or a quotation.
        gap: what joins it to the token before: "space", "hyphen", "apostrophe", "elision",
            "initial", "glue", "possessive", or "" where nothing does.
        protected: stands in a URL, an address, code and the like.
    """

    start: int
    end: int
    text: str
    folded: str
    capital: bool
    upper: bool
    opens: bool
    gap: str
    protected: bool

    @property
    def particle(self) -> bool:
        return self.folded in PARTICLES


class Document:
    """A text cut into tokens and runs.

    Args:
        text: any text; only its Latin-script words become tokens of interest.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._protected = [match.span() for match in _PROTECTED.finditer(text)]
        self._ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text))]
        self.tokens = self._tokenise()

    def _tokenise(self) -> list[Token]:
        text = self.text
        tokens: list[Token] = []
        protected = iter([*self._protected, (len(text) + 1, len(text) + 1)])
        start_p, end_p = next(protected)
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            while end_p <= start:
                start_p, end_p = next(protected)
            inside = start_p < end or self._in_identifier(start, end)
            pieces: tuple[tuple[int, int], ...] = ((start, end),)
            after = text[start + 1 : end]
            if not inside and end - start > 3 and after != after.lower():
                pieces = _camel(match.group(), start)
            for number, (first, last) in enumerate(pieces):
                word = text[first:last]
                folded, capital, upper = _looks(word)
                gap = "glue" if number else self._gap(tokens, first)
                if gap == "apostrophe":
                    if folded in _POSSESSIVE and not _INVISIBLE.sub("", word).isupper():
                        gap = "possessive"
                    elif tokens[-1].folded in _ELIDED:
                        gap = "elision"
                opens = number == 0 and self._opens(first)
                tokens.append(Token(first, last, word, folded, capital, upper, opens, gap, inside))
        return tokens

    def _in_identifier(self, start: int, end: int) -> bool:
        """Whether a digit or an underscore touches these letters: a10, user_name."""
        text = self.text
        return (start > 0 and (text[start - 1].isdigit() or text[start - 1] == "_")) or (
            end < len(text) and (text[end].isdigit() or text[end] == "_")
        )

    def _gap(self, tokens: list[Token], start: int) -> str:
        if not tokens:
            return ""
        before = tokens[-1]
        gap = self.text[before.end : start]
        if gap == " ":
            return "space"
        if len(gap) > 4:
            gap = _INVISIBLE.sub("", gap[:12]) if len(gap) <= 12 else ""
        else:
            gap = _INVISIBLE.sub("", gap)
        if _SPACE_GAP.fullmatch(gap):
            return "space"
        if gap and gap in HYPHENS:
            return "hyphen"
        if gap and gap in APOSTROPHES:
            return "apostrophe"
        if len(before.text) <= 2 and before.capital and _INITIAL_GAP.fullmatch(gap):
            return "initial"
        return ""

    def _opens(self, start: int) -> bool:
        at = start - 1
        while at >= 0 and start - at < 12 and self.text[at] in _OPENING:
            at -= 1
        return at < 0 or self.text[at] in ".!?:\n;"

    @cached_property
    def starts(self) -> list[int]:
        """Where each token starts, for bisection."""
        return [token.start for token in self.tokens]

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Half-open token ranges in which names may stand: capitals, joined, with particles."""
        runs: list[tuple[int, int]] = []
        start: int | None = None
        for index, token in enumerate(self.tokens):
            joined = token.gap not in ("", "possessive")
            fits = not token.protected and (
                token.capital
                or (token.gap != "possessive" and token.folded in _LOWER_PARTICLES)
                or (token.gap == "apostrophe" and start is not None)
                or (token.gap == "hyphen" and token.folded in _INSIDE_PLACES)
            )
            if start is not None and not (joined and fits):
                runs.append((start, index))
                start = None
            if fits and start is None:
                start = index
        if start is not None:
            runs.append((start, len(self.tokens)))
        trimmed = []
        for first, last in runs:
            while last > first and not self.tokens[last - 1].capital:
                if self.tokens[last - 1].gap == "apostrophe":
                    break
                last -= 1
            if last > first:
                trimmed.append((first, last))
        return trimmed

    def sentence(self, offset: int) -> tuple[int, int]:
        """The half-open span of the sentence around an offset."""
        index = bisect_right(self._ends, offset)
        end = self._ends[index] if index < len(self._ends) else len(self.text)
        return self._ends[index - 1], end

    def about_spelling(self, start: int, end: int) -> bool:
        """Whether the sentence of this span speaks about how something is spelled."""
        first, last = self.sentence(start)
        first, last = max(first, start - 400), min(last, end + 400)
        return _SPELLING.search(self.text, first, last) is not None


_ELIDED = frozenset({"d", "l", "qu", "j", "n", "c", "jusqu", "lorsqu", "puisqu"})


@lru_cache(maxsize=8192)
def tokens_of(form: str) -> tuple[Token, ...]:
    """The tokens of a name or another short form, which is asked for again and again."""
    return tuple(Document(form).tokens)


@lru_cache(maxsize=65536)
def _looks(word: str) -> tuple[str, bool, bool]:
    """A word folded, whether it begins with a capital, and whether it is all capitals."""
    bare = _INVISIBLE.sub("", word)
    return fold(word), bare[:1].isupper(), len(bare) > 1 and bare.isupper()


def _camel(word: str, start: int) -> tuple[tuple[int, int], ...]:
    """Cut where a small letter is followed by a capital: ZafzafHe, but not McDonald."""
    cuts = [match.start() for match in _CAMEL.finditer(word)]
    cuts = [cut for cut in cuts if cut > 2 and word[:cut].casefold() not in _CAMEL_PREFIXES]
    edges = [0, *cuts, len(word)]
    return tuple((start + a, start + b) for a, b in pairwise(edges))


def group_words(tokens: Sequence[Token]) -> tuple[str, bool]:
    """The letters of some tokens as one folded word without articles, and whether one fell.

    `Al-Bashir` and `Bashir` both give "bashir"; `Sharaf al-Din` gives "sharafdin".
    """
    words: list[str] = []
    article = False
    last = len(tokens) - 1
    for index, token in enumerate(tokens):
        word = token.folded
        following = tokens[index + 1] if index < last else None
        if following is not None and (
            word in ARTICLES
            or (
                word in _ASSIMILATED
                and following.gap == "hyphen"
                and following.folded.startswith(word[1:])
            )
        ):
            article = True
            continue
        words.append("ben" if word in ("bin", "ibn") and following is not None else word)
    return "".join(words), article
