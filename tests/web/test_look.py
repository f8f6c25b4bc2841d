"""What every page owes its readers: contrast, labels and order, in both themes, at any width."""

from __future__ import annotations

import json
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service.commands._server import Server
from tests.web.conftest import DESKTOP, PHONE, Visit

STORY = (
    "Franck Alessio, the candidate of the National Rally, spoke first.\n\n"
    "The sculptor Zoe Marshadier of Arles smiled. Alessio left before noon."
)
LONG_NAME = "Abd" + "el" * 60


def translated(page: Page) -> None:
    page.fill("#text", STORY)
    page.click("button[type=submit]")
    page.locator(".rows mark.suggested").focus()
    expect(page.locator(".rows mark.suggested .pop")).to_be_visible()


def translated_from_arabic(page: Page) -> None:
    page.fill("#text", "وصل لوران نونيز إلى مرسيليا يوم الخميس.\n\n" + "وتحدث " * 40)
    page.click("button[type=submit]")
    expect(page.locator(".rows")).to_be_visible()


def refused(page: Page) -> None:
    page.fill("#text", " ")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_be_visible()


def tried(page: Page) -> None:
    page.fill("#text", STORY)
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".tried")).to_be_visible()


def corrected(page: Page) -> None:
    page.fill("#context", LONG_NAME)
    page.get_by_role("button", name="Show the change").click()
    expect(page.locator(".patch")).to_be_visible()


def job_opened(page: Page) -> None:
    page.locator(".jobs a").first.click()
    expect(page.locator("#live")).to_be_visible()


def as_it_comes(page: Page) -> None:
    """Nothing more is done on the page."""


@pytest.fixture(scope="package")
def with_a_job(server: Server) -> None:
    line = json.dumps({"id": LONG_NAME, "text": "Activist Amin Kisasi spoke on Monday."})
    address, kind = f"{server.url}/v1/jobs", {"Content-Type": "application/x-ndjson"}
    urllib.request.urlopen(urllib.request.Request(address, line.encode(), kind)).close()


@pytest.mark.usefixtures("with_a_job")
@pytest.mark.parametrize(
    ("path", "done"),
    [
        ("/", as_it_comes),
        ("/", translated),
        ("/", translated_from_arabic),
        ("/", refused),
        ("/glossary?q=Benoit", as_it_comes),
        (f"/glossary?q={LONG_NAME}", as_it_comes),
        ("/glossary/laurent-nunez", tried),
        ("/glossary-proposal?entry_id=laurent-nunez", corrected),
        ("/jobs", as_it_comes),
        ("/jobs", job_opened),
        ("/glossary/nobody", as_it_comes),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_page_is_accessible_in_both_themes_and_fits_a_phone(
    visit: Visit, path: str, done: object
) -> None:
    page = visit(path)
    assert callable(done)
    done(page)
    axe = Axe()
    faults: list[str] = []
    for scheme, size in (("light", DESKTOP), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        result = axe.run(page)
        faults += [
            f"{scheme} {violation['id']}: {node['html'][:160]}"
            for violation in result.response["violations"]
            for node in violation["nodes"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{size['width']} px wide: {wide} px stick out")
    assert faults == []


RING = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
}"""


def test_what_has_the_focus_is_seen_to_have_it(visit: Visit) -> None:
    page = visit("/glossary/laurent-nunez")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
        assert page.evaluate(RING) >= 2, reached[-1]
    assert len(set(reached)) == len(reached)
