"""The glossary over HTTP: seen, searched and exported, never changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

TERMS = """
- id: franck-allisio
  name: Franck Allisio
  type: person
  ar: [فرانك أليسيو]
  examples:
    - in: Franck Alessio spoke.
      out: Franck Allisio spoke.
- id: marseille
  name: Marseille
  type: place
  ar: [مرسيليا]
"""


@pytest.fixture
def client(make_app: Callable[..., Flask], tmp_path: Path) -> FlaskClient:
    folder = tmp_path / "terms"
    folder.mkdir()
    (folder / "all.yaml").write_text(TERMS, encoding="utf-8")
    return make_app(glossary_dir=folder).test_client()


def test_the_glossary_tells_its_version_and_what_it_holds(client: FlaskClient) -> None:
    answer = client.get("/v1/glossary").get_json()
    assert answer["entries"] == 2
    assert answer["types"] == {"person": 1, "place": 1}
    assert answer["files"] == {"all.yaml": 2}
    assert answer["problem"] is None
    assert len(answer["version"]) == 16


def test_a_broken_file_is_named_while_the_good_state_stays(
    client: FlaskClient, tmp_path: Path
) -> None:
    before = client.get("/v1/glossary").get_json()["version"]
    (tmp_path / "terms" / "bad.yaml").write_text("- id: [", encoding="utf-8")
    client.application.extensions["relais"].glossaries.reload()
    after = client.get("/v1/glossary").get_json()
    assert after["version"] == before
    assert "bad.yaml" in after["problem"]


@pytest.mark.parametrize("query", ["allisio", "فرانك", "Alisyo"])
def test_entries_are_found_by_spelling_and_by_sound(client: FlaskClient, query: str) -> None:
    answer = client.get("/v1/glossary/entries", query_string={"q": query}).get_json()
    assert [entry["id"] for entry in answer["entries"]] == ["franck-allisio"]


def test_a_list_is_given_in_pages(client: FlaskClient) -> None:
    answer = client.get("/v1/glossary/entries?limit=1&offset=1").get_json()
    assert answer["total"] == 2
    assert [entry["id"] for entry in answer["entries"]] == ["marseille"]


def test_an_entry_is_shown_whole(client: FlaskClient) -> None:
    answer = client.get("/v1/glossary/entries/franck-allisio").get_json()
    assert answer["examples"] == [{"in": "Franck Alessio spoke.", "out": "Franck Allisio spoke."}]
    assert (answer["file"], answer["line"], answer["status"]) == ("all.yaml", 2, "reviewed")


def test_an_unknown_entry_is_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/v1/glossary/entries/nobody")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "type=ghost", "colour=red"])
def test_a_wrong_query_is_refused_with_its_field(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/v1/glossary/entries?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["field"] == query.split("=")[0]


def test_the_glossary_is_exported_for_other_tools(client: FlaskClient) -> None:
    answer = client.get("/v1/glossary/export?format=tbx")
    assert answer.status_code == 200
    names = etree.fromstring(answer.get_data()).xpath('//*[local-name()="term"]/text()')
    assert {"Franck Allisio", "فرانك أليسيو", "Marseille"} <= set(names)
    table = client.get("/v1/glossary/export?format=csv").get_data(as_text=True)
    assert table.splitlines()[0].startswith("id,name,type")
