"""One CTranslate2 model with its tokeniser: pieces in, pieces out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from service.engine.packages import Package
from service.errors import PackageError

_SPACE: Final = "▁"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the decoder searches.

    Args:
        beam_size: hypotheses kept at each step; 1 is greedy.
        alternatives: hypotheses returned.
        no_repeat_ngram: no group of so many pieces comes twice; 0 for no such rule.
        repetition_penalty: divides the probability of a piece that was used already; 1 for none.
    """

    beam_size: int
    alternatives: int = 1
    no_repeat_ngram: int = 0
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as pieces of the model's vocabulary.

    Args:
        pieces: in order.
        spans: each piece's half-open character span in the text; empty where they are not known.
    """

    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What the model is asked: one stretch of text."""

    pieces: tuple[str, ...]
    decoding: Decoding

    @property
    def limit(self) -> int:
        """Most pieces that its translation may have; one that reaches it went astray."""
        return 2 * len(self.pieces) + 20


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the model answers: one hypothesis.

    Args:
        pieces: of the translation, in the target vocabulary.
        score: mean log-probability per piece.
        attention: for each piece of the translation, its weight on each piece of the source.
        cut: whether it reached the limit.
    """

    pieces: tuple[str, ...]
    score: float
    attention: Sequence[Sequence[float]]
    cut: bool


class Model:
    """A package in memory. Loading takes a tenth of a second; every method is thread-safe.

    Args:
        package: what to load.
        threads: batches translated at once; each takes one core.

    Raises:
        PackageError: the package cannot be loaded.
    """

    def __init__(self, package: Package, *, threads: int) -> None:
        import ctranslate2

        try:
            self._encoder, self._decoder, self._tokenizer = _tokenizer(package.path)
            self._translator: Any = ctranslate2.Translator(
                str(package.path / "model"),
                device="cpu",
                compute_type="int8",
                inter_threads=threads,
                intra_threads=1,
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0].rstrip(".") if str(error) else "no reason given"
            raise PackageError(f"{package.name} cannot be loaded: {reason}.") from error
        self._prefix = _target_prefix(package.path)

    def encode(self, text: str) -> Encoded:
        """`text` in pieces."""
        return self._encoder(text)

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of target pieces."""
        return self._decoder(list(pieces))

    def pieces_in(self, text: str) -> int:
        """How many pieces a text has: the fewer, the better the model knows it in this form."""
        return len(self._encoder(text).pieces)

    def translate(self, units: Sequence[Unit]) -> list[list[Decoded]]:
        """The hypotheses of each unit, best first, from one model batch.

        Args:
            units: at least one, all with the same `Decoding`.
        """
        decoding = units[0].decoding
        results = self._translator.translate_batch(
            [list(unit.pieces) for unit in units],
            target_prefix=[[self._prefix]] * len(units) if self._prefix else None,
            beam_size=max(decoding.beam_size, decoding.alternatives),
            num_hypotheses=decoding.alternatives,
            length_penalty=1,
            no_repeat_ngram_size=decoding.no_repeat_ngram,
            repetition_penalty=decoding.repetition_penalty,
            max_input_length=0,
            max_decoding_length=max(unit.limit for unit in units),
            return_scores=True,
            return_attention=True,
            replace_unknowns=True,
        )
        return [
            [
                self._decoded(pieces, score, attention, unit)
                for pieces, score, attention in zip(
                    result.hypotheses, result.scores, result.attention, strict=True
                )
            ]
            for unit, result in zip(units, results, strict=True)
        ]

    def _decoded(
        self, pieces: list[str], score: float, attention: list[list[float]], unit: Unit
    ) -> Decoded:
        if self._prefix and pieces[:1] == [self._prefix]:
            pieces, attention = pieces[1:], attention[1:]
        return Decoded(tuple(pieces), score, attention, cut=len(pieces) >= unit.limit)

    def unload(self) -> None:
        """Free the model; it must not be asked again."""
        self._translator.unload_model()


def _target_prefix(folder: Path) -> str:
    """The piece that a multilingual package begins its translations with; mostly empty."""
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    return str(metadata.get("target_prefix") or "")


def _tokenizer(
    folder: Path,
) -> tuple[Callable[[str], Encoded], Callable[[list[str]], str], Any]:
    model = folder / "sentencepiece.model"
    if not model.is_file():
        return _bpe_tokenizer(folder)
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))

    def encode(text: str) -> Encoded:
        found = processor.encode(text, return_type="offset_mapping")
        return Encoded(tuple(found["pieces"]), tuple(found["offsets"]))

    def decode(pieces: list[str]) -> str:
        text: str = processor.decode(pieces)
        # Pieces that only the target vocabulary has are not in the processor's.
        return text.replace(_SPACE, " ").strip()

    return encode, decode, processor


def _bpe_tokenizer(
    folder: Path,
) -> tuple[Callable[[str], Encoded], Callable[[list[str]], str], Any]:
    """The tokeniser of packages with a bpe.model: Argos Translate's own, spans unknown."""
    from argostranslate.tokenizer import BPETokenizer

    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    tokenizer = BPETokenizer(folder / "bpe.model", metadata["from_code"], metadata["to_code"])

    def encode(text: str) -> Encoded:
        pieces = tuple(tokenizer.encode(text))
        return Encoded(pieces, ())

    def decode(pieces: list[str]) -> str:
        text: str = tokenizer.decode(pieces)
        return text.strip()

    encode("a")  # it loads itself at first use, unguarded
    return encode, decode, tokenizer
