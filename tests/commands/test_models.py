"""`python -m service models`, run as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.commands.models import models
from service.errors import InvalidRequest, NotFound, PackageError, ServiceError
from tests.engine import tiny

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("RELAIS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("RELAIS_PACKAGES_DIR", str(tmp_path / "packages"))
    return lambda *arguments: CliRunner().invoke(models, [str(each) for each in arguments])


def error(result: Result) -> ServiceError:
    assert isinstance(result.exception, ServiceError), result.output
    return result.exception


def test_list_marks_what_is_in_use(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "models", "fr", "en", "1.0")
    run("install", tiny.package(tmp_path / "new", "fr", "en", "1.1"))
    lines = run("list").output.splitlines()
    assert [line[0] for line in lines] == ["*", " "]
    assert "1.1" in lines[0]
    assert "installed" in lines[0]
    assert "built-in" in lines[1]


def test_list_as_json(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "models", "ar", "en", "2.0")
    [facts] = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert (facts["source"], facts["target"], facts["version"]) == ("ar", "en", "2.0")
    assert facts["in_use"] is True
    assert len(facts["sha256"]) == 64


def test_list_names_damaged_files_and_fails(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "bad.argosmodel").write_bytes(b"no zip")
    result = run("list")
    assert result.exit_code == 1
    assert "bad.argosmodel" in result.stderr


def test_install_takes_files_and_folders_of_files(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "many", "fr", "en")
    tiny.package(tmp_path / "many", "ar", "en")
    result = run("install", tmp_path / "many")
    assert result.exit_code == 0
    assert result.output.count("installed translate-") == 2
    assert len(run("list").output.splitlines()) == 2


def test_install_says_when_a_higher_version_stays_in_use(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "models", "fr", "en", "3.0")
    result = run("install", tiny.package(tmp_path / "old", "fr", "en", "1.0"))
    assert "translate-fr_en-3.0" in result.output
    assert "stays in use" in result.output


def test_a_package_that_cannot_translate_is_not_installed(run: Run, tmp_path: Path) -> None:
    path = tiny.archive(tmp_path / "a.argosmodel", {**tiny.files(), "model/model.bin": b"none"})
    assert isinstance(error(run("install", path)), PackageError)
    assert run("list").output == ""


@pytest.mark.parametrize(
    ("what", "kind"),
    [("nothing.argosmodel", NotFound), ("empty", NotFound), ("notes.txt", InvalidRequest)],
)
def test_what_cannot_be_installed_is_named(
    run: Run, tmp_path: Path, what: str, kind: type[ServiceError]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no package")
    found = error(run("install", tmp_path / what))
    assert isinstance(found, kind)
    assert what in found.detail


def test_an_index_that_cannot_be_reached_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.engine import packages

    argos = packages._argos_package(tmp_path / "packages").settings
    monkeypatch.setattr(argos, "remote_package_index", "http://127.0.0.1:9/index.json")
    monkeypatch.setattr(argos, "local_package_index", tmp_path / "index.json")
    detail = error(run("install", "fr", "en")).detail
    assert "http://127.0.0.1:9/index.json" in detail
    assert "from a file" in detail


def test_verify_tells_good_from_damaged(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "models")
    assert run("verify").exit_code == 0
    model = next((tmp_path / "packages" / "built-in").rglob("model.bin"))
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    result = run("verify")
    assert result.exit_code == 1
    assert "DAMAGED" in result.output


def test_remove_takes_installed_packages_only(run: Run, tmp_path: Path) -> None:
    tiny.package(tmp_path / "models", "fr", "en", "1.0")
    run("install", tiny.package(tmp_path / "new", "fr", "en", "1.1"))
    assert "removed translate-fr_en-1.1" in run("remove", "fr", "en").output
    assert isinstance(error(run("remove", "fr", "en")), InvalidRequest)
    assert isinstance(error(run("remove", "xx", "en")), NotFound)
