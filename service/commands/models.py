"""`python -m service models`: the translation packages of this deployment."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from service.config import Settings
from service.engine.model import Decoding, Model
from service.engine.packages import Package, PackageStore, Progress
from service.engine.translator import PairTranslator
from service.errors import InvalidRequest, NotFound, PackageError, ServiceError


@click.group()
def models() -> None:
    """List, install, verify and remove translation packages (.argosmodel).

    The packages in the models folder are built in. Installed ones are added to them; where both
    serve a pair, the higher version is used. A running server sees a change when it is restarted.
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line.")
def list_models(as_json: bool) -> None:
    """List the packages; those in use are marked with a star.

    \b
    Example:
      python -m service models list
    """
    store = PackageStore(Settings.load())
    in_use = {package.path for package in store.in_use()}
    for package in store.list():
        if as_json:
            facts: dict[str, Any] = {
                "source": package.source,
                "target": package.target,
                "version": package.version,
                "name": package.name,
                "origin": package.origin,
                "sha256": package.sha256,
                "path": str(package.path),
                "in_use": package.path in in_use,
            }
            click.echo(json.dumps(facts, ensure_ascii=False))
        else:
            star = "*" if package.path in in_use else " "
            click.echo(
                f"{star} {package.source} → {package.target}  {package.version:<8} "
                f"{package.origin:<9} sha256 {package.sha256[:12]}  {package.path}"
            )
    for problem in store.problems:
        click.echo(f"problem: {problem}", err=True)
    if store.problems:
        sys.exit(1)


@models.command()
@click.argument("what", nargs=-1, required=True)
def install(what: tuple[str, ...]) -> None:
    """Install packages from files or folders, or the public one of a language pair.

    WHAT is either paths (.argosmodel files, folders of them, or an unpacked package), or a source
    and a target language. The latter is fetched from the public Argos Translate index and needs a
    network that reaches it. Every package translates a sentence before it counts as installed.

    \b
    Examples:
      python -m service models install translate-fr_en-1_9.argosmodel
      python -m service models install fr en
    """
    store = PackageStore(Settings.load())
    if len(what) == 2 and not any(Path(each).exists() or "." in each for each in what):
        with _Bar(f"{what[0]} → {what[1]}") as bar:
            packages = [store.install_pair(what[0].lower(), what[1].lower(), bar.progress)]
    else:
        packages = [store.install_file(path) for each in what for path in _archives(Path(each))]
    for package in packages:
        _try(package)
        click.echo(f"installed {package.name} ({package.sha256[:12]}) in {package.path}")
        used = store.get(package.source, package.target)
        if used is not None and used.path != package.path:
            click.echo(f"note: {used.name} ({used.origin}) stays in use: its version is higher")


@models.command()
def verify() -> None:
    """Read every file of every package again and compare checksums.

    Exit status: 0 all are whole; 1 one is damaged.

    \b
    Example:
      python -m service models verify
    """
    checks = PackageStore(Settings.load()).verify()
    for check in checks:
        click.echo(
            f"{'ok     ' if check.problem is None else 'DAMAGED'} {check.name}  {check.path}"
        )
        if check.problem is not None:
            click.echo(f"problem: {check.problem}", err=True)
    if not checks:
        click.echo("There is no package to verify.", err=True)
    if any(check.problem is not None for check in checks):
        sys.exit(1)


@models.command()
@click.argument("source")
@click.argument("target")
def remove(source: str, target: str) -> None:
    """Remove the installed packages of a language pair; built-in ones stay.

    \b
    Example:
      python -m service models remove fr en
    """
    for package in PackageStore(Settings.load()).remove(source.lower(), target.lower()):
        click.echo(f"removed {package.name} from {package.path}")


def _archives(path: Path) -> list[Path]:
    """The packages at a path: itself, or the files in a folder.

    Raises:
        NotFound: there are none.
        InvalidRequest: it is a file of another kind.
    """
    if path.is_dir() and not (path / "metadata.json").is_file():
        archives = sorted(path.glob("*.argosmodel"))
        if not archives:
            raise NotFound(f"There is no .argosmodel file in {path}.")
        return archives
    if not path.exists():
        raise NotFound(
            f"There is no file {path}. To fetch a public package, name two languages: "
            "`models install fr en`."
        )
    if path.is_file() and path.suffix != ".argosmodel":
        raise InvalidRequest(f"{path} is no .argosmodel file.")
    return [path]


def _try(package: Package) -> None:
    """Let a package translate a sentence; one that cannot is removed again.

    Raises:
        PackageError: it cannot.
    """
    try:
        translator = PairTranslator(package, Model(package, threads=1))
        translator.translate(["Paris, 2024."], Decoding(1))
        translator.close()
    except Exception as error:
        shutil.rmtree(package.path, ignore_errors=True)
        detail = error.detail if isinstance(error, ServiceError) else str(error)
        raise PackageError(f"{package.name} was not installed: {detail}") from error


class _Bar:
    """A download's progress on standard error, where a person is watching."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = -1
        self.progress: Progress | None = self._show if sys.stderr.isatty() else None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown >= 0:
            click.echo("", err=True)

    def _show(self, done: int, size: int | None) -> None:
        megabytes = done // 1_000_000
        if megabytes != self._shown:
            self._shown = megabytes
            of = f" of {size // 1_000_000}" if size else ""
            click.echo(f"\r{self._label}: {megabytes}{of} MB", err=True, nl=False)
