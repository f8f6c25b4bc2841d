"""Health, models, languages, version and metrics tell the truth, also when something is broken."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

import service
from service.app import Services
from service.config import Settings

MakeApp = Callable[..., Flask]
MODELS = Settings().models_dir
ENTRY = """
- id: franck-allisio
  name: Franck Allisio
  type: person
  variants: [Franck Alessio]
"""
RELAYED = "Franck Alessio spoke."


def test_live_answers_whatever_the_state(bare: FlaskClient) -> None:
    response = bare.get("/v1/health/live")

    assert response.status_code == 200
    assert response.json == {"status": "live"}


def test_loading_that_ends_while_readiness_is_asked_for_is_still_loading(
    bare: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = False

    def ready(_: Services) -> bool:
        nonlocal ended
        before, ended = ended, True
        return before

    monkeypatch.setattr(Services, "loaded", property(lambda _: ended))
    monkeypatch.setattr(Services, "ready", property(ready))

    assert (bare.get("/v1/health/ready").json or {})["status"] == "loading"


def test_ready_names_the_models_and_the_glossary(client: FlaskClient) -> None:
    response = client.get("/v1/health/ready")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["status"] == "ready"
    assert response.json["problems"] == []
    assert response.json["glossary"]["entries"] >= 150
    assert {name.split("-")[1] for name in response.json["models"]} == {"ar_en", "fr_en"}


def test_without_models_it_is_not_ready_and_says_why(bare: FlaskClient) -> None:
    response = bare.get("/v1/health/ready")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["status"] == "unusable"
    assert response.json["ready"] is False
    assert response.headers["Retry-After"]


def test_a_broken_package_is_left_out_and_named(make_app: MakeApp, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (whole,) = MODELS.glob("translate-fr_en-*.argosmodel")
    (broken,) = MODELS.glob("translate-ar_en-*.argosmodel")
    shutil.copy(whole, models)
    (models / broken.name).write_bytes(broken.read_bytes()[:100_000])

    client = make_app(models_dir=models).test_client()
    ready = client.get("/v1/health/ready")
    french = client.post("/v1/translate", json={"text": "Bonjour à tous.", "source": "fr"})
    arabic = client.post("/v1/translate", json={"text": "صباح الخير", "source": "ar"})

    assert ready.status_code == 200
    assert ready.json is not None
    assert ready.json["status"] == "degraded"
    assert any(broken.name.split("-")[1] in problem for problem in ready.json["problems"])
    assert french.status_code == 200
    assert arabic.status_code == 503
    assert arabic.json is not None
    assert arabic.json["code"] == "not_ready"


def test_a_term_file_broken_later_leaves_the_last_good_glossary_in_force(
    make_app: MakeApp, tmp_path: Path
) -> None:
    glossary = tmp_path / "glossary"
    glossary.mkdir()
    (glossary / "people.yaml").write_text(ENTRY, "utf-8")
    client = make_app(
        glossary_dir=glossary, glossary_poll_seconds=0.05, models_dir=MODELS
    ).test_client()
    before = client.post("/v1/normalise", json={"text": RELAYED})

    (glossary / "people.yaml").write_text(ENTRY + "\n- id: [broken\n", "utf-8")
    time.sleep(0.2)
    ready = client.get("/v1/health/ready")
    after = client.post("/v1/normalise", json={"text": RELAYED})

    assert ready.status_code == 200
    assert ready.json is not None
    assert ready.json["status"] == "degraded"
    assert "people.yaml:" in ready.json["glossary"]["problem"]
    assert any("people.yaml:" in problem for problem in ready.json["problems"])
    assert before.json is not None
    assert before.json["text"] == "Franck Allisio spoke."
    assert after.json == before.json


def test_a_mended_term_file_is_in_force_again(make_app: MakeApp, tmp_path: Path) -> None:
    glossary = tmp_path / "glossary"
    glossary.mkdir()
    (glossary / "people.yaml").write_text("- id: [broken", "utf-8")
    client = make_app(
        glossary_dir=glossary, glossary_poll_seconds=0.05, models_dir=MODELS
    ).test_client()
    broken = client.get("/v1/health/ready")
    asked = {"text": RELAYED}
    refused = [
        client.post("/v1/normalise", json=asked),
        client.post("/v1/translate", json={**asked, "source": "en"}),
    ]

    (glossary / "people.yaml").write_text(ENTRY, "utf-8")
    time.sleep(0.2)
    mended = client.get("/v1/health/ready")
    answered = client.post("/v1/normalise", json=asked)

    assert [response.status_code for response in refused] == [503, 503]
    assert all("people.yaml:" in response.json["detail"] for response in refused)
    assert answered.json["text"] == "Franck Allisio spoke."
    assert broken.status_code == 503
    assert broken.json is not None
    assert broken.json["status"] == "unusable"
    assert mended.status_code == 200
    assert mended.json is not None
    assert mended.json["problems"] == []
    assert mended.json["glossary"]["entries"] == 1


def test_languages_name_what_can_be_translated_to_what(client: FlaskClient) -> None:
    response = client.get("/v1/languages")

    assert response.status_code == 200
    assert response.json is not None
    languages = {language["code"]: language for language in response.json["languages"]}
    assert languages["fr"]["name"] == "French"
    assert languages["ar"]["name"] == "Arabic"
    assert "en" in languages["fr"]["targets"]


def test_models_are_told_by_the_hash_of_their_file(client: FlaskClient) -> None:
    response = client.get("/v1/models")

    assert response.json is not None
    hashes = {model["sha256"] for model in response.json["models"]}
    files = MODELS.glob("*.argosmodel")
    assert hashes == {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert response.json["problems"] == []


def test_version(bare: FlaskClient) -> None:
    response = bare.get("/v1/version")

    assert response.json is not None
    assert response.json["version"] == service.__version__


def sample(client: FlaskClient, name: str, **labels: str) -> float:
    """One value of the metrics; 0 where it is not there yet."""
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for found in family.samples:
            if found.name == name and found.labels == labels:
                return float(found.value)
    return 0.0


def test_metrics_count_items_by_outcome(client: FlaskClient) -> None:
    def good() -> float:
        return sample(client, "relais_items_total", operation="detect", source="", outcome="ok")

    def bad() -> float:
        return sample(client, "relais_items_total", operation="detect", source="", outcome="error")

    good_before, bad_before = good(), bad()
    client.post("/v1/detect", json={"items": [{"text": "a"}, {"text": 5}, {"text": "b"}]})

    assert (good() - good_before, bad() - bad_before) == (2, 1)


def test_metrics_count_sentences_and_names_by_model(client: FlaskClient) -> None:
    answer = client.post("/v1/translate", json={"text": "Bonjour.", "source": "fr"}).json
    assert answer is not None
    model = answer["model"]

    def sentences() -> float:
        return sample(client, "relais_sentences_total", source="fr", model=model)

    def names() -> float:
        return sample(client, "relais_names_total", outcome="changed", model="")

    sentences_before, names_before = sentences(), names()
    client.post("/v1/translate", json={"text": "Bonjour à tous. Merci !", "source": "fr"})
    client.post("/v1/normalise", json={"text": "Franck Alessio, the candidate, spoke."})

    assert sentences() - sentences_before == 2
    assert names() - names_before == 1


def test_metrics_count_the_sentences_of_batches(client: FlaskClient) -> None:
    model = (client.post("/v1/translate", json={"text": "Bonjour.", "source": "fr"}).json or {})[
        "model"
    ]

    def sentences() -> float:
        return sample(client, "relais_sentences_total", source="fr", model=model)

    before = sentences()
    client.post(
        "/v1/translate/batch?source=fr",
        data='{"text": "Bonjour."}\n{"text": "Merci. Au revoir !"}\n',
        content_type="application/x-ndjson",
    ).get_data()

    assert sentences() - before == 3


def test_metrics_count_requests_by_route_and_never_by_path(client: FlaskClient) -> None:
    client.get("/some/strange/path")
    client.open("/v1/detect", method="INVENTED")

    text = client.get("/metrics").text
    assert "strange" not in text
    assert "INVENTED" not in text
    assert sample(client, "relais_requests_total", method="GET", route="(none)", status="404") >= 1


def test_metrics_tell_readiness_and_the_glossarys_state(client: FlaskClient) -> None:
    assert sample(client, "relais_ready") == 1
    assert sample(client, "relais_glossary_entries") >= 150
    assert sample(client, "relais_glossary_broken") == 0


def test_metrics_count_the_models_calls_and_what_the_memory_spared(client: FlaskClient) -> None:
    model = client.post("/v1/translate", json={"text": "Merci.", "source": "fr"}).json["model"]

    def counts() -> tuple[float, float]:
        return (
            sample(client, "relais_engine_batches_total", model=model),
            sample(client, "relais_engine_remembered_total", model=model),
        )

    text = "Cette phrase-ci ne se trouve dans aucun autre test de ce projet."
    before = counts()
    client.post("/v1/translate", json={"text": text, "source": "fr"})
    once = counts()
    client.post("/v1/translate", json={"text": text, "source": "fr"})
    twice = counts()

    assert once[0] > before[0]
    assert twice == (once[0], once[1] + 1)
    assert sample(client, "relais_engine_waiting", model=model) == 0
