"""HTTP: every face under which the service is reached, and what all faces share.

A *face* is one interface as a caller sees it: a blueprint, the shape of its error answers, and
where its API keys stand (`face.Face`). To add one, write a module with a `FACE` and name it in
`faces()` below; `create_app` does the rest. Shared by all: `problems` (errors), `limits` (keys,
sizes, rates), `body` (JSON reading), `schemas` (pydantic models), `openapi` (the document made
from them), `observe` (request ids, access log, metrics).
"""

from __future__ import annotations

from service.http.face import Face


def faces() -> tuple[Face, ...]:
    """All faces, in the order in which they are registered. Add yours here."""
    from service.http import (
        batch,
        deepl_documents,
        glossary,
        jobs,
        libretranslate,
        native,
        ops,
        pages,
    )

    return (
        native.FACE,
        batch.FACE,
        jobs.FACE,
        glossary.FACE,
        ops.FACE,
        pages.FACE,
        libretranslate.FACE,
        deepl_documents.FACE,
    )
