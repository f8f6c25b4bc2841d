"""Other tools' interfaces, sent anything at all: never a 5xx, always their own JSON."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["fr", "en", "EN-US", "auto", "html", "xml", "none", "Le maire.", "<b>oui</b>"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
# Each path with the members that it reads, and the member in which it says what is wrong.
PATHS: dict[str, tuple[list[str], str]] = {
    "/translate": (
        ["q", "source", "target", "format", "alternatives", "glossary", "explain", "api_key"],
        "error",
    ),
    "/detect": (["q", "per_item"], "error"),
    "/suggest": (["q", "s", "source", "target"], "error"),
    "/v2/translate": (
        [
            "text",
            "target_lang",
            "source_lang",
            "context",
            "split_sentences",
            "formality",
            "tag_handling",
            "ignore_tags",
            "splitting_tags",
            "outline_detection",
            "glossary_id",
            "glossary_ids",
            "model_type",
        ],
        "message",
    ),
    "/v2/glossaries": (
        ["name", "source_lang", "target_lang", "entries", "entries_format"],
        "message",
    ),
    "/v3/glossaries": (["name", "dictionaries"], "message"),
}


@pytest.mark.parametrize("path", PATHS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_members_are_answered_in_the_interfaces_own_shape(
    client: FlaskClient, path: str, data: st.DataObject
) -> None:
    names, error = PATHS[path]
    body: dict[str, Any] = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=8))
    if data.draw(st.booleans()):
        body |= {"q": "Le maire.", "source": "fr", "target": "en"}
        body |= {"text": ["Le maire."], "target_lang": "EN"}
        body.update(data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=1)))
    answer = client.post(path, json=body)
    assert answer.status_code < 500, answer.text
    assert answer.is_json
    if answer.status_code >= 400:
        assert isinstance(answer.json[error], str)
        assert answer.json[error]


@pytest.mark.parametrize("path", PATHS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=60),
    kind=st.sampled_from(
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/json; charset=utf-16",
            "",
        ]
    ),
)
def test_any_body_is_answered_in_the_interfaces_own_shape(
    client: FlaskClient, path: str, body: bytes, kind: str
) -> None:
    answer = client.post(path, data=body, content_type=kind)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json[PATHS[path][1]]
