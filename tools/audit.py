"""`python -m tools.audit FILE …`: the pinned requirements against the known vulnerabilities.

Runs pip-audit on each hashed requirements file as it stands (nothing is installed or resolved).
Exit status: 0 where every package was looked up and none is vulnerable; 1 where one is; 2 where the
vulnerability service could not be asked, because "not looked up" is not "none found". With
`--allow-offline`, a machine that reaches no such service warns and passes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click

#: pip-audit's services, in the order they are asked.
SERVICES = ("osv", "pypi")


class NotAsked(Exception):
    """The vulnerability service gave no answer; the message is the last line it ended with."""


def audit(requirements: Path, service: str) -> list[str]:
    """One line for each known vulnerability of the pinned packages.

    Raises:
        NotAsked: the service cannot be reached, or left a package out.
    """
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(requirements)),
        *("--disable-pip", "--require-hashes", "--vulnerability-service", service),
        *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise NotAsked(lines[-1][:200] if lines else f"status {result.returncode}") from None
    if skipped := [package["name"] for package in packages if "skip_reason" in package]:
        raise NotAsked(f"{len(skipped)} packages were left out: {', '.join(skipped[:5])}")
    return [
        f"{package['name']} {package['version']}: {found['id']}"
        f" (mended in {', '.join(found['fix_versions']) or 'no version yet'})"
        for package in packages
        for found in package["vulns"]
    ]


@click.command(help=__doc__)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--allow-offline", is_flag=True, help="Pass where no service can be reached.")
def main(files: tuple[Path, ...], allow_offline: bool) -> None:
    vulnerable = False
    for file in files:
        reasons = []
        for service in SERVICES:
            try:
                found = audit(file, service)
            except NotAsked as error:
                reasons.append(f"{service}: {error}")
                continue
            vulnerable |= bool(found)
            click.echo("\n".join([f"{file}: {len(found)} known vulnerabilities", *found]))
            break
        else:
            click.echo(f"{file}: NOT AUDITED, no vulnerability service answered", err=True)
            click.echo("\n".join(f"  {reason}" for reason in reasons), err=True)
            if not allow_offline:
                sys.exit(2)
    sys.exit(int(vulnerable))


if __name__ == "__main__":
    main()
