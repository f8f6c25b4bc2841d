"""What the model is shown of a sentence."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.mapped import Mapped
from service.engine.prepare import (
    MAX_PIECES,
    Leaf,
    clean,
    halves,
    is_shouted,
    layout,
    lowered,
)


def words(text: str) -> int:
    """Pieces, for these tests: words, and those of more than ten letters in parts."""
    return sum(1 + len(word) // 10 for word in re.findall(r"\w+|[^\w\s]", text))


def asked(text: str) -> list[str]:
    return [
        part.asked.text if isinstance(part, Leaf) else part
        for part in layout(clean(text, "fr"), words)
    ]


def rebuilt(text: str) -> str:
    return "".join(
        part.source.text if isinstance(part, Leaf) else part
        for part in layout(clean(text, "fr"), words)
    )


def test_invisible_characters_and_line_breaks_go() -> None:
    assert clean("a\u202eb\u200f\x00 c\n\u00a0 d\ud800", "fr").text == "ab c d"


def test_tatweel_goes_from_arabic() -> None:
    assert clean("عـــاجـــل", "ar").text == "عاجل"
    assert clean("snake_case ـ", "ar").text == "snake_case ـ"


@pytest.mark.parametrize(
    "text",
    [
        "LE MINISTRE DÉMISSIONNE",
        "GRÈVE GÉNÉRALE À TUNIS",
        "EXCLUSIF",
        "L'ÉTAT D'URGENCE EST DÉCRÉTÉ !",
        "Franck Allisio DÉMENT LES ACCUSATIONS DE LA PRESSE",
    ],
)
def test_shouting(text: str) -> None:
    assert is_shouted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Le ministre démissionne",
        "SNCF",
        "OTAN",
        "L'ONU et l'OTAN",
        "La SNCF et la RATP en grève",
        "MARSEILLE : un mort dans un incendie",
        "USA 2024",
        "نص عربي NATO USA",
        "",
        "12",
        "https://EXEMPLE.FR/LE-MINISTRE-EST-PARTI",
    ],
)
def test_acronyms_are_not_shouting(text: str) -> None:
    assert not is_shouted(text)


def test_a_shouted_sentence_is_written_as_sentences_are() -> None:
    known = {"Marseille": 1, "marseille": 3, "ministre": 1, "Ministre": 2, "ONU": 1}

    def pieces_in(word: str) -> int:
        return known.get(word, 2)

    def lower(text: str) -> str:
        return lowered(Mapped.of(text), pieces_in).text

    assert lower("LE MINISTRE EST À MARSEILLE") == "Le ministre est à Marseille"
    assert lower("LA SNCF ET L'ONU") == "La SNCF et l'ONU"
    assert lower("VOIR HTTPS://A.FR/BCD ICI") == "Voir HTTPS://A.FR/BCD ici"
    assert lower("LOUIS XIV EST MORT") == "Louis XIV est mort"


def test_what_must_be_kept_is_replaced_by_a_name() -> None:
    assert asked("Suivez @redaction sur www.exemple.fr demain") == [
        "Suivez Wikipedia sur Facebook demain"
    ]
    assert asked("Bonjour {prénom}, voir Wikipedia") == ["Bonjour Facebook, voir Wikipedia"]


def test_emoji_and_tags_part_the_sentence() -> None:
    assert asked("Elle part 😂 mais revient") == ["Elle part", " 😂 ", "mais revient"]
    assert asked("un <b>mot</b> gras") == ["un", " <b>", "mot", "</b> ", "gras"]


def test_entities_are_read_as_what_they_stand_for() -> None:
    assert asked("Dupont &amp; fils") == ["Dupont & fils"]
    assert asked("l&#39;&eacute;tat") == ["l'état"]
    assert asked("dix&nbsp;euros") == ["dix", "&nbsp;", "euros"]


def test_more_of_it_than_there_are_names_parts_the_sentence() -> None:
    text = "voir " + " et ".join(f"@compte{number}" for number in range(12))
    parts = asked(text)
    assert parts[:4] == ["voir", " @compte0 ", "et", " @compte1 "]
    assert "".join(parts) == text


def test_what_holds_no_letters_is_copied() -> None:
    assert asked("12 345 – …") == ["12 345 – …"]
    assert asked("@nom @autre") == ["@nom @autre"]


def test_a_long_sentence_is_cut_at_clauses() -> None:
    clause = "le ministre a dit que la loi serait votée avant la fin du mois de mai prochain"
    text = ", ".join([clause] * 16) + "."
    parts = asked(text)
    leaves = [part for part in parts if part != " "]
    assert len(leaves) >= 2
    assert all(words(leaf) <= MAX_PIECES for leaf in leaves)
    assert all(leaf.endswith((",", ".")) for leaf in leaves)
    assert "".join(parts) == text


def test_a_stretch_can_be_halved() -> None:
    [leaf] = layout(clean("Il est venu hier soir, puis il est parti tôt.", "fr"), words)
    assert isinstance(leaf, Leaf)
    cut = halves(leaf)
    assert cut is not None
    assert [part.text for part in cut] == ["Il est venu hier soir,", "puis il est parti tôt."]
    [short] = layout(clean("Il est venu.", "fr"), words)
    assert isinstance(short, Leaf)
    assert halves(short) is None


TEXT = st.lists(
    st.sampled_from(
        ["mot ", "Mot", ", ", ". ", "@nom ", "https://a.fr/b ", "😀", "&amp;", "&nbsp;", "&eacute;",
         "{x}", "<b>", "12 ", "«", "» ", "a_b ", "longmot" * 30, " ", "قال ", "،", "x", "`c`"]
    ),
    max_size=150,
).map("".join)  # fmt: skip


@given(st.one_of(st.text(max_size=200), TEXT))
def test_nothing_is_lost_and_nothing_is_too_long(text: str) -> None:
    assert rebuilt(text) == clean(text, "fr").text
    for part in layout(clean(text, "fr"), words):
        if isinstance(part, Leaf):
            assert words(part.source.text) <= MAX_PIECES or len(part.source.text) <= 16


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["a", "mot ", "a,", "@a ", "😀", "&amp;", "، ", "x" * 60 + " "])
def test_very_long_sentences_are_laid_out_in_linear_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    assert rebuilt(text) == clean(text, "fr").text
