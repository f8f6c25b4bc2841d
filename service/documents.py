"""Whole documents through the pipeline: HTML, XML and files, each as one text.

A document's segments are joined by blank lines into one request, so that its names are resolved
over the whole document (a surname in the last paragraph follows the full name in the headline),
its language is detected once, and its sentences are pooled. The translation is cut apart again at
the same places, and the model's character links go to `service.text.inline`, which puts
inline marks back on their words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.errors import ServiceError
from service.pipeline import Pipeline, Request, SentencePair, Translation
from service.text.inline import Edit, Link, Segment, SegmentTranslator, Translated, shift
from service.text.markup import Markup, Rules, extract, render

SEPARATOR = "\n\n"
"""Between two segments: the segmenter never joins across a blank line."""


@dataclass(frozen=True, slots=True)
class TranslatedDocument:
    """A document's translation.

    Args:
        text: the document with its text translated.
        parts: the translations behind it, usually one; several where the document is longer
            than one item may be.
    """

    text: str
    parts: tuple[Translation, ...]


@dataclass(frozen=True, slots=True)
class _Joined:
    """Consecutive segments as one text; `spans` are each segment's offsets in it."""

    text: str
    spans: tuple[tuple[int, int], ...]


def translate_markup(
    pipeline: Pipeline,
    requests: Sequence[Request],
    *,
    rules: Rules | None = None,
    max_chars: int = 50_000,
) -> list[TranslatedDocument | ServiceError]:
    """Translate requests whose texts are HTML or XML, pooling the sentences of all.

    Args:
        pipeline: the five steps.
        requests: as for `Pipeline.translate`, with markup as their text.
        rules: what is translated and what is left, for all of them.
        max_chars: most characters that one item of the pipeline takes.

    Returns:
        for each request, in order, its document or the error that concerns it alone.
    """
    markups = [extract(request.text, rules) for request in requests]
    answers = translate_segments(
        pipeline,
        [(request, markup.segments) for request, markup in zip(requests, markups, strict=True)],
        max_chars=max_chars,
    )
    return [_written(markup, answer) for markup, answer in zip(markups, answers, strict=True)]


def _written(
    markup: Markup, answer: tuple[list[Translated], tuple[Translation, ...]] | ServiceError
) -> TranslatedDocument | ServiceError:
    if isinstance(answer, ServiceError):
        return answer
    translations, parts = answer
    return TranslatedDocument(render(markup, translations), parts)


def translate_segments(
    pipeline: Pipeline,
    documents: Sequence[tuple[Request, Sequence[Segment]]],
    *,
    max_chars: int = 50_000,
) -> list[tuple[list[Translated], tuple[Translation, ...]] | ServiceError]:
    """Translate the segments of several documents, pooling the sentences of all.

    Args:
        documents: a request whose own text is not looked at, and the segments to translate.

    Returns:
        for each document its segments' translations and the translations of its parts, or the
        first error in it.
    """
    joined = [list(_joined(segments, max_chars)) for _, segments in documents]
    requests = [
        replace(request, text=part.text)
        for (request, _), parts in zip(documents, joined, strict=True)
        for part in parts
    ]
    answers = iter(pipeline.translate(requests))
    return [_collected(parts, [next(answers) for _ in parts]) for parts in joined]


def segment_translator(
    pipeline: Pipeline, request: Request, *, max_chars: int = 50_000
) -> SegmentTranslator:
    """A function from segments to translations, for `service.text.files`.

    The function raises the `ServiceError` that concerns the document.
    """

    def translate(segments: Sequence[Segment]) -> list[Translated]:
        [answer] = translate_segments(pipeline, [(request, segments)], max_chars=max_chars)
        if isinstance(answer, ServiceError):
            raise answer
        return answer[0]

    return translate


def _joined(segments: Sequence[Segment], max_chars: int) -> Iterator[_Joined]:
    """Segments joined into texts of at most `max_chars`; one that is longer stands alone."""
    texts: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    for segment in segments:
        if texts and length + len(SEPARATOR) + len(segment.text) > max_chars:
            yield _Joined(SEPARATOR.join(texts), tuple(spans))
            texts, spans, length = [], [], 0
        start = length + len(SEPARATOR) if texts else 0
        texts.append(segment.text)
        length = start + len(segment.text)
        spans.append((start, length))
    if texts:
        yield _Joined(SEPARATOR.join(texts), tuple(spans))


def _collected(
    parts: Sequence[_Joined], answers: Sequence[Translation | ServiceError]
) -> tuple[list[Translated], tuple[Translation, ...]] | ServiceError:
    translations: list[Translated] = []
    done: list[Translation] = []
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, ServiceError):
            return answer
        done.append(answer)
        translations.extend(cut(answer, part.spans))
    return translations, tuple(done)


def cut(translation: Translation, spans: Sequence[tuple[int, int]]) -> list[Translated]:
    """A translation cut where its source is cut.

    Args:
        translation: of a text whose sentences do not cross the spans' edges.
        spans: in order, not overlapping, offsets into the source text.
    """
    edits = [
        Edit(name.start, name.end, len(name.replacement))
        for name in sorted(translation.names, key=lambda name: name.start)
        if name.applied
    ]
    raw_spans = list(_raw_spans(translation.sentences, spans))
    pairs = iter(translation.sentences)
    pair = next(pairs, None)
    cursor = 0
    result: list[Translated] = []
    for (start, end), (raw_start, raw_end) in zip(spans, raw_spans, strict=True):
        own: list[SentencePair] = []
        while pair is not None and pair.start < end:
            own.append(pair)
            pair = next(pairs, None)
        while cursor < len(edits) and edits[cursor].start < raw_start:
            cursor += 1
        inside: list[Edit] = []
        while cursor < len(edits) and edits[cursor].end <= raw_end:
            edit = edits[cursor]
            inside.append(Edit(edit.start - raw_start, edit.end - raw_start, edit.length))
            cursor += 1
        moved = shift([Link(0, 0, raw_start, raw_start), Link(0, 0, raw_end, raw_end)], edits)
        text = translation.text[moved[0].out_start : moved[1].out_end]
        sentences = tuple(
            Link(
                p.start - start, p.end - start, p.target_start - raw_start, p.target_end - raw_start
            )
            for p in own
        )
        links = tuple(
            Link(a - start, b - start, c - raw_start, d - raw_start)
            for p in own
            for a, b, c, d in p.links
        )
        result.append(Translated(text, shift(sentences, inside), shift(links, inside)))
    return result


def _raw_spans(
    sentences: Sequence[SentencePair], spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Each span's offsets in the raw translation: between sentences, the text was copied."""
    at = 0
    before = (0, 0)  # the end of the last sentence so far, in the source and in the translation

    def moved(offset: int) -> int:
        nonlocal at, before
        while at < len(sentences) and sentences[at].end <= offset:
            before = (sentences[at].end, sentences[at].target_end)
            at += 1
        raw = before[1] + offset - before[0]
        return min(raw, sentences[at].target_start) if at < len(sentences) else raw

    for start, end in spans:
        yield moved(start), moved(end)
