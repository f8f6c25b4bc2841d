"""Keys that are made while the service runs, their rates, and their quotas on every interface."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.keys import KeyFile

MakeApp = Callable[..., Flask]
TEXT = "Le maire a salué la foule."


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyFile:
    monkeypatch.setattr("service.keys._LOOK_EVERY", 0)
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def guarded(app: Flask, keys: KeyFile, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The application with models, asking for the keys of `keys`."""
    monkeypatch.setattr(app.extensions["relais.keys"], "_file", keys)
    return app.test_client()


def bearer(secret: str) -> dict[str, Any]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_key_is_in_force_as_soon_as_it_is_made_and_until_it_is_revoked(
    make_app: MakeApp, keys: KeyFile, tmp_path: Path
) -> None:
    client = make_app(keys_file=tmp_path / "keys.json").test_client()
    body = {"text": TEXT}
    assert client.post("/v1/detect", json=body).status_code == 200
    secret, key = keys.make("newsroom")
    assert client.post("/v1/detect", json=body).status_code == 403
    assert client.post("/v1/detect", json=body, headers=bearer(secret)).status_code == 200
    keys.revoke(key.id)
    assert client.post("/v1/detect", json=body, headers=bearer(secret)).status_code == 403


def test_each_key_has_its_own_rate(make_app: MakeApp, keys: KeyFile, tmp_path: Path) -> None:
    client = make_app(keys_file=tmp_path / "keys.json").test_client()
    slow, _ = keys.make("slow", rate="1/hour")
    fast, _ = keys.make("fast")

    def status(secret: str) -> int:
        return client.post("/v1/detect", json={"text": TEXT}, headers=bearer(secret)).status_code

    assert [status(slow), status(slow)] == [200, 429]
    assert [status(fast) for _ in range(5)] == [200] * 5


def test_a_quota_holds_on_every_interface_and_is_told(guarded: FlaskClient, keys: KeyFile) -> None:
    secret, _ = keys.make("partner", characters_per_month=2 * len(TEXT) + 5)
    headers = bearer(secret)
    native = {"text": TEXT, "source": "fr"}
    assert guarded.post("/v1/translate", json=native, headers=headers).status_code == 200
    deepl = {"text": [TEXT], "source_lang": "FR", "target_lang": "EN-US"}
    assert guarded.post("/v2/translate", json=deepl, headers=headers).status_code == 200
    told = guarded.get("/v2/usage", headers=headers).json
    assert told == {"character_count": 2 * len(TEXT), "character_limit": 2 * len(TEXT) + 5}

    refused = guarded.post("/v1/translate", json=native, headers=headers)
    assert refused.status_code == 429
    assert refused.json["code"] == "quota_exceeded"
    assert guarded.post("/v2/translate", json=deepl, headers=headers).status_code == 456
    libre = {"q": TEXT, "source": "fr", "target": "en", "api_key": secret}
    assert guarded.post("/translate", json=libre).status_code == 429
    job = guarded.post("/v1/jobs", json=[TEXT], headers=headers)
    assert job.json["code"] == "quota_exceeded"
    assert guarded.get("/v1/jobs", headers=headers).json["jobs"] == []

    lines = "\n".join(json.dumps({"text": text}) for text in ("Oui", TEXT))
    batch = guarded.post(
        "/v1/translate/batch?source=fr",
        data=lines,
        content_type="application/x-ndjson",
        headers=headers,
    )
    answers = [json.loads(line) for line in batch.text.splitlines()]
    assert [answer["error"]["code"] for answer in answers] == ["quota_exceeded"] * 2
    assert guarded.get("/v2/usage", headers=headers).json == told


def test_what_failed_is_not_counted(guarded: FlaskClient, keys: KeyFile) -> None:
    secret, _ = keys.make("partner", characters_per_month=10_000)
    items = {"items": [{"text": TEXT, "source": "fr"}, {"text": "Hallo Welt", "source": "xx"}]}
    guarded.post("/v1/translate", json=items, headers=bearer(secret))
    told = guarded.get("/v2/usage", headers=bearer(secret)).json
    assert told["character_count"] == len(TEXT)
