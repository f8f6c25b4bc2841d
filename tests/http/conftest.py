"""A whole application on the built-in packages and the real glossary, loaded once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import Services, create_app
from service.config import Settings

#: Seconds until the built-in packages must have answered, on a busy machine.
READY_WITHIN = 180


ONE_NAME = """
- id: franck-allisio
  name: Franck Allisio
  type: person
  variants: [Franck Alessio]
"""


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with default settings, its models loaded."""
    data = tmp_path_factory.mktemp("http")
    app = create_app(Settings(data_dir=data, packages_dir=data / "packages", threads=2))
    own: Services = app.extensions["relais"]
    own.start()
    assert own.wait(READY_WITHIN), "the models were not loaded in time"
    yield app
    own.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application with default settings."""
    return app.test_client()


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an application of its own: no models, one name, and the settings that are given."""
    made: list[Flask] = []
    empty = tmp_path / "no-models"
    empty.mkdir()
    names = tmp_path / "one-name"
    names.mkdir()
    (names / "people.yaml").write_text(ONE_NAME, "utf-8")

    def make(**settings: object) -> Flask:
        defaults = {
            "models_dir": empty,
            "glossary_dir": names,
            "data_dir": tmp_path / "data",
            "packages_dir": tmp_path / "packages",
        }
        app = create_app(Settings(**(defaults | settings)))
        own: Services = app.extensions["relais"]
        own.start()
        assert own.wait(READY_WITHIN), "loading did not end in time"
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["relais"].close()


@pytest.fixture
def bare(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of an application without models: for what is answered before any is needed."""
    return make_app().test_client()
