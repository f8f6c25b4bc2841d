"""The container image: what its recipe promises, read from the recipe."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch

import pytest

from service.cli import COMMANDS
from service.config import PROJECT_DIR, Settings

Instruction = tuple[str, str]


def read_instructions() -> list[Instruction]:
    """(keyword, arguments) of each instruction, continuation lines joined, comments left out."""
    lines = [
        line
        for line in (PROJECT_DIR / "Dockerfile").read_text("utf-8").splitlines()
        if not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (keyword.upper(), arguments.strip())
        for keyword, _, arguments in (line.partition(" ") for line in joined.splitlines() if line)
    ]


INSTRUCTIONS = read_instructions()
LAST_STAGE = max(i for i, (keyword, _) in enumerate(INSTRUCTIONS) if keyword == "FROM")
FINAL = INSTRUCTIONS[LAST_STAGE:]


def one(keyword: str) -> str:
    """The arguments of the only such instruction of the final stage."""
    (arguments,) = [arguments for found, arguments in FINAL if found == keyword]
    return arguments


def environment() -> dict[str, str]:
    """The variables that the final stage sets."""
    pairs = [pair for keyword, pairs in FINAL if keyword == "ENV" for pair in pairs.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def test_every_stage_stands_on_the_same_pinned_slim_base() -> None:
    bases = {arguments.split()[0] for keyword, arguments in INSTRUCTIONS if keyword == "FROM"}

    (base,) = bases
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", base)


def test_it_is_built_in_more_than_one_stage() -> None:
    assert LAST_STAGE > 0


def test_requirements_are_installed_by_their_hashes() -> None:
    installs = [
        text for keyword, text in INSTRUCTIONS if keyword == "RUN" and "pip install" in text
    ]

    assert installs
    assert all("--require-hashes" in text for text in installs)


def test_the_user_is_not_root_and_nothing_runs_after_the_change() -> None:
    keywords = [keyword for keyword, _ in FINAL]
    user, group = one("USER").split(":")

    assert int(user) > 0
    assert int(group) > 0
    assert "RUN" not in keywords[keywords.index("USER") :]
    assert "COPY" not in keywords[keywords.index("USER") :]


def test_the_health_check_asks_for_readiness_through_a_command_that_exists() -> None:
    _, command = one("HEALTHCHECK").split("CMD", 1)
    words = json.loads(command)

    assert words[:3] == ["python", "-m", "service"]
    assert words[3] in COMMANDS


def test_the_server_is_started_without_a_shell_so_that_signals_reach_it() -> None:
    assert json.loads(one("CMD")) == [
        "gunicorn",
        "--config",
        "gunicorn.conf.py",
        "wsgi:application",
    ]
    assert one("STOPSIGNAL") == "SIGTERM"


def test_what_it_writes_lies_in_the_volume() -> None:
    (volume,) = json.loads(one("VOLUME"))
    variables = environment()

    for name in ("RELAIS_DATA_DIR", "RELAIS_PACKAGES_DIR", "HOME"):
        assert variables[name].startswith(volume)
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_it_listens_on_the_port_that_it_declares() -> None:
    variables = environment()

    assert one("EXPOSE") == variables["RELAIS_PORT"]
    assert variables["RELAIS_HOST"] == "0.0.0.0"


def test_its_settings_are_settings() -> None:
    known = {"RELAIS_" + name.upper() for name in Settings.model_fields}

    assert {name for name in environment() if name.startswith("RELAIS_")} <= known


def copied() -> list[str]:
    """What is copied from the project's folder."""
    sources: list[str] = []
    for keyword, arguments in INSTRUCTIONS:
        words = arguments.split()
        if keyword == "COPY" and not words[0].startswith("--from"):
            sources += words[:-1]
    return sources


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_is_sent_to_the_builder(source: str) -> None:
    rules = (PROJECT_DIR / ".dockerignore").read_text("utf-8").splitlines()
    sent = [rule[1:].rstrip("/") for rule in rules if rule.startswith("!")]

    assert (PROJECT_DIR / source).exists()
    assert source in sent


def test_nothing_else_is_sent_to_the_builder() -> None:
    rules = (PROJECT_DIR / ".dockerignore").read_text("utf-8").splitlines()
    sent = {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}

    assert "*" in rules
    assert sent == set(copied())
    assert not any(fnmatch(name, "*secret*") or name.startswith(".") for name in sent)


def test_the_models_and_the_glossary_are_inside() -> None:
    assert {"models", "glossary", "service"} <= set(copied())
