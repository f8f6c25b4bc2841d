"""Documents through the pipeline: joined, translated, and cut apart at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from service.config import Settings
from service.documents import cut, translate_all
from service.engine.translator import Hypothesis
from service.errors import InvalidText, ServiceError, TextTooLong
from service.names.report import NameReport
from service.pipeline import Pipeline, Request, SentencePair, Translation
from service.text.markup import Rules


class DictionaryEngine:
    """Translates word by word with a table, and knows which word became which."""

    WORDS: ClassVar = {"noir": "black", "chien": "dog", "le": "the", "Il": "He", "dort.": "sleeps."}

    def check_sound(self, source: str, target: str) -> None:
        """No package is damaged."""

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return (("fr", "en"), ("ar", "en"))

    def model(self, source: str, target: str) -> str:
        return f"{source}-{target}"

    def translate(
        self, sentences: Sequence[str], source: str, target: str, **options: Any
    ) -> list[Hypothesis]:
        return [self._translate(sentence) for sentence in sentences]

    def _translate(self, sentence: str) -> Hypothesis:
        out, links, at = [], [], 0
        length = 0
        for word in reversed(sentence.split(" ")):
            start = sentence.rindex(word, 0, len(sentence) - at)
            at = len(sentence) - start
            english = self.WORDS.get(word, word)
            links.append((start, start + len(word), length, length + len(english)))
            length += len(english) + 1
            out.append(english)
        return Hypothesis(" ".join(out), -0.1, (), tuple(links))


class NoGlossary:
    current = None


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(Settings(), DictionaryEngine(), NoGlossary())  # type: ignore[arg-type]


def translated(pipeline: Pipeline, html: str, **options: Any) -> Translation:
    request = Request(html, source="fr", glossary="none")
    [result] = translate_all(pipeline, [request], [Rules()], **options)
    assert not isinstance(result, ServiceError), result
    return result


def test_tags_follow_the_models_links(pipeline: Pipeline) -> None:
    assert translated(pipeline, "<p>le chien <b>noir</b></p>").text == "<p><b>black</b> dog the</p>"


def test_every_segment_comes_back_at_its_place(pipeline: Pipeline) -> None:
    html = '<h1>le chien</h1>\n<p>Il dort. Il dort.</p><img alt="chien noir"><p>2025</p><p>noir</p>'
    assert translated(pipeline, html).text == (
        '<h1>dog the</h1>\n<p>sleeps. He sleeps. He</p><img alt="black dog"><p>2025</p><p>black</p>'
    )


def test_documents_longer_than_an_item_go_in_parts(pipeline: Pipeline) -> None:
    html = "<p>le chien</p>" * 50
    result = translated(pipeline, html, max_chars=40)
    assert result.text == "<p>dog the</p>" * 50
    assert result.raw_text == "\n\n".join(["dog the"] * 50)
    assert len(result.sentences) == 50
    for pair in result.sentences:
        assert result.raw_text[pair.target_start : pair.target_end] == pair.translation


def test_a_document_without_text_stays_as_it_is(pipeline: Pipeline) -> None:
    assert translated(pipeline, "<br>").text == "<br>"


def test_one_documents_error_leaves_the_others(pipeline: Pipeline) -> None:
    requests = [
        Request(text, source="fr", glossary="none")
        for text in ("<p>" + "mot " * 20_000, "<p>le chien", "<p>le chien")
    ]
    long, good, plain = translate_all(pipeline, requests, [Rules(), Rules(), None])
    assert isinstance(long, TextTooLong)
    assert not isinstance(good, ServiceError)
    assert good.text == "<p>dog the"
    assert not isinstance(plain, ServiceError)
    assert plain.text == "dog <p>le"


def test_a_lone_surrogate_in_a_tag_is_that_documents_error(pipeline: Pipeline) -> None:
    requests = [
        Request(text, source="fr", glossary="none")
        for text in ('<p class="\ud800">le chien', "<p>le chien")
    ]
    bad, good = translate_all(pipeline, requests, [Rules(), Rules()])
    assert isinstance(bad, InvalidText)
    assert not isinstance(good, ServiceError)


def test_corrected_names_keep_the_cuts_right() -> None:
    source = "Allisio vient\n\nAllisio part"
    raw = "Alessio comes\n\nAlessio leaves"
    names = tuple(
        NameReport(at, at + 7, "Alessio", "Franck Allisio", "franck-allisio", "full", 1.0, (), True)
        for at in (0, 15)
    )
    translation = Translation(
        raw.replace("Alessio", "Franck Allisio"),
        raw,
        "fr",
        "en",
        None,
        (
            SentencePair(0, 13, 0, 13, source[:13], raw[:13], 0.0, ()),
            SentencePair(15, 27, 15, 29, source[15:], raw[15:], 0.0, ()),
        ),
        names,
        "",
        "",
    )
    first, second = cut(translation, [(0, 13), (15, 27)])
    assert first.text == "Franck Allisio comes"
    assert second.text == "Franck Allisio leaves"
    assert second.sentences[0].out_end == len(second.text)


def test_text_that_is_not_translated_is_cut_where_it_was_joined() -> None:
    text = "One.\n\nTwo."
    translation = Translation(text, text, "en", "en", None, (), (), "", "")
    assert [part.text for part in cut(translation, [(0, 4), (6, 10)])] == ["One.", "Two."]
