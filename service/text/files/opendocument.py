"""OpenDocument texts (ISO/IEC 26300): body, tables, frames, notes, headers and footers.

Spans and links are pairs around their words; notes, frames, bookmarks and fields stay at theirs.
"""

from __future__ import annotations

import regex
from lxml import etree

from service.text.files import office
from service.text.files.office import Atom, Paragraph
from service.text.inline import SegmentTranslator

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_PART = regex.compile(r"(?:content|styles)\.xml")
_PARAGRAPHS = (_TEXT + "p", _TEXT + "h")
_CONTAINERS = frozenset(_TEXT + name for name in ("span", "a", "meta", "ruby-base"))
_RANGE = regex.compile(r"-(?:start|end)$")
_SPACES = regex.compile(r"[ \t\r\n]+")


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """An OpenDocument text's translation.

    Raises:
        InvalidRequest: damaged, encrypted, or not an OpenDocument text.
        RequestTooLarge: it unpacks to more than the limits.
    """
    return office.translate_parts(
        content,
        translator,
        lambda name: bool(_PART.fullmatch(name)),
        lambda tree: [_Reader(element).paragraph() for element in tree.iter(*_PARAGRAPHS)],
        "OpenDocument",
    )


class _Reader:
    """Reads one paragraph into atoms."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self.atoms: list[Atom] = []
        self.ordered = False

    def paragraph(self) -> Paragraph:
        """The paragraph, cut at its tabs and line breaks."""
        self._children(self.element, 0)
        return Paragraph(
            office.units(self.atoms, ordered=self.ordered), lambda: _Writer(self.element)
        )

    def _children(self, parent: etree._Element, depth: int) -> None:
        self._text(parent.text)
        for child in parent:
            if child.tag in _CONTAINERS:
                self.atoms.append(Atom("open", behind=(child,)))
                self._children(child, depth + 1)
                self.atoms.append(Atom("close"))
            elif child.tag == _TEXT + "s" and child.get(_TEXT + "c", "1") == "1":
                self.atoms.append(Atom("text", " "))
            elif child.tag in (_TEXT + "tab", _TEXT + "line-break", _TEXT + "s") and not depth:
                self.atoms.append(Atom("break", behind=(child,)))
            elif child.tag == _TEXT + "soft-page-break":
                pass
            else:
                if isinstance(child.tag, str):
                    self.ordered = self.ordered or bool(_RANGE.search(child.tag))
                self.atoms.append(Atom("point", behind=(child,)))
            self._text(child.tail)

    def _text(self, text: str | None) -> None:
        if text:
            self.atoms.append(Atom("text", _SPACES.sub(" ", text)))


class _Writer:
    """Writes one paragraph anew, moving what is not text to its new place."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self.content = office.emptied(element)
        self.open: list[etree._Element] = [self.content]
        self.after_blank = True

    def text(self, text: str, style: str) -> None:
        """Append text, blanks that the format would collapse written as elements."""
        for part in regex.split(r"( +)", text):
            if part.startswith(" "):
                literal = "" if self.after_blank else " "
                self._append(literal)
                self._spaces(len(part) - len(literal))
                self.after_blank = True
            elif part:
                self._append(part)
                self.after_blank = False

    def _spaces(self, count: int) -> None:
        if count:
            spaces = etree.SubElement(self.open[-1], _TEXT + "s")
            if count > 1:
                spaces.set(_TEXT + "c", str(count))

    def _append(self, text: str) -> None:
        parent = self.open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def atom(self, atom: Atom) -> None:
        """A point, a break, or the edge of a span or link."""
        if atom.kind == "open":
            shell = office.emptied(atom.behind[0])
            self.open[-1].append(shell)
            self.open.append(shell)
        elif atom.kind == "close":
            if len(self.open) > 1:
                self.open.pop()
        else:
            for element in atom.behind:
                element.tail = None
                self.after_blank = False
                self.open[-1].append(element)

    def finish(self) -> None:
        """Put the new content in the place of the old."""
        for child in list(self.element):
            self.element.remove(child)
        self.element.text = self.content.text
        self.element.extend(list(self.content))
