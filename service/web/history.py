"""An entry's history, where the term files are kept in git and git is installed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from service.names.glossary import Entry

LONGEST = 10
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Change:
    """One commit that touched an entry."""

    commit: str
    date: str
    author: str
    subject: str


def of_entry(directory: Path, entry: Entry) -> tuple[Change, ...]:
    """The latest commits that touched the lines of an entry; empty without git."""
    last = _last_line(directory / entry.file, entry.line)
    if last is None:
        return ()
    command = [
        "git",
        "-C",
        str(directory),
        "log",
        "-s",
        f"-n{LONGEST}",
        "--date=short",
        "--format=%h%x1f%ad%x1f%an%x1f%s",
        f"-L{entry.line},{last}:{entry.file}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = [line.split("\x1f") for line in done.stdout.splitlines() if "\x1f" in line]
    return tuple(Change(*fields) for fields in lines if len(fields) == 4)


def _last_line(file: Path, first: int) -> int | None:
    """The last line of the entry that begins on line `first`: before the next one at its level."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    if not 1 <= first <= len(lines):
        return None
    for number, line in enumerate(lines[first:], start=first + 1):
        if line.startswith(("- ", "  - id:")):
            return number - 1
    return len(lines)
