"""`python -m benchmarks.peers`: Relais beside LibreTranslate's server and stock argostranslate.

Both peers come from PyPI, into virtual environments of their own (`--cache`), and get the packages
of models/, so that every system runs the same models on the same articles. Each server runs in a
process of its own on loopback, Relais as `python -m service serve` with its translation memory off.
The systems take turns within each round, so that a busy machine slows all of them, and what is
reported is the median of the rounds' ratios. No round repeats an article of another: its sentences
are marked with the round's number, so that no cache of whole texts answers.

Workloads: one article after another; arrays of 64 paragraphs; 16 clients at once, each with
articles of its own; one short sentence, p50 and p95.

argostranslate is asked in its own process, paragraph by paragraph as its API does it, without HTTP.
Sentence splitting: the packages hold a blank spaCy pipeline, the one way that needs no download.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests

from benchmarks.names.report import header, table
from service.config import PROJECT_DIR, Settings

CACHE = Path.home() / ".cache" / "relais-benchmarks"
LANGUAGES = ("fr", "ar")
ARRAY = 64
# The beams of Relais's default and of Argos Translate's.
BEAM: int = Settings.model_fields["beam_size"].default
STOCK_BEAM = 4
CLIENTS = 16
# The clients' articles carry marks from here on, which no other workload uses.
CLIENT_MARKS = 1000
READY_SECONDS = 180
SHORT = {"fr": "Le maire a salué la foule {}.", "ar": "وصل الوزير إلى المدينة {}."}
# spaCy wants a newer rich than LibreTranslate's rate limiter asks for; both run with it.
LIBRETRANSLATE = ("libretranslate==1.9.6", "spacy==3.8.18")
ARGOSTRANSLATE = ("argostranslate==1.11.0",)

_MAKE_BLANK = "import spacy, sys; spacy.blank(sys.argv[1]).to_disk(sys.argv[2])"
_ARGOS_LOOP = """
import json, sys
from argostranslate import translate
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps([translate.translate(text, asked["source"], "en") for text in asked["q"]]),
          flush=True)
