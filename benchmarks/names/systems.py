"""What is measured: the service, any command that reads the same lines, and two baselines."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rapidfuzz import fuzz, process

from benchmarks.names.passages import Passage, Span
from benchmarks.names.score import Change, apply, folded
from service.names.glossary import Entry, Glossary, load_glossary
from service.names.matcher import index_of
from service.names.normalise import normalise

_TOKEN = r"[A-ZÀ-ÞŒ][\w’'\-]*"
_RUN = re.compile(rf"{_TOKEN}(?: (?:(?:de|du|la|le|ben|bin|al|el|d) )?{_TOKEN})*")
LONGEST_RUN = 4
"""Tokens of the longest name that the baseline looks up."""
BLOCK = 256
"""Surfaces compared with all forms at once: keeps the matrix small."""


@lru_cache(maxsize=2)
def entries_of(folder: Path) -> tuple[Entry, ...]:
    """A folder's entries, read once for all baselines: reading them is not what is measured."""
    return load_glossary(folder).entries


class System(Protocol):
    """Anything that can put names right."""

    name: str

    def load(self, folder: Path) -> None:
        """Read the term files of a folder and get ready to answer at full speed."""

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """The changes applied to each passage, in the passages' order."""


class Service:
    """`service.names`, called in this process."""

    name = "Relais"

    def __init__(self) -> None:
        self._glossary = Glossary()

    def load(self, folder: Path) -> None:
        """Read the glossary and build its index."""
        self._glossary = load_glossary(folder)
        normalise("Nobody of that name.", self._glossary)

    def forget(self) -> None:
        """Forget what earlier texts had computed, so that the next run costs as much as theirs."""
        index_of(self._glossary).forget()

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """Normalise each text as English.

        Raises:
            ValueError: a report does not describe the text that came back.
        """
        return [self._of(passage) for passage in passages]

    def _of(self, passage: Passage) -> list[Change]:
        result = normalise(passage.text, self._glossary, language="en")
        changes = [
            Change(name.start, name.end, name.replacement)
            for name in result.names
            if name.applied and name.replacement != name.surface
        ]
        if apply(passage.text, changes) != result.text:
            raise ValueError(f"{passage.id}: the report does not describe the text")
        return changes


