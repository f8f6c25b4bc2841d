"""`/v1/jobs`: stored, worked on, shown, cancelled; with the fake pipeline."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from service.app import Services
from service.config import Settings
from service.http.schemas import JobOut, JobsOut
from service.jobs.runner import CHUNKS_AT_ONCE
from tests.jobs.app import app_with
from tests.jobs.fakes import UNSUPPORTED, FakePipeline
from tests.jobs.processes import WebServer, wait_until

NDJSON = "application/x-ndjson"


class Api:
    """A test client of one application, and its pipeline."""

    def __init__(self, settings: Settings) -> None:
        self.pipeline = FakePipeline()
        self.app = app_with(self.pipeline, settings)
        self.client: FlaskClient = self.app.test_client()
        self.services: Services = self.app.extensions["relais"]

    def submit(self, body: bytes | str, query: str = "", **headers: str) -> Any:
        return self.client.post(f"/v1/jobs{query}", data=body, content_type=NDJSON, headers=headers)

    def finish(self, location: str) -> dict[str, Any]:
        wait_until(lambda: self.client.get(location).json["state"] in ("done", "cancelled"))
        value: dict[str, Any] = self.client.get(location).json
        return value


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api(Settings(data_dir=tmp_path, max_batch_bytes=100_000, job_chunk_items=4))
    yield api
    api.services.jobs.close()


def positions(text: str) -> list[int]:
    return [json.loads(line)["position"] for line in text.splitlines()]


def test_a_job_is_made_worked_on_and_read(api: Api) -> None:
    made = api.submit(b'{"id": "a", "text": "un"}\n"deux"\nnonsense\n')
    assert made.status_code == 201
    JobOut.model_validate(made.json)
    location = made.headers["Location"]
    assert location == f"/v1/jobs/{made.json['id']}"
    ended = api.finish(location)
    JobOut.model_validate(ended)
    assert ended["state"] == "done"
    assert ended["items"] == {"total": 3, "finished": 3, "succeeded": 2, "failed": 1}
    assert ended["rate"] > 0
    results = api.client.get(f"{location}/results")
    assert results.mimetype == NDJSON
    assert results.headers["X-Next-Offset"] == "3"
    first, second, third = (json.loads(line) for line in results.text.splitlines())
    assert (first["position"], first["line"], first["id"], first["text"]) == (0, 1, "a", "UN")
    assert second["text"] == "DEUX"
    assert (third["line"], third["error"]["code"]) == (3, "invalid_request")


def test_the_results_of_a_job_are_those_of_a_batch(api: Api) -> None:
    body = json.dumps({"id": 1, "text": "un"}) + "\n" + json.dumps({"text": UNSUPPORTED}) + "\n"
    query = "?source=fr&explain=true"
    batch = api.client.post(f"/v1/translate/batch{query}", data=body, content_type=NDJSON)
    location = api.submit(body, query).headers["Location"]
    api.finish(location)
    assert api.client.get(f"{location}/results").text == batch.text


def test_an_array_makes_a_job(api: Api) -> None:
    made = api.client.post("/v1/jobs", json=["un", {"text": "deux"}])
    assert api.finish(made.headers["Location"])["items"]["succeeded"] == 2


def test_results_go_on_from_an_offset(api: Api) -> None:
    location = api.submit('"un"\n' * 10).headers["Location"]
    api.finish(location)
    part = api.client.get(f"{location}/results?offset=3&limit=4")
    assert positions(part.text) == [3, 4, 5, 6]
    rest = api.client.get(f"{location}/results?offset={part.headers['X-Next-Offset']}")
    assert positions(rest.text) == [7, 8, 9]


def test_a_running_job_shows_how_far_it_is_and_can_be_cancelled(api: Api) -> None:
    api.pipeline.go_on.clear()
    location = api.submit('"un"\n' * 20).headers["Location"]
    wait_until(lambda: api.client.get(location).json["state"] == "running")
    assert api.client.get(f"{location}/results").text == ""
    cancelled = api.client.delete(location)
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    api.pipeline.go_on.set()
    assert api.client.delete(location).json["state"] == "cancelled"
    assert api.pipeline.calls.count(["un"] * 4) <= CHUNKS_AT_ONCE


def test_a_purged_job_is_gone(api: Api) -> None:
    location = api.submit('"un"\n').headers["Location"]
    api.finish(location)
    assert api.client.delete(f"{location}?purge=true").status_code == 204
    for response in (
        api.client.get(location),
        api.client.delete(location),
        api.client.get(f"{location}/results"),
    ):
        assert response.status_code == 404
        assert response.mimetype == "application/problem+json"


def test_jobs_are_listed_in_pages_and_by_state(api: Api) -> None:
    made = [api.submit('"un"\n').json["id"] for _ in range(5)]
    for job in made:
        api.finish(f"/v1/jobs/{job}")
    page = api.client.get("/v1/jobs?limit=3").json
    JobsOut.model_validate(page)
    rest = api.client.get(f"/v1/jobs?limit=3&before={page['next']}").json
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next"] is None
    assert api.client.get("/v1/jobs?state=queued").json["jobs"] == []
    assert len(api.client.get("/v1/jobs?state=done").json["jobs"]) == 5


def test_the_metrics_count_the_chunks_that_wait(api: Api) -> None:
    assert "relais_job_chunks" not in api.client.get("/metrics").text
    api.pipeline.go_on.clear()
    job = api.submit('"un"\n' * 40).json["id"]
    wait_until(lambda: 'state="leased"} 2.0' in api.client.get("/metrics").text)
    assert 'relais_job_chunks{state="waiting"} 8.0' in api.client.get("/metrics").text
    api.client.delete(f"/v1/jobs/{job}")
    api.pipeline.go_on.set()


# Idempotency


def test_the_same_upload_with_the_same_key_makes_one_job(api: Api) -> None:
    key = {"Idempotency-Key": "3f1c"}
    first, second = api.submit('"un"\n', **key), api.submit('"un"\n', **key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(api.client.get("/v1/jobs").json["jobs"]) == 1


@pytest.mark.parametrize(("body", "query"), [('"deux"\n', ""), ('"un"\n', "?source=fr")])
def test_another_upload_with_the_same_key_is_refused(api: Api, body: str, query: str) -> None:
    key = {"Idempotency-Key": "3f1c"}
    api.submit('"un"\n', **key)
    assert api.submit(body, query, **key).status_code == 409


def test_an_upload_that_failed_does_not_use_up_its_key(api: Api) -> None:
    key = {"Idempotency-Key": "3f1c"}
    refused = api.client.post(
        "/v1/jobs", data='["un", ', content_type="application/json", headers=key
    )
    assert refused.status_code == 400
    assert api.submit('"un"\n', **key).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "k" * 256])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    assert api.submit('"un"\n', **{"Idempotency-Key": key}).status_code == 400


# What is refused


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"", NDJSON, 400),
        (b"[]", "application/json", 400),
        (b'["un", ', "application/json", 400),
        (b'{"items": []}', "application/json", 400),
        (b'"un"', "text/plain", 415),
        (b'"un"\n' * 30_000, NDJSON, 413),
    ],
)
def test_a_refused_upload_leaves_no_job(
    api: Api, body: bytes, media_type: str, status: int
) -> None:
    response = api.client.post("/v1/jobs", data=body, content_type=media_type)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert api.client.get("/v1/jobs").json["jobs"] == []


def test_a_chunked_upload_over_the_limit_leaves_no_job(api: Api) -> None:
    response = api.client.post(
        "/v1/jobs",
        input_stream=io.BytesIO(b'"un"\n' * 30_000),
        content_type=NDJSON,
        environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    )
    assert response.status_code == 413
    assert api.client.get("/v1/jobs").json["jobs"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs?limit=0",
        "/v1/jobs?limit=x",
        "/v1/jobs?state=lost",
        "/v1/jobs?nonsense=1",
        "/v1/jobs/JOB/results?offset=-1",
        "/v1/jobs/JOB/results?offset=99999999999999999999",
        "/v1/jobs/JOB/results?limit=0",
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, path: str) -> None:
    job = api.submit('"un"\n').json["id"]
    assert api.client.get(path.replace("JOB", job)).status_code == 400


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("job", ["nonsense", "job_0", "%00", "é", "a" * 5000, "'; drop table jobs"])
def test_a_job_that_is_not_there_is_not_found(api: Api, method: str, job: str) -> None:
    api.submit('"un"\n')
    assert getattr(api.client, method)(f"/v1/jobs/{job}").status_code == 404


def test_jobs_are_seen_with_the_key_that_made_them(tmp_path: Path) -> None:
    api = Api(Settings(data_dir=tmp_path, api_keys="anna,bert"))
    anna, bert = {"Authorization": "Bearer anna"}, {"Authorization": "Bearer bert"}
    location = api.submit('"un"\n', **anna).headers["Location"]
    assert api.client.get(location, headers=anna).status_code == 200
    assert api.client.get(location, headers=bert).status_code == 404
    assert api.client.get(f"{location}/results", headers=bert).status_code == 404
    assert api.client.delete(location, headers=bert).status_code == 404
    assert api.client.get("/v1/jobs", headers=bert).json["jobs"] == []
    assert api.client.get(location).status_code == 403
    api.services.jobs.close()


# Through a real server


def test_an_upload_that_breaks_off_makes_no_job(tmp_path: Path) -> None:
    server = WebServer(tmp_path, {"RELAIS_DATA_DIR": str(tmp_path / "data")})
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(
                f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: {NDJSON}\r\n"
                "Content-Length: 1000000\r\n\r\n".encode()
                + b'"un"\n' * 2000
            )
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(
                f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: {NDJSON}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5\r\n".encode()
                + b'"un"\n\r\n'
            )
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        listed = requests.get(f"{server.url}/v1/jobs", timeout=30).json()
        assert listed["jobs"] == []
    finally:
        server.kill()
