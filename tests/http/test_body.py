"""Strict JSON: what is read, and what each refusal says."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidRequest
from service.http.body import decode_json, path_of

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_comes_through_unchanged(value: object) -> None:
    assert decode_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InvalidRequest):
        decode_json(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b'{"a": 1, "a": 2}', 'key "a" stands twice'),
        (b'{"text": "a"', "line 1, column 13"),
        (b'{"text": "\xe8"}', "not UTF-8 (at byte 10)"),
        (b"[NaN]", "NaN is not a JSON value"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5_000, "number that is too long"),
    ],
)
def test_a_refusal_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_json(data)

    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("location", "prefix", "path"),
    [
        (("text",), "", "text"),
        (("items", 3, "text"), "", "items[3].text"),
        (("source",), "items[0]", "items[0].source"),
        ((), "", None),
        (("a\ud800",), "", "a\\ud800"),
    ],
)
def test_a_place_is_written_as_a_path(
    location: tuple[str | int, ...], prefix: str, path: str | None
) -> None:
    assert path_of(location, prefix=prefix) == path
