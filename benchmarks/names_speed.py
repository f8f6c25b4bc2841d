"""`python -m benchmarks.names_speed`: how fast names are put right as the glossary grows.

Characters per second of `service.names`, of FlashText (exact forms only; measured where the
`flashtext` package is installed) and of a loop over rapidfuzz, on the same texts and the same
entries. The systems take turns within each round, so that a busy machine slows all of them, and
what is reported is the median of the rounds' ratios. Load time and memory come from a fresh process
per glossary.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.names.__main__ import DATA
from benchmarks.names.glossaries import GlossaryMaker
from benchmarks.names.passages import Passage, load
from benchmarks.names.report import header, table
from benchmarks.names.score import Change
from benchmarks.names.systems import PlainFuzzy, Service, System, entries_of
from service.names.glossary import Entry, Glossary, load_glossary
from service.names.normalise import normalise

try:
    from flashtext import KeywordProcessor  # type: ignore[import-untyped]
except ImportError:
    KeywordProcessor = None

FUZZY_CUTOFF = 90


class FlashText:
    """FlashText over every name and surname: finds exact forms, repairs nothing."""

    name = "FlashText"

    def load(self, folder: Path) -> None:
        """Add every entry's name, and a person's surname."""
        self._processor = KeywordProcessor(case_sensitive=True)
        for entry in entries_of(folder):
            self._processor.add_keyword(entry.name, entry.name)
            if entry.type == "person":
                surname = entry.name.split()[-1]
                self._processor.add_keyword(surname, surname)

    def changes(self, passages: Sequence[Passage]) -> list[list[Change]]:
        """Find the forms of each text."""
        return [
            [
                Change(start, end, form)
                for form, start, end in self._processor.extract_keywords(
                    passage.text, span_info=True
                )
            ]
            for passage in passages
        ]


def _seconds(system: System, passages: Sequence[Passage]) -> float:
    started = time.perf_counter()
    system.changes(passages)
    return time.perf_counter() - started


def _resident_megabytes() -> float:
    """Resident memory of this process (Linux); the peak of a child would count its parent's."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _report_load(folder: Path) -> None:
    """In a fresh process: load a glossary, build its index, write time and memory as JSON."""
    someone = Entry(id="someone", name="Barbe Quelqu")
    normalise("Nobody of that name.", Glossary(entries=(someone,)))  # imports, word lists
    before = _resident_megabytes()
    started = time.perf_counter()
    glossary = load_glossary(folder)
    loaded = time.perf_counter()
    normalise("Nobody of that name.", glossary)
    indexed = time.perf_counter()
    figures = {
        "load": loaded - started,
        "index": indexed - loaded,
        "megabytes": _resident_megabytes() - before,
    }
    sys.stdout.write(json.dumps(figures))


def _load_figures(folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.names_speed", "--load-only", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _measure(size: int, folder: Path, passages: Sequence[Passage], rounds: int) -> list[str]:
    systems: list[System] = [Service(), PlainFuzzy(FUZZY_CUTOFF)]
    if KeywordProcessor is not None:
        systems.append(FlashText())
    characters = sum(len(passage.text) for passage in passages)
    for system in systems:
        system.load(folder)
    times: dict[str, list[float]] = {system.name: [] for system in systems}
    for _ in range(rounds):
        for system in systems:
            if isinstance(system, (Service, PlainFuzzy)):
                system.forget()
            times[system.name].append(_seconds(system, passages))
    own = times[Service.name]
    row = [f"{size:,}"]
    for system in systems:
        row.append(f"{characters / statistics.median(times[system.name]):,.0f}")
    for system in systems[1:]:
        ratios = [other / mine for other, mine in zip(times[system.name], own, strict=True)]
        row.append(f"{statistics.median(ratios):.3g}")
    figures = _load_figures(folder)
    row += [f"{figures['load']:.2f}", f"{figures['index']:.2f}", f"{figures['megabytes']:,.0f}"]
    return row


@click.command()
@click.option("--sizes", default="1000,10000,100000", show_default=True, help="Entries.")
@click.option("--passages", "count", default=30, show_default=True, help="Texts in one round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file as well.",
)
@click.option("--load-only", hidden=True, type=click.Path(path_type=Path))
def main(sizes: str, count: int, rounds: int, out: Path | None, load_only: Path | None) -> None:
    """Measure characters per second, load time and memory by size of the glossary."""
    if load_only is not None:
        _report_load(load_only)
        return
    data = load(DATA)
    passages = [*data.relayed[: count // 2], *data.clean[-(count - count // 2) :]]
    others = ["rapidfuzz loop", *(["FlashText"] if KeywordProcessor is not None else [])]
    head = ["entries", *(f"{name}, characters/s" for name in ["Relais", *others])]
    head += [f"speed of Relais ÷ {name}" for name in others]
    head += ["read term files, s", "build index, s", "memory, MB"]
    with tempfile.TemporaryDirectory() as name:
        maker = GlossaryMaker(DATA / "glossary", passages, Path(name))
        rows = []
        for size in map(int, sizes.split(",")):
            groups = list(maker.groups(passages, size, arabic=True))
            if len(groups) > 1:
                raise click.BadParameter(f"{size} entries are too few for {count} texts")
            rows.append(_measure(size, groups[0].folder, passages, rounds))
    report = "\n\n".join(
        [
            header("Names put right: speed"),
            f"{len(passages)} texts, {sum(len(p.text) for p in passages):,} characters, "
            f"{rounds} rounds in which the systems take turns; medians. One thread.",
            table(head, rows),
            "FlashText finds the listed forms and nothing else. The rapidfuzz loop compares every "
            f"capitalised run with every name and surname (ratio ≥ {FUZZY_CUTOFF}), each different "
            "run once. Memory is what the entries and their index add to a process that has "
            "everything else loaded.",
        ]
    )
    sys.stdout.write(report + "\n")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
