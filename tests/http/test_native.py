"""The native interface on real packages and the real glossary."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

FRENCH = "Le maire de Marseille a salué la foule.\n\n  - Le budget sera voté lundi.\n"
ARABIC = "وصل الوزير إلى العاصمة اليوم."
RELAYED = "Franck Alessio, the candidate of the National Rally party, spoke in Marseille."


def post(client: FlaskClient, path: str, **body: object) -> Any:
    """The JSON of a request that must succeed."""
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json


def test_one_text_is_answered_with_one_result(client: FlaskClient) -> None:
    result = post(client, "/v1/translate", text=FRENCH)

    assert result["source"] == "fr"
    assert result["target"] == "en"
    assert result["detected"]["language"] == "fr"
    assert "mayor" in result["text"].lower()
    assert "Marseille" in result["text"]
    assert "sentences" not in result
    assert "raw_text" not in result


def test_spacing_and_list_markers_come_through(client: FlaskClient) -> None:
    result = post(client, "/v1/translate", text=FRENCH)

    first, blank, second, end = result["text"].split("\n")
    assert blank == end == ""
    assert first
    assert not first.startswith(" ")
    assert second.startswith("  - ")


def test_html_keeps_its_tags(client: FlaskClient) -> None:
    html = '<p>Le <b>maire</b> de <a href="/m?a=1&b=2">Marseille</a> a salué la foule.</p>'
    items = [{"text": html}, {"text": "AT&amp;T", "format": "text"}]
    first, second = post(client, "/v1/translate", items=items, source="fr", format="html")["items"]

    assert '<a href="/m?a=1&b=2">Marseille' in first["text"]
    assert first["text"].count("</a>") == 1
    assert first["text"].count("<b>") == first["text"].count("</b>") == 1
    assert "AT&T" not in second["text"]


def test_a_named_source_is_not_detected(client: FlaskClient) -> None:
    assert "detected" not in post(client, "/v1/translate", text=FRENCH, source="fr")


@pytest.mark.parametrize("source", ["FR", "fr-FR", "fr_CA", "Fr-Latn-FR"])
def test_regions_and_case_fold_to_the_language(client: FlaskClient, source: str) -> None:
    assert post(client, "/v1/translate", text=FRENCH, source=source)["source"] == "fr"


@pytest.mark.parametrize("source", ["auto", None])
def test_detection_can_be_asked_for_by_name(client: FlaskClient, source: str | None) -> None:
    result = post(client, "/v1/translate", text=ARABIC, source=source)

    assert result["source"] == "ar"
    assert result["detected"]["confidence"] > 0.5


def test_explain_adds_sentences_whose_spans_are_exact(client: FlaskClient) -> None:
    result = post(client, "/v1/translate", text=FRENCH, explain=True)

    assert len(result["sentences"]) == 2
    for pair in result["sentences"]:
        assert FRENCH[pair["start"] : pair["end"]] == pair["source"]
        span = slice(pair["target_start"], pair["target_end"])
        assert result["raw_text"][span] == pair["translation"]
        assert 0 < pair["confidence"] <= 1


def test_items_come_back_in_order_each_with_its_own_language(client: FlaskClient) -> None:
    result = post(
        client,
        "/v1/translate",
        items=[
            {"id": "a", "text": FRENCH},
            {"id": 2, "text": ARABIC},
            {"text": RELAYED},
            {"id": "d", "text": ARABIC, "source": "ar"},
        ],
    )

    items = result["items"]
    assert [item.get("id") for item in items] == ["a", 2, None, "d"]
    assert [item["source"] for item in items] == ["fr", "ar", "en", "ar"]
    assert items[1]["text"] == items[3]["text"]


def test_an_items_own_source_outranks_the_requests(client: FlaskClient) -> None:
    result = post(
        client,
        "/v1/translate",
        source="fr",
        items=[{"text": FRENCH}, {"text": ARABIC, "source": "ar"}],
    )

    assert [item["source"] for item in result["items"]] == ["fr", "ar"]


def test_no_items_are_answered_with_none(client: FlaskClient) -> None:
    assert post(client, "/v1/translate", items=[]) == {"items": []}


def test_english_is_not_translated_but_its_names_are_put_right(client: FlaskClient) -> None:
    result = post(client, "/v1/translate", text=RELAYED)

    assert result["source"] == "en"
    assert result["model"] == ""
    assert result["text"] == RELAYED.replace("Alessio", "Allisio")
    (name,) = [name for name in result["names"] if name["surface"] == "Franck Alessio"]
    assert name["replacement"] == "Franck Allisio"
    assert name["entry"] == "franck-allisio"
    assert name["applied"] is True
    assert 0 < name["score"] <= 1
    assert name["evidence"]


def test_without_glossary_names_stay_as_they_are(client: FlaskClient) -> None:
    result = post(client, "/v1/translate", text=RELAYED, glossary="none")

    assert result["text"] == RELAYED
    assert result["names"] == []
    assert result["glossary"] == ""


def test_the_headers_say_what_made_the_answer(app: Flask, client: FlaskClient) -> None:
    response = client.post("/v1/translate", json={"items": [{"text": FRENCH}, {"text": ARABIC}]})

    glossary = app.extensions["relais"].glossaries.current.version
    assert response.headers["X-Glossary-Version"] == glossary
    models = response.headers["X-Model"].split(", ")
    assert [name.split("-")[1] for name in models] == ["ar_en", "fr_en"]


def test_the_headers_say_none_where_nothing_was_needed(client: FlaskClient) -> None:
    response = client.post("/v1/translate", json={"text": RELAYED, "glossary": "none"})

    assert response.headers["X-Model"] == "none"
    assert response.headers["X-Glossary-Version"] == "none"


def test_detection_tells_each_item_apart(client: FlaskClient) -> None:
    result = post(
        client,
        "/v1/detect",
        items=[{"id": 1, "text": FRENCH}, {"id": 2, "text": ARABIC}, {"id": 3, "text": "12"}],
    )

    assert [item["language"] for item in result["items"]] == ["fr", "ar", "und"]
    best = result["items"][0]
    assert best["candidates"][0] == {"language": "fr", "confidence": best["confidence"]}


def test_normalise_reports_each_name_with_exact_spans(client: FlaskClient) -> None:
    result = post(client, "/v1/normalise", text=RELAYED)

    assert result["text"] == RELAYED.replace("Alessio", "Allisio")
    for name in result["names"]:
        assert RELAYED[name["start"] : name["end"]] == name["surface"]


def test_normalise_with_no_glossary_changes_nothing(client: FlaskClient) -> None:
    response = client.post("/v1/normalise", json={"text": RELAYED, "glossary": "none"})

    assert response.json == {"text": RELAYED, "names": [], "glossary": ""}
    assert response.headers["X-Glossary-Version"] == "none"


def test_normalising_twice_changes_nothing_more(client: FlaskClient) -> None:
    once = post(client, "/v1/normalise", text=RELAYED)["text"]

    assert post(client, "/v1/normalise", text=once)["text"] == once


def test_characters_beyond_ascii_are_sent_as_themselves(client: FlaskClient) -> None:
    response = client.post("/v1/normalise", json={"text": "Laurent Nuñez 😀"})

    assert "Laurent Nuñez 😀" in response.text


def test_work_before_the_models_are_there_is_refused_for_now(bare: FlaskClient) -> None:
    response = bare.post("/v1/translate", json={"text": FRENCH})

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "not_ready"
    assert int(response.headers["Retry-After"]) > 0


def test_names_are_put_right_without_any_model(bare: FlaskClient) -> None:
    assert post(bare, "/v1/normalise", text=RELAYED)["text"] != RELAYED
