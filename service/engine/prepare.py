"""What is done to a sentence before the model sees it.

Invisible characters and tatweel go, capitals that shout are lowered, and a sentence that is longer
than the model takes is cut at clause punctuation. What must come through letter by letter (URLs,
handles, placeholders …) is replaced by a stand-in, a name that every model copies; emoji, tags and
entities for spaces part the sentence.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from service.engine.mapped import Mapped
from service.text.languages import FUNCTION_WORDS
from service.text.protected import EMOJI, PROTECTED

# Names that models copy; one is used only in a sentence that does not hold it.
STAND_INS: Final = ("Wikipedia", "Facebook", "Google", "Reuters", "Microsoft", "Samsung", "Toyota")

# More pieces than this are too many for one decode: training sentences are shorter, and the
# decoder loses its way.
MAX_PIECES: Final = 160

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ud800-\udfff]+"
)
_SPACE: Final = re.compile(r"\s+")
_TATWEEL: Final = re.compile("(?<=[\u0620-\u064a])ـ+|ـ+(?=[\u0620-\u064a])")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CASED_WORD: Final = re.compile(r"[^\W\d_\u0590-\u08ff\u3040-\u9fff]{2,}")
_PARTING: Final = re.compile(rf"{EMOJI}|<[/!]?[A-Za-z][^<>\n]{{0,300}}>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&[#\w]+;")
_VOWEL: Final = re.compile("[AEIOUYÀÂÄÉÈÊËÎÏÔÖÙÛÜŸŒÆ]")
# Acronyms that can be read as words.
_ACRONYMS: Final = frozenset(
    (
        *(
            "ONU",
            "OTAN",
            "UE",
            "USA",
            "UA",
            "UMP",
            "OMS",
            "OMC",
            "OIT",
            "OPEP",
            "OSCE",
            "ONG",
            "OLP",
        ),
        *(
            "UNESCO",
            "UNICEF",
            "INSEE",
            "CIA",
            "FBI",
            "ISF",
            "IVG",
            "TVA",
            "SMIC",
            "EDF",
            "AFP",
            "AP",
        ),
        *("EI", "IA", "EELV", "LFI", "UDI", "UNEF", "APHP", "INA", "ENA", "RFI", "UGTT", "AQMI"),
        *(
            "US",
            "UK",
            "EU",
            "UN",
            "NATO",
            "OPEC",
            "AI",
            "ISIS",
            "IAEA",
            "AIEA",
            "HCR",
            "CAF",
            "FIFA",
        ),
        *("UEFA", "OM", "OL", "ASSE", "NASA", "ESA", "II", "III", "IV", "VI", "VII", "VIII", "IX"),
        *("XI", "XII", "XIII", "XIV", "XV", "XVI", "XIX", "XX", "XXI"),
    )
)
# Where a long sentence is best cut, the best first. A gap is tried from its beginning only, so that
# long ones are read in linear time.
_CUTS: Final = (
    re.compile(r"(?<=[;؛:.!?؟…])\s+"),
    re.compile(r"(?<=[,،)»”])\s+|(?<!\s)\s++(?=[(«“–—])"),
    re.compile(
        r"(?<!\s)\s++(?=(?:et|mais|ou|car|donc|qui|que|dont|and|but|or|which|that|because|while)\s)"
        r"|(?<!\s)\s++(?=(?:و|لكن|ثم|أو|بينما|حيث|التي|الذي))"
    ),
    re.compile(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stretch that the model translates at once.

    Args:
        source: the stretch as prepared.
        asked: the same with stand-ins, as the model gets it.
        stand_ins: each stand-in in `asked` and what it stands for.
        entities: characters that stood as HTML entities in `source`, and those entities.
    """

    source: Mapped
    asked: Mapped
    stand_ins: tuple[tuple[str, str], ...]
    entities: tuple[tuple[str, str], ...]


# A sentence as leaves and, as strings, what is copied between them.
Layout: TypeAlias = list[Leaf | str]


def clean(sentence: str, language: str) -> Mapped:
    """The sentence without invisible characters and tatweel, with single spaces."""
    mapped = Mapped.of(sentence).sub(_INVISIBLE, lambda _: "").sub(_SPACE, lambda _: " ")
    if language == "ar":
        mapped = mapped.sub(_TATWEEL, lambda _: "")
    return mapped.strip()


def is_shouted(text: str) -> bool:
    """Whether a text is written in capitals, a few names in it perhaps excepted."""
    words = _CASED_WORD.findall(PROTECTED.sub(" ", text))
    if sum(map(len, words)) * 2 < len(_LETTER.findall(text)):
        return False
    capitals = [word for word in words if word.isupper()]
    telling = [word for word in capitals if len(word) >= 6 or word.casefold() in FUNCTION_WORDS]
    if len(capitals) == len(words):
        return bool(telling) or len(capitals) >= 3
    return len(telling) >= 2 and len(capitals) >= 0.5 * len(words)


