"""The page as a visitor meets it: without a script, in any language, with or without a key."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

TERMS = """# People of the tests
- id: franck-allisio
  name: Franck Allisio
  type: person
  ar: [فرانك أليسيو]
  context: [National Rally]
  examples:
    - in: Franck Alessio spoke.
      out: Franck Allisio spoke.
"""

RELAYED = (
    "Franck Alessio, the candidate of the National Rally, spoke first.\n\nAlessio left before noon."
)


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    folder = tmp_path / "glossary"
    (folder / "people").mkdir(parents=True)
    (folder / "people" / "france.yaml").write_text(TERMS, encoding="utf-8")
    return folder


def page_of(client: FlaskClient, path: str, **form: object) -> html.HtmlElement:
    response = client.post(path, data=form) if form else client.get(path)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    return html.fromstring(response.get_data(as_text=True))


def text_of(element: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", element.text_content())


def test_a_french_story_comes_back_in_english_beside_its_source(client: FlaskClient) -> None:
    page = page_of(client, "/", text="Le maire a salué la foule.\n\nIl a parlé de l'école.")
    rows = page.xpath('//div[contains(@class, "rows")]/div[not(contains(@class, "head"))]')
    assert [row[0].text_content() for row in rows] == [
        "Le maire a salué la foule.",
        "Il a parlé de l'école.",
    ]
    assert all(row[1].text_content().strip() for row in rows)
    assert "From French" in text_of(page)


def test_arabic_is_laid_out_from_right_to_left(client: FlaskClient) -> None:
    page = page_of(client, "/", text="وصل الوزير إلى مرسيليا يوم الخميس.")
    (source,) = page.xpath('//div[@class="src"][@lang="ar"]')
    assert source.get("dir") == "rtl"


def test_arabic_that_begins_with_a_latin_word_still_runs_from_right_to_left(
    client: FlaskClient,
) -> None:
    page = page_of(client, "/", text="BFM قالت القناة إن الوزير وصل إلى مرسيليا.", source="ar")
    assert page.xpath('//div[@class="src"][@lang="ar"]/@dir') == ["rtl"]


def test_a_name_that_the_glossary_knows_is_marked_in_the_source(client: FlaskClient) -> None:
    page = page_of(client, "/", text="وصل لوران نونيز إلى باريس يوم الخميس.")
    (mark,) = page.xpath('//div[@class="src"]/mark[span[@class="is"]="لوران نونيز"]')
    assert "Laurent Nuñez" in mark.xpath('string(span[@class="pop"])')
    assert mark.xpath(".//a/@href") == ["/glossary/laurent-nunez"]


def test_a_name_put_right_shows_what_stood_there_and_why(
    make_app: Callable[..., Flask], terms: Path, client: FlaskClient
) -> None:
    page = page_of(
        make_app(glossary_dir=terms).test_client(), "/glossary/franck-allisio", text=RELAYED
    )
    marks = page.xpath('//mark[@class="changed"]')
    assert [mark.xpath('string(span[@class="is"])') for mark in marks] == [
        "Franck Allisio",
        "Allisio",
    ]
    why = marks[0].xpath('string(span[@class="pop"]/span[1])')
    assert "Franck Alessio → Franck Allisio" in why
    assert "score" in why
    assert marks[0].get("tabindex") == "0", "reachable without a mouse"
    assert marks[0].get("aria-describedby") == marks[0].xpath(
        "string(span[@class='pop']/span[1]/@id)"
    )


def test_the_whole_text_is_there_to_copy_with_its_paragraphs(client: FlaskClient) -> None:
    text = "The mayor spoke first.\n\nHe left before noon."
    page = page_of(client, "/", text=text, source="en")
    (whole,) = page.xpath('//*[@id="whole"]')
    assert whole.text_content() == text


def test_markup_in_a_text_is_shown_and_not_run(client: FlaskClient) -> None:
    text = "The mayor <script>alert(1)</script> spoke to Mr <b>Smith</b>."
    page = page_of(client, "/", text=text, source="en")
    assert page.xpath('string(//*[@id="whole"])') == text
    assert len(page.xpath("//script")) == 1


def test_a_text_file_is_translated_too(client: FlaskClient) -> None:
    file = (io.BytesIO("Le maire a parlé.".encode()), "story.txt")
    page = page_of(client, "/", text="", file=file)
    assert page.xpath('string(//div[@class="src"][@lang="fr"])') == "Le maire a parlé."


def test_a_text_file_of_an_older_encoding_is_read_as_what_it_is(client: FlaskClient) -> None:
    text = "وصل الوزير إلى المدينة صباح اليوم، وقال إن المدارس الجديدة ستفتح أبوابها قريبا."
    file = (io.BytesIO(text.encode("windows-1256")), "story.txt")
    page = page_of(client, "/", text="", file=file)
    assert page.xpath('string(//textarea[@id="text"])').strip() == text


def test_a_document_comes_back_as_a_document_with_its_names_right(client: FlaskClient) -> None:
    story = "<html><body><h1>Activist Amin Kisasi</h1><p>He spoke in Marseille.</p></body></html>"
    file = (io.BytesIO(story.encode()), "story.html")
    response = client.post("/", data={"text": "", "source": "en", "file": file})
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment; filename=story.en.html"
    assert "Activist Amine Kessaci" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("photo.jpg", b"\xff\xd8\x00", 415, "Files ending in .jpg are not translated"),
        ("notes.txt", b"\x00\x01\x02\x9f", 400, "it is not text"),
        ("", b"", 400, "Paste a text first"),
    ],
)
def test_what_cannot_be_translated_is_refused_in_words(
    client: FlaskClient, name: str, content: bytes, status: int, words: str
) -> None:
    response = client.post("/", data={"text": " ", "file": (io.BytesIO(content), name)})
    assert response.status_code == status
    assert words in response.get_data(as_text=True)


def test_a_text_sent_with_a_wrong_key_is_not_lost(make_app: Callable[..., Flask]) -> None:
    client = make_app(api_keys="secret").test_client()
    response = client.post("/", data={"text": "Le maire a parlé.", "api_key": "wrong"})
    assert response.status_code == 403
    page = html.fromstring(response.get_data(as_text=True))
    assert page.xpath('string(//textarea[@id="text"])') == "Le maire a parlé."
    assert "not known here" in page.xpath('string(//*[@role="alert"])')


def test_a_text_too_large_to_be_read_is_refused_on_a_page(client: FlaskClient) -> None:
    response = client.post("/", data={"text": "x" * 25_000_000})
    assert response.status_code == 413
    assert response.mimetype == "text/html"
    assert "over the limit" in response.get_data(as_text=True)


def test_a_text_over_the_limit_is_refused_and_none_of_it_is_lost(client: FlaskClient) -> None:
    text = "Le maire a parlé. " * 3000
    response = client.post("/", data={"text": text})
    assert response.status_code == 413
    page = html.fromstring(response.get_data(as_text=True))
    assert page.xpath('string(//textarea[@id="text"])').strip() == text.strip()
    assert "at most 50,000" in text_of(page)


def test_what_was_pasted_is_still_there_when_something_is_wrong(bare: FlaskClient) -> None:
    response = bare.post("/", data={"text": "Le maire a parlé."})
    assert response.status_code == 503
    assert "Le maire a parlé." in response.get_data(as_text=True)
    assert "No translation package" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "by"),
    [
        ("alliSIO", ""),
        ("أليسيو", "فرانك أليسيو"),
        ("National", "National Rally"),
        ("Alessio", "sounds like it"),
        ("أليزيو", "sounds like it"),
    ],
)
def test_an_entry_is_found_in_both_scripts_and_by_sound(
    make_app: Callable[..., Flask], terms: Path, query: str, by: str
) -> None:
    page = page_of(make_app(glossary_dir=terms).test_client(), f"/glossary?q={query}")
    assert page.xpath("//tbody/tr/td[1]/a/text()") == ["Franck Allisio"]
    found_by = page.xpath("string(//tbody/tr/td[4])").strip()
    assert found_by == by


def test_an_unknown_name_can_be_proposed_from_the_search(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    page = page_of(client, "/glossary?q=Zzyzx")
    (link,) = page.xpath('//p[@class="notice"]/a/@href')
    form = page_of(client, link)
    assert form.xpath('string(//input[@name="name"]/@value)') == "Zzyzx"


def test_an_entry_page_shows_its_history_from_git(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    git = ["git", "-C", str(terms), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Add Franck Allisio"]):
        subprocess.run([*git, *arguments], check=True)
    page = page_of(make_app(glossary_dir=terms).test_client(), "/glossary/franck-allisio")
    assert "Add Franck Allisio" in text_of(page)
    assert "Ada" in text_of(page)


def test_history_stays_with_its_entry_while_lines_move_uncommitted(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    file = terms / "people" / "france.yaml"
    git = ["git", "-C", str(terms), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    other = "- id: amine-kessaci\n  name: Amine Kessaci\n  type: person\n"
    for text, subject in ((TERMS, "Add Franck Allisio"), (TERMS + other, "Add Amine Kessaci")):
        file.write_text(text, encoding="utf-8")
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", subject]):
            subprocess.run([*git, *arguments], check=True)
    file.write_text("# a line\n" * 9 + TERMS + other, encoding="utf-8")
    client = make_app(glossary_dir=terms).test_client()
    assert "Add Franck Allisio" not in text_of(page_of(client, "/glossary/amine-kessaci"))
    page = text_of(page_of(client, "/glossary/franck-allisio"))
    assert "Add Franck Allisio" in page
    assert "Add Amine Kessaci" not in page


def test_an_entry_is_tried_on_an_arabic_text(make_app: Callable[..., Flask], terms: Path) -> None:
    client = make_app(glossary_dir=terms).test_client()
    page = page_of(client, "/glossary/franck-allisio", text="وقال فرانك أليسيو إنه سيأتي.")
    (tried,) = page.xpath('//div[contains(@class, "tried")]')
    assert tried.get("dir") == "rtl"
    assert tried.xpath("string(mark/span[1])") == "فرانك أليسيو"


def test_trying_an_entry_tells_what_was_nearly_found(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    page = page_of(client, "/glossary/franck-allisio", text="A speech by Paul Alessio was heard.")
    assert "Paul Alessio was left alone; the nearest entries: Franck Allisio" in text_of(page)


def test_a_text_too_long_to_try_is_refused_in_words(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    answer = client.post("/glossary/franck-allisio", data={"text": "word " * 2000})
    assert answer.status_code == 413
    assert "try up to 5,000 here" in answer.get_data(as_text=True)


def test_an_entry_that_does_not_exist_is_a_page_that_says_so(client: FlaskClient) -> None:
    response = client.get("/glossary/nobody")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "no entry" in response.get_data(as_text=True)


PROPOSAL = {"name": "Amine Kessaci", "type": "person", "status": "proposed", "ar": "أمين قساسي"}


def test_a_proposal_is_shown_as_a_patch_and_changes_nothing(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    page = page_of(client, "/glossary-proposal", do="show", **PROPOSAL)
    patch = page.xpath("string(//pre)")
    assert "+- id: amine-kessaci" in patch
    assert "people/proposed.yaml" in patch
    assert not (terms / "people" / "proposed.yaml").exists()


def test_a_downloaded_correction_applies_with_git(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    correction = {
        "entry_id": "franck-allisio",
        "name": "Franck Allisio",
        "type": "person",
        "status": "reviewed",
        "ar": "فرانك أليسيو\nفرانك أليزيو",
        "context": "National Rally",
        "do": "download",
    }
    response = client.post("/glossary-proposal", data=correction)
    assert response.headers["Content-Disposition"] == 'attachment; filename="franck-allisio.patch"'
    subprocess.run(["git", "init", "-q"], cwd=terms, check=True)
    subprocess.run(["git", "apply"], cwd=terms, input=response.get_data(), check=True)
    after = (terms / "people" / "france.yaml").read_text(encoding="utf-8")
    assert "فرانك أليزيو" in after
    assert after.startswith("# People of the tests\n"), "comments stay"


def test_saving_needs_an_editors_key_and_is_then_in_force(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms, editor_keys="pencil").test_client()
    refused = client.post("/glossary-proposal", data={**PROPOSAL, "do": "save", "editor_key": "x"})
    assert refused.status_code == 403
    assert not (terms / "people" / "proposed.yaml").exists()
    page_of(client, "/glossary-proposal", do="save", editor_key="pencil", **PROPOSAL)
    assert "Amine Kessaci" in (terms / "people" / "proposed.yaml").read_text(encoding="utf-8")
    assert page_of(client, "/glossary/amine-kessaci").xpath("//h1/text()") == ["Amine Kessaci"]


def test_a_correction_of_an_entry_that_changed_meanwhile_is_not_saved(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    app = make_app(glossary_dir=terms, editor_keys="pencil")
    client = app.test_client()
    form = page_of(client, "/glossary-proposal?entry_id=franck-allisio")
    stamp = form.xpath('string(//input[@name="stamp"]/@value)')
    file = terms / "people" / "france.yaml"
    changed = TERMS.replace("[National Rally]", "[National Rally, Marseille]")
    file.write_text(changed, encoding="utf-8")
    app.extensions["relais"].glossaries.reload()
    correction = {
        **PROPOSAL,
        "entry_id": "franck-allisio",
        "name": "Franck Allisio",
        "stamp": stamp,
        "do": "save",
        "editor_key": "pencil",
    }
    answer = client.post("/glossary-proposal", data=correction)
    assert answer.status_code == 409
    assert "changed by someone else" in answer.get_data(as_text=True)
    assert file.read_text(encoding="utf-8") == changed


def test_a_wrong_editors_key_leaves_the_change_on_the_page(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms, editor_keys="pencil").test_client()
    answer = client.post("/glossary-proposal", data={**PROPOSAL, "do": "save", "editor_key": "x"})
    page = html.fromstring(answer.get_data(as_text=True))
    assert "+- id: amine-kessaci" in page.xpath("string(//pre)")


def test_a_proposal_tells_what_lint_would_say(make_app: Callable[..., Flask], terms: Path) -> None:
    client = make_app(glossary_dir=terms).test_client()
    page = page_of(client, "/glossary-proposal", do="show", **{**PROPOSAL, "variants": "Proof"})
    assert "'Proof' in 'variants' is an ordinary word" in text_of(page)


def test_nothing_is_saved_where_no_editor_key_is_configured(
    make_app: Callable[..., Flask], terms: Path
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    answer = client.post("/glossary-proposal", data={**PROPOSAL, "do": "save", "editor_key": ""})
    assert answer.status_code == 403


@pytest.mark.parametrize("change", [{"name": ""}, {"type": "ghost"}, {"status": "true"}])
def test_a_proposal_that_cannot_be_an_entry_is_refused_in_words(
    make_app: Callable[..., Flask], terms: Path, change: dict[str, str]
) -> None:
    client = make_app(glossary_dir=terms).test_client()
    answer = client.post("/glossary-proposal", data={**PROPOSAL, **change})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_a_form_from_another_site_is_refused(bare: FlaskClient) -> None:
    answer = bare.post(
        "/glossary-proposal", data=PROPOSAL, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_jobs_are_hidden_until_a_key_is_given_where_keys_are_asked_for(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(api_keys="secret").test_client()
    assert page_of(client, "/jobs").xpath('//input[@name="api_key"]')
    assert client.post("/jobs", data={"api_key": "wrong"}).status_code == 403
    shown = client.post("/jobs", data={"api_key": "secret"})
    assert html.fromstring(shown.get_data(as_text=True)).xpath("//h1/text()") == ["Jobs"]
    assert shown.headers["Cache-Control"] == "no-store", "the key stands in the page's forms"


def test_a_job_is_shown_with_its_progress(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    made = client.post(
        "/v1/jobs",
        data='{"id": "a", "text": "Le maire a parlé."}\n',
        headers={"Content-Type": "application/x-ndjson"},
    )
    identifier = made.get_json()["id"]
    assert identifier[:12] in text_of(page_of(client, "/jobs"))
    assert page_of(client, f"/jobs/{identifier}").xpath("//progress/@max")[0] == "1"


@pytest.mark.parametrize("path", ["/", "/glossary", "/glossary-proposal", "/jobs"])
def test_a_page_needs_no_other_host(bare: FlaskClient, path: str) -> None:
    response = bare.get(path)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    page = html.fromstring(response.get_data(as_text=True))
    for address in page.xpath("//link/@href | //script/@src | //img/@src"):
        assert address.startswith("/static/")
        assert bare.get(address).status_code == 200


def test_everything_is_reached_under_a_path_prefix(make_app: Callable[..., Flask]) -> None:
    client = make_app(url_prefix="/relais").test_client()
    page = page_of(client, "/relais/")
    for address in page.xpath("//a/@href | //link/@href | //form/@action"):
        assert address.startswith(("/relais/", "#"))
        assert client.get(address.split("#")[0] or "/relais/").status_code == 200
