"""Files: the text is translated, the container and its notation stay."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from odf.opendocument import OpenDocumentText
from odf.style import Style
from odf.text import A, H, P, Span

from service.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType
from service.text.files import SUPPORTED, translate_file
from service.text.inline import Link, Segment, SegmentTranslator, Translated


def upper(segments: Sequence[Segment]) -> list[Translated]:
    return [Translated(segment.text.upper()) for segment in segments]


def same(segments: Sequence[Segment]) -> list[Translated]:
    return [Translated(segment.text) for segment in segments]


def seen(content: bytes, name: str) -> list[str]:
    """The texts that the translator is given."""
    found: list[str] = []

    def note(segments: Sequence[Segment]) -> list[Translated]:
        found.extend(segment.text for segment in segments)
        return same(segments)

    translate_file(content, name, note)
    return found


def text_of(content: str, name: str) -> str:
    return translate_file(content.encode(), name, upper).decode()


def test_the_ending_says_what_a_file_is() -> None:
    assert SUPPORTED == (".txt", ".html", ".htm", ".md", ".markdown", ".srt", ".docx", ".odt")
    with pytest.raises(UnsupportedMediaType, match=r"\.pdf"):
        translate_file(b"%PDF", "une.PDF", upper)
    with pytest.raises(UnsupportedMediaType):
        translate_file(b"", "sans-fin", upper)


def test_a_file_over_the_limit_is_refused_before_it_is_read_whole() -> None:
    with pytest.raises(RequestTooLarge):
        translate_file(io.BytesIO(b"mot " * 100), "x.txt", upper, max_bytes=100)


# Text


def test_blank_lines_and_line_ends_of_a_text_stay() -> None:
    assert text_of("\n un\r\ndeux\r\n\r\n\r\ntrois  \n", "a.txt") == (
        "\n UN\r\nDEUX\r\n\r\n\r\nTROIS  \n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_texts_unicode_encoding_and_mark_stay(encoding: str) -> None:
    content = "é et مرسيليا\n".encode(encoding)
    assert translate_file(content, "a.txt", upper).decode(encoding) == "É ET مرسيليا\n"
    assert translate_file(content, "a.txt", same) == content


def test_old_encodings_are_read_and_utf_8_is_written() -> None:
    text = "قال وزير الداخلية الفرنسي إن الوضع في مرسيليا تحت السيطرة.\n"
    assert translate_file(text.encode("cp1256"), "a.txt", same).decode() == text


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        translate_file(bytes(range(256)), "a.txt", upper)


# HTML


def test_a_page_is_written_in_the_encoding_that_it_declares() -> None:
    page = '<meta charset="iso-8859-1"><p>été</p>'.encode("latin-1")
    assert translate_file(page, "a.html", upper) == (
        '<meta charset="iso-8859-1"><p>ÉTÉ</p>'.encode("latin-1")
    )
    arabic = [Translated("دخل")]
    assert translate_file(page, "a.html", lambda segments: arabic).endswith(
        b"<p>&#1583;&#1582;&#1604;</p>"
    )


def test_a_pages_language_and_direction_become_the_targets() -> None:
    page = '<!doctype html><html dir="rtl" lang=ar class="x"><p dir="rtl">نص'
    assert translate_file(page.encode(), "a.html", same).decode() == (
        '<!doctype html><html dir="ltr" lang="en" class="x"><p dir="rtl">نص'
    )


# Markdown

MARKDOWN = """---
title: Le titre
---

# Un *grand* titre #

