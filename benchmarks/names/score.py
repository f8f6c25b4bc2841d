"""Match applied changes to golds by their spans, and count.

The rules:

- A gold span is *right* when the text around it, after all changes, reads as it should. Changes
  that overlap the span are looked at together, so that it does not matter whether a system rewrites
  "Ashraf Bin Sharqi" at once or in two steps, or takes a possessive with it.
- Letters are compared, accents are not: "Gerald Darmanin" counts as "Gérald Darmanin". Case counts.
  Where a gold is glued to the next word, the space between them may be put back.
- A gold changed to anything else is *wrong*: it is missing from recall and counts against
  precision.
- A change elsewhere is *false* unless it is an accent only; accents are counted apart.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.names.passages import Gold, Passage, Span

_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "‘": "'"})


def folded(text: str) -> str:
    """The text without its accents and with straight apostrophes; case and spaces stay."""
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")


@dataclass(frozen=True, slots=True)
class Change:
    """One applied change: `text[start:end]` is replaced."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A gold missed or changed wrongly, or a false change, with the sentence it stands in.

    Args:
        verdict: ``missed``, ``wrong`` or ``false``.
    """

    passage: str
    verdict: str
    surface: str
    expected: str
    got: str
    kinds: tuple[str, ...]
    sentence: str


@dataclass(slots=True)
class Tally:
    """Counts over spans; `+=` through `add` joins the counts of several runs."""

    right: int = 0
    missed: int = 0
    wrong: int = 0
    false: int = 0
    accents: int = 0
    words: int = 0
    golds_by_kind: Counter[str] = field(default_factory=Counter)
    right_by_kind: Counter[str] = field(default_factory=Counter)
    golds_by_setting: Counter[str] = field(default_factory=Counter)
    right_by_setting: Counter[str] = field(default_factory=Counter)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def golds(self) -> int:
        """How many gold spans there were."""
        return self.right + self.missed + self.wrong

    @property
    def precision(self) -> float:
        """Of all changes that were more than an accent, how many were right; 0 where none was."""
        changed = self.right + self.wrong + self.false
        return self.right / changed if changed else 0.0

    @property
    def recall(self) -> float:
        """Of all gold spans, how many read right afterwards."""
        return self.right / self.golds if self.golds else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def false_per_10_000_words(self) -> float:
        """False changes in 10,000 words."""
        return 10_000 * self.false / self.words if self.words else 0.0

    def add(self, other: Tally) -> None:
        """Add another tally's counts to this one."""
        for name in ("right", "missed", "wrong", "false", "accents", "words"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("golds_by_kind", "right_by_kind", "golds_by_setting", "right_by_setting"):
            getattr(self, name).update(getattr(other, name))
        self.mistakes.extend(other.mistakes)


def apply(text: str, changes: Iterable[Change], start: int = 0, end: int | None = None) -> str:
    """`text[start:end]` with the changes that lie inside it made."""
    end = len(text) if end is None else end
    parts: list[str] = []
    for change in sorted(changes, key=lambda change: change.start):
        parts += [text[start : change.start], change.replacement]
        start = change.end
    return "".join([*parts, text[start:end]])


def sentence_around(text: str, start: int, end: int, reach: int = 90) -> str:
    """The neighbourhood of a span on its line, for a reader."""
    left = max(text.rfind("\n", 0, start) + 1, start - reach)
    newline = text.find("\n", end)
    right = min(len(text) if newline < 0 else newline, end + reach)
    return text[left:start] + "⟦" + text[start:end] + "⟧" + text[end:right]


def setting(text: str, gold: Gold, span: Span) -> str:
    """In which shape a gold stands: a headline in capitals, a full name, a surname alone ..."""
    if gold.wrong.isupper():
        return "in capitals"
    if gold.type.startswith("place"):
        return "place"
    if gold.type.startswith("org"):
        return "organisation"
    if text[span[1] : span[1] + 2] in ("'s", "’s"):
        return "possessive"
    if gold.type.startswith("person-given"):
        return "given name alone"
    return "surname alone" if gold.type.startswith("person-surname") else "full name"


def _overlapping(span: Span, changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.start < span[1] and span[0] < change.end]


def _same(got: str, expected: str, *, glued: bool) -> bool:
    got, expected = folded(got), folded(expected)
    return got == expected or (glued and got.replace(" ", "") == expected.replace(" ", ""))


def _accent_only(text: str, change: Change) -> bool:
    return folded(text[change.start : change.end]) == folded(change.replacement)


def score(passage: Passage, changes: Sequence[Change]) -> Tally:
    """Judge the applied changes to one passage.

    Args:
        changes: applied changes, not overlapping each other; those that replace a form by itself
            are left out.
    """
    text = passage.text
    changes = [c for c in changes if text[c.start : c.end] != c.replacement]
    tally = Tally(words=passage.words)
    used: set[Change] = set()
    for gold in passage.golds:
        for span in gold.spans:
            around = _overlapping(span, changes)
            used.update(around)
            low = min([span[0], *(change.start for change in around)])
            high = max([span[1], *(change.end for change in around)])
            expected = text[low : span[0]] + gold.right + text[span[1] : high]
            got = apply(text, around, low, high)
            where = setting(text, gold, span)
            tally.golds_by_kind.update(gold.kinds)
            tally.golds_by_setting[where] += 1
            if _same(got, expected, glued=text[span[1] : span[1] + 1].isalnum()):
                tally.right += 1
                tally.right_by_kind.update(gold.kinds)
                tally.right_by_setting[where] += 1
                continue
            changed = any(not _accent_only(text, change) for change in around)
            tally.wrong += changed
            tally.missed += not changed
            tally.mistakes.append(
                Mistake(
                    passage=passage.id,
                    verdict="wrong" if changed else "missed",
                    surface=text[low:high],
                    expected=expected,
                    got=got,
                    kinds=gold.kinds,
                    sentence=sentence_around(text, low, high),
                )
            )
    for change in changes:
        if change in used:
            continue
        surface = text[change.start : change.end]
        if _accent_only(text, change):
            tally.accents += 1
            continue
        tally.false += 1
        tally.mistakes.append(
            Mistake(
                passage=passage.id,
                verdict="false",
                surface=surface,
                expected=surface,
                got=change.replacement,
                kinds=(),
                sentence=sentence_around(text, change.start, change.end),
            )
        )
    return tally
