"""Working on jobs on many machines: chunks as Celery tasks, the job table as the truth.

A task names a chunk and carries nothing else. Whoever gets it claims the chunk in the table, and
does nothing if someone else has it or it is done; so a task that comes twice, late, or to a worker
that dies on it does no harm, and a task that is lost is sent again: `Publisher.top_up` sends what
waits and has not been sent, or was sent and not begun for too long. It runs in every server and
every worker, so that even an emptied broker loses nothing.

Tasks are acknowledged late and taken one at a time. Should one run longer than the broker's
visibility timeout (Redis) or consumer timeout (RabbitMQ), it is delivered a second time and finds
its chunk taken. Workers use threads in one process, because every process would hold its own copy
of each model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import Celery
from celery.exceptions import OperationalError as CeleryError
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from service.config import Settings
from service.jobs.chunks import ChunkQueue
from service.jobs.work import STORAGE_ERRORS, patiently

if TYPE_CHECKING:
    from service.jobs.system import JobSystem

log = structlog.get_logger("service.jobs")

QUEUE: Final = "relais.chunks"
TASK: Final = "relais.chunk"
#: Most chunks on the broker that nobody has begun. It bounds how long a new job waits for its turn.
WINDOW: Final = 64
#: A chunk sent and not begun is sent again after one lease if the queue is empty, and after this
#: many leases if it is not.
PATIENT_LEASES: Final = 20
#: Seconds after which Redis gives an unacknowledged task to another worker, in leases.
VISIBILITY_LEASES: Final = 60


def make_celery(settings: Settings) -> Celery:
    """The Celery application; connects to nothing yet."""
    app = Celery("relais", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        enable_utc=True,
    )
    if settings.broker_url.startswith("redis"):
        app.conf.broker_transport_options = {
            "visibility_timeout": VISIBILITY_LEASES * max(60.0, settings.job_lease_seconds),
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "health_check_interval": 10,
        }
    else:
        app.conf.broker_transport_options = {"confirm_publish": True, "connect_timeout": 5}
    return app


class Publisher:
    """Puts chunks on the broker: never too many, and again those that were lost."""

    def __init__(self, app: Celery, queue: ChunkQueue) -> None:
        self._app = app
        self._queue = queue
        transport = app.connection_for_write()
        self._broker_errors: tuple[type[Exception], ...] = (
            OperationalError,
            CeleryError,
            OSError,
            *transport.connection_errors,
            *transport.channel_errors,
        )

    def top_up(self) -> None:
        """Send what waits, as far as there is room; a broker that is away is passed over.

        Raises:
            StorageFull, StorageUnavailable: the database cannot be used at present.
        """
        lease = self._queue.lease_seconds
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
                empty = self._waiting(connection) == 0
                chunks = self._queue.take_unsent(WINDOW, lease if empty else PATIENT_LEASES * lease)
                self._send(connection, chunks)
        except self._broker_errors as error:
            log.warning("broker_unavailable", exception=type(error).__qualname__)

    def _send(self, connection: Any, chunks: list[tuple[str, int]]) -> None:
        sent = 0
        try:
            for job, start in chunks:
                self._app.send_task(TASK, (job, start), connection=connection, retry=False)
                sent += 1
        finally:
            if sent < len(chunks):
                self._queue.unsend(chunks[sent:])

    def _waiting(self, connection: Any) -> int:
        """How many tasks the broker holds that no worker has taken; makes the queue if need be."""
        queue = self._app.amqp.queues[QUEUE].bind(connection.default_channel)
        queue.declare()
        return int(queue.queue_declare().message_count)


def install_worker(app: Celery, system: JobSystem) -> None:
    """Make `app` a worker application that works on the chunks of `system`."""
    publisher = Publisher(app, system.queue)

    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def chunk(job: str, start: int) -> None:
        patiently(lambda: system.worker.work_on_next(job, start))
        try:
            publisher.top_up()
        except STORAGE_ERRORS as error:
            log.warning("jobs_paused", code=error.code)

    def begin(**_: object) -> None:
        system.runner.start()

    worker_ready.connect(begin, weak=False)
