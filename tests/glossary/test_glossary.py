"""The glossary that ships with the service is in order, and does what it says."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from service.config import PROJECT_DIR
from service.names.anchors import document_anchors
from service.names.glossary import TYPES, Glossary, load_glossary
from service.names.workshop import check
from service.names.workshop.lint import lint
from service.names.workshop.termfiles import term_paths

FOLDER = PROJECT_DIR / "glossary"


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load_glossary(FOLDER)


def test_the_lint_has_nothing_to_say() -> None:
    assert [f"{item.file}:{item.line}: {item.message}" for item in lint(FOLDER)] == []


def test_no_clean_sentence_is_changed(glossary: Glossary) -> None:
    outcome = check.run_clean(glossary, check.clean_corpora(FOLDER))

    assert outcome.tried >= 90
    assert [f"{item.line}: {item.got}" for item in outcome.failures] == []


@pytest.mark.parametrize(
    "text",
    [
        "بلغ الدعم خمسين مليون روبية.",  # rupees, not Roubaix
        "يستقبل المتحف وزواره يوم الأحد.",  # its visitors, not Zuwara
        "هما أميان لا يقرآن.",  # two who cannot read, not Amiens
        "سار في ليل المدينة.",  # night, not Lille
    ],
)
def test_an_ordinary_arabic_word_is_no_place(glossary: Glossary, text: str) -> None:
    assert document_anchors([(text, "ar")], "ar", glossary) == [()]


def test_it_is_worth_having(glossary: Glossary) -> None:
    assert len(glossary.entries) >= 1200
    kinds = Counter(entry.type for entry in glossary.entries)
    assert kinds.keys() == set(TYPES) - {"term"}
    assert sum(bool(entry.ar) for entry in glossary.entries) >= 0.9 * len(glossary.entries)
    assert sum(bool(entry.examples) for entry in glossary.entries) >= 60


def test_every_entry_can_be_traced(glossary: Glossary) -> None:
    untraced = [
        entry.id
        for entry in glossary.entries
        if not (entry.source and entry.since and entry.context)
    ]

    assert untraced == []


def test_every_person_has_a_gender(glossary: Glossary) -> None:
    people = [entry for entry in glossary.entries if entry.type == "person"]

    assert [entry.id for entry in people if entry.gender not in ("f", "m")] == []


def test_many_examples_say_what_must_stay(glossary: Glossary) -> None:
    staying = [
        example
        for entry in glossary.entries
        for example in entry.examples
        if example.before == example.after
    ]

    assert len(staying) >= 15


@pytest.mark.parametrize(
    "name",
    [
        "Franck Allisio",
        "Laurent Nuñez",
        "Amine Kessaci",
        "Mehdi Kessaci",
        "Brahim Kessaci",
        "Benoît Payan",
        "Martine Vassal",
        "Kaouther Ben Mohamed",
        "Mahboubi Tir",
        "Gérald Darmanin",
        "Emmanuel Macron",
        "Amélie de Montchalin",
        "Jean-Noël Barrot",
        "Nicolas Bessonne",
        "Christian Sainte",
        "Vanessa Perrée",
        "David Lisnard",
    ],
)
def test_the_story_that_began_it_is_there(glossary: Glossary, name: str) -> None:
    (entry,) = [entry for entry in glossary.entries if entry.name == name]

    assert entry.type == "person"
    assert entry.ar


def test_every_file_points_its_editor_to_the_schema() -> None:
    for path in term_paths(FOLDER):
        depth = len(path.relative_to(FOLDER).parts) - 1
        first = path.read_text("utf-8").split("\n", 1)[0]

        assert first == f"# yaml-language-server: $schema={'../' * depth}schema.json", path


def test_the_guide_for_editors_names_every_field() -> None:
    guide = (FOLDER / "README.md").read_text("utf-8")
    fields = ("ar", "context", "examples", "fr", "keep", "notes", "status", "variants")

    assert all(f"**`{field}`**" in guide for field in fields)
    assert set(re.findall(r"python -m service glossary (\w+)", guide)) >= {"lint", "test", "add"}
