"""The glossary in a browser: found in two scripts and by sound, tried, corrected, saved."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import EDITOR_KEY, Visit


def names(page: Page) -> list[str]:
    return page.locator("table.names td:first-child a").all_inner_texts()


@pytest.mark.parametrize(
    ("query", "by"),
    [
        ("nunez", ""),
        ("لوران نونيز", "لوران نونيز"),
        ("Nounies", "sounds like it"),
        ("نونياز", "sounds like it"),
    ],
)
def test_a_name_is_found_in_both_scripts_and_by_its_sound(
    visit: Visit, query: str, by: str
) -> None:
    page = visit("/glossary")

    page.fill("#q", query)
    page.keyboard.press("Enter")

    row = page.locator("table.names tr", has_text="Laurent Nuñez")
    expect(row.locator("td").last).to_have_text(by)
    expect(page.locator("#q")).to_have_value(query)


def test_the_list_is_filtered_and_paged(visit: Visit) -> None:
    page = visit("/glossary")
    page.select_option("select[name=type]", "place")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("show all")).to_be_visible()
    first = names(page)
    assert set(page.locator("table.names td:nth-child(2)").all_inner_texts()) == {"place"}

    page.get_by_role("link", name="Next").click()

    expect(page.get_by_text("page 2 of")).to_be_visible()
    assert not set(first) & set(names(page))
    page.select_option("select[name=type]", "")
    page.select_option("select[name=status]", "proposed")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("table.names .tag").first).to_have_text("proposed")
    assert "Zoé Marchadier" in names(page)


def test_an_entry_shows_its_forms_its_examples_and_its_history(visit: Visit) -> None:
    page = visit("/glossary/laurent-nunez")

    arabic = page.locator(".forms li[lang=ar]").first
    expect(arabic).to_have_text("لوران نونيز")
    assert arabic.evaluate("e => getComputedStyle(e).direction") == "rtl"
    expect(page.locator("table[aria-labelledby=examples]")).to_contain_text("Laurent Nonier")
    history = page.locator("table[aria-labelledby=history]")
    expect(history).to_contain_text("The names of the spring")
    expect(history).to_contain_text("Ada Martin")


def test_an_entry_is_tried_on_an_english_and_on_an_arabic_text(visit: Visit) -> None:
    page = visit("/glossary/laurent-nunez")

    page.fill("#text", "Interior Minister Laurent Nonier met Jacques Barro.")
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".tried mark.changed .is")).to_have_text("Laurent Nuñez")
    expect(page.locator(".facts", has_text="Jacques Barro")).to_contain_text("was left alone")

    page.fill("#text", "قال لوران نونيز إنه سيأتي.")
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".tried[dir=rtl] mark.known .is")).to_have_text("لوران نونيز")


def test_a_correction_is_shown_and_downloaded_as_a_patch_that_git_applies(
    visit: Visit, terms: Path, tmp_path: Path
) -> None:
    page = visit("/glossary/martine-vassal")
    page.get_by_role("link", name="Propose a correction").click()
    page.locator("#ar").fill(page.locator("#ar").input_value() + "\nمارتين فاسالل")

    page.get_by_role("button", name="Show the change").click()

    expect(page.locator(".patch .add")).to_contain_text("مارتين فاسالل")
    expect(page.locator(".patch .cut")).to_have_count(1)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the patch").click()
    assert waiting.value.suggested_filename == "martine-vassal.patch"
    subprocess.run(["git", "clone", "-q", str(terms), str(tmp_path / "clone")], check=True)
    apply = ["git", "-C", str(tmp_path / "clone"), "apply", str(waiting.value.path())]
    subprocess.run(apply, check=True)
    changed = subprocess.run(
        ["git", "-C", str(tmp_path / "clone"), "diff", "--numstat"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert changed.stdout.split()[:2] == ["1", "1"]
    status = ["git", "-C", str(terms), "status", "--porcelain"]
    assert "vassal" not in subprocess.run(status, check=True, capture_output=True, text=True).stdout


def test_an_unknown_name_is_proposed_and_saved_with_an_editors_key(
    visit: Visit, terms: Path
) -> None:
    page = visit("/glossary?q=Qwertine+Vosgien")
    page.get_by_role("link", name="Propose this name").click()
    expect(page.locator("#name")).to_have_value("Qwertine Vosgien")
    page.fill("#ar", "كورتين فوجيان")
    page.get_by_role("button", name="Show the change").click()
    expect(page.locator(".patch")).to_contain_text("+- id: qwertine-vosgien")

    page.get_by_label("Editor's key").fill("not the key")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    assert not (terms / "people" / "proposed.yaml").exists()

    page.get_by_label("Editor's key").fill(EDITOR_KEY)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved in people/proposed.yaml")
    page.get_by_role("link", name="the entry").click()
    expect(page.locator("h1")).to_have_text("Qwertine Vosgien")
    assert "كورتين فوجيان" in (terms / "people" / "proposed.yaml").read_text("utf-8")


def test_a_broken_term_file_is_told_on_the_page_until_it_is_mended(
    visit: Visit, terms: Path
) -> None:
    page = visit("/glossary")
    version = page.locator("footer code").inner_text()
    broken = terms / "people" / "broken.yaml"
    broken.write_text("- id: broken\n  name: [\n", "utf-8")
    try:
        page.wait_for_timeout(200)
        page.goto("/")
        expect(page.get_by_role("alert")).to_contain_text("people/broken.yaml:")
        expect(page.locator("footer code")).to_have_text(version)
    finally:
        broken.unlink()
    page.wait_for_timeout(200)
    page.goto("/")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_a_script_a_name_is_found_and_proposed(visit: Visit) -> None:
    page = visit("/glossary?q=Marchadier", java_script_enabled=False)
    page.get_by_role("link", name="Zoé Marchadier").click()
    page.get_by_role("link", name="Propose a correction").click()
    page.fill("#context", "sculptor\nArles\nCamargue")
    page.get_by_role("button", name="Show the change").click()
    expect(page.locator(".patch .add")).to_contain_text("Camargue")
