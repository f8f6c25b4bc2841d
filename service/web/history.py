"""An entry's history, where the term files are kept in git and git is installed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from service.names.glossary import Entry

LONGEST = 10
SECONDS = 3.0

_STARTS = re.compile(r"(?:- |  - id:)")


@dataclass(frozen=True, slots=True)
class Change:
    """One commit that touched an entry."""

    commit: str
    date: str
    author: str
    subject: str


def of_entry(directory: Path, entry: Entry) -> tuple[Change, ...]:
    """The latest commits that touched the lines of an entry; empty without git."""
    # The lines of the last commit, not of the file: what is not committed yet may have moved them.
    committed = _git(directory, "show", f"HEAD:./{entry.file}")
    span = _lines_of(committed.splitlines(), entry.id)
    if span is None:
        return ()
    printed = _git(
        directory,
        *("log", "-s", f"-n{LONGEST}", "--date=short", "--format=%h%x1f%ad%x1f%an%x1f%s"),
        f"-L{span[0]},{span[1]}:{entry.file}",
    )
    lines = [line.split("\x1f") for line in printed.splitlines() if "\x1f" in line]
    return tuple(Change(*fields) for fields in lines if len(fields) == 4)


def _git(directory: Path, *arguments: str) -> str:
    """What a git command prints; nothing where it fails, takes too long or is not installed."""
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", errors="replace")


def _lines_of(lines: list[str], entry_id: str) -> tuple[int, int] | None:
    """The first and the last line of an entry, from 1; None where the file does not hold it."""
    starts = [number for number, line in enumerate(lines, 1) if _STARTS.match(line)]
    own = re.compile(
        rf"""\s*(?:-\s+)?["']?id["']?\s*:\s*["']?{re.escape(entry_id)}["']?\s*(?:,|#|$)"""
    )
    found = next((number for number, line in enumerate(lines, 1) if own.match(line)), None)
    if found is None:
        return None
    first = max((start for start in starts if start <= found), default=found)
    last = min((start for start in starts if start > found), default=len(lines) + 1) - 1
    return first, last
