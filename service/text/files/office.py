"""What Word and OpenDocument files have in common: a zip of XML parts, paragraphs, marks.

Nothing is unpacked to disk. A file is refused if it is encrypted, names a member twice or
outside itself, holds a document type declaration (and with it entities), or unpacks to more than
the limits below; sizes are counted while unpacking, never believed. Members that are not
translated are written back byte for byte, in the same order.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, Protocol, cast

import regex
from lxml import etree

from service.errors import InvalidRequest, RequestTooLarge
from service.text.inline import (
    Mark,
    Segment,
    SegmentTranslator,
    Slice,
    Translated,
    place,
)

MAX_MEMBERS = 5_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_XML_BYTES = 32 * 1024 * 1024
"""Largest XML part: lxml takes about ten times its size in memory."""

_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the zip."""

    info: zipfile.ZipInfo
    content: bytes


def unpack(content: bytes) -> list[Member]:
    """The members of a zip file, in order.

    Raises:
        InvalidRequest: not a zip file, damaged, encrypted, or with unsafe names.
        RequestTooLarge: over the limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            _check_names(infos)
            members = []
            left = MAX_UNPACKED_BYTES
            for info in infos:
                with archive.open(info) as stream:
                    unpacked = stream.read(left + 1)
                left -= len(unpacked)
                if left < 0:
                    raise RequestTooLarge(
                        f"The file unpacks to more than {MAX_UNPACKED_BYTES:,} bytes.",
                        field="file",
                    )
                members.append(Member(info, unpacked))
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidRequest(f"Not an intact document: {error}.", field="file") from error


def _check_names(infos: Sequence[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_MEMBERS:
        raise RequestTooLarge(
            f"The file holds {len(infos):,} members; at most {MAX_MEMBERS:,} are read.",
            field="file",
        )
    seen: set[str] = set()
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename:
            raise InvalidRequest("A member's name points outside the file.", field="file")
        if info.filename in seen:
            raise InvalidRequest("The file names a member twice.", field="file")
        if info.flag_bits & 0x1:
            raise InvalidRequest("The file is encrypted.", field="file")
        seen.add(info.filename)


def pack(members: Iterable[Member]) -> bytes:
    """A zip file of these members, each compressed as it was."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.info.filename, member.info.date_time)
            info.external_attr = member.info.external_attr
            archive.writestr(info, member.content, member.info.compress_type)
    return packed.getvalue()


