"""A text that was rewritten, with every character's place in the original."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mapped:
    """A rewritten text.

    Args:
        text: as it stands now.
        starts, ends: of each character, the half-open span of the original that it stands for.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Mapped:
        """`text` before any rewriting."""
        return cls(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))

    def __getitem__(self, part: slice) -> Mapped:
        return Mapped(self.text[part], self.starts[part], self.ends[part])

    def sub(self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> Mapped:
        """Each match replaced by what `replacement` makes of it."""
        if pattern.search(self.text) is None:
            return self
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for match in pattern.finditer(self.text):
            first, last = match.span()
            new = replacement(match)
            pieces += (self.text[at:first], new)
            starts += self.starts[at:first]
            ends += self.ends[at:first]
            if len(new) == last - first:
                starts += self.starts[first:last]
                ends += self.ends[first:last]
            elif new and first < last:
                starts += [self.starts[first]] * len(new)
                ends += [self.ends[last - 1]] * len(new)
            at = last
        pieces.append(self.text[at:])
        starts += self.starts[at:]
        ends += self.ends[at:]
        return Mapped("".join(pieces), tuple(starts), tuple(ends))

    def strip(self) -> Mapped:
        """Without the whitespace at both ends."""
        first = len(self.text) - len(self.text.lstrip())
        return self[first : max(first, len(self.text.rstrip()))]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that the characters ``[start:end]`` stand for; not empty."""
        return min(self.starts[start:end]), max(self.ends[start:end])
