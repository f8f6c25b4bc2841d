"""`python -m benchmarks.latency`: what collecting the sentences of several callers gains and costs.

Three servers run side by side, taking turns at each number of clients:

* *collected*: the defaults; while the model is busy, a sentence waits for others, at most 10 ms.
* *not waiting*: `RELAIS_BATCH_WAIT_MS=0`; only what is queued already shares a batch.
* *apart*: `RELAIS_BATCH_TOKENS=32`, the least; no two of these sentences fit into a batch.

Each client sends one sentence after another on a connection of its own and waits for each answer.
No sentence occurs twice, and the translation memory is off.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click
import requests

from benchmarks.names.report import header, table
from benchmarks.peers import percentile
from service.commands._server import Server

CLIENTS = (1, 4, 16, 64)
WAYS = {
    "collected, at most 10 ms": {},
    "not waiting": {"RELAIS_BATCH_WAIT_MS": "0"},
    "apart": {"RELAIS_BATCH_TOKENS": "32"},
}
SENTENCE = "Le maire de Marseille a reçu {} habitants du quartier lundi soir à la mairie."


def ask(url: str, clients: int, count: int, numbers: Iterator[int]) -> tuple[list[float], float]:
    """Seconds of each of `count` requests, and seconds until the last was answered."""
    left = threading.Semaphore(count)
    seconds: list[float] = []

    def client() -> None:
        with requests.Session() as session:
            while left.acquire(blocking=False):
                body = {"text": SENTENCE.format(next(numbers)), "source": "fr"}
                began = time.perf_counter()
                session.post(f"{url}/v1/translate", json=body, timeout=120).raise_for_status()
                seconds.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - began
    if len(seconds) != count:
        raise click.ClickException(f"{count - len(seconds)} of {count} requests failed")
    return seconds, whole


def measure(rounds: int, requests_each: int) -> str:
    """The table, by number of clients and way."""
    numbers = itertools.count(1)
    times: dict[tuple[int, str], list[float]] = {}
    rates: dict[tuple[int, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        urls = {}
        for place, (way, variables) in enumerate(WAYS.items()):
            own = {
                "RELAIS_MEMORY_ENTRIES": "0",
                "RELAIS_REQUEST_THREADS": str(max(CLIENTS) + 8),
                "RELAIS_DATA_DIR": str(Path(folder) / str(place)),
                **variables,
            }
            urls[way] = running.enter_context(Server(own)).url
        for turn in range(rounds + 1):
            for clients in CLIENTS:
                for way, url in urls.items():
                    seconds, whole = ask(url, clients, requests_each, numbers)
                    if turn:
                        times.setdefault((clients, way), []).extend(seconds)
                        rates.setdefault((clients, way), []).append(requests_each / whole)
    first = next(iter(WAYS))
    rows = [
        [
            str(clients),
            way,
            f"{1000 * statistics.median(times[clients, way]):.0f}",
            f"{1000 * percentile(times[clients, way], 0.95):.0f}",
            f"{statistics.median(rates[clients, way]):.1f}",
            "{:.2f}".format(
                statistics.median(
                    own / collected
                    for own, collected in zip(
                        rates[clients, way], rates[clients, first], strict=True
                    )
                )
            ),
        ]
        for clients in CLIENTS
        for way in WAYS
    ]
    return "\n\n".join(
        [
            header("Latency: sentences of several callers in one batch"),
            f"{requests_each} requests of one sentence in each cell and round, {rounds} rounds in "
            "turn, one before them not counted.",
            table(
                ["clients", "batches", "p50, ms", "p95, ms", "sentences/s", "beside collected"],
                rows,
            ),
        ]
    )


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each cell is measured.")
@click.option("--requests", "each", default=128, show_default=True, help="Requests in a cell.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the report there as well.")
def main(rounds: int, each: int, out: Path | None) -> None:
    """Measure latency and throughput at 1, 4, 16 and 64 clients, with and without collecting."""
    report = measure(rounds, each)
    click.echo(report)
    if out is not None:
        out.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
