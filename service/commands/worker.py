"""`python -m service worker`: a machine that works on the chunks of jobs (RELAIS_BROKER_URL)."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when ctranslate2 is first imported

import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from service import tracing
from service.config import Settings
from service.errors import NotReady, SettingsError
from service.logs import configure

if TYPE_CHECKING:
    from celery import Celery

    from service.jobs.work import Translate
    from service.names.glossary import Glossary


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Chunks worked on at once; they share the models and their batches.",
)
@click.option(
    "--name",
    default=socket.gethostname,
    show_default="the machine's",
    help="The worker's name; several on one machine need different ones.",
)
@click.option("--ping", is_flag=True, help="Only ask whether the worker of this name answers.")
def worker(concurrency: int, name: str, ping: bool) -> None:
    """Work on the chunks of jobs that come over the broker, until told to stop.

    SIGTERM finishes what is underway. Any number of workers may run, on any number of machines;
    one that is killed loses nothing.

    \b
    Example:
      RELAIS_BROKER_URL=redis://localhost:6379/0 \\
      RELAIS_DATABASE_URL=postgresql://relais@localhost/relais \\
      python -m service worker
    """
    settings = Settings.load()
    if not settings.broker_url:
        raise SettingsError(
            "A worker needs a broker: set RELAIS_BROKER_URL (and RELAIS_DATABASE_URL to the "
            "servers' database). Without a broker, the servers work on jobs themselves.",
            field="RELAIS_BROKER_URL",
        )
    if ping:
        sys.exit(0 if _answers(settings, name) else 1)
    configure(settings.log_level)
    run(settings, concurrency, name)


def run(settings: Settings, concurrency: int, name: str) -> None:
    """Work until told to stop, with the models of the settings."""
    from service.engine import Engine
    from service.jobs.work import translating
    from service.names.glossary import GlossaryStore
    from service.pipeline import Pipeline

    engine = Engine(settings)
    glossaries = GlossaryStore(settings.glossary_dir, settings.glossary_poll_seconds)
    pipeline = Pipeline(settings, engine, glossaries)

    def load() -> None:
        engine.load()
        if not engine.ready:
            raise NotReady("No translation package could be loaded: " + "; ".join(engine.problems))

    translate = translating(lambda: pipeline, settings.max_item_chars)
    run_with(
        settings,
        concurrency,
        name,
        translate,
        in_force=glossaries.in_force,
        load=load,
        close=engine.close,
    )


def run_with(
    settings: Settings,
    concurrency: int,
    name: str,
    translate: Translate,
    *,
    in_force: Callable[[], Glossary] | None = None,
    load: Callable[[], object] = lambda: None,
    close: Callable[[], object] = lambda: None,
) -> None:
    """Work until told to stop.

    Args:
        translate: see `service.jobs.work.translating`.
        in_force: the term files, to which a caller's own glossary is added; None: there are none.
        load: called once before the first chunk is taken.
        close: called at the end.
    """
    from service.jobs.celery_app import install_worker, make_celery
    from service.jobs.system import JobSystem
    from service.names.glossary import EMPTY

    load()
    tracing.configure()
    app = make_celery(settings)
    system = JobSystem.build(settings, translate, in_force=in_force or (lambda: EMPTY))
    install_worker(app, system)
    try:
        app.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={concurrency}",
                f"--hostname={_node(name)}",
                f"--loglevel={settings.log_level}",
                "--without-gossip",
                "--without-mingle",
            ]
        )
    finally:
        system.close(5.0)
        close()


def _node(name: str) -> str:
    return f"relais@{name}"


def _answers(settings: Settings, name: str) -> bool:
    from service.jobs.celery_app import make_celery

    app: Celery = make_celery(settings)
    return bool(app.control.ping(destination=[_node(name)], timeout=5.0))
