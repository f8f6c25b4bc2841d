"""DeepL's interface on the wire: shapes that programs send, and traps for servers."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import requests

from service.glossaries_db import file_glossary_id
from tests.conformance.conftest import Server

FRENCH = "Le ministre est arrivé à Marseille."
ARABIC = "وصل الوزير إلى العاصمة."


def translate(server: Server, **body: Any) -> list[dict[str, Any]]:
    response = server.post("/v2/translate", json={"target_lang": "EN", **body})
    assert response.status_code == 200, response.text
    translations: list[dict[str, Any]] = response.json()["translations"]
    return translations


# As Weblate asks


def test_weblates_requests(live_server: Server) -> None:
    headers = {"Authorization": "DeepL-Auth-Key any"}
    sources = live_server.get("/v2/languages", params={"type": "source"}, headers=headers).json()
    targets = live_server.get("/v2/languages", params={"type": "target"}, headers=headers).json()
    assert {"FR", "AR"} <= {one["language"] for one in sources}
    assert {"EN-GB", "EN-US"} == {one["language"] for one in targets}
    pairs = live_server.get("/v2/glossary-language-pairs", headers=headers).json()
    assert {"source_lang": "fr", "target_lang": "en"} in pairs["supported_languages"]
    assert "glossaries" in live_server.get("/v2/glossaries", headers=headers).json()
    texts = [f'Bonjour <x id="{number}">%({number})s</x>, le monde' for number in range(20)]
    answer = live_server.post(
        "/v2/translate",
        headers=headers,
        json={
            "text": texts,
            "source_lang": "FR",
            "target_lang": "EN-US",
            "formality": "default",
            "tag_handling": "xml",
            "ignore_tags": ["x"],
        },
    ).json()
    for number, one in enumerate(answer["translations"]):
        assert one["text"].count(f'<x id="{number}">%({number})s</x>') == 1


# Shapes


def test_members_of_an_answer(live_server: Server) -> None:
    [one] = translate(live_server, text=[FRENCH])
    assert set(one) == {"detected_source_language", "text", "billed_characters"}
    assert one["billed_characters"] == len(FRENCH)


def test_a_form_with_repeated_texts_and_tags_in_one_string(live_server: Server) -> None:
    answer = live_server.post(
        "/v2/translate",
        data={
            "text": [FRENCH, "<x>un</x> ministre est <y>là</y>"],
            "target_lang": "en-us",
            "tag_handling": "xml",
            "ignore_tags": "x,y",
            "split_sentences": "nonewlines",
        },
    ).json()
    assert len(answer["translations"]) == 2
    assert "<x>un</x>" in answer["translations"][1]["text"]
    assert "<y>là</y>" in answer["translations"][1]["text"]


def test_a_get_with_everything_in_the_query(live_server: Server) -> None:
    answer = live_server.get("/v2/translate", params={"text": FRENCH, "target_lang": "EN"})
    assert "Marseille" in answer.json()["translations"][0]["text"]


def test_old_clients_send_the_key_as_a_parameter(keyed_server: Server) -> None:
    form = {"text": FRENCH, "target_lang": "EN", "auth_key": keyed_server.key}
    assert keyed_server.post("/v2/translate", data=form).status_code == 200
    form["auth_key"] = "wrong"
    assert keyed_server.post("/v2/translate", data=form).status_code == 403


def test_the_target_of_a_get_may_stand_in_its_body(live_server: Server) -> None:
    answer = live_server.get("/v2/languages", data={"type": "target"}).json()
    assert {one["language"] for one in answer} == {"EN-GB", "EN-US"}


def test_the_source_of_what_cannot_be_told_is_the_target(live_server: Server) -> None:
    empty, digits = translate(live_server, text=["", "12:30"])
    assert (empty["text"], digits["text"]) == ("", "12:30")
    assert empty["detected_source_language"] == "EN"


def test_context_tells_the_language_of_what_is_too_short(live_server: Server) -> None:
    [one] = translate(live_server, text=["12 h"], context=FRENCH)
    assert one["detected_source_language"] == "FR"


def test_languages_of_version_3(live_server: Server) -> None:
    listed = live_server.get("/v3/languages", params={"resource": "translate_text"}).json()
    by_code = {one["lang"]: one for one in listed}
    assert by_code["fr"]["usable_as_source"] is True
    assert by_code["fr"]["usable_as_target"] is False
    assert by_code["en-US"]["usable_as_target"] is True
    assert live_server.get("/v3/languages", params={"resource": "glossary"}).status_code == 200
    assert live_server.get("/v3/languages", params={"resource": "x"}).status_code == 400


def test_every_answer_has_a_trace_id(live_server: Server) -> None:
    for answer in (
        live_server.post("/v2/translate", json={"text": ["x"], "target_lang": "EN"}),
        live_server.post("/v2/translate", json={}),
        live_server.get("/v2/nothing"),
        live_server.get("/v3/glossaries/none"),
    ):
        assert answer.headers["X-Trace-ID"]


def test_times_have_a_fraction_and_a_zone(live_server: Server) -> None:
    for one in live_server.get("/v3/glossaries").json()["glossaries"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["creation_time"])


def test_names_stay_as_the_model_writes_them_where_that_is_asked(live_server: Server) -> None:
    relayed = "Franck Alessio, the candidate of the far-right National Rally party, spoke."
    [left] = translate(live_server, text=[relayed], source_lang="EN", glossary="none")
    assert left["text"] == relayed


# Glossaries


def made(server: Server, **body: Any) -> Any:
    given = {"name": "x", "source_lang": "fr", "target_lang": "en", "entries": "a\tb", **body}
    return server.post("/v2/glossaries", json=given)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 1025}, "name"),
        ({"name": 1}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"source_lang": "de"}, "language pair"),
        ({"target_lang": "fr"}, "language pair"),
        ({"source_lang": None}, "source_lang"),
        ({"entries": None}, "entries"),
        ({"entries": ""}, "at least one"),
        ({"entries": "a"}, "Entry 1"),
        ({"entries": "a\tb\tc"}, "Entry 1"),
        ({"entries": "a\tb\na\tc"}, "Entry 2"),
        ({"entries": "a\t "}, "Entry 1"),
        ({"entries": "a\tb\u2028"}, "Entry 1"),
        ({"entries": "a\tb\x07"}, "Entry 1"),
        ({"entries": "a\tb\ud800"}, "Entry 1"),
        ({"entries": "a" * 1025 + "\tb"}, "Entry 1"),
        ({"entries": 'a,"b', "entries_format": "csv"}, "CSV"),
        ({"entries_format": "xlsx"}, "entries_format"),
    ],
)
def test_what_is_wrong_with_a_glossary_is_said(
    live_server: Server, body: dict[str, Any], message: str
) -> None:
    answer = made(live_server, **body)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["message"]


def test_csv_may_name_the_languages_in_further_columns(live_server: Server) -> None:
    answer = made(live_server, entries="a,b,fr,en\nc,d,fr,en\n", entries_format="csv")
    assert (answer.status_code, answer.json()["entry_count"]) == (201, 2)
    entries = live_server.get(f"/v2/glossaries/{answer.json()['glossary_id']}/entries")
    assert entries.headers["Content-Type"] == "text/tab-separated-values; charset=UTF-8"
    assert entries.text == "a\tb\nc\td"


def test_entries_are_given_in_no_other_type(live_server: Server) -> None:
    identifier = made(live_server).json()["glossary_id"]
    answer = live_server.get(
        f"/v2/glossaries/{identifier}/entries", headers={"Accept": "application/pdf"}
    )
    assert answer.status_code == 415
    assert answer.json()["message"]


def test_term_files_have_ids_that_follow_from_their_path(live_server: Server) -> None:
    listed = live_server.get("/v3/glossaries").json()["glossaries"]
    ids = {one["name"]: one["glossary_id"] for one in listed}
    identifier = ids["people/france-politics.yaml"]
    assert identifier == file_glossary_id("people/france-politics.yaml")
    assert uuid.UUID(identifier).version == 5


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/v2/glossaries/{}", None),
        ("DELETE", "/v3/glossaries/{}", None),
        ("PATCH", "/v3/glossaries/{}", {"name": "y"}),
        (
            "PUT",
            "/v3/glossaries/{}/dictionaries",
            {"source_lang": "fr", "target_lang": "en", "entries": "a\tb"},
        ),
        ("DELETE", "/v3/glossaries/{}/dictionaries?source_lang=fr&target_lang=en", None),
    ],
)
def test_term_files_are_changed_nowhere_here(
    live_server: Server, method: str, path: str, body: Any
) -> None:
    url = live_server.url + path.format(file_glossary_id("people/france-politics.yaml"))
    answer = requests.request(method, url, json=body, timeout=60)
    assert answer.status_code == 403
    assert "france-politics.yaml" in answer.json()["message"]


@pytest.mark.parametrize("identifier", ["none", "x" * 200, "%00", "..%2f..", str(uuid.uuid4())])
def test_an_unknown_glossary_is_a_404_in_json(live_server: Server, identifier: str) -> None:
    for version in ("v2", "v3"):
        answer = live_server.get(f"/{version}/glossaries/{identifier}")
        assert answer.status_code == 404
        assert answer.json()["message"]


def test_a_glossary_can_change_between_two_requests(live_server: Server) -> None:
    identifier = made(live_server, entries="Jean Martel\tJohn Hammer").json()["glossary_id"]
    body = {"text": ["Jean Martel est arrivé."], "source_lang": "FR", "glossary_id": identifier}
    assert "John Hammer" in translate(live_server, **body)[0]["text"]
    changed = requests.put(
        f"{live_server.url}/v3/glossaries/{identifier}/dictionaries",
        json={"source_lang": "fr", "target_lang": "en", "entries": "Jean Martel\tJack Mallet"},
        timeout=60,
    )
    assert changed.status_code == 200
    assert "Jack Mallet" in translate(live_server, **body)[0]["text"]


def test_libretranslates_interface_takes_the_same_glossaries(live_server: Server) -> None:
    identifier = made(live_server, entries="Jean Martel\tJohn Hammer").json()["glossary_id"]
    answer = live_server.post(
        "/translate",
        json={
            "q": "Jean Martel est arrivé.",
            "source": "fr",
            "target": "en",
            "glossary": [identifier],
        },
    )
    assert "John Hammer" in answer.json()["translatedText"]


# Errors: JSON with a message, whatever is wrong


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "text"),
        ({"text": ["x"]}, "target_lang"),
        ({"text": ["x"], "target_lang": "DE"}, "target_lang"),
        ({"text": ["x"], "target_lang": "EN", "source_lang": "JA"}, "source_lang"),
        ({"text": [1], "target_lang": "EN"}, "text"),
        ({"text": {"a": 1}, "target_lang": "EN"}, "text"),
        ({"text": ["x"], "target_lang": 5}, "target_lang"),
        ({"text": ["x"], "target_lang": "EN", "tag_handling": "pdf"}, "tag_handling"),
        ({"text": ["x"], "target_lang": "EN", "split_sentences": "2"}, "split_sentences"),
        ({"text": ["x"], "target_lang": "EN", "formality": "less"}, "formality"),
        ({"text": ["x"], "target_lang": "EN", "ignore_tags": [1], "tag_handling": "xml"}, "tags"),
        ({"text": ["x"], "target_lang": "EN", "glossary_ids": ["a"] * 6}, "5 values"),
        ({"text": ["x"], "target_lang": "EN", "glossary_id": 5}, "glossary_id"),
        ({"text": ["\ud800"], "target_lang": "EN"}, "surrogate"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    live_server: Server, body: dict[str, Any], message: str
) -> None:
    answer = live_server.post("/v2/translate", json=body)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["message"]


def test_statuses_of_other_errors(live_server: Server) -> None:
    too_many = {"text": ["x"] * 257, "target_lang": "EN"}
    too_long = {"text": ["x" * 50_001], "target_lang": "EN"}
    too_large = {"text": ["x" * 3_000_000], "target_lang": "EN"}
    answers = [
        (live_server.post("/v2/translate", json=too_many), 413),
        (live_server.post("/v2/translate", json=too_long), 413),
        (live_server.post("/v2/translate", json=too_large), 413),
        (live_server.get("/v2/nothing"), 404),
        (live_server.post("/v2/usage"), 405),
        (live_server.post("/v2/translate", json=[]), 400),
        (
            live_server.post(
                "/v2/translate", data="{", headers={"Content-Type": "application/json"}
            ),
            400,
        ),
    ]
    for answer, status in answers:
        assert answer.status_code == status, (answer.request.url, answer.text)
        assert answer.json()["message"]


def test_unknown_members_are_taken_and_ignored(live_server: Server) -> None:
    extra = {"style_id": "x", "custom_instructions": ["y"], "next_year": True}
    assert translate(live_server, text=["Bonjour"], **extra)
