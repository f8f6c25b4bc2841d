"""A glossary at work: its own examples, and sentences in which nothing may be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from service.errors import GlossaryError
from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise

#: Where a glossary keeps its own sentences in which nothing may be changed.
CLEAN_CORPUS = "tests/*.txt"


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that did not come out as it must.

    Args:
        file: where the sentence stands.
        line: its line, from 1.
        entry: the entry whose example it is, or the entries that changed it.
        before: the sentence.
        wanted: what it must become.
        got: what it became.
    """

    file: str
    line: int
    entry: str
    before: str
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many sentences were tried, and those that failed."""

    tried: int
    failures: tuple[Failure, ...]


def run_examples(glossary: Glossary, entries: Iterable[Entry]) -> Outcome:
    """Run the examples of entries that are in force, against the whole glossary.

    An example fails too if its result changes when it is run once more.
    """
    tried, failures = 0, []
    for entry in entries:
        if entry.status != "reviewed":
            continue
        for example in entry.examples:
            tried += 1
            got = normalise(example.before, glossary).text
            if got == example.after:
                got = normalise(example.after, glossary).text
            if got != example.after:
                failures.append(
                    Failure(entry.file, entry.line, entry.id, example.before, example.after, got)
                )
    return Outcome(tried, tuple(failures))


def run_clean(glossary: Glossary, corpora: Iterable[Path]) -> Outcome:
    """Run sentences in which every name is right; each must come out as it went in.

    Args:
        corpora: text files, one sentence a line; lines that begin with `#` are comments.

    Raises:
        GlossaryError: a file cannot be read.
    """
    tried, failures = 0, []
    for path in corpora:
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise GlossaryError(f"{path} cannot be read: {error}.", field=str(path)) from error
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            tried += 1
            result = normalise(line, glossary)
            if result.text != line:
                guilty = ", ".join(
                    report.entry or report.replacement
                    for report in result.names
                    if report.applied and report.surface != report.replacement
                )
                failures.append(Failure(str(path), number, guilty, line, line, result.text))
    return Outcome(tried, tuple(failures))


def clean_corpora(directory: Path) -> list[Path]:
    """The glossary's own sentences in which nothing may be changed."""
    return sorted(directory.glob(CLEAN_CORPUS))
