"""Glossaries of a wanted size, written as the term files that any system can read.

The entries that the passages need come first, then other public names, then made-up people. Where
a glossary is to be smaller than what all passages need, the passages are put into groups, and each
group gets a glossary of that size of its own: every gold can be found at every size.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.names.distractors import SEED, generate
from benchmarks.names.passages import Gold, Passage
from benchmarks.names.score import folded
from service.names.glossary import Entry, load_glossary

NEEDED_SHARE = 0.9
"""How much of a small glossary may be entries that its passages need."""


@dataclass(frozen=True, slots=True)
class Group:
    """Passages that are judged with one glossary, and that glossary's folder."""

    passages: tuple[Passage, ...]
    folder: Path


def _key(text: str) -> str:
    return folded(text).casefold()


def derived_entries(passages: Sequence[Passage]) -> list[Entry]:
    """Entries made from the golds themselves, for a data set that brings no glossary.

    They hold the right name and nothing else. Surnames and given names alone make no entry.
    """
    names: dict[str, tuple[str, str]] = {}
    for passage in passages:
        for gold in passage.golds:
            if gold.type.startswith(("person-surname", "person-given", "person-possessive")):
                continue
            right = gold.right.title() if gold.right.isupper() else gold.right
            kind = "place" if gold.type.startswith("place") else "person"
            kind = "organisation" if gold.type.startswith("org") else kind
            names.setdefault(_key(right), (right, kind))
    return [
        Entry(id=f"gold-{number}", name=name, type=kind)
        for number, (name, kind) in enumerate(names.values(), start=1)
    ]


class Names:
    """Which entries a passage needs."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._by_part: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            tokens = _key(entry.name).split()
            parts = {" ".join(tokens[start:]) for start in range(len(tokens))}
            parts |= {" ".join(tokens[:end]) for end in range(1, len(tokens))}
            for part in parts:
                self._by_part[part].append(entry)

    def of_gold(self, gold: Gold, passage: Passage) -> list[Entry]:
        """The entries by which a gold can be put right; several where a surname stands alone."""
        found = self._by_part.get(_key(gold.right), [])
        exact = [entry for entry in found if _key(entry.name) == _key(gold.right)]
        if exact:
            return exact
        named = {_key(other.right) for other in passage.golds}
        text = _key(passage.text)
        local = [entry for entry in found if _key(entry.name) in named or _key(entry.name) in text]
        return local or found

    def of_passage(self, passage: Passage) -> dict[str, Entry]:
        """All entries that a passage's golds need, by id."""
        return {entry.id: entry for gold in passage.golds for entry in self.of_gold(gold, passage)}


def without_entry(passages: Sequence[Passage], entries: Sequence[Entry]) -> list[str]:
    """Golds that no entry can put right, as ``passage: right form``."""
    names = Names(entries)
    return [
        f"{passage.id}: {gold.right}"
        for passage in passages
        for gold in passage.golds
        if not names.of_gold(gold, passage)
    ]


def as_term(entry: Entry, *, arabic: bool) -> dict[str, Any]:
    """An entry as the mapping that a term file holds; empty fields are left out."""
    fields: dict[str, Any] = {"id": entry.id, "name": entry.name, "type": entry.type}
    for name in ("ar", "fr", "variants", "keep", "context"):
        value = getattr(entry, name)
        if value and (arabic or name != "ar"):
            fields[name] = list(value)
    if entry.gender:
        fields["gender"] = entry.gender
    return fields


class GlossaryMaker:
    """Writes glossaries of any size from one folder of term files.

    Args:
        source: the folder; None for entries derived from the golds on top of `also`.
        passages: all passages, relayed and clean; their names are never made up a second time.
        work: a writable folder for the glossaries.
    """

    def __init__(
        self, source: Path, passages: Sequence[Passage], work: Path, *, derive: bool = False
    ) -> None:
        entries = list(load_glossary(source).entries)
        if derive:
            known = {_key(entry.name) for entry in entries}
            entries += [e for e in derived_entries(passages) if _key(e.name) not in known]
        self.entries = entries
        self._source = source
        self._work = work
        self._names = Names(entries)
        self._avoid = {_key(entry.name) for entry in entries}
        for passage in passages:
            for gold in passage.golds:
                self._avoid |= {_key(gold.wrong), _key(gold.right)}
            self._avoid |= {_key(name) for name, _ in passage.keep}

    def groups(self, passages: Sequence[Passage], size: int, *, arabic: bool) -> Iterator[Group]:
        """The passages in groups, each with a glossary of `size` entries."""
        group: list[Passage] = []
        needed: dict[str, Entry] = {}
        number = 0
        for passage in passages:
            more = self._names.of_passage(passage)
            if group and len(needed | more) > NEEDED_SHARE * size:
                number += 1
                yield self._group(group, needed, size, number, arabic=arabic)
                group, needed = [], {}
            group.append(passage)
            needed |= more
        yield self._group(group, needed, size, number + 1, arabic=arabic)

    def _group(
        self,
        passages: Sequence[Passage],
        needed: dict[str, Entry],
        size: int,
        number: int,
        *,
        arabic: bool,
    ) -> Group:
        others = [entry for entry in self.entries if entry.id not in needed]
        random.Random(SEED + number).shuffle(others)
        chosen = [*needed.values(), *others][: max(size, len(needed))]
        terms = [as_term(entry, arabic=arabic) for entry in chosen]
        for index, person in enumerate(generate(max(0, size - len(terms)), self._avoid)):
            term: dict[str, Any] = {"id": f"made-up-{index}", "name": person.name, "type": "person"}
            if arabic:
                term["ar"] = [person.arabic]
            terms.append(term)
        folder = self._work / f"{size}-{'ar' if arabic else 'no-ar'}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(terms, ensure_ascii=False)
        (folder / "terms.json").write_text(content, encoding="utf-8")
        for style in self._source.glob("style.y*ml"):
            shutil.copy(style, folder / style.name)
        return Group(passages=tuple(passages), folder=folder)
