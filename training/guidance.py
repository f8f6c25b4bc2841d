"""Step 2, ``align``: links, starting embeddings and the examples that training will see.

Reads what ``prepare`` wrote; writes ``embeddings.npz`` and ``examples.npz`` into the run folder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training import alignment, data, prepare, ragged
from training.augment import Augmenter
from training.vocabulary import Vocabulary

log = logging.getLogger(__name__)


def name_pool(pairs: Sequence[data.Pair], extra: Sequence[str]) -> list[str]:
    """Collect Latin names: ``extra``, and words of authored English that carry a foreign accent."""
    names = {name for name in extra if name[:1].isupper() and 2 < len(name) < 16}
    accented: set[str] = set()
    for pair in pairs:
        if pair.origin in data.OWN:
            accented.update(
                word
                for word in pair.english.replace("'", " ").split()
                if word.isalpha() and not word.isascii() and word[0].isupper()
            )
    return sorted(names) + sorted(accented) * 4


def align(run: Path, language: str, dim: int, names: Sequence[str] = (), seed: int = 1) -> None:
    """Do the whole step for the run folder ``run``.

    Args:
        language: source language.
        dim: width of the embeddings to start from.
        names: Latin names for the pool, besides those in the data.
        seed: of every random choice.
    """
    words = Vocabulary.load(run)
    pairs = prepare.read_pairs(run)
    tokens = ragged.load(run / "tokens.npz")
    sources = [row.tolist() for row in _rows(tokens["source"])]
    targets = [row.tolist() for row in _rows(tokens["target"])]
    same = alignment.same_pieces(words)
    links = [
        alignment.add_copies(source, target, pair, same)
        for source, target, pair in zip(
            sources, targets, alignment.align(sources, targets), strict=True
        )
    ]
    log.info("aligned: %.2f links a target piece", _density(links, targets))
    weights = [data.weight_of(pair.origin, language) for pair in pairs]
    start = alignment.start_embeddings(
        alignment.lexicon(sources, targets, links, weights, words),
        alignment.neighbours(targets, weights, len(words.target)),
        words,
        dim,
        seed,
    )
    np.savez(run / "embeddings.npz", **start)  # type: ignore[arg-type]
    augmenter = Augmenter(words, language, name_pool(pairs, names), seed)
    examples = augmenter.examples(pairs, sources, targets, links)
    ragged.save(
        run / "examples.npz",
        source=[example.source for example in examples],
        target=[example.target for example in examples],
        links=[[value for link in example.links for value in link] for example in examples],
        authored=[[int(example.authored)] for example in examples],
    )
    log.info(
        "%d examples, %d target pieces, %d authored",
        len(examples),
        sum(len(example.target) for example in examples),
        sum(example.authored for example in examples),
    )


def _rows(rows: ragged.Ragged) -> list[np.ndarray]:
    return [rows[i] for i in range(len(rows))]


def _density(links: Sequence[alignment.Links], targets: Sequence[Sequence[int]]) -> float:
    return sum(map(len, links)) / max(1, sum(map(len, targets)))
