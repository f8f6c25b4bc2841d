"""The way of a text: detect, segment, anchor, translate, normalise. Nothing else lives here.

Reach for `Pipeline.translate` from HTTP, jobs and the command line; it takes any number of texts at
once and pools the sentences of all of them, so one call with a hundred texts is much cheaper than
a hundred calls. Each text gets its own result or its own error: one bad item never harms another.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Literal

from service.config import Settings
from service.engine.engine import Engine
from service.engine.translator import Hypothesis
from service.errors import (
    InvalidText,
    Overloaded,
    ServiceError,
    TextTooLong,
    UnsupportedLanguage,
)
from service.names.anchors import (
    Anchor,
    Carried,
    SourceNames,
    SourceSentence,
    carry,
    document_anchors,
)
from service.names.arrival import lost_names, lost_words, parted
from service.names.copied import with_copied
from service.names.glossary import Glossary, GlossaryStore
from service.names.normalise import Normalised, normalise
from service.names.report import NameReport
from service.names.speaker import spoken
from service.names.standin import stand_ins
from service.text.detect import UNDETERMINED, Detection, detect
from service.text.glue import unglued
from service.text.segment import Sentence, segment
from service.tracing import span

# Below this the detected language is flagged on every sentence: of our labelled short texts that
# are detected wrongly, most lie under it (tests/text).
LOW_CONFIDENCE = 0.5
# A short English text full of names reads much like Dutch ("Amin Kisasi met Benoit Payen in ...").
# A language that is not served and no surer than this gives way to a served one with that much.
UNSURE, PLAUSIBLE = 0.7, 0.2

# A sentence that lost a name is asked again for this many translations, with as wide a beam: of
# 196 names in Arabic stories 187 were right with it, 176 without (benchmarks.translation).
AGAIN = 5

# Texts are taken in groups of about so many characters (one model batch), and so many groups are
# with the model while the names of the next and of the last are looked for.
GROUP_CHARS = 3_000
GROUPS_AHEAD = 3

_ARABIC_LETTER = re.compile(r"[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08ff\ufb50-\ufefc]")
_LATIN_LETTER = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Request:
    """One text to translate.

    Args:
        text: any Unicode text without lone surrogates.
        source: ISO 639-1 code, or None to detect it.
        target: ISO 639-1 code.
        glossary: "default" for the term files in force, "none" to leave names as the model
            writes them, or a glossary of the caller's own.
        anchors: carry glossary names through the model (False: repair afterwards only).
    """

    text: str
    source: str | None = None
    target: str = "en"
    glossary: Glossary | Literal["default", "none"] = "default"
    anchors: bool = True


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence and its translation before normalisation.

    `start`, `end` are half-open character offsets into the source text; `target_start` and
    `target_end` into the raw translation. `score` is the mean log-probability per token. `links`
    are the model's character links (start, end, target start, target end), offsets as above.
    """

    start: int
    end: int
    target_start: int
    target_end: int
    source: str
    translation: str
    score: float
    flags: tuple[str, ...]
    links: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated text with everything that was decided on the way.

    `names` holds offsets into `raw_text`, the translation before normalisation.
    """

    text: str
    raw_text: str
    source: str
    target: str
    detection: Detection | None
    sentences: tuple[SentencePair, ...]
    names: tuple[NameReport, ...]
    glossary_version: str
    model: str


@dataclass(slots=True)
class _Work:
    """One request on its way through the five steps."""

    request: Request
    source: str
    detection: Detection | None
    glossary: Glossary | None
    sentences: tuple[Sentence, ...] = ()
    languages: list[str] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    hypotheses: list[Hypothesis] = field(default_factory=list)
    losing: set[int] = field(default_factory=set)  # sentences that were asked again for a name


class Pipeline:
    """The five steps over one engine and one glossary; shared by all threads."""

    def __init__(self, settings: Settings, engine: Engine, glossaries: GlossaryStore) -> None:
        self._settings = settings
        self._engine = engine
        self._glossaries = glossaries

    def translate(self, requests: Sequence[Request]) -> list[Translation | ServiceError]:
        """Translate each text, pooling the sentences of all.

        Returns:
            for each request, in order, its translation or the error that concerns it alone.

        Raises:
            Overloaded: more sentences are waiting than the settings allow.
            NotReady: the engine has no model loaded.

        Where no glossary is in force, that is the error of each text whose names are to be put
        right by the term files.
        """
        groups = _groups(requests)
        if len(groups) == 1:
            works = self._prepare_all(groups[0])
            self._decode(_sound(works))
            return self._finish_all(works)
        results: list[Translation | ServiceError] = []
        ahead: deque[tuple[list[_Work | ServiceError], Future[None]]] = deque()
        crowded = threading.Event()
        with ThreadPoolExecutor(GROUPS_AHEAD, thread_name_prefix="decode") as threads:
            for group in groups:
                works = self._prepare_all(group)
                before = [future for _, future in ahead]
                decoded = threads.submit(
                    copy_context().run, self._decode_after, _sound(works), before, crowded
                )
                ahead.append((works, decoded))
                while len(ahead) > GROUPS_AHEAD or (ahead and ahead[0][1].done()):
                    results += self._finish_next(ahead)
            while ahead:
                results += self._finish_next(ahead)
        return results

    def _prepare_all(self, requests: Sequence[Request]) -> list[_Work | ServiceError]:
        """Each request made ready, or the error that concerns it alone."""
        works: list[_Work | ServiceError] = []
        for request in requests:
            try:
                works.append(self._prepare(request))
            except ServiceError as error:
                works.append(error)
        return works

    def _finish_all(
        self, works: Sequence[_Work | ServiceError]
    ) -> list[Translation | ServiceError]:
        return [self._finish(work) if isinstance(work, _Work) else work for work in works]

    def _finish_next(
        self, ahead: deque[tuple[list[_Work | ServiceError], Future[None]]]
    ) -> list[Translation | ServiceError]:
        """Finish the group that was given to the model first."""
        works, decoded = ahead.popleft()
        decoded.result()
        return self._finish_all(works)

    def _decode_after(
        self, works: Sequence[_Work], before: Sequence[Future[None]], crowded: threading.Event
    ) -> None:
        """Decode a group; one after another where there is no room for several of a caller's.

        Args:
            before: the caller's groups that are with the model.
            crowded: set once one of the caller's groups was refused beside another.
        """
        if not crowded.is_set():
            try:
                self._decode(works)
                return
            except Overloaded:
                if not before:
                    raise
                crowded.set()
        for future in before:
            future.result()
        self._decode(works)

    def normalise(
        self,
        text: str,
        language: str = "en",
        glossary: Glossary | Literal["default", "none"] = "default",
    ) -> Normalised:
        """Put the names of a text right that is already in its final language.

        Args:
            text, language: the text and its ISO 639-1 code.
            glossary: as in `Request`.

        Raises:
            NotReady: no glossary is in force.
        """
        self.check(text)
        chosen = self.glossary(glossary)
        return _names_right(text, chosen, language) if chosen else Normalised(text, ())

    def glossary(self, choice: Glossary | Literal["default", "none"]) -> Glossary | None:
        """The glossary of a request; None where names are to be left alone.

        Raises:
            NotReady: no glossary is in force.
        """
        if choice == "none":
            return None
        return self._glossaries.in_force() if choice == "default" else choice

    def detect(self, text: str) -> Detection:
        """Which language a text is in, and how sure that is."""
        self.check(text)
        return _detected(text)

    def check(self, text: str) -> None:
        """Refuse a text that cannot be worked on.

        Raises:
            TextTooLong: it has more characters than one item may have.
            InvalidText: it holds a lone surrogate.
        """
        if len(text) > self._settings.max_item_chars:
            raise TextTooLong(
                f"The text has {len(text):,} characters; at most "
                f"{self._settings.max_item_chars:,} are taken in one item. Split it.",
                field="text",
            )
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidText(
                f"The text holds a lone surrogate at character {error.start}; "
                "send well-formed Unicode.",
                field="text",
            ) from error

    def _prepare(self, request: Request) -> _Work:
        """Detect, segment and anchor one text."""
        self.check(request.text)
        source, detection = self._resolve_source(request)
        work = _Work(request, source, detection, self.glossary(request.glossary))
        if source in (request.target, UNDETERMINED):
            return work
        with span("segment", characters=len(request.text), source=source) as own:
            work.sentences = segment(request.text, source)
            own.set(sentences=len(work.sentences))
        work.languages = [
            self._sentence_language(sentence, source, request.target) for sentence in work.sentences
        ]
        work.carried = [
            carry(sentence.text, anchors, language=language)
            for sentence, language, anchors in zip(
                work.sentences, work.languages, self._anchors(work), strict=True
            )
        ]
        if request.anchors and request.target == "en":
            work.carried = with_copied(work.carried)
        return work

    def _anchors(self, work: _Work) -> list[tuple[Anchor, ...]]:
        """The glossary names in each sentence; none in those that are in the target language."""
        if not work.request.anchors or work.glossary is None:
            return [()] * len(work.sentences)
        texts = [
            ("" if language == work.request.target else sentence.text, language)
            for sentence, language in zip(work.sentences, work.languages, strict=True)
        ]
        return document_anchors(texts, work.source, work.glossary)

    def _resolve_source(self, request: Request) -> tuple[str, Detection | None]:
        """The source language: as given, or as detected among what can be served."""
        sources = {source for source, target in self._engine.pairs() if target == request.target}
        if request.source is not None:
            if request.source != request.target and request.source not in sources:
                self._engine.check_sound(request.source, request.target)
                raise UnsupportedLanguage(
                    f"No installed package translates from {request.source!r} to "
                    f"{request.target!r}; from {', '.join(sorted(sources)) or 'no language'} is "
                    "possible. See GET /v1/languages.",
                    field="source",
                )
            return request.source, None
        detection = _detected(request.text)
        if detection.language == UNDETERMINED:
            return UNDETERMINED, detection
        self._engine.check_sound(detection.language, request.target)
        if not sources:
            raise UnsupportedLanguage(
                f"No installed package translates to {request.target!r}. See GET /v1/languages.",
                field="target",
            )
        served = sources | {request.target}
        if detection.language in served:
            return detection.language, detection
        for candidate in detection.candidates:
            plausible = detection.confidence < UNSURE and candidate.confidence >= PLAUSIBLE
            if candidate.language in served and (
                plausible or detection.confidence < LOW_CONFIDENCE
            ):
                return candidate.language, detection
        raise UnsupportedLanguage(
            f"The text seems to be in {detection.language!r} (confidence "
            f"{detection.confidence:.2f}), which no installed package translates to "
            f"{request.target!r}. If that is wrong, name the source language.",
            field="source",
        )

    def _sentence_language(self, sentence: Sentence, source: str, target: str) -> str:
        """The language of one sentence: the text's, unless its script says otherwise.

        A French quotation inside an Arabic story goes through the French model, an English one
        is left as it is; and the other way round.
        """
        arabic = _ARABIC_LETTER.search(sentence.text)
        if source == "ar" and not arabic and _LATIN_LETTER.search(sentence.text):
            other = detect(sentence.text, among={"fr", "en"})
            return "fr" if other.language == "fr" and self._served("fr", target) else target
        if source != "ar" and arabic and not _LATIN_LETTER.search(sentence.text):
            return "ar" if self._served("ar", target) else source
        return source

    def _served(self, source: str, target: str) -> bool:
        return (source, target) in self._engine.pairs()

    def _model(self, work: _Work) -> str:
        """The package that translated the text; empty where none was needed."""
        if work.source in (work.request.target, UNDETERMINED):
            return ""
        return self._engine.model(work.source, work.request.target)

    def _decode(self, works: Iterable[_Work]) -> None:
        """Translate the sentences of all texts, one call per language pair."""
        waiting: dict[tuple[str, str], list[tuple[_Work, int]]] = defaultdict(list)
        for work in works:
            work.hypotheses = [_copied(sentence.text) for sentence in work.sentences]
            for position, sentence in enumerate(work.sentences):
                language = work.languages[position]
                if sentence.translatable and language != work.request.target:
                    waiting[language, work.request.target].append((work, position))
        for (source, target), places in waiting.items():
            sentences = [work.carried[position].text for work, position in places]
            with span("engine", sentences=len(sentences), source=source, target=target):
                answers = self._engine.translate(sentences, source, target, links=True)
            for (work, position), hypothesis in zip(places, answers, strict=True):
                work.hypotheses[position] = _parted(hypothesis, work.carried[position], target)
            self._decode_again(places, source, target)

    def _decode_again(self, places: Sequence[tuple[_Work, int]], source: str, target: str) -> None:
        """Take another translation of a sentence that lost a name, if one has it."""
        losing = [
            (work, position)
            for work, position in places
            if lost_words(work.carried[position], work.hypotheses[position].text)
        ]
        if not losing:
            return
        for work, position in losing:
            work.losing.add(position)
        sentences = [work.carried[position].text for work, position in losing]
        try:
            with span(
                "engine", sentences=len(sentences), source=source, target=target, alternatives=AGAIN
            ):
                answers = self._engine.alternatives(
                    sentences, source, target, count=AGAIN, beam_size=AGAIN, links=True
                )
        except Overloaded:
            return
        for (work, position), others in zip(losing, answers, strict=True):
            carried = work.carried[position]
            first = work.hypotheses[position]
            work.hypotheses[position] = min(
                (first, *(_parted(other, carried, target) for other in others)),
                key=lambda each: (
                    lost_words(carried, each.text) + len(set(each.flags) - set(first.flags))
                ),
            )
        self._decode_statements(losing, source, target)
        self._decode_stand_ins(losing, source, target)

    def _decode_statements(
        self, places: Sequence[tuple[_Work, int]], source: str, target: str
    ) -> None:
        """Where the speaker was lost all the same, translate what was said and name him first."""
        if target != "en":
            return
        losing = [
            (work, position, said, lost)
            for work, position in places
            if (lost := lost_words(work.carried[position], work.hypotheses[position].text))
            and (said := spoken(work.carried[position])) is not None
        ]
        if not losing:
            return
        statements = [said.statement for _, _, said, _ in losing]
        try:
            with span("engine", sentences=len(statements), source=source, target=target):
                answers = self._engine.translate(statements, source, target, links=True)
        except Overloaded:
            return
        for (work, position, said, lost), answer in zip(losing, answers, strict=True):
            carried = work.carried[position]
            text, links = said.told(answer.text, answer.attention)
            told = _parted(replace(answer, text=text, attention=links), carried, target)
            if lost_words(carried, told.text) < lost:
                work.hypotheses[position] = told

    def _decode_stand_ins(
        self, places: Sequence[tuple[_Work, int]], source: str, target: str
    ) -> None:
        """Where a name was lost all the same, translate with another in its place."""
        asked = [
            (work, position, stand_in)
            for work, position in places
            for stand_in in stand_ins(work.carried[position], work.hypotheses[position].text)
        ]
        if not asked:
            return
        sentences = [stand_in.text for _, _, stand_in in asked]
        try:
            with span("engine", sentences=len(sentences), source=source, target=target):
                answers = self._engine.translate(sentences, source, target, links=True)
        except Overloaded:
            return
        for (work, position, stand_in), answer in zip(asked, answers, strict=True):
            undone = stand_in.undone(answer.text, answer.attention)
            if undone is None:
                continue
            carried, before = work.carried[position], work.hypotheses[position]
            after = _parted(replace(answer, text=undone[0], attention=undone[1]), carried, target)
            if lost_words(carried, after.text) < lost_words(carried, before.text) and len(
                after.flags
            ) <= len(before.flags):
                work.hypotheses[position] = after

    def _finish(self, work: _Work) -> Translation:
        """Put the text together again and its names right."""
        request = work.request
        raw_text, sentences = self._assemble(work)
        normalised = Normalised(raw_text, ())
        if work.glossary and _LETTER.search(raw_text):
            source_names = SourceNames(
                work.source,
                tuple(
                    SourceSentence(
                        pair.target_start,
                        pair.target_end,
                        work.carried[position],
                        work.hypotheses[position].attention,
                    )
                    for position, pair in enumerate(sentences)
                ),
            )
            normalised = _names_right(
                raw_text, work.glossary, request.target, source_names if sentences else None
            )
        return Translation(
            text=normalised.text,
            raw_text=raw_text,
            source=work.source,
            target=request.target,
            detection=work.detection,
            sentences=_names_lost(work, sentences, normalised.text),
            names=normalised.names,
            glossary_version=work.glossary.version if work.glossary else "",
            model=self._model(work),
        )

    def _assemble(self, work: _Work) -> tuple[str, tuple[SentencePair, ...]]:
        """The raw translation: the source text with each sentence replaced by its hypothesis."""
        text = work.request.text
        doubtful = work.detection is not None and work.detection.confidence < LOW_CONFIDENCE
        pieces: list[str] = []
        pairs: list[SentencePair] = []
        at = length = 0
        for sentence, carried, hypothesis in zip(
            work.sentences, work.carried, work.hypotheses, strict=True
        ):
            gap = text[at : sentence.start]
            start = length + len(gap)
            length = start + len(hypothesis.text)
            pieces += [gap, hypothesis.text]
            flags = hypothesis.flags + (("low_confidence_language",) if doubtful else ())
            pairs.append(
                SentencePair(
                    sentence.start,
                    sentence.end,
                    start,
                    length,
                    sentence.text,
                    hypothesis.text,
                    hypothesis.score,
                    flags,
                    tuple(_original_links(sentence, carried, hypothesis, start)),
                )
            )
            at = sentence.end
        pieces.append(text[at:])
        return "".join(pieces), tuple(pairs)


def _names_lost(
    work: _Work, sentences: tuple[SentencePair, ...], text: str
) -> tuple[SentencePair, ...]:
    """The sentences; those flagged that lost a name which is nowhere in the final text either."""
    flagged = list(sentences)
    for position in work.losing:
        lost = lost_names(work.carried[position], work.hypotheses[position].text)
        if any(name.text not in text for name in lost):
            pair = flagged[position]
            flagged[position] = replace(pair, flags=(*pair.flags, "name_lost"))
    return tuple(flagged)


def _detected(text: str) -> Detection:
    with span("detect", characters=len(text)) as own:
        detection = detect(text)
        own.set(source=detection.language)
    return detection


def _names_right(
    text: str, glossary: Glossary, language: str, source: SourceNames | None = None
) -> Normalised:
    with span("names", characters=len(text), target=language) as own:
        normalised = normalise(text, glossary, language=language, source=source)
        own.set(names=len(normalised.names), changed=sum(n.applied for n in normalised.names))
    return normalised


def _original_links(
    sentence: Sentence, carried: Carried, hypothesis: Hypothesis, target_start: int
) -> Iterator[tuple[int, int, int, int]]:
    """The model's links with their source side in the original text, not in the carried one."""
    if not hypothesis.attention:
        return
    gaps = zip(
        [0, *(anchor.end for anchor in carried.anchors)],
        [*(anchor.start for anchor in carried.anchors), len(sentence.text)],
        strict=True,
    )
    same: list[tuple[int, int, int]] = []  # carried start, carried end, original start
    at = 0
    for start, end in gaps:
        at = carried.text.find(sentence.text[start:end], at)
        if at < 0:
            break
        same.append((at, at + end - start, start))
        at += end - start
    for first, last, out_first, out_last in hypothesis.attention:
        for (low, high, start), following in zip(same, [*same[1:], None], strict=True):
            end = following[2] if following else len(sentence.text)
            if low <= first < high:
                span = start + first - low, start + min(last, high) - low
            elif high <= first < (following[0] if following else len(carried.text)):
                span = start + high - low, end
            else:
                continue
            yield (
                sentence.start + span[0],
                sentence.start + span[1],
                target_start + out_first,
                target_start + out_last,
            )
            break


def _groups(requests: Sequence[Request]) -> list[Sequence[Request]]:
    """Requests in order, in groups of `GROUP_CHARS`; one group at least."""
    starts = [0]
    characters = 0
    for index, request in enumerate(requests):
        if index > starts[-1] and characters + len(request.text) > GROUP_CHARS:
            starts.append(index)
            characters = 0
        characters += len(request.text)
    return [
        requests[first:last]
        for first, last in zip(starts, [*starts[1:], len(requests)], strict=True)
    ]


def _sound(works: Sequence[_Work | ServiceError]) -> list[_Work]:
    """Those that can be worked on."""
    return [work for work in works if isinstance(work, _Work)]


def _parted(hypothesis: Hypothesis, carried: Carried, target: str) -> Hypothesis:
    """A hypothesis whose words and names stand apart from the words before them."""
    text, links = parted(hypothesis.text, hypothesis.attention, carried)
    if target == "en":
        text, links = unglued(text, links, carried.text)
    return replace(hypothesis, text=text, attention=links)


def _copied(text: str) -> Hypothesis:
    """A sentence that needs no translation."""
    return Hypothesis(text=text, score=0.0, flags=(), attention=None)
