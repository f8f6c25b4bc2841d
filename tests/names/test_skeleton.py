"""The alignment of unit strings: what damage costs, and many forms at once."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.names.skeleton import (
    LONG,
    align,
    align_many,
    arabic_units,
    french_units,
    plain_units,
)

TEXT_UNITS = "bpfvmnNlrszCScdDtTkqgGxjhwyaeiou"
NAME_UNITS = TEXT_UNITS + "".join(sorted(LONG))
# Longer than any name: what is beyond the most units is cut off by both.
texts = st.text(TEXT_UNITS, max_size=40)
forms = st.lists(st.tuples(st.text(NAME_UNITS, max_size=40), st.booleans()), max_size=12)


@given(texts, forms)
def test_many_forms_at_once_score_as_one_by_one(text: str, many: list[tuple[str, bool]]) -> None:
    one_by_one = [align(text, form, arabic=arabic) for form, arabic in many]
    assert align_many(text, many) == pytest.approx(one_by_one, abs=1e-9)


@given(texts, forms, st.randoms())
def test_the_order_of_the_forms_is_nothing_to_their_scores(
    text: str, many: list[tuple[str, bool]], random: Random
) -> None:
    shuffled = list(many)
    random.shuffle(shuffled)
    scores = dict(zip(many, align_many(text, many), strict=True))
    again = dict(zip(shuffled, align_many(text, shuffled), strict=True))
    assert again == pytest.approx(scores, abs=1e-9)


def test_no_forms_have_no_scores() -> None:
    assert align_many("kesasi", []) == []


@pytest.mark.parametrize(
    ("right", "damaged", "other"),
    [
        ("Payan", "bayan", "dayan"),  # one Arabic letter for p and b
        ("Villani", "filani", "milani"),  # for v and f
        ("Burgat", "burga", "burgal"),  # a last letter that French does not say
        ("Gouiri", "ghuwiri", "duwiri"),
        ("Kessaci", "kisasi", "kasani"),
    ],
)
def test_what_arabic_does_costs_less_than_another_letter(
    right: str, damaged: str, other: str
) -> None:
    name = french_units(right.casefold())
    assert align(plain_units(damaged), name) > align(plain_units(other), name)


def test_an_arabic_form_hears_the_vowels_that_the_letters_leave_out() -> None:
    name = arabic_units("قساسي")
    heard = [align(plain_units(word), name, arabic=True) for word in ("kissasi", "kesasi")]
    assert min(heard) > align(plain_units("kissani"), name, arabic=True)
