"""HTML files: as `service.text.markup` does it, in the encoding that the page declares."""

from __future__ import annotations

import codecs

import regex
from turbohtml.detect import detect

from service.text.files.encoding import Decoded, decode
from service.text.inline import SegmentTranslator
from service.text.markup import extract, render

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "ug", "yi", "dv", "ckb"})
"""Languages written from right to left."""

_DECLARED = regex.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", regex.I)
_HTML_TAG = regex.compile(r"<html\b[^<>]*>", regex.I)
_LANGUAGE = regex.compile(r"""(\s(?:xml:)?lang\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", regex.I)
_DIRECTION = regex.compile(r"""(\sdir\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", regex.I)
_HEAD_BYTES = 4_096


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """An HTML file's translation; what its encoding lacks is written as character references."""
    decoded = _decode(content)
    markup = extract(decoded.text)
    page = render(markup, translator(markup.segments))
    page = _HTML_TAG.sub(lambda match: _redirected(match.group(), target), page, count=1)
    return decoded.mark + page.encode(decoded.encoding, errors="xmlcharrefreplace")


def _decode(content: bytes) -> Decoded:
    declared = _DECLARED.search(content[:_HEAD_BYTES])
    if declared and not content.startswith((codecs.BOM_UTF8, b"\xff\xfe", b"\xfe\xff")):
        name = detect(content[:_HEAD_BYTES]).encoding or declared.group(1).decode("ascii")
        try:
            encoding = codecs.lookup(name).name
            return Decoded(content.decode(encoding), encoding, b"")
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(content)


def _redirected(tag: str, target: str) -> str:
    """The ``<html>`` tag with its language and direction, where it names them, set right."""
    direction = "rtl" if target in RIGHT_TO_LEFT else "ltr"
    return _DIRECTION.sub(rf'\1"{direction}"', _LANGUAGE.sub(rf'\1"{target}"', tag))
