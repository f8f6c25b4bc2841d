"""One translation package at work: sentences in, hypotheses with scores and flags out.

What a sentence needs from the model may take several rounds: it is asked once, and where the
answer goes round in circles, breaks off, is empty, repeats the source, or loses a number or a
protected stretch, it is asked again with other settings, then in smaller parts. `steps` is a
generator that yields what it wants to ask and is sent the answers, so that the rounds of many
sentences, and of many callers, share model batches.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, TypeVar

import numpy as np

from service.engine import checks, numbers
from service.engine.model import Decoded, Decoding, Encoded, Model, Unit
from service.engine.packages import Package
from service.engine.prepare import Leaf, clean, halves, is_shouted, layout, lowered
from service.text.languages import FUNCTION_WORDS

FLAGS: Final = ("repetition", "echo", "empty", "number_mismatch", "length_ratio", "split")

# (src_start, src_end, out_start, out_end), half-open.
Link: TypeAlias = tuple[int, int, int, int]
Answer = TypeVar("Answer")
Steps: TypeAlias = Generator[list[Unit], list[list[Decoded]], Answer]

# How bad a fault is when two attempts are compared.
_WEIGHT: Final = {
    "empty": 8, "lost": 6, "cut": 5, "repetition": 5, "echo": 4, "number_mismatch": 2,
    "length_ratio": 1,
}  # fmt: skip
# Faults that are worth parting the sentence for.
_PART_FOR: Final = frozenset(("empty", "cut", "repetition", "echo"))
_MOST_PARTINGS: Final = 2
# Faults that come of a source that goes round in circles itself; asking again is no use.
_HOPELESS: Final = frozenset(("cut", "repetition", "length_ratio", "number_mismatch"))

_LAST_WORD: Final = re.compile(r"(?<!\S)(\S*)\.\Z")
_OPENING_WORD: Final = re.compile(r"[A-Z][a-z]*")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The translation of one sentence.

    Args:
        text: the translation; the source itself where nothing else could be had (`empty`).
        score: mean log-probability per target piece; ``exp(score)`` lies between 0 and 1.
        flags: what is suspicious about it, a subset of `FLAGS` in that order.
        attention: where asked for, links ``(src_start, src_end, out_start, out_end)`` in half-open
            character offsets into the source sentence and into `text`, in the order of the output:
            each word of the translation and the source word that the model looked at for it.
    """

    text: str
    score: float
    flags: tuple[str, ...] = ()
    attention: tuple[Link, ...] | None = None


@dataclass(slots=True)
class _Draft:
    """A translation of a leaf or of several: offsets of `links` lead into the sentence as given."""

    text: str
    score_sum: float = 0.0
    pieces: int = 0
    links: list[Link] = field(default_factory=list)
    faults: frozenset[str] = frozenset()

    @property
    def rank(self) -> tuple[int, float]:
        """Lower is better."""
        return sum(_WEIGHT.get(fault, 0) for fault in self.faults), -self.mean_score

    @property
    def mean_score(self) -> float:
        return self.score_sum / self.pieces if self.pieces else 0.0


