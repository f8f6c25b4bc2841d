"""People whom no glossary lists: found in a French source, and looked for in its translation."""

from __future__ import annotations

import pytest

from service.names.anchors import Anchor, Carried, carry
from service.names.arrival import lost_names, lost_words
from service.names.copied import arrived, with_copied
from service.names.glossary import Entry

ALLISIO = Entry(id="franck-allisio", name="Franck Allisio")


def names(*sentences: str, language: str = "fr") -> list[list[str]]:
    found = with_copied([Carried(text, (), language) for text in sentences])
    return [[each.text[start:end] for start, end in each.copied] for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'économiste Octavian Străinu a parlé.", ["Octavian Străinu"]),
        ("Selon Malika Aït Ouakrim et Åse Kvammen, oui.", ["Malika Aït Ouakrim", "Åse Kvammen"]),
        ("Le procureur de Lyon, Geoffroy Maisonneuve, est là.", ["Geoffroy Maisonneuve"]),
        ("Une lettre d'Antoine de Kerdrel-Vasseur à Anneke van der Straaten.",
         ["Antoine de Kerdrel-Vasseur", "Anneke van der Straaten"]),
        ("Assétou Kéïta a remis quatre cents plans.", ["Assétou Kéïta"]),
    ],
)  # fmt: skip
def test_people_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Les Maldives et Londres ont signé avec le Conseil de l'Europe.",
        "Il habite les Pays-Bas, La Haye ou La Mecque.",
        "La Saint-Jean et le Mont-Blanc de Saint Vincent.",
        "Élisabeth Ire a régné.",
        "L'ONU et l'OTAN SONT LÀ.",
        "Kessaci parle.",  # alone, and named in full nowhere
        "voir https://exemple.fr/Octavian/Strainu Merci",
    ],
)
def test_what_english_may_write_otherwise_is_left_out(text: str) -> None:
    assert names(text) == [[]]


def test_a_surname_alone_is_known_from_the_same_document() -> None:
    first, second = names("Le juge Deon Labuschagne est parti.", "Labuschagne reviendra.")

    assert first == ["Deon Labuschagne"]
    assert second == ["Labuschagne"]


def test_latin_names_inside_arabic_are_found_and_arabic_alone_costs_nothing() -> None:
    assert names("قال Deon Labuschagne ذلك.", language="ar") == [["Deon Labuschagne"]]
    assert names("قال الوزير ذلك.", language="ar") == [[]]


def test_the_glossarys_names_are_not_found_twice() -> None:
    text = "Franck Allisio a vu Deon Labuschagne."
    carried = carry(text, [Anchor(0, 14, "Franck Allisio", ALLISIO)], language="fr")
    (found,) = with_copied([carried])

    assert [found.text[start:end] for start, end in found.copied] == ["Deon Labuschagne"]


@pytest.mark.parametrize(
    ("word", "output", "there"),
    [
        ("strainu", ["strainu"], True),
        ("strainu", ["strinu"], False),
        ("cesar", ["caesar"], True),  # English knows it better
        ("joubeir", ["jubeir"], True),  # spelled by French sounds
        ("calixthe", ["calix"], False),
        ("knauf", ["casta"], False),
    ],
)
def test_a_translated_name_is_told_from_a_damaged_one(
    word: str, output: list[str], there: bool
) -> None:
    assert arrived(word, output) is there


@pytest.mark.parametrize(
    ("output", "lost"),
    [
        ("Economist Octavian Străinu spoke.", 0),
        ("Economist Octavian Strainu spoke.", 0),
        ("Economist OCTAVIAN STRĂINU spoke.", 0),
        ("The Octavian economist Străinu spoke.", 1),  # all there, but not one name
        ("Economist Octavian Strinu spoke.", 1),
        ("The economist spoke.", 2),
    ],
)
def test_a_name_must_stand_whole(output: str, lost: int) -> None:
    (carried,) = with_copied([Carried("L'économiste Octavian Străinu a parlé.", (), "fr")])

    assert lost_words(carried, output) == lost
    assert [name.text for name in lost_names(carried, output)] == ["Octavian Străinu"] * bool(lost)
