"""`kill -9` in the middle of a job: every item is in the results, and none is there twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from service.config import PROJECT_DIR
from service.jobs.chunks import MAX_TRIES
from tests.jobs.fakes import KILLS, translated
from tests.jobs.processes import CeleryWorker, Process, WebServer, wait_until
from tests.jobs.servers import Broker, Postgres, RabbitMQ, Redis

ITEMS = 400


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """Whatever is put into this list is killed at the end of the test."""
    started: list[Process] = []
    yield started
    for process in started:
        if process.alive:
            process.kill()


def settings(folder: Path, **more: str) -> dict[str, str]:
    return {
        "RELAIS_DATA_DIR": str(folder / "data"),
        "RELAIS_JOB_CHUNK_ITEMS": "8",
        "RELAIS_JOB_LEASE_SECONDS": "2",
        "RELAIS_TEST_SECONDS": "0.01",
        **more,
    }


@pytest.fixture
def server(tmp_path: Path, processes: list[Process]) -> WebServer:
    """A server that works on jobs itself."""
    server = WebServer(tmp_path, settings(tmp_path))
    processes.append(server)
    server.start()
    return server


def texts(count: int = ITEMS) -> list[str]:
    return [f"texte numéro {number}" for number in range(count)]


def assert_exactly_once(server: WebServer, job: str, sent: list[str]) -> None:
    """Every item has its one result, in its place, with its own translation."""
    lines = server.results(job)
    assert [line["position"] for line in lines] == list(range(len(sent)))
    assert [line["id"] for line in lines] == sent
    assert [line["text"] for line in lines] == [translated(text) for text in sent]
    counts = server.job(job)["items"]
    assert counts == {
        "total": len(sent),
        "finished": len(sent),
        "succeeded": len(sent),
        "failed": 0,
    }


# The embedded runner


def test_a_server_killed_three_times_loses_no_item_and_repeats_none(
    server: WebServer,
) -> None:
    job = server.submit(texts())
    for kill in range(1, 4):
        finished = server.wait_for(job, kill * ITEMS // 5)
        assert finished < ITEMS, "the job ended before it could be interrupted"
        server.kill()
        server.start()
    assert server.wait_for_end(job)["state"] == "done"
    assert_exactly_once(server, job, texts())


def test_results_read_before_and_after_a_kill_join_at_the_offset(
    server: WebServer,
) -> None:
    job = server.submit(texts(200))
    server.wait_for(job, 40)
    first = server.results(job)
    server.kill()
    server.start()
    server.wait_for_end(job)
    rest = server.results(job, offset=len(first))
    assert 0 < len(first) < 200
    assert [line["position"] for line in first + rest] == list(range(200))


def test_an_item_that_kills_the_server_each_time_is_set_aside_and_the_others_are_done(
    server: WebServer,
) -> None:
    sent = texts(24)
    sent[13] = KILLS
    job = server.submit(sent)

    def ended() -> bool:  # gunicorn replaces the worker that was killed; meanwhile nobody answers
        try:
            return bool(server.job(job)["state"] == "done")
        except (requests.RequestException, ValueError):
            return False

    wait_until(ended, server.log)
    lines = server.results(job)
    assert [line["position"] for line in lines] == list(range(24))
    assert [line["position"] for line in lines if "error" in line] == [13]
    assert lines[13]["error"]["code"] == "set_aside"
    assert server.log().count("SIGKILL") == 1 + MAX_TRIES


def test_an_upload_cut_off_by_a_kill_is_never_worked_on(
    server: WebServer,
) -> None:

    def body() -> Iterator[bytes]:
        for text in texts(1000):
            yield json.dumps({"text": text}).encode() + b"\n"
        server.kill()
        yield b'{"text": "never sent"}\n'

    with pytest.raises(requests.ConnectionError):
        requests.post(
            f"{server.url}/v1/jobs",
            data=body(),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=30,
        )
    server.start()
    listed = requests.get(f"{server.url}/v1/jobs", timeout=30).json()["jobs"]
    assert [job["state"] for job in listed] in ([], ["receiving"])
    assert [job["items"]["finished"] for job in listed] in ([], [0])


def test_a_server_told_to_stop_gives_its_chunk_back_uncounted(
    server: WebServer,
) -> None:
    job = server.submit(texts(200))
    server.wait_for(job, 20)
    assert server.terminate() == 0
    server.start()
    assert server.wait_for_end(job)["state"] == "done"
    assert_exactly_once(server, job, texts(200))


def test_a_server_told_to_stop_answers_the_batch_underway_in_full(server: WebServer) -> None:
    with requests.post(
        f"{server.url}/v1/translate/batch",
        data=b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts()),
        headers={"Content-Type": "application/x-ndjson"},
        stream=True,
        timeout=60,
    ) as response:
        lines = response.iter_lines()
        first = next(lines)
        os.kill(server.pid, signal.SIGTERM)
        answered = [json.loads(line) for line in (first, *lines) if line]
    assert [line["text"] for line in answered] == [translated(text) for text in texts()]
    assert server.wait() == 0


# Celery workers, with real brokers and a real PostgreSQL


class Cluster:
    """A web server, two workers, a broker and a database.

    Args:
        processes: those that the test's end kills; each that is started is added.
    """

    def __init__(
        self, folder: Path, postgres: Postgres, broker: Broker, processes: list[Process]
    ) -> None:
        self._folder, self._processes = folder, processes
        self._settings = settings(
            folder,
            RELAIS_DATABASE_URL=postgres.empty_database(),
            RELAIS_BROKER_URL=broker.url,
            RELAIS_TEST_SECONDS="0.02",
        )
        self.postgres, self.broker = postgres, broker
        self.web = self.add_web_server()
        self.workers = [CeleryWorker(folder, name, self._settings) for name in "ab"]
        for worker in self.workers:
            self._processes.append(worker)
            worker.start()

    def add_web_server(self) -> WebServer:
        web = WebServer(self._folder, self._settings)
        self._processes.append(web)
        web.start()
        return web

    def logs(self) -> str:
        return "".join(process.log() for process in self._processes)


@pytest.fixture
def cluster(
    tmp_path: Path, postgres: Postgres, redis_server: Redis, processes: list[Process]
) -> Cluster:
    return Cluster(tmp_path, postgres, redis_server, processes)


@pytest.fixture
def rabbitmq_cluster(
    tmp_path: Path, postgres: Postgres, rabbitmq: RabbitMQ, processes: list[Process]
) -> Cluster:
    return Cluster(tmp_path, postgres, rabbitmq, processes)


def kill_a_worker(cluster: Cluster) -> None:
    cluster.workers[0].kill()


def kill_both_workers_and_start_one(cluster: Cluster) -> None:
    for worker in cluster.workers:
        worker.kill()
    cluster.workers[1].start()


def flush_the_broker(cluster: Cluster) -> None:
    cluster.broker.flush()


def kill_the_broker(cluster: Cluster) -> None:
    cluster.broker.kill()
    cluster.broker.start()


def kill_the_database(cluster: Cluster) -> None:
    cluster.postgres.kill()
    cluster.postgres.start()


def kill_the_web_server(cluster: Cluster) -> None:
    cluster.web.kill()
    cluster.web.start()


def assert_exactly_once_in_spite_of(fault: Callable[[Cluster], None], cluster: Cluster) -> None:
    job = cluster.web.submit(texts())
    finished = cluster.web.wait_for(job, ITEMS // 5)
    assert finished < ITEMS, "the job ended before it could be interrupted"
    fault(cluster)

    def ended() -> bool:
        try:
            return bool(cluster.web.job(job).get("state") == "done")
        except (requests.RequestException, ValueError):
            return False

    wait_until(ended, cluster.logs)
    assert_exactly_once(cluster.web, job, texts())


@pytest.mark.parametrize(
    "fault",
    [
        kill_a_worker,
        kill_both_workers_and_start_one,
        flush_the_broker,
        kill_the_broker,
        kill_the_database,
        kill_the_web_server,
    ],
)
def test_every_item_is_done_exactly_once_in_spite_of(
    fault: Callable[[Cluster], None], cluster: Cluster
) -> None:
    assert_exactly_once_in_spite_of(fault, cluster)


@pytest.mark.parametrize("fault", [kill_a_worker, flush_the_broker, kill_the_broker])
def test_every_item_is_done_exactly_once_over_rabbitmq_in_spite_of(
    fault: Callable[[Cluster], None], rabbitmq_cluster: Cluster
) -> None:
    assert_exactly_once_in_spite_of(fault, rabbitmq_cluster)


def test_jobs_of_two_web_servers_are_done_once_and_read_at_either(cluster: Cluster) -> None:
    here, there = cluster.web, cluster.add_web_server()
    sent_here, sent_there = here.submit(texts(100)), there.submit(texts(100))
    for job, other in ((sent_here, there), (sent_there, here)):
        assert other.wait_for_end(job)["state"] == "done"
        assert_exactly_once(other, job, texts(100))


def test_a_broker_that_is_away_refuses_no_job(
    cluster: Cluster,
) -> None:
    cluster.broker.kill()
    job = cluster.web.submit(texts(40))
    cluster.broker.start()
    assert cluster.web.wait_for_end(job)["state"] == "done"
    assert_exactly_once(cluster.web, job, texts(40))


def test_an_item_that_kills_its_celery_worker_is_set_aside_and_the_others_are_done(
    cluster: Cluster,
) -> None:
    sent = texts(24)
    sent[13] = KILLS
    job = cluster.web.submit(sent)
    deaths = 0

    def ended() -> bool:
        nonlocal deaths
        for worker in cluster.workers:  # as an orchestrator does
            if not worker.alive:
                deaths += 1
                worker.start()
        return bool(cluster.web.job(job)["state"] == "done")

    wait_until(ended, cluster.logs)
    lines = cluster.web.results(job)
    assert [line["position"] for line in lines] == list(range(24))
    assert [line["position"] for line in lines if "error" in line] == [13]
    assert lines[13]["error"]["code"] == "set_aside"
    assert deaths == 1 + MAX_TRIES


def test_a_worker_answers_a_ping_and_ends_by_itself_when_told(
    cluster: Cluster,
) -> None:
    job = cluster.web.submit(texts(100))
    cluster.web.wait_for(job, 10)
    environment = {**os.environ, "RELAIS_BROKER_URL": cluster.broker.url}
    ping = [sys.executable, "-m", "service", "worker", "--ping", "--name"]
    answers = [
        subprocess.run([*ping, name], env=environment, cwd=PROJECT_DIR).returncode
        for name in ("a", "nobody")
    ]
    assert answers == [0, 1]
    assert cluster.workers[0].terminate() == 0
    assert cluster.web.wait_for_end(job)["state"] == "done"
    assert_exactly_once(cluster.web, job, texts(100))