class PairTranslator:
    """A loaded package. Thread-safe.

    Args:
        package: what `model` was loaded from.
        model: answers the units.
    """

    def __init__(self, package: Package, model: Model) -> None:
        self.package = package
        self.source = package.source
        self.target = package.target
        self.model = model

    def steps(self, sentence: str, decoding: Decoding) -> Steps[tuple[Hypothesis, ...]]:
        """Translate one sentence; returns at least one hypothesis, best first.

        More than one only if `decoding` asks for alternatives and the sentence is decoded whole.
        """
        prepared = clean(sentence, self.source)
        if is_shouted(prepared.text):
            prepared = lowered(prepared, self.model.pieces_in)
        parts = layout(prepared, self.model.pieces_in)
        if decoding.alternatives > 1 and len(parts) == 1 and isinstance(parts[0], Leaf):
            encoded = self.model.encode(parts[0].asked.text)
            [answers] = yield [Unit(encoded.pieces, decoding)]
            drafts = [self._draft(parts[0], encoded, answer) for answer in answers]
            sound = _distinct([draft for draft in drafts if "lost" not in draft.faults])
            if sound and not sound[0].faults:
                return tuple(self._hypothesis(sentence, draft) for draft in sound)
        draft = yield from self._translate(parts, replace(decoding, alternatives=1), 0)
        return (self._hypothesis(sentence, draft),)

    def translate(self, sentences: Sequence[str], decoding: Decoding) -> list[Hypothesis]:
        """Translate a few sentences one after the other, without a queue: to try a package."""
        found = []
        for sentence in sentences:
            steps = self.steps(sentence, decoding)
            try:
                units = next(steps)
                while True:
                    units = steps.send([self.model.translate([unit])[0] for unit in units])
            except StopIteration as finished:
                found.append(finished.value[0])
        return found

    def close(self) -> None:
        """Free the model."""
        self.model.unload()

    def _translate(
        self, parts: Sequence[Leaf | str], decoding: Decoding, depth: int
    ) -> Steps[_Draft]:
        """Translate the leaves of a layout and join them with what is copied."""
        leaves = [part for part in parts if isinstance(part, Leaf)]
        drafts = iter((yield from self._leaves(leaves, decoding, depth)) if leaves else ())
        pieces: list[_Draft | str] = []
        for part in parts:
            pieces.append(part if isinstance(part, str) else next(drafts))
        return _joined(parts, pieces)

    def _leaves(
        self, leaves: Sequence[Leaf], decoding: Decoding, depth: int
    ) -> Steps[list[_Draft]]:
        """The best translation of each leaf, after as many rounds as it takes."""
        encoded = [self.model.encode(leaf.asked.text) for leaf in leaves]
        answers = yield [Unit(one.pieces, decoding) for one in encoded]
        drafts = [
            self._draft(leaf, one, answer[0])
            for leaf, one, answer in zip(leaves, encoded, answers, strict=True)
        ]
        faulty = [
            index
            for index, draft in enumerate(drafts)
            if draft.faults and not (draft.faults <= _HOPELESS and _circles(leaves[index]))
        ]
        if faulty:
            again = [_retried(leaves[index]) for index in faulty]
            encoded = [self.model.encode(leaf.asked.text) for leaf in again]
            answers = yield [
                Unit(one.pieces, _recovery(decoding, drafts[index].faults))
                for index, one in zip(faulty, encoded, strict=True)
            ]
            for index, leaf, one, answer in zip(faulty, again, encoded, answers, strict=True):
                draft = self._draft(leaf, one, answer[0])
                drafts[index] = min(drafts[index], draft, key=lambda each: each.rank)
        for index in faulty:
            drafts[index] = yield from self._in_parts(leaves[index], drafts[index], decoding, depth)
        return drafts

    def _in_parts(self, leaf: Leaf, draft: _Draft, decoding: Decoding, depth: int) -> Steps[_Draft]:
        """A leaf that the model cannot do whole, done around what it lost, or by halves."""
        if "lost" in draft.faults:
            parts = layout(leaf.source, self.model.pieces_in, whole=False)
            return (yield from self._translate(parts, decoding, depth))
        if not draft.faults & _PART_FOR or depth >= _MOST_PARTINGS:
            return draft
        cut = halves(leaf)
        if cut is None:
            return draft
        parts = [
            *layout(cut[0], self.model.pieces_in),
            " ",
            *layout(cut[1], self.model.pieces_in),
        ]
        parted = yield from self._translate(parts, decoding, depth + 1)
        parted.faults |= {"split"}
        return min(draft, parted, key=lambda each: each.rank)

    def _draft(self, leaf: Leaf, encoded: Encoded, decoded: Decoded) -> _Draft:
        """A translation of a leaf, with what is wrong with it."""
        raw = self.model.decode(decoded.pieces)
        links = _links(leaf, encoded, decoded, raw)
        if numbers.number_mismatch(leaf.asked.text, raw):
            edits = numbers.mends(leaf.asked.text, raw, _lookup(leaf, links))
            raw, links = _edited(raw, links, edits)
        text, links, lost = _restored(leaf, raw, links)
        faults = set(self._faults(leaf, raw))
        if lost:
            faults.add("lost")
        if decoded.cut:
            faults.add("cut")
        pieces = len(decoded.pieces) + 1
        return _Draft(text, decoded.score * pieces, pieces, links, frozenset(faults))

    def _faults(self, leaf: Leaf, translation: str) -> list[str]:
        source = leaf.asked.text
        if not translation:
            return ["empty"]
        found = []
        if checks.is_repetitive(translation, source):
            found.append("repetition")
        if checks.is_echo(source, translation, self.source):
            found.append("echo")
        if numbers.number_mismatch(source, translation):
            found.append("number_mismatch")
        if checks.is_odd_length(source, translation):
            found.append("length_ratio")
        return found

    def _hypothesis(self, sentence: str, draft: _Draft) -> Hypothesis:
        if not draft.pieces:
            return Hypothesis(sentence, 0.0, (), ())
        if not draft.text.strip():
            return Hypothesis(sentence, draft.mean_score, ("empty",), ())
        text = _polished(sentence, draft.text)
        flags = {"repetition" if fault == "cut" else fault for fault in draft.faults}
        if numbers.number_mismatch(sentence, text):
            flags.add("number_mismatch")
        else:
            flags.discard("number_mismatch")
        links = tuple(
            (start, end, out_start, min(out_end, len(text)))
            for start, end, out_start, out_end in draft.links
            if out_start < len(text)
        )
        return Hypothesis(
            text=text,
            score=max(min(draft.mean_score, 0.0), -100.0),
            flags=tuple(flag for flag in FLAGS if flag in flags),
            attention=links,
        )


