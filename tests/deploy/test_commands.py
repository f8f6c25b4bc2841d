"""What the README and the documentation tell people to run is there to be run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import COMMANDS, cli
from service.config import PROJECT_DIR, Settings

DOCUMENTS = sorted([PROJECT_DIR / "README.md", *(PROJECT_DIR / "docs").glob("*.md")])
TARGETS = ("demo", "serve", "test", "lint", "bench", "lock", "train-smoke", "image")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target_and_help_names_it(target: str) -> None:
    assert make("--dry-run", target).returncode == 0
    assert re.search(rf"^  make {target} ", make("help").stdout, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documented_make_targets_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    named = set(re.findall(r"^\s*make ([a-z-]+)", text, re.MULTILINE))
    named |= set(re.findall(r"`make ([a-z-]+)", text))

    for target in named:
        assert make("--dry-run", target).returncode == 0, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documented_commands_exist(document: Path) -> None:
    for name in re.findall(r"python -m service ([a-z]+)", document.read_text("utf-8")):
        assert name in COMMANDS
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0, name


def test_every_setting_is_in_the_deployment_guide_and_no_other() -> None:
    text = (PROJECT_DIR / "docs" / "deploy.md").read_text("utf-8")
    documented = set(re.findall(r"RELAIS_[A-Z_]*[A-Z]", text))

    assert documented == {"RELAIS_" + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        assert (document.parent / link).exists(), link


def demo(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", "demo"],
        cwd=PROJECT_DIR,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_the_demo_shows_every_story_and_the_names_put_right(tmp_path: Path) -> None:
    result = demo(RELAIS_DATA_DIR=str(tmp_path), RELAIS_PACKAGES_DIR=str(tmp_path / "packages"))

    assert result.returncode == 0, result.stderr
    stories = json.loads((PROJECT_DIR / "examples" / "stories.json").read_text("utf-8"))
    for number, story in enumerate(stories, start=1):
        assert f" {number} of {len(stories)} · {story['title']} " in result.stdout
        assert story["file"] in result.stdout
    assert "Names put right" in result.stdout
    assert re.search(r"Franck Alessio +→ Franck Allisio +\d\.\d\d", result.stdout)
    assert "\033[" not in result.stdout
    assert "Service stopped" in result.stdout


def test_the_demo_fails_loudly_where_there_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    result = demo(
        RELAIS_MODELS_DIR=str(tmp_path / "empty"),
        RELAIS_DATA_DIR=str(tmp_path),
        RELAIS_PACKAGES_DIR=str(tmp_path / "packages"),
    )

    assert result.returncode == 1
    assert "cannot be used" in result.stderr
