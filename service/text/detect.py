"""Which language a text is in, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One language that a text may be in; `confidence` is between 0 and 1."""

    language: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Detection:
    """The answer for one text.

    Args:
        language: ISO 639-1 code (639-3 where there is no two-letter code, e.g. ``ckb``), or ``und``.
        confidence: between 0 and 1; 0 for ``und``.
        candidates: best first; the first is `language` unless that is ``und``.
    """

    language: str
    confidence: float
    candidates: tuple[Candidate, ...]


def detect(text: str, *, among: Collection[str] | None = None) -> Detection:
    """Tell the language of `text`, never raising.

    Args:
        text: anything; lone surrogates, NULs and bidi controls are passed over.
        among: the only languages to choose from; by default every plausible one.
    """
    raise NotImplementedError
