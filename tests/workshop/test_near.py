"""Near is what Arabic makes of a name; a name is what looks like one."""

from __future__ import annotations

import pytest

from service.names.glossary import Entry, Glossary
from service.names.workshop.near import Neighbours, likeness, name_spans

KNOWN = Glossary(
    (
        Entry(id="kessaci", name="Amine Kessaci", ar=("أمين قساسي",)),
        Entry(id="allisio", name="Franck Allisio"),
        Entry(id="bardella", name="Jordan Bardella"),
        Entry(id="old", name="Amin Kisasi", status="deprecated"),
    )
)


@pytest.mark.parametrize(
    ("damaged", "right"),
    [
        ("Amin Kisasi", "Amine Kessaci"),
        ("Frank Alessio", "Franck Allisio"),
        ("Kawthar Bin Mohammed", "Kaouther Ben Mohamed"),
        ("قساسي", "Kessaci"),
    ],
)
def test_a_damaged_name_is_nearer_than_another_name(damaged: str, right: str) -> None:
    assert likeness(damaged, right) > 0.6 > likeness(damaged, "Jordan Bardella")


def test_swapped_names_are_near() -> None:
    assert likeness("Kisasi Amin", "Amine Kessaci") > 0.6


def test_the_nearest_entry_comes_first_and_deprecated_ones_do_not_come() -> None:
    assert [near.entry.id for near in Neighbours(KNOWN).near("Amin Kissassi")] == ["kessaci"]


def test_an_arabic_form_finds_its_entry() -> None:
    assert [near.entry.id for near in Neighbours(KNOWN).near("أمين كساسي")] == ["kessaci"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Interior Minister Laurent Nonier spoke.", ["Laurent Nonier"]),
        ("The mayor and Kaouther Ben Mohamed.", ["Kaouther Ben Mohamed"]),
        ("In Paris, Amélie de Montchalin spoke.", ["Paris", "Amélie de Montchalin"]),
        ("However, nothing happened.", []),
        ("Payan left. Later Payan came back.", ["Payan", "Payan"]),
        ("Algerian President Abdelmadjid Tebboune's plane", ["Abdelmadjid Tebboune's"]),
    ],
)  # fmt: skip
def test_names_are_found_without_their_titles(text: str, names: list[str]) -> None:
    spans = list(name_spans(text))

    assert [span.text for span in spans] == names
    assert all(text[span.start : span.end] == span.text for span in spans)
