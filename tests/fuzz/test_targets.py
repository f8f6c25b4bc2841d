"""The laws that the fuzzer tries to break (tools/fuzz), on generated texts and on found ones."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.fuzz.targets import DICTIONARY, TARGETS

#: Texts that once broke a law or crashed, by target.
FOUND: dict[str, tuple[str, ...]] = {
    "html": ("<p alt='p'>",),  # XML has no "<" in an attribute's value, in either kind of quotes
    "names": ("AlsioFranck’PayenBenoit M Pnt Payen",),  # a surname, then the full name with it
}

#: One of every plane, and of every kind that text processing trips over: NUL, half a surrogate
#: pair, a noncharacter, controls of direction, joiners, combining marks, the last code point.
ODD = "\0\x1b\x85\xad\u0301\u0640\u200b\u200d\u200f\u2028\u202e\u2066\ufdd0\ufeff\ufffd\ufffe" + (
    "\ud800\udc00\udfff\U0001f1eb\U0001f468\U0002a6d6\U00030000\U000e0041\U000f0000\U0010ffff"
)
PLANES = "".join(chr(plane * 0x10000 + 0xA1) for plane in range(17))

every_target = pytest.mark.parametrize("target", TARGETS)


@every_target
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_laws_hold_for_any_text(target: str, data: st.DataObject) -> None:
    pieces = st.one_of(
        st.sampled_from(DICTIONARY[target]),
        st.sampled_from(list(ODD + PLANES)),
        st.text(st.characters(), max_size=12),
    )
    TARGETS[target]("".join(data.draw(st.lists(pieces, max_size=20))))


@every_target
@pytest.mark.parametrize("text", [ODD, PLANES, ODD * 200], ids=["odd", "planes", "long"])
def test_laws_hold_for_every_plane_of_unicode(target: str, text: str) -> None:
    TARGETS[target](text)
    for word in DICTIONARY[target]:
        TARGETS[target](f"{text[:40]}{word}{text[:40]}")


@pytest.mark.parametrize(
    ("target", "text"), [(target, text) for target, texts in FOUND.items() for text in texts]
)
def test_what_was_found_stays_mended(target: str, text: str) -> None:
    TARGETS[target](text)