def _circles(leaf: Leaf) -> bool:
    return checks.is_repetitive(leaf.asked.text, "")


def _recovery(decoding: Decoding, faults: frozenset[str]) -> Decoding:
    """Other settings for another attempt."""
    beam_size = max(4, decoding.beam_size)
    if faults & {"repetition", "cut", "echo"}:
        return Decoding(beam_size, no_repeat_ngram=3, repetition_penalty=1.2)
    return Decoding(beam_size + 1)


def _retried(leaf: Leaf) -> Leaf:
    """The leaf for another attempt: with European digits, which models know better."""
    text = numbers.western_digits(leaf.asked.text)
    if text == leaf.asked.text:
        return leaf
    return replace(leaf, asked=replace(leaf.asked, text=text))


def _distinct(drafts: Sequence[_Draft]) -> list[_Draft]:
    return list({draft.text: draft for draft in reversed(drafts)}.values())[::-1]


def _restored(leaf: Leaf, raw: str, links: list[Link]) -> tuple[str, list[Link], bool]:
    """The translation with stand-ins and entities undone, and whether one of them was lost."""
    edits: list[tuple[int, int, str]] = []
    lost = False
    for name, token in leaf.stand_ins:
        found = [match.span() for match in re.finditer(rf"(?<!\w){name}(?!\w)", raw)]
        if len(found) == 1:
            edits.append((*found[0], token))
        else:
            lost = True
    for character in dict.fromkeys(character for character, _ in leaf.entities):
        tokens = [token for its, token in leaf.entities if its == character]
        places = [match.span() for match in re.finditer(re.escape(character), raw)]
        if len(tokens) == len(places):
            edits.extend((*place, token) for place, token in zip(places, tokens, strict=True))
        elif character not in "'\"’‘“”«»":
            lost = True
    text, links = _edited(raw, links, edits)
    return text, links, lost


def _edited(text: str, links: list[Link], edits: Sequence[numbers.Edit]) -> tuple[str, list[Link]]:
    """A translation and its links after edits that do not overlap."""
    if not edits:
        return text, links
    ordered = sorted(edits)
    pieces: list[str] = []
    at = 0
    for start, end, new in ordered:
        pieces += (text[at:start], new)
        at = end
    pieces.append(text[at:])

    def moved(offset: int) -> int:
        shift = 0
        for start, end, new in ordered:
            if offset >= end:
                shift += len(new) - (end - start)
            elif offset > start:
                return start + shift + len(new)
        return offset + shift

    return (
        "".join(pieces),
        [(first, last, moved(start), moved(end)) for first, last, start, end in links],
    )


def _lookup(leaf: Leaf, links: Sequence[Link]) -> Callable[[int, int], tuple[int, int] | None]:
    """The span of `leaf.asked` that the model looked at for a span of the translation."""
    places = leaf.asked.starts

    def linked(start: int, end: int) -> tuple[int, int] | None:
        for first, last, out_start, out_end in links:
            if out_start < end and start < out_end:
                return bisect_left(places, first), bisect_left(places, last)
        return None

    return linked