Un paragraphe sur
deux lignes avec `du code`, un [lien **fort**](http://x.fr/a(b) "bulle"),
une ![photo du maire](photo.png) et <b>une balise</b>.§
Nouvelle ligne \\*pas gras\\* &amp; fin <http://adresse.fr>.

> Citation sur
> deux lignes
>
> - un point
>   suite du point

1. premier
2. deuxième [réf][a] et [autre]

```python
print("ne pas toucher")
```

    code indenté

| Nom | Rôle \\| titre |
|-----|:-----:|
| Payan | maire de *Marseille* |

<div class="boîte">
<p>du texte</p>
</div>

Titre souligné
==============

[a]: http://a.fr 'titre'
[autre]: <http://b.fr>
""".replace("§", "  ")


def test_markdown_that_is_not_changed_stays_byte_for_byte() -> None:
    assert translate_file(MARKDOWN.encode(), "a.md", same).decode() == MARKDOWN
    windows = MARKDOWN.replace("\n", "\r\n").encode()
    assert translate_file(windows, "a.md", same) == windows


def test_markdown_keeps_its_notation() -> None:
    assert (
        text_of(MARKDOWN, "a.md")
        == """---
title: Le titre
---

# UN *GRAND* TITRE #

UN PARAGRAPHE SUR DEUX LIGNES AVEC `du code`, UN [LIEN **FORT**](http://x.fr/a(b) "bulle"), \
UNE ![PHOTO DU MAIRE](photo.png) ET <b>UNE BALISE</b>.§
NOUVELLE LIGNE \\*PAS GRAS\\* & FIN <http://adresse.fr>.

> CITATION SUR DEUX LIGNES
>
> - UN POINT SUITE DU POINT

1. PREMIER
2. DEUXIÈME [RÉF][a] ET [AUTRE]

```python
print("ne pas toucher")
```

    code indenté

| NOM | RÔLE \\| TITRE |
|-----|:-----:|
| PAYAN | MAIRE DE *MARSEILLE* |

<div class="boîte">
<p>DU TEXTE</p>
</div>

TITRE SOULIGNÉ
==============

[a]: http://a.fr 'titre'
[autre]: <http://b.fr>
""".replace("§", "  ")
    )


def test_markdown_footnotes_stay_behind_their_words() -> None:
    text = "Il est là.[^1] Il dort.\n\n[^1]: Une note.\n"
    assert seen(text.encode(), "a.md")[0] == "Il est là. Il dort."
    assert text_of(text, "a.md") == "IL EST LÀ.[^1] IL DORT.\n\n[^1]: UNE NOTE.\n"


@pytest.mark.parametrize(
    "said",
    [
        "# not a heading",
        "- not a list",
        "1. not a list",
        "> no quote",
        "*not strong*",
        "<b>no tag</b>",
        "a `tick",
        "[x](http://y)",
        "_no_",
        "&amp; text",
        "back\\slash",
        "=== no",
        "---",
        "~~no~~",
        "+ no",
        "a\n\nb",
    ],
)
def test_a_translation_can_add_no_notation(said: str) -> None:
    out = translate_file(b"bonjour\n", "a.md", lambda _: [Translated(said)]).decode()
    [paragraph] = [t for t in _parser().parse(out) if t.type == "inline"]
    assert {child.type for child in paragraph.children or []} == {"text"}
    assert "".join(c.content for c in paragraph.children or []) == " ".join(said.split("\n"))


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def skeleton(text: str) -> list[str]:
    """The notation of a document: its tokens without the words."""
    found = []
    for token in _parser().parse(text):
        if token.type in ("fence", "code_block"):
            found.append(token.content)
        found.append(token.type + token.markup)
        inline = [
            child.type
            + child.markup
            + str(child.attrs.get("href", ""))
            + str(child.attrs.get("src", ""))
            for child in token.children or []
            if child.type not in ("text", "softbreak")
        ]
        found.extend(sorted(inline))
    return found


MARKDOWN_PARTS = st.sampled_from(
    [
        "mot",
        "deux mots",
        " ",
        "\n",
        "\n\n",
        "*",
        "**",
        "`",
        "`code`",
        "[",
        "](u)",
        "![",
        "> ",
        "- ",
        "1. ",
        "# ",
        "    ",
        "```\n",
        "|",
        "\\",
        "&amp;",
        "<b>",
        "</b>",
        "<http://a.b>",
        "~~",
        "_",
        "  \n",
        "| a | b |\n|---|---|\n",
        "<!--",
        "-->",
        "[a]: http://x\n",
        "\t",
    ]
)


@given(st.lists(MARKDOWN_PARTS, max_size=25).map("".join))
def test_any_markdown_comes_back_when_nothing_changes(text: str) -> None:
    assert translate_file(text.encode(), "a.md", same).decode() == text


@given(
    st.lists(
        st.sampled_from(
            [
                "Un mot.\n\n",
                "Avec *accent* et **force**.\n\n",
                "- point `code`\n",
                "> dit [lien](u)\n",
                "Une\nsuite de\nlignes ~~ôtées~~ ici\n\n",
                "## Titre\n\n",
                "![photo](p.png) là\n\n",
                "| a | b |\n|---|---|\n| mot *x* | y |\n\n",
                "```\ncode\n```\n\n",
                "2. deux <b>gras</b>\n",
            ]
        ),
        max_size=6,
    ).map("".join)
)
def test_markdown_notation_is_the_same_after_translation(text: str) -> None:
    assert skeleton(text_of(text, "a.md")) == skeleton(text)


def test_hostile_markdown_is_survived() -> None:
    for text in (
        "[" * 5_000,
        "> " * 2_000 + "mot",
        "*a " * 5_000,
        "`" * 10_001,
        "- " * 1_000 + "x",
    ):
        assert translate_file(text.encode(), "a.md", same).decode() == text


# Subtitles

SUBTITLES = """1
00:00:01,000 --> 00:00:02,500
Le maire <i>Benoît Payan</i>
est arrivé à Marseille

3
00:00:03,000 --> 00:00:04,000 X1:10
{\\an8}- Bonjour.
- Salut & merci.

"""


def test_subtitles_keep_numbers_times_styles_and_lines() -> None:
    assert (
        text_of(SUBTITLES, "a.srt")
        == """1
00:00:01,000 --> 00:00:02,500
LE MAIRE <i>BENOÎT PAYAN</i>
EST ARRIVÉ À MARSEILLE

3
00:00:03,000 --> 00:00:04,000 X1:10
{\\an8}- BONJOUR.
- SALUT & MERCI.

"""
    )


def test_subtitles_that_do_not_change_stay_byte_for_byte() -> None:
    for content in (SUBTITLES, SUBTITLES.replace("\n", "\r\n"), SUBTITLES.rstrip("\n") + "\n"):
        assert translate_file(content.encode(), "a.srt", same) == content.encode()


def test_a_speakers_lines_are_translated_apart_and_a_sentence_as_one() -> None:
    assert seen(SUBTITLES.encode(), "a.srt") == [
        "Le maire Benoît Payan est arrivé à Marseille",
        "Bonjour.",
        "Salut & merci.",
    ]


def test_what_is_not_subtitles_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="SubRip"):
        translate_file(b"pas de sous-titres ici", "a.srt", upper)


# Word and OpenDocument


def word_document() -> bytes:
    document = docx.Document()
    document.add_heading("Le maire de Marseille", 1)
    paragraph = document.add_paragraph("Le ministre ")
    paragraph.add_run("Laurent Nuñez").bold = True
    paragraph.add_run(" a rencontré ")
    paragraph.add_run("Benoît ").italic = True
    paragraph.add_run("Payan").italic = True
    paragraph.add_run(" hier.")
    document.add_paragraph("Nom :\tPayan")
    document.add_table(1, 2).rows[0].cells[1].text = "une cellule"
    document.sections[0].header.paragraphs[0].text = "en-tête"
    return saved(document)


def saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def opened(content: bytes) -> Any:
    return docx.Document(io.BytesIO(content))


def runs(paragraph: Any) -> list[tuple[str, bool, bool]]:
    return [(run.text, bool(run.bold), bool(run.italic)) for run in paragraph.runs]


def by_table(table: dict[str, str]) -> SegmentTranslator:
    return lambda segments: [Translated(table.get(s.text, s.text)) for s in segments]


def test_a_word_document_is_read_as_a_reader_reads_it() -> None:
    assert seen(word_document(), "a.docx") == [
        "Le maire de Marseille",
        "Le ministre Laurent Nuñez a rencontré Benoît Payan hier.",
        "Nom :",
        "Payan",
        "une cellule",
        "en-tête",
    ]


def test_formatting_follows_its_words_in_word() -> None:
    translated = translate_file(
        word_document(),
        "a.docx",
        by_table(
            {
                "Le ministre Laurent Nuñez a rencontré Benoît Payan hier.": (
                    "Yesterday, Benoît Payan was met by Minister Laurent Nuñez."
                ),
                "Nom :": "Name:",
                "une cellule": "a cell",
                "en-tête": "header",
            }
        ),
    )
    document = opened(translated)
    assert runs(document.paragraphs[1]) == [
        ("Yesterday, ", False, False),
        ("Benoît Payan", False, True),
        (" was met by Minister ", False, False),
        ("Laurent Nuñez", True, False),
        (".", False, False),
    ]
    assert document.paragraphs[2].text == "Name:\tPayan"
    assert document.tables[0].rows[0].cells[1].text == "a cell"
    assert document.sections[0].header.paragraphs[0].text == "header"
    assert document.paragraphs[0].style.name == "Heading 1"


def test_what_is_not_text_in_a_word_document_stays_byte_for_byte() -> None:
    before, after = (
        zipfile.ZipFile(io.BytesIO(content))
        for content in (word_document(), translate_file(word_document(), "a.docx", upper))
    )
    assert before.namelist() == after.namelist()
    for name in before.namelist():
        if name not in ("word/document.xml", "word/header1.xml"):
            assert before.read(name) == after.read(name)


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word_paragraph(inner: str) -> bytes:
    """A Word document whose only paragraph holds `inner`."""
    document = docx.Document()
    body = document.element.body
    body.insert(0, etree.fromstring(f'<w:p xmlns:w="{W}" xmlns:r="urn:r">{inner}</w:p>'))
    return saved(document)


def paragraph_xml(content: bytes) -> str:
    element = opened(content).element.body[0]
    text = etree.tostring(element, encoding="unicode")
    return re.sub(r'\sxmlns:\w+="[^"]*"|^<w:p[^>]*>|</w:p>$', "", text)


LINK = (
    '<w:r><w:t xml:space="preserve">Voir le </w:t></w:r>'
    '<w:hyperlink w:anchor="x"><w:r><w:t>site</w:t></w:r></w:hyperlink>'
    '<w:r><w:t xml:space="preserve"> de Marseille</w:t></w:r>'
    '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>'
)


def test_links_and_notes_follow_their_words_in_word() -> None:
    source = "Voir le site de Marseille"
    out = "See Marseille's site"

    def linked(segments: Sequence[Segment]) -> list[Translated]:
        [segment] = segments
        assert segment.text == source
        return [Translated(out, links=(Link(8, 12, 16, 20), Link(16, 25, 4, 15)))]

    assert paragraph_xml(translate_file(word_paragraph(LINK), "a.docx", linked)) == (
        '<w:r><w:t xml:space="preserve">See Marseille\'s </w:t></w:r>'
        '<w:hyperlink w:anchor="x"><w:r><w:t>site</w:t></w:r></w:hyperlink>'
        '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
        '<w:footnoteReference w:id="2"/></w:r>'
    )


def test_a_fields_parts_stay_in_order_around_its_result() -> None:
    inner = (
        "<w:r><w:t>Page une de</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>NUM</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>douze</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    xml = paragraph_xml(translate_file(word_paragraph(inner), "a.docx", upper))
    assert re.findall(r'fldCharType="(\w+)"|<w:t[^>]*>([^<]*)|(NUM)', xml) == [
        ("", "PAGE UNE DE", ""),
        ("begin", "", ""),
        ("", "", "NUM"),
        ("separate", "", ""),
        ("", "DOUZE", ""),
        ("end", "", ""),
    ] or xml.index("begin") < xml.index("NUM") < xml.index("separate") < xml.index("end")


def test_deleted_text_stays_and_inserted_text_is_translated() -> None:
    inner = (
        "<w:r><w:t>Il est </w:t></w:r>"
        '<w:del w:id="1"><w:r><w:delText>absent</w:delText></w:r></w:del>'
        '<w:ins w:id="2"><w:r><w:t>présent</w:t></w:r></w:ins>'
    )
    xml = paragraph_xml(
        translate_file(word_paragraph(inner), "a.docx", by_table({"Il est présent": "He is here"}))
    )
    assert '<w:del w:id="1"><w:r><w:delText>absent</w:delText></w:r></w:del>' in xml
    assert '<w:ins w:id="2"><w:r><w:t>here</w:t></w:r></w:ins>' in xml


def test_arabic_paragraphs_turn_left_to_right_for_english() -> None:
    inner = "<w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>وصل الوزير</w:t></w:r>"
    english = by_table({"وصل الوزير": "The minister arrived"})
    xml = paragraph_xml(translate_file(word_paragraph(inner), "a.docx", english))
    assert "w:rtl" not in xml
    assert "w:bidi" not in xml
    kept = translate_file(word_paragraph(inner), "a.docx", english, target="fa")
    assert "w:bidi" in paragraph_xml(kept)


def open_document() -> bytes:
    document = OpenDocumentText()
    bold = Style(name="Gras", family="text")
    document.automaticstyles.addElement(bold)
    document.text.addElement(H(outlinelevel=1, text="Le maire"))
    paragraph = P(text="Le ministre ")
    paragraph.addElement(Span(stylename=bold, text="Laurent Nuñez"))
    paragraph.addText(" est à ")
    paragraph.addElement(A(href="http://m.fr", text="Marseille"))
    paragraph.addText(".")
    document.text.addElement(paragraph)
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def test_an_open_document_keeps_spans_and_links_on_their_words() -> None:
    translated = translate_file(
        open_document(),
        "a.odt",
        by_table(
            {
                "Le maire": "The mayor",
                "Le ministre Laurent Nuñez est à Marseille.": (
                    "In Marseille is Minister Laurent Nuñez."
                ),
            }
        ),
    )
    archive = zipfile.ZipFile(io.BytesIO(translated))
    assert archive.namelist()[0] == "mimetype"
    assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    content = archive.read("content.xml").decode()
    assert ">The mayor</text:h>" in content
    assert re.search(
        r'In <text:a [^>]*xlink:href="http://m.fr"[^>]*>Marseille</text:a> is Minister '
        r'<text:span text:style-name="Gras">Laurent Nuñez</text:span>\.</text:p>',
        content,
    )


# Hostile files


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


PARAGRAPH = f'<w:document xmlns:w="{W}"><w:p><w:r><w:t>mot</w:t></w:r></w:p></w:document>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{("&a%s;" % (n - 1 or "")) * 10}">' for n in range(1, 9))
    + "]>"
)
STEALING = '<!DOCTYPE x [<!ENTITY s SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        (
            {"word/document.xml": (LAUGHS + PARAGRAPH.replace("mot", "&a8;")).encode()},
            InvalidRequest,
        ),
        (
            {"word/document.xml": (STEALING + PARAGRAPH.replace("mot", "&s;")).encode()},
            InvalidRequest,
        ),
        ({"word/document.xml": PARAGRAPH.replace("mot", "&nosuch;").encode()}, InvalidRequest),
        ({"word/document.xml": ("<a>" * 10_000).encode()}, InvalidRequest),
        ({"word/document.xml": b"\xff\xfe\x00"}, InvalidRequest),
        ({"word/document.xml": PARAGRAPH.encode(), "../../etc/cron.d/x": b"x"}, InvalidRequest),
        ({"word/document.xml": PARAGRAPH.encode(), "/etc/x": b"x"}, InvalidRequest),
        ({"word/document.xml": PARAGRAPH.encode(), "..\\x": b"x"}, InvalidRequest),
        ({"autre.xml": b"<x/>"}, InvalidRequest),
        ({"word/document.xml": b" " * (33 * 1024 * 1024)}, RequestTooLarge),
        (
            {"word/document.xml": PARAGRAPH.encode(), "bomb": bytes(210 * 1024 * 1024)},
            RequestTooLarge,
        ),
        ({f"m{n}": b"" for n in range(5_001)}, RequestTooLarge),
    ],
    ids=[
        "laughs",
        "file-entity",
        "unknown-entity",
        "depth",
        "not-xml",
        "traversal",
        "absolute",
        "backslash",
        "no-part",
        "xml-bomb",
        "zip-bomb",
        "many-members",
    ],
)
def test_hostile_office_files_are_refused(
    members: dict[str, bytes], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        translate_file(zipped(members), "a.docx", upper)


def test_damaged_office_files_are_refused() -> None:
    good = word_document()
    for content in (b"", b"PK\x03\x04", good[: len(good) // 2], good[:-30], b"x" * 100):
        with pytest.raises(InvalidRequest):
            translate_file(content, "a.docx", upper)
    broken = bytearray(good)
    at = good.index(b"word/document.xml") + 60
    broken[at : at + 40] = bytes(40)
    with pytest.raises(InvalidRequest):
        translate_file(bytes(broken), "a.docx", upper)


def test_a_member_named_twice_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("word/document.xml", PARAGRAPH)
        archive.writestr("word/document.xml", PARAGRAPH)
    with pytest.raises(InvalidRequest, match="twice"):
        translate_file(stream.getvalue(), "a.docx", upper)
