"""`python -m tools.secrets_scan`: no secret in any file that git keeps.

detect-secrets, with .secrets.baseline for what looks like one and is none (test keys). Plain
hexadecimal digits are passed over: here they are digests of glossaries and models. Nothing that is
found is sent anywhere to see whether it is valid. After looking at a new finding,
`python -m tools.secrets_scan --update` takes it into the baseline.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import chdir
from fnmatch import fnmatch
from pathlib import Path

import click
from detect_secrets import SecretsCollection
from detect_secrets.core import baseline
from detect_secrets.settings import default_settings

from service.config import PROJECT_DIR

BASELINE = ".secrets.baseline"
#: Digests, in which every line would look like a secret, and lists of names and sentences.
LEFT_OUT = (
    *("requirements*.txt", "models/SHA256SUMS", "*.argosmodel", "*.png", "*.jsonl", "*.tsv"),
    *("glossary/*/*", "*/data/*", "training/*.txt", "training/*/*", BASELINE),
)


def tracked(folder: Path) -> list[str]:
    """The files that git keeps, or would keep, without those that are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return [
        name
        for name in listed
        if (folder / name).is_file() and not any(fnmatch(name, out) for out in LEFT_OUT)
    ]


def unknown(folder: Path, *, update: bool = False) -> list[str]:
    """What looks like a secret and does not stand in the baseline: its file, line and kind.

    Args:
        folder: a working tree of git.
        update: take all that is found into the baseline instead.
    """
    with chdir(folder), default_settings() as settings:
        settings.disable_plugins("HexHighEntropyString")
        settings.disable_filters(
            "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
        )
        found = SecretsCollection()
        for name in tracked(folder):
            found.scan_file(name)
        if update:
            baseline.save_to_file(found, BASELINE)
            return []
    known = json.loads((folder / BASELINE).read_text("utf-8"))
    new = found - SecretsCollection.load_from_baseline(known)
    return [f"{name}:{secret.line_number}: {secret.type}" for name, secret in new]


@click.command(help=__doc__)
@click.option("--update", is_flag=True, help="Take what is found into the baseline.")
def main(update: bool) -> None:
    new = unknown(PROJECT_DIR, update=update)
    for line in new:
        click.echo(line, err=True)
    sys.exit(1 if new else 0)


if __name__ == "__main__":
    main()
