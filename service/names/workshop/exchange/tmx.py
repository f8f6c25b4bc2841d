"""TMX 1.4: a translation memory in which each name is a unit.

Written: one `tu` an entry; the name in English, each French and Arabic form as a variant of its
language, all other fields as `prop` elements. Read: such files, and any TMX with English and French
or Arabic variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from service import __version__
from service.errors import GlossaryError
from service.names.workshop.exchange.common import (
    XML_LANG,
    Options,
    content,
    from_cell,
    language_of,
    local,
    parse_xml,
    record,
    to_cell,
    write_xml,
    xml_text,
)
from service.names.workshop.termfiles import KEY_ORDER

_PROPERTY = "x-relais-"
_ELSEWHERE = ("id", "name", "ar", "fr", "notes")


def write(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """A TMX 1.4 file."""
    root = etree.Element("tmx", version="1.4")
    etree.SubElement(
        root,
        "header",
        {
            "creationtool": "Relais",
            "creationtoolversion": __version__,
            "segtype": "phrase",
            "o-tmf": "Relais",
            "adminlang": "en",
            "srclang": "en",
            "datatype": "plaintext",
        },
    )
    body = etree.SubElement(root, "body")
    for item in records:
        unit = etree.SubElement(body, "tu")
        if item.get("id"):
            unit.set("tuid", xml_text(item["id"]))
        if item.get("notes"):
            etree.SubElement(unit, "note").text = xml_text(item["notes"])
        for key in KEY_ORDER:
            if key not in _ELSEWHERE and item.get(key):
                prop = etree.SubElement(unit, "prop", type=_PROPERTY + key)
                prop.text = xml_text(to_cell(key, item[key]))
        _variant(unit, "en", item["name"])
        for language in ("ar", "fr"):
            for form in item.get(language, ()):
                _variant(unit, language, form)
    return write_xml(root, doctype='<!DOCTYPE tmx SYSTEM "tmx14.dtd">')


def read(text: str, options: Options) -> list[dict[str, Any]]:
    """The records of a TMX file; units without English are left out.

    Raises:
        GlossaryError: it is not well-formed, or not TMX.
    """
    root = parse_xml(text, options)
    if local(root) != "tmx":
        raise GlossaryError(
            f"The file is not TMX: its root is <{local(root)}>.", field=f"{options.name}:1"
        )
    found = []
    for unit in root.iter("tu"):
        fields = _fields(unit)
        if fields.get("name"):
            found.append(record(fields, options))
    return found


def _variant(unit: etree._Element, language: str, form: str) -> None:
    variant = etree.SubElement(unit, "tuv")
    variant.set(XML_LANG, language)
    etree.SubElement(variant, "seg").text = xml_text(form)


def _fields(unit: etree._Element) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": unit.get("tuid")} if _is_ours(unit) else {}
    for child in unit:
        kind = child.get("type") or ""
        if local(child) == "note":
            fields["notes"] = content(child)
        elif local(child) == "prop" and kind.startswith(_PROPERTY):
            key = kind.removeprefix(_PROPERTY)
            if key in KEY_ORDER:
                fields[key] = from_cell(key, child.text or "")
        elif local(child) == "tuv":
            segment = child.find("seg")
            form = content(segment) if segment is not None else ""
            language = language_of(child.get(XML_LANG) or child.get("lang"))
            if not form:
                continue
            if language == "en":
                fields.setdefault("name", form)
            elif language in ("ar", "fr"):
                fields.setdefault(language, []).append(form)
    return fields


def _is_ours(unit: etree._Element) -> bool:
    return any((prop.get("type") or "").startswith(_PROPERTY) for prop in unit.iter("prop"))
