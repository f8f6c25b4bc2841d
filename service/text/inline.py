"""Inline marks put back on their words after a translation.

A `Segment` is what the translator sees: plain text, beside it the inline marks (an emphasis, a
link, a footnote reference, a code span) as positions in that text. `place` takes the translated
text and says where every mark goes. It knows nothing of HTML, Markdown or Word: a mark carries
a number, and the caller knows what stands behind it.

Evidence, strongest first:

1. character links from the model's attention, if the caller has them;
2. the same text on both sides: names, numbers, verbatim spans;
3. proportional position between the nearest of these, inside the same sentence.

Laws that hold whatever the evidence: every mark comes out exactly once; a pair never closes
before it opens, and pairs that were nested well stay nested well; no mark stands inside a word.
The cost is linear in text and marks, except for a tree search that is bounded by
`TREE_BUDGET` and replaced by an order-preserving walk above it.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import regex
from rapidfuzz.distance import LCSseq

MarkKind = Literal["start", "end", "point", "keep"]

TREE_BUDGET = 400_000
"""Most (elements x output words) for which elements may change their order; above it, tags keep
their order. 400,000 steps are about 0.2 s of Python."""

TREE_DEPTH = 64
"""Deepest nesting for which elements may change their order."""

SAME_TEXT_TOKENS = 2_000
"""Longest sentence, in words, whose two sides are compared word by word (the comparison is
quadratic, bit-parallel)."""

SAME_LANGUAGE_SHARE = 0.6
"""Share of words common to both sides above which every common word counts as evidence, function
words too. French and English newswire share under 0.2, a text and its name-corrected self over
0.9."""

_TOKEN = regex.compile(
    r"""
    (?:https?://|www\.)[^\s<>"«»()]++
  | [\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*+
  | [@\#]?[\p{L}\p{N}\p{M}_](?:[\p{L}\p{N}\p{M}_\p{Cf}]|['’.\-‑](?=[\p{L}\p{N}])|,(?=\p{N}))*+
  | \S[\p{M}\p{Cf}]*+
    """,
    regex.VERBOSE,
)
_WORD = regex.compile(r"[\p{L}\p{N}]")
_PUNCTUATION_KEYS = str.maketrans("؟،؛«»“”„‘’٪۔", '?,;"""""\'\'%.')


@dataclass(frozen=True, slots=True)
class Link:
    """Source characters ``[start, end)`` became output characters ``[out_start, out_end)``."""

    start: int
    end: int
    out_start: int
    out_end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement made in an output text: ``[start, end)`` became `length` characters."""

    start: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class Translated:
    """One segment's translation and what is known of how it came about.

    Args:
        text: the translation of the whole segment.
        sentences: sentence spans of the segment and their spans in `text`, in order.
        links: finer links, of words or subwords; offsets as above, in the whole segment.
    """

    text: str
    sentences: tuple[Link, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something inline that is not text.

    `start` and `end` open and close a pair, a `point` stands between two characters, and a
    `keep` stands for the text ``[position, end)``, which must come out as it went in.

    Args:
        kind: see above.
        position: offset into the segment's text.
        end: for a `keep`, the end of its text; otherwise equal to `position`.
        key: the caller's own number for it.
    """

    kind: MarkKind
    position: int
    end: int
    key: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text that is translated as one.

    Args:
        text: what the translator sees, entities decoded, without markup.
        marks: in reading order.
    """

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def keeps(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text` that the caller's markup says must not be translated."""
        return tuple((mark.position, mark.end) for mark in self.marks if mark.kind == "keep")


@dataclass(frozen=True, slots=True)
class Slice:
    """Characters ``[start, end)`` of the translated text."""

    start: int
    end: int


Placed = Slice | Mark

SegmentTranslator = Callable[[Sequence[Segment]], Sequence[Translated]]
"""Translates the segments of one document: as many answers, in the same order."""


def shift(links: Iterable[Link], edits: Sequence[Edit]) -> tuple[Link, ...]:
    """Move the output side of `links` to where the text stands after `edits`."""
    if not edits:
        return tuple(links)
    starts = [edit.start for edit in edits]
    grown = [0]
    for edit in edits:
        grown.append(grown[-1] + edit.length - (edit.end - edit.start))

    def moved(offset: int, *, end: bool) -> int:
        index = bisect_left(starts, offset) if end else bisect_right(starts, offset)
        if index and offset < edits[index - 1].end:
            edit = edits[index - 1]
            base = edit.start + grown[index - 1]
            return base + edit.length if end else base
        return offset + grown[index]

    return tuple(
        Link(
            link.start,
            link.end,
            moved(link.out_start, end=False),
            max(moved(link.out_start, end=False), moved(link.out_end, end=True)),
        )
        for link in links
    )


def place(segment: Segment, translated: Translated, *, ordered: bool = False) -> list[Placed]:
    """Put the segment's marks into its translation.

    Args:
        ordered: the marks must keep their order, whatever the evidence says.

    Returns:
        Slices of ``translated.text`` and marks in the order in which they are written. Slices
        are in order and leave out nothing except the words that a `keep` stands for.
    """
    if not segment.marks:
        return [Slice(0, len(translated.text))] if translated.text else []
    if translated.text == segment.text:
        return _unchanged(segment)
    alignment = _Alignment.of(segment, translated)
    tree = None if ordered else _tree(segment)
    if tree is None or tree.count * (len(alignment.out) + 1) > TREE_BUDGET:
        return _in_order(segment, alignment)
    return _TreePlacer(segment, alignment).place(tree.roots)


def _unchanged(segment: Segment) -> list[Placed]:
    placed: list[Placed] = []
    cursor = 0
    for mark in segment.marks:
        if mark.position > cursor:
            placed.append(Slice(cursor, mark.position))
            cursor = mark.position
        placed.append(mark)
        cursor = max(cursor, mark.end)
    if cursor < len(segment.text):
        placed.append(Slice(cursor, len(segment.text)))
    return placed


# Words and which of them belong together


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    key: str
    is_word: bool


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(match.start(), match.end(), _key(match.group()), bool(_WORD.search(match.group())))
        for match in _TOKEN.finditer(text)
    ]


@lru_cache(maxsize=65_536)
def _key(surface: str) -> str:
    """What two tokens must have in common to count as the same text in both languages."""
    folded = unicodedata.normalize("NFKC", surface).translate(_PUNCTUATION_KEYS).casefold()
    folded = folded.removesuffix("'s")
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in folded)


