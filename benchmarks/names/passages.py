"""Labelled passages: what is wrong in them, what is right, and where.

A relayed passage went from French through Arabic into English; each of its golds says which form
is wrong, which is right, and at which half-open character spans of the text the wrong one stands.
A clean passage has right names only: any change to it that is more than an accent is a mistake.

The same JSON lines are read from any folder that is given with `--data`: files named
`relayed*.jsonl` and `clean*.jsonl`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Span = tuple[int, int]

KINDS: dict[str, str] = {
    "vowel": "a vowel, or u/w, i/y: guessed, dropped or doubled (Tebboune: Taboun)",
    "p-b": "p and b, one letter in Arabic (Payan: Bayan)",
    "v-f": "v and f (Villani: Filani)",
    "g-k": "g, j, dj, gh, q, k (Djerad: Jarad; Bouguerra: Buqara)",
    "ch-s": "ch, sh, s, z, soft c, tch (Chabrol: Shabrol)",
    "dots": "letters that differ by their dots only (d/dh, r/z, b/t/n/y)",
    "silent": "a silent ending lost or invented (Humbert: Humber; Adenot: Adno)",
    "nasal": "gn, ñ, an/en/in/on (Maignan: Manian)",
    "doubled": "a doubled letter made or lost (Allisio: Alisio)",
    "article": "an article made, lost or changed (Hajjar: Al-Hajjar)",
    "particle": "ben, bin, abd, -eddine or a compound joined or split (Bennacer: Ben Nasser)",
    "given": "a given name made English, commoner, or the other sex (Martine: Martin)",
    "hyphen": "a part of a compound name lost, or its hyphen (Jean-Noël: Jan Noel)",
    "order": "given name and surname swapped",
    "glued": "run together with the next word",
    "exonym": "a place under its Arabic name (Oran: Wahran)",
    "word": "translated as if it were a word (Olfa: Intimacy)",
}
"""What happened to a name on its way; a gold may have several kinds."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One wrong form in one passage.

    Args:
        wrong: the form that stands in the text.
        right: the form that should stand there, in the same case pattern.
        type: ``person``, ``person-surname``, ``person-given``, ``place``, ``organisation`` ...
        kinds: keys of `KINDS`; empty where a data set does not say.
        spans: half-open character offsets into the passage's text.
    """

    wrong: str
    right: str
    type: str
    kinds: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """One text with its labels; a clean passage has no golds.

    Args:
        keep: right names that tempt, with their spans; none of them may change.
        note: what makes the passage hard.
        sort: of a clean passage, ``ordinary`` for news as it comes, ``trap`` for one that was
            written to tempt: near names side by side, mis-spellings quoted, addresses.
    """

    id: str
    text: str
    golds: tuple[Gold, ...] = ()
    keep: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    note: str = ""
    sort: str = "ordinary"

    @property
    def words(self) -> int:
        """How many words the text has, as whitespace parts it."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True)
class Collection:
    """The passages of one folder."""

    relayed: tuple[Passage, ...]
    clean: tuple[Passage, ...]


def _spans(raw: list[list[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in raw)


def _kinds(raw: dict[str, Any]) -> tuple[str, ...]:
    kind = raw.get("kind", [])
    return (kind,) if isinstance(kind, str) else tuple(kind)


def _passage(raw: dict[str, Any]) -> Passage:
    golds = tuple(
        Gold(
            wrong=gold["wrong"],
            right=gold["right"],
            type=gold.get("type", "person"),
            kinds=_kinds(gold),
            spans=_spans(gold["spans"]),
        )
        for gold in raw.get("gold", [])
    )
    keep = tuple((item["name"], _spans(item["spans"])) for item in raw.get("keep_spans", []))
    note = raw.get("note") or raw.get("trap") or ""
    return Passage(
        id=raw["id"],
        text=raw["text"],
        golds=golds,
        keep=keep,
        note=note,
        sort=raw.get("sort", "ordinary"),
    )


def _lines(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob(pattern)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise ValueError(f"{path}:{number}: not a JSON object: {error}") from error


def load(folder: Path) -> Collection:
    """Read a folder's `relayed*.jsonl` and `clean*.jsonl`, in the order of their names.

    Raises:
        ValueError: a line is not JSON, or the folder holds no passages.
    """
    relayed = tuple(_passage(raw) for raw in _lines(folder, "relayed*.jsonl"))
    clean = tuple(_passage(raw) for raw in _lines(folder, "clean*.jsonl"))
    if not relayed and not clean:
        raise ValueError(f"{folder}: no relayed*.jsonl and no clean*.jsonl with passages in it.")
    return Collection(relayed=relayed, clean=clean)
