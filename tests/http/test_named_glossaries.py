"""A glossary made over the API, by its id or its name, in every native way of sending texts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

TEXT = "Jean Martel est arrivé."
NDJSON = "application/x-ndjson"
JOB_WITHIN = 60


def make(client: FlaskClient, name: str, target: str, **options: Any) -> str:
    """A glossary of one term, by its id."""
    response = client.post(
        "/v3/glossaries",
        json={
            "name": name,
            "dictionaries": [
                {"source_lang": "fr", "target_lang": "en", "entries": f"Jean Martel\t{target}"}
            ],
        },
        **options,
    )
    assert response.status_code == 201, response.text
    return str(response.json["glossary_id"])  # type: ignore[index]


@pytest.fixture
def desk(client: FlaskClient) -> Iterator[str]:
    identifier = make(client, "desk", "John Hammer")
    yield identifier
    client.delete(f"/v3/glossaries/{identifier}")


def translated(client: FlaskClient, glossary: object) -> str:
    response = client.post(
        "/v1/translate", json={"text": TEXT, "source": "fr", "glossary": glossary}
    )
    assert response.status_code == 200, response.text
    return str(response.json["text"])  # type: ignore[index]


def test_a_text_takes_it_by_id_and_by_name(client: FlaskClient, desk: str) -> None:
    for named in (desk, "desk", [desk], ["desk"]):
        assert "John Hammer" in translated(client, named), named
    assert "John Hammer" not in translated(client, "default")


def test_names_are_put_right_with_it(client: FlaskClient) -> None:
    identifier = make(client, "spellings", "Amaury Vauquelin")
    damaged = "Amauri Vokelin, the mayor, spoke."

    def right(glossary: str) -> str:
        response = client.post("/v1/normalise", json={"text": damaged, "glossary": glossary})
        assert response.status_code == 200, response.text
        return str(response.json["text"])  # type: ignore[index]

    assert right("spellings") == "Amaury Vauquelin, the mayor, spoke."
    assert right(identifier) == "Amaury Vauquelin, the mayor, spoke."
    assert right("default") == damaged
    client.delete(f"/v3/glossaries/{identifier}")


def test_normalise_says_which_glossary_is_missing(client: FlaskClient) -> None:
    response = client.post("/v1/normalise", json={"text": "A text.", "glossary": "nowhere"})

    assert response.status_code == 404
    assert response.json["code"] == "not_found"  # type: ignore[index]


def test_of_several_the_first_that_has_a_term_decides(client: FlaskClient, desk: str) -> None:
    other = make(client, "sport", "Johnny Hammer")

    assert "Johnny Hammer" in translated(client, ["sport", "desk"])
    assert "John Hammer" in translated(client, ["desk", "sport"])
    client.delete(f"/v3/glossaries/{other}")


def test_a_term_file_may_be_named_though_it_is_applied_anyway(client: FlaskClient) -> None:
    listed = client.get("/v3/glossaries").json["glossaries"]  # type: ignore[index]

    for named in (listed[0]["glossary_id"], listed[0]["name"]):
        assert translated(client, named) == translated(client, "default")


@pytest.mark.parametrize("path", ["/v1/translate/batch", "/v1/jobs"])
def test_one_that_is_not_there_is_a_404(client: FlaskClient, path: str) -> None:
    answers = (
        client.post("/v1/translate", json={"text": TEXT, "glossary": "no such"}),
        client.post(f"{path}?glossary=no+such", data='"a"', content_type=NDJSON),
    )

    for response in answers:
        assert response.status_code == 404
        assert response.json["field"] == "glossary"  # type: ignore[index]


def test_a_name_that_two_glossaries_have_is_refused_and_their_ids_are_not(
    client: FlaskClient, desk: str
) -> None:
    second = make(client, "desk", "John Mallet")

    response = client.post("/v1/translate", json={"text": TEXT, "glossary": "desk"})
    assert response.status_code == 400
    assert "John Mallet" in translated(client, second)
    client.delete(f"/v3/glossaries/{second}")


def test_a_batch_takes_it_for_all_and_each_item_for_itself(client: FlaskClient, desk: str) -> None:
    lines = [
        {"text": TEXT},
        {"text": TEXT, "glossary": "none"},
        {"text": TEXT, "glossary": "no such"},
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    answer = client.post(
        "/v1/translate/batch?source=fr&glossary=desk", data=body, content_type=NDJSON
    )
    first, second, third = map(json.loads, answer.text.splitlines())

    assert "John Hammer" in first["text"]
    assert "John Hammer" not in second["text"]
    assert third["error"]["code"] == "not_found"


def test_a_job_keeps_it_by_its_id(client: FlaskClient, desk: str) -> None:
    body = json.dumps([{"text": TEXT, "glossary": "default"}, {"text": TEXT}])
    job = client.post(
        "/v1/jobs?source=fr&glossary=desk", data=body, content_type="application/json"
    ).json
    assert job is not None
    assert job["options"]["glossary"] == desk

    until = time.monotonic() + JOB_WITHIN
    while client.get(f"/v1/jobs/{job['id']}").json["state"] != "done":  # type: ignore[index]
        assert time.monotonic() < until, "the job did not end in time"
        time.sleep(0.1)
    without, with_it = client.get(f"/v1/jobs/{job['id']}/results").text.splitlines()
    assert "John Hammer" not in without
    assert "John Hammer" in with_it


def test_nobody_can_name_a_glossary_of_another_key(make_app: Callable[..., Flask]) -> None:
    client = make_app(api_keys="ann,bob").test_client()
    ann, bob = ({"Authorization": f"Bearer {key}"} for key in ("ann", "bob"))
    identifier = make(client, "desk", "John Hammer", headers=ann)

    for named in ("desk", identifier):
        path = f"/v1/jobs?glossary={named}"
        assert client.post(path, data='"a"', content_type=NDJSON, headers=ann).status_code == 201
        assert client.post(path, data='"a"', content_type=NDJSON, headers=bob).status_code == 404
