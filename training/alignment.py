"""Step 2, ``align``: which source piece each English piece came from, and what follows from it.

A statistical aligner (eflomal, Östling and Tiedemann 2016) works on the piece ids. Its links serve
three times: as the target of guided alignment (Chen et al. 2016; Garg et al. 2019), as the lexicon
from which embeddings start, and to find the source words of a name when Latin names are put into
the source (``training.augment``).
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from training.vocabulary import SPECIALS, Vocabulary

log = logging.getLogger(__name__)

Links = list[tuple[int, int]]


def align(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[Links]:
    """Link every pair with eflomal in both directions; return (source, target) positions.

    Each target position keeps the links that both directions found; a position without any keeps
    what either found.
    """
    import eflomal

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, rows in (("source", sources), ("target", targets)):
            with (folder / side).open("w", encoding="ascii") as out:
                out.writelines(" ".join(map(str, row)) + "\n" for row in rows)
        with (folder / "source").open() as source, (folder / "target").open() as target:
            eflomal.Aligner(n_samplers=1).align(
                source,
                target,
                links_filename_fwd=str(folder / "forward"),
                links_filename_rev=str(folder / "reverse"),
            )
        both = zip(_read_links(folder / "forward"), _read_links(folder / "reverse"), strict=True)
        return [symmetrise(forward, reverse) for forward, reverse in both]


def _read_links(path: Path) -> Iterator[set[tuple[int, int]]]:
    for line in path.read_text(encoding="ascii").splitlines():
        yield {(int(a), int(b)) for a, b in (link.split("-") for link in line.split())}


def symmetrise(forward: set[tuple[int, int]], reverse: set[tuple[int, int]]) -> Links:
    """Keep the links of both directions; where a target position has none, keep either's."""
    sure = forward & reverse
    covered = {target for _, target in sure}
    return sorted(sure | {link for link in forward | reverse if link[1] not in covered})


def add_copies(
    source: Sequence[int], target: Sequence[int], links: Links, same: dict[int, int]
) -> Links:
    """Link pieces that stand exactly once on both sides and are the same piece.

    Args:
        source: source ids.
        target: target ids.
        links: links so far.
        same: target id to the source id of the same piece.
    """
    once_source = {piece: n for piece, n in Counter(source).items() if n == 1}
    once_target = {piece for piece, n in Counter(target).items() if n == 1}
    copies = {}
    for position, piece in enumerate(target):
        mate = same.get(piece)
        if piece in once_target and mate in once_source:
            copies[position] = list(source).index(mate)
    kept = [link for link in links if link[1] not in copies]
    return sorted(kept + [(s, t) for t, s in copies.items()])


def same_pieces(words: Vocabulary) -> dict[int, int]:
    """Return, for target ids, the source id of the same piece."""
    index = {piece: i for i, piece in enumerate(words.source_pieces)}
    return {i: index[piece] for i, piece in enumerate(words.target) if piece in index}


def lexicon(
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    links: Sequence[Links],
    weights: Sequence[float],
    words: Vocabulary,
) -> scipy.sparse.csr_matrix:
    """Count how often each source piece was linked to each target piece.

    Every shared piece gets one pseudo-count for itself: a name never seen is its own translation.
    """
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for source, target, pair, weight in zip(sources, targets, links, weights, strict=True):
        for s, t in pair:
            rows.append(source[s])
            columns.append(target[t])
            values.append(weight)
    for t, s in same_pieces(words).items():
        rows.append(s)
        columns.append(t)
        values.append(1.0)
    shape = (words.source.get_piece_size(), len(words.target))
    return scipy.sparse.coo_matrix((values, (rows, columns)), shape=shape).tocsr()


