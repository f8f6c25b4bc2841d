"""A proposal for a name: forms an editor would expect, and a warning of what is near."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.config import PROJECT_DIR
from service.errors import Conflict, InvalidRequest
from service.names.glossary import Entry, Glossary, load_glossary
from service.names.workshop.propose import (
    Lexicon,
    best_file,
    damaged_forms,
    free_id,
    propose,
    spelled,
    write,
)
from service.names.workshop.termfiles import TermFile
from tests.workshop.conftest import PAYAN, Make


def glossary(*entries: Entry) -> Glossary:
    return Glossary(entries, "test")


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Allisio", "أليسيو"),
        ("Payan", "بايان"),
        ("Kessaci", "قساسي"),
        ("Kessaci", "كساسي"),
        ("Lisnard", "ليسنار"),
        ("Vassal", "فاسال"),
        ("Barrot", "بارو"),
        ("Darmanin", "دارمانان"),
        ("Loiseau", "لوازو"),
        ("Séjourné", "سيجورنيه"),
    ],
)
def test_a_french_word_is_spelled_as_arabic_outlets_do(word: str, form: str) -> None:
    assert form in spelled(word)


def test_words_known_from_other_entries_are_taken_from_them() -> None:
    known = glossary(
        Entry(id="a", name="Kaouther Ben Hania", ar=("كوثر بن هنية",)),
        Entry(id="b", name="Mohamed Morsi", ar=("محمد مرسي",)),
    )

    assert Lexicon(known).arabic_forms("Kaouther Ben Mohamed")[0] == "كوثر بن محمد"


def test_an_article_joins_its_word() -> None:
    assert all(
        form.startswith("سارا ال") and " ال " not in form
        for form in Lexicon(glossary()).arabic_forms("Sara El Haïry")
    )


def test_relays_are_predicted_from_the_arabic_form() -> None:
    forms = damaged_forms("Kaouther Ben Mohamed", ["كوثر بن محمد"])

    assert forms == ["Kawthar bin Mohammed"]
    assert "Frank Alizio" in damaged_forms("Franck Allisio", ["فرانك أليزيو"])


def test_a_proposal_is_dated_and_has_a_free_id() -> None:
    known = glossary(Entry(id="franck-allisio", name="Franck Alisse"))

    fields = propose(
        " Franck  Allisio ", known, context=["Marseille"], today=date(2026, 11, 28)
    ).fields

    assert fields["id"] == "franck-allisio-2"
    assert fields["name"] == "Franck Allisio"
    assert fields["since"] == "2026-11-28"
    assert "status" not in fields


def test_ids_are_plain_letters() -> None:
    assert free_id("N'Golo Kanté", set()) == "n-golo-kante"
    assert free_id("Œuvre d’Été", set()) == "oeuvre-d-ete"
    assert free_id("ـ", {"entry"}) == "entry-2"


def test_near_entries_are_shown() -> None:
    known = glossary(
        Entry(id="amine-kessaci", name="Amine Kessaci"), Entry(id="xavier", name="Xavier Niel")
    )

    assert [near.entry.id for near in propose("Amin Kissasi", known).near] == ["amine-kessaci"]


def test_a_name_that_is_there_is_not_written_again(make: Make) -> None:
    folder = make(a=PAYAN)
    known = load_glossary(folder)
    proposal = propose("Benoit Payan", known)

    assert proposal.namesake is not None
    with pytest.raises(Conflict, match="benoit-payan"):
        write(proposal, folder, "people/a.yaml", known)


def test_the_entry_goes_into_the_file_that_shares_its_context(make: Make) -> None:
    other = "- id: x\n  name: Xavier Niel\n  type: person\n  context: [Paris]\n"
    folder = make(a=PAYAN, b=other)
    known = load_glossary(folder)
    proposal = propose("Martine Vassal", known, context=["Marseille"], gender="f")

    path = write(proposal, folder, None, known)

    assert path == folder / "people" / "a.yaml"
    assert [entry.name for entry in load_glossary(folder).entries if entry.file == "people/a.yaml"][
        -1
    ] == "Martine Vassal"
    assert best_file({"type": "place", "context": []}, known) == "places/new.yaml"


@pytest.mark.parametrize("file", ["../outside.yaml", "people/notes.txt", "/tmp/x.yaml"])
def test_nothing_is_written_outside_the_glossary(make: Make, file: str) -> None:
    folder = make(a=PAYAN)
    known = load_glossary(folder)

    with pytest.raises(InvalidRequest, match="no term file"):
        write(propose("Martine Vassal", known), folder, file, known)


@pytest.mark.parametrize("name", ["", "   ", "بنوا بايان"])
def test_a_name_must_be_in_latin_letters(name: str) -> None:
    with pytest.raises(InvalidRequest, match="Latin"):
        propose(name, glossary())


def test_what_is_written_passes_the_lint(make: Make) -> None:
    from service.names.workshop.lint import lint

    folder = make(a=PAYAN)
    known = load_glossary(folder)
    proposal = propose(
        "Kaouther Ben Mohamed", known, context=["activist"], source="https://example.org/"
    )

    write(proposal, folder, "people/new.yaml", known)

    assert lint(folder) == []
    (entry,) = TermFile.read(folder / "people/new.yaml", folder).entries
    assert entry.id == "kaouther-ben-mohamed"


def test_half_of_the_french_politicians_arabic_forms_can_be_derived() -> None:
    """A floor, with each name left out of the glossary that it is derived from."""
    shipped = load_glossary(Path(PROJECT_DIR / "glossary"))
    people = [entry for entry in shipped.entries if entry.file == "people/france-politics.yaml"][
        ::3
    ]
    found = 0
    for entry in people:
        others = Glossary(tuple(other for other in shipped.entries if other is not entry))
        found += bool(set(Lexicon(others).arabic_forms(entry.name)[:4]) & set(entry.ar))

    assert found >= len(people) / 2
