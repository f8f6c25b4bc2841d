"""Every reason that the matcher can give has words."""

from __future__ import annotations

import re

from service.config import PROJECT_DIR
from service.names.reasons import PARTS, WORDS, reason, reasons


def test_every_code_that_is_given_somewhere_has_words() -> None:
    sources = (PROJECT_DIR / "service" / "names").rglob("*.py")
    codes = {
        code
        for path in sources
        for code in re.findall(r'Evidence\(\s*"(\w+)"', path.read_text("utf-8"))
    }

    assert codes
    assert codes <= WORDS.keys() | PARTS.keys()


def test_the_nearness_of_a_part_is_told_in_steps() -> None:
    told = [reason("surname", value) for value in (-3.0, 0.5, 2.0, 9.0)]

    assert len(set(told)) == 4
    assert all(words.startswith("surname ") for words in told)


def test_the_value_stands_in_the_words() -> None:
    assert reason("context_near", "Marseille") == "“Marseille” stands beside it"


def test_the_source_is_quoted_where_it_is_known() -> None:
    assert reason("source", "كوثر بن محمد") == "the source has كوثر بن محمد there"
    assert reason("source", True) == "the source names this person"


def test_an_unknown_code_is_told_as_it_is() -> None:
    assert reason("same_stars", True) == "same stars"
    assert reason("same_star", "Vega") == "same star: Vega"


def test_what_is_false_is_no_evidence() -> None:
    assert reasons([("swapped", False), ("accents", True)]) == [WORDS["accents"]]
