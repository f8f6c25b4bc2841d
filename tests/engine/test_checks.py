"""What is wrong with a translation, told from the two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.checks import (
    is_echo,
    is_odd_length,
    is_repetitive,
    number_mismatch,
    numbers,
    western_digits,
)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Il y a 12 morts.", "There are 12 dead."),
        ("Il y a 3 morts.", "There are three dead."),
        ("Le 1er prix", "First prize"),
        ("1 000 euros", "1,000 euros"),
        ("1\u202f234\u202f567 euros", "1,234,567 euros"),
        ("1.500 euros", "1,500 euros"),
        ("3,5 %", "3.5%"),
        ("بلغ العدد ١٢٣ شخصا", "The number reached 123 people"),
        ("٣٫٥ مليون", "3.5 million"),
        ("١٬٠٠٠ دينار", "1,000 dinars"),
        ("۱۲۳ نفر", "123 people"),
        ("le 12.03.2024", "on 12 March 2024"),
        ("le 12/03/2024", "on 12/03/2024"),
        ("à 18 h", "at 6 p.m."),
        ("à 18 h 30", "at 6.30 p.m."),
        ("vingt morts", "20 dead"),
        ("deux mille euros", "2,000 euros"),
        ("ثلاثون شخصا", "30 people"),
        ("aucun chiffre", "no number"),
        ("en 2024 et 2025", "in 2025 and 2024"),
        ("de 0 à 1", "from zero to one"),
        ("007", "7"),
    ],
)
def test_numbers_that_are_the_same(source: str, translation: str) -> None:
    assert not number_mismatch(source, translation)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Il y a 12 morts.", "There are 21 dead."),
        ("Il y a 12 morts.", "There are dead."),
        ("1 000 euros", "1 euro"),
        ("3,5 %", "35.1%"),
        ("بلغ العدد ١٢٣ شخصا", "The number reached 132 people"),
        ("en 2024", "in 2025"),
        ("12 et 12", "12"),
        ("Il est parti.", "He left in 1999."),
        ("à 18 h", "at 7 p.m."),
    ],
)
def test_numbers_that_are_not(source: str, translation: str) -> None:
    assert number_mismatch(source, translation)


def test_separators_do_not_count() -> None:
    assert numbers("1 000,50") == numbers("1,000.50")
    assert numbers("3,5") == numbers("3.5") != numbers("3 et 5")


@given(st.text())
def test_western_digits_keep_every_place(text: str) -> None:
    assert len(western_digits(text)) == len(text)


@pytest.mark.parametrize(
    "translation",
    [
        "the minister the minister the minister the minister",
        "No, no, no, no, no, no, no",
        "He said that he said that he said that he left.",
        "hahahahahahahahahahahahaha",
        "one of the people in the street, one of the people in the house, one of the people there, "
        "one of the people here and one of the people",
    ],
)
def test_loops_are_seen(translation: str) -> None:
    assert is_repetitive(translation, "Le ministre est parti hier.")


@pytest.mark.parametrize(
    ("translation", "source"),
    [
        ("The minister left, and the minister will be back.", "Le ministre est parti."),
        ("No, no, no!", "Non, non, non !"),
        ("Very very good", "Très très bien"),
        ("", ""),
        ("Ha ha ha ha ha", "Ha ha ha ha ha"),
    ],
)
def test_what_repeats_as_its_source_does_is_no_loop(translation: str, source: str) -> None:
    assert not is_repetitive(translation, source)


@pytest.mark.parametrize(
    ("source", "translation", "language"),
    [
        ("Les élus de la ville sont partis.", "Les élus de la ville sont partis.", "fr"),
        ("Les élus de la ville sont partis.", "Les elus de la ville are gone.", "fr"),
        ("غادر الوزير المدينة", "غادر الوزير المدينة", "ar"),
        ("غادر الوزير المدينة", "The minister غادر المدينة", "ar"),
    ],
)
def test_echoes_are_seen(source: str, translation: str, language: str) -> None:
    assert is_echo(source, translation, language)


@pytest.mark.parametrize(
    ("source", "translation", "language"),
    [
        ("Emmanuel Macron", "Emmanuel Macron", "fr"),
        ("Paris, Lyon, Marseille, Nice, Lille", "Paris, Lyon, Marseille, Nice, Lille", "fr"),
        ("Les élus sont partis hier soir.", "The councillors left last night.", "fr"),
        ("غادر الوزير", "The minister left", "ar"),
        ("Le Monde et La Croix de samedi", "Le Monde and La Croix of Saturday", "fr"),
    ],
)
def test_names_and_translations_are_no_echo(source: str, translation: str, language: str) -> None:
    assert not is_echo(source, translation, language)


def test_length() -> None:
    assert is_odd_length("Oui.", "Yes, and he went on to say many other things about it.")
    assert is_odd_length("Il a parlé longuement de la situation du pays.", "He spoke.")
    assert not is_odd_length("Oui.", "Yes indeed.")
    assert not is_odd_length("Il a parlé de la situation du pays.", "He spoke of the situation.")
