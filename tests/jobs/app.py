"""The whole service with a pipeline that needs no models: `gunicorn tests.jobs.app:application`.

`RELAIS_TEST_SECONDS` is how long one text takes.
"""

from __future__ import annotations

import os
from unittest import mock

from flask import Flask

from service.app import Services, create_app
from service.config import Settings
from service.engine.engine import Stats
from service.logs import configure
from service.names.glossary import GlossaryStore
from tests.jobs.fakes import FakePipeline


class FakeEngine:
    """An engine that is ready from the start and is never asked to translate."""

    ready = True
    problems: tuple[str, ...] = ()

    def check_sound(self, source: str, target: str) -> None:
        """No package is damaged."""

    def load(self) -> None: ...

    def close(self) -> None: ...

    def packages(self) -> tuple[object, ...]:
        return ()

    def stats(self) -> Stats:
        return Stats(0, 0, 0, 0, 0, 0, 0)

    def stats_by_model(self) -> dict[str, Stats]:
        return {}

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return (("fr", "en"), ("ar", "en"))


def app_with(pipeline: FakePipeline, settings: Settings) -> Flask:
    """An application whose models are always ready and whose pipeline is `pipeline`."""

    def build(settings: Settings) -> Services:
        glossaries = GlossaryStore(settings.glossary_dir, settings.glossary_poll_seconds)
        return Services(settings, FakeEngine(), glossaries, pipeline)  # type: ignore[arg-type]

    with mock.patch.object(Services, "build", build):
        app = create_app(settings)
    own: Services = app.extensions["relais"]
    own.start()
    own.wait()
    return app


def __getattr__(name: str) -> Flask:
    if name != "application":
        raise AttributeError(name)
    configure()
    seconds = float(os.environ.get("RELAIS_TEST_SECONDS", "0"))
    return app_with(FakePipeline(seconds, forgetful=True), Settings.load())
