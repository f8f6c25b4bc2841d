"""`python -m service keys`: what an operator types, and what he sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import cli
from service.config import Settings
from service.jobs.database import Database
from service.keys import digest_of
from service.usage_db import UsageBook


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments])


def test_a_key_is_printed_once_and_listed_without_its_secret(tmp_path: Path) -> None:
    made = run("make", "partner", "--rate", "60/minute", "--characters-per-month", "500000")
    secret = made.stdout.strip()
    assert secret.startswith("relais_")
    assert "not shown again" in made.stderr
    database = Database(Settings.load().job_database_url)
    UsageBook(database).add(digest_of(secret), 1234)
    database.close()
    listing = run("list").stdout
    assert "1,234 of 500,000 characters  60/minute  partner" in listing
    assert secret not in listing
    assert secret not in (tmp_path / "keys.json").read_text()


def test_revoking_the_last_key_says_that_nobody_is_let_in() -> None:
    run("make", "desk", "--role", "edit")
    gone = run("revoke", "desk")
    assert "is revoked" in gone.stdout
    assert "nobody is let in" in gone.stderr
    assert run("list").stdout == ""


def test_a_rate_that_is_none_is_wrong_usage() -> None:
    assert run("make", "partner", "--rate", "often").exit_code == 2
    assert run("list").stdout == ""