def _is_telling(token: _Token, surface: str) -> bool:
    """Whether the same token in two languages is likely to be the same thing.

    Names, numbers, addresses and punctuation are; short words in lower case ("on", "me", "a")
    are not.
    """
    if not token.is_word:
        return True
    return len(token.key) >= 4 or not surface.islower() or any(c.isdecimal() for c in token.key)


class _Alignment:
    """Which output tokens belong to which source tokens."""

    def __init__(self, source_text: str, out_text: str) -> None:
        self.source_text = source_text
        self.out_text = out_text
        self.source = _tokens(source_text)
        self.out = _tokens(out_text)
        self.source_starts = [token.start for token in self.source]
        self.source_ends = [token.end for token in self.source]
        self.out_starts = [token.start for token in self.out]
        self.out_ends = [token.end for token in self.out]
        self.forward: list[list[int]] = [[] for _ in self.source]
        self.back: list[list[int]] = [[] for _ in self.out]
        self.explicit: set[int] = set()
        self.kept: dict[int, tuple[int, int]] = {}

    @classmethod
    def of(cls, segment: Segment, translated: Translated) -> _Alignment:
        self = cls(segment.text, translated.text)
        sentences = list(translated.sentences) or [
            Link(0, len(segment.text), 0, len(translated.text))
        ]
        self._find_kept(segment)
        for sentence in sentences:
            self._align_same_words(sentence)
        told = [bool(links) for links in self.back]
        for link in translated.links:
            sources = self.source_range(link.start, link.end)
            outs = self.out_range(link.out_start, link.out_end)
            if len(sources) * len(outs) > 64:
                continue
            for i in sources:
                self.explicit.add(i)
                for j in outs:
                    if not told[j] and not any(told[k] for k in self.forward[i]):
                        self._link(i, j)
        for sentence in sentences:
            self._align_sentence(sentence)
        return self

    def source_range(self, start: int, end: int) -> range:
        """Indexes of the source tokens that overlap ``[start, end)``."""
        return range(bisect_right(self.source_ends, start), bisect_left(self.source_starts, end))

    def out_range(self, start: int, end: int) -> range:
        """Indexes of the output tokens that overlap ``[start, end)``."""
        return range(bisect_right(self.out_ends, start), bisect_left(self.out_starts, end))

    def _link(self, i: int, j: int) -> None:
        if j not in self.forward[i]:
            self.forward[i].append(j)
            self.back[j].append(i)

    def _find_kept(self, segment: Segment) -> None:
        """Find each kept text verbatim in the output, in order, each occurrence once."""
        cursors: dict[str, int] = {}
        lowered = self.out_text.lower()
        haystack = lowered if len(lowered) == len(self.out_text) else self.out_text
        for mark in segment.marks:
            if mark.kind != "keep" or mark.end == mark.position:
                continue
            text = segment.text[mark.position : mark.end]
            at = self.out_text.find(text, cursors.get(text, 0))
            if at < 0:
                at = haystack.find(text.lower(), cursors.get(text, 0))
            if at < 0 or len(text.lower()) != len(text):
                continue
            cursors[text] = at + len(text)
            outs = self.out_range(at, at + len(text))
            whole = (
                len(outs) > 0
                and self.out[outs[0]].start == at
                and self.out[outs[-1]].end == at + len(text)
            )
            if not whole:
                continue
            self.kept[mark.key] = (outs[0], outs[-1] + 1)
            sources = self.source_range(mark.position, mark.end)
            for j in outs:
                for i in self.back[j]:
                    self.forward[i].remove(j)
                self.back[j].clear()
            for i, j in zip(sources, outs, strict=False):
                self._link(i, j)

    def _align_same_words(self, sentence: Link) -> None:
        """Link names and numbers that stand on both sides: surer than any attention."""
        sources = self.source_range(sentence.start, sentence.end)
        outs = self.out_range(sentence.out_start, sentence.out_end)
        for i, j in self._same_text(sources, outs) if sources and outs else ():
            if self.source[i].is_word and not self.forward[i] and not self.back[j]:
                self._link(i, j)

    def _align_sentence(self, sentence: Link) -> None:
        sources = self.source_range(sentence.start, sentence.end)
        outs = self.out_range(sentence.out_start, sentence.out_end)
        if not sources or not outs:
            return
        has_links = any(i in self.explicit for i in sources)
        for i, j in self._same_text(sources, outs):
            if not self.forward[i] and not self.back[j]:
                self._link(i, j)
        if not has_links:
            self._interpolate(sentence, sources, outs)

    def _same_text(self, sources: range, outs: range) -> list[tuple[int, int]]:
        source_keys = [self.source[i].key for i in sources]
        out_keys = [self.out[j].key for j in outs]
        if max(len(source_keys), len(out_keys)) <= SAME_TEXT_TOKENS:
            common = LCSseq.normalized_similarity(source_keys, out_keys)
            if common >= SAME_LANGUAGE_SHARE:
                return [
                    (sources[op.src_start + k], outs[op.dest_start + k])
                    for op in LCSseq.opcodes(source_keys, out_keys)
                    if op.tag == "equal"
                    for k in range(op.src_end - op.src_start)
                ]
        found: dict[str, tuple[list[int], list[int]]] = {}
        for i, key in zip(sources, source_keys, strict=True):
            token = self.source[i]
            if _is_telling(token, self.source_text[token.start : token.end]):
                found.setdefault(key, ([], []))[0].append(i)
        for j, key in zip(outs, out_keys, strict=True):
            if key in found:
                found[key][1].append(j)
        return [
            pair
            for here, there in found.values()
            if len(here) == len(there)
            for pair in zip(here, there, strict=True)
        ]

    def _interpolate(self, sentence: Link, sources: range, outs: range) -> None:
        """Link what is still alone to what stands at its proportional place."""
        anchors = _increasing(
            [(i, self.forward[i][0]) for i in sources if len(self.forward[i]) == 1]
        )
        knots = [(sentence.start, sentence.out_start)]
        for i, j in anchors:
            knots.append((self.source[i].start, self.out[j].start))
            knots.append((self.source[i].end, self.out[j].end))
        knots.append((sentence.end, sentence.out_end))
        knots.sort()
        ahead = _Interpolation(knots)
        behind = _Interpolation(sorted((out, source) for source, out in knots))
        lonely_sources = [i for i in sources if not self.forward[i]]
        lonely_outs = [j for j in outs if not self.back[j]]
        if not lonely_sources or not lonely_outs:
            return
        source_middles = [(self.source[i].start + self.source[i].end) / 2 for i in lonely_sources]
        out_middles = [(self.out[j].start + self.out[j].end) / 2 for j in lonely_outs]
        for i, middle in zip(lonely_sources, source_middles, strict=True):
            self._link(i, lonely_outs[_nearest(out_middles, ahead(middle))])
        for j, middle in zip(lonely_outs, out_middles, strict=True):
            self._link(lonely_sources[_nearest(source_middles, behind(middle))], j)


