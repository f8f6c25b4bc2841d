"""The first page in a browser: a story goes in, English with its names right comes out."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from service.commands._server import Server
from tests.web.conftest import PHONE, Visit

ARABIC = (
    "وصل وزير الداخلية لوران نونيز إلى مرسيليا يوم الخميس.\n\n"
    "BFM قالت القناة إن أمين قساسي التقى رئيس البلدية."
)
FRENCH = (
    "Le ministre Laurent Nuñez s'est rendu à Marseille jeudi. Il a salué la foule.\n\n"
    "Amine Kessaci a parlé de l'école."
)
RELAYED = (
    "Franck Alessio, the candidate of the National Rally, spoke first.\n\n"
    "The sculptor Zoe Marshadier of Arles smiled. Alessio left before noon."
)
RIGHTED = (
    "Franck Allisio, the candidate of the National Rally, spoke first.\n\n"
    "The sculptor Zoe Marshadier of Arles smiled. Allisio left before noon."
)


def translate(page: Page, text: str, source: str = "") -> None:
    page.fill("#text", text)
    if source:
        page.select_option("select[name=source]", source)
    page.click("button[type=submit]")
    expect(page.locator(".rows")).to_be_visible()


def drop(page: Page, name: str, content: bytes) -> None:
    """A file let go over the page, as a mouse does it."""
    files = page.evaluate_handle(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], name));
            return files;
        }""",
        [name, base64.b64encode(content).decode()],
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#text", kind, {"dataTransfer": files})


def note_of(mark: Locator) -> Locator:
    return mark.locator(".pop")


def changed(page: Page) -> Locator:
    return page.locator(".rows mark.changed")


def test_arabic_stands_from_right_to_left_beside_its_english(visit: Visit) -> None:
    page = visit("/")
    translate(page, ARABIC)

    sources = page.locator(".row .src[lang=ar]")
    expect(sources).to_have_count(2)
    for source in sources.all():
        assert source.evaluate("e => getComputedStyle(e).direction") == "rtl"
    english = page.locator(".row:not(.head) > div:last-child")
    assert all(text.strip() for text in english.all_inner_texts())
    assert english.first.evaluate("e => getComputedStyle(e).direction") == "ltr"
    # Both at one moment: the page may still be scrolling to the result.
    left, right = page.locator(".row:not(.head)").first.evaluate(
        "row => [...row.children].map(cell => cell.getBoundingClientRect())"
        ".map(box => ({x: box.x, y: box.y}))"
    )
    assert left["x"] < right["x"]
    assert abs(left["y"] - right["y"]) < 1
    expect(page.locator(".src mark.known .is").first).to_have_text("لوران نونيز")
    expect(page.locator(".result-head")).to_contain_text("From Arabic")


def test_french_comes_back_sentence_by_sentence_with_its_paragraphs(visit: Visit) -> None:
    page = visit("/")
    translate(page, FRENCH)

    expect(page.locator(".row .src[lang=fr][dir=ltr]")).to_have_count(3)
    expect(page.locator(".row.gap")).to_have_count(1)
    assert page.locator("#whole").inner_text().count("\n\n") == 1
    assert page.evaluate("location.hash") == "#result"


def test_a_name_put_right_says_why_to_the_mouse(visit: Visit) -> None:
    page = visit("/")
    translate(page, RELAYED)
    mark = changed(page).first
    expect(note_of(mark)).to_be_hidden()

    mark.hover()

    expect(note_of(mark)).to_contain_text("Franck Alessio → Franck Allisio")
    expect(note_of(mark)).to_contain_text("The glossary lists this wrong form", ignore_case=True)
    expect(note_of(mark)).to_contain_text(re.compile(r"score \d\.\d\d"))
    page.mouse.move(0, 0)
    expect(note_of(mark)).to_be_hidden()


def test_a_name_put_right_says_why_to_the_keyboard(visit: Visit) -> None:
    page = visit("/")
    translate(page, RELAYED)
    page.locator("#download").focus()

    page.keyboard.press("Tab")

    mark = changed(page).first
    expect(mark).to_be_focused()
    expect(note_of(mark)).to_be_visible()
    description = mark.get_attribute("aria-describedby")
    expect(page.locator(f"[id='{description}']")).to_contain_text("Franck Alessio")
    page.keyboard.press("Tab")
    expect(note_of(mark).get_by_role("link", name="Its entry")).to_be_focused()
    page.keyboard.press("Escape")
    expect(note_of(mark)).to_be_hidden()
    expect(mark).to_be_focused()


