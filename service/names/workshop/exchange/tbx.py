"""TBX-Basic, the dialect of TermBase eXchange (ISO 30042) that most term tools read.

Written as TBX 3 (2019) in the DCA style, or as TBX 2 (2008), which older tools ask for: one concept
an entry; the name as preferred term, the wrong forms as deprecated ones, which tools show as
forbidden. Fields for which TBX-Basic has no data category go into notes of the form
`relais.FIELD: …`. Read: TBX 3 in both styles (DCA, DCT) and TBX 2 (`martif`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from service.errors import GlossaryError
from service.names.glossary import TYPES
from service.names.workshop.exchange.common import (
    XML_LANG,
    Options,
    content,
    from_cell,
    language_of,
    local,
    parse_xml,
    raw_content,
    record,
    to_cell,
    write_xml,
    xml_text,
)

_NAMESPACE = "urn:iso:std:iso:30042:ed-2"
# lxml takes None for the default namespace; its stubs do not know that.
_NSMAP: Any = {None: _NAMESPACE}
_STATUS = {
    "preferred": "preferredTerm-admn-sts",
    "admitted": "admittedTerm-admn-sts",
    "deprecated": "deprecatedTerm-admn-sts",
}
_NAMES_2008 = {
    "tbxHeader": "martifHeader",
    "conceptEntry": "termEntry",
    "langSec": "langSet",
    "termSec": "tig",
}
_GENDER = {"m": "masculine", "f": "feminine"}
_NOTED = ("status", "keep", "context", "style", "examples")
_NOTE = re.compile(r"relais\.(\w+): (.*)", re.DOTALL)
_WRONG = ("deprecated", "superseded", "forbidden", "obsolete")


def write(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """A TBX-Basic file of 2019, in DCA style."""
    root = etree.Element(f"{{{_NAMESPACE}}}tbx", nsmap=_NSMAP)
    root.set("type", "TBX-Basic")
    root.set("style", "dca")
    root.set(XML_LANG, "en")
    return write_xml(_document(root, records))


def write_2008(records: Sequence[Mapping[str, Any]], options: Options) -> str:
    """A TBX-Basic file of 2008: the same, under the names that its elements had then."""
    root = etree.fromstring(write(records, options).encode("utf-8"))
    for element in root.iter():
        name = local(element)
        element.tag = _NAMES_2008.get(name, name)
    old = etree.Element("martif", type="TBX-Basic")
    old.set(XML_LANG, "en")
    old.extend(list(root))
    etree.cleanup_namespaces(old)
    return write_xml(old)


def _document(root: etree._Element, records: Sequence[Mapping[str, Any]]) -> etree._Element:
    file = _add(_add(root, "tbxHeader"), "fileDesc")
    _add(_add(_add(file, "titleStmt"), "title"), None, "Relais glossary")
    _add(_add(_add(file, "sourceDesc"), "p"), None, "Written by Relais.")
    body = _add(_add(root, "text"), "body")
    for item in records:
        _concept(body, item)
    return root


def read(text: str, options: Options) -> list[dict[str, Any]]:
    """The records of a TBX file.

    Raises:
        GlossaryError: it is not well-formed, or not TBX.
    """
    root = parse_xml(text, options)
    if local(root) not in ("tbx", "martif"):
        raise GlossaryError(
            f"The file is not TBX: its root is <{local(root)}>.", field=f"{options.name}:1"
        )
    found = []
    for concept in _descendants(root, "conceptEntry", "termEntry"):
        fields = _fields(concept)
        if fields.get("name"):
            found.append(record(fields, options))
    return found


def _concept(body: etree._Element, item: Mapping[str, Any]) -> None:
    concept = _add(body, "conceptEntry")
    if item.get("id"):
        concept.set("id", f"r.{item['id']}")
    _add(concept, "descrip", item["type"]).set("type", "subjectField")
    if item.get("since"):
        group = _add(concept, "transacGrp")
        _add(group, "transac", "origination").set("type", "transactionType")
        _add(group, "date", item["since"])
    if item.get("source"):
        link = _add(concept, "xref", item["source"])
        link.set("type", "externalCrossReference")
        link.set("target", xml_text(item["source"]))
    if item.get("notes"):
        _add(concept, "note", item["notes"])
    for key in _NOTED:
        if item.get(key):
            _add(concept, "note", f"relais.{key}: {to_cell(key, item[key])}")
    english = _language(concept, "en")
    _term(english, item["name"], "preferred", item.get("gender"))
    for variant in item.get("variants", ()):
        _term(english, variant, "deprecated")
    for language in ("ar", "fr"):
        forms = item.get(language, ())
        if forms:
            section = _language(concept, language)
            for index, form in enumerate(forms):
                _term(section, form, "admitted" if index else "preferred")


def _language(concept: etree._Element, tag: str) -> etree._Element:
    section = _add(concept, "langSec")
    section.set(XML_LANG, tag)
    return section


def _term(section: etree._Element, form: str, status: str, gender: str | None = None) -> None:
    holder = _add(section, "termSec")
    _add(holder, "term", form)
    _add(holder, "termNote", "properNoun").set("type", "partOfSpeech")
    if gender in _GENDER:
        _add(holder, "termNote", _GENDER[gender]).set("type", "grammaticalGender")
    _add(holder, "termNote", _STATUS[status]).set("type", "administrativeStatus")


def _add(parent: etree._Element, tag: str | None, text: str | None = None) -> etree._Element:
    if tag is None:
        parent.text = xml_text(text or "")
        return parent
    element = etree.SubElement(parent, f"{{{_NAMESPACE}}}{tag}")
    if text is not None:
        element.text = xml_text(text)
    return element


def _fields(concept: etree._Element) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    identity = concept.get("id") or ""
    if identity.startswith("r."):
        fields["id"] = identity[2:]
    notes = []
    for element in _own(concept):
        kind, text = element.get("type") or local(element), content(element)
        if local(element) == "note":
            match = _NOTE.fullmatch(raw_content(element))
            if match and match.group(1) in _NOTED:
                fields[match.group(1)] = from_cell(match.group(1), match.group(2))
            elif text:
                notes.append(text)
        elif kind == "subjectField" and text in TYPES:
            fields["type"] = text
        elif kind == "externalCrossReference":
            fields["source"] = element.get("target") or text
        elif local(element) == "date":
            fields["since"] = text
    if notes:
        fields["notes"] = " ".join(notes)
    for section in _descendants(concept, "langSec", "langSet"):
        _read_language(section, fields)
    return fields


def _read_language(section: etree._Element, fields: dict[str, Any]) -> None:
    language = language_of(section.get(XML_LANG) or section.get("lang"))
    for holder in _descendants(section, "termSec", "tig", "ntig"):
        term = next(_descendants(holder, "term"), None)
        if term is None or not content(term):
            continue
        form, status = content(term), _note(holder, "administrativeStatus")
        if language in ("ar", "fr"):
            fields.setdefault(language, []).append(form)
        elif language == "en" and status.startswith(_WRONG):
            fields.setdefault("variants", []).append(form)
        elif language == "en" and "name" not in fields:
            fields["name"] = form
            gender = _note(holder, "grammaticalGender")
            fields["gender"] = {"masculine": "m", "feminine": "f"}.get(gender)


def _note(holder: etree._Element, kind: str) -> str:
    """A term note by its category, in either style."""
    for element in holder.iter():
        if element.get("type") == kind or local(element) == kind:
            return content(element)
    return ""


def _own(concept: etree._Element) -> Iterator[etree._Element]:
    """The elements of a concept that do not belong to one of its languages."""
    for child in concept:
        if local(child) not in ("langSec", "langSet"):
            yield from child.iter()


def _descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (child for child in element.iter() if local(child) in names)
