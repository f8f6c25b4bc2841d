"""Webhooks: signed, tried again, told once; and never sent inside the network."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.config import Settings
from service.errors import InvalidRequest
from service.jobs import webhooks as webhooks_module
from service.jobs.database import Database
from service.jobs.store import Job
from service.jobs.system import job_to_json
from service.jobs.webhooks import (
    QUICK_TRIES,
    ROUNDS,
    DeliveryFailed,
    WebhookSender,
    check_target,
    is_public,
    signature,
)
from tests.jobs.app import app_with
from tests.jobs.conftest import Jobs
from tests.jobs.fakes import FakePipeline
from tests.jobs.processes import wait_until

SECRET = "a secret of the deployment"


class Receiver:
    """A web server that notes what it is sent, and answers with the statuses given, then 200."""

    def __init__(self, statuses: list[int]) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receive() -> Iterator[Any]:
    started: list[Receiver] = []

    def start(*statuses: int) -> Receiver:
        started.append(Receiver(list(statuses)))
        return started[-1]

    yield start
    for receiver in started:
        receiver.close()


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    yield Jobs(database)
    database.close()


def sender(*, allow_private: bool = True, secret: str = SECRET) -> WebhookSender:
    return WebhookSender(secret, job_to_json, allow_private=allow_private, first_pause=0.01)


def ended(jobs: Jobs, url: str) -> Job:
    return jobs.store.cancel(jobs.queued(["un"], webhook=url).id)


# Delivery


def test_the_job_is_told_signed(jobs: Jobs, receive: Any) -> None:
    receiver = receive()
    job = ended(jobs, receiver.url)
    assert sender().deliver_next(jobs.store)
    ((headers, body),) = receiver.received
    told = json.loads(body)
    assert told["event"] == "job.cancelled"
    assert told["job"]["id"] == job.id
    parts = dict(part.split("=") for part in headers["X-Relais-Signature"].split(","))
    expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256)
    assert hmac.compare_digest(parts["v1"], expected.hexdigest())
    assert jobs.store.get(job.id).webhook_state == "delivered"
    assert not sender().deliver_next(jobs.store)


def test_the_signature_covers_time_and_body() -> None:
    one = signature(SECRET, 1_700_000_000, b"body")
    assert one.startswith("t=1700000000,v1=")
    assert signature(SECRET, 1_700_000_001, b"body")[13:] != one[13:]
    assert signature(SECRET, 1_700_000_000, b"other") != one
    assert signature("other", 1_700_000_000, b"body") != one


def test_a_delivery_is_tried_again_under_the_same_name(jobs: Jobs, receive: Any) -> None:
    receiver = receive(500, 503)
    job = ended(jobs, receiver.url)
    sender().deliver_next(jobs.store)
    assert len(receiver.received) == 3
    assert len({headers["X-Relais-Delivery"] for headers, _ in receiver.received}) == 1
    assert jobs.store.get(job.id).webhook_state == "delivered"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(jobs: Jobs, receive: Any, status: int) -> None:
    receiver = receive(*[status] * QUICK_TRIES)
    ended(jobs, receiver.url)
    sender().deliver_next(jobs.store)
    assert len(receiver.received) == QUICK_TRIES


def test_a_receiver_that_is_away_is_tried_in_later_rounds_and_then_given_up(
    jobs: Jobs, receive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks_module, "ROUND_PAUSE", 0.0)
    receiver = receive(*[500] * 100)
    job = ended(jobs, receiver.url)
    for number in range(1, ROUNDS + 1):
        assert jobs.store.get(job.id).webhook_state == "pending"
        assert sender().deliver_next(jobs.store)
        assert len(receiver.received) == number * QUICK_TRIES
    assert jobs.store.get(job.id).webhook_state == "failed"
    assert not sender().deliver_next(jobs.store)


def test_later_rounds_wait_for_their_time(jobs: Jobs, receive: Any) -> None:
    receiver = receive(*[500] * 100)
    ended(jobs, receiver.url)
    assert sender().deliver_next(jobs.store)
    assert not sender().deliver_next(jobs.store)


def test_a_port_where_nobody_listens_is_a_failed_delivery(jobs: Jobs, receive: Any) -> None:
    receiver = receive()
    receiver.close()
    job = ended(jobs, receiver.url)
    with pytest.raises(DeliveryFailed):
        sender().deliver(job)


def test_an_address_that_became_private_is_refused_at_the_delivery(
    jobs: Jobs, receive: Any
) -> None:
    receiver = receive()
    job = ended(jobs, receiver.url)
    sender(allow_private=False).deliver_next(jobs.store)
    assert receiver.received == []
    assert jobs.store.get(job.id).webhook_state == "failed"


def test_a_job_over_http_tells_its_end(tmp_path: Path, receive: Any) -> None:
    receiver = receive()
    settings = Settings(data_dir=tmp_path, webhook_secret=SECRET, webhook_private_addresses=True)
    app = app_with(FakePipeline(), settings)
    made = app.test_client().post("/v1/jobs", json=["un"], query_string={"webhook": receiver.url})
    assert made.status_code == 201
    wait_until(lambda: len(receiver.received) == 1)
    told = json.loads(receiver.received[0][1])
    assert (told["event"], told["job"]["items"]["succeeded"]) == ("job.done", 1)
    app.extensions["relais"].jobs.close()


# Where webhooks do not go


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2002:0a00:0001::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "nonsense",
    ],
)
def test_addresses_inside_a_network_are_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(InvalidRequest, match="inside a network"):
        check_target("https://name.example/", allow_private=False, resolver=lambda *_: [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2a00:1450:4007::200e"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


def test_every_address_of_a_name_must_be_public() -> None:
    with pytest.raises(InvalidRequest):
        check_target(
            "https://name.example/",
            allow_private=False,
            resolver=lambda *_: ["8.8.8.8", "10.0.0.1"],
        )


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]  # a name that is made to resolve anew each time
    target = check_target(
        "https://name.example:8443/a?b=c", allow_private=False, resolver=lambda *_: answers.pop(0)
    )
    assert (target.address, target.host, target.port) == ("8.8.8.8", "name.example", 8443)
    assert target.path == "/a?b=c"
    pool = sender()._pool(target)
    assert pool.host == "8.8.8.8"
    assert pool.assert_hostname == "name.example"  # type: ignore[attr-defined]
    assert len(answers) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
    ],
)
def test_every_way_to_write_this_machine_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        check_target(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "https://",
        "https:///path",
        "https://user:password@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://exam ple.org/",
        "https://example.org/\r\nX-Injected: 1",
        "https://example.org/\x00",
        "https://" + "a" * 3000,
        "https://[::1",
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        check_target(url, allow_private=False, resolver=lambda *_: ["8.8.8.8"])


def test_webhooks_need_a_key_to_sign_with() -> None:
    with pytest.raises(InvalidRequest, match="RELAIS_WEBHOOK_SECRET"):
        sender(secret="").check("https://example.org/")


def test_a_job_with_a_forbidden_webhook_is_refused_at_once(tmp_path: Path) -> None:
    app = app_with(FakePipeline(), Settings(data_dir=tmp_path, webhook_secret=SECRET))
    client = app.test_client()
    refused = client.post("/v1/jobs?webhook=http://169.254.169.254/latest/", json=["un"])
    assert (refused.status_code, refused.json["field"]) == (400, "webhook")
    assert client.get("/v1/jobs").json["jobs"] == []
    app.extensions["relais"].jobs.close()