def test_a_suggestion_is_left_alone_until_it_is_accepted(visit: Visit) -> None:
    page = visit("/")
    translate(page, RELAYED)
    expect(page.locator("#whole")).to_have_text(RIGHTED)
    mark = page.locator("mark.suggested[data-name]")
    row = page.locator("tr", has_text="Zoe Marshadier")
    expect(row.locator(".did")).to_have_text("suggested")

    mark.hover()
    mark.get_by_role("button", name="Accept").click()

    expect(page.locator("#whole")).to_have_text(RIGHTED.replace("Zoe Marshadier", "Zoé Marchadier"))
    expect(row.locator(".did")).to_have_text("accepted")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#whole")).to_have_text(RIGHTED)


def test_a_change_can_be_put_back(visit: Visit) -> None:
    page = visit("/")
    translate(page, RELAYED)
    first = changed(page).first

    first.focus()
    first.get_by_role("button", name="Put back").click()

    expect(page.locator("#whole")).to_contain_text("Franck Alessio, the candidate")
    expect(page.locator("#whole")).to_contain_text("Allisio left before noon")


def test_a_sentence_to_look_at_again_is_flagged_in_words(visit: Visit) -> None:
    page = visit("/")
    long_sentence = "Le maire " + "et le ministre et la ville et l'école " * 60 + "ont parlé."
    translate(page, long_sentence)

    flag = page.locator(".rows mark.flag", has_text="long sentence")
    flag.focus()

    expect(note_of(flag)).to_contain_text("translated in parts")


def test_the_english_is_copied_and_downloaded(visit: Visit, server: Server) -> None:
    page = visit("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    translate(page, RELAYED)

    page.click("#copy")

    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == RIGHTED
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "english.txt"
    assert Path(waiting.value.path()).read_text("utf-8") == RIGHTED


def test_a_dropped_text_is_there_to_read_before_it_is_sent(visit: Visit) -> None:
    page = visit("/")

    drop(page, "story.txt", ARABIC.encode())

    expect(page.locator("#text")).to_have_value(ARABIC)
    page.click("button[type=submit]")
    expect(page.locator(".src[lang=ar]")).to_have_count(2)


def test_a_dropped_text_in_another_encoding_is_read_by_the_server(visit: Visit) -> None:
    page = visit("/")
    text = "وصل الوزير إلى المدينة صباح اليوم، وقال إن المدارس الجديدة ستفتح أبوابها قريبا."

    drop(page, "story.txt", text.encode("windows-1256"))
    page.click("button[type=submit]")

    expect(page.locator(".src[lang=ar]")).to_have_text(text)


def test_a_dropped_document_comes_back_as_a_document(visit: Visit) -> None:
    page = visit("/")
    page.select_option("select[name=source]", "en")

    drop(page, "story.html", b"<p>Activist <b>Amin Kisasi</b> spoke in Marseille.</p>")
    with page.expect_download() as waiting:
        page.click("button[type=submit]")

    assert waiting.value.suggested_filename == "story.en.html"
    assert "<b>Amine Kessaci</b>" in Path(waiting.value.path()).read_text("utf-8")


def test_an_error_stands_beside_the_text_that_was_sent(visit: Visit) -> None:
    page = visit("/")
    german = "Der Bürgermeister hat am Donnerstag in der Stadt über die neuen Schulen gesprochen."
    page.fill("#text", german)
    page.click("button[type=submit]")

    expect(page.get_by_role("alert")).to_contain_text("seems to be in 'de'")
    expect(page.locator("#text")).to_have_value(german)


def test_without_a_script_a_story_is_translated_and_every_note_is_read(visit: Visit) -> None:
    page = visit("/", java_script_enabled=False)
    translate(page, RELAYED)

    expect(page.locator("#whole")).to_have_text(RIGHTED)
    expect(page.locator("#copy")).to_be_hidden()
    mark = changed(page).first
    mark.focus()
    expect(note_of(mark)).to_be_visible()


def test_on_a_phone_a_note_lies_within_the_screen(visit: Visit) -> None:
    page = visit("/", viewport=PHONE, has_touch=True, is_mobile=True)
    translate(page, RELAYED)

    changed(page).last.tap()

    box = note_of(changed(page).last).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
