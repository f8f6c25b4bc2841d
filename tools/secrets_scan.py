"""`python -m tools.secrets_scan`: no secret in any file that git keeps.

detect-secrets, with .secrets.baseline for what looks like one and is none (test keys). Plain
hexadecimal digits are passed over: here they are digests of glossaries and models.
After looking at a new finding, `python -m tools.secrets_scan --update` takes it into the baseline.
"""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import click

from service.config import PROJECT_DIR

BASELINE = PROJECT_DIR / ".secrets.baseline"
#: detect-secrets' status where known findings only stand on other lines now.
MOVED = 3
#: Digests, in which every line would look like a secret, and lists of names and sentences.
LEFT_OUT = (
    *("requirements*.txt", "models/SHA256SUMS", "*.argosmodel", "*.png", "*.jsonl", "*.tsv"),
    *("glossary/*/*", "*/data/*", "training/*.txt", "training/*/*", ".secrets.baseline"),
)


def tracked() -> list[str]:
    """The files that git keeps, or would keep, without those that are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_DIR,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [
        name
        for name in listed
        if Path(PROJECT_DIR, name).is_file() and not any(fnmatch(name, out) for out in LEFT_OUT)
    ]


@click.command(help=__doc__)
@click.option("--update", is_flag=True, help="Take what is found into the baseline.")
def main(update: bool) -> None:
    tool = [sys.executable, "-m", "detect_secrets"]
    if update:
        result = subprocess.run(
            [*tool, "scan", "--disable-plugin", "HexHighEntropyString", *tracked()],
            cwd=PROJECT_DIR,
            check=True,
            capture_output=True,
            text=True,
        )
        BASELINE.write_text(result.stdout, "utf-8")
        return
    hook = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--baseline", BASELINE.name]
    status = subprocess.run([*hook, *tracked()], cwd=PROJECT_DIR).returncode
    sys.exit(0 if status == MOVED else status)


if __name__ == "__main__":
    main()
