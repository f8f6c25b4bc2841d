"""Names found in the source text, carried through the translation and checked after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.names.glossary import Entry, Glossary


@dataclass(frozen=True, slots=True)
class Anchor:
    """A glossary name in a source text; `start` and `end` are offsets into that text."""

    start: int
    end: int
    surface: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Carried:
    """A source text made ready for the model.

    Args:
        text: the source text, with the names that the model would lose written in Latin letters.
        anchors: the names found in the *original* source text, in order.
        language: ISO 639-1 code of the source text.
    """

    text: str
    anchors: tuple[Anchor, ...]
    language: str = "ar"


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """One sentence's names and where its translation stands.

    Args:
        start, end: half-open offsets of the translation of this sentence in the translated text.
        carried: what was given to the model, with its anchors.
        links: (source start, source end, output start, output end) character links, where the
            model tells them; source offsets are into `carried.text`.
    """

    start: int
    end: int
    carried: Carried
    links: tuple[tuple[int, int, int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceNames:
    """Everything that the source shows of the names, handed to `normalise` as evidence."""

    language: str
    sentences: tuple[SourceSentence, ...]


def find_anchors(text: str, language: str, glossary: Glossary) -> tuple[Anchor, ...]:
    """The glossary names that stand in a source text, in order and not overlapping.

    Args:
        text: a source text in Arabic or French.
        language: ISO 639-1 code of the text.
        glossary: the entries in force.
    """
    return ()


def carry(text: str, anchors: Sequence[Anchor], *, language: str = "ar") -> Carried:
    """Write the anchored names into the source in the spelling that is to be printed."""
    return Carried(text, tuple(anchors), language)
