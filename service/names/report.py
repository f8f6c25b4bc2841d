"""What was decided about each name, and why: the report that every normalisation returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["full", "surname", "given", "organisation", "place", "work", "term", "cluster"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a decision: a stable code and its value (docs/how-names-break.md)."""

    code: str
    value: float | str | bool


@dataclass(frozen=True, slots=True)
class NameReport:
    """One name found in a text.

    Args:
        start: first character, as an offset into the input text.
        end: one past the last character.
        surface: what stood there; always `text[start:end]`.
        replacement: what stands there now if `applied`, else what is suggested.
        entry: the id of the glossary entry, or None for a cluster that no entry knows.
        kind: which form of which sort of entry it is.
        score: how sure the decision is, 0 to 1.
        evidence: the reasons, strongest first.
        applied: True where the text was changed or is already right; False for a suggestion.
    """

    start: int
    end: int
    surface: str
    replacement: str
    entry: str | None
    kind: Kind
    score: float
    evidence: tuple[Evidence, ...]
    applied: bool
