"""``transfer``: start a model from one of another source language that has more text.

English is the same for both, so the decoder, the attention and most of the encoder can be taken
over (Zoph et al. 2016; Kocmi and Bojar 2018). New are the source embeddings: a piece of the child's
language gets the vector of the parent's pieces that mean the same, found by way of English. The
child's alignment says which English pieces it becomes, the parent's which of its own pieces become
these. Before its first update the child reads its language as the parent's, word for word.
"""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray

from training import ragged
from training.export import Snapshot
from training.vocabulary import SPECIALS, Vocabulary

log = logging.getLogger(__name__)


def link_counts(run: Path, words: Vocabulary) -> scipy.sparse.csr_matrix:
    """Count the links of a run's examples: source pieces × target pieces."""
    stored = ragged.load(run / "examples.npz")
    source, target, links = stored["source"], stored["target"], stored["links"]
    pairs = links.flat.reshape(-1, 2).astype(np.int64)
    of_row = np.repeat(np.arange(len(links)), links.lengths // 2)
    rows = source.flat[source.offsets[of_row] + pairs[:, 0]]
    columns = target.flat[target.offsets[of_row] + pairs[:, 1]]
    shape = (words.source.get_piece_size(), len(words.target))
    ones = np.ones(len(rows))
    return scipy.sparse.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()


def _shares(counts: scipy.sparse.csr_matrix, power: float = 1.5) -> scipy.sparse.csr_matrix:
    """Turn counts into shares of each row, the larger ones favoured."""
    raised = counts.power(power)
    totals = np.asarray(raised.sum(axis=1)).ravel()
    return scipy.sparse.diags(1 / np.maximum(totals, 1e-9)) @ raised


def target_bridge(parent: Vocabulary, child: Vocabulary) -> scipy.sparse.csr_matrix:
    """Say which parent target pieces stand for each child target piece (rows sum to 1)."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for i, piece in enumerate(child.target):
        mates = [parent.target_index[piece]] if piece in parent.target_index else []
        if not mates:
            text = piece.replace("▁", " ")
            mates = [m for m in parent.encode_target([text])[0] if m >= len(SPECIALS)]
        for mate in mates:
            rows.append(i)
            columns.append(mate)
            values.append(1 / len(mates))
    shape = (len(child.target), len(parent.target))
    return scipy.sparse.coo_matrix((values, (rows, columns)), shape=shape).tocsr()


def _fill(
    vectors: NDArray[np.float64], known: NDArray[np.bool_], start: NDArray[np.float32], norm: float
) -> NDArray[np.float32]:
    """Give every row length ``norm``; rows that nothing is known of come from ``start``."""
    filled = np.where(known[:, None], vectors, start)
    lengths = np.linalg.norm(filled, axis=1, keepdims=True)
    return np.asarray(filled / np.maximum(lengths, 1e-9) * norm, dtype=np.float32)


def transfer(parent: Snapshot, parent_run: Path, run: Path) -> Snapshot:
    """Return weights for the child run ``run``, made from ``parent``.

    Args:
        parent: a trained model, of the same width as the child is to have.
        parent_run: its run folder: vocabulary and ``examples.npz``.
        run: the child's run folder, after ``align``.
    """
    old, new = Vocabulary.load(parent_run), Vocabulary.load(run)
    with np.load(run / "embeddings.npz") as stored:
        start, source_rows, bias = stored["table"], stored["source_rows"], stored["bias"]
    weights = dict(parent.weights)
    table = weights["table"].numpy().astype(np.float64)
    parent_rows = weights["source_rows"].numpy()
    count = len(new.target)

    bridge = target_bridge(old, new)
    english = bridge @ table[: len(old.target)]
    known = np.asarray(bridge.sum(axis=1)).ravel() > 0
    exact = np.array([piece in old.target_index for piece in new.target])
    norm = float(np.linalg.norm(table[: len(old.target)], axis=1).mean())
    target = _fill(english, known, start[:count], norm)
    target[exact] = english[exact]

    of_child = _shares(link_counts(run, new))
    of_parent = _shares(link_counts(parent_run, old).T.tocsr())
    pivot = of_child @ bridge @ of_parent
    meaning = pivot @ table[parent_rows]
    own = np.flatnonzero(source_rows >= count)
    source_norm = float(np.linalg.norm(table[len(old.target) :], axis=1).mean())
    linked = np.asarray(pivot.sum(axis=1)).ravel() > 0
    source = _fill(meaning[own], linked[own], start[source_rows[own]], source_norm)
    log.info(
        "%d of %d English pieces and %d of %d source pieces have vectors of the parent",
        int(known.sum()),
        count,
        int(linked[own].sum()),
        len(own),
    )

    old_bias = weights["bias"].numpy()
    new_bias = bias - bias.mean() + old_bias.mean()
    places = [
        old.target_index[piece] for piece, same in zip(new.target, exact, strict=True) if same
    ]
    new_bias[exact] = old_bias[places]
    weights["table"] = torch.from_numpy(np.concatenate([target, source]))
    weights["bias"] = torch.from_numpy(new_bias.astype(np.float32))
    weights["source_rows"] = torch.from_numpy(source_rows)
    shape = dataclasses.replace(
        parent.shape,
        source=len(source_rows),
        target=count,
        rows=count + len(own),
    )
    return Snapshot(weights, shape)
