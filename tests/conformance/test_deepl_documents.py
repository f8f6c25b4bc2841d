"""DeepL's documents, by its official client as installed from PyPI and by requests as it sends."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import deepl
import docx
import pytest
from deepl.api_data import DocumentStatus

from tests.conformance.conftest import Server

STORY = "# Un titre\n\nLe ministre est arrivé à Marseille.\n\nJean Martel l'a accueilli.\n"
WITHIN = 60


@pytest.fixture
def client(live_server: Server) -> deepl.DeepLClient:
    return deepl.DeepLClient("any-key", server_url=live_server.url)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_file_is_translated_from_path_to_path(client: deepl.DeepLClient, tmp_path: Path) -> None:
    source, target = tmp_path / "story.docx", tmp_path / "out.docx"
    document = docx.Document()
    document.add_heading("Le budget sera voté lundi.")
    document.add_paragraph("Le ministre est arrivé à Marseille.")
    document.save(str(source))

    status = client.translate_document_from_filepath(source, target, target_lang="EN-GB")

    assert status.done
    assert status.billed_characters == len("Le budget sera voté lundi.") + len(
        "Le ministre est arrivé à Marseille."
    )
    heading, paragraph = docx.Document(str(target)).paragraphs
    assert "budget" in heading.text
    assert heading.style.name == "Heading 1"
    assert "minister" in paragraph.text.lower()


def test_a_text_with_every_option(client: deepl.DeepLClient) -> None:
    glossary = client.create_glossary("papiers", "FR", "EN", {"Jean Martel": "John Hammer"})
    out = io.BytesIO()

    client.translate_document(
        STORY.encode(),
        out,
        filename="story.md",
        source_lang="FR",
        target_lang="EN-US",
        formality=deepl.Formality.PREFER_LESS,
        glossary=glossary,
    )

    text = out.getvalue().decode()
    assert text.startswith("# ")
    assert "John Hammer" in text
    client.delete_glossary(glossary)


def test_a_document_can_be_fetched_once(client: deepl.DeepLClient) -> None:
    handle = client.translate_document_upload(STORY.encode(), target_lang="EN-US", filename="a.md")
    status = client.translate_document_wait_until_done(handle)
    assert status.status is DocumentStatus.Status.DONE
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    assert b"Marseille" in out.getvalue()

    def is_gone() -> bool:
        try:
            client.translate_document_get_status(handle)
        except deepl.DeepLException as error:
            return error.http_status_code == 404
        return False

    until(is_gone)
    with pytest.raises(deepl.DeepLException, match="Not found"):
        client.translate_document_download(handle, io.BytesIO())


def test_what_cannot_be_translated_is_said(client: deepl.DeepLClient) -> None:
    def upload(**options: str) -> None:
        client.translate_document_upload(
            STORY.encode(), **{"target_lang": "EN-US", "filename": "a.md", **options}
        )

    for fault, words in [
        ({"filename": "a.exe"}, "type"),
        ({"target_lang": "DE"}, "target_lang"),
        ({"source_lang": "JA"}, "source_lang"),
        ({"output_format": "pdf"}, "format"),
        ({"formality": "more"}, "formality"),
        ({"source_lang": "FR", "glossary": "nonesuch"}, "glossary"),
    ]:
        with pytest.raises(deepl.DeepLException, match=words):
            upload(**fault)


def test_a_damaged_file_is_a_document_with_an_error(client: deepl.DeepLClient) -> None:
    with pytest.raises(deepl.DocumentTranslationException, match="Not an intact document"):
        client.translate_document(
            b"this is no archive", io.BytesIO(), filename="a.docx", target_lang="EN-US"
        )


def test_only_its_key_opens_a_document(live_server: Server) -> None:
    files = {"file": ("a.txt", b"Bonjour.")}
    handle = live_server.post("/v2/document", data={"target_lang": "EN"}, files=files).json()
    path = f"/v2/document/{handle['document_id']}"

    for wrong in ("0" * 64, handle["document_key"].lower(), "é\0"):
        for asked in (path, f"{path}/result"):
            answer = live_server.post(asked, json={"document_key": wrong})
            assert answer.status_code == 404, asked
            assert "message" in answer.json()
    assert live_server.post(path, json={}).status_code == 400
    form = live_server.post(path, data={"document_key": handle["document_key"]})
    assert form.json()["status"] in ("queued", "translating", "done")


def test_another_caller_cannot_see_it_even_with_its_key(
    live_server: Server, keyed_server: Server
) -> None:
    files = {"file": ("a.txt", b"Bonjour.")}
    handle = live_server.post("/v2/document", data={"target_lang": "EN"}, files=files).json()

    answer = keyed_server.post(
        f"/v2/document/{handle['document_id']}",
        json={"document_key": handle["document_key"]},
        headers={"Authorization": f"DeepL-Auth-Key {keyed_server.key}"},
    )
    assert answer.status_code == 404


def test_a_large_file_is_taken_and_one_that_is_too_large_is_refused(live_server: Server) -> None:
    for size, status in ((2 * 1024 * 1024, 200), (21 * 1024 * 1024, 413)):
        files = {"file": ("a.txt", b"\n" * size)}
        answer = live_server.post("/v2/document", data={"target_lang": "EN"}, files=files)
        assert answer.status_code == status