def _changes_of(raw: Mapping[str, Any], text: str) -> list[Change]:
    """The changes of one answered line: its report, or the difference of the two texts."""
    if "names" in raw:
        return [
            Change(name["start"], name["end"], name["replacement"])
            for name in raw["names"]
            if name.get("applied", True)
            and text[name["start"] : name["end"]] != name["replacement"]
        ]
    before, after = (re.findall(r"\w+|\W", part) for part in (text, raw["text"]))
    offsets = [0]
    for token in before:
        offsets.append(offsets[-1] + len(token))
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    return [
        Change(offsets[a], offsets[b], "".join(after[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]


class Command:
    """A command that reads ``{"id","text","language"}`` lines and writes ``{"id","text","names"}``.

    Args:
        line: the command; ``{glossary}`` in it is replaced by the glossary's folder.
    """

    def __init__(self, line: str) -> None:
        self.name = "command"
        self._line = line
        self._folder = Path()

    def load(self, folder: Path) -> None:
        """Remember the folder: the command reads it each time it runs."""
        self._folder = folder

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """Run the command once over all passages.

        Raises:
            ValueError: the command fails, or does not answer every line.
        """
        words = [word.replace("{glossary}", str(self._folder)) for word in shlex.split(self._line)]
        lines = "".join(
            json.dumps({"id": p.id, "text": p.text, "language": "en"}, ensure_ascii=False) + "\n"
            for p in passages
        )
        done = subprocess.run(
            words, input=lines, capture_output=True, text=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise ValueError(f"{self._line!r} ended with {done.returncode}: {done.stderr[-2000:]}")
        answers = {raw["id"]: raw for raw in map(json.loads, done.stdout.splitlines())}
        if missing := [passage.id for passage in passages if passage.id not in answers]:
            raise ValueError(f"{self._line!r} did not answer {', '.join(missing)}")
        return [_changes_of(answers[passage.id], passage.text) for passage in passages]


def _windows(text: str) -> Iterator[list[Span]]:
    """Per capitalised run, its windows of 1 to `LONGEST_RUN` tokens, longest first."""
    for run in _RUN.finditer(text):
        tokens = [
            (run.start() + token.start(), run.start() + token.end())
            for token in re.finditer(r"[^\s’']+(?:['’](?!s?(?:\s|$))[^\s’']+)*", run[0])
        ]
        yield [
            (tokens[first][0], tokens[first + length - 1][1])
            for length in range(min(LONGEST_RUN, len(tokens)), 0, -1)
            for first in range(len(tokens) - length + 1)
        ]


class PlainFuzzy:
    """Each capitalised run looked up in the glossary's names and surnames by rapidfuzz's ratio.

    Args:
        cutoff: least similarity of an applied change, 0 to 100.
    """

    def __init__(self, cutoff: int) -> None:
        self.name = f"rapidfuzz, ratio ≥ {cutoff}"
        self._cutoff = cutoff
        self._forms: dict[str, str] = {}
        self._choices: list[str] = []
        self._known: dict[str, str | None] = {}

    def load(self, folder: Path) -> None:
        """Take every name and every surname as a form to look for."""
        self._forms = {}
        for entry in entries_of(folder):
            self._forms.setdefault(folded(entry.name), entry.name)
            if entry.type == "person":
                surname = entry.name.split()[-1]
                self._forms.setdefault(folded(surname), surname)
        self._choices = list(self._forms)
        self._known = {}

    def forget(self) -> None:
        """Forget what was looked up before, so that the next run costs as much as the first."""
        self._known = {}

    def _look_up(self, surfaces: Sequence[str]) -> None:
        """Find the most similar form of each surface, all of them in one call per block."""
        new = [surface for surface in dict.fromkeys(surfaces) if surface not in self._known]
        for first in range(0, len(new), BLOCK):
            block = new[first : first + BLOCK]
            scores = process.cdist(
                block, self._choices, scorer=fuzz.ratio, score_cutoff=self._cutoff, dtype=np.uint8
            )
            best = scores.argmax(axis=1)
            for row, (surface, column) in enumerate(zip(block, best, strict=True)):
                found = bool(scores[row, column])
                self._known[surface] = self._forms[self._choices[column]] if found else None

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """Rewrite the longest window that is similar enough, then what is left of the run."""
        self._look_up(
            [
                folded(passage.text[start:end])
                for passage in passages
                for windows in _windows(passage.text)
                for start, end in windows
            ]
        )
        return [self._of(passage.text) for passage in passages]

    def _of(self, text: str) -> list[Change]:
        changes: list[Change] = []
        for windows in _windows(text):
            taken: list[Span] = []
            for start, end in windows:
                if any(start < other[1] and other[0] < end for other in taken):
                    continue
                best = self._known[folded(text[start:end])]
                if best is not None:
                    taken.append((start, end))
                    if best != text[start:end]:
                        changes.append(Change(start, end, best))
        return changes


def _variants(folder: Path) -> dict[str, str]:
    """The listed wrong forms of a folder of term files, each with its right form."""
    entries = entries_of(folder)
    return {form: entry.name for entry in entries for form in entry.variants}


class ListedForms:
    """Wrong forms that somebody listed, found as whole words, and nothing else.

    The list of a passage holds the variants in the service's own term files, those of the glossary
    at hand, and every wrong form seen in *other* passages: what a desk that keeps a list knows when
    a new story comes in.
    """

    name = "listed forms, exact"

    def __init__(self, relayed: Sequence[Passage], lists: Path | None = None) -> None:
        self._lists = _variants(lists) if lists else {}
        self._seen = [
            (passage.id, gold.wrong, gold.right) for passage in relayed for gold in passage.golds
        ]
        self._uses = Counter((wrong, right) for _, wrong, right in self._seen)
        self._own: dict[str, Counter[tuple[str, str]]] = {}
        for identity, wrong, right in self._seen:
            self._own.setdefault(identity, Counter())[wrong, right] += 1
        self._variants: dict[str, str] = {}

    def load(self, folder: Path) -> None:
        """Read the entries' variants."""
        self._variants = self._lists | _variants(folder)

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """Replace listed forms, the longest first where two begin at one place."""
        return [self._of(passage) for passage in passages]

    def _of(self, passage: Passage) -> list[Change]:
        own = self._own.get(passage.id, Counter())
        forms = dict(self._variants)
        forms |= dict((self._uses - own).keys())
        if not forms:
            return []
        longest_first = sorted(forms, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        return [
            Change(found.start(), found.end(), forms[found[0]])
            for found in pattern.finditer(passage.text)
        ]
