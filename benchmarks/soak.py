"""`python -m benchmarks.soak --minutes N`: mixed traffic on a server while its glossary changes.

Threads ask for single texts, arrays and jobs, a further one edits a term file all the while. Once a
slice it notes answers, faults, median and 95th percentile of the single requests, and the worker's
resident memory. Then it asks for more than the server's places: some requests must be refused with
429 and Retry-After, no other fault may come, and afterwards a request must be answered as before.
Exit status 1 where any of this does not hold. Times mean something on a quiet machine only.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests

from benchmarks.names.report import table
from service.commands._server import Server
from service.config import PROJECT_DIR

SLICES = 6
PLACES = 4  # request threads beyond the four that are kept for health checks
PRESSURE = 40


@dataclass
class Seen:
    """What the clients of one slice saw."""

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Traffic:
    """Clients of one server; `seen` is exchanged for an empty one at each slice."""

    def __init__(self, url: str, glossary: Path) -> None:
        self.url = url
        self.seen = Seen()
        self.over = threading.Event()
        self._glossary = glossary
        self._stories = [
            path.read_text("utf-8") for path in sorted((PROJECT_DIR / "examples").glob("*.txt"))
        ]

    def text(self, number: int) -> str:
        """A paragraph that was not asked for before."""
        story = self._stories[number % len(self._stories)]
        paragraph = story.split("\n\n")[number % story.count("\n\n")] if "\n\n" in story else story
        return f"{paragraph[:600]} ({number})"

    def single(self, number: int) -> None:
        began = time.monotonic()
        self._post("/v1/translate", {"text": self.text(number)})
        self.seen.seconds.append(time.monotonic() - began)
        self.seen.answers["single"] += 1

    def array(self, number: int) -> None:
        texts = [self.text(number * 8 + place) for place in range(8)]
        answer = self._post("/v1/translate", {"items": [{"text": text} for text in texts]})
        if [item for item in answer["items"] if "text" not in item]:
            raise AssertionError("an item of an array failed")
        self.seen.answers["array"] += 1

    def job(self, number: int) -> None:
        texts = [self.text(number * 16 + place) for place in range(16)]
        job = self._post("/v1/jobs", texts)["id"]
        while not self.over.is_set():
            if requests.get(f"{self.url}/v1/jobs/{job}", timeout=60).json()["state"] == "done":
                lines = requests.get(f"{self.url}/v1/jobs/{job}/results", timeout=60).text
                places = [json.loads(line)["position"] for line in lines.splitlines()]
                if places != list(range(16)):
                    raise AssertionError("an item of a job is missing or there twice")
                self.seen.answers["job"] += 1
                return
            time.sleep(0.5)

    def edit(self, number: int) -> None:
        """Another entry of the glossary; a reader never sees half a file."""
        new = self._glossary / ".new"
        new.write_text(f"- id: soak-{number}\n  name: Soakard Nombrel{number}\n", "utf-8")
        new.replace(self._glossary / "soak.yaml")
        self.seen.answers["edit"] += 1
        time.sleep(1.0)

    def keep(self, what: str) -> None:
        """Do one kind of thing until it is over."""
        number = 0
        while not self.over.is_set():
            number += 1
            try:
                getattr(self, what)(number)
            except Exception as error:
                self.seen.faults.append(f"{what}: {type(error).__name__}: {str(error)[:120]}")

    def _post(self, path: str, body: object) -> Any:
        response = requests.post(self.url + path, json=body, timeout=120)
        if not response.ok:
            raise AssertionError(f"status {response.status_code}")
        return response.json()


def resident_mb(server: Server) -> float:
    """Resident memory of the process that holds the models, in MB."""
    parent = server.process.pid
    worker = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0]
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def press(traffic: Traffic) -> Counter[str]:
    """More requests at once than there are places; how each was answered."""

    def ask(number: int) -> str:
        body = {"text": "\n\n".join(traffic.text(10_000 + number * 8 + n) for n in range(8))}
        response = requests.post(f"{traffic.url}/v1/translate", json=body, timeout=300)
        if response.status_code == 429 and "Retry-After" not in response.headers:
            return "429 without Retry-After"
        return str(response.status_code)

    with ThreadPoolExecutor(PRESSURE) as pool:
        return Counter(pool.map(ask, range(PRESSURE)))


@click.command(help=__doc__)
@click.option("--minutes", default=10.0, show_default=True, help="How long the mixed traffic is.")
def main(minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        glossary = Path(folder) / "glossary"
        shutil.copytree(PROJECT_DIR / "glossary", glossary)
        settings = {
            "RELAIS_DATA_DIR": f"{folder}/data",
            "RELAIS_GLOSSARY_DIR": str(glossary),
            "RELAIS_REQUEST_THREADS": str(PLACES + 4),
            "RELAIS_LOG_LEVEL": "warning",
        }
        with Server(settings, stop_within=180.0) as server:
            sys.exit(int(not run(server, Traffic(server.url, glossary), minutes)))


def run(server: Server, traffic: Traffic, minutes: float) -> bool:
    """The mixed traffic, then the overload; whether all held."""
    kinds = ("single", "array", "job", "edit")
    threads = [threading.Thread(target=traffic.keep, args=(what,)) for what in kinds]
    for thread in threads:
        thread.start()
    rows, faults = [], []
    for number in range(1, SLICES + 1):
        time.sleep(minutes * 60 / SLICES)
        seen, traffic.seen = traffic.seen, Seen()
        faults += seen.faults
        cuts = statistics.quantiles(seen.seconds or [0.0], n=20) if seen.seconds[1:] else [0.0] * 19
        rows.append(
            [
                str(number),
                *(str(seen.answers[what]) for what in kinds),
                str(len(seen.faults)),
                f"{cuts[9] * 1000:.0f}",
                f"{cuts[18] * 1000:.0f}",
                f"{resident_mb(server):.0f}",
            ]
        )
    traffic.over.set()
    for thread in threads:
        thread.join()
    names = ["slice", *kinds, "faults", "p50 ms", "p95 ms", "memory MB"]
    click.echo(table(names, rows))
    click.echo("\n".join(sorted(set(faults))[:10]))
    pressed = press(traffic)
    click.echo(f"{PRESSURE} at once on {PLACES} places: {dict(pressed)}")
    traffic.single(99_999)
    click.echo("Afterwards a request is answered as before.")
    return not faults and set(pressed) == {"200", "429"}


if __name__ == "__main__":
    main()
