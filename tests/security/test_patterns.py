"""No regular expression of the service takes more than linear time, whatever it reads."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
import regex

import service

#: What is repeated: the characters that the patterns look for, and beginnings that never end.
UNITS = (
    *("a", "A", "1", " ", "\n", "\t", "-", ".", "'", "«", "&", "</", ":", "@", "_", "`", "\\"),
    *("[", "(", "{", "*", "#", "|", "A ", "Aa ", "aA", "A-", "A.", "a b=", "<a ", "&a", "ا", "ال"),
    *(
        "..! ",
        "a.a@",
        "http://",
        "1.",
        "- ",
        "[x] ",
        "(a) ",
        "\r\n",
        "\u202f",
        "e\u0301",
        "ـ",
        "😀",
    ),
    *("<!--", "10:00 ", "de ", "A, ", "a,", '"', "=", "a’"),
)
LENGTH = 100_000

Pattern = re.Pattern[str]


def patterns() -> dict[str, Pattern]:
    """Every compiled pattern that a module of the service holds."""
    found: dict[str, Pattern] = {}
    kinds = (re.Pattern, type(regex.compile("")))
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, kinds) and isinstance(value.pattern, str):
                found.setdefault(value.pattern, value)
                PLACES.setdefault(value.pattern, f"{module.name}.{name}")
    return found


PLACES: dict[str, str] = {}
PATTERNS = patterns()


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) > 80


@pytest.mark.timeout(40)
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=[PLACES[text] for text in PATTERNS])
def test_a_pattern_reads_any_repetition_in_linear_time(pattern: Pattern) -> None:
    """A quadratic one takes minutes over this; the timeout fails it."""
    for unit in UNITS:
        text = unit * (LENGTH // len(unit)) + "\0"
        assert sum(1 for _ in pattern.finditer(text)) <= LENGTH + 2
        pattern.fullmatch(text)
