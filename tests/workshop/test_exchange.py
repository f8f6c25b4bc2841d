"""Formats of other tools: what is written reads back, and what others write is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from service.config import PROJECT_DIR
from service.errors import GlossaryError, InvalidRequest
from service.names.glossary import load_glossary
from service.names.workshop.exchange import FORMATS, Record, format_of, record_of
from service.names.workshop.exchange.common import Options, join, split
from service.names.workshop.termfiles import KEY_ORDER

FULL: Record = {
    "id": "laurent-nunez",
    "name": "Laurent Nuñez",
    "type": "person",
    "status": "proposed",
    "ar": ["لوران نونيز", "لوران نونيس"],
    "fr": ["L. Nuñez"],
    "variants": ["Laurent Nonier", "a | b", "back\\slash"],
    "keep": ["Laurent Nunes"],
    "context": ["Interior Minister", "police, Paris"],
    "gender": "m",
    "since": "2026-11-28",
    "source": "https://fr.wikipedia.org/wiki/Laurent_Nu%C3%B1ez?a=1&b=2",
    "style": "accents",
    "notes": 'Said "<Nou-niez>" & not otherwise.',
    "examples": [{"in": "Laurent Nonier spoke.", "out": "Laurent Nuñez spoke."}],
}
LOSSLESS = [item for item in FORMATS.values() if item.holds == KEY_ORDER]


@pytest.fixture(scope="module")
def shipped() -> list[Record]:
    return [record_of(entry) for entry in load_glossary(PROJECT_DIR / "glossary").entries]


def test_every_format_but_omegat_holds_everything() -> None:
    assert {item.name for item in FORMATS.values()} - {item.name for item in LOSSLESS} == {"omegat"}


@pytest.mark.parametrize("item", LOSSLESS, ids=lambda item: item.name)
def test_the_shipped_glossary_makes_the_round_trip(item, shipped: list[Record]) -> None:
    assert item.read(item.write(shipped, Options()), Options()) == shipped


@pytest.mark.parametrize("item", LOSSLESS, ids=lambda item: item.name)
def test_every_field_makes_the_round_trip(item) -> None:
    assert item.read(item.write([FULL], Options()), Options()) == [FULL]


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_omegat_holds_one_language(language: str) -> None:
    item = FORMATS["omegat"]
    options = Options(language=language)

    (record,) = item.read(item.write([FULL], options), options)

    assert record == {
        key: FULL[key] for key in ("name", "type", "notes", language) if key in FULL
    } | {"type": "person"}


def test_omegat_leaves_out_what_has_no_form_in_the_language() -> None:
    record = {"name": "Lille", "type": "place"}

    assert FORMATS["omegat"].write([record], Options(language="ar")).count("\n") == 1
    assert "Lille\tLille\tplace\n" in FORMATS["omegat"].write([record], Options(language="fr"))


VALUES = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12),
    min_size=1,
    max_size=4,
)


@given(VALUES)
@settings(max_examples=200)
def test_values_in_one_cell_are_told_apart(values: list[str]) -> None:
    assert split(join(values)) == values


@pytest.mark.parametrize("item", LOSSLESS, ids=lambda item: item.name)
@given(forms=VALUES)
@settings(max_examples=30)
def test_any_form_makes_the_round_trip(item, forms: list[str]) -> None:
    record = {"id": "x", "name": "Xavier Niel", "type": "person", "variants": forms}

    assert item.read(item.write([record], Options()), Options()) == [record]


def test_tbx_names_the_dialect_and_marks_wrong_forms_deprecated() -> None:
    root = etree.fromstring(FORMATS["tbx"].write([FULL], Options()).encode())
    ns = {"t": "urn:iso:std:iso:30042:ed-2"}

    assert (root.get("type"), root.get("style")) == ("TBX-Basic", "dca")
    status = {
        term.findtext("t:term", namespaces=ns): term.findtext(
            "t:termNote[@type='administrativeStatus']", namespaces=ns
        )
        for term in root.iterfind(".//t:termSec", ns)
    }
    assert status["Laurent Nuñez"] == "preferredTerm-admn-sts"
    assert status["Laurent Nonier"] == "deprecatedTerm-admn-sts"
    assert [section.get("{http://www.w3.org/XML/1998/namespace}lang") for section in
            root.iterfind(".//t:langSec", ns)] == ["en", "ar", "fr"]  # fmt: skip


TBX2 = """<?xml version="1.0"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><text><body>
<termEntry id="c1"><descrip type="subjectField">politics</descrip>
<langSet xml:lang="en-GB"><tig><term>Amine Kessaci</term></tig>
<tig><term>Amin Kisasi</term>
<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig>
</langSet><langSet xml:lang="AR"><ntig><termGrp><term>أمين قساسي</term></termGrp></ntig></langSet>
</termEntry></body></text></martif>"""

TBX_DCT = """<tbx style="dct" type="TBX-Basic" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2"
 xmlns:basic="http://www.tbxinfo.net/ns/basic"><text><body><conceptEntry id="1">
