"""A document cut into sentences, with nothing lost between them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a text.

    Args:
        start, end: half-open character offsets into the text that was segmented.
        text: that text's slice ``[start:end]``, neither empty nor bounded by whitespace.
        translatable: False for what is copied as it is: numbers, punctuation, a URL, emoji.
    """

    start: int
    end: int
    text: str
    translatable: bool


def segment(text: str, language: str) -> tuple[Sentence, ...]:
    """Cut `text` into sentences, in order and not overlapping.

    Whatever lies between two sentences (spaces, blank lines, list markers, heading marks) is a
    separator: replacing each sentence by its translation and copying the rest keeps the layout.
    """
    raise NotImplementedError


def reassemble(
    text: str, sentences: tuple[Sentence, ...], translations: list[str] | tuple[str, ...]
) -> str:
    """`text` with each of its sentences replaced by the translation of the same index."""
    parts: list[str] = []
    at = 0
    for sentence, translation in zip(sentences, translations, strict=True):
        parts.append(text[at : sentence.start])
        parts.append(translation)
        at = sentence.end
    parts.append(text[at:])
    return "".join(parts)
