"""Keys and rates: asked for where the deployment says so, and nowhere else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Settings
from service.errors import RequestTooLarge, SettingsError
from service.http.limits import SPARE_THREADS, check_item_count
from service.text.detect import Detection

MakeApp = Callable[..., Flask]
PATH = "/v1/detect"
BODY = {"text": "Le maire a salué la foule."}


@pytest.fixture
def guarded(make_app: MakeApp) -> FlaskClient:
    hashed = "sha256:" + hashlib.sha256(b"second").hexdigest()
    return make_app(api_keys=f"first, {hashed}").test_client()


def test_without_keys_nothing_is_asked_for(bare: FlaskClient) -> None:
    assert bare.post(PATH, json=BODY).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer first"},
        {"Authorization": "bearer second"},
        {"Authorization": "DeepL-Auth-Key first"},
        {"X-API-Key": "first"},
    ],
)
def test_a_known_key_is_let_in(guarded: FlaskClient, headers: dict[str, str]) -> None:
    assert guarded.post(PATH, json=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer third"},
        {"Authorization": "Basic first"},
        {"X-API-Key": ""},
        {"X-API-Key": "sha256:" + hashlib.sha256(b"second").hexdigest()},
        {"X-API-Key": "ключ"},
    ],
)
def test_no_key_or_a_wrong_one_is_refused(guarded: FlaskClient, headers: dict[str, str]) -> None:
    response = guarded.post(PATH, json=BODY, headers=headers)

    assert response.status_code == 403
    assert response.json is not None
    assert response.json["code"] == "unauthorised"


@pytest.mark.parametrize("path", ["/v1/health/live", "/v1/version", "/openapi.json"])
def test_health_and_description_ask_for_no_key(guarded: FlaskClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_metrics_ask_for_a_key(guarded: FlaskClient) -> None:
    assert guarded.get("/metrics").status_code == 403
    assert guarded.get("/metrics", headers={"X-API-Key": "first"}).status_code == 200


def test_a_path_that_is_not_there_is_not_found_whatever_the_key(guarded: FlaskClient) -> None:
    assert guarded.get("/v1/nothing").status_code == 404


def test_requests_over_the_rate_are_told_when_to_come_back(make_app: MakeApp) -> None:
    client = make_app(rate_limit="3/hour").test_client()

    statuses = [client.post(PATH, json=BODY).status_code for _ in range(4)]
    refused = client.post(PATH, json=BODY)

    assert statuses == [200, 200, 200, 429]
    assert refused.json is not None
    assert refused.json["code"] == "rate_limited"
    assert 0 < int(refused.headers["Retry-After"]) <= 3600


def test_the_rate_is_counted_over_all_routes_together(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/hour").test_client()

    client.post(PATH, json=BODY)
    client.post("/v1/normalise", json={"text": "a"})

    assert client.get("/v1/models").status_code == 429


def test_health_is_not_counted(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/hour").test_client()

    assert {client.get("/v1/health/live").status_code for _ in range(5)} == {200}


def test_callers_are_counted_apart(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/hour", api_keys="one,two").test_client()

    first = [
        client.post(PATH, json=BODY, headers={"X-API-Key": key}).status_code
        for key in ("one", "two", "one")
    ]

    assert first == [200, 200, 429]


def test_behind_a_trusted_proxy_its_clients_are_counted_apart(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/hour", trusted_proxies=1).test_client()

    statuses = [
        client.post(PATH, json=BODY, headers={"X-Forwarded-For": address}).status_code
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")
    ]

    assert statuses == [200, 200, 429]


def test_a_forwarded_address_is_not_believed_without_a_proxy(make_app: MakeApp) -> None:
    client = make_app(rate_limit="1/hour").test_client()

    statuses = [
        client.post(PATH, json=BODY, headers={"X-Forwarded-For": address}).status_code
        for address in ("192.0.2.1", "192.0.2.2")
    ]

    assert statuses == [200, 429]


@pytest.mark.parametrize("rate", ["often", "10", "/minute", "10/fortnightly"])
def test_a_rate_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, rate: str
) -> None:
    monkeypatch.setenv("RELAIS_RATE_LIMIT", rate)

    with pytest.raises(SettingsError, match="RELAIS_RATE_LIMIT is set to"):
        Settings.load()


def test_as_many_items_as_the_limit_are_taken() -> None:
    settings = Settings(max_items=3)

    check_item_count([1, 2, 3], settings)
    with pytest.raises(RequestTooLarge, match="4 items; the limit is 3"):
        check_item_count([1, 2, 3, 4], settings)


def test_work_beyond_the_room_is_refused_at_once_and_health_is_still_answered(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(request_threads=SPARE_THREADS + 1)
    own = app.extensions["relais"]
    started, go_on = threading.Event(), threading.Event()
    detect = own.pipeline.detect

    def slowly(text: str) -> Detection:
        started.set()
        assert go_on.wait(60)
        found: Detection = detect(text)
        return found

    monkeypatch.setattr(own.pipeline, "detect", slowly)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lambda: app.test_client().post(PATH, json=BODY).status_code)
        assert started.wait(60)
        refused = app.test_client().post(PATH, json=BODY)
        live = app.test_client().get("/v1/health/live")
        go_on.set()

    assert refused.status_code == 429
    assert refused.json is not None
    assert refused.json["code"] == "overloaded"
    assert refused.headers["Retry-After"] == "1"
    assert live.status_code == 200
    assert first.result() == 200
    assert app.test_client().post(PATH, json=BODY).status_code == 200


def test_room_is_given_back_after_refusals_and_faults(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(request_threads=SPARE_THREADS + 1)
    client = app.test_client()
    detect = app.extensions["relais"].pipeline.detect

    monkeypatch.setattr(app.extensions["relais"].pipeline, "detect", lambda text: 1 / 0)
    faults = [client.post(PATH, json=BODY).status_code for _ in range(3)]
    monkeypatch.setattr(app.extensions["relais"].pipeline, "detect", detect)
    refusals = [client.post(PATH, data=b"{").status_code for _ in range(3)]

    assert faults == [500] * 3
    assert refusals == [415] * 3
    assert client.post(PATH, json=BODY).status_code == 200


def test_web_pages_of_the_origins_named_may_read_the_answers(
    make_app: MakeApp,
) -> None:
    client = make_app(cors_origins="https://desk.example, https://other.example").test_client()
    origin = {"Origin": "https://desk.example"}
    answer = client.get("/languages", headers=origin)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://desk.example"
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = client.options(
        "/v1/translate",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, authorization",
        },
    )
    assert asked.status_code == 200
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    allowed = asked.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    stranger = client.get("/languages", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_by_default_no_web_page_of_another_origin_may_ask(bare: FlaskClient) -> None:
    answer = bare.get("/languages", headers={"Origin": "https://desk.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_any_origin_may_be_allowed(make_app: MakeApp) -> None:
    answer = make_app(cors_origins="*").test_client().get("/v2/usage", headers={"Origin": "null"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