<langSec xml:lang="en"><termSec><term>Amine Kessaci</term>
<basic:administrativeStatus>preferredTerm-admn-sts</basic:administrativeStatus>
<basic:grammaticalGender>masculine</basic:grammaticalGender></termSec></langSec>
<langSec xml:lang="ar"><termSec><term>أمين قساسي</term></termSec></langSec>
</conceptEntry></body></text></tbx>"""


@pytest.mark.parametrize(
    ("text", "more"), [(TBX2, {"variants": ["Amin Kisasi"]}), (TBX_DCT, {"gender": "m"})]
)
def test_tbx_of_other_tools(text: str, more: Record) -> None:
    (record,) = FORMATS["tbx"].read(text, Options())

    assert record == {"name": "Amine Kessaci", "type": "person", "ar": ["أمين قساسي"], **more}


def test_tmx_of_other_tools() -> None:
    text = """<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd">
    <tmx version="1.4"><header/><body>
    <tu tuid="77"><tuv xml:lang="fr-FR"><seg>Alep</seg></tuv><tuv xml:lang="EN-US"><seg>Aleppo
    </seg></tuv></tu><tu><tuv xml:lang="de"><seg>Aleppo</seg></tuv></tu></body></tmx>"""

    assert FORMATS["tmx"].read(text, Options(type="place")) == [
        {"name": "Aleppo", "type": "place", "fr": ["Alep"]}
    ]


@pytest.mark.parametrize("name", ["tbx", "tmx"])
@pytest.mark.parametrize("text", ["<tbx>", "", "<html/>", "no xml"])
def test_what_is_not_the_format_is_said(name: str, text: str) -> None:
    with pytest.raises(GlossaryError) as caught:
        FORMATS[name].read(text, Options(name="list.xml"))

    assert str(caught.value.field).startswith("list.xml:")


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    text = (
        f'<!DOCTYPE tmx [<!ENTITY x SYSTEM "{secret.as_uri()}">]><tmx version="1.4"><body><tu>'
        '<tuv xml:lang="en"><seg>a&x;b</seg></tuv></tu></body></tmx>'
    )

    assert "SECRET" not in str(FORMATS["tmx"].read(text, Options()))


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("name,ar\nXavier Niel,كزافييه نيل\n", [{"name": "Xavier Niel", "ar": ["كزافييه نيل"]}]),
        ("en;fr;note\nAleppo;Alep;city\n", [{"name": "Aleppo", "fr": ["Alep"], "notes": "city"}]),
        ("\ufeffen\tar\nAleppo\tحلب\n", [{"name": "Aleppo", "ar": ["حلب"]}]),
        ("Alep\tAleppo\nحلب\tAleppo\n", [{"name": "Aleppo", "ar": ["حلب"], "fr": ["Alep"]}]),
        ('"Niel, Xavier",Xavier Niel\n', [{"name": "Xavier Niel", "fr": ["Niel, Xavier"]}]),
        ("", []),
    ],
)
def test_tables_of_other_tools(text: str, records: list[Record]) -> None:
    expected = [
        {key: row[key] for key in KEY_ORDER if key in row}
        for row in ({**record, "type": "person"} for record in records)
    ]

    assert FORMATS["csv"].read(text, Options()) == expected


@pytest.mark.parametrize("text", ["name,ar\n,كزافييه\n", "only one column\nno header\n"])
def test_a_table_without_names_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(GlossaryError) as caught:
        FORMATS["csv"].read(text, Options(name="list.csv"))

    assert caught.value.field in ("list.csv:1", "list.csv:2")


def test_a_cell_with_line_breaks_counts_its_lines() -> None:
    with pytest.raises(GlossaryError) as caught:
        FORMATS["csv"].read('name,notes\nA,"one\ntwo"\n,x\n', Options(name="list.csv"))

    assert caught.value.field == "list.csv:4"


def test_the_format_is_known_by_the_ending() -> None:
    assert format_of(Path("a.TBX")).name == "tbx"
    assert format_of(Path("a.xml"), "tmx").name == "tmx"
    with pytest.raises(InvalidRequest, match=r"\.tbx"):
        format_of(Path("a.docx"))
