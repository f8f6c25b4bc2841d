"""`python -m benchmarks.footprint`: time to ready, memory, and the size of what is installed.

A server with the shipped models and the default settings is started several times. Memory is
resident (RSS) and private (USS, what the process alone holds) of all its processes, idle once it
is ready and at its most while it answers. The size is that of the distributions in
requirements.txt, as installed in this environment. The imports are those of the application
(`python -X importtime`), each with what it imports itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

import click
import psutil
import requests

from benchmarks.batch import MIB, Watch
from benchmarks.names.report import header, table
from service.commands._server import Server
from service.config import PROJECT_DIR

CLIENTS = 8
REQUESTS = 64
SHOWN = 10
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_IMPORT = re.compile(r"import time:\s*\d+ \|\s*(\d+) \|( *)(\S+)")


def memory(process: psutil.Process) -> tuple[float, float]:
    """Resident and private MiB of a process and its children."""
    resident = private = 0
    for each in (process, *process.children(recursive=True)):
        found = each.memory_full_info()
        resident += found.rss
        private += found.uss
    return resident / MIB, private / MIB


def start(rounds: int) -> list[list[str]]:
    """Rows of the first table: seconds to ready and memory, over `rounds` starts."""
    ready, idle, private, loaded = [], [], [], []
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted((PROJECT_DIR / "examples").glob("*.txt"))
    ]
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            with Server({"RELAIS_DATA_DIR": folder, "RELAIS_MEMORY_ENTRIES": "0"}) as server:
                ready.append(time.perf_counter() - began)
                process = psutil.Process(server.process.pid)
                resident, own = memory(process)
                idle.append(resident)
                private.append(own)

                def translate(number: int, url: str = server.url) -> None:
                    body = {"text": texts[number % len(texts)]}
                    requests.post(f"{url}/v1/translate", json=body, timeout=300).raise_for_status()

                with Watch(server, lambda: 0) as watch, ThreadPoolExecutor(CLIENTS) as clients:
                    list(clients.map(translate, range(REQUESTS)))
                loaded.append(max(sample.memory for sample in watch.samples) / MIB)
    return [
        ["seconds from the command to ready, packages unpacked anew", f"{median(ready):.1f}"],
        ["resident memory, idle, MiB", f"{median(idle):.0f}"],
        ["of which private, MiB", f"{median(private):.0f}"],
        [f"resident memory at most, {CLIENTS} clients, MiB", f"{median(loaded):.0f}"],
    ]


def sizes() -> list[tuple[str, float]]:
    """MiB of each distribution that the service needs, as installed here, the largest first."""
    pinned = _PINNED.findall((PROJECT_DIR / "requirements.txt").read_text(encoding="utf-8"))
    found: list[tuple[str, float]] = []
    for name in pinned:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        paths = {Path(str(file.locate())).resolve() for file in files}
        found.append((name, sum(path.stat().st_size for path in paths if path.is_file()) / MIB))
    return sorted(found, key=lambda each: -each[1])


def imports() -> list[tuple[str, float]]:
    """Milliseconds of the costliest imports of the application, of each top-level package."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import service.app"],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    spent: dict[str, float] = {}
    for microseconds, _, module in _IMPORT.findall(done.stderr):
        if "." not in module:
            spent[module] = int(microseconds) / 1000
    return sorted(spent.items(), key=lambda each: -each[1])


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often the server is started.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the report there as well.")
def main(rounds: int, out: Path | None) -> None:
    """Measure start-up, memory, installed size and imports."""
    installed = sizes()
    whole = sum(size for _, size in installed)
    report = "\n\n".join(
        [
            header("Start-up, memory, size"),
            table([f"median of {rounds} starts", ""], start(rounds)),
            f"Installed: {len(installed)} distributions, {whole:.0f} MiB. The largest:",
            table(["distribution", "MiB"], [[n, f"{size:.1f}"] for n, size in installed[:SHOWN]]),
            "The costliest imports of the application, with what they import themselves:",
            table(["package", "ms"], [[name, f"{ms:.0f}"] for name, ms in imports()[:SHOWN]]),
        ]
    )
    click.echo(report)
    if out is not None:
        out.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