"""

Ask = Callable[[Sequence[str], str], list[str]]


@dataclass(frozen=True, slots=True)
class System:
    """A system that translates a list of texts into English.

    Args:
        beam: hypotheses that it keeps at each step.
        concurrent: it answers several callers at once.
    """

    name: str
    ask: Ask
    beam: int
    concurrent: bool = True


def environment(folder: Path, requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment that holds the requirements; made where it is missing."""
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    wanted = "\n".join(requirements)
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        click.echo(f"Installing {', '.join(requirements)} into {folder} (once) ...", err=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for requirement in requirements:
            subprocess.run([python, "-m", "pip", "install", "-q", requirement], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return python


def unpack(models: Path, folder: Path, python: Path) -> None:
    """The packages of `models` under `folder`, each with a blank spaCy pipeline of its source."""
    for package in sorted(models.glob("*.argosmodel")):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
    for metadata in folder.glob("*/metadata.json"):
        source = json.loads(metadata.read_text(encoding="utf-8"))["from_code"]
        command = [str(python), "-c", _MAKE_BLANK, source, str(metadata.parent / "spacy")]
        subprocess.run(command, check=True, capture_output=True)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(
    command: Sequence[str], variables: dict[str, str], address: str, log: Path
) -> Iterator[None]:
    """A server's process, from when `address` answers; ended by its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT_DIR, env={**os.environ, **variables}, stdout=output, stderr=output
        )
    try:
        wait_for(address, process, log)
        yield
    finally:
        process.terminate()
        process.wait(30)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once `address` answers with 200.

    Raises:
        click.ClickException: the process ended, or has not answered in time.
    """
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise click.ClickException(f"{address} does not answer:\n{tail}")


def http(address: str) -> Ask:
    """Ask a server through LibreTranslate's interface."""

    def ask(texts: Sequence[str], source: str) -> list[str]:
        answer = requests.post(
            f"{address}/translate",
            json={"q": list(texts), "source": source, "target": "en", "format": "text"},
            timeout=600,
        )
        answer.raise_for_status()
        translated: list[str] = answer.json()["translatedText"]
        return translated

    return ask


@contextmanager
def relais(folder: Path, **variables: str) -> Iterator[Ask]:
    """This service, its translation memory off."""
    folder.mkdir()
    address = f"http://127.0.0.1:{free_port()}"
    own = {
        "RELAIS_MEMORY_ENTRIES": "0",
        "RELAIS_DATA_DIR": str(folder / "data"),
        "RELAIS_PACKAGES_DIR": str(folder / "relais-packages"),
        "OMP_NUM_THREADS": "1",
        **variables,
    }
    command = [sys.executable, "-m", "service", "serve", "--port", address.rpartition(":")[2]]
    with server(command, own, f"{address}/v1/health/ready", folder / "relais.log"):
        yield http(address)


@contextmanager
def libretranslate(folder: Path, python: Path, packages: Path, **variables: str) -> Iterator[Ask]:
    """LibreTranslate's own server."""
    address = f"http://127.0.0.1:{free_port()}"
    home = Path(tempfile.mkdtemp(dir=folder))
    command = [
        str(python.parent / "libretranslate"), "--port", address.rpartition(":")[2],
        "--load-only", ",".join((*LANGUAGES, "en")), "--disable-web-ui",
    ]  # fmt: skip
    own = _argos_variables(home, packages) | variables
    with server(command, own, f"{address}/languages", home / "server.log"):
        yield http(address)


@contextmanager
def argostranslate(folder: Path, python: Path, packages: Path, **variables: str) -> Iterator[Ask]:
    """Stock argostranslate in a process of its own, asked line by line."""
    home = Path(tempfile.mkdtemp(dir=folder))
    process = subprocess.Popen(
        [str(python), "-c", _ARGOS_LOOP],
        env={**os.environ, **_argos_variables(home, packages), **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def ask(texts: Sequence[str], source: str) -> list[str]:
        asked.write(json.dumps({"q": list(texts), "source": source}) + "\n")
        asked.flush()
        translated: list[str] = json.loads(answers.readline())
        return translated

    try:
        yield ask
    finally:
        asked.close()
        process.wait(30)


def _argos_variables(home: Path, packages: Path) -> dict[str, str]:
    """Argos Translate's settings: these packages, split by their own spaCy, nothing fetched."""
    return {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "ARGOS_PACKAGES_DIR": str(packages),
        "ARGOS_CHUNK_TYPE": "SPACY",
        "ARGOS_PACKAGE_INDEX": "http://127.0.0.1:9/",
    }


def articles(language: str, mark: int) -> list[str]:
    """The stories of examples/ in a language, each sentence made new by a number."""
    return [
        path.read_text(encoding="utf-8").strip().replace(". ", f" ({mark}). ")
        for path in sorted((PROJECT_DIR / "examples").glob(f"*-{language}-*.txt"))
    ]


def one_at_a_time(system: System, mark: int) -> float:
    """Seconds for every article, one after another."""
    work = [(text, language) for language in LANGUAGES for text in articles(language, mark)]
    return _timed(lambda: [system.ask([text], language) for text, language in work])


def arrays(system: System, mark: int) -> float:
    """Seconds for one array of 64 paragraphs in each language."""
    work = []
    for language in LANGUAGES:
        paragraphs = [
            part for text in articles(language, mark) for part in text.split("\n") if part.strip()
        ]
        repeats = -(-ARRAY // len(paragraphs))
        many = [f"{part} {copy}" for copy in range(repeats) for part in paragraphs]
        work.append((many[:ARRAY], language))
    return _timed(lambda: [system.ask(texts, language) for texts, language in work])


def clients(system: System, mark: int) -> float:
    """Seconds for 16 clients at once, each with one article of its own."""
    work = [
        (texts[number % len(texts)], LANGUAGES[number % len(LANGUAGES)])
        for number in range(CLIENTS)
        for texts in [
            articles(LANGUAGES[number % len(LANGUAGES)], CLIENT_MARKS + mark * CLIENTS + number)
        ]
    ]

    def run() -> None:
        with ThreadPoolExecutor(CLIENTS if system.concurrent else 1) as threads:
            list(threads.map(lambda one: system.ask([one[0]], one[1]), work))

    return _timed(run)


def short(system: System, mark: int, count: int) -> list[float]:
    """Seconds of each of `count` short sentences, asked one after another."""
    return [
        _timed(lambda n=number: system.ask([SHORT["fr"].format(mark * count + n)], "fr"))  # type: ignore[misc]
        for number in range(count)
    ]


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


WORKLOADS: dict[str, Callable[[System, int], float]] = {
    "one article at a time": one_at_a_time,
    "arrays of 64 paragraphs": arrays,
    "16 clients at once": clients,
}


def measure(systems: Sequence[System], rounds: int, sentences: int) -> str:
    """The tables, the first system beside the others; one round before is not counted.

    Args:
        systems: the first is Relais with its defaults; the first of each beam is the one that the
            others of that beam are compared with in the second table.
    """
    times: dict[str, dict[str, list[float]]] = {
        name: {system.name: [] for system in systems} for name in WORKLOADS
    }
    latencies: dict[str, list[float]] = {system.name: [] for system in systems}
    for mark in range(rounds + 1):
        for name, work in WORKLOADS.items():
            for system in systems:
                seconds = work(system, mark)
                if mark:
                    times[name][system.name].append(seconds)
        for system in systems:
            found = short(system, mark, sentences)
            if mark:
                latencies[system.name] += found
    own = systems[0].name
    of_beam: dict[int, str] = {}
    for system in systems:
        of_beam.setdefault(system.beam, system.name)
    throughput = [
        [
            system.name,
            *(
                f"{statistics.median(times[name][system.name]):.2f} s, "
                f"{_ratio(times[name][system.name], times[name][own]):.2f}"
                for name in WORKLOADS
            ),
        ]
        for system in systems
    ]
    equal = [
        [
            system.name,
            str(system.beam),
            *(
                f"{_ratio(times[name][system.name], times[name][of_beam[system.beam]]):.2f}"
                for name in WORKLOADS
            ),
        ]
        for system in systems
        if system.name != of_beam[system.beam]
    ]
    latency = [
        [
            system.name,
            f"{1000 * statistics.median(latencies[system.name]):.0f}",
            f"{1000 * percentile(latencies[system.name], 0.95):.0f}",
        ]
        for system in systems
    ]
    return "\n\n".join(
        [
            f"{rounds} rounds in turn, one before them not counted. Each cell: the median time, and"
            f" how many times as long as {own} it took.",
            table(["system", *WORKLOADS], throughput),
            "At equal beam, how many times as long as Relais with the same beam:",
            table(["system", "beam", *WORKLOADS], equal),
            f"One short sentence at a time, {rounds * sentences} of them:",
            table(["system", "p50, ms", "p95, ms"], latency),
        ]
    )


def _ratio(theirs: Sequence[float], own: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, own, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each system is run.")
@click.option("--sentences", default=20, show_default=True, help="Short sentences in a round.")
@click.option("--stock/--no-stock", default=False, help="Stock argostranslate too (6 GB, once).")
@click.option("--cache", type=click.Path(path_type=Path), default=CACHE, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write the report there as well.")
def main(rounds: int, sentences: int, stock: bool, cache: Path, out: Path | None) -> None:
    """Measure throughput and latency beside the peers, on the stories of examples/."""
    python = environment(cache / "libretranslate", LIBRETRANSLATE)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        packages = folder / "packages"
        packages.mkdir()
        unpack(PROJECT_DIR / "models", packages, python)
        enter = running.enter_context
        wide = {"RELAIS_BEAM_SIZE": str(STOCK_BEAM)}
        systems = [
            System("Relais", enter(relais(folder / "own")), BEAM),
            System(
                f"Relais, beam {STOCK_BEAM}", enter(relais(folder / "wide", **wide)), STOCK_BEAM
            ),
            System("LibreTranslate", enter(libretranslate(folder, python, packages)), STOCK_BEAM),
            System(
                "LibreTranslate, best settings",
                enter(libretranslate(folder, python, packages, **BEST)),
                BEAM,
            ),
        ]
        if stock:
            stock_python = environment(cache / "argostranslate", ARGOSTRANSLATE)
            ask = enter(argostranslate(folder, stock_python, packages))
            systems.append(System("argostranslate", ask, STOCK_BEAM, concurrent=False))
        report = f"{header('Beside the peers')}\n\n{measure(systems, rounds, sentences)}"
    click.echo(report)
    if out is not None:
        out.write_text(report + "\n", encoding="utf-8")


# The beam of Relais's default, a batch on each core, larger batches.
BEST = {
    "ARGOS_BEAM_SIZE": str(BEAM),
    "ARGOS_BATCH_SIZE": "1024",
    "ARGOS_INTER_THREADS": str(os.cpu_count() or 1),
    "ARGOS_INTRA_THREADS": "1",
}


if __name__ == "__main__":
    main()
