"""Cutting a text into pieces so that a page can mark the names in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.names.anchors import Anchor, document_anchors
from service.names.glossary import Glossary
from service.names.report import NameReport
from service.pipeline import SentencePair, Translation
from service.text.segment import segment


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: plain, or one name.

    Args:
        text: the stretch as it stood before normalisation.
        number: the name's place in the report, or None for plain text.
        name: the report on the name, or None for plain text.
        anchor: a name found in a source text, or None.
    """

    text: str
    number: int | None = None
    name: NameReport | None = None
    anchor: Anchor | None = None

    @property
    def shown(self) -> str:
        """What the reader sees: the right spelling where it was applied."""
        return self.name.replacement if self.name and self.name.applied else self.text

    @property
    def mark(self) -> str:
        """How it is marked: changed, known, suggested, inconsistent or nothing."""
        if self.anchor is not None:
            return "known"
        if self.name is None:
            return ""
        if self.name.applied and self.name.replacement == self.text:
            return "known"
        if self.name.applied:
            return "changed"
        return "inconsistent" if self.name.kind == "cluster" else "suggested"


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and its English, side by side; `gap` is True where a paragraph begins."""

    source: tuple[Piece, ...]
    pieces: tuple[Piece, ...]
    flags: tuple[str, ...]
    gap: bool


def pieces_of(text: str, names: Sequence[NameReport], start: int, end: int) -> tuple[Piece, ...]:
    """The pieces of ``text[start:end]``; names that reach over its edges stay plain."""
    pieces: list[Piece] = []
    at = start
    for number, name in enumerate(names):
        if name.start < at or name.end > end:
            continue
        if name.start > at:
            pieces.append(Piece(text[at : name.start]))
        pieces.append(Piece(text[name.start : name.end], number, name))
        at = name.end
    if at < end:
        pieces.append(Piece(text[at:end]))
    return tuple(pieces)


def pieces_of_source(text: str, anchors: Sequence[Anchor]) -> tuple[Piece, ...]:
    """The pieces of a source text, its glossary names marked."""
    pieces: list[Piece] = []
    at = 0
    for number, anchor in enumerate(anchors):
        if anchor.start > at:
            pieces.append(Piece(text[at : anchor.start]))
        pieces.append(Piece(text[anchor.start : anchor.end], number, anchor=anchor))
        at = anchor.end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return tuple(pieces)


def rows_of(
    translation: Translation, source_text: str, glossary: Glossary | None
) -> tuple[Row, ...]:
    """The rows of a translation; a text that needed none is cut into its own sentences.

    Args:
        translation: with names whose offsets are those of its raw text.
        source_text: what was translated.
        glossary: whose names are marked in the source; None: none are.
    """
    raw, names = translation.raw_text, translation.names
    pairs = translation.sentences or tuple(
        SentencePair(
            sentence.start,
            sentence.end,
            sentence.start,
            sentence.end,
            sentence.text,
            sentence.text,
            0.0,
            (),
        )
        for sentence in segment(raw, translation.target)
    )
    anchors: list[tuple[Anchor, ...]] = [()] * len(pairs)
    if translation.sentences and glossary is not None:
        sources = [(pair.source, translation.source) for pair in pairs]
        anchors = document_anchors(sources, translation.source, glossary)
    rows: list[Row] = []
    before = 0
    for pair, found in zip(pairs, anchors, strict=True):
        gap = "\n" in source_text[before : pair.start]
        rows.append(
            Row(
                pieces_of_source(pair.source, found),
                pieces_of(raw, names, pair.target_start, pair.target_end),
                pair.flags,
                gap and bool(rows),
            )
        )
        before = pair.end
    return tuple(rows)
