"""`python -m benchmarks.names`: precision, recall and false changes, by kind and glossary size."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.names.glossaries import GlossaryMaker, without_entry
from benchmarks.names.passages import load
from benchmarks.names.report import Run, errors, markdown, measure
from benchmarks.names.systems import Command, ListedForms, PlainFuzzy, Service, System
from service.config import PROJECT_DIR

DATA = Path(__file__).parent / "data"
FUZZY_CUTOFFS = (90, 80)


def _sizes(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    try:
        sizes = [int(part.replace("_", "")) for part in value.split(",")]
    except ValueError as error:
        raise click.BadParameter("give whole numbers, parted by commas") from error
    if min(sizes) < 1:
        raise click.BadParameter("a glossary has at least one entry")
    return sizes


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DATA,
    help="Folder with relayed*.jsonl and clean*.jsonl.  [default: the project's own]",
)
@click.option(
    "--glossary",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of term files.  [default: DATA/glossary, or the project's own with the golds' "
    "right names added]",
)
@click.option(
    "--sizes",
    callback=_sizes,
    default="100,1000,10000",
    show_default=True,
    help="Entries of the glossaries; made-up people fill them up.",
)
@click.option("--no-arabic", is_flag=True, help="Only the runs without the entries' Arabic forms.")
@click.option("--no-baselines", is_flag=True, help="Leave out rapidfuzz and the listed forms.")
@click.option("--command", help="Measure this command too; {glossary} in it is the folder.")
@click.option("--show-errors", is_flag=True, help="List every miss and every false change.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file as well.",
)
def main(
    data: Path,
    glossary: Path | None,
    sizes: list[int],
    no_arabic: bool,
    no_baselines: bool,
    command: str | None,
    show_errors: bool,
    out: Path | None,
) -> None:
    """Measure how well names are put right, and how often right names are made wrong."""
    passages = load(data)
    derive = glossary is None and not (data / "glossary").is_dir()
    source = glossary or (data / "glossary" if not derive else DATA / "glossary")
    reference = min(sizes, key=lambda size: abs(size - 1000))
    notes: list[str] = []
    runs: list[Run] = []
    with tempfile.TemporaryDirectory() as name:
        everything = [*passages.relayed, *passages.clean]
        maker = GlossaryMaker(source, everything, Path(name) / "service", derive=derive)
        if derive:
            notes.append("The glossary is the project's own with the golds' right names added.")
        if orphans := without_entry(passages.relayed, maker.entries):
            notes.append(f"{len(orphans)} wrong forms have no entry: {'; '.join(orphans)}.")
        systems: list[System] = [Service(), *([Command(command)] if command else [])]
        baselines: list[System] = [
            *map(PlainFuzzy, FUZZY_CUTOFFS),
            ListedForms(passages.relayed, PROJECT_DIR / "glossary"),
        ]
        for size in sizes:
            for arabic in (False,) if no_arabic else (True, False):
                for system in systems:
                    runs.append(measure(system, passages, maker, size, arabic=arabic))
            if not no_baselines:
                for system in baselines:
                    runs.append(measure(system, passages, maker, size, arabic=not no_arabic))
    report = markdown(runs, passages, reference, notes)
    if show_errors:
        report += "\n" + errors(next(run for run in runs if run.size == reference))
    sys.stdout.write(report)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
