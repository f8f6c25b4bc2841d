"""Files in, files out: the text is translated, everything else stays as it was.

`translate_file` reads a file by its name's ending, hands its segments to a function that
translates them (`service.documents.segment_translator` makes one), and returns the new file's
bytes. It writes nothing to disk and follows no reference out of the file. A damaged or hostile
file is a `ServiceError`; the limits on what a packed file may grow to are in
`service.text.files.office`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import IO

from service.errors import RequestTooLarge, UnsupportedMediaType
from service.text.files import markdown, opendocument, plain, subtitles, web, word
from service.text.inline import SegmentTranslator

FileTranslator = Callable[[bytes, SegmentTranslator, str], bytes]

_FORMATS: dict[str, FileTranslator] = {
    ".txt": plain.translate,
    ".html": web.translate,
    ".htm": web.translate,
    ".md": markdown.translate,
    ".markdown": markdown.translate,
    ".srt": subtitles.translate,
    ".docx": word.translate,
    ".odt": opendocument.translate,
}

SUPPORTED = tuple(_FORMATS)
"""The endings of file names that can be translated."""

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest file that is read, packed."""


def translate_file(
    source: Path | IO[bytes] | bytes,
    name: str,
    translate: SegmentTranslator,
    *,
    target: str = "en",
    max_bytes: int = MAX_FILE_BYTES,
) -> bytes:
    """Translate one file.

    Args:
        source: its path, an open binary stream, or its bytes.
        name: its name; the ending says what it is.
        translate: translates the segments of the whole file, called once.
        target: ISO 639-1 code of the language it is translated to; sets the direction of writing
            and the language mark where the format has them.
        max_bytes: largest file that is read.

    Raises:
        UnsupportedMediaType: no format has this ending.
        RequestTooLarge: the file, or what is packed in it, is over the limit.
        InvalidRequest: the file is not what its ending says, or is damaged.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in _FORMATS:
        raise UnsupportedMediaType(
            f"Files ending in {ending or 'nothing'!r} are not translated; "
            f"these are: {', '.join(SUPPORTED)}.",
            field="file",
        )
    content = _read(source, max_bytes)
    return _FORMATS[ending](content, translate, target)


def _read(source: Path | IO[bytes] | bytes, limit: int) -> bytes:
    if isinstance(source, bytes):
        content = source
    elif isinstance(source, Path):
        with source.open("rb") as stream:
            content = stream.read(limit + 1)
    else:
        content = source.read(limit + 1)
    if len(content) > limit:
        raise RequestTooLarge(f"The file is larger than {limit:,} bytes.", field="file")
    return content
