"""`/v1/jobs`: batches that are stored first and worked on until they are done, come what may."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import structlog
from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel, ConfigDict, Field

from service.app import services
from service.errors import Conflict, InvalidRequest, ServiceError
from service.http.body import validate
from service.http.clients import own_options, resolving
from service.http.face import Face
from service.http.limits import owner
from service.http.observe import add_log_fields
from service.http.openapi import Content, operation, path_parameter, query_parameters
from service.http.quota import Account, Counted
from service.http.schemas import BatchLine, FailedLine, JobOut, JobsOut
from service.http.uploads import (
    NDJSON,
    UPLOAD_CONTENT,
    Upload,
    UploadQuery,
    format_of,
)
from service.jobs.records import Record, read_records
from service.jobs.store import Job
from service.jobs.system import JobSystem, job_to_json

log = structlog.get_logger("service.http")

#: Items are stored when this many have come, or this many characters, or after this many seconds.
STORE_ITEMS: Final = 512
STORE_CHARS: Final = 1_000_000
STORE_SECONDS: Final = 5.0


blueprint = Blueprint("jobs", __name__, url_prefix="/v1")
FACE = Face(blueprint)

IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
IDEMPOTENCY_PARAMETER: Final[Content] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same body, it gives the same job instead of a second one.",
    "schema": {"type": "string", "maxLength": 255},
}
JOB_PARAMETER: Final = path_parameter("job", "The job's id.")


class JobQuery(UploadQuery):
    """The options of a job."""

    webhook: str | None = Field(
        None, description="URL that is told of the job's end by a signed POST."
    )


class ListQuery(BaseModel):
    """Which jobs are listed."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["receiving", "queued", "running", "done", "cancelled"] | None = Field(
        None, description="Only jobs in this state."
    )
    limit: int = Field(50, ge=1, le=500, description="Most jobs in one answer.")
    before: str | None = Field(None, max_length=100, description="The `next` of the last answer.")


class ResultsQuery(BaseModel):
    """Which results are given."""

    model_config = ConfigDict(extra="forbid")

    offset: int = Field(0, ge=0, le=2**53, description="Position of the first result wanted.")
    limit: int | None = Field(None, ge=1, le=2**53, description="Most results wanted.")


class DeleteQuery(BaseModel):
    """How much is done away with."""

    model_config = ConfigDict(extra="forbid")

    purge: bool = Field(False, description="Also delete the job's texts and results.")


@blueprint.post("/jobs")
@operation(
    "Store a batch and have it worked on",
    tag="jobs",
    body=UPLOAD_CONTENT,
    answers={200: (JobOut,), 201: (JobOut,)},
    errors=(400, 403, 404, 409, 413, 415, 429, 503, 507),
    parameters=(*query_parameters(JobQuery), IDEMPOTENCY_PARAMETER),
)
def create_job() -> tuple[Response, int]:
    """The body is read as by `/v1/translate/batch`. Every item is stored before the answer is
    given; from then on the job survives any crash. With an `Idempotency-Key` that was used
    before, the answer is 200 and the earlier job, if options and body are the same."""
    own = services()
    query = validate(JobQuery, request.args.to_dict())
    options = own_options(own, query)
    form = format_of(request, query.input)
    columns = query.columns(request.mimetype)
    if query.webhook is not None:
        own.jobs.webhooks.check(query.webhook)
    upload = Upload(request.environ, own.settings.max_batch_bytes)
    job, new = own.jobs.store.create(
        owner(),
        options,
        idempotency_key=_idempotency_key(),
        webhook_url=query.webhook,
    )
    shape = query.model_dump_json() + form
    if not new:
        return _earlier(job, upload, shape)
    records = read_records(
        upload,
        form,
        max_chars=own.settings.max_item_chars,
        columns=columns,
        resolve=resolving(own),
    )
    account = Account.of_request(own.usage)
    counted = Counted(records, account)
    job = _receive(own.jobs, job, iter(counted), upload, shape)
    account.charge(counted.characters)
    own.jobs.runner.wake()
    add_log_fields(job=job.id, items=job.total)
    response = jsonify(job_to_json(job))
    response.headers["Location"] = url_for("jobs.show_job", job=job.id)
    return response, 201


