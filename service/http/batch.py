"""`/v1/translate/batch`: a batch of any size in, results out while the rest is worked on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from service.app import Services, services
from service.errors import InvalidRequest, ServiceError
from service.http.body import validate
from service.http.clients import own_options, resolving
from service.http.face import Face
from service.http.openapi import operation, query_parameters
from service.http.quota import Account
from service.http.schemas import BatchLine, FailedLine
from service.http.uploads import (
    NDJSON,
    UPLOAD_CONTENT,
    Upload,
    UploadQuery,
    format_of,
)
from service.jobs.chunks import Outcome
from service.jobs.records import Fault, Record, read_records
from service.jobs.stream import BatchStream
from service.jobs.work import translating

#: Sent while the next result is being worked on, lest a proxy takes the connection for dead. JSON
#: may begin with spaces, so the line that follows is what it was; an empty line would not be JSON.
SIGN_OF_LIFE: Final = " "

blueprint = Blueprint("batch", __name__, url_prefix="/v1")
FACE = Face(blueprint)


@blueprint.post("/translate/batch")
@operation(
    "Translate a batch of any size",
    tag="translate",
    body=UPLOAD_CONTENT,
    answers={200: (BatchLine, FailedLine)},
    errors=(400, 403, 404, 413, 415, 429, 503),
    media_type=NDJSON,
    parameters=query_parameters(UploadQuery),
)
def translate_batch() -> Response:
    """Send JSON lines, a JSON array or CSV with named columns. The answer is JSON lines, one for
    each item in order, sent while later items are still being read. A line that cannot be used is
    answered by an error line with its number. Should the batch become unreadable midway, the last
    line holds an `error` and `"fatal": true`. Read the answer while you send: the sending is
    slowed down to the speed of the work."""
    own = services()
    query = validate(UploadQuery, request.args.to_dict())
    options = own_options(own, query)
    form = format_of(request, query.input)
    columns = query.columns(request.mimetype)
    own.require_models()
    upload = Upload(request.environ, own.settings.max_batch_bytes)
    records = read_records(
        upload,
        form,
        max_chars=own.settings.max_item_chars,
        columns=columns,
        resolve=resolving(own),
    )
    stream = BatchStream(
        _begun(records, upload),
        options,
        Account.of_request(own.usage).metered(
            own.metrics.counted(translating(lambda: own.pipeline, own.settings.max_item_chars))
        ),
        spill_dir=own.settings.data_dir / "spill",
        interrupt=upload.interrupt,
        glossary=own.jobs.glossary,
    )
    return Response(
        _lines(own, stream, upload), content_type=NDJSON, headers={"X-Accel-Buffering": "no"}
    )


def _begun(records: Iterator[Record], upload: Upload) -> Iterator[Record]:
    """The records, of which the first has been read: what is wrong from the start is a 400.

    Raises:
        InvalidRequest: there is no record.
    """
    try:
        first = next(records, None)
        if first is None:
            raise InvalidRequest("There is no item in the body; send at least one.")
    except ServiceError:
        upload.drain()
        raise
    return itertools.chain([first], records)


def _lines(own: Services, stream: BatchStream, upload: Upload) -> Iterator[str]:
    try:
        for outcomes in stream:
            _count(own, outcomes)
            yield "".join(f"{outcome.line}\n" for outcome in outcomes) or SIGN_OF_LIFE
    except ServiceError as error:
        fatal = {"error": Fault.of(error).to_json(), "fatal": True}
        yield json.dumps(fatal, ensure_ascii=False) + "\n"
        upload.drain()


def _count(own: Services, outcomes: list[Outcome]) -> None:
    failed = sum(outcome.failed for outcome in outcomes)
    own.metrics.items.labels("batch", "", "error").inc(failed)
    own.metrics.items.labels("batch", "", "ok").inc(len(outcomes) - failed)
