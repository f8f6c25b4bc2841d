"""`python -m tools.fuzz [TARGET …] [--seconds N]`: run the fuzzer on each target in turn.

Inputs that lead to new code are kept in var/fuzz/TARGET and taken up again by the next run; one
that breaks a law is written to var/fuzz/TARGET-crash-… and ends the run with status 1. Put its text
into tests/fuzz/test_targets.py when it is mended. It takes atheris (requirements-fuzz.txt).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from service.config import PROJECT_DIR
from tools.fuzz.targets import DICTIONARY, TARGETS


def run_one(target: str, seconds: int) -> int:
    """Fuzz one target in a process of its own, because libFuzzer ends its process."""
    corpus = PROJECT_DIR / "var" / "fuzz" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, word in enumerate(DICTIONARY[target]):
        (corpus / f"seed-{number}").write_text(word, "utf-8")
    arguments = [
        f"-max_total_time={seconds}",
        "-timeout=60",
        "-rss_limit_mb=2048",
        "-max_len=2000",
        "-print_final_stats=1",
        f"-artifact_prefix={corpus}-",
    ]
    command = [sys.executable, "-m", "tools.fuzz.instrumented", target, str(corpus), *arguments]
    return subprocess.run(command, cwd=PROJECT_DIR).returncode


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(TARGETS)))
@click.option("--seconds", default=60, show_default=True, help="How long each target is fuzzed.")
@click.option("--replay", type=click.Path(exists=True, path_type=Path), help="Run one kept input.")
def main(names: tuple[str, ...], seconds: int, replay: Path | None) -> None:
    if replay is not None:
        for name in names:
            TARGETS[name](replay.read_bytes().decode("utf-8", "surrogateescape"))
        return
    failed = [name for name in names or TARGETS if run_one(name, seconds) != 0]
    if failed:
        sys.exit(f"A law was broken in: {', '.join(failed)}. The inputs are in var/fuzz/.")


if __name__ == "__main__":
    main()