def _joined(parts: Sequence[Leaf | str], pieces: Sequence[_Draft | str]) -> _Draft:
    """One draft of several, and of what is copied between them."""
    whole = _Draft("")
    length = 0
    faults: set[str] = set()
    between: str | None = None  # what was copied since the last leaf; None before the first
    last = max((index for index, part in enumerate(parts) if isinstance(part, Leaf)), default=0)
    for index, (part, piece) in enumerate(zip(parts, pieces, strict=True)):
        if isinstance(part, str) or isinstance(piece, str):
            text = str(part)
            between = None if between is None else between + text
        else:
            text = piece.text
            if index < last and text.endswith(".") and not part.source.text.endswith("."):
                text = text[:-1]
            if between is not None and not part.source.text[:1].isupper():
                text = text if between.rstrip().endswith(tuple(".!?…")) else _uncapitalised(text)
            whole.links += [
                (first, after, start + length, min(end, len(text)) + length)
                for first, after, start, end in piece.links
                if start < len(text)
            ]
            whole.score_sum += piece.score_sum
            whole.pieces += piece.pieces
            faults |= piece.faults
            if between is not None and not between.strip():
                faults.add("split")
            between = ""
        whole.text += text
        length += len(text)
    whole.faults = frozenset(faults)
    return whole


def _uncapitalised(text: str) -> str:
    """The text with a small first letter, if its first word is one that is no name."""
    word = _OPENING_WORD.match(text)
    if word is None or word.group() == "I":
        return text
    if "en" in FUNCTION_WORDS.get(word.group().casefold(), ()):
        return text[0].lower() + text[1:]
    return text


def _polished(sentence: str, translation: str) -> str:
    """The translation ending as the sentence does: in a question mark, or without a full stop."""
    source, text = sentence.rstrip(), translation.strip()
    if source.endswith(("?", "؟")) and text.endswith("."):
        return text[:-1].rstrip() + "?"
    last_word = _LAST_WORD.search(text)
    if (
        last_word
        and source[-1:].isalnum()
        and len(last_word.group(1)) > 1
        and "." not in last_word.group(1)
    ):
        return text[:-1]
    return text


def _links(leaf: Leaf, encoded: Encoded, decoded: Decoded, raw: str) -> list[Link]:
    """Which word of the sentence each word of the translation comes from, by attention."""
    if not encoded.spans or not decoded.attention or not decoded.pieces:
        return []
    surfaces = [piece.replace("▁", " ") for piece in decoded.pieces]
    concatenated = "".join(surfaces)
    if concatenated.strip() != raw:
        return []
    lead = len(concatenated) - len(concatenated.lstrip())
    offsets: list[int] = []
    at = -lead
    for surface in surfaces:
        offsets.append(at)
        at += len(surface)
    offsets.append(at)
    target_words, source_words = _words(decoded.pieces), _words(encoded.pieces)
    # Summed over the pieces of each word of the translation, then over those of each source word.
    attention = np.add.reduceat(decoded.attention, [first for first, _ in target_words], axis=0)
    finite: list[bool] = np.isfinite(attention.sum(axis=1)).tolist()
    by_word = np.add.reduceat(
        attention[:, : source_words[-1][1]], [first for first, _ in source_words], axis=1
    )
    spans: dict[int, tuple[int, int] | None] = {}
    links: list[Link] = []
    for (first, last), best, sound in zip(
        target_words, by_word.argmax(axis=1).tolist(), finite, strict=True
    ):
        start, end = _trim(raw, max(offsets[first], 0), min(offsets[last], len(raw)))
        if start >= end or not sound:
            continue
        if best not in spans:
            spans[best] = _source_span(leaf, encoded, source_words[best])
        span = spans[best]
        if span is not None:
            links.append((*span, start, end))
    return links


def _source_span(leaf: Leaf, encoded: Encoded, word: tuple[int, int]) -> tuple[int, int] | None:
    """The characters of the sentence that the pieces of a word stand for."""
    start, end = encoded.spans[word[0]][0], encoded.spans[word[1] - 1][1]
    start, end = _trim(leaf.asked.text, start, end)
    return leaf.asked.span(start, end) if start < end else None


def _words(pieces: Sequence[str]) -> list[tuple[int, int]]:
    """Half-open ranges of pieces that make up a word, or a mark of punctuation."""
    starts = [0]
    before = pieces[0].strip("▁")
    for index, piece in enumerate(pieces[1:], 1):
        word = piece.strip("▁")
        if piece[:1] == "▁" or (before and word.isalnum() != before.isalnum()):
            starts.append(index)
        before = word
    return list(zip(starts, [*starts[1:], len(pieces)], strict=True))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
