"""The audit fails on a pinned version that is vulnerable, and is never clean for want of data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from tests.jobs.servers import free_port
from tools import audit
from tools.audit import CANARY, Answer, NotAsked, main

Versions = set[tuple[str, str]]
PINNED = "".join(
    f"{pin} \\\n    --hash=sha256:{'a' * 64}\n" for pin in ("flask==0.12.2", "click==8.1.0")
)


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.txt"
    file.write_text(PINNED)
    return file


@contextmanager
def service(vulnerable: Versions, status: int = 200) -> Iterator[str]:
    """The address of a vulnerability service (OSV's interface) that knows these versions."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = asked["package"]["name"], asked["version"]
            fixed = [{"introduced": "0"}, {"fixed": "99.0"}]
            found = {
                "id": f"PYSEC-{name}",
                "summary": "Something can be done to it.",
                "affected": [
                    {
                        "package": {"name": name, "ecosystem": "PyPI"},
                        "ranges": [{"type": "ECOSYSTEM", "events": fixed}],
                    }
                ],
            }
            answer = json.dumps({"vulns": [found]} if (name, version) in vulnerable else {})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_pinned_versions_that_are_known_to_be_sound_pass(requirements: Path) -> None:
    with service({CANARY}) as url:
        result = run("--osv-url", url, requirements)

    assert result.exit_code == 0
    assert result.stdout == f"{requirements}: 0 known vulnerabilities\n"


def test_a_vulnerable_version_fails_and_is_named_with_the_version_that_mends_it(
    requirements: Path,
) -> None:
    with service({CANARY, ("flask", "0.12.2"), ("click", "8.2.0")}) as url:
        result = run("--osv-url", url, "--allow-offline", requirements)

    assert result.exit_code == 1
    assert "flask 0.12.2: PYSEC-flask (mended in 99.0)" in result.stdout
    assert "click" not in result.stdout
    assert CANARY[0] not in result.stdout


@pytest.mark.parametrize(("vulnerable", "status"), [(set[tuple[str, str]](), 200), ({CANARY}, 503)])
def test_a_service_that_fails_or_knows_nothing_is_not_taken_for_a_clean_bill(
    requirements: Path, vulnerable: Versions, status: int
) -> None:
    with service(vulnerable, status) as url:
        result = run("--osv-url", url, requirements)

    assert result.exit_code == 2
    assert "NOT AUDITED" in result.stderr
    assert "known vulnerabilities" not in result.stdout


@pytest.mark.parametrize(("options", "status"), [((), 2), (("--allow-offline",), 0)])
def test_without_a_service_it_says_so_and_passes_only_where_that_is_allowed(
    requirements: Path, options: tuple[str, ...], status: int
) -> None:
    result = run("--osv-url", f"http://127.0.0.1:{free_port()}", *options, requirements)

    assert result.exit_code == status
    assert "NOT AUDITED" in result.stderr
    assert "known vulnerabilities" not in result.stdout


def test_what_one_service_finds_counts_though_it_left_packages_out(
    requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_file: Path, service: str, _url: str | None) -> Answer:
        if service == "osv":
            raise NotAsked("no route")
        return Answer(("flask 0.12.2: PYSEC-1",), left_out=("click",))

    monkeypatch.setattr(audit, "ask", ask)
    result = run("--allow-offline", requirements)

    assert result.exit_code == 1
    assert "flask 0.12.2: PYSEC-1" in result.stdout
    assert "NOT AUDITED" in result.stderr
    assert "click" in result.stderr