def parse(content: bytes) -> etree._ElementTree:
    """An XML part as a tree.

    Raises:
        InvalidRequest: not well-formed, too deep, or with a document type declaration.
        RequestTooLarge: over `MAX_XML_BYTES`.
    """
    if len(content) > MAX_XML_BYTES:
        raise RequestTooLarge(
            f"A part of the document has more than {MAX_XML_BYTES:,} bytes.", field="file"
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        tree = etree.parse(io.BytesIO(content), parser)
    except etree.XMLSyntaxError as error:
        raise InvalidRequest(f"Not an intact document: {error}.", field="file") from error
    if getattr(tree.docinfo, "doctype", ""):
        raise InvalidRequest("The document holds a document type declaration.", field="file")
    return tree


def serialise(tree: etree._ElementTree) -> bytes:
    """The tree as an XML part."""
    written: bytes = etree.tostring(
        tree,
        xml_declaration=True,
        encoding="UTF-8",
        standalone=bool(tree.docinfo.standalone),
    )
    return written


def emptied(element: etree._Element) -> etree._Element:
    """An element like this one, without its content."""
    namespaces = cast("dict[str, str]", element.nsmap)
    copy = etree.Element(element.tag, nsmap=namespaces)
    for name, value in element.attrib.items():
        copy.set(name, value)
    return copy


@dataclass(frozen=True, slots=True)
class Atom:
    """One inline thing in a paragraph.

    `text` has a style (formats of the same style are the same run); `point` stands in the text;
    `open` and `close` surround a part of it, e.g. a link; `break` ends the segment, e.g. a tab.
    `behind` is what the format's own writer needs to write it.
    """

    kind: Literal["text", "point", "open", "close", "break"]
    text: str = ""
    style: str = ""
    behind: tuple[Any, ...] = ()


class Writer(Protocol):
    """Writes one paragraph anew."""

    def text(self, text: str, style: str) -> None:
        """Write text in a style."""

    def atom(self, atom: Atom) -> None:
        """Write what is not text."""

    def finish(self) -> None:
        """Put the new content in the place of the old."""


@dataclass(slots=True)
class Unit:
    """The part of a paragraph between two breaks, as a segment.

    Args:
        segment: its text and marks.
        behind: for each mark, in order, its atom or the style that it begins or ends.
        base: the style of most of the text, which has no marks.
        ordered: its marks must keep their order.
        raw: what it was read from.
    """

    segment: Segment
    behind: list[Atom | str] = field(default_factory=list)
    base: str = ""
    ordered: bool = False
    raw: list[Atom] = field(default_factory=list)


@dataclass(slots=True)
class Paragraph:
    """A paragraph cut into units and the breaks between them."""

    units: list[Unit | Atom]
    writer: Callable[[], Writer]


def units(atoms: Sequence[Atom], *, ordered: bool) -> list[Unit | Atom]:
    """Cut a paragraph's atoms at its breaks.

    Args:
        ordered: its points must keep their order.
    """
    result: list[Unit | Atom] = []
    own: list[Atom] = []
    for atom in [*atoms, Atom("break")]:
        if atom.kind != "break":
            own.append(atom)
            continue
        if own:
            result.append(_unit(own, ordered))
        result.append(atom)
        own = []
    return result[:-1]


def _unit(atoms: list[Atom], ordered: bool) -> Unit:
    lengths: Counter[str] = Counter()
    for atom in atoms:
        if atom.kind == "text":
            lengths[atom.style] += len(atom.text)
    base = lengths.most_common(1)[0][0] if lengths else ""
    text = ""
    marks: list[Mark] = []
    behind: list[Atom | str] = []
    opened: list[int] = []
    style: str | None = None
    style_key = -1

    def add(kind: Literal["start", "end", "point"], key: int, what: Atom | str) -> None:
        marks.append(Mark(kind, len(text), len(text), key))
        behind.append(what)

    def end_style() -> None:
        nonlocal style
        if style is not None:
            add("end", style_key, style)
            style = None

    for atom in atoms:
        if atom.kind == "text":
            if style != atom.style:
                end_style()
                if atom.style != base:
                    style, style_key = atom.style, len(marks)
                    add("start", style_key, style)
            text += atom.text
        elif atom.kind == "open":
            end_style()
            opened.append(len(marks))
            add("start", len(marks), atom)
        elif atom.kind == "close":
            end_style()
            add("end", opened.pop() if opened else len(marks), atom)
        else:
            add("point", len(marks), atom)
    end_style()
    return Unit(Segment(text, tuple(marks)), behind, base, ordered, atoms)


def translate_paragraphs(
    paragraphs: Sequence[Paragraph], translator: SegmentTranslator
) -> list[Translated]:
    """Translate the units of all paragraphs and write anew the paragraphs that changed."""
    wanted = [
        unit
        for paragraph in paragraphs
        for unit in paragraph.units
        if isinstance(unit, Unit) and _LETTER.search(unit.segment.text)
    ]
    translations = list(translator([unit.segment for unit in wanted]))
    by_unit = {id(unit): given for unit, given in zip(wanted, translations, strict=True)}
    for paragraph in paragraphs:
        own = [unit for unit in paragraph.units if isinstance(unit, Unit) and id(unit) in by_unit]
        if all(by_unit[id(unit)].text == unit.segment.text for unit in own):
            continue
        writer = paragraph.writer()
        for unit in paragraph.units:
            if isinstance(unit, Atom):
                writer.atom(unit)
            else:
                _write(unit, by_unit.get(id(unit)), writer)
        writer.finish()
    return translations


def _write(unit: Unit, translated: Translated | None, writer: Writer) -> None:
    if translated is None or translated.text == unit.segment.text:
        for atom in unit.raw:
            if atom.kind == "text":
                writer.text(atom.text, atom.style)
            else:
                writer.atom(atom)
        return
    order = {id(mark): index for index, mark in enumerate(unit.segment.marks)}
    styles = [unit.base]
    for placed in place(unit.segment, translated, ordered=unit.ordered):
        if isinstance(placed, Slice):
            writer.text(translated.text[placed.start : placed.end], styles[-1])
            continue
        what = unit.behind[order[id(placed)]]
        if isinstance(what, Atom):
            writer.atom(what)
        elif placed.kind == "start":
            styles.append(what)
        else:
            styles.pop()


def translate_parts(
    content: bytes,
    translator: SegmentTranslator,
    is_part: Callable[[str], bool],
    paragraphs: Callable[[etree._ElementTree], list[Paragraph]],
    kind: str,
) -> bytes:
    """Translate the XML parts of a packed document.

    Args:
        is_part: whether a member holds text to translate.
        paragraphs: the paragraphs of one part.
        kind: what to call such a file in an error.

    Raises:
        InvalidRequest: no member holds text: it is some other kind of file.
    """
    members = unpack(content)
    trees = {
        member.info.filename: parse(member.content)
        for member in members
        if is_part(member.info.filename)
    }
    if not trees:
        raise InvalidRequest(f"Not a {kind} document: it has no text part.", field="file")
    translate_paragraphs(
        [paragraph for tree in trees.values() for paragraph in paragraphs(tree)], translator
    )
    return pack(
        Member(member.info, serialise(trees[member.info.filename]))
        if member.info.filename in trees
        else member
        for member in members
    )