def _nearest(values: list[float], x: float) -> int:
    """Index of the value nearest to `x` in a sorted list that is not empty."""
    right = bisect_left(values, x)
    if right == 0:
        return 0
    if right == len(values):
        return right - 1
    return right if values[right] - x < x - values[right - 1] else right - 1


class _Interpolation:
    """A piecewise linear map through knots sorted by both coordinates."""

    def __init__(self, knots: list[tuple[int, int]]) -> None:
        self._xs = [x for x, _ in knots]
        self._ys = [y for _, y in knots]

    def __call__(self, x: float) -> float:
        right = min(max(bisect_right(self._xs, x), 1), len(self._xs) - 1)
        x0, x1 = self._xs[right - 1], self._xs[right]
        y0, y1 = self._ys[right - 1], self._ys[right]
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else float(y0)


def _increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs that increases on both sides (patience sorting)."""
    tails: list[int] = []
    tail_at: list[int] = []
    previous: list[int] = []
    for index, (_, j) in enumerate(pairs):
        slot = bisect_left(tails, j)
        previous.append(tail_at[slot - 1] if slot else -1)
        if slot == len(tails):
            tails.append(j)
            tail_at.append(index)
        else:
            tails[slot] = j
            tail_at[slot] = index
    chain: list[tuple[int, int]] = []
    index = tail_at[-1] if tail_at else -1
    while index >= 0:
        chain.append(pairs[index])
        index = previous[index]
    return chain[::-1]


# The tree of pairs, and its placement


@dataclass(slots=True)
class _Node:
    order: int
    first: Mark
    last: Mark | None
    start: int
    end: int
    children: list[_Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Tree:
    roots: list[_Node]
    count: int


def _tree(segment: Segment) -> _Tree | None:
    """The marks as a tree, or None if they are not paired well or nested too deeply.

    Pairs carry their `key` on both marks.
    """
    roots: list[_Node] = []
    stack: list[_Node] = []
    count = 0
    for order, mark in enumerate(segment.marks):
        if mark.kind == "end":
            if not stack or stack[-1].first.key != mark.key:
                return None
            node = stack.pop()
            node.last = mark
            node.end = mark.position
            continue
        node = _Node(order, mark, None, mark.position, mark.end)
        (stack[-1].children if stack else roots).append(node)
        count += 1
        if mark.kind == "start":
            stack.append(node)
            if len(stack) > TREE_DEPTH:
                return None
    return None if stack else _Tree(roots, count)


@dataclass(slots=True)
class _Box:
    """Where a node goes: output tokens ``[low, high)``, or one character offset if empty."""

    node: _Node
    low: int
    high: int
    offset: int


class _TreePlacer:
    def __init__(self, segment: Segment, alignment: _Alignment) -> None:
        self.segment = segment
        self.alignment = alignment
        self.size = len(alignment.out_text)

    def place(self, roots: list[_Node]) -> list[Placed]:
        placed: list[Placed] = []
        cursor = 0

        def write_to(offset: int) -> None:
            nonlocal cursor
            if offset > cursor:
                placed.append(Slice(cursor, offset))
                cursor = offset

        def write(nodes: list[_Node], low: int, high: int, start: int, end: int) -> None:
            nonlocal cursor
            for box in self._boxes(nodes, low, high, start, end):
                node = box.node
                first, last = self._characters(box)
                write_to(first)
                placed.append(node.first)
                if node.first.kind == "keep":
                    cursor = max(cursor, last)
                elif node.last is not None:
                    write(node.children, box.low, box.high, max(cursor, first), last)
                    write_to(last)
                    placed.append(node.last)

        write(roots, 0, len(self.alignment.out), 0, self.size)
        write_to(self.size)
        return placed

    def _characters(self, box: _Box) -> tuple[int, int]:
        if box.low >= box.high:
            return box.offset, box.offset
        return self.alignment.out[box.low].start, self.alignment.out[box.high - 1].end

    def _boxes(self, nodes: list[_Node], low: int, high: int, start: int, end: int) -> list[_Box]:
        """Boxes for siblings inside output tokens ``[low, high)``, in output order."""
        if not nodes:
            return []
        taken = [False] * (high - low)
        boxes: list[_Box] = []
        scored = [(node, *self._score(node, low, high)) for node in nodes]
        for node, weights, total in sorted(scored, key=lambda item: (-item[2], item[0].order)):
            span = self._kept(node, low, high, taken) or self._interval(
                node, weights, total, low, taken
            )
            if span is None:
                boxes.append(_Box(node, 0, 0, -1))
                continue
            first, last = span
            taken[first - low : last - low] = [True] * (last - first)
            boxes.append(_Box(node, first, last, -1))
        solid = sorted((box for box in boxes if box.low < box.high), key=lambda box: box.low)
        spans = [self._characters(box) for box in solid]
        span_starts = [first for first, _ in spans]
        for box in boxes:
            if box.low < box.high:
                continue
            offset = min(max(self._offset(box.node), start), end)
            at = bisect_left(span_starts, offset) - 1
            if at >= 0 and offset < spans[at][1]:
                first, last = spans[at]
                offset = first if offset - first < last - offset else last
            box.offset = offset
        return sorted(boxes, key=lambda box: (self._characters(box)[0], box.node.order))

    def _score(self, node: _Node, low: int, high: int) -> tuple[list[float], float]:
        """For each output token in ``[low, high)`` how much it speaks for being inside `node`.

        Each value lies in [-0.5, 0.5]: the share of its source tokens that lie in the node, less
        a half; a token with no link speaks weakly against.
        """
        if node.first.kind == "point" or node.start >= node.end:
            return [], 0.0
        inside = self.alignment.source_range(node.start, node.end)
        members = {
            i
            for i in inside
            if i not in (inside[0], inside[-1])
            or self._overlap(i, node) * 2
            >= self.alignment.source[i].end - self.alignment.source[i].start
        }
        weights = []
        total = 0.0
        for j in range(low, high):
            links = self.alignment.back[j]
            if not links:
                weights.append(-0.1)
                continue
            share = sum(i in members for i in links) / len(links)
            total += share
            weights.append(share - 0.5 if share != 0.5 else 0.01)
        return weights, total

    def _overlap(self, i: int, node: _Node) -> int:
        token = self.alignment.source[i]
        return min(token.end, node.end) - max(token.start, node.start)

    def _kept(self, node: _Node, low: int, high: int, taken: list[bool]) -> tuple[int, int] | None:
        if node.first.kind != "keep":
            return None
        span = self.alignment.kept.get(node.first.key)
        if span is None or span[0] < low or span[1] > high:
            return None
        return None if any(taken[span[0] - low : span[1] - low]) else span

    def _interval(
        self, node: _Node, weights: list[float], total: float, low: int, taken: list[bool]
    ) -> tuple[int, int] | None:
        if not weights:
            return None
        if node.first.kind == "keep" and not (
            self.alignment.explicit
            and any(
                i in self.alignment.explicit
                for i in self.alignment.source_range(node.start, node.end)
            )
        ):
            return None  # without the model's own word, no translated word is thrown away
        best = _heaviest(weights, taken) if total > 0 else None
        if best is None:
            if node.first.kind == "keep":
                return None
            best = self._nearest_free(node, low, taken)
            if best is None:
                return None
        return self._edges(node, low + best[0], low + best[1], low, taken)

    def _nearest_free(self, node: _Node, low: int, taken: list[bool]) -> tuple[int, int] | None:
        """One free word near where the node would stand, for a pair that had words."""
        alignment = self.alignment
        if not any(
            alignment.source[i].is_word for i in alignment.source_range(node.start, node.end)
        ):
            return None
        at = bisect_left(alignment.out_starts, self._offset(node)) - low
        for index in (at, at - 1, at + 1):
            if 0 <= index < len(taken) and not taken[index] and alignment.out[low + index].is_word:
                return index, index + 1
        return None

    def _edges(
        self, node: _Node, first: int, last: int, low: int, taken: list[bool]
    ) -> tuple[int, int]:
        """Give the interval punctuation at its edges exactly if the source had some there."""
        out = self.alignment.out
        inner = self.segment.text[node.start : node.end].strip()
        opens = bool(inner) and not _WORD.match(inner[0])
        closes = bool(inner) and not _WORD.match(inner[-1])
        if not any(out[j].is_word for j in range(first, last)):
            return first, last
        while not opens and not out[first].is_word:
            first += 1
        while not closes and not out[last - 1].is_word:
            last -= 1
        while (
            opens
            and first > low
            and not taken[first - 1 - low]
            and not out[first - 1].is_word
            and out[first - 1].end == out[first].start
        ):
            first -= 1
        while (
            closes
            and last - low < len(taken)
            and not taken[last - low]
            and not out[last].is_word
            and out[last].start == out[last - 1].end
        ):
            last += 1
        return first, last

    def _offset(self, node: _Node) -> int:
        return _offset(self.alignment, node.start)


def _heaviest(weights: list[float], taken: list[bool]) -> tuple[int, int] | None:
    """The free interval with the greatest positive sum; the shortest such, then the first."""
    best: tuple[float, int, int] | None = None
    total, start = 0.0, 0
    for index, weight in enumerate(weights):
        if taken[index]:
            total, start = 0.0, index + 1
            continue
        if total <= 0:
            total, start = 0.0, index
        total += weight
        if total > 0 and (best is None or total > best[0] + 1e-9):
            best = (total, start, index + 1)
    return None if best is None else (best[1], best[2])


def _offset(alignment: _Alignment, position: int) -> int:
    """The output offset of a point at `position` of the source: at the edge of a token.

    It follows the word before it if it touches that word, else precedes the word after it.
    """
    text = alignment.source_text
    if position <= 0 or not alignment.out:
        return 0
    if position >= len(text):
        return len(alignment.out_text)
    before = bisect_left(alignment.source_starts, position) - 1
    after = before + 1
    if not text[position - 1].isspace() or after >= len(alignment.source):
        linked = _linked(alignment, before, -1)
        if linked is not None:
            return alignment.out[max(alignment.forward[linked])].end
    linked = _linked(alignment, after, 1)
    if linked is not None:
        return alignment.out[min(alignment.forward[linked])].start
    linked = _linked(alignment, before, -1)
    return alignment.out[max(alignment.forward[linked])].end if linked is not None else 0


def _linked(alignment: _Alignment, index: int, step: int, reach: int = 32) -> int | None:
    """The nearest source token that has a link, at most `reach` tokens away."""
    for _ in range(reach):
        if not 0 <= index < len(alignment.source):
            return None
        if alignment.forward[index]:
            return index
        index += step
    return None


# Marks in their own order, for what is not a tree


def _in_order(segment: Segment, alignment: _Alignment) -> list[Placed]:
    """Place marks at rising offsets in their own order: right for any sequence of marks."""
    placed: list[Placed] = []
    cursor = 0
    bare_since: int | None = None  # source offset of the last start mark with no text since

    def write_to(offset: int) -> None:
        nonlocal cursor, bare_since
        if offset > cursor:
            placed.append(Slice(cursor, offset))
            cursor = offset
            bare_since = None

    for mark in segment.marks:
        if mark.kind == "keep" and mark.key in alignment.kept:
            low, high = alignment.kept[mark.key]
            if alignment.out[low].start >= cursor:
                write_to(alignment.out[low].start)
                placed.append(mark)
                cursor = alignment.out[high - 1].end
                continue
        if mark.kind == "start":
            offset = _start_offset(alignment, mark.position)
            write_to(offset)
            bare_since = mark.position if bare_since is None else bare_since
        elif mark.kind == "end":
            offset = _offset(alignment, mark.position)
            had_words = bare_since is not None and any(
                alignment.source[i].is_word
                for i in alignment.source_range(bare_since, mark.position)[:8]
            )
            if had_words and offset <= cursor:
                here = bisect_left(alignment.out_starts, cursor)
                offset = alignment.out[here].end if here < len(alignment.out) else offset
            write_to(offset)
        else:
            write_to(_offset(alignment, mark.position))
        placed.append(mark)
    write_to(len(alignment.out_text))
    return placed


def _start_offset(alignment: _Alignment, position: int) -> int:
    """The output offset of an opening mark: before the word that followed it."""
    index = bisect_left(alignment.source_starts, position)
    linked = _linked(alignment, index, 1)
    if linked is None:
        return _offset(alignment, position)
    return alignment.out[min(alignment.forward[linked])].start
