"""`python -m benchmarks.batch`: 10,000 items through a real server, as a batch and as a job.

A server is started for each of the two ways, with the shipped models and the default settings.
While it works, the memory of its processes is sampled and its results are counted. No sentence
occurs twice, so the translation memory answers none of them.

The report is a table over the course of each run and a chart beside it (SVG): memory should be
flat, whatever the number of items.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import matplotlib.pyplot as plt
import psutil

from benchmarks.names.report import header, table
from service.commands._server import Server

#: Seconds between two samples.
EVERY: Final = 1.0
MIB: Final = 1 << 20
#: Parts of a run that the table shows.
PARTS: Final = 10

FRENCH: Final = (
    "Le maire de {place} a reçu {number} habitants {day}.",
    "{name} a visité {number} écoles à {place} {day}.",
    "À {place}, {number} personnes ont manifesté {day}.",
    "Le tribunal de {place} a jugé {number} affaires {day}.",
)
ARABIC: Final = (
    "استقبل رئيس بلدية {place} {number} من السكان {day}.",
    "زار {name} {number} مدرسة في {place} {day}.",
    "تظاهر {number} شخص في {place} {day}.",
    "نظرت محكمة {place} في {number} قضية {day}.",
)
FRENCH_WORDS: Final = {
    "place": ("Marseille", "Lyon", "Toulon", "Nîmes", "Avignon", "Arles", "Bastia"),
    "name": ("Amine Kessaci", "Laurent Nuñez", "Martine Vassal", "Benoît Payan", "Marie Duval"),
    "day": ("lundi", "mardi soir", "mercredi matin", "jeudi", "hier", "ce matin"),
}
ARABIC_WORDS: Final = {
    "place": ("مرسيليا", "ليون", "تونس", "وهران", "الرباط", "باريس"),
    "name": ("أمين قصاصي", "لوران نونيز", "مارتين فاسال", "بونوا بايان", "ماري دوفال"),
    "day": ("الاثنين", "مساء الثلاثاء", "صباح الأربعاء", "الخميس", "أمس"),
}


def texts(start: int, stop: int) -> Iterator[str]:
    """Sentences `start` to `stop`, French and Arabic in turn; the number makes each its own."""
    for number in range(start, stop):
        forms, words = (ARABIC, ARABIC_WORDS) if number % 2 else (FRENCH, FRENCH_WORDS)
        turn = number // 2
        yield forms[turn % len(forms)].format(
            number=number + 2,
            **{kind: choices[turn % len(choices)] for kind, choices in words.items()},
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of a run: seconds since its begin, items done, resident memory in bytes."""

    seconds: float
    done: int
    memory: int


class Watch:
    """Samples a server's memory and a run's progress in a thread, until it is left.

    Args:
        server: its process and all its children are added up.
        done: how many items are finished now.
    """

    def __init__(self, server: Server, done: Callable[[], int]) -> None:
        self._process = psutil.Process(server.process.pid)
        self._done = done
        self._left = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[Sample] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()
        self._take()

    def _run(self) -> None:
        while True:
            self._take()
            if self._left.wait(EVERY):
                return

    def _take(self) -> None:
        family = [self._process, *self._process.children(recursive=True)]
        memory = sum(process.memory_info().rss for process in family)
        self.samples.append(Sample(time.monotonic() - self._began, self._done(), memory))


def through_batch(server: Server, source: Path, items: int) -> list[Sample]:
    """Stream the file through POST /v1/translate/batch."""
    curl = subprocess.Popen(
        [
            *("curl", "--silent", "--show-error", "--fail", "--no-buffer", "-X", "POST"),
            *("-H", "Content-Type: application/x-ndjson", "--upload-file", str(source)),
            f"{server.url}/v1/translate/batch",
        ],
        stdout=subprocess.PIPE,
    )
    assert curl.stdout is not None
    count = 0
    with Watch(server, lambda: count) as watch:
        for line in curl.stdout:
            check(line, count)
            count += 1
    if curl.wait() or count != items:
        raise click.ClickException(f"{count} results for {items} items.\n{server.log_tail()}")
    return watch.samples


