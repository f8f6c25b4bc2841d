"""Markdown: paragraphs, headings, lists and tables are translated, the notation stays.

markdown-it-py (CommonMark, with GitHub's tables and strike-through) says what each line is; the
inline tokens are then found again in the source, so that what is not text is copied byte for
byte: code, link targets, images' addresses, HTML tags, front matter, reference definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex
from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from service.text.files.encoding import decode
from service.text.inline import Mark, Segment, SegmentTranslator, Slice, Translated, place
from service.text.markup import Markup, extract, render

_LETTER = regex.compile(r"\p{L}")
_ACTIVE = regex.compile(
    r"""[\\`*]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|~~|<(?=[A-Za-z/!?])|&(?=\#?\w{1,32};)
      |\](?=[\[(:])|^\[(?=[\^ xX])""",
    regex.VERBOSE,
)
_FOOTNOTE = regex.compile(r"(\[\^[^\[\]\s]{1,80}\])")
_BLOCK_START = regex.compile(r"(?:\#{1,6}(?=\s|$)|[-+*>=](?=\s|[-=]|$)|>|\d{1,9}(?=[.)](?:\s|$)))")


@dataclass(slots=True)
class _Run:
    """Consecutive inline source that is translated as one.

    Args:
        source: its characters.
        text: what the translator sees.
        marks: kinds, offsets and keys as in `Segment`.
        inline: what stands behind each mark.
    """

    source: str = ""
    text: str = ""
    marks: list[Mark] = field(default_factory=list)
    inline: list[str | _Alt] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)

    @property
    def segment(self) -> Segment:
        return Segment(self.text, tuple(self.marks))


@dataclass(frozen=True, slots=True)
class _Alt:
    """An image: its alternative text between what stands around it."""

    before: str
    text: str
    after: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A run in its place: at the start of a block or not, in a table or not."""

    run: _Run
    starts_block: bool
    in_table: bool


_Piece = str | _Line | Markup


def translate(content: bytes, translator: SegmentTranslator, target: str) -> bytes:
    """A Markdown file's translation; a paragraph whose text changed is written on one line."""
    decoded = decode(content)
    line_end = "\r\n" if "\r\n" in decoded.text else "\n"
    pieces = list(_pieces(decoded.text.replace("\r\n", "\n").replace("\r", "\n")))
    segments: list[Segment] = []
    for piece in pieces:
        if isinstance(piece, Markup):
            segments.extend(piece.segments)
        elif isinstance(piece, _Line):
            segments.append(piece.run.segment)
            segments.extend(Segment(alt.text) for alt in _alts(piece.run))
    translations = iter(translator(segments))
    written: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            written.append(piece)
        elif isinstance(piece, Markup):
            written.append(render(piece, [next(translations) for _ in piece.segments]))
        else:
            own = next(translations)
            alts = [next(translations).text for _ in _alts(piece.run)]
            written.append(_written(piece, own, alts))
    return decoded.encode("".join(written).replace("\n", line_end))


def _alts(run: _Run) -> list[_Alt]:
    return [part for part in run.inline if isinstance(part, _Alt)]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser.use(front_matter_plugin).disable("text_join")


def _pieces(text: str) -> Iterator[_Piece]:
    """The document as raw text, runs to translate, and blocks of HTML."""
    lines = [line + "\n" for line in text.split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    cursor = 0
    in_table = False
    for token in _parser().parse(text):
        in_table = token.type == "table_open" or (in_table and token.type != "table_close")
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        start = starts[min(token.map[0], len(lines))]
        end = starts[min(token.map[1], len(lines))]
        end = min(end, len(text))
        if token.type == "html_block":
            if text[start:end].lstrip().startswith(">"):
                continue
            yield text[cursor:start]
            yield extract(text[start:end])
            cursor = end
            continue
        located = _located(token.content, text, max(start, cursor), end, in_table)
        if located is None:
            continue
        spans, gaps = located
        if any(first < cursor for first, _ in spans):
            continue
        pieces = list(_inline(token, in_table))
        yield text[cursor : spans[0][0]]
        yield from _with_prefixes(pieces, gaps, in_table)
        cursor = spans[-1][1]
    yield text[cursor:]


def _located(
    content: str, text: str, start: int, end: int, in_table: bool
) -> tuple[list[tuple[int, int]], list[str]] | None:
    """Where the lines of an inline token stand, and what stands between them.

    The parser strips list indentation and quotation marks from the front of each line.
    """
    spans: list[tuple[int, int]] = []
    gaps: list[str] = []
    at = start
    for line in content.split("\n"):
        wanted = line.replace("|", "\\|") if in_table and "\\|" in text[at:end] else line
        found = text.find(wanted, at, end)
        if found < 0:
            return None
        if spans:
            gaps.append(text[at:found])
            if "\n" not in gaps[-1]:
                return None
        at = found + len(wanted)
        spans.append((found, at))
    return spans, gaps


def _with_prefixes(pieces: Sequence[_Piece], gaps: list[str], in_table: bool) -> Iterator[_Piece]:
    """Line breaks in the source of pieces written with what stood in front of the next line."""
    remaining = iter(gaps)

    def restored(source: str) -> str:
        source = source.replace("|", "\\|") if in_table else source
        parts = source.split("\n")
        return "".join([parts[0], *(next(remaining, "\n") + part for part in parts[1:])])

    for piece in pieces:
        if isinstance(piece, str):
            yield restored(piece)
        elif isinstance(piece, _Line):
            piece.run.source = restored(piece.run.source)
            yield piece
        else:
            yield piece


# Inline tokens, found again in their source


def _inline(token: Token, in_table: bool) -> Iterator[_Piece]:
    """Runs between hard line breaks; raw text where there is nothing to translate."""
    source, first = token.content, True
    for run in _Walker(source).runs(token.children or []):
        if isinstance(run, str):
            yield run
        elif _LETTER.search(run.text) or _alts(run):
            yield _Line(run, first, in_table)
        else:
            yield run.source
        first = False


class _Walker:
    """Follows the parser's tokens along the source that they came from."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def runs(self, tokens: Sequence[Token]) -> Iterator[_Run | str]:
        run = _Run()
        run_start = 0
        in_address = False
        for token in tokens:
            before = self.at
            if token.info == "auto" and token.type in ("link_open", "link_close"):
                in_address = token.type == "link_open"
                if in_address and not self._address(run):
                    yield self.source[run_start:]
                    return
                continue
            if in_address:
                continue
            if token.type == "hardbreak":
                self._skip_break()
                run.source = self.source[run_start:before]
                yield run
                yield self.source[before : self.at]
                run, run_start = _Run(), self.at
            elif not self._step(token, run):
                yield self.source[run_start:]
                return
        run.source = self.source[run_start:]
        yield run

    def _skip_break(self) -> None:
        match = regex.compile(r"(?:\\| *)\n *").match(self.source, self.at)
        self.at = match.end() if match else self.at

    def _step(self, token: Token, run: _Run) -> bool:
        """Take one token; False where it is not found in the source."""
        kind = token.type
        if kind == "text":
            return all(
                self._mark("point", part, run)
                if _FOOTNOTE.fullmatch(part)
                else self._text(part, part, run)
                for part in _FOOTNOTE.split(token.content)
            )
        if kind == "text_special":
            return self._text(token.markup, token.content, run)
        if kind == "softbreak":
            match = regex.compile(r" *\n *").match(self.source, self.at)
            return self._text(match.group() if match else "\n", " ", run)
        if kind == "code_inline":
            return self._code(token.markup, run)
        if kind == "html_inline":
            return self._html(token.content, run)
        if kind == "image":
            return self._image(token, run)
        if kind in ("em_open", "strong_open", "s_open"):
            return self._mark("start", token.markup, run)
        if kind in ("em_close", "strong_close", "s_close"):
            return self._mark("end", token.markup, run)
        if kind == "link_open":
            return self._mark("start", "[", run)
        if kind == "link_close":
            return self._mark("end", self._link_tail(), run)
        return False

    def _take(self, expected: str) -> bool:
        if not expected or not self.source.startswith(expected, self.at):
            return False
        self.at += len(expected)
        return True

    def _text(self, source: str, value: str, run: _Run) -> bool:
        if source and not self._take(source):
            return False
        last = run.inline[-1] if run.marks and run.marks[-1].kind == "point" else None
        if last is not None and run.text.endswith(" ") and run.marks[-1].position == len(run.text):
            stripped = value.lstrip(" ")
            blanks = value[: len(value) - len(stripped)]
            value = stripped
            run.inline[-1] = (
                last + blanks
                if isinstance(last, str)
                else _Alt(last.before, last.text, last.after + blanks)
            )
        run.text += value
        return True

    def _mark(self, kind: str, source: str, run: _Run) -> bool:
        if not self._take(source):
            return False
        at = len(run.text)
        index = len(run.marks)
        if kind == "start":
            run.opened.append(index)
            run.marks.append(Mark("start", at, at, index))
        elif kind == "end":
            run.marks.append(Mark("end", at, at, run.opened.pop() if run.opened else index))
        else:
            run.marks.append(Mark("point", at, at, index))
        run.inline.append(source)
        return True

    def _code(self, fence: str, run: _Run) -> bool:
        pattern = rf"{fence}(?!`)(.+?)(?<!`){fence}(?!`)"
        match = regex.compile(pattern, regex.DOTALL).match(self.source, self.at)
        if match is None:
            return False
        return self._keep(match.group(), match.group(1).replace("\n", " ").strip(), run)

    def _address(self, run: _Run) -> bool:
        match = regex.compile(r"<([^<>\s]*+)>").match(self.source, self.at)
        return match is not None and self._keep(match.group(), match.group(1), run)

    def _keep(self, source: str, text: str, run: _Run) -> bool:
        self.at += len(source)
        start = len(run.text)
        run.text += text
        run.marks.append(Mark("keep", start, len(run.text), len(run.marks)))
        run.inline.append(source)
        return True

    def _html(self, source: str, run: _Run) -> bool:
        name = regex.match(r"</?([A-Za-z][\w-]*)", source)
        if name is None or source.endswith("/>") or name.group(1).lower() in ("br", "img", "wbr"):
            return self._mark("point", source, run)
        return self._mark("end" if source.startswith("</") else "start", source, run)

    def _image(self, token: Token, run: _Run) -> bool:
        start = self.at
        if not self._take("!["):
            return False
        inner = _Run()
        for child in token.children or []:
            if not self._step(child, inner):
                return False
        label_end = self.at
        tail = self._link_tail()
        if not self._take(tail):
            return False
        label = self.source[start + 2 : label_end]
        at = len(run.text)
        run.marks.append(Mark("point", at, at, len(run.marks)))
        if _LETTER.search(label) and not inner.marks:
            run.inline.append(_Alt("![", inner.text, tail))
        else:
            run.inline.append(self.source[start : self.at])
        return True

    def _link_tail(self) -> str:
        """From the ``]`` at the present place to the end of the link: inline, or a reference."""
        source, at, end = self.source, self.at, len(self.source)
        if not source.startswith("]", at):
            return ""
        following = source[at + 1 : at + 2]
        if following == "(":
            inside = _skip_space(source, at + 2)
            destination = parseLinkDestination(source, inside, end)
            if destination.ok:
                inside = _skip_space(source, destination.pos)
                title = parseLinkTitle(source, inside, end)
                if title.ok and inside > destination.pos:
                    inside = _skip_space(source, title.pos)
            if source.startswith(")", inside):
                return source[at : inside + 1]
        if following == "[":
            close = source.find("]", at + 2)
            if close >= 0:
                return source[at : close + 1]
        return "]"


