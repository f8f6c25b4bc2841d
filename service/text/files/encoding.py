"""Bytes to text: by byte-order mark, else UTF-8, else what the bytes look like."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from turbohtml.detect import detect

from service.errors import InvalidRequest

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DETECTED_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text and how to write one like it.

    Args:
        text: without the byte-order mark.
        encoding: Python's name of the encoding it was in.
        mark: the byte-order mark, or nothing.
    """

    text: str
    encoding: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """`text` in UTF-16 if the file was, else in UTF-8, with the mark if there was one."""
        encoding = self.encoding if self.encoding.startswith("utf-16") else "utf-8"
        return self.mark + text.encode(encoding)


def decode(content: bytes) -> Decoded:
    """Read text of an unknown encoding.

    Raises:
        InvalidRequest: it is not text in any encoding that is known.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Decoded(_strict(content[len(mark) :], encoding), encoding, mark)
    try:
        return Decoded(content.decode("utf-8"), "utf-8", b"")
    except UnicodeDecodeError:
        pass
    if b"\0" in content:
        raise InvalidRequest("The file holds zero bytes; it is not text.", field="file")
    guess = detect(content[:_DETECTED_BYTES]).encoding or "windows-1252"
    try:
        encoding = codecs.lookup(guess).name
    except LookupError:
        encoding = "cp1252"
    return Decoded(content.decode(encoding, errors="replace"), encoding, b"")


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"The file's byte-order mark says {encoding}, but byte {error.start} is not.",
            field="file",
        ) from error
