"""What is put right in a relayed text alone: elsewhere it may be house style or somebody else."""

from __future__ import annotations

import pytest

from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise

NAMES = Glossary(
    tuple(
        Entry(id=name.lower().replace(" ", "-"), name=name)
        for name in (
            "Bruno Retailleau",
            "Ali Benflis",
            "Malek Bennabi",
            "Abdel Fattah al-Sisi",
            "Valérie Masson-Delmotte",
            "Jean-Michel Blanquer",
            "Yaël Braun-Pivet",
            "Nasreddine Bouras",
            "Meriem Ben Salah",
            "Mohamed Karim",
            "Cédric Van Styvendael",
            "Rima Long",
        )
    ),
    "relayed",
)
# Nobody spells him so: a text with this form has come back from Arabic.
RELAYED = " Bruno Rotayo agreed."
AGREED = " Bruno Retailleau agreed."


def right(text: str) -> str:
    return normalise(text, NAMES).text


@pytest.mark.parametrize(
    ("damaged", "wanted"),
    [
        # Words joined or parted.
        ("Ali Bin Flis spoke. Ben Flis left.", "Ali Benflis spoke. Benflis left."),
        ("Malik Ben Nabi wrote. Bin Nabi's book.", "Malek Bennabi wrote. Bennabi's book."),
        # Half of a compound lost.
        ("Valerie Mason measures.", "Valérie Masson-Delmotte measures."),
        ("Michel Blancer resigned.", "Jean-Michel Blanquer resigned."),
        (
            "Valerie Masson Delmot spoke. Mason Delmot left.",
            "Valérie Masson-Delmotte spoke. Masson-Delmotte left.",
        ),
        # The surname before the given name.
        ("Bouras Nasreddine won.", "Nasreddine Bouras won."),
        ("Bin Saleh Mariam won.", "Meriem Ben Salah won."),
        # A word of a longer name that is also a word.
        ("Cedric Fan Stevendael ate.", "Cédric Van Styvendael ate."),
    ],
)
def test_only_a_relayed_text_is_put_right(damaged: str, wanted: str) -> None:
    assert right(damaged + RELAYED) == wanted + AGREED


@pytest.mark.parametrize(
    "text",
    [
        "Ali Ben Flis spoke. Ben Flis left.",
        "Valérie Masson measures.",
        "Michel Blanquer resigned.",
        "Bouras Nasreddine won.",
    ],
)
def test_elsewhere_it_stays(text: str) -> None:
    assert right(text + AGREED) == text + AGREED


@pytest.mark.parametrize(
    "text",
    [
        # Another house's hyphens and articles.
        "Abdel Fattah Al Sisi and Abdel-Fattah al-Sisi.",
        # Half of a compound, rightly spelled.
        "Valérie Masson measures.",
        # Both parts are given names: the other order is another man.
        "Karim Mohamed won.",
        # A word of two.
        "Rima Lung spoke.",
    ],
)
def test_a_right_name_stays_in_a_relayed_text_too(text: str) -> None:
    assert right(text + RELAYED) == text + AGREED


def test_half_of_a_compound_is_not_taken_for_the_whole() -> None:
    assert right("Yael Braun Bivet opened." + RELAYED) == "Yaël Braun-Pivet opened." + AGREED


def test_the_report_says_that_words_were_joined() -> None:
    [division, _] = normalise("Ali Bin Flis spoke." + RELAYED, NAMES).names
    assert [(piece.code, piece.value) for piece in division.evidence] == [("division", True)]


def test_a_surname_that_the_next_word_was_run_into_is_suggested() -> None:
    text = "Bruno Rotayo came. Rotayosaid no. Antonsaid nothing."
    result = normalise(text, NAMES)
    assert result.text == text.replace("Bruno Rotayo ", "Bruno Retailleau ")
    assert [(name.surface, name.replacement) for name in result.names if not name.applied] == [
        ("Rotayo", "Retailleau")
    ]


def test_a_text_that_spells_a_surname_in_two_ways_is_relayed() -> None:
    names = Glossary((Entry(id="raissouni", name="Soulaimane Raissouni"),), "two ways")
    house = "The editor Suleiman Al-Raisouni was tried. Al-Raisouni wrote."
    assert normalise(house, names).text == house
    relayed = f"{house} Rissouni left."
    assert normalise(relayed, names).text == (
        "The editor Soulaimane Raissouni was tried. Raissouni wrote. Raissouni left."
    )
