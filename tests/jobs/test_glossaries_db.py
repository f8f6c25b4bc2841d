"""Glossaries that callers make, in each database that jobs are kept in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service import glossaries_db
from service.errors import InvalidRequest, NotFound, ReadOnly
from service.glossaries_db import Dictionary, GlossaryDatabase, checked, file_glossary_id
from service.jobs.database import Database
from service.names.glossary import Entry, Glossary

IN_FORCE = Glossary(
    entries=(
        Entry("franck-allisio", "Franck Allisio", ar=("فرانك أليسيو",), file="people/a.yaml"),
        Entry("la-marsa", "La Marsa", "place", fr=("Marsa",), file="places.yaml"),
    ),
    version="0123456789abcdef",
)


@pytest.fixture
def made(database: Database) -> GlossaryDatabase:
    return GlossaryDatabase(database)


def french(**entries: str) -> Dictionary:
    return Dictionary("fr", "en", entries)


def test_before_the_first_glossary_there_are_the_term_files(made: GlossaryDatabase) -> None:
    listed = made.list("", IN_FORCE)
    assert [info.name for info in listed] == ["people/a.yaml", "places.yaml"]
    assert all(info.read_only for info in listed)
    assert made.entries("", listed[0].id, "ar", "en", IN_FORCE) == {
        "فرانك أليسيو": "Franck Allisio"
    }
    assert made.entries("", listed[1].id, "fr", "en", IN_FORCE) == {"Marsa": "La Marsa"}
    with pytest.raises(NotFound):
        made.get("", "3b1b5d1e-0000-4000-8000-000000000000", IN_FORCE)


def test_a_term_file_can_be_read_and_not_changed(made: GlossaryDatabase) -> None:
    identifier = file_glossary_id("people/a.yaml")
    with pytest.raises(ReadOnly, match=r"people/a\.yaml"):
        made.delete("", identifier, IN_FORCE)
    with pytest.raises(ReadOnly):
        made.rename("", identifier, "autre", IN_FORCE)
    with pytest.raises(ReadOnly):
        made.put("", identifier, french(a="b"), IN_FORCE)
    with pytest.raises(ReadOnly):
        made.delete_dictionary("", identifier, "ar", "en", IN_FORCE)


def test_a_glossary_is_found_by_its_id_and_by_its_name(made: GlossaryDatabase) -> None:
    file = file_glossary_id("people/a.yaml")
    assert made.resolve("ann", "people/a.yaml", IN_FORCE) == file
    assert made.resolve("ann", file, IN_FORCE) == file
    own = made.create("ann", "desk", [french(a="A")]).id
    assert made.resolve("ann", "desk", IN_FORCE) == own
    assert made.resolve("ann", own, IN_FORCE) == own
    for named in ("desk", own):
        with pytest.raises(NotFound):
            made.resolve("bob", named, IN_FORCE)
    assert made.resolve(None, own, IN_FORCE) == own


def test_a_name_of_several_glossaries_is_refused(made: GlossaryDatabase) -> None:
    first = made.create("ann", "desk", [french(a="A")]).id
    made.create("bob", "desk", [french(a="B")])
    assert made.resolve("ann", "desk", IN_FORCE) == first
    made.create("ann", "desk", [french(a="C")])
    with pytest.raises(InvalidRequest, match="id"):
        made.resolve("ann", "desk", IN_FORCE)
    assert made.combined("ann", [first], IN_FORCE).entries[0].name == "A"


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "no such", "' OR 1=1 --"])
def test_any_name_can_be_asked_for(made: GlossaryDatabase, name: str) -> None:
    made.create("", "essai", [french(a="A")])
    with pytest.raises(NotFound):
        made.resolve("", name, IN_FORCE)


def test_dictionaries_are_added_to_replaced_and_deleted(made: GlossaryDatabase) -> None:
    identifier = made.create("", "essai", [french(a="A")]).id
    made.put("", identifier, french(b="B"), IN_FORCE, merge=True)
    assert made.entries("", identifier, "fr", "en", IN_FORCE) == {"a": "A", "b": "B"}
    made.put("", identifier, french(c="C"), IN_FORCE)
    assert made.entries("", identifier, "fr", "en", IN_FORCE) == {"c": "C"}
    made.delete_dictionary("", identifier, "fr", "en", IN_FORCE)
    with pytest.raises(NotFound):
        made.entries("", identifier, "fr", "en", IN_FORCE)
    made.delete("", identifier, IN_FORCE)
    with pytest.raises(NotFound):
        made.get("", identifier, IN_FORCE)


def test_a_glossary_is_its_owners(made: GlossaryDatabase) -> None:
    identifier = made.create("a", "essai", [french(a="A")]).id
    assert identifier in {info.id for info in made.list("a", IN_FORCE)}
    assert identifier not in {info.id for info in made.list("b", IN_FORCE)}
    for attempt in (
        lambda: made.get("b", identifier, IN_FORCE),
        lambda: made.delete("b", identifier, IN_FORCE),
        lambda: made.rename("b", identifier, "x", IN_FORCE),
        lambda: made.put("b", identifier, french(a="Z"), IN_FORCE),
        lambda: made.combined("b", [identifier], IN_FORCE),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_additions_made_at_once_are_all_kept(made: GlossaryDatabase) -> None:
    identifier = made.create("", "essai", [french(a="A")]).id

    def add(number: int) -> None:
        made.put("", identifier, french(**{f"t{number}": "T"}), IN_FORCE, merge=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert len(made.entries("", identifier, "fr", "en", IN_FORCE)) == 25


def test_the_number_of_glossaries_is_limited(
    made: GlossaryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glossaries_db, "MAX_GLOSSARIES", 2)
    for _ in range(2):
        made.create("a", "essai", [french(a="A")])
    with pytest.raises(InvalidRequest, match="delete one first"):
        made.create("a", "essai", [french(a="A")])
    made.create("b", "essai", [french(a="A")])


def test_terms_of_a_glossary_come_before_the_term_files(made: GlossaryDatabase) -> None:
    terms = Dictionary("ar", "en", {"فرانك أليسيو": "Frank Other", "كلمة": "word"})
    identifier = made.create("", "essai", [terms]).id
    combined = made.combined("", [identifier], IN_FORCE)
    assert [(entry.name, entry.ar) for entry in combined.entries] == [
        ("Frank Other", ("فرانك أليسيو",)),
        ("word", ("كلمة",)),
        ("Franck Allisio", ()),
        ("La Marsa", ()),
    ]
    assert combined.version != IN_FORCE.version
    assert made.combined("", [identifier], IN_FORCE) is combined


def test_of_several_glossaries_the_first_decides(made: GlossaryDatabase) -> None:
    first = made.create("", "un", [french(x="One")]).id
    second = made.create("", "deux", [french(x="Two", y="Why")]).id
    names = {
        form: entry.name
        for entry in made.combined("", [first, second], IN_FORCE).entries
        for form in entry.fr
    }
    assert (names["x"], names["y"]) == ("One", "Why")


def test_a_changed_glossary_is_used_as_changed(made: GlossaryDatabase) -> None:
    identifier = made.create("", "essai", [french(x="One")]).id
    before = made.combined("", [identifier], IN_FORCE)
    made.put("", identifier, french(x="Two"), IN_FORCE)
    after = made.combined("", [identifier], IN_FORCE)
    assert (before.entries[0].name, after.entries[0].name) == ("One", "Two")
    assert before.version != after.version


def test_a_term_file_named_for_a_request_is_in_force_already(made: GlossaryDatabase) -> None:
    assert made.combined("", [file_glossary_id("people/a.yaml")], IN_FORCE) is IN_FORCE


def test_a_large_glossary_is_indexed_before_it_is_used(made: GlossaryDatabase) -> None:
    entries = {f"mot numéro {number}": f"Word {number}" for number in range(1_500)}
    identifier = made.create("", "grand", [Dictionary("fr", "en", entries)]).id
    made.prepare("", identifier, IN_FORCE)
    for thread in threading.enumerate():
        if thread.name == "glossary-index":
            thread.join(60)
    assert "index" in made.combined("", [identifier], IN_FORCE)._cache


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "at least one"),
        ([("a", "b"), ("a ", "c")], "Entry 2 has the source term of entry 1"),
        ([("a", "b"), ("c", "")], "Entry 2 has an empty term"),
        ([("a\x1f", "b")], "Entry 1 holds a control"),
        ([("a", "é" * 513)], "Entry 1 has a term of more than 1024 bytes"),
    ],
)
def test_entries_that_cannot_be_used_are_named(
    entries: list[tuple[str, str]], problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        checked(entries)
