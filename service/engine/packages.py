"""Argos translation packages on disk: found, unpacked, verified, installed, removed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Package:
    """One usable package.

    Args:
        source, target: language codes.
        version: the package's own version, e.g. ``1.0``.
        path: its unpacked folder, holding metadata.json, model/ and a SentencePiece model.
        sha256: of the .argosmodel file it came from, or of the folder where there was no file.
        name: e.g. ``translate-fr_en-1.0``.
        origin: ``built-in`` (shipped in the models folder) or ``installed``.
    """

    source: str
    target: str
    version: str
    path: Path
    sha256: str
    name: str
    origin: Literal["built-in", "installed"]
