"""Debian's Chromium before a real server, with the built-in models and a copy of the glossary."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from service.commands._server import Server
from service.config import PROJECT_DIR

EDITOR_KEY = "a-pencil"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

#: Who is only proposed is suggested, and left alone.
PROPOSED = """
- id: zoe-marchadier
  name: Zoé Marchadier
  type: person
  status: proposed
  ar: [زوي مارشادييه]
  context: [sculptor, Arles]
"""

expect.set_options(timeout=30_000)

Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def terms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The term files, in a git repository with one commit, and an entry that is only proposed."""
    folder = tmp_path_factory.mktemp("terms") / "glossary"
    shutil.copytree(PROJECT_DIR / "glossary", folder)
    (folder / "people" / "browser.yaml").write_text(PROPOSED, "utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=Ada Martin", "-c", "user.email=ada@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "The names of the spring"]):
        subprocess.run([*git, *command], check=True)
    return folder


@pytest.fixture(scope="package")
def server(terms: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("web")
    environment = {
        "RELAIS_DATA_DIR": str(folder / "data"),
        "RELAIS_PACKAGES_DIR": str(folder / "packages"),
        "RELAIS_GLOSSARY_DIR": str(terms),
        "RELAIS_EDITOR_KEYS": EDITOR_KEY,
        "RELAIS_GLOSSARY_POLL_SECONDS": "0.1",
    }
    with Server(environment) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "Debian's chromium is missing: run make system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """Opens a path in a browser of its own; options are those of Playwright's `new_context`.

    When the test ends, nothing may have been logged as an error, and nothing asked of another
    host.
    """
    problems: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # Chromium logs a page that itself comes with an error status; that is no fault.
        own = message.page is not None and message.location["url"] == message.page.url
        if message.type in ("error", "warning") and not own:
            problems.append(message.text)

    def ask(request: Request) -> None:
        if not request.url.startswith((server.url, "data:", "blob:" + server.url)):
            problems.append(f"asked of another host: {request.url}")

    def open_page(path: str, **options: object) -> Page:
        settings: dict[str, Any] = {"viewport": DESKTOP, "base_url": server.url, **options}
        context = browser.new_context(**settings)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", ask)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
