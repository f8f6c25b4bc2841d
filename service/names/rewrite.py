"""How a right name is written into the place of a wrong one: case, accents, order, separators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.names.mentions import Token, tokens_of
from service.names.skeleton import fold


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `replacement` in the place of `text[start:end]`."""

    start: int
    end: int
    replacement: str


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made; they are in order and do not overlap."""
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += [text[at : edit.start], edit.replacement]
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)


def cased(replacement: str, tokens: Sequence[Token], cut: int | None = None) -> str:
    """A replacement in the case of what it replaces.

    Args:
        replacement: as the entry prints it.
        tokens: what stands in the text.
        cut: how many of the tokens are the given name; then a surname alone in capitals
            (Laurent NONIER) stays so.
    """
    long = [token for token in tokens if len(token.folded) > 1 and token.capital]
    if long and all(token.upper for token in long):
        return replacement.upper()
    if cut is not None:
        surname = [token for token in tokens[cut:] if len(token.folded) > 1 and token.capital]
        given, space, rest = replacement.partition(" ")
        if surname and space and all(token.upper for token in surname):
            return f"{given} {rest.upper()}"
    if tokens and tokens[0].opens and tokens[0].capital and replacement[:1].islower():
        return replacement[0].upper() + replacement[1:]
    return replacement


def with_accents(text: str, tokens: Sequence[Token], name: str) -> str | None:
    """The span of `tokens` with the letters of `name` and the separators of the text.

    Returns:
        None where there is nothing to restore: the same letters, accents that the entry lacks,
        capitals (which French print leaves without accents), or another number of words.
    """
    wanted = tokens_of(name)
    if len(wanted) != len(tokens):
        return None
    surface = text[tokens[0].start : tokens[-1].end]
    if all(token.upper or len(token.folded) < 2 for token in tokens):
        return None
    pieces: list[str] = []
    at = tokens[0].start
    for token, want in zip(tokens, wanted, strict=True):
        pieces.append(text[at : token.start])
        word = token.text
        plain = word.isascii()
        if plain and not want.text.isascii() and not token.upper and fold(word) == want.folded:
            first = want.text[0].upper() if token.capital else want.text[0].lower()
            word = first + want.text[1:]
        pieces.append(word)
        at = token.end
    restored = "".join(pieces)
    return restored if restored != surface else None
