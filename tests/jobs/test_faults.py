"""A database that is locked or away, a disk that is full: a clear answer, and nothing lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from service.config import Settings
from service.engine import Engine
from service.errors import NotReady, Overloaded, ServiceError, StorageFull, StorageUnavailable
from service.jobs import schema
from service.jobs import work as work_module
from service.jobs.database import Database
from service.jobs.records import TextFormat
from service.jobs.runner import Runner
from service.jobs.work import ChunkWorker, translating
from service.names.glossary import GlossaryStore
from service.pipeline import Pipeline, Request, Translation
from tests.engine import tiny
from tests.engine.conftest import make_settings
from tests.jobs.app import app_with
from tests.jobs.conftest import DAY, Jobs, advance
from tests.jobs.fakes import RAISES, FakePipeline, translated
from tests.jobs.processes import wait_until
from tests.jobs.servers import Postgres


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives up on a lock soon, instead of after half a minute."""
    monkeypatch.setattr(schema, "BUSY_TIMEOUT", 0.1)


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A new folder on a disk of its own, of that size."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here (it takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of four megabytes."""
    with disk(tmp_path / "disk", 4) as folder:
        yield folder


@pytest.fixture
def postgres_on_small_disk(server_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL with little room on its disk."""
    with disk(server_folder / "disk", 96) as folder:
        (folder / "cluster").mkdir()
        server = Postgres(folder / "cluster")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def sqlite_jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}"))
    yield jobs
    jobs.database.close()


@contextmanager
def client_on(folder: Path, database_url: str = "") -> Iterator[FlaskClient]:
    """A client of the service with its data in `folder`."""
    app = app_with(FakePipeline(), Settings(data_dir=folder, database_url=database_url))
    yield app.test_client()
    app.extensions["relais"].jobs.close()


class HeldWorker(ChunkWorker):
    """Works on one chunk in a thread, and stays in the pipeline until `pipeline.go_on` is set."""

    def __init__(self, jobs: Jobs) -> None:
        self.pipeline = FakePipeline()
        self.pipeline.go_on.clear()
        super().__init__(jobs.queue, self.pipeline.translate)
        self.thread = threading.Thread(target=self.work_on_next)
        self.thread.start()
        self.pipeline.entered.wait(10)


def locked(url: str) -> sqlite3.Connection | psycopg.Connection:
    """A connection that keeps others from the jobs until it is closed."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        return connection
    server = psycopg.connect(url)
    server.execute("LOCK TABLE jobs")
    return server


def fill(folder: Path) -> Path:
    """A file that takes all the room there is left."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        return filler


def finished(jobs: Jobs, job: str) -> int:
    shown = jobs.store.get(job)
    return shown.succeeded + shown.failed


def lines_of(jobs: Jobs, job: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in jobs.lines(job)]


# Locked


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_a_503_that_passes(tmp_path: Path, database_url: str) -> None:
    with client_on(tmp_path, database_url) as client:
        assert client.post("/v1/jobs", json=["un"]).status_code == 201
        lock = locked(database_url)
        refused = client.post("/v1/jobs", json=["deux"])
        assert (refused.status_code, refused.json["code"]) == (503, "storage_unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        lock.close()
        assert client.post("/v1/jobs", json=["deux"]).status_code == 201


@pytest.mark.usefixtures("impatient")
def test_results_wait_for_a_locked_database_and_are_not_worked_out_again(
    jobs: Jobs, database_url: str
) -> None:
    job = jobs.queued(["un", "deux"])
    worker = HeldWorker(jobs)
    lock = locked(database_url)
    worker.pipeline.go_on.set()
    worker.thread.join(1.0)
    assert worker.thread.is_alive(), "the results were not written, and nobody waits to write them"
    lock.close()
    worker.thread.join(30)
    assert [line["text"] for line in lines_of(jobs, job.id)] == ["UN", "DEUX"]
    assert len(worker.pipeline.calls) == 1


@pytest.mark.usefixtures("impatient")
def test_the_runner_goes_on_when_the_database_comes_back(jobs: Jobs, database_url: str) -> None:
    job = jobs.queued([f"t{number}" for number in range(20)])
    lock = locked(database_url)
    runner = Runner(jobs.store, ChunkWorker(jobs.queue, FakePipeline().translate))
    runner.start()
    with pytest.raises(StorageUnavailable):
        jobs.store.create("", job.options)
    lock.close()
    wait_until(lambda: jobs.store.get(job.id).state == "done")
    runner.stop()
    assert [line["position"] for line in lines_of(jobs, job.id)] == list(range(20))


def test_a_database_server_that_is_away_is_said_to_be_away() -> None:
    database = Database("postgresql://relais@127.0.0.1:1/none")
    with pytest.raises(StorageUnavailable):
        Jobs(database).store.list_jobs()


# Full


def test_an_upload_for_which_there_is_no_room_is_refused_whole(small_disk: Path) -> None:
    with client_on(small_disk) as client:
        kept = client.post("/v1/jobs", json=["un"]).json["id"]
        refused = client.post("/v1/jobs", json=["x" * 1000] * 5000)
        assert (refused.status_code, refused.json["code"]) == (507, "storage_full")
        listed = {job["id"]: job["state"] for job in client.get("/v1/jobs").json["jobs"]}
    assert set(listed.values()) <= {"done", "receiving", "queued", "running"}
    assert kept in listed
    assert all(state == "receiving" for job, state in listed.items() if job != kept)


def test_results_wait_until_there_is_room_and_none_is_lost(small_disk: Path) -> None:
    assert_results_wait_for_room(small_disk, f"sqlite:///{small_disk / 'jobs.sqlite3'}")


def test_results_wait_until_there_is_room_for_postgresql(postgres_on_small_disk: Postgres) -> None:
    assert_results_wait_for_room(postgres_on_small_disk.folder, postgres_on_small_disk.dsn())


def assert_results_wait_for_room(folder: Path, url: str) -> None:
    jobs = Jobs(Database(url), chunk_items=10)
    texts = ["x" * 1000 + f" {number}" for number in range(200)]
    job = jobs.queued(texts)
    filler = fill(folder)
    runner = Runner(jobs.store, ChunkWorker(jobs.queue, FakePipeline().translate))
    runner.start()
    threading.Event().wait(2.0)
    assert jobs.store.get(job.id).state in ("queued", "running")
    filler.unlink()
    wait_until(lambda: jobs.store.get(job.id).state == "done")
    runner.stop()
    lines = lines_of(jobs, job.id)
    assert [line["position"] for line in lines] == list(range(200))
    assert [line["text"] for line in lines] == [translated(text) for text in texts]
    jobs.database.close()


def test_a_database_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    jobs = Jobs(database)
    jobs.store.list_jobs()

    @sa.event.listens_for(database._engine, "begin")
    def limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 20")

    with pytest.raises(StorageFull):
        jobs.queued(["x" * 100_000])
    database.close()


# A model that is damaged or removed


class Slowly:
    """A real engine on one tiny package, whose translations take a while."""

    def __init__(self, settings: Settings) -> None:
        self.engine = Engine(settings)
        self.engine.load()
        pipeline = Pipeline(settings, self.engine, GlossaryStore(settings.glossary_dir))
        self._translate = translating(lambda: pipeline, settings.max_item_chars)

    def __call__(
        self, requests: Sequence[Request], formats: Sequence[TextFormat]
    ) -> Sequence[Translation | ServiceError]:
        time.sleep(0.01 * len(requests))
        return self._translate(requests, formats)

    @contextmanager
    def at_work_on(self, jobs: Jobs) -> Iterator[None]:
        """Works on the jobs while the block runs; then it ends as a server does."""
        worker = ChunkWorker(jobs.queue, self)
        runner = Runner(jobs.store, worker, ready=lambda: self.engine.ready)
        runner.start()
        try:
            yield
        finally:
            runner.stop()
            self.engine.close()


def test_a_job_outlasts_a_model_that_is_removed_then_damaged_then_mended(
    sqlite_jobs: Jobs, tmp_path: Path
) -> None:
    jobs, settings = sqlite_jobs, make_settings(tmp_path)
    archive = tiny.package(settings.models_dir)
    whole = archive.read_bytes()
    texts = [f"Le ministre est à Marseille avec {number} personnes." for number in range(120)]
    job = jobs.queued(texts, source="fr")

    def done(least: int) -> bool:
        return finished(jobs, job.id) >= least

    model = Slowly(settings)
    with model.at_work_on(jobs):
        wait_until(lambda: done(12))
        for package in model.engine.packages():
            shutil.rmtree(package.path)
        archive.write_bytes(whole[: len(whole) // 2])
        wait_until(lambda: done(48))  # what is loaded goes on

    before = finished(jobs, job.id)
    assert before < len(texts), "the job ended before the server did"
    damaged = Slowly(settings)
    assert archive.stem in "".join(damaged.engine.problems)
    with damaged.at_work_on(jobs):
        threading.Event().wait(1.0)
        assert finished(jobs, job.id) == before
        assert jobs.store.get(job.id).state == "running"

    archive.write_bytes(whole)
    with Slowly(settings).at_work_on(jobs):
        wait_until(lambda: jobs.store.get(job.id).state == "done")
    lines = lines_of(jobs, job.id)
    assert [line["position"] for line in lines] == list(range(len(texts)))
    assert all(line["text"] and "error" not in line for line in lines)


# A clock that is set


def test_every_item_is_done_once_while_the_clock_is_set_back_and_forward(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(database, lease=0.6)
    texts = [f"t{number}" for number in range(160)]
    job = jobs.queued(texts)
    runners = [
        Runner(jobs.store, ChunkWorker(jobs.queue, FakePipeline(0.01).translate)) for _ in range(2)
    ]
    for runner in runners:
        runner.start()
    for number, seconds in enumerate((-DAY, 2 * DAY, -DAY), start=1):
        wait_until(lambda least=number * 30: finished(jobs, job.id) >= least)  # type: ignore[misc]
        assert finished(jobs, job.id) < len(texts), "the job ended before the clock was set"
        advance(monkeypatch, seconds)
    wait_until(lambda: jobs.store.get(job.id).state == "done")
    for runner in runners:
        runner.stop()
    lines = lines_of(jobs, job.id)
    assert [line["position"] for line in lines] == list(range(len(texts)))
    assert [line["text"] for line in lines] == [translated(text) for text in texts]


# No capacity, no models


@pytest.mark.parametrize("error", [Overloaded("Full."), NotReady("The models are loading.")])
def test_a_chunk_for_which_there_is_no_capacity_waits_uncounted_and_says_why(
    database: Database, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(database)
    job = jobs.queued(["un", "deux"])
    pipeline = FakePipeline(failures=[error] * 5)
    worker = ChunkWorker(jobs.queue, pipeline.translate)
    for _ in range(5):
        assert worker.work_on_next()
        assert jobs.store.get(job.id).problem == str(error)
        assert not worker.work_on_next()
        advance(monkeypatch, work_module.PAUSE + 1)
    assert worker.work_on_next()
    assert pipeline.calls == [["un", "deux"]] * 6
    assert jobs.store.get(job.id).problem is None


def test_the_runner_takes_no_chunk_before_the_models_are_ready(sqlite_jobs: Jobs) -> None:
    job = sqlite_jobs.queued(["un"])
    ready = threading.Event()
    asked = threading.Event()

    def is_ready() -> bool:
        asked.set()
        return ready.is_set()

    worker = ChunkWorker(sqlite_jobs.queue, FakePipeline().translate)
    runner = Runner(sqlite_jobs.store, worker, ready=is_ready)
    runner.start()
    asked.wait(10)
    assert sqlite_jobs.store.get(job.id).state == "queued"
    ready.set()
    wait_until(lambda: sqlite_jobs.store.get(job.id).state == "done")
    runner.stop()


# A worker that is told to stop


def test_a_stopped_worker_gives_back_what_is_underway(jobs: Jobs) -> None:
    job = jobs.queued(["un", "deux"])
    worker = HeldWorker(jobs)
    worker.give_back()
    other = jobs.queue.claim("other")
    assert other is not None
    assert (other.start, other.stop) == (0, 2)
    worker.pipeline.go_on.set()
    worker.thread.join(30)
    assert jobs.lines(job.id) == []


def test_a_lease_is_renewed_while_the_work_lasts(database: Database) -> None:
    jobs = Jobs(database, lease=0.6)
    job = jobs.queued(["un"])
    worker = HeldWorker(jobs)
    threading.Event().wait(1.5)
    assert jobs.queue.claim("other") is None
    worker.pipeline.go_on.set()
    worker.thread.join(30)
    assert jobs.store.get(job.id).state == "done"


def test_neither_texts_nor_messages_of_faults_are_shown(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs(database)
    job = jobs.queued([f"{RAISES} a private text"])
    worker = ChunkWorker(jobs.queue, FakePipeline().translate)
    worker.work_on_next()
    problem = jobs.store.get(job.id).problem or ""
    while worker.work_on_next():
        pass
    shown = problem + "".join(jobs.lines(job.id)) + "".join(capsys.readouterr())
    assert "RuntimeError" in problem
    assert "private text" not in shown
    assert "no one foresaw" not in shown
