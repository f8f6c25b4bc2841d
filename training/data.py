"""Read parallel text, leave out what may not be used, and choose how much of each source to take.

Two kinds of input: tables (``.tsv`` or ``.tsv.xz``: source text, English text, source id, licence)
and folders of authored triples (English, French, Arabic). A pair keeps its source id, called its
*origin*, because every later choice (share, weight, curriculum) is made by origin.
"""

from __future__ import annotations

import hashlib
import lzma
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from training import HERE

#: Never used: non-commercial (multi30k, nyu-dl-notes), no licence stated (i2p-website-mt,
#: nextstrain), adapted from proprietary text (umbrella-security).
FORBIDDEN = frozenset(
    {"multi30k", "nyu-dl-notes", "i2p-website-mt", "nextstrain", "umbrella-security"}
)

#: Our own text: whole, careful sentences, with which a training ends.
OWN = frozenset({"authored", "written"})
#: The same with speakers joined to it: shown to the end too, or names are forgotten.
LAST = OWN | {"attributed"}

#: Column of the authored triples that holds each source language.
AUTHORED_COLUMN = {"fr": 1, "ar": 2}

HELDOUT_FILE = HERE / "heldout.txt"
#: One authored triple in this many is held out.
HELDOUT_EVERY = 20


@dataclass(frozen=True)
class Pair:
    """A source sentence, its English translation and the source id they came from."""

    source: str
    english: str
    origin: str


@dataclass(frozen=True)
class Share:
    """How much of one origin is used.

    Args:
        weight: how often each pair is shown, relative to 1.
        cap: at most so many pairs are taken, drawn at random (None: all).
    """

    weight: float
    cap: int | None = None


#: News and everyday text up; law and software help only for their words.
MIXTURE: dict[str, dict[str, Share]] = {
    "ar": {
        "authored": Share(6),
        "written": Share(4),
        "ud-pud": Share(5),
        "xquad": Share(4),
        "sdg": Share(4),
        "opensource-guide": Share(4),
        "debian-news": Share(4),
        "coronamelder": Share(3),
        "tatoeba": Share(3),
        "bible-vandyke-web": Share(1, 12_000),
        "mozilla-lang": Share(1.5),
        "mozilla-www": Share(1.5),
        "privacyguides": Share(1.5),
        "primero": Share(1),
        "scratch": Share(1),
        "psiphon": Share(1.5),
        "bitcoin-org": Share(1),
        "debian-website": Share(2),
        "monero-site": Share(1),
        "ms-dynamics365": Share(1, 24_000),
        "ms-alchemy-mt": Share(1, 14_000),
        "ms-alchemy": Share(1),
        "ms-customerinsights": Share(1, 3_000),
        "ms-projectops": Share(1, 3_000),
        "ms-security101-mt": Share(1),
        "attributed": Share(1, 8_000),
        "names": Share(1, 16_000),
        "freedict": Share(1),
    },
    "fr": {
        "authored": Share(7),
        "written": Share(4),
        "ud-pud": Share(5),
        "sdg": Share(4),
        "opensource-guide": Share(4),
        "cds-canada": Share(2),
        "african-storybook": Share(2),
        "diabla": Share(1.5),
        "opendata-handbook": Share(3),
        "hansard-36": Share(1, 180_000),
        "tatoeba": Share(1),
        "debian-news": Share(1, 24_000),
        "debian-website": Share(0.5, 10_000),
        "mozilla-lang": Share(1),
        "mozilla-mail": Share(1),
        "mozilla-www": Share(1),
        "privacyguides": Share(1),
        "primero": Share(1),
        "scratch": Share(1),
        "psiphon": Share(1),
        "bitcoin-org": Share(1),
        "monero-site": Share(1),
        "cncf-glossary": Share(1),
        "ms-dynamics365": Share(0.5, 10_000),
        "ms-alchemy-mt": Share(0.5, 6_000),
        "canada-laws": Share(0.5, 8_000),
        "canada-annual-statutes": Share(0.5, 6_000),
        "canada-regulations": Share(0.5, 8_000),
        "attributed": Share(2, 16_000),
        "names": Share(1, 4_000),
        "freedict": Share(1),
    },
}

#: Name tables with a permissive licence; the others are left out.
NAME_ORIGINS = frozenset({"google-transliteration", "who-app", "country-list"})


def line_hash(english: str) -> str:
    """Name an authored triple without its text: 16 hex digits of SHA-256 of its English line."""
    return hashlib.sha256(english.strip().encode("utf-8")).hexdigest()[:16]


def read_heldout(path: Path = HELDOUT_FILE) -> frozenset[str]:
    """Return the hashes of the authored triples that no training may see."""
    return frozenset(path.read_text(encoding="ascii").split())


def write_heldout(folder: Path, path: Path = HELDOUT_FILE) -> int:
    """Choose the held-out triples of ``folder`` by hash, write the list, return its length."""
    hashes = {line_hash(columns[0]) for _, columns in _triples(folder)}
    chosen = sorted(name for name in hashes if int(name, 16) % HELDOUT_EVERY == 0)
    path.write_text("\n".join(chosen) + "\n", encoding="ascii")
    return len(chosen)


def _triples(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(folder.glob("**/*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            columns = [column.strip() for column in line.split("\t")]
            if len(columns) >= 3 and all(columns[:3]):
                yield path.parent.name, columns[:3]


def read_authored(folder: Path, language: str, *, heldout: bool) -> Iterator[Pair]:
    """Yield the authored pairs of ``language``: the held-out ones, or all the others."""
    kept_back = read_heldout()
    column = AUTHORED_COLUMN[language]
    for _, columns in _triples(folder):
        if (line_hash(columns[0]) in kept_back) == heldout:
            yield Pair(columns[column], columns[0], "authored")


def read_table(path: Path) -> Iterator[Pair]:
    """Yield the pairs of one table, without the forbidden origins."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if len(columns) >= 3 and columns[0] and columns[1] and columns[2] not in FORBIDDEN:
                yield Pair(columns[0], columns[1], columns[2])


def read_names(path: Path, language: str) -> Iterator[Pair]:
    """Yield the name pairs of ``language`` (language, foreign, English, type, source)."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if len(columns) >= 5 and columns[0] == language and columns[4] in NAME_ORIGINS:
                yield Pair(columns[1], columns[2], "names")


def choose(pairs: Iterable[Pair], language: str, seed: int = 1) -> list[Pair]:
    """Apply the mixture of ``language``: origins not listed are dropped, caps are kept.

    The order of the result is random but fixed by ``seed``.
    """
    shares = MIXTURE[language]
    by_origin: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.origin in shares:
            by_origin.setdefault(pair.origin, []).append(pair)
    rng = random.Random(seed)
    chosen: list[Pair] = []
    for origin in sorted(by_origin):
        group = by_origin[origin]
        cap = shares[origin].cap
        if cap is not None and len(group) > cap:
            group = rng.sample(group, cap)
        chosen.extend(group)
    rng.shuffle(chosen)
    return chosen


def weight_of(origin: str, language: str) -> float:
    """Return how often a pair of ``origin`` is shown, relative to 1."""
    return MIXTURE[language][origin].weight
