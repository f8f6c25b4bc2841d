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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

#: pip-audit's services, in the order they are asked.
SERVICES = ("osv", "pypi")
#: A version with known vulnerabilities that is looked up with the others: a mirror that knows
#: packages and no vulnerabilities finds none in it either, and is not believed.
CANARY = ("django", "3.0")


class NotAsked(Exception):
    """The vulnerability service gave no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service knows.

    Args:
        vulnerable: one line for each known vulnerability.
        left_out: names of packages that it did not look up.
    """

    vulnerable: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def ask(requirements: Path, service: str, osv_url: str | None = None) -> Answer:
    """Look up the pinned packages of a file in one service.

    Raises:
        NotAsked: the service cannot be reached, or is none.
    """
    name, version = CANARY
    pinned = requirements.read_text("utf-8") + f"\n{name}=={version} --hash=sha256:{'0' * 64}\n"
    with TemporaryDirectory() as folder:
        file = Path(folder) / requirements.name
        file.write_text(pinned, "utf-8")
        command = [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(file)),
            *("--disable-pip", "--require-hashes", "--vulnerability-service", service),
            *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
            *(("--osv-url", osv_url) if osv_url else ()),
        ]
        result = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise NotAsked(lines[-1][:200] if lines else f"status {result.returncode}") from None
    found = {package["name"]: package for package in packages if "skip_reason" not in package}
    left_out = tuple(one["name"] for one in packages if one["name"] not in (*found, name))
    canary = found.pop(name, {"vulns": []})
    if not left_out and not canary["vulns"]:
        raise NotAsked(f"it knows of no vulnerability of {name} {version}, which has many")
    vulnerable = tuple(
        f"{package['name']} {package['version']}: {one['id']}"
        f" (mended in {', '.join(one['fix_versions']) or 'no version yet'})"
        for package in found.values()
        for one in package["vulns"]
    )
    return Answer(vulnerable, left_out)


@click.command(help=__doc__)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--allow-offline", is_flag=True, help="Pass where no service can be reached.")
@click.option("--osv-url", help="Ask only this copy of OSV.")
def main(files: tuple[Path, ...], allow_offline: bool, osv_url: str | None) -> None:
    status = 0
    for file in files:
        vulnerable: set[str] = set()
        reasons = []
        for service in SERVICES[:1] if osv_url else SERVICES:
            try:
                answer = ask(file, service, osv_url)
            except NotAsked as error:
                reasons.append(f"{service}: {error}")
                continue
            vulnerable.update(answer.vulnerable)
            if not answer.left_out:
                click.echo(f"{file}: {len(vulnerable)} known vulnerabilities")
                break
            some = ", ".join(answer.left_out[:5])
            reasons.append(f"{service}: {len(answer.left_out)} packages were left out: {some}")
        else:
            click.echo(f"{file}: NOT AUDITED, no vulnerability service answered for all", err=True)
            click.echo("\n".join(f"  {reason}" for reason in reasons), err=True)
            if not allow_offline:
                status = status or 2
        for line in sorted(vulnerable):
            click.echo(f"  {line}")
            status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
