"""Numbers compared across two languages, and put right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.numbers import mends, number_mismatch, numbers, western_digits


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
        ("à 18 h 30", "at 18.30"),
        ("l&#39;usine", "the plant"),
        ("3,50 euros", "3.5 euros"),
        ("1 234,5 euros", "1,234.5 euros"),
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
        ("3,5 millions", "35 million"),
        ("3,5 millions", "5.3 million"),
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


def mended(source: str, translation: str, links: dict[str, str] | None = None) -> str:
    def linked(start: int, end: int) -> tuple[int, int] | None:
        word = (links or {}).get(translation[start:end])
        return None if word is None else (source.index(word), source.index(word) + len(word))

    for start, end, new in sorted(mends(source, translation, linked), reverse=True):
        translation = translation[:start] + new + translation[end:]
    return translation


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("le Grand Prix de 2008", "the 208 Grand Prix", "the 2008 Grand Prix"),
        ("14 banques", "144 banks", "14 banks"),
        ("des 1 200 sociétés", "of 120 companies", "of 1,200 companies"),
        ("2,3 milliards", "23 billion", "2.3 billion"),
        ("vers 11 h", "to 1.1 hour", "to 11 hour"),
        ("la saison 1995-96", "the 19595-6 season", "the 1995-96 season"),
        ("بلغ ١٢٣ شخصا", "reached 133 people", "reached 123 people"),
        ("400 en 2008 et 60 en 2009", "400 in 208 and 600 in 2009", "400 in 2008 and 60 in 2009"),
        ("12 morts", "dead", "dead"),
        ("12 morts et 15 blessés", "12 dead and 15 hurt", "12 dead and 15 hurt"),
        ("3 morts et 15 blessés", "three dead and 155 hurt", "three dead and 15 hurt"),
        ("le 12.03.2024", "on 12 March 224", "on 12 March 224"),
        ("aucun", "7 of them", "7 of them"),
    ],
)
def test_slips_are_put_right(source: str, translation: str, expected: str) -> None:
    assert mended(source, translation) == expected


def test_the_models_attention_decides_where_looks_do_not() -> None:
    source = "49 pages et 78 images"
    assert mended(source, "11 pages and 22 pictures") == "11 pages and 22 pictures"
    links = {"11": "49", "22": "78"}
    assert mended(source, "11 pages and 22 pictures", links) == "49 pages and 78 pictures"


@given(st.text(max_size=60), st.text(max_size=60))
def test_mending_never_makes_more_numbers(source: str, translation: str) -> None:
    after = mended(source, translation)
    assert numbers(after).total() <= numbers(translation).total() + 2
    assert len(mends(source, translation, lambda *_: None)) <= numbers(translation).total()
