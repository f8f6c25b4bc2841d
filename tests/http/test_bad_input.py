"""Whatever a caller sends gets a clear answer: a 4xx that says what to do, or honest work."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

JSON = {"Content-Type": "application/json"}

UNREADABLE = {
    "an empty body": b"",
    "only whitespace": b" \n ",
    "truncated JSON": b'{"text": "Bonj',
    "not JSON": b"text=Bonjour",
    "bytes that are not UTF-8": b'{"text": "Gen\xe8ve"}',
    "UTF-16": '{"text": "Bonjour"}'.encode("utf-16"),
    "a key twice": b'{"text": "Bonjour", "text": "Bonsoir"}',
    "a key twice in an item": b'{"items": [{"text": "a", "text": "b"}]}',
    "nesting ten thousand deep": b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "unclosed nesting": b"[" * 500_000,
    "a number of five thousand digits": b'{"text": ' + b"9" * 5_000 + b"}",
    "a number beyond floats": b'{"text": 1e999}',
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"items": [{"id": -Infinity, "text": "a"}]}',
    "a raw NUL in a string": b'{"text": "a\x00b"}',
}

WRONG_SHAPE = {
    "null": (None, None),
    "a list": ([], None),
    "a string": ("Bonjour", None),
    "an empty object": ({}, None),
    "text and items": ({"text": "a", "items": []}, None),
    "text null": ({"text": None}, "text"),
    "text a number": ({"text": 5}, "text"),
    "text a list": ({"text": ["Bonjour"]}, "text"),
    "items an object": ({"items": {}}, "items"),
    "an unknown member": ({"text": "a", "lang": "fr"}, "lang"),
    "a source that is no code": ({"text": "a", "source": "French language"}, "source"),
    "a source that is a list": ({"text": "a", "source": ["fr"]}, "source"),
    "a source with a line end": ({"text": "a", "source": "fr\n"}, "source"),
    "a target that is empty": ({"text": "a", "target": ""}, "target"),
    "a glossary as a number": ({"text": "a", "glossary": 7}, "glossary"),
    "explain as a word": ({"text": "a", "explain": "yes"}, "explain"),
    "an unknown format": ({"text": "a", "format": "docx"}, "format"),
}


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/detect", "/v1/normalise"])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    bare: FlaskClient, path: str, body: bytes
) -> None:
    response = bare.post(path, data=body, headers=JSON)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid_request"
    assert response.json["detail"].endswith(".")


@pytest.mark.parametrize(("value", "field"), WRONG_SHAPE.values(), ids=WRONG_SHAPE.keys())
def test_a_request_of_the_wrong_shape_is_refused_with_the_place(
    bare: FlaskClient, value: object, field: str | None
) -> None:
    response = bare.post("/v1/translate", data=json.dumps(value), headers=JSON)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid_request"
    assert response.json.get("field") == field


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_declared_as_json_is_refused(
    bare: FlaskClient, content_type: str
) -> None:
    response = bare.post("/v1/translate", data=b'{"text": "a"}', content_type=content_type)

    assert response.status_code == 415
    assert response.json is not None
    assert response.json["code"] == "unsupported_media_type"
    assert "application/json" in response.json["detail"]


def test_json_in_another_encoding_is_refused_by_its_declaration(bare: FlaskClient) -> None:
    response = bare.post(
        "/v1/detect", data=b"{}", content_type="application/json; charset=iso-8859-1"
    )

    assert response.status_code == 415


def test_a_byte_order_mark_is_no_obstacle(client: FlaskClient) -> None:
    response = client.post("/v1/detect", data=b'\xef\xbb\xbf{"text": "12"}', headers=JSON)

    assert response.status_code == 200


def test_a_body_over_the_limit_is_refused(bare: FlaskClient) -> None:
    body = json.dumps({"text": "a" * 1_048_576})

    response = bare.post("/v1/translate", data=body, headers=JSON)

    assert response.status_code == 413
    assert response.json is not None
    assert response.json["code"] == "request_too_large"


def test_one_line_of_a_megabyte_is_refused_as_too_long_a_text(client: FlaskClient) -> None:
    response = client.post("/v1/translate", json={"text": "a" * 1_000_000})

    assert response.status_code == 413
    assert response.json is not None
    assert response.json["code"] == "text_too_long"
    assert "50,000" in response.json["detail"]


def test_more_items_than_the_limit_are_refused(client: FlaskClient) -> None:
    response = client.post("/v1/translate", json={"items": [{"text": "a"}] * 257})

    assert response.status_code == 413
    assert response.json is not None
    assert response.json["code"] == "request_too_large"
    assert "256" in response.json["detail"]


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/detect", "/v1/normalise"])
@pytest.mark.parametrize("text", ["\ud800", "Bonjour \udfff", "\udc00\ud800"])
def test_half_a_surrogate_pair_is_refused_as_invalid_text(
    client: FlaskClient, path: str, text: str
) -> None:
    response = client.post(path, data=json.dumps({"text": text}), headers=JSON)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid_text"
    assert response.json["field"] == "text"


EMPTY_OR_STRANGE = {
    "empty": "",
    "only spaces": "   ",
    "only line ends": "\n\n\r\n",
    "only emoji": "😀🎉👩‍👩‍👧",
    "only punctuation": "… — !?",
    "only digits": "1 234,5",
    "NUL": "\x00",
    "control characters": "\x01\x02\x1f\x7f",
    "bidi controls": "\u202e\u2066\u200f",
    "a combining mark alone": "\u0301",
    "private use": "\ue000",
    "a noncharacter": "\uffff",
}


@pytest.mark.parametrize("text", EMPTY_OR_STRANGE.values(), ids=EMPTY_OR_STRANGE.keys())
def test_a_text_with_nothing_to_translate_comes_back_as_it_is(
    client: FlaskClient, text: str
) -> None:
    response = client.post("/v1/translate", json={"text": text})

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["text"] == text
    assert response.json["source"] == "und"
    assert response.json["names"] == []


@pytest.mark.parametrize("text", EMPTY_OR_STRANGE.values(), ids=EMPTY_OR_STRANGE.keys())
def test_a_named_source_changes_nothing_in_a_text_without_words(
    client: FlaskClient, text: str
) -> None:
    response = client.post("/v1/translate", json={"text": text, "source": "fr"})

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["text"] == text


@pytest.mark.parametrize("text", EMPTY_OR_STRANGE.values(), ids=EMPTY_OR_STRANGE.keys())
def test_nothing_is_detected_where_there_is_nothing(client: FlaskClient, text: str) -> None:
    response = client.post("/v1/detect", json={"text": text})

    assert response.status_code == 200
    assert response.json == {"language": "und", "confidence": 0.0, "candidates": []}


@pytest.mark.parametrize("text", EMPTY_OR_STRANGE.values(), ids=EMPTY_OR_STRANGE.keys())
def test_normalising_a_text_without_names_changes_nothing(client: FlaskClient, text: str) -> None:
    response = client.post("/v1/normalise", json={"text": text})

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["text"] == text
    assert response.json["names"] == []


def test_nul_and_bidi_controls_within_a_sentence_harm_nothing(client: FlaskClient) -> None:
    response = client.post(
        "/v1/translate", json={"text": "Le maire\x00 a salué \u202ela foule\u202c.", "source": "fr"}
    )

    assert response.status_code == 200
    assert response.json is not None
    assert "mayor" in response.json["text"].lower()


@pytest.mark.parametrize("source", ["zz", "qq-QQ", "tlh"])
def test_a_language_that_is_not_served_is_refused_with_those_that_are(
    client: FlaskClient, source: str
) -> None:
    response = client.post("/v1/translate", json={"text": "Bonjour", "source": source})

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "unsupported_language"
    assert response.json["field"] == "source"
    assert "fr" in response.json["detail"]


def test_a_target_that_is_not_served_is_refused(client: FlaskClient) -> None:
    response = client.post("/v1/translate", json={"text": "Bonjour à tous", "target": "ja"})

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "unsupported_language"


def test_one_bad_item_harms_no_other(client: FlaskClient) -> None:
    items = [
        {"id": "good", "text": "Le maire a salué la foule.", "source": "fr"},
        {"id": "number", "text": 5},
        {"id": "surrogate", "text": "\ud800"},
        {"id": "language", "text": "Bonjour", "source": "zz"},
        {"id": "long", "text": "a" * 50_001},
        "not an object",
        {"id": "unknown", "text": "a", "lang": "fr"},
        {"id": "\ud800", "text": "a"},
        {"id": "empty", "text": ""},
    ]

    response = client.post("/v1/translate", data=json.dumps({"items": items}), headers=JSON)

    assert response.status_code == 200
    assert response.json is not None
    results = response.json["items"]
    outcome = [
        (
            result.get("id"),
            result.get("error", {}).get("code"),
            result.get("error", {}).get("field"),
        )
        for result in results
    ]
    assert outcome == [
        ("good", None, None),
        ("number", "invalid_request", "items[1].text"),
        ("surrogate", "invalid_text", "items[2].text"),
        ("language", "unsupported_language", "items[3].source"),
        ("long", "text_too_long", "items[4].text"),
        (None, "invalid_request", "items[5]"),
        ("unknown", "invalid_request", "items[6].lang"),
        (None, "invalid_request", "items[7].id"),
        ("empty", None, None),
    ]
    assert "mayor" in results[0]["text"].lower()
