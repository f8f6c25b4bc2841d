"""Attacks by way of paths, names and headers: refused, and nothing of them comes back as code."""

from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient

from tests.http.conftest import bare, make_app

__all__ = ["bare", "make_app"]

CLIMBING = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "a\0.txt",
    "%00",
)
PLACES = (
    "/static/{}",
    "/v1/jobs/{}",
    "/v1/jobs/{}/results",
    "/jobs/{}",
    "/glossary/{}",
    "/v1/glossary/{}",
    "/v2/glossaries/{}",
    "/v2/document/{}",
    "/download_file/{}",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CLIMBING)
def test_a_path_that_climbs_finds_nothing(bare: FlaskClient, place: str, name: str) -> None:
    response = bare.get(place.format(name))

    assert 300 <= response.status_code < 500
    assert b"root:" not in response.data


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1.txt", 'a";evil="b.txt', "../../a\n.txt"])
def test_a_file_name_cannot_break_out_of_the_header_of_a_download(
    bare: FlaskClient, name: str
) -> None:
    response = bare.post(
        "/",
        data={"file": (io.BytesIO(b"2025"), name), "source": "fr"},
        content_type="multipart/form-data",
    )

    assert "Set-Cookie" not in response.headers
    assert not any("\n" in value or "\r" in value for value in response.headers.values())


@pytest.mark.parametrize(
    "header", ["X-Request-Id", "Idempotency-Key", "X-API-Key", "Authorization", "Accept-Language"]
)
@pytest.mark.parametrize("value", ["x" * 8000, "<script>", "${jndi:ldap://a}", "\u00e9" * 300])
def test_a_strange_header_is_neither_believed_nor_a_fault(
    bare: FlaskClient, header: str, value: str
) -> None:
    response = bare.post("/v1/jobs", json=["un"], headers={header: value})

    assert response.status_code < 500
    assert value not in json.dumps(dict(response.headers), ensure_ascii=False)
    assert value not in response.get_data(as_text=True)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", "[::1"])
def test_no_address_of_an_answer_is_made_of_the_host_header(bare: FlaskClient, host: str) -> None:
    response = bare.post("/v1/jobs", json=["un"], headers={"Host": host})

    assert response.status_code < 500
    assert "evil.example" not in str(response.headers) + response.get_data(as_text=True)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DELETE", "PROPFIND"])
def test_a_method_that_a_place_does_not_have_is_refused(bare: FlaskClient, method: str) -> None:
    response = bare.open("/v1/translate", method=method)

    assert response.status_code == 405
