"""Batches in a browser: progress while it happens, results when it is done."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from playwright.sync_api import expect

from service.commands._server import Server
from tests.web.conftest import Visit


def send(server: Server, texts: list[str]) -> str:
    lines = (json.dumps({"id": f"story-{n}", "text": text}) for n, text in enumerate(texts))
    request = urllib.request.Request(
        f"{server.url}/v1/jobs",
        "\n".join(lines).encode(),
        {"Content-Type": "application/x-ndjson"},
    )
    with urllib.request.urlopen(request) as answer:
        found: str = json.load(answer)["id"]
    return found


def test_a_job_is_followed_to_its_end_without_loading_the_page_again(
    visit: Visit, server: Server
) -> None:
    texts = [f"Le maire a parlé de {number} écoles et de la ville." for number in range(150)]
    texts[3] = "Activist Amin Kisasi spoke in Marseille on Monday about the schools of the city."
    job = send(server, [*texts, "Der Bürgermeister hat am Donnerstag über Schulen gesprochen."])
    page = visit("/jobs")
    page.get_by_role("link", name=job).click()
    page.evaluate("window.stays = true")

    expect(page.locator("#live .tag")).to_have_text("done", timeout=120_000)

    assert page.evaluate("window.stays")
    assert page.locator("progress").evaluate("bar => bar.value / bar.max") == 1
    expect(page.locator("#live .lead")).to_contain_text("151 of 151 · 1 failed")
    row = page.locator("tr", has_text="story-3").first
    expect(row).to_contain_text("Amin Kisasi → Amine Kessaci")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the results").click()
    lines = Path(waiting.value.path()).read_text("utf-8").splitlines()
    assert len(lines) == 151
    assert json.loads(lines[-1])["error"]["code"] == "unsupported_language"


def test_a_job_is_cancelled_without_a_script(visit: Visit, server: Server) -> None:
    job = send(server, [f"Le ministre a visité {n} villes et {n} écoles." for n in range(600)])
    page = visit(f"/jobs/{job}", java_script_enabled=False)

    page.get_by_role("button", name="Cancel the job").click()

    expect(page.locator("#live .tag")).to_have_text("cancelled")
