"""HTML and XML around a translation: text out, translations in, every tag's bytes as they were.

`extract` cuts a document or a fragment into raw pieces, which are written back byte for byte, and
segments, which are translated; `render` puts the translations in. Neither knows of an engine.
Reach for them for anything that arrives as HTML; for plain text they would eat ampersands.

The tokens come from turbohtml, a WHATWG tokenizer in C that tells where each token stood, so
nothing is parsed into a tree and serialised again: fragments stay fragments, attributes keep
their quotes and order, broken markup stays exactly as broken. XML uses a tokenizer of its own
below, since HTML's would read ``<title>`` as raw text. Both are linear and have no recursion.

What is not translated: comments, scripts, styles, code, preformatted text, SVG, MathML, form
contents, and whatever carries ``translate="no"`` or the class ``notranslate`` (HTML standard,
3.2.6.3). Inside a sentence such an element is a `keep`: the translator sees its text for context,
the output has the original.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Literal

import regex
import turbohtml

from service.text.inline import Mark, Segment, Slice, Translated, place

Syntax = Literal["html", "xml"]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


TRANSLATED_ATTRIBUTES = ("alt", "title", "placeholder", "aria-label")

BLOCKS = _names(
    "address article aside audio base blockquote body br button canvas caption center col colgroup "
    "dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 "
    "h3 h4 h5 h6 head header hgroup hr html iframe input legend li link main menu meta nav "
    "noframes noscript object ol optgroup option p param pre search section select summary table "
    "tbody td template textarea tfoot th thead title tr ul video"
)
"""Elements that end a sentence: shown as blocks, or not text at all. All others, unknown ones
included, are inline."""

VOID = _names("area base br col embed hr img input link meta param source track wbr frame keygen")
OPAQUE = _names(
    "applet iframe math noembed noframes noscript object plaintext pre script style svg template "
    "textarea xmp"
)
CODE = _names("code kbd samp tt var")
_META_TEXT = _names(
    "description og:title og:description og:image:alt twitter:title twitter:description"
)
# A start tag of the value ends an open element of the key (HTML standard, 13.1.2.4).
_ENDS_PARAGRAPH = _names(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section table "
    "ul"
)
_ENDED_BY = {
    "p": _ENDS_PARAGRAPH,
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": frozenset({"td", "th", "tr", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "tbody", "tfoot"}),
    "tr": frozenset({"tr", "tbody", "tfoot"}),
    "option": frozenset({"option", "optgroup"}),
}

_KNOWN = (
    BLOCKS
    | VOID
    | OPAQUE
    | CODE
    | _names(
        "a abbr acronym b bdi bdo big cite data del dfn em font i ins label map mark meter nobr "
        "output picture progress q rb rp rt rtc ruby s slot small span strike strong sub sup time u"
    )
)
"""Elements on which HTML ignores a self-closing slash; on any other it is believed."""

KEPT_TEXT_CHARS = 200
"""Longest kept text that the translator is shown for context."""

ADDRESS_ITEMS = 8
"""Most items (text and tags) of an element that is looked at as an address."""

_ADDRESS = regex.compile(
    r"""(?:https?://|www\.)[^\s<>]++ | [@\#][\p{L}\p{N}\p{M}_][\p{L}\p{N}\p{M}_.@-]*+
      | [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}""",
    regex.VERBOSE,
)
_REFERENCE_SIGN = regex.compile(r"\s*[^\p{L}]{1,6}\s*")
_SPACES = regex.compile(r"[ \t\n\r\f]++")
_ATTRIBUTE = regex.compile(
    r"""[\s/]*+([^\s/>=][^\s/>=]*+|=[^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
)
_LETTER = regex.compile(r"\p{L}")
_HTML_SPACE = " \t\n\r\f"
_SOFT_HYPHEN = "\u00ad"
_TAG_NAME = regex.compile(r"</?[^\s/>]*+")
_XML_TAG = regex.compile(
    r"""<(/?)([\p{L}_:][^\s<>/"'=]*+)((?:[^<>"']|"[^"]*+"|'[^']*+')*+)>""", regex.DOTALL
)
_REFERENCE = regex.compile(r"&(?:\#[xX][0-9a-fA-F]+|\#[0-9]+|[a-zA-Z][a-zA-Z0-9]*+);?")


@dataclass(frozen=True, slots=True)
class Rules:
    """What to translate and what to leave.

    Args:
        syntax: "html" (names in any case, void elements, raw text) or "xml".
        attributes: attributes whose values are translated.
        ignore_tags: elements whose content stays as it is.
        splitting_tags: further elements that end a sentence.
        non_splitting_tags: elements that do not.
    """

    syntax: Syntax = "html"
    attributes: frozenset[str] = frozenset(TRANSLATED_ATTRIBUTES)
    ignore_tags: frozenset[str] = frozenset()
    splitting_tags: frozenset[str] = frozenset()
    non_splitting_tags: frozenset[str] = frozenset()

    def is_block(self, name: str) -> bool:
        """Whether an element ends the sentence it stands in."""
        if name in self.non_splitting_tags:
            return False
        return name in self.splitting_tags or (self.syntax == "html" and name in BLOCKS)


@dataclass(frozen=True, slots=True)
class AttributeText:
    """A translatable attribute value, in the quotes that stood around it."""

    segment: Segment
    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class TextRun:
    """A translatable run of text and inline tags.

    Args:
        segment: its text and marks.
        original: its characters in the document, attribute values set apart.
        inline: what stands behind each mark, by the mark's place in ``segment.marks``.
        spelled: characters that this run writes as references only, and how.
        layout: offsets of spaces in the text that are written otherwise in the document.
    """

    segment: Segment
    original: tuple[str | AttributeText, ...]
    inline: tuple[tuple[str | AttributeText, ...], ...]
    spelled: dict[str, str]
    layout: dict[int, str]

    def attributes(self) -> Iterator[AttributeText]:
        """The translatable attribute values of its tags, in order."""
        return (part for part in self.original if isinstance(part, AttributeText))


Piece = str | AttributeText | TextRun


@dataclass(frozen=True, slots=True)
class Markup:
    """A document cut into raw text and translatable pieces, in order."""

    pieces: tuple[Piece, ...]

    def units(self) -> Iterator[AttributeText | TextRun]:
        """The translatable pieces in the order in which `render` takes their translations."""
        for piece in self.pieces:
            if isinstance(piece, str):
                continue
            yield piece
            if isinstance(piece, TextRun):
                yield from piece.attributes()

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What is to be translated, in the order in which `render` takes the translations."""
        return tuple(unit.segment for unit in self.units())


def extract(html: str, rules: Rules | None = None) -> Markup:
    """Cut a document or fragment into raw and translatable pieces.

    Any string is taken; for every `html`,
    ``render(extract(html), [segment.text for segment in extract(html).segments]) == html``.
    """
    return _Extractor(rules or Rules()).run(html)


def render(markup: Markup, translations: Sequence[str | Translated]) -> str:
    """The document with its segments replaced.

    Args:
        markup: from `extract`.
        translations: one for each of ``markup.segments``; with links where the caller has them.

    Raises:
        ValueError: not exactly one translation for each segment.
    """
    expected = sum(1 for _ in markup.units())
    if expected != len(translations):
        raise ValueError(f"{expected} segments, but {len(translations)} translations")
    remaining = (
        given if isinstance(given, Translated) else Translated(given) for given in translations
    )
    written: list[str] = []
    for piece in markup.pieces:
        if isinstance(piece, str):
            written.append(piece)
        elif isinstance(piece, AttributeText):
            written.append(_write_attribute(piece, next(remaining)))
        else:
            own = next(remaining)
            values = [_write_attribute(part, next(remaining)) for part in piece.attributes()]
            written.append(_write_run(piece, own, iter(values)))
    return "".join(written)


def _write_attribute(piece: AttributeText, translated: Translated) -> str:
    if translated.text == piece.segment.text:
        return piece.source
    value = translated.text.replace("&", "&amp;").replace("<", "&lt;")
    if piece.quote == "'":
        return "'" + value.replace("'", "&#39;") + "'"
    return '"' + value.replace('"', "&quot;") + '"'


def _write_run(piece: TextRun, translated: Translated, attributes: Iterator[str]) -> str:
    if translated.text == piece.segment.text:
        return "".join(
            part if isinstance(part, str) else next(attributes) for part in piece.original
        )
    inline = [
        "".join(part if isinstance(part, str) else next(attributes) for part in parts)
        for parts in piece.inline
    ]
    layout = _moved_layout(piece, translated)
    written = []
    order = {id(mark): index for index, mark in enumerate(piece.segment.marks)}
    for placed in place(piece.segment, translated):
        if isinstance(placed, Slice):
            written.append(_escaped(translated.text, placed, piece.spelled, layout))
        else:
            written.append(inline[order[id(placed)]])
    return "".join(written)


def _moved_layout(piece: TextRun, translated: Translated) -> dict[int, str]:
    """Line breaks and indentation of the source, where the same gap stands in the output."""
    if not piece.layout:
        return {}
    moved = {}
    for before, after in zip(translated.sentences, translated.sentences[1:], strict=False):
        gap = translated.text[before.out_end : after.out_start]
        if gap == piece.segment.text[before.end : after.start] and before.end in piece.layout:
            moved[before.out_end] = piece.layout[before.end]
    return moved


def _escaped(text: str, part: Slice, spelled: dict[str, str], layout: dict[int, str]) -> str:
    out = []
    cursor = part.start
    for offset in sorted(o for o in layout if part.start <= o < part.end) if layout else ():
        out.append(_escape(text[cursor:offset], spelled) + layout[offset])
        cursor = offset + 1
    out.append(_escape(text[cursor : part.end], spelled))
    return "".join(out)


def _escape(text: str, spelled: dict[str, str]) -> str:
    table: dict[str, str | int | None] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **spelled}
    return text.translate(str.maketrans(table))


# Tokens


@dataclass(frozen=True, slots=True)
class _Token:
    """One token; `source` is its characters, and the tokens' sources make up the document."""

    kind: Literal["text", "reference", "start", "end", "other"]
    source: str
    name: str = ""
    attrs: tuple[tuple[str, str], ...] = ()
    self_closing: bool = False
    value: str = ""

    def attribute(self, name: str) -> str | None:
        """The first value of an attribute, entities decoded."""
        return next((value for key, value in self.attrs if key == name), None)


def _html_tokens(html: str) -> Iterator[_Token]:
    """turbohtml's tokens with the source of each, line ends as they were."""
    normal = html.replace("\r\n", "\n").replace("\r", "\n")
    lines = [0, *(match.end() for match in regex.finditer("\n", normal))]
    breaks = (match.start() for match in regex.finditer("\r\n", html))
    dropped = [at - n for n, at in enumerate(breaks)]

    def original(start: int, end: int) -> str:
        """The document's own characters of a span of `normal`."""
        if len(html) == len(normal):
            return html[start:end]
        return html[start + bisect_left(dropped, start) : end + bisect_left(dropped, end)]

    found = list(turbohtml.tokenize(normal, resolve_references=False, capture_source=True))
    starts = [lines[token.line - 1] + token.col for token in found] + [len(normal)]
    if found and starts[0] > 0:
        yield _Token("other", original(0, starts[0]))
    if not found and html:
        yield _Token("other", html)
    types = turbohtml.TokenType
    for token, start, end in zip(found, starts, starts[1:], strict=False):
        if token.type is types.TEXT:
            yield from _text_tokens(token.data or "", start, end, normal, original)
            continue
        whole = start + len(token.source or "")
        source = original(start, min(whole, end))
        if token.type is types.CHARACTER_REFERENCE:
            yield _Token("reference", source, value=token.data or "")
        elif token.type is types.START_TAG:
            yield _Token(
                "start",
                source,
                (token.tag or "").lower(),
                tuple((key, value or "") for key, value in token.attrs or ()),
                token.self_closing,
            )
        elif token.type is types.END_TAG:
            yield _Token("end", source, (token.tag or "").lower())
        else:
            yield _Token("other", source)
        if whole < end:
            yield _Token("other", original(whole, end))


def _text_tokens(
    data: str, start: int, end: int, normal: str, original: Callable[[int, int], str]
) -> Iterator[_Token]:
    """A text token, and around it what the tokenizer passed over: ``</>``, a cut-off tag."""
    cursor, rest = start, data
    while cursor < end:
        if rest and normal.startswith(rest, cursor):
            yield _Token("text", original(cursor, cursor + len(rest)))
            cursor, rest = cursor + len(rest), ""
            continue
        hole = normal.find("</>", cursor, end)
        if hole < 0 or not rest.startswith(normal[cursor:hole]):
            yield _Token("other", original(cursor, end))
            return
        if hole > cursor:
            yield _Token("text", original(cursor, hole))
        yield _Token("other", "</>")
        rest = rest[hole - cursor :]
        cursor = hole + 3


def _xml_tokens(text: str) -> Iterator[_Token]:
    """Tags, comments, CDATA sections and instructions of XML; what is none of them is text."""
    cursor = at = 0
    closers = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<!": ">"}
    hopeless: set[str] = set()
    while (at := text.find("<", at)) >= 0:
        opener = next((o for o in closers if text.startswith(o, at)), None)
        if opener is not None:
            end = -1 if opener in hopeless else text.find(closers[opener], at + len(opener))
            if end < 0:
                hopeless.add(opener)
                at += 1
                continue
            if at > cursor:
                yield from _with_references(text[cursor:at])
            cursor = end + len(closers[opener])
            yield _Token("other", text[at:cursor])
            at = cursor
            continue
        match = _XML_TAG.match(text, at)
        if match is None:
            at += 1
            continue
        if at > cursor:
            yield from _with_references(text[cursor:at])
        closing, name, rest = match.groups()
        if closing:
            yield _Token("end", match.group(), name)
        else:
            attrs = tuple(
                (key, unescape(value[1:-1] if value[:1] in "\"'" else value))
                for key, value in _ATTRIBUTE.findall(rest.rstrip("/"))
            )
            yield _Token("start", match.group(), name, attrs, rest.endswith("/"))
        at = cursor = match.end()
    if cursor < len(text):
        yield from _with_references(text[cursor:])


def _with_references(text: str) -> Iterator[_Token]:
    cursor = 0
    for match in _REFERENCE.finditer(text):
        value = unescape(match.group())
        if value == match.group():
            continue
        if match.start() > cursor:
            yield _Token("text", text[cursor : match.start()])
        yield _Token("reference", match.group(), value=value)
        cursor = match.end()
    if cursor < len(text):
        yield _Token("text", text[cursor:])


def outline(xml: str) -> frozenset[str]:
    """The elements that give an XML text its structure: paragraphs, sections, list items.

    Such an element stands where there is no text beside it; an element that also occurs beside
    text (an emphasis, a placeholder) is inline. Use it for `Rules.splitting_tags`.
    """
    children: list[set[str]] = [set()]
    beside_text = [False]
    structural: set[str] = set()
    inline: set[str] = set()
    for token in _xml_tokens(xml):
        if token.kind == "start":
            children[-1].add(token.name)
            if not token.self_closing:
                children.append(set())
                beside_text.append(False)
        elif token.kind == "end" and len(children) > 1:
            (inline if beside_text.pop() else structural).update(children.pop())
        elif token.kind in ("text", "reference") and token.source.strip():
            beside_text[-1] = True
    while children:
        (inline if beside_text.pop() else structural).update(children.pop())
    return frozenset(structural - inline)


# Segments


ItemKind = Literal["text", "start", "end", "point", "keep"]


@dataclass(slots=True)
class _Item:
    """One thing inside a run: text, a tag, or a group that is kept as it is."""

    kind: ItemKind
    tokens: list[_Token]

    @property
    def name(self) -> str:
        return self.tokens[0].name

    @property
    def source(self) -> str:
        return "".join(token.source for token in self.tokens)

    @property
    def is_text(self) -> bool:
        return self.kind in ("text", "keep")


@dataclass(frozen=True, slots=True)
class _Open:
    """An open element: is its content translated, and did it begin a group that is kept?"""

    name: str
    translate: bool
    keeps: bool


class _Extractor:
    """One pass over the tokens: raw text, and runs of text and inline tags between blocks."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.is_html = rules.syntax == "html"
        self.pieces: list[Piece] = []
        self.raw: list[str] = []
        self.items: list[_Item] = []
        self.kept: list[_Token] | None = None
        self.stack: list[_Open] = []
        self.open_names: Counter[str] = Counter()

    def run(self, html: str) -> Markup:
        for token in _html_tokens(html) if self.is_html else _xml_tokens(html):
            if token.kind == "start":
                self._start(token)
            elif token.kind == "end":
                self._end(token)
            elif token.kind == "other":
                self._put("point", token)
            else:
                self._put("text", token)
        self._flush()
        self._end_raw()
        return Markup(tuple(self.pieces))

    @property
    def _translating(self) -> bool:
        return not self.stack or self.stack[-1].translate

    def _start(self, token: _Token) -> None:
        name = token.name
        if self.is_html:
            self._close_implied(name)
        block = self.rules.is_block(name)
        if block:
            self._flush()
        if self._is_void(token):
            self._put("point", token)
        else:
            translate = self._translates_content(token)
            keeps = self._translating and not translate and not block and self.kept is None
            if keeps:
                self.kept = []
            self._put("start", token)
            self.stack.append(_Open(name, translate, keeps))
            self.open_names[name] += 1
        if block:
            self._flush()

    def _is_void(self, token: _Token) -> bool:
        if self.is_html and token.name in VOID:
            return True
        return token.self_closing and not (self.is_html and token.name in _KNOWN)

    def _translates_content(self, token: _Token) -> bool:
        if token.name in self.rules.ignore_tags:
            return False
        if self.is_html and (token.name in OPAQUE or token.name in CODE):
            return False
        given = token.attribute("translate")
        if given is not None and given.lower() == "no":
            return False
        if "notranslate" in (token.attribute("class") or "").lower().split():
            return False
        if given is not None and given.lower() in ("yes", ""):
            return self.kept is None
        return self._translating

    def _close_implied(self, name: str) -> None:
        """End the elements that this start tag ends without saying so."""
        if self.stack and name in _ENDED_BY.get(self.stack[-1].name, ()):
            self._flush()
            self._pop()
        elif name in _ENDS_PARAGRAPH and self.open_names["p"]:
            for depth in range(len(self.stack) - 1, max(-1, len(self.stack) - 9), -1):
                if self.stack[depth].name == "p":
                    self._flush()
                    while len(self.stack) > depth:
                        self._pop()
                    return
                if self.stack[depth].name in BLOCKS:
                    return

    def _end(self, token: _Token) -> None:
        block = self.rules.is_block(token.name)
        if block:
            self._flush()
        if self.open_names[token.name]:
            while self.stack[-1].name != token.name:
                self._pop()
            if self.stack[-1].keeps and self.kept is not None:
                self.kept.append(token)
                self._pop()
            else:
                self._put("end", token)
                self._pop()
        else:
            self._put("end", token)
        if block:
            self._flush()

    def _pop(self) -> None:
        closed = self.stack.pop()
        self.open_names[closed.name] -= 1
        if closed.keeps and self.kept is not None:
            opaque = self.is_html and closed.name in OPAQUE
            self.items.append(_Item("point" if opaque else "keep", self.kept))
            self.kept = None

    def _put(self, kind: ItemKind, token: _Token) -> None:
        if self.kept is not None:
            self.kept.append(token)
        elif self._translating:
            self.items.append(_Item(kind, [token]))
        else:
            self._flush()
            self.raw.append(token.source)

    def _flush(self) -> None:
        """End the present run, as a block boundary does; a kept group that is cut is raw."""
        items, self.items = self.items, []
        first, last = _core(items)
        self._write_raw(items[:first])
        if first < last:
            self._write_run(items[first:last])
        self._write_raw(items[last:])
        if self.kept is not None:
            self.raw.extend(token.source for token in self.kept)
            self.kept = None

    def _write_raw(self, items: list[_Item]) -> None:
        for item in items:
            for part in self._parts(item):
                if isinstance(part, str):
                    self.raw.append(part)
                else:
                    self._end_raw()
                    self.pieces.append(part)

    def _end_raw(self) -> None:
        if self.raw:
            self.pieces.append("".join(self.raw))
            self.raw = []

    def _write_run(self, items: list[_Item]) -> None:
        builder = _RunBuilder()
        for item in _addresses_kept(items):
            if item.kind == "text":
                builder.add_text(item.tokens[0])
            else:
                builder.add_mark(item, self._parts(item))
        run = builder.run()
        if run is None:
            self._write_raw(items)
            return
        self.raw.append(builder.before)
        self._end_raw()
        self.pieces.append(run)
        self.raw.append(builder.after)

    def _parts(self, item: _Item) -> tuple[str | AttributeText, ...]:
        """An item's source, with the translatable attribute values of a tag set apart."""
        if item.kind not in ("start", "point") or len(item.tokens) != 1:
            return (item.source,)
        token = item.tokens[0]
        names = {key for key, _ in token.attrs if key in self.rules.attributes}
        if self.is_html and token.name == "meta":
            about = token.attribute("name") or token.attribute("property") or ""
            names |= {"content"} if about.lower() in _META_TEXT else set()
        if not names or (token.attribute("translate") or "").lower() == "no":
            return (token.source,)
        return tuple(_split_attributes(token.source, names))


def _split_attributes(source: str, names: set[str]) -> Iterator[str | AttributeText]:
    """A start tag as raw text and the values of the attributes `names`, the first of each."""
    head = _TAG_NAME.match(source)
    position = head.end() if head else len(source)
    cursor, end = 0, len(source) - 1
    while position < end and (match := _ATTRIBUTE.match(source, position, end)):
        position = match.end()
        name, value = match.group(1).lower(), match.group(2)
        if value is None or name not in names:
            continue
        names.discard(name)
        quote = value[0] if value[:1] in ("'", '"') else ""
        text = unescape(value[1:-1] if quote else value)
        if not _LETTER.search(text):
            continue
        yield source[cursor : match.start(2)]
        yield AttributeText(Segment(text), value, quote)
        cursor = position
    yield source[cursor:]


def _core(items: list[_Item]) -> tuple[int, int]:
    """Where a run's text begins and ends, once tags that wrap it or lie outside are set aside.

    Every pair lies wholly inside or wholly outside, so that what is set aside never moves.
    """
    pairs = _pairs(items)
    texts = [0]
    for item in items:
        blank = item.kind == "text" and not item.source.strip(_HTML_SPACE)
        texts.append(texts[-1] + (item.is_text and not blank))
    first, last = 0, len(items)
    while first < last:
        left = pairs.get(first, first)
        right = pairs.get(last - 1, last - 1)
        if texts[left + 1] == texts[first]:
            first = left + 1
        elif texts[last] == texts[right]:
            last = right
        elif left == last - 1 and not items[first].is_text:
            first, last = first + 1, last - 1
        else:
            break
    return first, last


def _pairs(items: list[_Item]) -> dict[int, int]:
    """Which start tag belongs to which end tag, both ways; a misnested tag belongs to none."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    names: Counter[str] = Counter()
    for index, item in enumerate(items):
        if item.kind == "start":
            opened.append(index)
            names[item.name] += 1
        elif item.kind == "end" and names[item.name]:
            while items[opened[-1]].name != item.name:
                names[items[opened.pop()].name] -= 1
            names[item.name] -= 1
            start = opened.pop()
            pairs[start], pairs[index] = index, start
    return pairs


def _addresses_kept(items: list[_Item]) -> Iterator[_Item]:
    """The items, with each element that is no matter of language made one item.

    A handle, a hashtag, an e-mail or web address in a tag of its own is kept: social media wrap
    every mention so, with further tags inside. The raised sign of a footnote stays behind its
    word, and the translator does not see it: it would read "Mai.1".
    """
    pairs = _pairs(items)
    at = 0
    while at < len(items):
        end = pairs.get(at, at)
        inner = items[at + 1 : end] if at < end <= at + ADDRESS_ITEMS else []
        text = "".join(item.source for item in inner if item.kind == "text")
        whole = [token for item in items[at : end + 1] for token in item.tokens]
        if items[at].name == "sup" and _REFERENCE_SIGN.fullmatch(text):
            yield _Item("point", whole)
            at = end
        elif _ADDRESS.fullmatch(text.strip(_HTML_SPACE)):
            yield _Item("keep", whole)
            at = end
        else:
            yield items[at]
        at += 1


class _RunBuilder:
    """Plain text and marks of one run."""

    def __init__(self) -> None:
        self.before = ""
        self.after = ""
        self.begins_with_text = False
        self.ends_with_text = False
        self.text: list[str] = []
        self.length = 0
        self.marks: list[tuple[_Item, int, int]] = []
        self.inline: list[tuple[str | AttributeText, ...]] = []
        self.original: list[str | AttributeText] = []
        self.spelled: dict[str, str] = {}
        self.literal: set[str] = set()
        self.layout: dict[int, str] = {}

    def add_text(self, token: _Token) -> None:
        """Append a token of text, runs of white space written as one blank."""
        self.begins_with_text = self.begins_with_text or not self.original
        self.ends_with_text = True
        self.original.append(token.source)
        if token.kind == "reference":
            if len(token.value) == 1:
                self.spelled.setdefault(token.value, token.source)
            self._append("" if token.value == _SOFT_HYPHEN else token.value)
            return
        cursor = 0
        for match in _SPACES.finditer(token.source):
            self._append_literal(token.source[cursor : match.start()])
            self._space(match.group())
            cursor = match.end()
        self._append_literal(token.source[cursor:])

    def add_mark(self, item: _Item, parts: tuple[str | AttributeText, ...]) -> None:
        """Append a tag or a kept group; the kept text is shown to the translator if short."""
        self.ends_with_text = False
        self.original.extend(parts)
        start = self.length
        if item.kind == "keep":
            kept = "".join(
                token.value if token.kind == "reference" else token.source
                for token in item.tokens
                if token.kind in ("text", "reference")
            )
            kept = _SPACES.sub(" ", kept).strip(" ")
            if len(kept) <= KEPT_TEXT_CHARS:
                self._append(kept)
        self.marks.append((item, start, self.length))
        self.inline.append(parts)

    def run(self) -> TextRun | None:
        """The run, or None if there is nothing in it to translate."""
        text = "".join(self.text)
        if not any(_LETTER.search(part) for part in self._spoken(text)):
            return None
        original = list(self.original)
        if self.begins_with_text and isinstance(original[0], str):
            stripped = original[0].lstrip(_HTML_SPACE)
            self.before = original[0][: len(original[0]) - len(stripped)]
            original[0] = stripped
        if self.ends_with_text and isinstance(original[-1], str):
            stripped = original[-1].rstrip(_HTML_SPACE)
            self.after = original[-1][len(stripped) :]
            original[-1] = stripped
            text = text.rstrip(_HTML_SPACE) if self.after else text
        items = [item for item, _, _ in self.marks]
        pairs = _pairs(items)
        marks = []
        for index, (item, start, end) in enumerate(self.marks):
            kind = item.kind if item.kind != "text" else "point"
            if kind == "keep" and start == end:
                kind = "point"
            key = pairs[index] if kind == "end" and index in pairs else index
            marks.append(Mark(kind, start, end if kind == "keep" else start, key))
        spelled = {
            char: written
            for char, written in self.spelled.items()
            if char in "&<>" or char not in self.literal
        }
        return TextRun(
            Segment(text, tuple(marks)),
            tuple(original),
            tuple(self.inline),
            spelled,
            self.layout,
        )

    def _spoken(self, text: str) -> Iterator[str]:
        """The text outside kept groups."""
        cursor = 0
        for item, start, end in self.marks:
            if item.kind == "keep":
                yield text[cursor:start]
                cursor = end
        yield text[cursor:]

    def _append(self, text: str) -> None:
        if text:
            self.text.append(text)
            self.length += len(text)

    def _append_literal(self, text: str) -> None:
        self.literal.update(text)
        self._append(text.replace(_SOFT_HYPHEN, ""))

    def _space(self, run: str) -> None:
        ends_blank = bool(self.text) and self.text[-1][-1:].isspace()
        if not self.length or ends_blank:
            if self.marks and self.marks[-1][0].kind in ("point", "keep"):
                self.inline[-1] = (*self.inline[-1], run)
            return
        if run.replace("\r\n", "\n").replace("\r", "\n").count("\n") > 1:
            self._append(run)
            return
        if run != " ":
            self.layout[self.length] = run
        self._append(" ")
