"""A French source shows a name only where it is written as one."""

from __future__ import annotations

import pytest

from service.names.anchors import find_anchors
from service.names.glossary import Entry, Glossary

KNOWN = Glossary(
    (
        Entry(id="le-monde", name="Le Monde", type="organisation"),
        Entry(id="rn", name="National Rally", type="organisation", fr=("Rassemblement national",)),
        Entry(id="france-24", name="France 24", type="organisation"),
        Entry(id="payan", name="Benoît Payan"),
    ),
    "capitals",
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Selon Le Monde, il pleut.", ["le-monde"]),
        ("Le monde entier attend.", []),
        ("Le Rassemblement national vote.", ["rn"]),
        ("Le rassemblement national des élus.", []),
        ("LE MONDE ET BENOÎT PAYAN", ["le-monde", "payan"]),
        ("La France attend.", []),
        ("Avec Benoît Payan.", ["payan"]),
    ],
)
def test_capitals_tell_a_name_from_words(text: str, found: list[str]) -> None:
    assert [anchor.entry.id for anchor in find_anchors(text, "fr", KNOWN)] == found
