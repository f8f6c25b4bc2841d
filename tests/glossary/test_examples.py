"""The stories that the demo translates: what they are, and the names they must give."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from service.config import PROJECT_DIR
from service.names.glossary import Glossary, load_glossary
from service.names.normalise import normalise
from service.text.detect import detect

FOLDER = PROJECT_DIR / "examples"
STORIES: list[dict[str, Any]] = json.loads((FOLDER / "stories.json").read_text("utf-8"))
RELAYED = [story for story in STORIES if story["language"] == "en"]


def text_of(story: dict[str, Any]) -> str:
    return (FOLDER / story["file"]).read_text("utf-8")


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load_glossary(PROJECT_DIR / "glossary")


def test_every_story_is_described_and_every_description_has_a_story() -> None:
    assert [story["file"] for story in STORIES] == sorted(
        path.name for path in FOLDER.glob("*.txt")
    )


def test_there_are_enough_of_each_language() -> None:
    counts = Counter(story["language"] for story in STORIES)

    assert counts["fr"] >= 5
    assert counts["ar"] >= 5
    assert counts["en"] >= 4


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["file"])
def test_a_story_is_long_enough_and_in_its_language(story: dict[str, Any]) -> None:
    text = text_of(story)

    assert 150 <= len(text.split()) <= 260
    assert detect(text).language == story["language"] == story["file"][3:5]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["file"])
def test_the_names_stand_in_the_text_and_in_the_glossary(
    story: dict[str, Any], glossary: Glossary
) -> None:
    text, known = text_of(story), {entry.name for entry in glossary.entries}

    assert len(story["names"]) >= 6
    assert [form for form in story["names"] if form not in text] == []
    assert [name for name in story["names"].values() if name not in known] == []


@pytest.mark.parametrize("story", RELAYED, ids=lambda story: story["file"])
def test_the_names_of_a_relayed_story_come_out_right(
    story: dict[str, Any], glossary: Glossary
) -> None:
    result = normalise(text_of(story), glossary).text

    assert [name for name in story["names"].values() if name not in result] == []
    assert [
        form for form, name in story["names"].items() if form in result and form not in name
    ] == []


def test_the_readme_says_that_the_events_are_invented() -> None:
    assert "The events are invented" in (FOLDER / "README.md").read_text("utf-8")