def through_job(server: Server, source: Path, items: int) -> list[Sample]:
    """Send the file as a job and wait until it is done."""

    def done() -> int:
        return int(server.get(f"/v1/jobs/{job}")[1]["items"]["finished"])

    sent = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--fail", "-X", "POST"),
            *("-H", "Content-Type: application/x-ndjson", "--upload-file", str(source)),
            f"{server.url}/v1/jobs",
        ],
        check=True,
        capture_output=True,
    )
    job = json.loads(sent.stdout)["id"]
    with Watch(server, done) as watch:
        while done() < items:
            time.sleep(EVERY)
    results = subprocess.run(
        ["curl", "--silent", "--fail", f"{server.url}/v1/jobs/{job}/results?limit={items}"],
        check=True,
        capture_output=True,
    ).stdout.splitlines()
    for position, line in enumerate(results):
        check(line, position)
    if len(results) != items:
        raise click.ClickException(f"{len(results)} results for {items} items.")
    return watch.samples


def check(line: bytes, position: int) -> None:
    """Each item has its result, in its place, and none is an error."""
    result = json.loads(line)
    if result["position"] != position or "text" not in result:
        raise click.ClickException(f"Item {position} has the result {line.decode()}")


@click.command()
@click.option("--items", default=10_000, show_default=True, help="Items for each way.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the report there as well, and the chart beside it as .svg.",
)
def main(items: int, out: Path | None) -> None:
    """Measure memory and throughput while a batch and a job of many items are worked on."""
    ways = {"POST /v1/translate/batch": through_batch, "POST /v1/jobs": through_job}
    runs = {}
    for number, (name, way) in enumerate(ways.items()):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "items.jsonl"
            with source.open("w", encoding="utf-8") as file:
                for text in texts(number * items, (number + 1) * items):
                    file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
            with Server({"RELAIS_DATA_DIR": folder}) as server:
                runs[name] = way(server, source, items)
    report = written(runs, items, chart=out.with_suffix(".svg").name if out else None)
    click.echo(report)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report + "\n", encoding="utf-8")
        draw(runs, out.with_suffix(".svg"))


def written(runs: dict[str, list[Sample]], items: int, chart: str | None) -> str:
    """The report as Markdown."""
    parts = [
        header("A batch and a job: memory and throughput over time"),
        f"{items:,} different sentences for each way, French and Arabic in turn, each an item of "
        "its own, through a server of its own; resident memory of all its processes, sampled "
        "every second, median within each tenth of the items. The machine's load average over a "
        f"quarter of an hour was {os.getloadavg()[2]:.1f} at the end.",
    ]
    if chart:
        parts.append(f"![Memory and items done over time]({chart})")
    for name, samples in runs.items():
        parts += [f"## `{name}`", summary(samples), course(samples, items)]
    return "\n\n".join(parts)


def summary(samples: list[Sample]) -> str:
    """A run in one sentence."""
    first, last = samples[0], samples[-1]
    return (
        f"{last.done:,} items in {last.seconds:,.0f} s, {last.done / last.seconds:.1f} a second; "
        f"memory {first.memory / MIB:.0f} MiB before, {last.memory / MIB:.0f} MiB after, at most "
        f"{max(sample.memory for sample in samples) / MIB:.0f} MiB."
    )


def course(samples: list[Sample], items: int) -> str:
    """How a run went, a tenth of its items in each row."""
    rows = []
    tenths = itertools.groupby(
        samples, key=lambda sample: min(sample.done * PARTS // items, PARTS - 1)
    )
    before = samples[0]
    for _, group in tenths:
        own = list(group)
        seconds, done = own[-1].seconds - before.seconds, own[-1].done - before.done
        rows.append(
            [
                f"{own[-1].done:,}",
                f"{own[-1].seconds:.0f}",
                f"{done / seconds:.1f}" if seconds else "",
                f"{statistics.median(sample.memory for sample in own) / MIB:.0f}",
            ]
        )
        before = own[-1]
    return table(["items done", "seconds", "items/s", "memory, MiB"], rows)


def draw(runs: dict[str, list[Sample]], path: Path) -> None:
    """Memory and items done over time, as SVG."""
    figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(8, 5.5), layout="constrained")
    for name, samples in runs.items():
        seconds = [sample.seconds for sample in samples]
        upper.plot(seconds, [sample.memory / MIB for sample in samples], label=name)
        lower.plot(seconds, [sample.done for sample in samples], label=name)
    upper.set(ylabel="resident memory, MiB", ylim=(0, None))
    lower.set(ylabel="items done", xlabel="seconds", ylim=(0, None), xlim=(0, None))
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
    upper.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
