"""Take the pictures of the page that the documents show: `python -m tools.screenshots`.

A real server with the built-in models and the glossary, seen by Debian's Chromium.
"""

from __future__ import annotations

import shutil
import tempfile

from playwright.sync_api import Browser, Page, sync_playwright

from service.commands._server import Server
from service.config import PROJECT_DIR

DOCS = PROJECT_DIR / "docs"
STORY = PROJECT_DIR / "examples" / "01-fr-marseille-budget.txt"


def translated(page: Page) -> None:
    """The page after a story was translated, its first name put right explained."""
    page.goto("/")
    page.fill("#text", STORY.read_text("utf-8"))
    page.click("button[type=submit]")
    page.wait_for_selector(".rows")
    page.locator(".rows mark.changed").first.focus()
    page.locator("#result").evaluate("element => element.scrollIntoView()")


def entry(page: Page) -> None:
    """The page of an entry."""
    page.goto("/glossary/laurent-nunez")


def take(browser: Browser, url: str) -> None:
    """Every picture, into docs/."""
    for name, scheme, show in (
        ("page-translate", "light", translated),
        ("page-entry-dark", "dark", entry),
    ):
        context = browser.new_context(
            base_url=url,
            viewport={"width": 1120, "height": 620},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        page = context.new_page()
        show(page)
        page.screenshot(path=DOCS / f"{name}.png")
        context.close()


def main() -> None:
    """Start the server and the browser, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        places = {"RELAIS_DATA_DIR": folder, "RELAIS_PACKAGES_DIR": f"{folder}/packages"}
        with Server(places) as server:
            take(browser, server.url)
        browser.close()


if __name__ == "__main__":
    main()
