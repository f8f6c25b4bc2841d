"""`python -m service jobs` and `worker`: what an operator sees and can do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.commands.jobs import jobs as jobs_command
from service.commands.worker import worker as worker_command
from service.errors import NotFound, SettingsError
from service.jobs.database import Database
from service.jobs.work import ChunkWorker
from tests.jobs.conftest import Jobs
from tests.jobs.fakes import UNSUPPORTED, FakePipeline


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("RELAIS_DATABASE_URL", raising=False)
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    yield Jobs(database)
    database.close()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(jobs_command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_jobs_are_listed_with_state_and_counts(jobs: Jobs) -> None:
    waiting = jobs.queued(["un", "deux"])
    done = jobs.queued(["un", UNSUPPORTED])
    ChunkWorker(jobs.queue, FakePipeline().translate).work_on_next(done.id, 0)
    assert run("list").splitlines() == [
        f"{done.id}  done       2/2, 1 failed",
        f"{waiting.id}  queued     0/2",
    ]
    assert run("list", "--state", "done").splitlines()[0].startswith(done.id)
    assert len(run("list", "--limit", "1").splitlines()) == 1


def test_a_job_is_shown_as_the_interface_shows_it(jobs: Jobs) -> None:
    job = jobs.queued(["un"])
    assert json.loads(run("show", job.id))["items"]["total"] == 1


def test_results_are_written_from_an_offset(jobs: Jobs) -> None:
    job = jobs.queued(["un", "deux"])
    ChunkWorker(jobs.queue, FakePipeline().translate).work_on_next()
    (line,) = run("results", job.id, "--offset", "1").splitlines()
    assert json.loads(line)["text"] == "DEUX"


def test_a_job_is_cancelled_and_purged(jobs: Jobs) -> None:
    job = jobs.queued(["un"])
    assert "cancelled" in run("cancel", job.id)
    run("cancel", job.id, "--purge")
    with pytest.raises(NotFound):
        run("show", job.id)


def test_a_worker_without_a_broker_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAIS_BROKER_URL", raising=False)
    with pytest.raises(SettingsError, match="RELAIS_BROKER_URL"):
        CliRunner().invoke(worker_command, [], catch_exceptions=False)
