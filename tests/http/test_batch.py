"""`POST /v1/translate/batch`: streamed both ways, with the fake pipeline, under gunicorn."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from service.config import Settings
from service.jobs import stream as stream_module
from tests.jobs.app import app_with
from tests.jobs.fakes import RAISES, UNSUPPORTED, FakePipeline, translated
from tests.jobs.processes import WebServer, wait_until

NDJSON = "application/x-ndjson"
URL = "/v1/translate/batch"
#: Of which the service keeps four for health checks.
REQUEST_THREADS = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    folder = tmp_path_factory.mktemp("batch")
    server = WebServer(
        folder,
        {
            "RELAIS_DATA_DIR": str(folder / "data"),
            "RELAIS_LOG_LEVEL": "warning",
            "RELAIS_REQUEST_THREADS": str(REQUEST_THREADS),
        },
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    settings = Settings(data_dir=tmp_path, max_batch_bytes=20_000)
    return app_with(FakePipeline(), settings).test_client()


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def ndjson(texts: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


# What goes in and what comes out


def test_each_line_is_answered_by_a_line(client: FlaskClient) -> None:
    body = b'{"id": "a", "text": "un"}\nnonsense\n{"id": 3, "text": "deux", "target": "en"}\n'
    response = client.post(URL, data=body, content_type=NDJSON)
    assert response.status_code == 200
    assert response.mimetype == NDJSON
    first, second, third = lines_of(response.text)
    assert (first["position"], first["line"], first["id"], first["text"]) == (0, 1, "a", "UN")
    assert (second["position"], second["line"], second["error"]["status"]) == (1, 2, 400)
    assert (third["position"], third["line"], third["id"], third["text"]) == (2, 3, 3, "DEUX")


def test_signs_of_life_stand_before_a_line_and_leave_it_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "PULSE_SECONDS", 0.01)
    pipeline = FakePipeline()
    client = app_with(pipeline, Settings(data_dir=tmp_path)).test_client()
    pipeline.go_on.clear()
    answer = client.post(URL, data=ndjson(["un", "deux"]), content_type=NDJSON).iter_encoded()
    begun = [next(answer) for _ in range(3)]
    pipeline.go_on.set()
    whole = b"".join([*begun, *answer])

    assert begun == [b" "] * 3
    assert whole.endswith(b"}\n")
    assert all(line.strip() for line in whole.splitlines())
    assert [json.loads(line)["text"] for line in whole.splitlines()] == ["UN", "DEUX"]


def test_the_lines_have_the_shape_of_the_native_interface(client: FlaskClient) -> None:
    from service.http.schemas import BatchLine, FailedLine

    body = ndjson(["un", UNSUPPORTED, RAISES])
    good, refused, failed = client.post(URL, data=body, content_type=NDJSON).text.splitlines()
    BatchLine.model_validate_json(good)
    assert FailedLine.model_validate_json(refused).error.code == "unsupported_language"
    assert FailedLine.model_validate_json(failed).error.code == "set_aside"


def test_an_array_and_csv_give_the_same_results_as_lines(client: FlaskClient) -> None:
    as_lines = client.post(URL, data=ndjson(["un", "deux"]), content_type=NDJSON)
    as_array = client.post(URL, json=[{"text": "un"}, {"text": "deux"}])
    as_csv = client.post(URL, data="text\nun\ndeux\n", content_type="text/csv")
    found = [
        [line["text"] for line in lines_of(response.text)]
        for response in (as_lines, as_array, as_csv)
    ]
    assert found == [["UN", "DEUX"]] * 3


def test_csv_columns_are_named_in_the_query(client: FlaskClient) -> None:
    response = client.post(
        f"{URL}?text_column=Article&id_column=Nr&delimiter=;",
        data="Nr;Article\n7;un\n",
        content_type="text/csv",
    )
    (line,) = lines_of(response.text)
    assert (line["id"], line["text"]) == ("7", "UN")


def test_the_query_says_how_the_body_is_written_where_the_media_type_does_not(
    client: FlaskClient,
) -> None:
    form = "application/x-www-form-urlencoded"  # what curl sends unless told otherwise
    assert client.post(URL, data=b'"un"\n', content_type=form).status_code == 415
    response = client.post(f"{URL}?input=jsonl", data=b'"un"\n', content_type=form)
    assert lines_of(response.text)[0]["text"] == "UN"


def test_options_hold_for_every_line_that_does_not_say_otherwise(client: FlaskClient) -> None:
    body = b'"un"\n{"text": "deux", "source": "ar", "glossary": "default"}\n'
    response = client.post(f"{URL}?source=fr&glossary=none", data=body, content_type=NDJSON)
    first, second = lines_of(response.text)
    assert (first["source"], first["glossary"]) == ("fr", "")
    assert (second["source"], second["glossary"]) == ("ar", "0123456789abcdef")


@pytest.mark.parametrize(
    ("query", "body", "media_type", "status"),
    [
        ("", b"", NDJSON, 400),
        ("", b"\n\n", NDJSON, 400),
        ("", b"[]", "application/json", 400),
        ("", b"{}", "application/json", 400),
        ("", b"title\nun\n", "text/csv", 400),
        ("?delimiter=%22", b"text\nun\n", "text/csv", 400),
        ("?source=123", b'"un"\n', NDJSON, 400),
        ("?nonsense=1", b'"un"\n', NDJSON, 400),
        ("", b'"un"\n', "text/plain", 415),
        ("", b'"un"\n', "application/x-ndjson; charset=latin-1", 415),
        ("", b'"' + b"u" * 20_000 + b'"\n', NDJSON, 413),
    ],
)
def test_what_is_wrong_from_the_start_is_a_problem_document(
    client: FlaskClient, query: str, body: bytes, media_type: str, status: int
) -> None:
    response = client.post(URL + query, data=body, content_type=media_type)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_a_compressed_body_is_refused(client: FlaskClient) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert client.post(URL, data=b"x", content_type=NDJSON, headers=headers).status_code == 415


def test_an_array_that_breaks_off_ends_with_a_fatal_line(client: FlaskClient) -> None:
    response = client.post(URL, data=b'["un", "deux", ', content_type="application/json")
    *good, last = lines_of(response.text)
    assert [line["text"] for line in good] == ["UN", "DEUX"]
    assert last["fatal"] is True
    assert last["error"]["code"] == "invalid_request"


def test_a_chunked_body_over_the_limit_ends_with_a_fatal_line(client: FlaskClient) -> None:
    response = client.post(
        URL,
        input_stream=io.BytesIO(ndjson(["un"] * 3000)),
        content_type=NDJSON,
        environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    )
    *good, last = lines_of(response.text)
    assert 0 < len(good) < 3000
    assert (last["fatal"], last["error"]["status"]) == (True, 413)


def test_a_batch_may_be_larger_than_a_plain_request(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, max_body_bytes=1024, max_items=2)
    client = app_with(FakePipeline(), settings).test_client()
    response = client.post(URL, data=ndjson(["un"] * 500), content_type=NDJSON)
    assert len(lines_of(response.text)) == 500


# Through a real server


def test_results_come_while_the_rest_is_being_sent(server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", URL)
    connection.putheader("Content-Type", NDJSON)
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    piece = ndjson([f"texte {number}" for number in range(1000)])
    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    response = connection.getresponse()
    first = json.loads(response.readline())
    assert (first["position"], first["text"]) == (0, "TEXTE 0")
    more = ndjson(["fin"])
    connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(more), more))
    rest = lines_of(response.read().decode())
    assert [line["position"] for line in rest] == list(range(1, 1001))
    assert rest[-1]["text"] == "FIN"


def resident_peak(server: WebServer) -> int:
    """Bytes of memory that the server's worker has had at most."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_a_client_that_reads_nothing_before_it_has_sent_everything_is_answered_in_full(
    server: WebServer,
) -> None:
    """40 MB up and 45 MB down: neither side waits for the other, and memory stays small."""
    headers = {"Content-Type": NDJSON}
    requests.post(f"{server.url}{URL}", data=ndjson(["un"] * 1000), headers=headers, timeout=60)
    before = resident_peak(server)
    count, text = 20_000, "Le maire a salué la foule. " * 74
    line = json.dumps({"text": text}).encode() + b"\n"
    response = requests.post(
        f"{server.url}{URL}",
        data=(line * 100 for _ in range(count // 100)),
        headers={"Content-Type": NDJSON},
        stream=True,
        timeout=120,
    )
    seen = 0
    for answer in response.iter_lines(chunk_size=65_536):
        value = json.loads(answer)
        assert value["position"] == seen
        assert value["text"] == translated(text)
        seen += 1
    assert seen == count
    assert resident_peak(server) - before < 30_000_000


def test_clients_that_go_away_midway_hold_no_thread(server: WebServer) -> None:
    for _ in range(2 * REQUEST_THREADS):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(
                f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: {NDJSON}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n".encode()
            )
            piece = ndjson(["un"] * 2000)
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.recv(100)

    def is_answered() -> bool:
        response = requests.post(
            f"{server.url}{URL}", data=b'"un"\n', headers={"Content-Type": NDJSON}, timeout=30
        )
        return response.status_code == 200 and lines_of(response.text)[0]["text"] == "UN"

    wait_until(is_answered, server.log)


def test_many_batches_at_once_do_not_mix(server: WebServer) -> None:
    found: dict[int, list[str]] = {}

    def send(number: int) -> None:
        texts = [f"lot {number} texte {index}" for index in range(300)]
        response = requests.post(
            f"{server.url}{URL}", data=ndjson(texts), headers={"Content-Type": NDJSON}, timeout=60
        )
        found[number] = [line["text"] for line in lines_of(response.text)]

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        assert found[number] == [f"LOT {number} TEXTE {index}" for index in range(300)]
