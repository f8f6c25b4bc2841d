"""Run the systems over glossaries of several sizes and write what came out as Markdown."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.names.glossaries import GlossaryMaker
from benchmarks.names.passages import KINDS, Collection
from benchmarks.names.score import Mistake, Tally, score
from benchmarks.names.systems import System


@dataclass(slots=True)
class Run:
    """One system with glossaries of one size.

    Args:
        load_seconds: reading the term files and building the index, per glossary.
        characters: of all texts that were worked on in `seconds`.
    """

    system: str
    size: int
    arabic: bool
    relayed: Tally = field(default_factory=Tally)
    ordinary: Tally = field(default_factory=Tally)
    traps: Tally = field(default_factory=Tally)
    load_seconds: float = 0.0
    seconds: float = 0.0
    characters: int = 0


def measure(
    system: System, data: Collection, maker: GlossaryMaker, size: int, *, arabic: bool
) -> Run:
    """Judge one system on all passages, each group of them with a glossary of `size` entries.

    The clean passages are dealt out among the groups, so that each is judged once.
    """
    run = Run(system=system.name, size=size, arabic=arabic)
    groups = list(maker.groups(data.relayed, size, arabic=arabic))
    for number, group in enumerate(groups):
        started = time.perf_counter()
        system.load(group.folder)
        run.load_seconds += time.perf_counter() - started
        passages = [*group.passages, *data.clean[number :: len(groups)]]
        started = time.perf_counter()
        answers = system.changes(passages)
        run.seconds += time.perf_counter() - started
        run.characters += sum(len(passage.text) for passage in passages)
        for index, (passage, changes) in enumerate(zip(passages, answers, strict=True)):
            clean = run.traps if passage.sort == "trap" else run.ordinary
            tally = run.relayed if index < len(group.passages) else clean
            tally.add(score(passage, changes))
    run.load_seconds /= len(groups)
    return run


def machine() -> str:
    """The processor, cores, memory and Python of this machine, in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        model = models[0] if models else model
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{model}, {os.cpu_count()} cores, {gigabytes:.0f} GB; {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(" --- " for _ in head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def header(title: str) -> str:
    """A report's title, date and machine."""
    return f"# {title}\n\n{datetime.datetime.now(datetime.UTC):%Y-%m-%d}. {machine()}."


def _summary(runs: Sequence[Run]) -> str:
    head = [
        "system", "entries", "Arabic forms", "precision", "recall", "F1", "false in relayed",
        "false per 10,000 ordinary words", "false per 10,000 trap words",
        "accents only, clean", "characters/s", "load, s",
    ]  # fmt: skip
    rows = [
        [
            run.system,
            f"{run.size:,}",
            "yes" if run.arabic else "no",
            f"{run.relayed.precision:.3f}",
            f"{run.relayed.recall:.3f}",
            f"{run.relayed.f1:.3f}",
            str(run.relayed.false),
            f"{run.ordinary.false_per_10_000_words:.1f}",
            f"{run.traps.false_per_10_000_words:.1f}",
            str(run.ordinary.accents + run.traps.accents),
            f"{run.characters / run.seconds:,.0f}" if run.seconds else "",
            f"{run.load_seconds:.2f}",
        ]
        for run in runs
    ]
    return table(head, rows)


def _recall_by(
    runs: Sequence[Run],
    first: str,
    counts: Callable[[Tally], tuple[dict[str, int], dict[str, int]]],
    order: Sequence[str],
    legend: dict[str, str],
) -> str:
    golds, _ = counts(runs[0].relayed)
    names = [name for name in order if golds.get(name)]
    names += sorted(set(golds) - set(order))
    head = [first, "golds", *(_label(run) for run in runs)]
    rows = []
    for name in names:
        row = [f"{name}: {legend[name]}" if name in legend else name, str(golds[name])]
        for run in runs:
            all_golds, right = counts(run.relayed)
            row.append(f"{right.get(name, 0) / all_golds[name]:.2f}")
        rows.append(row)
    return table(head, rows)


def _label(run: Run) -> str:
    return run.system if run.arabic else f"{run.system}, no Arabic"


def markdown(runs: Sequence[Run], data: Collection, reference: int, notes: Sequence[str]) -> str:
    """The whole report.

    Args:
        runs: in the order of the first table.
        reference: the size of glossary that the tables by kind and setting are about.
    """
    golds = sum(len(gold.spans) for passage in data.relayed for gold in passage.golds)
    detail = [run for run in runs if run.size == reference]
    words = {
        sort: sum(passage.words for passage in data.clean if passage.sort == sort)
        for sort in ("ordinary", "trap")
    }
    parts = [
        header("Names put right: quality"),
        f"{len(data.relayed)} relayed passages ({sum(p.words for p in data.relayed):,} words, "
        f"{golds} wrong forms) and {len(data.clean)} clean ones: {words['ordinary']:,} words of "
        f"ordinary news, {words['trap']:,} words written to tempt.",
        *notes,
        _summary(runs),
        "Precision and recall are over the wrong forms of the relayed passages, matched by their "
        "spans; a wrong form changed to anything but the right one counts against both. Letters "
        "are compared, accents are not. In the trap passages near names stand side by side, "
        "mis-spellings are quoted, addresses hold names: no text is made of such things only.",
    ]
    if detail and golds:
        parts += [
            f"## Recall by kind of damage, {reference:,} entries",
            _recall_by(
                detail,
                "kind",
                lambda tally: (tally.golds_by_kind, tally.right_by_kind),
                list(KINDS),
                KINDS,
            )
            if detail[0].relayed.golds_by_kind
            else "The data names no kinds.",
            f"## Recall by place in the text, {reference:,} entries",
            _recall_by(
                detail,
                "wrong form",
                lambda tally: (tally.golds_by_setting, tally.right_by_setting),
                [],
                {},
            ),
        ]
    return "\n\n".join(parts) + "\n"


def errors(run: Run) -> str:
    """Every mistake of one run with its sentence, clean passages first; repeats are left out."""
    parts = [f"# Mistakes of {_label(run)}, {run.size:,} entries"]
    for verdict in ("false", "wrong", "missed"):
        mistakes: dict[Mistake, None] = dict.fromkeys(
            mistake
            for tally in (run.ordinary, run.traps, run.relayed)
            for mistake in tally.mistakes
            if mistake.verdict == verdict
        )
        parts.append(f"## {verdict}: {len(mistakes)}")
        for mistake in mistakes:
            became = "" if verdict == "missed" else f", became {mistake.got!r}"
            wanted = "" if verdict == "false" else f", should be {mistake.expected!r}"
            kinds = f" [{'+'.join(mistake.kinds)}]" if mistake.kinds else ""
            parts.append(
                f"- {mistake.passage}{kinds} {mistake.surface!r}{wanted}{became}\n"
                f"  {mistake.sentence}"
            )
    return "\n".join(parts) + "\n"
