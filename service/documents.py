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

from service.errors import InvalidText, ServiceError
from service.names.report import NameReport
from service.pipeline import Pipeline, Request, SentencePair, Translation
from service.text.files import translate_file
from service.text.inline import Edit, Link, Segment, SegmentTranslator, Translated, shift
from service.text.markup import Rules, extract, render

SEPARATOR = "\n\n"
"""Between two segments: the segmenter never joins across a blank line."""


@dataclass(frozen=True, slots=True)
class _Joined:
    """Consecutive segments as one text; `spans` are each segment's offsets in it."""

    text: str
    spans: tuple[tuple[int, int], ...]


def translate_all(
    pipeline: Pipeline,
    requests: Sequence[Request],
    rules: Sequence[Rules | None],
    *,
    max_chars: int = 50_000,
) -> list[Translation | ServiceError]:
    """Translate texts and markup together, pooling the sentences of all.

    Args:
        pipeline: the five steps.
        requests: as for `Pipeline.translate`; the text of some is markup.
        rules: for each request, None for plain text, or how its markup is read.
        max_chars: most characters that one item of the pipeline takes.

    Returns:
        for each request, in order, its translation or the error that concerns it alone. Where the
        text is markup, `text` is markup too; `raw_text`, and the offsets of names and sentences,
        are those of the text without markup, its segments parted by blank lines.
    """
    refused = {
        index: error
        for index, (request, rule) in enumerate(zip(requests, rules, strict=True))
        if rule is not None and (error := _not_unicode(request.text)) is not None
    }
    markups = [
        None if rule is None else extract("" if index in refused else request.text, rule)
        for index, (request, rule) in enumerate(zip(requests, rules, strict=True))
    ]
    joined = [
        [_Joined(request.text, ((0, len(request.text)),))]
        if markup is None
        else list(_joined(markup.segments, max_chars)) or [_Joined("", ())]
        for request, markup in zip(requests, markups, strict=True)
    ]
    answers = iter(pipeline.translate(_requests(requests, joined)))
    results: list[Translation | ServiceError] = []
    for index, (markup, parts) in enumerate(zip(markups, joined, strict=True)):
        own = [next(answers) for _ in parts]
        if markup is None:
            results += own
            continue
        if index in refused:
            results.append(refused[index])
            continue
        collected = _collected(parts, own)
        if isinstance(collected, ServiceError):
            results.append(collected)
        else:
            translations, done = collected
            results.append(replace(_merged(parts, done), text=render(markup, translations)))
    return results


def _not_unicode(text: str) -> InvalidText | None:
    """What is wrong with a text that cannot be written, in its markup or elsewhere."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return InvalidText(
            f"The text holds a lone surrogate at character {error.start}; "
            "send well-formed Unicode.",
            field="text",
        )
    return None


def _requests(requests: Sequence[Request], joined: Sequence[Sequence[_Joined]]) -> list[Request]:
    return [
        replace(request, text=part.text)
        for request, parts in zip(requests, joined, strict=True)
        for part in parts
    ]


def _merged(parts: Sequence[_Joined], done: Sequence[Translation]) -> Translation:
    """The translations of a document's parts as one."""
    first = done[0]
    if len(done) == 1:
        return first
    sentences: list[SentencePair] = []
    names: list[NameReport] = []
    at = raw_at = 0
    for part, translation in zip(parts, done, strict=True):
        sentences += [
            replace(
                pair,
                start=pair.start + at,
                end=pair.end + at,
                target_start=pair.target_start + raw_at,
                target_end=pair.target_end + raw_at,
                links=tuple((a + at, b + at, c + raw_at, d + raw_at) for a, b, c, d in pair.links),
            )
            for pair in translation.sentences
        ]
        names += [
            replace(name, start=name.start + raw_at, end=name.end + raw_at)
            for name in translation.names
        ]
        at += len(part.text) + len(SEPARATOR)
        raw_at += len(translation.raw_text) + len(SEPARATOR)
    return replace(
        first,
        raw_text=SEPARATOR.join(translation.raw_text for translation in done),
        sentences=tuple(sentences),
        names=tuple(names),
        model=next((translation.model for translation in done if translation.model), ""),
    )


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
    answers = iter(pipeline.translate(_requests([request for request, _ in documents], joined)))
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


def translate_document(
    pipeline: Pipeline, content: bytes, name: str, request: Request, *, max_chars: int = 50_000
) -> tuple[bytes, int]:
    """Translate a file.

    Args:
        content: its bytes.
        name: its name; the ending says what it is.
        request: how it is translated; its own text is not looked at.

    Returns:
        the translated file's bytes, and the number of characters that were translated.

    Raises:
        ServiceError: it cannot be translated.
    """
    translate = segment_translator(pipeline, request, max_chars=max_chars)
    characters = 0

    def counting(segments: Sequence[Segment]) -> Sequence[Translated]:
        nonlocal characters
        characters += sum(len(segment.text) for segment in segments)
        return translate(segments)

    return translate_file(content, name, counting, target=request.target), characters


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
