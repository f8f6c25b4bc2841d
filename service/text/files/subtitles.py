"""SubRip subtitles: numbers, times and styles stay, each cue keeps its number of lines."""

from __future__ import annotations

import regex
import srt

from service.errors import InvalidRequest
from service.text.files.encoding import decode
from service.text.inline import Mark, Segment, SegmentTranslator, Slice, Translated, place

_STYLE = regex.compile(r"</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}")
_SPEAKER_LINE = regex.compile(r"^(?:<[^<>]*>|\{\\[^{}]*\})*\s*[-–—]\s*")


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """A subtitle file's translation.

    Raises:
        InvalidRequest: it is not in SubRip format.
    """
    decoded = decode(content)
    line_end = "\r\n" if "\r\n" in decoded.text else "\n"
    try:
        cues = list(srt.parse(decoded.text.replace("\r\n", "\n")))
    except (srt.SRTParseError, ValueError) as error:
        raise InvalidRequest(f"Not a SubRip file: {error}", field="file") from error
    blocks = [_blocks(cue.content) for cue in cues]
    units = [_unit(block) for cue in blocks for block in cue]
    translations = iter(translator([segment for segment, _, _ in units]))
    parts = iter(units)
    for cue, own in zip(cues, blocks, strict=True):
        cue.content = "\n".join(
            _written(*next(parts), block.count("\n") + 1, next(translations)) for block in own
        )
    text = srt.compose(cues, reindex=False, strict=False)
    if not decoded.text.endswith(("\n\n", "\r\n\r\n")):
        text = text.removesuffix("\n")
    return decoded.encode(text.replace("\n", line_end))


def _blocks(content: str) -> list[str]:
    """A cue's lines, put together except where two speakers share the cue."""
    lines = content.split("\n")
    if sum(bool(_SPEAKER_LINE.match(line)) for line in lines) < 2:
        return [content]
    blocks = [lines[0]]
    for line in lines[1:]:
        if _SPEAKER_LINE.match(line):
            blocks.append(line)
        else:
            blocks[-1] += "\n" + line
    return blocks


def _unit(block: str) -> tuple[Segment, list[str], str]:
    """A block as a segment, its style tags by mark, and the dash before it."""
    dash = _SPEAKER_LINE.match(block)
    lead = dash.group() if dash else ""
    body = block[len(lead) :]
    text = ""
    marks: list[Mark] = []
    sources: list[str] = []
    opened: list[tuple[str, int]] = []
    cursor = 0
    for match in _STYLE.finditer(body):
        text += body[cursor : match.start()].replace("\n", " ")
        cursor = match.end()
        tag = match.group()
        name = regex.split(r"[\s>]", tag.lstrip("</"))[0].lower()
        if tag.startswith("</") and opened and opened[-1][0] == name:
            marks.append(Mark("end", len(text), len(text), opened.pop()[1]))
        elif tag.startswith("<") and not tag.startswith("</"):
            opened.append((name, len(marks)))
            marks.append(Mark("start", len(text), len(text), len(marks)))
        else:
            marks.append(Mark("point", len(text), len(text), len(marks)))
        sources.append(tag)
    text += body[cursor:].replace("\n", " ")
    return Segment(text, tuple(marks)), sources, lead


def _written(
    segment: Segment, sources: list[str], lead: str, lines: int, translated: Translated
) -> str:
    breaks = _line_breaks(translated.text, lines)
    order = {id(mark): index for index, mark in enumerate(segment.marks)}
    written = [lead]
    for placed in place(segment, translated):
        if isinstance(placed, Slice):
            written.extend(
                "\n" if offset in breaks else translated.text[offset]
                for offset in range(placed.start, placed.end)
            )
        else:
            written.append(sources[order[id(placed)]])
    return "".join(written)


def _line_breaks(text: str, lines: int) -> set[int]:
    """Offsets of the blanks that become line breaks: as even as the words allow."""
    blanks = [match.start() for match in regex.finditer(" ", text)]
    breaks: set[int] = set()
    for line in range(1, lines):
        wanted = len(text) * line / lines
        free = [blank for blank in blanks if blank > max(breaks, default=0)]
        if not free:
            break
        breaks.add(min(free, key=lambda blank: abs(blank - wanted)))
    return breaks
