"""One translation package, loaded: sentences in, hypotheses with scores and flags out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FLAGS: Final = ("repetition", "echo", "empty", "number_mismatch", "length_ratio", "split")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The translation of one sentence.

    Args:
        text: the translation; the source itself where nothing else could be had (`empty`).
        score: mean log-probability per target token; ``exp(score)`` lies between 0 and 1.
        flags: what is suspicious about it, a subset of `FLAGS` in that order.
        attention: where asked for, links ``(src_start, src_end, out_start, out_end)`` in half-open
            character offsets into the source sentence and into `text`, in the order of the output.
    """

    text: str
    score: float
    flags: tuple[str, ...] = ()
    attention: tuple[tuple[int, int, int, int], ...] | None = None
