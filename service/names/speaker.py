"""Who said it, where the model forgot: an Arabic sentence of the form "Kallas said that ...".

English likes to name the speaker last, and a small model that has begun with what was said may end
without him. Reach for `spoken` when a sentence has lost a name: if the name stands between a verb
of saying and its إن or أن, the statement alone can be translated, and `Spoken.told` puts the
speaker before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.names import words
from service.names.anchors import Carried
from service.names.skeleton import fold

# (source start, source end, output start, output end), half-open.
Link = tuple[int, int, int, int]

# Arabic verbs without their feminine ending, and how English reports it.
_SAYING = {
    "قال": "said", "يقول": "says", "تقول": "says", "أكد": "confirmed", "يؤكد": "confirms",
    "تؤكد": "confirms", "أوضح": "explained", "أضاف": "added", "أعلن": "announced", "ذكر": "said",
    "صرح": "stated", "كشف": "revealed", "أشار": "pointed out", "شدد": "stressed", "لفت": "noted",
    "أفاد": "reported", "زعم": "claimed", "اعتبر": "considered", "يرى": "believes",
    "ترى": "believes", "نفى": "denied", "اعترف": "admitted", "توقع": "expected", "حذر": "warned",
}  # fmt: skip
_BEFORE = re.compile(
    rf"\s{{0,3}}[وف]?({'|'.join(sorted(_SAYING, key=len, reverse=True))})ت?\s{{1,3}}"
)
_AFTER = re.compile(r"\s{1,3}(?:(?:إلى|على|من)\s{1,3})?(?:ب?[أا]ن|إن)\s{1,3}(?=\S)")
# A first word this common in English (Zipf frequency) begins a sentence, and names nobody.
_COMMON = 4.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A statement and its speaker.

    Args:
        name: the speaker, as it is to be printed.
        verb: what the speaker did.
        span: where the name stands in the carried text, half-open.
        start: where the statement begins there.
        statement: the rest of the sentence, from there on.
    """

    name: str
    verb: str
    span: tuple[int, int]
    start: int
    statement: str

    def told(self, text: str, links: Sequence[Link] | None) -> tuple[str, tuple[Link, ...] | None]:
        """The speaker put before the translation of the statement.

        Args:
            text: the translation of `statement`.
            links: the model's links for it.

        Returns:
            the sentence and its links, whose offsets lead into the carried text and into it.
        """
        before = f"{self.name} {self.verb} that "
        told = before + _continued(text)
        if links is None:
            return told, None
        moved = [
            (first + self.start, last + self.start, start + len(before), end + len(before))
            for first, last, start, end in links
        ]
        return told, ((*self.span, 0, len(self.name)), *moved)


def spoken(carried: Carried) -> Spoken | None:
    """The statement of an Arabic sentence and who made it; None where it is not of that form."""
    if carried.language != "ar" or not carried.anchors:
        return None
    start, end = carried.spans[0]
    before = _BEFORE.fullmatch(carried.text, 0, start)
    after = _AFTER.match(carried.text, end)
    if before is None or after is None:
        return None
    return Spoken(
        carried.text[start:end],
        _SAYING[before.group(1)],
        (start, end),
        after.end(),
        carried.text[after.end() :],
    )


def _continued(text: str) -> str:
    """A sentence as it goes on after "that": a common first word loses its capital."""
    first = re.match(r"[A-Z][a-z]*\b", text)
    if first is None or first.group() == "I":
        return text
    folded = fold(first.group())
    if words.is_place(folded) or words.is_given_name(folded):
        return text
    common = words.english_frequency(folded) >= _COMMON
    return text[0].lower() + text[1:] if common else text
