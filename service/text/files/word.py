"""Word documents (ECMA-376): body, tables, text boxes, headers, footers, notes and comments.

A paragraph's runs are joined before translation and cut anew after it, each with the formatting
of the words that it holds. Links, fields, insertions and content controls stay around their
words; drawings, note references and bookmarks stay at theirs. Deleted text stays as it is.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import regex
from lxml import etree

from service.text.files import office
from service.text.files.office import Atom, Paragraph
from service.text.files.web import RIGHT_TO_LEFT
from service.text.inline import SegmentTranslator

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PART = regex.compile(
    r"word/(?:document|header|footer|footnotes|endnotes|comments)\d*\.xml", regex.I
)
_CONTAINERS = frozenset(
    _W + name
    for name in (
        "hyperlink",
        "ins",
        "smartTag",
        "sdt",
        "fldSimple",
        "moveTo",
        "bdo",
        "dir",
        "customXml",
    )
)
_BREAKS = frozenset(_W + name for name in ("tab", "br", "cr", "ptab"))
_DROPPED = frozenset(_W + name for name in ("proofErr", "lastRenderedPageBreak", "softHyphen"))
_RANGE = regex.compile(r"(?:Start|End)$")
_IGNORED_FORMAT = frozenset(_W + name for name in ("lang", "noProof", "rsid"))


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """A Word document's translation.

    Raises:
        InvalidRequest: damaged, encrypted, or not a Word document.
        RequestTooLarge: it unpacks to more than the limits.
    """

    def paragraphs(tree: etree._ElementTree) -> list[Paragraph]:
        if target not in RIGHT_TO_LEFT:
            _turn_left_to_right(tree)
        return [_Reader(element).paragraph() for element in tree.iter(_W + "p")]

    return office.translate_parts(
        content, translator, lambda name: bool(_PART.fullmatch(name)), paragraphs, "Word"
    )


def _turn_left_to_right(tree: etree._ElementTree) -> None:
    for name in ("rtl", "bidi"):
        for element in list(tree.iter(_W + name)):
            parent = element.getparent()
            if parent is not None and parent.tag in (_W + "rPr", _W + "pPr"):
                parent.remove(element)


@dataclass(frozen=True, slots=True)
class _Piece:
    """An element of a paragraph: a child of its own, or what stands in a run with others."""

    child: etree._Element
    formatting: etree._Element | None = None
    in_run: bool = False

    def built(self) -> etree._Element:
        """The element to write: itself, or a run of its own around it."""
        if not self.in_run:
            return self.child
        run = etree.Element(_W + "r")
        if self.formatting is not None:
            run.append(deepcopy(self.formatting))
        run.append(self.child)
        return run


class _Reader:
    """Reads one paragraph into atoms."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self.atoms: list[Atom] = []
        self.styles: dict[str, etree._Element | None] = {"": None}
        self.ordered = False
        self.depth = 0
        self.field: list[_Piece] | None = None  # runs of a field before its result
        self.fields = 0  # fields whose result is being read

    def paragraph(self) -> Paragraph:
        self._children(self.element)
        if self.field is not None:
            self._point(*self.field)
            self.ordered = True
        if self.fields:
            self.ordered = True
        return Paragraph(
            office.units(self.atoms, ordered=self.ordered),
            lambda: _Writer(self.element, self.styles),
        )

    def _children(self, parent: etree._Element) -> None:
        for child in parent:
            if not isinstance(child.tag, str):
                self._point(_Piece(child))
            elif child.tag == _W + "r":
                self._run(child)
            elif child.tag in _CONTAINERS:
                self._container(child)
            elif child.tag == _W + "pPr" or child.tag in _DROPPED:
                continue
            else:
                self.ordered = self.ordered or bool(_RANGE.search(child.tag))
                self._point(_Piece(child))

    def _point(self, *pieces: _Piece) -> None:
        self.atoms.append(Atom("point", behind=pieces))

    def _container(self, element: etree._Element) -> None:
        content = element.find(_W + "sdtContent") if element.tag == _W + "sdt" else element
        if content is None or self.field is not None:
            self._point(_Piece(element))
            return
        self.atoms.append(Atom("open", behind=(_Piece(element),)))
        self.depth += 1
        self._children(content)
        self.depth -= 1
        self.atoms.append(Atom("close"))

    def _run(self, run: etree._Element) -> None:
        formatting = run.find(_W + "rPr")
        style = _style(formatting)
        self.styles.setdefault(style, formatting)
        for child in run:
            if child.tag == _W + "rPr" or child.tag in _DROPPED:
                continue
            if child.tag == _W + "fldChar":
                self._field(child, _Piece(child, formatting, True))
            elif self.field is not None:
                self.field.append(_Piece(child, formatting, True))
            elif child.tag == _W + "t":
                self.atoms.append(Atom("text", child.text or "", style))
            elif child.tag == _W + "noBreakHyphen":
                self.atoms.append(Atom("text", "\u2011", style))
            elif child.tag in _BREAKS and not self.depth and not self.fields:
                self.atoms.append(Atom("break", behind=(_Piece(child, formatting, True),)))
            else:
                self._point(_Piece(child, formatting, True))

    def _field(self, char: etree._Element, run: _Piece) -> None:
        """Fields: what stands before the result opens a pair, the end mark closes it."""
        kind = char.get(_W + "fldCharType")
        if kind == "begin" and self.field is None:
            self.field = [run]
        elif kind == "begin" and self.field is not None:
            self.ordered = True
            self.field.append(run)
        elif kind == "separate" and self.field is not None:
            self.atoms.append(Atom("open", behind=(*self.field, run)))
            self.field = None
            self.fields += 1
        elif kind == "end" and self.field is not None:
            self._point(*self.field, run)
            self.field = None
        elif kind == "end" and self.fields:
            self.fields -= 1
            self.atoms.append(Atom("close", behind=(run,)))
        else:
            self.ordered = True
            self._point(run)


