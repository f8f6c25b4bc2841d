"""The OpenAPI document describes what is really served: every route, every answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

FRENCH = "Le maire a salué la foule."
RELAYED = "Franck Alessio, the candidate, spoke in Marseille."

ANSWERS: list[tuple[str, str, object]] = [
    ("post", "/v1/translate", {"text": FRENCH}),
    ("post", "/v1/translate", {"text": FRENCH, "source": "fr", "explain": True}),
    ("post", "/v1/translate", {"text": RELAYED, "explain": True}),
    ("post", "/v1/translate", {"text": ""}),
    ("post", "/v1/translate", {"items": [{"id": "a", "text": FRENCH}, {"id": 2, "text": 5}]}),
    ("post", "/v1/translate", {"items": []}),
    ("post", "/v1/translate", {"text": 5}),
    ("post", "/v1/translate", {"text": FRENCH, "source": "zz"}),
    ("post", "/v1/translate", {"text": "a" * 60_000}),
    ("post", "/v1/translate", None),
    ("post", "/v1/detect", {"text": FRENCH}),
    ("post", "/v1/detect", {"items": [{"text": FRENCH}, 7]}),
    ("post", "/v1/normalise", {"text": RELAYED}),
    ("post", "/v1/normalise", {"items": [{"text": RELAYED}, {}]}),
    ("get", "/v1/languages", None),
    ("get", "/v1/models", None),
    ("get", "/v1/version", None),
    ("get", "/v1/health/live", None),
    ("get", "/v1/health/ready", None),
]


@pytest.fixture(scope="module")
def document(app: Any) -> dict[str, Any]:
    response = app.test_client().get("/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json
    return found


def references(value: object) -> set[str]:
    """Every `$ref` within a value."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["license"]["identifier"] == "Apache-2.0"


def test_every_route_is_described_but_the_pages_and_the_description(
    document: dict[str, Any], app: Any
) -> None:
    served = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("pages.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }

    assert served - described == {("/metrics", "get"), ("/openapi.json", "get")}
    assert described <= served


def test_what_other_tools_send_as_forms_is_described_as_forms(document: dict[str, Any]) -> None:
    for path in ("/translate", "/detect", "/v2/translate", "/v2/glossaries"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {"application/json", "application/x-www-form-urlencoded"}


def test_only_what_never_asks_for_a_key_is_described_so(document: dict[str, Any]) -> None:
    operations = document["paths"]

    assert operations["/v1/health/live"]["get"]["security"] == []
    assert "security" not in operations["/v1/translate"]["post"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind]


def test_every_schema_is_a_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_a_summary_and_a_description(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]

    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["responses"]


@pytest.mark.parametrize(("method", "path", "body"), ANSWERS)
def test_answers_are_as_described(
    client: FlaskClient, document: dict[str, Any], method: str, path: str, body: object
) -> None:
    response = client.open(path, method=method.upper(), json=body)

    described = document["paths"][path][method]["responses"]
    assert str(response.status_code) in described
    content = described[str(response.status_code)]["content"]
    assert response.mimetype in content
    schema = {**content[response.mimetype]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(response.json)


def test_a_request_that_the_schema_refuses_is_refused(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    schema = {
        **document["components"]["schemas"]["TranslateRequest"],
        "components": document["components"],
    }
    validator = Draft202012Validator(schema)
    for body in ({"text": FRENCH}, {"items": []}, {"text": 5}, {}, {"text": "a", "x": 1}):
        accepted = client.post("/v1/translate", json=body).status_code == 200
        assert accepted == validator.is_valid(body), body
