"""Two versions of a glossary are compared on texts, be they folders or git revisions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from service.errors import InvalidRequest
from service.names.glossary import Entry, Glossary
from service.names.workshop.diff import (
    Item,
    compare,
    mark_words,
    read_corpus,
    read_version,
    render,
)

OLD = Glossary((Entry(id="a", name="Franck Allisio"), Entry(id="gone", name="Xavier Niel")), "old")
NEW = Glossary(
    (
        Entry(
            id="a", name="Franck Allisio", variants=("Christian Risto",), file="moved.yaml", line=9
        ),
        Entry(id="come", name="Marine Vacth"),
    ),
    "new",
)
TEXT = "It rained. Then Christian Risto spoke. It rained again."


def test_entries_that_came_went_and_changed() -> None:
    changes = {change.id: (change.kind, change.fields) for change in compare(OLD, NEW, []).entries}

    assert changes == {
        "a": ("changed", ("variants",)),
        "come": ("added", ()),
        "gone": ("removed", ()),
    }


def test_only_the_sentence_that_changes_is_shown() -> None:
    (change,) = compare(OLD, NEW, [Item("story", TEXT)]).texts

    assert change.id == "story#2"
    assert change.text == "Then Christian Risto spoke."
    assert change.new == "Then Franck Allisio spoke."
    assert change.entries == ("a",)


def test_the_report_marks_the_words() -> None:
    report = render(compare(OLD, NEW, [Item("story", TEXT)]))

    assert report.startswith("glossary old -> new\n  ~ a (variants)\n  + come\n  - gone\n")
    assert "1 changed sentence in 1 text" in report
    assert "now: Then [-Christian-]{+Franck+} [-Risto-]{+Allisio+} spoke." in report


def test_nothing_differs_from_itself() -> None:
    difference = compare(OLD, OLD, [Item("story", TEXT)])

    assert (difference.entries, difference.texts, difference.tried) == ((), (), 1)


def test_a_source_text_shows_the_names_found_in_it() -> None:
    one = Glossary((Entry(id="a", name="Amine Kessaci"),), "1")
    two = Glossary((Entry(id="a", name="Amine Kessaci", ar=("أمين قساسي",)),), "2")

    changes = compare(one, two, [Item("s", "قال أمين قساسي أمس", "ar")]).texts

    assert [change.new for change in changes] in (
        ["قال [أمين قساسي = a] أمس"],
        [],  # the form was derived, and found, before it was listed
    )


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [("a b c", "a x c", "a [-b-]{+x+} c"), ("a", "a", "a"), ("a b", "a", "a[- b-]")],
)
def test_words_are_marked(old: str, new: str, marked: str) -> None:
    assert mark_words(old, new) == marked


def test_a_corpus_of_json_lines_and_of_lines(tmp_path: Path) -> None:
    lines, texts = tmp_path / "a.jsonl", tmp_path / "b.txt"
    lines.write_text('{"id": 7, "text": "x", "language": "fr"}\n\n{"text": "y"}\n', "utf-8")
    texts.write_text("one\n\ntwo\n", "utf-8")

    assert list(read_corpus([lines, texts])) == [
        Item("7", "x", "fr"),
        Item("a.jsonl:3", "y"),
        Item("b.txt:1", "one"),
        Item("b.txt:3", "two"),
    ]


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": 1}', '"text"'])
def test_a_corpus_line_that_is_no_item(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line + "\n", "utf-8")

    with pytest.raises(InvalidRequest) as caught:
        list(read_corpus([path]))

    assert caught.value.field == f"{path}:1"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose glossary got a second entry in its second commit."""

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    folder = tmp_path / "terms" / "people"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("- id: a\n  name: Xavier Niel\n  type: person\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("tag", "v1")
    (folder / "b é.yaml").write_text("- id: b\n  name: Marine Vacth\n  type: person\n")
    git("add", ".")
    git("commit", "-q", "-m", "two")
    return tmp_path / "terms"


@pytest.mark.parametrize(
    ("spec", "ids"),
    [("v1", ["a"]), ("HEAD~1", ["a"]), ("main", ["a", "b"]), ("main:terms", ["a", "b"])],
)
def test_a_git_revision_is_read_without_a_checkout(
    repository: Path, spec: str, ids: list[str]
) -> None:
    before = sorted(path.name for path in repository.rglob("*"))

    assert [entry.id for entry in read_version(spec, repository).entries] == ids
    assert sorted(path.name for path in repository.rglob("*")) == before


def test_a_folder_is_read_as_it_stands(repository: Path) -> None:
    (repository / "people" / "a.yaml").unlink()

    assert [entry.id for entry in read_version(str(repository), repository).entries] == ["b"]


@pytest.mark.parametrize("spec", ["nowhere", "v1:elsewhere", "--upload-pack=x"])
def test_neither_a_folder_nor_a_revision(repository: Path, spec: str) -> None:
    with pytest.raises(InvalidRequest):
        read_version(spec, repository)
