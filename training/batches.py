"""Batches of examples under a token budget, in an order that changes with progress.

Progress runs from 0 to 1 over the whole training. Short sentences come first (Bengio et al. 2009;
Platanios et al. 2019), then all, and the last part is mostly authored news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import ragged
from training.vocabulary import BOS, EOS, PAD

#: Longest target side at the start, and the progress by which every length is in.
FIRST_LENGTH = 20
ALL_LENGTHS_BY = 0.3
#: Progress from which on other than authored examples are mostly skipped, and the share that stays.
NEWS_FROM = 0.8
OTHERS_IN_NEWS = 0.25
#: Latin pieces that make an example one with a name, and the share of the others kept among them.
NAMED_FROM = 2
OTHERS_AMONG_NAMED = 0.3
#: Examples sorted by length together; larger is faster and less random.
POOL = 4_000


@dataclass(frozen=True)
class Batch:
    """Padded ids and the alignment to guide towards (batch × target × source)."""

    source: Tensor
    target_in: Tensor
    target_out: Tensor
    alignment: Tensor

    @property
    def tokens(self) -> int:
        """Number of ids, padding included."""
        return int(self.source.numel() + self.target_out.numel())


class Examples:
    """The examples of a run folder.

    Args:
        path: ``examples.npz`` as written by ``align``.
        max_tokens: most ids in a batch, both sides and padding included.
        seed: of the order.
        curriculum: whether the choice of examples changes with progress.
        short_first: whether a curriculum begins with short sentences.
        news_from: progress from which on a curriculum is mostly authored news.
        names: source ids of pieces in Latin script; if given, examples with fewer than two of them
            are mostly skipped.
    """

    def __init__(
        self,
        path: Path,
        max_tokens: int,
        seed: int = 1,
        curriculum: bool = True,
        names: NDArray[np.int64] | None = None,
        short_first: bool = True,
        news_from: float = NEWS_FROM,
    ) -> None:
        stored = ragged.load(path)
        self.source, self.target = stored["source"], stored["target"]
        self.links = stored["links"]
        self.authored = stored["authored"].flat.astype(bool)
        self.max_tokens = max_tokens
        self.rng = np.random.default_rng(seed)
        self.curriculum = curriculum
        self.short_first = short_first
        self.news_from = news_from
        self.named = np.ones(len(self.source), dtype=np.bool_)
        if names is not None:
            totals = np.concatenate([[0], np.cumsum(np.isin(self.source.flat, names))])
            self.named = np.diff(totals[self.source.offsets]) >= NAMED_FROM

    def __len__(self) -> int:
        return len(self.source)

    def batches(self, progress: Callable[[], float]) -> Iterator[Batch]:
        """Yield batches for ever; ``progress`` is asked once for every pool."""
        while True:
            order = self.rng.permutation(len(self))
            position = 0
            while position < len(order):
                now = progress()
                chosen: list[NDArray[np.int64]] = []
                found = 0
                while found < POOL and position < len(order):
                    part = order[position : position + POOL]
                    position += POOL
                    part = part[self._wanted(part, now)]
                    chosen.append(part)
                    found += len(part)
                rows = np.concatenate(chosen)
                if len(rows):
                    yield from map(self.tensor, self._cut(rows))

    def _wanted(self, rows: NDArray[np.int64], progress: float) -> NDArray[np.bool_]:
        named = self.named[rows] | (self.rng.random(len(rows)) < OTHERS_AMONG_NAMED)
        if not self.curriculum:
            return np.asarray(named)
        wanted = named
        if self.short_first:
            limit = FIRST_LENGTH + (120 - FIRST_LENGTH) * min(1.0, progress / ALL_LENGTHS_BY)
            wanted = named & (self.target.lengths[rows] <= limit)
        if progress >= self.news_from:
            wanted &= self.authored[rows] | (self.rng.random(len(rows)) < OTHERS_IN_NEWS)
        return np.asarray(wanted)

    def _cut(self, rows: NDArray[np.int64]) -> list[list[int]]:
        lengths = self.source.lengths[rows] + self.target.lengths[rows]
        rows = rows[np.argsort(lengths + self.rng.random(len(rows)), kind="stable")]
        batches: list[list[int]] = []
        current: list[int] = []
        longest_source = longest_target = 0
        for row in rows.tolist():
            source = max(longest_source, int(self.source.lengths[row]) + 1)
            target = max(longest_target, int(self.target.lengths[row]) + 1)
            if current and (source + target) * (len(current) + 1) > self.max_tokens:
                batches.append(current)
                current = []
                source = int(self.source.lengths[row]) + 1
                target = int(self.target.lengths[row]) + 1
            current.append(row)
            longest_source, longest_target = source, target
        batches.append(current)
        self.rng.shuffle(batches)
        return batches

    def tensor(self, rows: list[int]) -> Batch:
        """Pad the examples ``rows`` into one batch."""
        width_source = int(self.source.lengths[rows].max()) + 1
        width_target = int(self.target.lengths[rows].max()) + 1
        source = np.full((len(rows), width_source), PAD, np.int64)
        target = np.full((len(rows), width_target + 1), PAD, np.int64)
        guide = np.zeros((len(rows), width_target, width_source), np.float32)
        target[:, 0] = BOS
        for i, row in enumerate(rows):
            x, y, links = self.source[row], self.target[row], self.links[row]
            source[i, : len(x)] = x
            source[i, len(x)] = EOS
            target[i, 1 : len(y) + 1] = y
            target[i, len(y) + 1] = EOS
            if len(links):
                guide[i, links[1::2], links[::2]] = 1
                guide[i, len(y), len(x)] = 1
        guide /= np.maximum(guide.sum(-1, keepdims=True), 1)
        target_in = target[:, :-1].copy()
        target_in[target_in == EOS] = PAD
        return Batch(
            torch.from_numpy(source),
            torch.from_numpy(target_in),
            torch.from_numpy(target[:, 1:].copy()),
            torch.from_numpy(guide),
        )
