"""`python -m benchmarks`: the short runs of every measurement, one after the other."""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    ["benchmarks.names", "--sizes", "100,1000"],
    ["benchmarks.names_speed", "--sizes", "1000", "--passages", "12"],
    ["benchmarks.translation"],
    ["benchmarks.throughput"],
    ["benchmarks.latency", "--rounds", "1"],
    ["benchmarks.footprint", "--rounds", "1"],
    ["benchmarks.peers", "--rounds", "2"],
)


def main() -> int:
    """Run each in a process of its own; the first failure ends it."""
    for command in RUNS:
        done = subprocess.run([sys.executable, "-m", *command], check=False)
        if done.returncode:
            return done.returncode
    return 0


sys.exit(main())
