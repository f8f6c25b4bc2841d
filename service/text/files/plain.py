"""Plain text: paragraphs are translated, blank lines and line ends stay."""

from __future__ import annotations

import regex

from service.text.files.encoding import decode
from service.text.inline import Segment, SegmentTranslator

_BLANK_LINES = regex.compile(r"(?:[ \t]*+\r?\n){2,}|\A\s++|\s++\Z")


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """A text file's translation; in UTF-8, or in UTF-16 if it was.

    Raises:
        InvalidRequest: it is not text.
    """
    decoded = decode(content)
    gaps = list(_BLANK_LINES.finditer(decoded.text))
    starts = [0, *(gap.end() for gap in gaps)]
    ends = [*(gap.start() for gap in gaps), len(decoded.text)]
    spans = [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]
    translations = translator([Segment(decoded.text[start:end]) for start, end in spans])
    written = []
    cursor = 0
    for (start, end), translation in zip(spans, translations, strict=True):
        written += [decoded.text[cursor:start], translation.text]
        cursor = end
    return decoded.encode("".join([*written, decoded.text[cursor:]]))
