"""Large bodies: read from the connection piece by piece, never gathered in memory or in a file.

`Settings.max_batch_bytes` is their limit; Flask's own (`MAX_CONTENT_LENGTH`) is for small bodies,
and is passed by because the body is read from the server's stream directly.
"""

from __future__ import annotations

import hashlib
import socket
from contextlib import suppress
from typing import Any, Final, Literal, cast

from flask import Request
from pydantic import BaseModel, ConfigDict, Field

from service.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType
from service.http.openapi import Content
from service.http.schemas import BatchItem, LanguageCode
from service.jobs.records import READ_BYTES, Columns, Format, Options, TextFormat

#: Media types by the format that they declare.
MEDIA_TYPES: Final[dict[str, Format]] = {
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/jsonlines": "jsonl",
    "application/json": "json",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
}
TABS: Final = "text/tab-separated-values"
NDJSON: Final = "application/x-ndjson"

#: What is read and thrown away of a body that was refused, so that the refusal is received: a
#: connection closed on unread bytes is reset, and the answer is lost with it.
DRAIN_BYTES: Final = 64 * 1024 * 1024

UPLOAD_CONTENT: Final[Content] = {
    "application/x-ndjson": {"example": '{"id": "a1", "text": "Le maire a salué la foule."}\n'},
    "application/json": {
        "schema": {
            "anyOf": [
                {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            {"type": "string"},
                            BatchItem.model_json_schema(),
                            {"description": "Anything else is answered by an error in its place."},
                        ]
                    },
                },
                {"description": "With `input=jsonl` or `csv`, such a body."},
            ]
        },
        "example": [{"id": "a1", "text": "Le maire a salué la foule."}],
    },
    "text/csv": {"example": "id,text\na1,Le maire a salué la foule.\n"},
}


class UploadQuery(BaseModel):
    """The options of a batch or a job; they stand in the query string."""

    model_config = ConfigDict(extra="forbid")

    source: LanguageCode | Literal["auto"] | None = Field(
        None, description="Language of the texts; absent or `auto`: detected for each."
    )
    target: LanguageCode = Field("en", description="The language to translate to.")
    glossary: str = Field(
        "default",
        min_length=1,
        description="`none` leaves names as the model writes them; the id or name of a glossary "
        "adds its terms to the term files.",
    )
    explain: bool = Field(False, description="Add sentences and the text before normalisation.")
    format: TextFormat = Field("text", description="How the texts are written.")
    input: Literal["jsonl", "json", "csv"] | None = Field(
        None, description="How the body is written, whatever its Content-Type says."
    )
    text_column: str = Field("text", description="CSV: name of the column with the texts.")
    id_column: str | None = Field(None, description="CSV: name of the column with the ids.")
    source_column: str | None = Field(
        None, description="CSV: name of the column with the texts' languages."
    )
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="CSV: what stands between two columns."
    )

    def options(self) -> Options:
        """As the job code knows them."""
        source = None if self.source == "auto" else self.source
        return Options(source, self.target, self.glossary, self.explain, self.format)

    def columns(self, mimetype: str) -> Columns:
        """The CSV columns; those that the caller named must be there.

        Raises:
            InvalidRequest: the delimiter cannot be one.
        """
        delimiter = self.delimiter or ("\t" if mimetype == TABS else ",")
        if delimiter in '"\r\n' or (not delimiter.isprintable() and delimiter != "\t"):
            raise InvalidRequest("The delimiter cannot be used.", field="delimiter")
        named = tuple(name for name in (self.id_column, self.source_column) if name is not None)
        return Columns(
            text=self.text_column,
            id=self.id_column or "id",
            source=self.source_column or "source",
            delimiter=delimiter,
            required=named,
        )


def format_of(request: Request, declared: Format | None) -> Format:
    """How the body is written: as the query says, else as the Content-Type does.

    Raises:
        UnsupportedMediaType: neither says it, or the body is compressed or not in UTF-8.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body uncompressed.")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"Send the body in UTF-8, not in {charset[:40]}.")
    form = declared or MEDIA_TYPES.get(request.mimetype)
    if form is None:
        raise UnsupportedMediaType(
            f"The body was declared as {request.mimetype[:60] or 'nothing'}. Send JSON lines as "
            f"{NDJSON}, an array as application/json, CSV as text/csv, or say input=jsonl, json "
            "or csv in the query string."
        )
    return form


class Upload:
    """A request's body as a stream that counts, hashes and never reads past its end.

    Args:
        limit: most bytes that are taken.

    Raises:
        RequestTooLarge: more than that are announced.
    """

    def __init__(self, environ: dict[str, Any], limit: int) -> None:
        self._stream = environ["wsgi.input"]
        self._connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        self._limit = limit
        self._count = 0
        self._announced = _announced_length(environ)
        self._digest = hashlib.sha256()
        self._failed = False
        if self._announced is not None and self._announced > limit:
            raise self._too_large()

    @property
    def digest(self) -> str:
        """Of what was read so far, SHA-256 in hex."""
        return self._digest.hexdigest()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end.

        Raises:
            InvalidRequest: the connection ended before the body did.
            RequestTooLarge: more comes than is taken.
        """
        if self._announced is not None:
            size = min(size, self._announced - self._count)
        if size <= 0:
            return b""
        try:
            piece = cast(bytes, self._stream.read(size))
        except (OSError, ValueError) as error:
            self._failed = True
            raise InvalidRequest("The connection ended before the body did.") from error
        if not piece and self._announced is not None:
            self._failed = True
            raise InvalidRequest(
                f"The body ended after {self._count:,} of {self._announced:,} bytes."
            )
        self._count += len(piece)
        self._digest.update(piece)
        if self._count > self._limit:
            raise self._too_large()
        return piece

    def drain(self) -> None:
        """Read and forget the rest, within bounds, so that an answer is received."""
        budget = DRAIN_BYTES
        with suppress(OSError, ValueError):
            while budget > 0 and not self._failed:
                size = READ_BYTES
                if self._announced is not None:
                    size = min(size, self._announced - self._count)
                piece = self._stream.read(size) if size > 0 else b""
                if not piece:
                    return
                self._count += len(piece)
                budget -= len(piece)

    def interrupt(self) -> None:
        """Make a `read` that waits in another thread end."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RD)

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(
            f"The body is larger than the {self._limit:,} bytes taken in one batch. Split it."
        )


def _announced_length(environ: dict[str, Any]) -> int | None:
    """The length of the body; None where only its end will show it."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        if environ.get("wsgi.input_terminated"):
            return None
        raise InvalidRequest("This server does not take chunked bodies; announce the length.")
    try:
        return max(0, int(environ.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0
