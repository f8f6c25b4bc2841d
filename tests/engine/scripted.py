"""A model whose answers are written down, for testing what is done with answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from service.engine.model import Decoded, Decoding, Encoded, Unit
from service.engine.packages import Package
from service.engine.translator import Hypothesis, PairTranslator

PACKAGE = Package("fr", "en", "1.0", Path("/nowhere"), "0" * 64, "translate-fr_en-1.0", "built-in")


class ScriptedModel:
    """Takes the place of `Model`: pieces are words and marks, answers come from a function.

    Args:
        answer: given the text and the decoding, the translations, best first.
    """

    def __init__(self, answer: Callable[[str, Decoding], str | Sequence[str]]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, Decoding]] = []

    def encode(self, text: str) -> Encoded:
        found = list(re.finditer(r"\s*(?:\w+|[^\w\s])", text))
        pieces = tuple(
            "▁" + match.group().strip()
            if match.group()[0].isspace() or not number
            else match.group()
            for number, match in enumerate(found)
        )
        return Encoded(pieces, tuple(match.span() for match in found))

    def decode(self, pieces: Sequence[str]) -> str:
        return "".join(pieces).replace("▁", " ").strip()

    def pieces_in(self, text: str) -> int:
        return len(self.encode(text).pieces)

    def translate(self, units: Sequence[Unit]) -> list[list[Decoded]]:
        return [self._decoded(unit) for unit in units]

    def _decoded(self, unit: Unit) -> list[Decoded]:
        text = self.decode(unit.pieces)
        self.asked.append((text, unit.decoding))
        answers = self._answer(text, unit.decoding)
        found = []
        for answer in [answers] if isinstance(answers, str) else answers:
            pieces = self.encode(answer).pieces
            weights = [
                [float(row == column) for column in range(len(unit.pieces))]
                for row in range(len(pieces))
            ]
            found.append(Decoded(pieces, -0.5, weights, cut=len(pieces) >= unit.limit))
        return found

    def unload(self) -> None:
        pass


def translator(
    answer: Callable[[str, Decoding], str | Sequence[str]], source: str = "fr"
) -> tuple[PairTranslator, ScriptedModel]:
    model = ScriptedModel(answer)
    package = Package(
        source, "en", "1.0", PACKAGE.path, PACKAGE.sha256, PACKAGE.name, PACKAGE.origin
    )
    return PairTranslator(package, model), model  # type: ignore[arg-type]


def translate(
    sentence: str, answer: Callable[[str, Decoding], str | Sequence[str]], source: str = "fr"
) -> tuple[Hypothesis, list[tuple[str, Decoding]]]:
    """One sentence's translation, and what the model was asked for it."""
    pair, model = translator(answer, source)
    [hypothesis] = pair.translate([sentence], Decoding(1))
    return hypothesis, model.asked
