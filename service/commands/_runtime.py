"""What several commands need: the engine made ready, and lines read in bounded chunks."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import click

from service.config import Settings
from service.engine.engine import Engine
from service.errors import NotReady
from service.names.glossary import GlossaryStore
from service.pipeline import Pipeline

T = TypeVar("T")

# Items handed to the pipeline at once: enough sentences for full model batches, while the first
# results still appear within seconds.
CHUNK_ITEMS = 64


@contextmanager
def ready_pipeline(glossary_dir: Path | None = None, beam: int | None = None) -> Iterator[Pipeline]:
    """The pipeline with every model loaded; closed at the end.

    Raises:
        NotReady: no package could be loaded.
        GlossaryError: the term files cannot be used.
    """
    settings = Settings.load()
    if beam is not None:
        settings = settings.model_copy(update={"beam_size": beam})
    engine = Engine(settings)
    glossaries = GlossaryStore(glossary_dir or settings.glossary_dir)
    engine.load()
    for problem in engine.problems:
        click.echo(f"warning: {problem}", err=True)
    if not engine.ready:
        engine.close()
        raise NotReady("No translation package could be loaded: " + "; ".join(engine.problems))
    try:
        yield Pipeline(settings, engine, glossaries)
    finally:
        engine.close()


def chunks(items: Iterable[T], size: int = CHUNK_ITEMS) -> Iterator[list[T]]:
    """Consecutive lists of at most `size` items."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


glossary_option = click.option(
    "--glossary",
    metavar="DIR|none",
    help="Folder of term files, or 'none' to leave names as the model writes them; "
    "default: RELAIS_GLOSSARY_DIR.",
)


def chosen_glossary(value: str | None) -> tuple[Path | None, Literal["default", "none"]]:
    """What `glossary_option` says: a folder other than the setting's, and a request's glossary.

    Raises:
        click.BadParameter: the value is no folder.
    """
    if value is None or value == "none":
        return None, "none" if value else "default"
    directory = Path(value)
    if not directory.is_dir():
        raise click.BadParameter(f"{directory} is not a folder.", param_hint="--glossary")
    return directory, "default"


class Progress:
    """A count on standard error while work goes on; silent where no person is watching."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._count = 0
        self._shown = sys.stderr.isatty()

    def add(self, count: int) -> None:
        """Count `count` more as done."""
        self._count += count
        if self._shown:
            click.echo(f"\r{self._count:,} {self._noun}", nl=False, err=True)

    def close(self) -> None:
        """End the line."""
        if self._shown and self._count:
            click.echo(err=True)
