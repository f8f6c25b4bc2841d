"""The step ``loss``: which snapshot, or which mean of several, knows the test sets best.

Cross-entropy is a finer measure than BLEU for that choice, and half a minute of one core tells it
for a thousand lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from training.model import Translator
from training.vocabulary import BOS, EOS, PAD, Vocabulary

#: Pairs in a batch.
BATCH = 32

Pair = tuple[list[int], list[int]]


def encode(words: Vocabulary, sources: Sequence[str], references: Sequence[str]) -> list[Pair]:
    """Return the lines of a test set as source and target ids."""
    return list(
        zip(words.encode_source(sources), words.encode_target(references), strict=True),
    )


@torch.no_grad()
def cross_entropy(model: Translator, pairs: Sequence[Pair]) -> float:
    """Return the mean cross-entropy of the target pieces, end marks among them, in nats a piece."""
    model.eval()
    total, count = 0.0, 0
    for source, target_in, target_out in _batches(pairs):
        loss, _, pieces = model.loss(source, target_in, target_out, None, smoothing=0.0)
        total += float(loss)
        count += pieces
    return total / count


def _batches(pairs: Sequence[Pair]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    ordered = sorted(pairs, key=lambda pair: len(pair[0]))
    for first in range(0, len(ordered), BATCH):
        batch = ordered[first : first + BATCH]
        yield (
            _padded([[*source, EOS] for source, _ in batch]),
            _padded([[BOS, *target] for _, target in batch]),
            _padded([[*target, EOS] for _, target in batch]),
        )


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows])
