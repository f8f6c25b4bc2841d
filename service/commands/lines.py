"""Reading JSON lines so that a bad line becomes an error of its own, never a lost line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a JSON lines input.

    Args:
        number: line number in its file, from 1.
        id: the line's own ``id``, or its number where it has none.
        text: the text to work on; empty where `error` is set.
        language: the line's ``language`` or ``source``, if it names one.
        error: what is wrong with the line, or None.
    """

    number: int
    id: object
    text: str
    language: str | None
    error: str | None

    def error_line(self) -> dict[str, object]:
        """The result line of a line that could not be read."""
        return {
            "id": self.id,
            "error": {"code": "invalid_line", "detail": self.error, "line": self.number},
        }


def standard_input() -> TextIO:
    """Standard input as UTF-8 with its line ends kept; a lone surrogate is for others to refuse."""
    return io.TextIOWrapper(
        sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline=""
    )


def read_json_lines(lines: Iterable[str]) -> Iterator[LineItem]:
    """Read ``{"id","text","language"?}`` lines; blank lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        yield _read(number, line)


def _read(number: int, line: str) -> LineItem:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return LineItem(number, number, "", None, f"The line is not JSON: {error}.")
    if not isinstance(value, dict):
        return LineItem(number, number, "", None, "The line must be a JSON object.")
    identifier = value.get("id", number)
    text = value.get("text")
    if not isinstance(text, str):
        return LineItem(number, identifier, "", None, "The line needs a string 'text'.")
    language = value.get("language", value.get("source"))
    if language is not None and not isinstance(language, str):
        return LineItem(number, identifier, "", None, "'language' must be a string.")
    return LineItem(number, identifier, text, language, None)
