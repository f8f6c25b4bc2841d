"""What is wrong with a translation, told from the two texts."""

from __future__ import annotations

import pytest

from service.engine.checks import is_echo, is_odd_length, is_repetitive


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
