"""Jobs as they are received, worked on, shown, cancelled and deleted: on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.errors import Conflict, InvalidRequest, NotFound, SettingsError
from service.jobs import chunks as chunks_module
from service.jobs import schema, webhooks
from service.jobs import store as store_module
from service.jobs.chunks import MAX_TRIES, ChunkQueue, Claim, Outcome
from service.jobs.database import Database
from service.jobs.records import Options
from service.jobs.store import JobStore
from service.jobs.work import ChunkWorker
from tests.jobs.conftest import DAY, Jobs, advance, records_of
from tests.jobs.fakes import RAISES, UNSUPPORTED, FakePipeline, translated


def outcomes_of(claim: Claim) -> list[Outcome]:
    return [
        Outcome(position, json.dumps({"position": position}), failed=False)
        for position in range(claim.start, claim.stop)
    ]


def claimed(queue: ChunkQueue) -> Claim:
    claim = queue.claim("test")
    assert claim is not None
    return claim


def drain(jobs: Jobs, pipeline: FakePipeline | None = None) -> None:
    worker = ChunkWorker(jobs.queue, (pipeline or FakePipeline()).translate)
    while worker.work_on_next():
        pass


# Receiving


def test_a_job_is_not_worked_on_before_all_of_it_has_arrived(jobs: Jobs) -> None:
    job, new = jobs.store.create("", Options())
    jobs.store.add(job.id, records_of(["a", "b"]))
    assert new
    assert jobs.store.get(job.id).state == "receiving"
    assert jobs.queue.claim("test") is None
    jobs.store.add(job.id, records_of(["c"], start=2))
    assert jobs.store.complete(job.id, "digest").state == "queued"
    assert claimed(jobs.queue).job == job.id


def test_a_job_without_items_is_refused(jobs: Jobs) -> None:
    job, _ = jobs.store.create("", Options())
    with pytest.raises(InvalidRequest, match="no item"):
        jobs.store.complete(job.id, "digest")


def test_an_upload_that_failed_leaves_nothing_behind(jobs: Jobs) -> None:
    job, _ = jobs.store.create("", Options())
    jobs.store.add(job.id, records_of(["a"]))
    jobs.store.discard(job.id)
    with pytest.raises(NotFound):
        jobs.store.get(job.id)
    with jobs.database.transaction() as connection:
        for table in (schema.items, schema.chunks):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_an_upload_that_was_cancelled_takes_no_more_items(jobs: Jobs) -> None:
    job, _ = jobs.store.create("", Options())
    jobs.store.cancel(job.id)
    with pytest.raises(Conflict):
        jobs.store.add(job.id, records_of(["a"]))


def test_an_upload_that_stopped_coming_is_given_up(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = jobs.store.create("", Options())
    assert jobs.store.forget_stale(None) == 0
    advance(monkeypatch, store_module.UPLOAD_IDLE + 1)
    assert jobs.store.forget_stale(None) == 1
    with pytest.raises(NotFound):
        jobs.store.get(job.id)


def test_the_same_idempotency_key_gives_the_same_job(jobs: Jobs) -> None:
    job, new = jobs.store.create("me", Options(), idempotency_key="k")
    jobs.store.add(job.id, records_of(["a"]))
    jobs.store.complete(job.id, "digest")
    again, new_again = jobs.store.create("me", Options(), idempotency_key="k")
    assert (new, new_again) == (True, False)
    assert (again.id, again.digest) == (job.id, "digest")


def test_an_idempotency_key_belongs_to_one_owner(jobs: Jobs) -> None:
    mine, _ = jobs.store.create("me", Options(), idempotency_key="k")
    other, new = jobs.store.create("you", Options(), idempotency_key="k")
    assert new
    assert mine.id != other.id


def test_a_second_upload_with_a_key_in_use_is_refused_until_the_first_falls_silent(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = jobs.store.create("", Options(), idempotency_key="k")
    with pytest.raises(Conflict, match=first.id):
        jobs.store.create("", Options(), idempotency_key="k")
    advance(monkeypatch, store_module.UPLOAD_SILENCE + 1)
    second, new = jobs.store.create("", Options(), idempotency_key="k")
    assert new
    assert second.id != first.id


def test_an_upload_begun_before_the_clock_was_set_back_may_begin_anew(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = jobs.store.create("", Options(), idempotency_key="k")
    advance(monkeypatch, -DAY)
    second, new = jobs.store.create("", Options(), idempotency_key="k")
    assert new
    assert second.id != first.id


# Working


def test_every_item_gets_its_result_in_order(jobs: Jobs) -> None:
    texts = [f"texte {number}" for number in range(11)]
    job = jobs.queued(texts)
    drain(jobs)
    lines = [json.loads(line) for line in jobs.lines(job.id)]
    assert [line["text"] for line in lines] == [translated(text) for text in texts]
    assert [line["id"] for line in lines] == [f"id-{number}" for number in range(11)]
    ended = jobs.store.get(job.id)
    assert (ended.state, ended.total, ended.succeeded, ended.failed) == ("done", 11, 11, 0)
    assert ended.finished is not None
    assert ended.rate is not None


def test_an_item_that_the_pipeline_refuses_is_an_error_line_and_harms_no_other(
    jobs: Jobs,
) -> None:
    job = jobs.queued(["a", UNSUPPORTED, "c"])
    drain(jobs)
    lines = [json.loads(line) for line in jobs.lines(job.id)]
    assert lines[1]["error"]["code"] == "unsupported_language"
    assert [line.get("text") for line in lines] == ["A", None, "C"]
    assert jobs.store.get(job.id).failed == 1


def test_two_workers_never_hold_the_same_chunk(jobs: Jobs) -> None:
    jobs.queued([f"t{number}" for number in range(12)])
    claims = [claimed(jobs.queue) for _ in range(3)]
    assert {(claim.start, claim.stop) for claim in claims} == {(0, 4), (4, 8), (8, 12)}
    assert jobs.queue.claim("test") is None


def test_many_threads_finish_every_chunk_exactly_once(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(120)])
    finished: list[tuple[int, int]] = []

    def work() -> None:
        while (claim := jobs.queue.claim("test")) is not None:
            if jobs.queue.finish(claim, outcomes_of(claim)):
                finished.append((claim.start, claim.stop))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(finished) == [(start, start + 4) for start in range(0, 120, 4)]
    assert [json.loads(line)["position"] for line in jobs.lines(job.id)] == list(range(120))
    assert jobs.store.get(job.id).state == "done"


def test_a_small_job_does_not_wait_for_a_large_one(jobs: Jobs) -> None:
    large = jobs.queued([f"t{number}" for number in range(40)])
    claimed(jobs.queue)
    small = jobs.queued(["one"])
    next_two = {claimed(jobs.queue).job, claimed(jobs.queue).job}
    assert next_two == {large.id, small.id}


def test_a_lease_that_is_renewed_is_not_taken_over(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.queued(["a"])
    claim = claimed(jobs.queue)
    advance(monkeypatch, jobs.queue.lease_seconds - 1)
    assert jobs.queue.renew(claim)
    advance(monkeypatch, 2)
    assert jobs.queue.claim("other") is None


def test_the_chunk_of_a_silent_worker_goes_to_another_and_its_late_results_are_refused(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["a"])
    late = claimed(jobs.queue)
    advance(monkeypatch, jobs.queue.lease_seconds + 1)
    prompt = claimed(jobs.queue)
    assert not jobs.queue.renew(late)
    assert not jobs.queue.finish(late, [Outcome(0, '"late"', failed=False)])
    assert jobs.queue.finish(prompt, [Outcome(0, '"prompt"', failed=False)])
    assert not jobs.queue.finish(late, [Outcome(0, '"late"', failed=False)])
    assert jobs.lines(job.id) == ['"prompt"']


def test_a_clock_that_is_set_back_does_not_lock_a_chunk_away(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.queued(["a"])
    claimed(jobs.queue)
    advance(monkeypatch, -DAY)
    assert claimed(jobs.queue).start == 0


def test_a_clock_that_is_set_back_does_not_prolong_a_pause(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.queued(["a"])
    jobs.queue.release(claimed(jobs.queue), failed=False, delay=chunks_module.LONGEST_DELAY)
    assert jobs.queue.claim("test") is None
    advance(monkeypatch, -DAY)
    assert claimed(jobs.queue).start == 0


def test_a_failed_chunk_comes_again_in_smaller_parts(database: Database) -> None:
    jobs = Jobs(database, chunk_items=64)
    jobs.queued([f"t{number}" for number in range(64)])
    whole = claimed(jobs.queue)
    jobs.queue.release(whole, failed=True)
    part = claimed(jobs.queue)
    assert (part.start, part.stop) == (0, 64 // chunks_module.FAN_OUT)
    starts = {claimed(jobs.queue).start for _ in range(chunks_module.FAN_OUT - 1)}
    assert starts == set(range(8, 64, 8))


def test_a_chunk_given_back_by_a_worker_that_stops_is_not_counted_as_failed(jobs: Jobs) -> None:
    jobs.queued(["a", "b"])
    for _ in range(MAX_TRIES + 1):
        claim = claimed(jobs.queue)
        assert (claim.start, claim.stop) == (0, 2)
        jobs.queue.release(claim, failed=False)


def test_an_item_that_fails_its_worker_is_set_aside_alone_after_three_tries(
    database: Database,
) -> None:
    jobs = Jobs(database, chunk_items=64)
    texts = [f"t{number}" for number in range(64)]
    texts[37] = RAISES
    job = jobs.queued(texts)
    pipeline = FakePipeline()
    drain(jobs, pipeline)
    lines = [json.loads(line) for line in jobs.lines(job.id)]
    assert [line["position"] for line in lines] == list(range(64))
    assert [line["position"] for line in lines if "error" in line] == [37]
    assert lines[37]["error"]["code"] == "set_aside"
    assert lines[37]["id"] == "id-37"
    assert pipeline.calls.count([RAISES]) == MAX_TRIES
    ended = jobs.store.get(job.id)
    assert (ended.state, ended.succeeded, ended.failed) == ("done", 63, 1)


def test_an_item_that_kills_its_worker_is_set_aside_since_tries_are_counted_beforehand(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["deadly"])
    for _ in range(MAX_TRIES):
        claimed(jobs.queue)  # and the worker dies: the chunk is neither finished nor released
        advance(monkeypatch, jobs.queue.lease_seconds + 1)
    assert jobs.queue.claim("test") is None
    assert json.loads(jobs.lines(job.id)[0])["error"]["code"] == "set_aside"
    assert jobs.store.get(job.id).state == "done"


# Results


def test_results_are_shown_as_far_as_they_go_without_a_gap(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(12)])
    first, second, third = (claimed(jobs.queue) for _ in range(3))
    jobs.queue.finish(second, outcomes_of(second))
    assert jobs.store.results(job.id)[0] == 0
    jobs.queue.finish(first, outcomes_of(first))
    stop, lines = jobs.store.results(job.id)
    assert (stop, len(list(lines))) == (8, 8)
    jobs.queue.finish(third, outcomes_of(third))
    stop, lines = jobs.store.results(job.id, offset=stop)
    assert [json.loads(line)["position"] for line in lines] == [8, 9, 10, 11]
    assert stop == 12


def test_results_can_be_taken_a_few_at_a_time(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(9)])
    drain(jobs)
    offset, seen = 0, []
    while offset < 9:
        offset, lines = jobs.store.results(job.id, offset=offset, limit=2)
        seen += [json.loads(line)["position"] for line in lines]
    assert seen == list(range(9))


def test_pages_of_results_join_without_a_gap(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PAGE", 3)
    job = jobs.queued([f"t{number}" for number in range(10)])
    drain(jobs)
    assert [json.loads(line)["position"] for line in jobs.lines(job.id)] == list(range(10))


def test_an_offset_beyond_the_end_gives_nothing(jobs: Jobs) -> None:
    job = jobs.queued(["a"])
    drain(jobs)
    stop, lines = jobs.store.results(job.id, offset=50)
    assert (stop, list(lines)) == (50, [])


# Ending


def test_a_cancelled_job_keeps_its_results_and_takes_no_more(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(12)])
    done, underway = claimed(jobs.queue), claimed(jobs.queue)
    jobs.queue.finish(done, outcomes_of(done))
    assert jobs.store.cancel(job.id).state == "cancelled"
    assert not jobs.queue.renew(underway)
    assert not jobs.queue.finish(underway, outcomes_of(underway))
    assert jobs.queue.claim("test") is None
    assert len(jobs.lines(job.id)) == 4


def test_cancelling_a_job_that_has_ended_changes_nothing(jobs: Jobs) -> None:
    job = jobs.queued(["a"])
    drain(jobs)
    assert jobs.store.cancel(job.id).state == "done"
    assert len(jobs.lines(job.id)) == 1


def test_a_purged_job_is_gone_with_all_its_texts(jobs: Jobs) -> None:
    job = jobs.queued(["secret"])
    other = jobs.queued(["kept"])
    drain(jobs)
    jobs.store.purge(job.id)
    with pytest.raises(NotFound):
        jobs.store.get(job.id)
    with jobs.database.transaction() as connection:
        for table in (schema.items, schema.chunks, schema.results):
            left = set(connection.scalars(sa.select(table.c.job)))
            assert left == {other.id}


def test_jobs_are_forgotten_after_their_time_and_not_before(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = jobs.queued(["a"])
    drain(jobs)
    waiting = jobs.queued(["b"])
    assert jobs.store.forget_stale(3600.0) == 0
    advance(monkeypatch, 3601.0)
    assert jobs.store.forget_stale(3600.0) == 1
    assert [job.id for job in jobs.store.list_jobs()] == [waiting.id]
    assert ended.id != waiting.id


# Showing


def test_jobs_are_listed_newest_first_in_pages(jobs: Jobs) -> None:
    made = [jobs.queued(["a"]).id for _ in range(5)]
    newest = jobs.store.list_jobs(limit=2)
    rest = jobs.store.list_jobs(limit=10, before=newest[-1].id)
    assert [job.id for job in (*newest, *rest)] == made[::-1]


def test_a_job_is_seen_by_its_owner_alone(jobs: Jobs) -> None:
    job = jobs.queued(["a"], owner="me")
    assert jobs.store.get(job.id, "me").id == job.id
    assert jobs.store.list_jobs("you") == []
    for attempt in (jobs.store.get, jobs.store.cancel, jobs.store.purge, jobs.store.results):
        with pytest.raises(NotFound):
            attempt(job.id, "you")


def test_the_time_left_follows_from_the_rate(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.queued([f"t{number}" for number in range(12)])
    claim = claimed(jobs.queue)
    assert jobs.store.get(job.id).seconds_left is None
    advance(monkeypatch, 8.0)
    jobs.queue.renew(claim)
    jobs.queue.finish(claim, outcomes_of(claim))
    shown = jobs.store.get(job.id)
    assert shown.rate == pytest.approx(4 / 8, rel=0.2)
    assert shown.seconds_left == pytest.approx(8 / (4 / 8), rel=0.2)


def test_no_rate_is_told_by_a_clock_that_was_set_back(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued([f"t{number}" for number in range(8)])
    for _ in range(2):
        claim = claimed(jobs.queue)
        advance(monkeypatch, -DAY)
        jobs.queue.finish(claim, outcomes_of(claim))
        shown = jobs.store.get(job.id)
        assert (shown.rate, shown.seconds_left) == (None, None)
    assert shown.state == "done"


# Sending chunks to a broker


def test_each_chunk_is_sent_once_and_no_more_than_there_is_room_for(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(20)])
    assert jobs.queue.take_unsent(3, 60.0) == [(job.id, 0), (job.id, 4), (job.id, 8)]
    assert jobs.queue.take_unsent(3, 60.0) == []
    jobs.queue.claim("test", job.id, 0)
    assert jobs.queue.take_unsent(3, 60.0) == [(job.id, 12)]


def test_what_was_sent_and_not_begun_is_sent_again_after_its_time(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["a"])
    jobs.queue.take_unsent(10, 60.0)
    advance(monkeypatch, 61.0)
    assert jobs.queue.take_unsent(10, 60.0) == [(job.id, 0)]


def test_a_chunk_whose_worker_died_is_sent_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["a"])
    jobs.queue.take_unsent(10, 600.0)
    jobs.queue.claim("test", job.id, 0)
    assert jobs.queue.take_unsent(10, 600.0) == []
    advance(monkeypatch, jobs.queue.lease_seconds + 1)
    assert jobs.queue.take_unsent(10, 600.0) == [(job.id, 0)]


def test_what_could_not_be_sent_is_free_to_be_sent(jobs: Jobs) -> None:
    job = jobs.queued(["a"])
    jobs.queue.unsend(jobs.queue.take_unsent(10, 60.0))
    assert jobs.queue.take_unsent(10, 60.0) == [(job.id, 0)]


def test_several_jobs_share_the_room_on_the_broker(jobs: Jobs) -> None:
    large = jobs.queued([f"t{number}" for number in range(80)])
    small = jobs.queued(["a"])
    sent = jobs.queue.take_unsent(6, 60.0)
    assert (small.id, 0) in sent
    assert sum(job == large.id for job, _ in sent) >= 3


def test_a_chunk_is_claimed_by_name_only_if_it_is_free(jobs: Jobs) -> None:
    job = jobs.queued([f"t{number}" for number in range(8)])
    claim = jobs.queue.claim("test", job.id, 4)
    assert claim is not None
    assert claim.start == 4
    assert jobs.queue.claim("test", job.id, 4) is None
    assert jobs.queue.claim("test", job.id, 5) is None


# Webhooks


def test_the_webhook_of_an_ended_job_is_due_to_one_taker(jobs: Jobs) -> None:
    job = jobs.queued(["a"], webhook="https://example.org/hook")
    assert jobs.store.take_webhook() is None
    drain(jobs)
    due = jobs.store.take_webhook()
    assert due is not None
    assert (due.id, due.state) == (job.id, "done")
    assert jobs.store.take_webhook() is None


def test_a_webhook_whose_deliverer_died_is_due_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["a"], webhook="https://example.org/hook")
    drain(jobs)
    jobs.store.take_webhook()
    advance(monkeypatch, store_module.WEBHOOK_LEASE + 1)
    due = jobs.store.take_webhook()
    assert due is not None
    assert due.id == job.id
    assert jobs.store.webhook_tries(job.id) == 2


def test_a_clock_that_is_set_back_does_not_hold_a_webhook_up(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.queued(["a"], webhook="https://example.org/hook")
    jobs.store.cancel(job.id)
    longest = webhooks.ROUND_PAUSE * 4 ** (webhooks.ROUNDS - 2)
    assert longest < store_module.LONGEST_WEBHOOK_DELAY
    jobs.store.note_webhook(job.id, "pending", delay=longest)
    assert jobs.store.take_webhook() is None
    advance(monkeypatch, -DAY)
    assert jobs.store.take_webhook() is not None


def test_a_delivered_webhook_is_not_due_again(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.queued(["a"], webhook="https://example.org/hook")
    jobs.store.cancel(job.id)
    assert jobs.store.take_webhook() is not None
    jobs.store.note_webhook(job.id, "delivered")
    advance(monkeypatch, 1e6)
    assert jobs.store.take_webhook() is None
    assert jobs.store.get(job.id).webhook_state == "delivered"


# The database


def test_the_tables_are_made_once_by_many_that_start_together(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(6)]
    stores = [JobStore(database) for database in databases]
    found: list[list[object]] = []
    threads = [
        threading.Thread(target=lambda store=store: found.append(list(store.list_jobs())))
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[]] * 6
    for database in databases:
        database.close()


def test_a_database_of_a_newer_service_is_refused(database_url: str) -> None:
    old = Database(database_url)
    with old.transaction() as connection:
        connection.execute(schema.about.insert().values(schema_version=999))
    old.close()
    newer = Database(database_url)
    with pytest.raises(SettingsError, match="newer version"):
        JobStore(newer).list_jobs()
    newer.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "oracle+oracledb://x", "http://x"])
def test_other_databases_are_refused_by_name_of_the_setting(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(url)
    assert caught.value.field == "RELAIS_DATABASE_URL"


def test_texts_of_every_kind_survive_storage(jobs: Jobs) -> None:
    texts = ["nul \x00 here", "سؤال؟", "🇫🇷 emoji", "\u2028\u2029", 'quote " and \\', "\r\n\t"]
    job = jobs.queued(texts)
    stored = jobs.queue.records(claimed(jobs.queue))
    assert [record.text for record in stored] == texts[:4]
    drain(jobs)
    assert job.total == len(texts)


def test_sqlite_files_are_made_in_folders_that_do_not_exist_yet(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'jobs.sqlite3'}")
    assert JobStore(database).list_jobs() == []
    database.close()
