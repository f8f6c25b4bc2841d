"""What the exchange formats share: options, lists inside one cell, XML read without risk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from service.errors import GlossaryError
from service.names.workshop.forms import has_arabic
from service.names.workshop.termfiles import KEY_ORDER, LIST_KEYS

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
#: Between two values in one cell (as in MultiTerm and RWS tables).
SEPARATOR = " | "
ARROW = " => "
# Characters that XML 1.0 cannot hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Options:
    """How to read and write.

    Args:
        type: the type of records whose source names none.
        language: the source language of formats with one source column: "ar" or "fr".
        name: the file's name, for messages.
    """

    type: str = "person"
    language: str = "ar"
    name: str = "file"


def join(values: Iterable[str]) -> str:
    """Several values in one cell."""
    return SEPARATOR.join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)


def split(cell: str) -> list[str]:
    """The values of one cell; the reverse of `join`."""
    parts = re.split(r"(?<!\\)((?:\\\\)*)\s*\|\s*", cell)
    values = [parts[0]]
    for slashes, following in zip(parts[1::2], parts[2::2], strict=True):
        values[-1] += slashes
        values.append(following)
    unescaped = (re.sub(r"\\(.)", r"\1", value).strip() for value in values)
    return [value for value in unescaped if value]


def example_text(example: Mapping[str, str]) -> str:
    """An example in one line."""
    return f"{example['in']}{ARROW}{example['out']}"


def example_of(text: str) -> dict[str, str] | None:
    """An example from one line; the reverse of `example_text`."""
    before, arrow, after = text.partition(ARROW)
    return {"in": before.strip(), "out": after.strip()} if arrow else None


def to_cell(key: str, value: Any) -> str:
    """A field as one piece of text."""
    if key == "examples":
        return join(example_text(example) for example in value)
    return join(value) if isinstance(value, (list, tuple)) else str(value)


def from_cell(key: str, cell: str) -> Any:
    """A field from one piece of text; None where it is empty."""
    if not cell.strip():
        return None
    if key == "examples":
        return [example for text in split(cell) if (example := example_of(text))]
    return split(cell) if key in LIST_KEYS else cell.strip()


def record(fields: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """A record in the order of the files, without empty fields, with a type."""
    full = {"type": options.type, **{key: value for key, value in fields.items() if value}}
    return {key: full[key] for key in KEY_ORDER if key in full}


def language_of(tag: str | None) -> str:
    """The language of a tag such as `en-GB` or `AR`."""
    return re.split(r"[-_]", (tag or "").lower())[0]


def script_matches(text: str, language: str) -> bool:
    """Whether a form can be one of that language, by its script."""
    return has_arabic(text) == (language == "ar")


def parse_xml(text: str, options: Options) -> etree._Element:
    """The root of an XML text; no entity, no network, no document type is followed.

    Raises:
        GlossaryError: it is not well-formed.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        return etree.fromstring(text.lstrip("\ufeff").encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise GlossaryError(
            f"The file is not well-formed XML: {error.msg}.", field=f"{options.name}:{line}"
        ) from error


def write_xml(root: etree._Element, doctype: str = "") -> str:
    """An XML text with its declaration."""
    etree.indent(root, space="  ")
    head = "<?xml version='1.0' encoding='utf-8'?>\n" + (f"{doctype}\n" if doctype else "")
    return head + str(etree.tostring(root, encoding="unicode")) + "\n"


def xml_text(value: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", value)


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    tag = element.tag
    return str(tag).rpartition("}")[2] if isinstance(tag, str) else ""


def raw_content(element: etree._Element) -> str:
    """All text inside an element."""
    return "".join(str(piece) for piece in element.itertext())


def content(element: etree._Element) -> str:
    """All text inside an element, on one line."""
    return " ".join(raw_content(element).split())
