"""A name goes through the model as another one, and comes back whole or not at all."""

from __future__ import annotations

import pytest

from service.names.anchors import Anchor, Carried, carry
from service.names.copied import with_copied
from service.names.glossary import Entry
from service.names.standin import stand_ins

NANTES = Entry(id="nantes", name="Nantes", type="place")
EVIAN = Entry(id="evian", name="Évian", type="place")
PARTY = Entry(id="party", name="Renaissance", type="organisation")


def french(text: str, *anchors: Anchor) -> Carried:
    return with_copied([carry(text, anchors, language="fr")])[0]


def at(text: str, surface: str, entry: Entry) -> Anchor:
    start = text.index(surface)
    return Anchor(start, start + len(surface), surface, entry, entry.name)


STRAINU = french("L'économiste Octavian Străinu a parlé.")


def test_another_name_goes_through_and_the_right_one_comes_back() -> None:
    first, *others = stand_ins(STRAINU, "The economist Strinu spoke.")

    assert "Străinu" not in first.text
    assert others
    name = first.text.removeprefix("L'économiste ").removesuffix(" a parlé.")
    assert first.undone(f"Economist {name} spoke.", None) == (
        "Economist Octavian Străinu spoke.",
        None,
    )


@pytest.mark.parametrize(
    "answer", ["The economist spoke.", "{0} and {0} spoke.", "Economist {0} spoke as a {1}."]
)
def test_a_stand_in_that_is_not_there_once_is_not_believed(answer: str) -> None:
    first = stand_ins(STRAINU, "")[0]
    name = first.text.removeprefix("L'économiste ").removesuffix(" a parlé.")

    assert first.undone(answer.format(name, name.split()[-1]), None) is None


def test_links_lead_to_the_carried_text_and_to_the_name() -> None:
    first = stand_ins(STRAINU, "")[0]
    name = first.text.removeprefix("L'économiste ").removesuffix(" a parlé.")
    translated = f"Economist {name} spoke."
    given = len("L'économiste ") + len(name.split()[0])
    links = [
        (0, 12, 0, 9),
        (13, given, 10, 10 + len(name.split()[0])),
        (14 + len(name), 21 + len(name), 11 + len(name), 16 + len(name)),
    ]
    undone = first.undone(translated, links)
    assert undone is not None
    text, moved = undone
    assert moved is not None
    pairs = [(STRAINU.text[a:b], text[c:d]) for a, b, c, d in moved]
    assert pairs == [
        ("L'économiste", "Economist"),
        ("Octavian Străinu", "Octavian Străinu"),
        ("a parlé", "spoke"),
    ]


def test_a_place_stands_for_a_place_with_the_same_elision() -> None:
    text = "La maire de Nantes est là."
    assert "La maire de Paris est là." in [
        each.text for each in stand_ins(french(text, at(text, "Nantes", NANTES)), "The mayor.")
    ]
    text = "La source d'Évian est là."
    assert "La source d'Oslo est là." in [
        each.text for each in stand_ins(french(text, at(text, "Évian", EVIAN)), "The source.")
    ]


def test_no_stand_in_is_in_the_sentence_already() -> None:
    text = "De Nantes à Paris."
    for each in stand_ins(french(text, at(text, "Nantes", NANTES)), "From vain to Paris."):
        assert each.text.count("Paris") == 1


def test_two_lost_names_get_two_stand_ins() -> None:
    carried = french("Le juge Octavian Străinu a vu la juge Malgorzata Wieczorek-Lis.")
    for each in stand_ins(carried, "The judge saw the judge."):
        words = each.text.rstrip(".").split()
        assert len(set(words[2:4] + words[8:10])) == 4


def test_nothing_is_asked_where_nothing_is_lost_or_nothing_can_stand_in() -> None:
    assert stand_ins(STRAINU, "Octavian Străinu spoke.") == []
    text = "Le parti Renaissance gagne."
    assert stand_ins(french(text, at(text, "Renaissance", PARTY)), "The party wins.") == []
