"""Every trap in which a right name could be made wrong, and the damage that must be found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise


def glossary(*names: str, **fields: tuple[str, ...]) -> Glossary:
    return Glossary(
        tuple(Entry(id=name.lower().replace(" ", "-"), name=name, **fields) for name in names),  # type: ignore[arg-type]
        "traps",
    )


PEOPLE = glossary(
    "Franck Allisio",
    "Laurent Nuñez",
    "Amine Kessaci",
    "Benoît Payan",
    "Kaouther Ben Mohamed",
    "Martine Vassal",
    "Gérald Darmanin",
    "Mahboubi Tir",
    "Emmanuel Macron",
    "Marine Le Pen",
    "Marcus Thuram",
    "Justine Triet",
    "Michel Barnier",
    "Achraf Bencharki",
    "Taoufik Charfeddine",
    "Djahid Zefizef",
    "Abdel Fattah al-Sisi",
)


def right(text: str, names: Glossary = PEOPLE) -> str:
    return normalise(text, names).text


@pytest.mark.parametrize(
    ("relayed", "wanted"),
    [
        ("Franck Alessio spoke. Alessio left.", "Franck Allisio spoke. Allisio left."),
        ("Interior Minister Laurent Nonier came.", "Interior Minister Laurent Nuñez came."),
        ("Amin Kisasi wrote; Kissasi’s book sold.", "Amine Kessaci wrote; Kessaci’s book sold."),
        ("“No,” said Kawthar Bin Mohammed.", "“No,” said Kaouther Ben Mohamed."),
        ("Mahboubi Ter spoke. Ter left.", "Mahboubi Tir spoke. Tir left."),
        ("The winger Ashraf Ben Sharqi ran.", "The winger Achraf Bencharki ran."),
        (
            "Tawfiq Charafeddine resigned. Sharaf al-Din's wife had died.",
            "Taoufik Charfeddine resigned. Charfeddine's wife had died.",
        ),
        ("Gerald Darmanin agreed.", "Gérald Darmanin agreed."),
    ],
)
def test_damage_that_nobody_listed_is_found(relayed: str, wanted: str) -> None:
    assert right(relayed) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "The designer Marco Alessio spoke.",
        "Alessio spoke, and Kisasi left.",
        "Jean-Marie Le Pen and Marion Maréchal Le Pen met Marine Le Pen.",
        "Lilian Thuram and his sons Marcus Thuram and Khéphren Thuram came.",
        "Mahboubi Tir spoke. There he is. Three times. The Ter train.",
        "Justine Triet flew to Tiaret in May.",
        "Michel Barnier met Michel Bernier in Bern.",
        "The Élysée answered. Elysian fields.",
        "Emmanuel Macron spoke; Macaron shops closed. While Along However.",
        "Michelle Barnier is a dentist.",
        "Abdel Fattah Al Sisi, Abdel-Fattah al-Sisi, Abdel Fattah El-Sisi and Sisi.",
    ],
)
def test_a_right_name_or_a_word_is_never_made_wrong(text: str) -> None:
    assert right(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Franck Allisio: see https://example.org/Franck_Alessio and /srv/Alessio/a.txt",
        "Franck Allisio, write to franck.alessio@example.org or @Alessio or #FranckAlessio.",
        "Franck Allisio `Franck Alessio` <a title='Franck Alessio'>x</a> {Alessio}",
        "In Arabic papers his name is spelled Franck Alessio.",
        "Franck Alessio.pdf".replace(" ", "_"),
    ],
)
def test_addresses_code_and_quoted_misspellings_are_not_touched(text: str) -> None:
    assert right(text) == text


def test_a_surname_alone_follows_only_in_the_document_that_names_its_bearer() -> None:
    assert right("Alessio says: wait.") == "Alessio says: wait."
    assert right("Alessio says: wait. Franck Alessio left.").startswith("Allisio says")


def test_a_brother_keeps_his_given_name_and_gets_the_surname() -> None:
    text = "Mehdi Kesasi was killed. Mehdi’s brother, Amin Kisasi, is an activist."
    assert (
        right(text) == "Mehdi Kessaci was killed. Mehdi’s brother, Amine Kessaci, is an activist."
    )


def test_another_given_name_with_a_damaged_surname_stays() -> None:
    text = "Franck Alessio spoke after Jordan Alessio."
    assert right(text) == "Franck Allisio spoke after Jordan Alessio."


def test_two_entries_that_fit_equally_give_a_suggestion_and_no_change() -> None:
    twins = glossary("Rachid Belkassem", "Rachid Belkacem")
    result = normalise("The coach Rashid Bilqasem spoke.", twins)
    assert result.text == "The coach Rashid Bilqasem spoke."
    assert [name.applied for name in result.names] == [False]


def test_a_look_alike_to_keep_is_kept() -> None:
    names = glossary("Franck Allisio", keep=("Franck Alessio",))
    assert right("Franck Alessio spoke.", names) == "Franck Alessio spoke."


def test_case_follows_what_stands_in_the_text() -> None:
    assert right("FRANCK ALESSIO WINS") == "FRANCK ALLISIO WINS"
    assert right("Laurent NONIER came.") == "Laurent NUÑEZ came."


def test_compounds_and_elisions_hold_a_surname() -> None:
    assert right("Franck Alessio: pro-Alessio, Alessio-led, d’Alessio.") == (
        "Franck Allisio: pro-Allisio, Allisio-led, d’Allisio."
    )


def test_plurals_of_a_right_surname_stay() -> None:
    text = "Amine Kessaci and the Kessacis."
    assert right(text) == text


def test_invisible_characters_do_not_hide_a_name_and_offsets_stay_right() -> None:
    text = "İ \u200fFranck\u00a0Ales\u00adsio e\u0301t 😀 Benoi\u0302t Payen"
    result = normalise(text, PEOPLE)
    assert "Franck Allisio" in result.text
    for name in result.names:
        assert text[name.start : name.end] == name.surface


def test_other_scripts_are_not_touched() -> None:
    text = "قال فرانك أليسيو. Франк Алессио. フランク"
    assert right(text) == text


@pytest.mark.parametrize("unit", ["Franck ", "x", "<", "`", "{", "Al-", "A. ", "/a"])
def test_hostile_lines_are_worked_on_in_one_go(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    assert normalise(text, PEOPLE).text == text


PIECES = (
    "Franck Alessio Allisio Frank Amin Kisasi Kessaci Mehdi brother Laurent Nonier said the Ter "
    "Mahboubi Martin Vassal Vassall Benoit Payen . , ’s - Ben Sharqi Ashraf May PARIS 😀"
)
WORDS = st.sampled_from(PIECES.split())


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_a_second_run_changes_nothing(pieces: list[str]) -> None:
    once = normalise(" ".join(pieces), PEOPLE).text
    assert normalise(once, PEOPLE).text == once


@settings(max_examples=80, deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_the_report_rebuilds_the_text(pieces: list[str]) -> None:
    text = " ".join(pieces)
    result = normalise(text, PEOPLE)
    rebuilt, at = "", 0
    for name in result.names:
        assert text[name.start : name.end] == name.surface
        if name.applied:
            rebuilt += text[at : name.start] + name.replacement
            at = name.end
    assert rebuilt + text[at:] == result.text


def test_somebody_else_of_the_same_surname_keeps_it_without_accents() -> None:
    text = "Laurent Nuñez met Paul Nunez. Nunez agreed, said the minister."
    assert right(text) == "Laurent Nuñez met Paul Nunez. Nuñez agreed, said the minister."
