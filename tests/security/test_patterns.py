"""No regular expression of the service takes more than linear time, whatever it reads."""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

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
LENGTH = 60_000
#: Of processor time, so that a busy machine changes nothing; the slowest takes a tenth of it.
PROCESSOR_SECONDS = 3.0

Pattern = re.Pattern[str]


def within(value: object) -> Iterator[Pattern]:
    """The patterns that a value is or, as a table of them, holds."""
    if isinstance(value, (re.Pattern, type(regex.compile("")))):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict):
        yield from within(tuple(value.values()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from within(one)


def patterns() -> dict[str, Pattern]:
    """Every compiled pattern that a module of the service holds."""
    found: dict[str, Pattern] = {}
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for pattern in within(value):
                found.setdefault(pattern.pattern, pattern)
                PLACES.setdefault(pattern.pattern, f"{module.name}.{name}")
    return found


PLACES: dict[str, str] = {}
PATTERNS = patterns()


@contextmanager
def stopped_after(seconds: float, what: str) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError(f"{what} took more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) > 130


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=[PLACES[text] for text in PATTERNS])
def test_a_pattern_searches_any_repetition_in_linear_time(pattern: Pattern) -> None:
    """A quadratic one takes a hundred times what a linear one takes, and is cut off."""
    for unit in UNITS:
        text = unit * (LENGTH // len(unit)) + "\0"
        with stopped_after(PROCESSOR_SECONDS, f"{unit!r} repeated"):
            pattern.sub("", text)