def ppmi(counts: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Return the positive pointwise mutual information of a count matrix."""
    table = counts.tocoo()
    total = table.data.sum()
    by_row = np.asarray(counts.sum(axis=1)).ravel()
    by_column = np.asarray(counts.sum(axis=0)).ravel()
    expected = by_row[table.row] * by_column[table.col] / total
    values = np.log(np.maximum(table.data / expected, 1e-9))
    keep = values > 0
    return scipy.sparse.coo_matrix(
        (values[keep], (table.row[keep], table.col[keep])), shape=counts.shape
    ).tocsr()


def neighbours(
    targets: Sequence[Sequence[int]], weights: Sequence[float], size: int
) -> scipy.sparse.csr_matrix:
    """Count English pieces by the pieces one and two to the right and left (four blocks)."""
    blocks = []
    for distance in (1, 2):
        left = np.fromiter((p for row in targets for p in row[:-distance]), dtype=np.int64)
        right = np.fromiter((p for row in targets for p in row[distance:]), dtype=np.int64)
        weight = np.fromiter(
            (
                w
                for row, w in zip(targets, weights, strict=True)
                for _ in range(max(0, len(row) - distance))
            ),
            dtype=np.float64,
        )
        counts = scipy.sparse.coo_matrix((weight, (left, right)), shape=(size, size)).tocsr()
        blocks += [ppmi(counts), ppmi(counts.T.tocsr())]
    return scipy.sparse.hstack(blocks).tocsr()


def truncated_svd(
    matrix: scipy.sparse.csr_matrix, rank: int, rng: np.random.Generator, rounds: int = 3
) -> NDArray[np.float64]:
    """Return U·sqrt(S) of the randomised truncated SVD (Halko, Martinsson and Tropp 2011)."""
    sample = matrix @ rng.standard_normal((matrix.shape[1], rank + 16))
    basis, _ = np.linalg.qr(sample)
    for _ in range(rounds):
        basis, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ basis)
    left, values, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    result = basis @ left[:, :rank] * np.sqrt(values[:rank])
    return np.asarray(result, dtype=np.float64)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(norms, 1e-9)


def start_embeddings(
    counts: scipy.sparse.csr_matrix,
    around: scipy.sparse.csr_matrix,
    words: Vocabulary,
    dim: int,
    seed: int = 1,
) -> dict[str, NDArray[np.generic]]:
    """Make the table in which a source piece lies near its translations.

    Target rows are half meaning (SVD of what they align with and stand beside, rotated at random)
    and half random, so that words of one kind stay apart; a source row is the mean of its
    translations, weighted by how often. A source piece that mostly translates to itself shares the
    target row, so that copying it is the same act for every name.

    Returns:
        ``table`` (rows × dim, unit rows; the target vocabulary first), ``source_rows`` (row of
        each source id), ``bias`` (log frequency of each target id).
    """
    rng = np.random.default_rng(seed)
    size = len(words.target)
    aligned = ppmi(counts.T.tocsr())
    scale = scipy.sparse.linalg.norm(aligned) / max(scipy.sparse.linalg.norm(around), 1e-9)
    meaning = truncated_svd(
        scipy.sparse.hstack([aligned, around * scale]).tocsr(), min(dim, size - 20), rng
    )
    padded = np.zeros((size, dim))
    padded[:, : meaning.shape[1]] = meaning
    rotation, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    target = _unit(_unit(padded @ rotation) + _unit(rng.standard_normal((size, dim))))

    totals = np.asarray(counts.sum(axis=1)).ravel()
    share = scipy.sparse.diags(1 / np.maximum(totals, 1e-9)) @ counts
    means = share @ target
    unseen = totals == 0
    means[unseen] = rng.standard_normal((int(unseen.sum()), dim))
    means = _unit(means)

    source_rows = np.full(words.source.get_piece_size(), -1, dtype=np.int64)
    for t, s in same_pieces(words).items():
        if t < len(SPECIALS) or counts[s, t] >= 0.5 * totals[s]:
            source_rows[s] = t
    own = np.flatnonzero(source_rows < 0)
    source_rows[own] = size + np.arange(len(own))
    frequency = np.asarray(counts.sum(axis=0)).ravel() + 0.5
    frequency[: len(SPECIALS)] = frequency.min()
    frequency[2] = frequency.sum() / 20
    log.info("%d source pieces share a row with English, %d have their own", size, len(own))
    return {
        "table": np.concatenate([target, means[own]]).astype(np.float32),
        "source_rows": source_rows,
        "bias": np.log(frequency / frequency.sum()).astype(np.float32),
    }
