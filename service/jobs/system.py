"""Everything that jobs need in one process, put together as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from service.config import Settings
from service.glossaries_db import GlossaryDatabase
from service.jobs.chunks import ChunkQueue
from service.jobs.database import Database
from service.jobs.records import GlossaryOf
from service.jobs.runner import Publisher, Runner
from service.jobs.store import Job, JobStore
from service.jobs.webhooks import WebhookSender
from service.jobs.work import ChunkWorker, Translate
from service.names.glossary import EMPTY, Glossary

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class JobSystem:
    """The job store, who works on it, and who tells callers of a job's end.

    Args:
        glossaries: those that callers made.
        glossary: one of them by its id, with the term files.
        runner: works on jobs in this process, or has Celery workers do so.
        worker: works on single chunks, for a Celery worker.
    """

    database: Database
    glossaries: GlossaryDatabase
    glossary: GlossaryOf
    store: JobStore
    queue: ChunkQueue
    webhooks: WebhookSender
    worker: ChunkWorker
    publisher: Publisher | None
    runner: Runner

    @classmethod
    def build(
        cls,
        settings: Settings,
        translate: Translate,
        *,
        ready: Callable[[], bool] = lambda: True,
        in_force: Callable[[], Glossary] = lambda: EMPTY,
    ) -> JobSystem:
        """Put together what the settings name; starts nothing and connects to nothing.

        Args:
            ready: whether texts can be translated now.
            in_force: the term files, to which a caller's own glossary is added.
        """
        database = Database(settings.job_database_url)
        glossaries = GlossaryDatabase(database)
        store = JobStore(database, chunk_items=settings.job_chunk_items)
        queue = ChunkQueue(database, lease_seconds=settings.job_lease_seconds)

        def glossary(identifier: str) -> Glossary:
            return glossaries.combined(None, [identifier], in_force())

        worker = ChunkWorker(queue, translate, glossary)
        webhooks = WebhookSender(
            settings.webhook_secret,
            job_to_json,
            allow_private=settings.webhook_private_addresses,
        )
        publisher = _publisher(settings, queue) if settings.broker_url else None
        days = settings.job_retention_days
        runner = Runner(
            store,
            None if publisher else worker,
            ready=ready,
            webhooks=webhooks,
            publisher=publisher,
            retention_seconds=days * SECONDS_A_DAY if days else None,
        )
        return cls(
            database, glossaries, glossary, store, queue, webhooks, worker, publisher, runner
        )

    def close(self, seconds: float = 60.0) -> None:
        """Finish the chunks underway, or give them back, and close the connections."""
        self.runner.stop(seconds)
        self.worker.give_back()
        self.database.close()


def _publisher(settings: Settings, queue: ChunkQueue) -> Publisher:
    from service.jobs import celery_app  # imported only where a broker is used: it is slow

    return celery_app.Publisher(celery_app.make_celery(settings), queue)


def job_to_json(job: Job) -> dict[str, object]:
    """A job as the interface shows it; times in ISO 8601, UTC."""
    value: dict[str, object] = {
        "id": job.id,
        "state": job.state,
        "items": {
            "total": job.total,
            "finished": job.succeeded + job.failed,
            "succeeded": job.succeeded,
            "failed": job.failed,
        },
        "rate": None if job.rate is None else round(job.rate, 3),
        "seconds_left": None if job.seconds_left is None else round(job.seconds_left, 1),
        "created": _iso(job.created),
        "started": _iso(job.started),
        "finished": _iso(job.finished),
        "options": job.options.to_json(),
        "problem": job.problem,
    }
    value["webhook"] = None
    if job.webhook_url is not None:
        value["webhook"] = {"url": job.webhook_url, "state": job.webhook_state or "waiting"}
    return value


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