def _style(formatting: etree._Element | None) -> str:
    """What two runs must share to look the same."""
    if formatting is None:
        return ""
    return "".join(
        etree.tostring(child, encoding="unicode", with_tail=False)
        for child in formatting
        if child.tag not in _IGNORED_FORMAT
    )


class _Writer:
    """Writes one paragraph anew, moving what is not text to its new place."""

    def __init__(self, element: etree._Element, styles: dict[str, etree._Element | None]) -> None:
        self.element = element
        self.styles = styles
        self.content: list[etree._Element] = []
        self.open: list[etree._Element | None] = []

    def text(self, text: str, style: str) -> None:
        """A run of text."""
        run = etree.Element(_W + "r")
        formatting = self.styles[style]
        if formatting is not None:
            run.append(deepcopy(formatting))
        written = etree.SubElement(run, _W + "t")
        written.text = text
        if text != text.strip():
            written.set(_SPACE, "preserve")
        self._add(run)

    def atom(self, atom: Atom) -> None:
        """A point, a break, or the edge of a container or a field."""
        if atom.kind == "open" and len(atom.behind) == 1 and not atom.behind[0].in_run:
            shell, inner = _shell(atom.behind[0].child)
            self._add(shell)
            self.open.append(inner)
            return
        for piece in atom.behind:
            self._add(piece.built())
        if atom.kind == "open":
            self.open.append(None)
        elif atom.kind == "close" and self.open:
            self.open.pop()

    def _add(self, element: etree._Element) -> None:
        inner = next((shell for shell in reversed(self.open) if shell is not None), None)
        if inner is None:
            self.content.append(element)
        else:
            inner.append(element)

    def finish(self) -> None:
        """Put the new content in the place of the old."""
        for child in list(self.element):
            if child.tag != _W + "pPr":
                self.element.remove(child)
        self.element.extend(self.content)


def _shell(element: etree._Element) -> tuple[etree._Element, etree._Element]:
    """A container without its content, and the element that takes the content."""
    shell = office.emptied(element)
    for child in element:
        if isinstance(child.tag, str) and child.tag.endswith("Pr"):
            shell.append(deepcopy(child))
    if element.tag == _W + "sdt":
        return shell, etree.SubElement(shell, _W + "sdtContent")
    return shell, shell
