"""Everything that is installed is pinned to a version and to the hashes of its files."""

from __future__ import annotations

import re

import pytest

from service.config import PROJECT_DIR

PINNED = ("requirements.txt", "requirements-dev.txt")


def normal(name: str) -> str:
    """A distribution's name as registries compare it (PEP 503), extras left out."""
    return re.sub(r"[-_.]+", "-", name.split("[")[0]).lower()


def pins(file: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by name."""
    text = (PROJECT_DIR / file).read_text("utf-8").replace("\\\n", " ")
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        match = re.match(r"([A-Za-z0-9._-]+)==(\S+)", line)
        assert match, f"{file}: this is not a pin: {line}"
        found[normal(match[1])] = (match[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def asked_for(file: str) -> set[str]:
    """The names in an input file."""
    lines = (PROJECT_DIR / file).read_text("utf-8").splitlines()
    words = (line.partition("#")[0].strip() for line in lines)
    return {normal(re.split(r"[<>=!~ ;]", word)[0]) for word in words if word and word[0] != "-"}


@pytest.mark.parametrize("file", PINNED)
def test_every_distribution_has_a_version_and_hashes(file: str) -> None:
    for name, (version, hashes) in pins(file).items():
        assert version, name
        assert hashes, name


@pytest.mark.parametrize("file", PINNED)
def test_everything_that_is_asked_for_is_pinned(file: str) -> None:
    assert asked_for(file.replace(".txt", ".in")) <= set(pins(file))


@pytest.mark.parametrize("file", PINNED)
def test_no_address_stands_in_the_pins(file: str) -> None:
    text = (PROJECT_DIR / file).read_text("utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_tools_are_pinned_to_the_versions_of_the_service() -> None:
    service, tools = pins("requirements.txt"), pins("requirements-dev.txt")

    for name in set(service) & set(tools):
        assert service[name][0] == tools[name][0], name


@pytest.mark.parametrize("name", ["torch", "stanza", "spacy"])
def test_the_service_needs_no_such_heavy_distribution(name: str) -> None:
    assert name not in pins("requirements.txt")