def lowered(shouted: Mapped, pieces_in: Callable[[str], int]) -> Mapped:
    """A shouted text as a sentence is written.

    A word becomes lower case, capitalised or an acronym, whichever form the model knows best.

    Args:
        pieces_in: how many pieces the model's vocabulary needs for a word.
    """
    shields = [match.span() for match in PROTECTED.finditer(shouted.text)]
    opening = True

    def lower(match: re.Match[str]) -> str:
        nonlocal opening
        word = match.group()
        opens, opening = opening, False
        if not word.isupper() or any(start <= match.start() < end for start, end in shields):
            return word
        small, title = word.lower(), word[0] + word[1:].lower()
        if word in _ACRONYMS or (2 <= len(word) <= 5 and not _VOWEL.search(word)):
            return word
        if len(word) == 1 or small in FUNCTION_WORDS:
            return title if opens else small
        known = pieces_in(small)
        if len(word) <= 5 and known > 1 and pieces_in(word) == 1:
            return word
        return title if opens or pieces_in(title) < known else small

    return shouted.sub(_WORD, lower)


def layout(prepared: Mapped, count: Callable[[str], int], *, whole: bool = True) -> Layout:
    """A prepared sentence as stretches for the model and stretches to be copied.

    Args:
        count: how many pieces a text has for the model.
        whole: use stand-ins; otherwise every protected stretch parts the sentence.
    """
    parts: Layout = []
    for stretch, translated in _parted(prepared, whole=whole):
        core = stretch.strip()
        if not translated or not _LETTER.search(PROTECTED.sub(" ", core.text)):
            parts.append(stretch.text)
            continue
        lead = len(stretch.text) - len(stretch.text.lstrip())
        parts.append(stretch.text[:lead])
        for piece, gap in _short_enough(core, count):
            leaf = _leaf(piece)
            if leaf is None:
                parts.extend(layout(piece, count, whole=False))
            else:
                parts.append(leaf)
            parts.append(gap)
        parts.append(stretch.text[lead + len(core.text) :])
    return _merged(parts)


def _merged(parts: Layout) -> Layout:
    """The layout with no two strings side by side, and no empty one."""
    merged: Layout = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return merged


def halves(leaf: Leaf) -> tuple[Mapped, Mapped] | None:
    """A stretch that the model cannot cope with, in two; None if it is too short for that."""
    text = leaf.source.text
    if len(text.split()) < 8:
        return None
    cut = _best_cut(text, len(text) // 4, len(text) // 2, 3 * len(text) // 4)
    return leaf.source[: cut[0]].strip(), leaf.source[cut[1] :].strip()


def _parted(prepared: Mapped, *, whole: bool) -> Iterator[tuple[Mapped, bool]]:
    """Stretches in order, and whether each is text."""
    at = 0
    for match in PROTECTED.finditer(prepared.text):
        token = match.group()
        if whole and not _parts_sentence(token):
            continue
        if not whole and _letter_entity(token):
            continue
        yield prepared[at : match.start()], True
        yield prepared[match.start() : match.end()], False
        at = match.end()
    yield prepared[at : len(prepared.text)], True


def _parts_sentence(token: str) -> bool:
    if _ENTITY.fullmatch(token):
        return html.unescape(token).isspace() or html.unescape(token) == token
    return _PARTING.fullmatch(token) is not None


def _letter_entity(token: str) -> bool:
    """Whether a token is an entity that belongs to a word: a letter, a quote or an apostrophe."""
    if not _ENTITY.fullmatch(token):
        return False
    character = html.unescape(token)
    return len(character) == 1 and (character.isalpha() or character in "'\"’‘“”«»")


def _leaf(stretch: Mapped) -> Leaf | None:
    """The stretch with its stand-ins; None if there are not enough of them."""
    free = [name for name in STAND_INS if name.casefold() not in stretch.text.casefold()]
    used: list[tuple[str, str]] = []
    entities: list[tuple[str, str]] = []

    def replace(match: re.Match[str]) -> str:
        token = match.group()
        if _ENTITY.fullmatch(token):
            character = html.unescape(token)
            if not character.isalpha():
                entities.append((character, token))
            return character
        if len(used) < len(free):
            used.append((free[len(used)], token))
            return used[-1][0]
        used.append(("", token))
        return token

    asked = stretch.sub(PROTECTED, replace)
    if len(used) > len(free):
        return None
    return Leaf(stretch, asked, tuple(used), tuple(entities))


def _short_enough(text: Mapped, count: Callable[[str], int]) -> Iterator[tuple[Mapped, str]]:
    """The text in stretches of at most `MAX_PIECES`, with what stood between each and the next."""
    total = count(text.text)
    if total <= MAX_PIECES:
        yield text, ""
        return
    length = len(text.text)
    aim = max(length // -(-total // MAX_PIECES), 1)
    at = 0
    while length - at > 1.3 * aim or count(text.text[at:]) > MAX_PIECES:
        window = max(min(aim, (length - at) // 2), 1)
        while True:
            first, after = _best_cut(text.text, at + window // 2, at + window, at + 3 * window // 2)
            if window <= 8 or count(text.text[at:first]) <= MAX_PIECES:
                break
            window //= 2
        yield text[at:first], text.text[first:after]
        at = after
    yield text[at:length], ""


def _best_cut(text: str, low: int, aim: int, high: int) -> tuple[int, int]:
    """The gap between `low` and `high` that is best for cutting, nearest to `aim`."""
    for pattern in _CUTS:
        gaps = [gap.span() for gap in pattern.finditer(text, low, high)]
        inside = [(first, after) for first, after in gaps if first > low and after < len(text)]
        if inside:
            return min(inside, key=lambda gap: abs(gap[0] - aim))
    return aim, aim
