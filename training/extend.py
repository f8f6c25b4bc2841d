"""``extend``: give a trained model pieces that its vocabulary lacks.

A small model that copies a name piece by piece loses its place where the same piece stands twice
("Va s s al" came back as "Vasal" or "Vasssal"). With a piece for the doubled letter nothing stands
twice. It stumbles over the bare space piece of "▁v on ▁ der" in the same way. A new run has such
pieces from the start (``vocabulary.ADDED``); an older one gets them here: its
vocabulary in place, and its weights with new rows that begin as the mean of their parts.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from training import vocabulary
from training.export import Snapshot
from training.vocabulary import Vocabulary

log = logging.getLogger(__name__)


def extend(parent: Snapshot, run: Path, pieces: Sequence[str] = vocabulary.ADDED) -> Snapshot:
    """Add ``pieces`` to the vocabulary of ``run`` and return ``parent`` with rows for them.

    Args:
        parent: weights that fit the vocabulary of the run as it is.
        run: holds ``sentencepiece.model`` and ``target_vocabulary.json``; both are rewritten.
        pieces: the pieces; those that English has already are left out.

    Raises:
        ValueError: the vocabulary of the run is not that of ``parent``.
    """
    words = Vocabulary.load(run)
    if words.source.get_piece_size() != parent.shape.source:
        raise ValueError("the run's vocabulary is not that of the model")
    missing = [
        piece
        for piece in pieces
        if piece not in words.target_index and all(letter in words.target_index for letter in piece)
    ]
    if not missing:
        return parent
    parts = [
        [words.target_index[p] for p in words.constrained.encode(piece, out_type=str) if p != "▁"]
        for piece in missing
    ]
    added = vocabulary.add_pieces(run / "sentencepiece.model", missing)
    (run / "target_vocabulary.json").write_text(
        json.dumps([*words.target, *missing], ensure_ascii=False), encoding="utf-8"
    )
    log.info("%d pieces added", len(missing))

    weights = dict(parent.weights)
    table, bias, count = weights["table"], weights["bias"], parent.shape.target
    norm = table[:count].norm(dim=1).mean()
    rows = torch.stack([table[part].mean(0) for part in parts])
    rows = rows / rows.norm(dim=1, keepdim=True) * norm
    weights["table"] = torch.cat([table[:count], rows, table[count:]])
    weights["bias"] = torch.cat([bias, torch.stack([bias[part].min() for part in parts])])
    old_rows = weights["source_rows"]
    moved = torch.where(old_rows >= count, old_rows + len(missing), old_rows)
    place = {piece: count + i for i, piece in enumerate(missing)}
    known = {words.source.id_to_piece(i): i for i in range(words.source.get_piece_size())}
    for piece in missing:
        if piece in known:
            moved[known[piece]] = place[piece]
    weights["source_rows"] = torch.cat([moved, torch.tensor([place[piece] for piece in added])])
    shape = dataclasses.replace(
        parent.shape,
        source=parent.shape.source + len(added),
        target=count + len(missing),
        rows=parent.shape.rows + len(missing),
    )
    return Snapshot(weights, shape)
