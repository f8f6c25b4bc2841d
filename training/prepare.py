"""Step 1, ``prepare``: choose the pairs, train SentencePiece, write both as ids.

Writes into the run folder: ``pairs.tsv`` (source, English, origin), ``sentencepiece.model``,
``target_vocabulary.json``, ``tokens.npz``.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from training import data, ragged, vocabulary
from training.package import unpack

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrepareSettings:
    """What ``prepare`` does.

    Args:
        language: source language, "fr" or "ar".
        pieces: size of the joint SentencePiece model.
        target_pieces: size of the English vocabulary.
        max_pieces: pairs with a longer side are left out.
        seed: of every random choice.
    """

    language: str
    pieces: int = 20_000
    target_pieces: int = 9_000
    max_pieces: int = 90
    seed: int = 1


def gather(
    settings: PrepareSettings,
    tables: Sequence[Path],
    authored: Path | None,
    names: Path | None,
) -> list[data.Pair]:
    """Read every input, keep what the mixture of the language takes."""
    pairs: list[data.Pair] = []
    for table in tables:
        pairs.extend(data.read_table(table))
    if authored is not None:
        pairs.extend(data.read_authored(authored, settings.language, heldout=False))
    if names is not None:
        pairs.extend(data.read_names(names, settings.language))
    return data.choose(pairs, settings.language, settings.seed)


def prepare(settings: PrepareSettings, pairs: list[data.Pair], run: Path) -> None:
    """Write the vocabulary and the pairs as ids into ``run``."""
    run.mkdir(parents=True, exist_ok=True)
    language = settings.language
    if not (run / "sentencepiece.model").exists():
        train_vocabulary(settings, pairs, run)
    words = vocabulary.Vocabulary.load(run)
    sources = words.encode_source([pair.source for pair in pairs])
    targets = words.encode_target([pair.english for pair in pairs])
    kept = [
        i
        for i, (source, target) in enumerate(zip(sources, targets, strict=True))
        if 0 < len(source) <= settings.max_pieces
        and 0 < len(target) <= settings.max_pieces
        and vocabulary.UNK not in target
    ]
    with (run / "pairs.tsv").open("w", encoding="utf-8") as out:
        for i in kept:
            out.write(f"{pairs[i].source}\t{pairs[i].english}\t{pairs[i].origin}\n")
    ragged.save(
        run / "tokens.npz",
        source=[sources[i] for i in kept],
        target=[targets[i] for i in kept],
    )
    log.info(
        "%s: %d pairs, %d source pieces, %d target pieces, vocabulary %d and %d",
        language,
        len(kept),
        sum(len(sources[i]) for i in kept),
        sum(len(targets[i]) for i in kept),
        words.source.get_piece_size(),
        len(words.target),
    )


def train_vocabulary(settings: PrepareSettings, pairs: list[data.Pair], run: Path) -> None:
    """Train SentencePiece on the pairs, each as often as its weight says (rounded up)."""
    weighted: list[data.Pair] = []
    for pair in pairs:
        copies = max(1, round(data.weight_of(pair.origin, settings.language) / 2))
        weighted.extend([pair] * copies)
    lines = [line for pair in weighted for line in (pair.source, pair.english)]
    random.Random(settings.seed).shuffle(lines)
    vocabulary.train_sentencepiece(lines, run / "sentencepiece", settings.language, settings.pieces)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(run / "sentencepiece.model"))
    target = vocabulary.choose_target(
        processor,
        [pair.english for pair in weighted],
        settings.target_pieces,
    )
    if settings.language == "ar":
        vocabulary.split_latin_alike(run / "sentencepiece.model", set(target))
    else:
        sides = [(pair.source, pair.english) for pair in pairs if pair.origin != "names"]
        vocabulary.split_names_alike(run / "sentencepiece.model", set(target), sides)
    (run / "target_vocabulary.json").write_text(
        json.dumps(target, ensure_ascii=False), encoding="utf-8"
    )


def read_pairs(run: Path) -> list[data.Pair]:
    """Read back the pairs that ``prepare`` kept, in order."""
    lines = (run / "pairs.tsv").read_text(encoding="utf-8").split("\n")
    return [data.Pair(*line.split("\t")) for line in lines if line]


def count_origins(run: Path) -> dict[str, int]:
    """Count the pairs that were kept, by origin."""
    return dict(Counter(pair.origin for pair in read_pairs(run)).most_common())


def take_vocabulary(package: Path, run: Path) -> None:
    """Use the vocabulary of ``package`` in ``run``, so that ``train --init`` can go on from it."""
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        top = unpack(package, Path(name))
        shutil.copy(top / "sentencepiece.model", run / "sentencepiece.model")
        shutil.copy(top / "model" / "target_vocabulary.json", run / "target_vocabulary.json")
