"""The running service keeps what its OpenAPI document says, whatever it is sent.

Schemathesis makes requests from the document, good ones and bad ones, for every operation: the
native ones, LibreTranslate's and DeepL's, as JSON and as forms. A longer run by hand:

    schemathesis run http://localhost:8000/openapi.json --max-examples 1000 \
      --exclude-checks positive_data_acceptance
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from pydantic import TypeAdapter

from service.app import create_app
from service.config import Settings
from service.http.openapi import document
from service.http.schemas import BatchLine, FailedLine
from tests.conformance.conftest import Server, served

NDJSON = "application/x-ndjson"
LINE: TypeAdapter[BatchLine | FailedLine] = TypeAdapter(BatchLine | FailedLine)


@schemathesis.serializer(NDJSON, "text/csv")
def _as_it_is(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.deserializer("application/octet-stream", "text/tab-separated-values")
def _as_text(_context: object, response: schemathesis.Response) -> str:
    return response.content.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: what is sent here fills its tables."""
    yield from served(tmp_path_factory.mktemp("schemathesis"))


def described() -> schemathesis.BaseSchema:
    """The document, as every server gives it."""
    app = create_app(Settings())
    with app.test_request_context():
        description = document(app, server="")
    config = schemathesis.Config.from_dict(
        {
            "generation": {"max-examples": 4, "deterministic": True, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
            # That a language is not served, or a list of terms not tab-separated, is a 400 that
            # no schema can foretell.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )
    return schemathesis.openapi.from_dict(description, config=config)


@described().parametrize()
def test_every_answer_is_a_documented_one(case: schemathesis.Case, server: Server) -> None:
    response = case.call(base_url=server.url)

    case.validate_response(response)
    if response.headers.get("content-type") == [NDJSON]:
        for line in response.content.splitlines():
            LINE.validate_json(line)
