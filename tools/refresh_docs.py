"""Run the commands shown in the documents, and put what they print below them.

    python -m tools.refresh_docs README.md docs/api.md

A block marked `console` holds commands, each on lines that begin with `$ ` (continued with `\\` at
a line's end), and what they printed. All of them are run by bash in the project's folder, in
order, against a server of their own: where a command says localhost:8000, that one is meant.
Exit status: 1 where a command failed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from service.commands._server import Server
from service.config import PROJECT_DIR

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Lines of one command's output beyond this are left out, and said to be.
MAX_LINES = 60


def commands(block: str) -> list[str]:
    """The commands of a block, continuation lines included."""
    found: list[str] = []
    for line in block.splitlines():
        if found and is_unfinished(found[-1]):
            found[-1] += "\n" + line
        elif line.startswith("$ "):
            found.append(line[2:])
    return found


def is_unfinished(command: str) -> bool:
    """Whether a command goes on in the next line: after a backslash, or within quotes."""
    if command.endswith("\\"):
        return True
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return True
    return False


def run(command: str, port: int) -> str:
    """What a command prints.

    Raises:
        SystemExit: it failed.
    """
    python = Path(sys.executable).parent
    result = subprocess.run(
        ["bash", "-c", command.replace("localhost:8000", f"127.0.0.1:{port}")],
        cwd=PROJECT_DIR,
        env={**os.environ, "PATH": f"{python}:{os.environ['PATH']}", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    output = result.stdout.replace(f"127.0.0.1:{port}", "localhost:8000")
    output = output.replace(str(PROJECT_DIR) + "/", "")
    if result.returncode:
        sys.exit(f"{command}\nended with status {result.returncode}:\n{output}")
    lines = output.rstrip().splitlines()
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"... {len(lines) - MAX_LINES} more lines"]
    return "\n".join(line.rstrip() for line in lines)


def refresh(path: Path, port: int) -> None:
    """Run the commands of one document and rewrite what they printed."""

    def again(match: re.Match[str]) -> str:
        parts = [f"$ {command}\n{run(command, port)}".rstrip() for command in commands(match[1])]
        return "```console\n" + "\n".join(parts) + "\n```"

    path.write_text(BLOCK.sub(again, path.read_text("utf-8")), "utf-8")


def main() -> None:
    """Refresh the documents named on the command line."""
    with tempfile.TemporaryDirectory() as data:
        variables = {"RELAIS_DATA_DIR": data, "RELAIS_LOG_LEVEL": "warning"}
        with Server(variables) as server:
            for name in sys.argv[1:]:
                refresh(Path(name), server.port)


if __name__ == "__main__":
    main()
