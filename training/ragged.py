"""Lists of lists of small integers in one compressed ``.npz`` file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Ragged:
    """Rows of different length over one flat array.

    Args:
        flat: all values, row after row.
        offsets: start of each row, and the end of the last; one more than there are rows.
    """

    def __init__(self, flat: NDArray[np.integer], offsets: NDArray[np.int64]) -> None:
        self.flat = flat
        self.offsets = offsets
        self.lengths = np.diff(offsets)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, row: int) -> NDArray[np.integer]:
        return self.flat[self.offsets[row] : self.offsets[row + 1]]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """Pack ``rows``."""
        offsets = np.cumsum([0] + [len(row) for row in rows], dtype=np.int64)
        flat = np.fromiter(
            (value for row in rows for value in row), dtype=np.uint16, count=int(offsets[-1])
        )
        return cls(flat, offsets)


def save(path: Path, **lists: Sequence[Sequence[int]]) -> None:
    """Write named lists of rows; values must fit in 16 bits."""
    arrays: dict[str, NDArray[np.integer]] = {}
    for name, rows in lists.items():
        packed = Ragged.of(rows)
        arrays[name] = packed.flat
        arrays[name + "_offsets"] = packed.offsets
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> dict[str, Ragged]:
    """Read what ``save`` wrote."""
    with np.load(path) as stored:
        return {
            name: Ragged(stored[name], stored[name + "_offsets"])
            for name in stored.files
            if not name.endswith("_offsets")
        }