def _skip_space(source: str, at: int) -> int:
    while at < len(source) and source[at] in " \t\n":
        at += 1
    return at


# Writing


def _written(line: _Line, translated: Translated, alts: list[str]) -> str:
    run = line.run
    segment = run.segment
    if translated.text == run.text and alts == [alt.text for alt in _alts(run)]:
        return run.source
    values = iter(alts)
    inline = [
        part if isinstance(part, str) else f"{part.before}{_escape(next(values))}{part.after}"
        for part in run.inline
    ]
    order = {id(mark): index for index, mark in enumerate(segment.marks)}
    written = []
    for placed in place(segment, translated):
        if isinstance(placed, Slice):
            written.append(_escape(translated.text[placed.start : placed.end]))
        else:
            written.append(inline[order[id(placed)]])
    text = "".join(written).replace("\n", " ")
    if line.in_table:
        return text.replace("\\|", "|").replace("|", "\\|")
    start = _BLOCK_START.match(text) if line.starts_block else None
    if start is None:
        return text
    digits = start.group() if start.group()[0].isdigit() else ""
    return digits + "\\" + text[len(digits) :]


def _escape(text: str) -> str:
    """Text in which nothing reads as notation that did not stand there."""
    return _ACTIVE.sub(lambda match: "\\" + match.group(), text)