def _receive(
    system: JobSystem, job: Job, records: Iterator[Record], upload: Upload, shape: str
) -> Job:
    """Store the records as they come; a job that cannot be stored whole is forgotten."""
    try:
        for some in _batches(records):
            system.store.add(job.id, some)
        return system.store.complete(job.id, _digest(upload, shape))
    except BaseException as error:
        try:
            system.store.discard(job.id)
        except ServiceError as unable:
            # It is never queued, and is forgotten when its upload is given up.
            log.warning("upload_not_discarded", job=job.id, code=unable.code)
        if isinstance(error, ServiceError):
            upload.drain()
        raise


def _batches(records: Iterator[Record]) -> Iterator[Sequence[Record]]:
    """The records in portions that are stored together."""
    some: list[Record] = []
    chars, since = 0, time.monotonic()
    for record in records:
        some.append(record)
        chars += len(record.text)
        late = time.monotonic() - since > STORE_SECONDS
        if len(some) >= STORE_ITEMS or chars >= STORE_CHARS or late:
            yield some
            some, chars, since = [], 0, time.monotonic()
    yield some


def _earlier(job: Job, upload: Upload, shape: str) -> tuple[Response, int]:
    """The answer to a repetition: the job made before, if this is the same upload."""
    while upload.read(1 << 20):
        pass
    if _digest(upload, shape) != job.digest:
        raise Conflict(
            f"This Idempotency-Key was used for {job.id}, with other options or another body. "
            "Take a new key for a new job."
        )
    response = jsonify(job_to_json(job))
    response.headers["Idempotent-Replayed"] = "true"
    return response, 200


def _digest(upload: Upload, shape: str) -> str:
    return hashlib.sha256(f"{upload.digest} {shape}".encode()).hexdigest()


@blueprint.get("/jobs")
@operation(
    "List jobs, newest first",
    tag="jobs",
    answers={200: (JobsOut,)},
    errors=(400, 403, 404, 429, 503),
    parameters=query_parameters(ListQuery),
)
def list_jobs() -> Response:
    """Only jobs made with the same API key are seen, where keys are asked for."""
    query = validate(ListQuery, request.args.to_dict())
    found = services().jobs.store.list_jobs(
        owner(), state=query.state, limit=query.limit + 1, before=query.before
    )
    page = found[: query.limit]
    following = page[-1].id if len(found) > query.limit else None
    return jsonify({"jobs": [job_to_json(job) for job in page], "next": following})


@blueprint.get("/jobs/<job>")
@operation(
    "Show a job",
    tag="jobs",
    answers={200: (JobOut,)},
    errors=(403, 404, 429, 503),
    parameters=(JOB_PARAMETER,),
)
def show_job(job: str) -> Response:
    """Its state, how many items are done, how fast it goes and how long it will take."""
    return jsonify(job_to_json(services().jobs.store.get(job, owner())))


@blueprint.get("/jobs/<job>/results")
@operation(
    "Read a job's results",
    tag="jobs",
    answers={200: (BatchLine, FailedLine)},
    errors=(400, 403, 404, 429, 503),
    media_type=NDJSON,
    parameters=(JOB_PARAMETER, *query_parameters(ResultsQuery)),
)
def job_results(job: str) -> Response:
    """JSON lines in order, one for each item, as far as they go without a gap; also while the job
    is running. Ask again with `offset` set to the answer's `X-Next-Offset` for what came since;
    after a broken connection, to the last `position` received plus one."""
    query = validate(ResultsQuery, request.args.to_dict())
    store = services().jobs.store
    state = store.get(job, owner()).state
    stop, lines = store.results(job, owner(), offset=query.offset, limit=query.limit)
    return Response(
        (f"{line}\n" for line in lines),
        content_type=NDJSON,
        headers={"X-Next-Offset": str(stop), "X-Job-State": state},
    )


@blueprint.delete("/jobs/<job>")
@operation(
    "Cancel a job",
    tag="jobs",
    answers={200: (JobOut,), 204: ()},
    errors=(400, 403, 404, 429, 503, 507),
    parameters=(JOB_PARAMETER, *query_parameters(DeleteQuery)),
)
def cancel_job(job: str) -> Response:
    """What is done stays and can be read; a job that has ended is left as it is. With `purge`,
    nothing of it is kept, and the answer is 204."""
    query = validate(DeleteQuery, request.args.to_dict())
    store = services().jobs.store
    if query.purge:
        store.purge(job, owner())
        return Response(status=204)
    return jsonify(job_to_json(store.cancel(job, owner())))


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequest(
            "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
            field="Idempotency-Key",
        )
    return key
