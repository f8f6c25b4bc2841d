"""DeepL's documents: `/v2/document` takes a file in, tells how far it is, and hands it out once.

The official client asks every five seconds after a document that is not done at its first
question, so that question waits a moment: a small file is done by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from flask import Response, jsonify, request

from service.app import services
from service.errors import InvalidRequest, RequestTooLarge
from service.http import deepl, deepl_glossaries
from service.http.clients import Parameters
from service.http.deepl_schemas import (
    DeeplDocumentHandle,
    DeeplDocumentKey,
    DeeplDocumentRequest,
    DeeplDocumentStatus,
    DeeplError,
)
from service.http.limits import owner
from service.http.openapi import FORMS, operation, path_parameter
from service.http.quota import Account
from service.http.schemas import Document
from service.text.files import MAX_FILE_BYTES, SUPPORTED

FACE = deepl_glossaries.FACE
"""DeepL's whole interface: the routes here are added to those of texts and glossaries."""

DOCUMENT: Final = path_parameter("document_id", "As the upload's answer gives it.")
#: Seconds for which the answer to a question is put off while the document is being worked on.
PATIENCE: Final = 3.0
PIECE_BYTES: Final = 64 * 1024


@deepl.blueprint.post("/v2/document")
@operation(
    "Upload a document",
    tag="DeepL",
    request=DeeplDocumentRequest,
    media_types=("multipart/form-data",),
    answers={200: (DeeplDocumentHandle,)},
    errors=(400, 403, 404, 413, 429, 456, 503, 507),
    error=DeeplError,
)
def upload_document() -> Response:
    """It is translated meanwhile, and kept for a day. Up to 100 are kept for each caller."""
    deepl.allow_files(request)
    own = services()
    given = Parameters(request)
    upload = request.files.get("file")
    if upload is None:
        raise InvalidRequest("Parameter 'file' not specified.", field="file")
    name = PurePath((given.text("filename") or upload.filename or "").replace("\\", "/")).name
    ending = PurePath(name).suffix.lower()
    if ending not in SUPPORTED:
        raise InvalidRequest(
            f"Documents of this type are not translated; these are: {', '.join(SUPPORTED)}.",
            field="file",
        )
    if (given.text("output_format") or ending[1:]).lower() != ending[1:]:
        raise InvalidRequest(
            "A document comes back in the format that it was sent in.", field="output_format"
        )
    own.require_models()
    Account.of_request(own.usage).check()
    order = deepl.order_of(own, given)
    content = upload.stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise RequestTooLarge(
            f"The document is larger than {MAX_FILE_BYTES:,} bytes.", field="file"
        )
    identifier, key = own.documents.take_in(owner(), name, content, order)
    return jsonify({"document_id": identifier, "document_key": key})


@deepl.blueprint.post("/v2/document/<document_id>")
@operation(
    "Ask how far a document is",
    tag="DeepL",
    request=DeeplDocumentKey,
    media_types=FORMS,
    answers={200: (DeeplDocumentStatus,)},
    errors=(400, 403, 404, 429, 503),
    error=DeeplError,
    parameters=(DOCUMENT,),
)
def document_status(document_id: str) -> Response:
    """The answer comes when the document is done, or after three seconds."""
    own = services()
    status = own.documents.status(owner(), document_id, _key(), wait=PATIENCE)
    members: dict[str, object] = {"document_id": document_id, "status": status.state}
    if status.state == "done":
        members["billed_characters"] = status.characters
    if status.state == "error":
        members["error_message"] = status.problem
    return jsonify(members)


@deepl.blueprint.post("/v2/document/<document_id>/result")
@operation(
    "Fetch a translated document",
    tag="DeepL",
    request=DeeplDocumentKey,
    media_types=FORMS,
    answers={200: (Document,)},
    errors=(400, 403, 404, 429, 503),
    error=DeeplError,
    media_type="application/octet-stream",
    parameters=(DOCUMENT,),
)
def document_result(document_id: str) -> Response:
    """Once only: it is deleted when all of it has been sent. 503 while it is not done."""
    own = services()
    name, content = own.documents.result(owner(), document_id, _key())
    characters = own.documents.status(owner(), document_id, _key()).characters
    Account.of_request(own.usage).charge(characters or 0)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), PIECE_BYTES):
            yield content[start : start + PIECE_BYTES]
        own.documents.forget(document_id)

    response = Response(pieces(), mimetype="application/octet-stream")
    response.content_length = len(content)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _key() -> str:
    key = Parameters(request).text("document_key")
    if not key:
        raise InvalidRequest("Parameter 'document_key' not specified.", field="document_key")
    return key
