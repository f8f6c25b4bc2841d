"""The API's interactive page: it works in a browser, and no other host has a part in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server


@pytest.fixture
def address(make_app: Callable[..., Flask]) -> Iterator[str]:
    """Of a running server; it has no models, and is served under a path."""
    server = make_server("127.0.0.1", 0, make_app(url_prefix="/relais"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/relais"
    server.shutdown()
    thread.join()


def test_a_browser_shows_every_operation_and_refuses_nothing(address: str, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed: make system"
    shown = subprocess.run(
        [
            chromium,
            *("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
            *("--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--dump-dom", f"{address}/docs"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )

    for path in ("/v1/translate", "/v1/jobs"):
        assert f'data-path="{path}"' in shown.stdout
    assert not re.findall(r".*CONSOLE.*(?:Refused|Error|violates).*", shown.stderr)


def test_the_page_names_no_other_host_and_lets_none_in(bare: FlaskClient) -> None:
    page = bare.get("/docs")

    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy


def test_every_file_that_the_page_names_is_served(bare: FlaskClient) -> None:
    page = bare.get("/docs").text
    files = re.findall(r'(?:<script defer src|<link rel="stylesheet" href)="([^"]+)"', page)

    assert len(files) >= 4
    for file in files:
        response = bare.get(file)
        assert response.status_code == 200, file
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_else_of_the_package_is_served(bare: FlaskClient) -> None:
    for name in ("index.css", "../__init__.py", "swagger-ui.js"):
        assert bare.get(f"/docs/{name}").status_code == 404, name


def test_the_home_page_links_to_it_and_no_key_is_asked_for(make_app: Callable[..., Flask]) -> None:
    client = make_app(api_keys="secret").test_client()

    assert 'href="/docs"' in client.get("/").text
    assert client.get("/docs").status_code == 200
    assert client.get("/docs/swagger-ui.css").status_code == 200
    assert client.get("/openapi.json").status_code == 200
