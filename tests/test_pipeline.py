"""The way of a text, over an engine that only marks what it was given."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.config import Settings
from service.engine.translator import Hypothesis
from service.errors import (
    InvalidText,
    NotReady,
    Overloaded,
    ServiceError,
    TextTooLong,
    UnsupportedLanguage,
)
from service.names.glossary import GlossaryStore
from service.pipeline import Pipeline, Request, Translation

ENTRY = """
- id: franck-allisio
  name: Franck Allisio
  type: person
  ar: [فرانك أليسيو]
"""

FRENCH = (
    "Le maire a salué la foule devant la mairie.\n\n"
    "  - Le budget sera voté lundi prochain.\n"
    "  - Les écoles resteront ouvertes pendant les travaux.\n"
)


class MarkingEngine:
    """Answers ``[source] sentence`` and remembers what it was asked."""

    def check_sound(self, source: str, target: str) -> None:
        """No package is damaged."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = (("fr", "en"), ("ar", "en"))) -> None:
        self._pairs = tuple(pairs)
        self.calls: list[tuple[str, str, list[str]]] = []

    def pairs(self) -> tuple[tuple[str, str], ...]:
        return self._pairs

    def model(self, source: str, target: str) -> str:
        return f"translate-{source}_{target}-test"

    def translate(
        self, sentences: Sequence[str], source: str, target: str, *, links: bool = False
    ) -> list[Hypothesis]:
        self.calls.append((source, target, list(sentences)))
        return [Hypothesis(f"[{source}] {sentence}", -0.5) for sentence in sentences]


@pytest.fixture
def engine() -> MarkingEngine:
    return MarkingEngine()


@pytest.fixture
def pipeline(engine: MarkingEngine, tmp_path: Path) -> Pipeline:
    (tmp_path / "people.yaml").write_text(ENTRY, encoding="utf-8")
    return Pipeline(Settings(), engine, GlossaryStore(tmp_path))  # type: ignore[arg-type]


def one(result: Translation | ServiceError) -> Translation:
    assert isinstance(result, Translation), result
    return result


def test_everything_between_sentences_comes_through_as_it_was(pipeline: Pipeline) -> None:
    result = one(pipeline.translate([Request(FRENCH, source="fr", glossary="none")])[0])
    assert result.text == (
        "[fr] Le maire a salué la foule devant la mairie.\n\n"
        "  - [fr] Le budget sera voté lundi prochain.\n"
        "  - [fr] Les écoles resteront ouvertes pendant les travaux.\n"
    )


def test_sentence_pairs_tell_where_both_sides_stand(pipeline: Pipeline) -> None:
    result = one(pipeline.translate([Request(FRENCH, source="fr", glossary="none")])[0])
    assert len(result.sentences) == 3
    for pair in result.sentences:
        assert FRENCH[pair.start : pair.end] == pair.source
        assert result.raw_text[pair.target_start : pair.target_end] == pair.translation


def test_the_sentences_of_all_texts_go_to_the_model_in_one_call(
    pipeline: Pipeline, engine: MarkingEngine
) -> None:
    pipeline.translate([Request(FRENCH, source="fr") for _ in range(3)])
    assert len(engine.calls) == 1
    assert len(engine.calls[0][2]) == 9


def test_many_texts_go_through_in_groups_and_come_back_in_order(
    pipeline: Pipeline, engine: MarkingEngine
) -> None:
    texts = [f"Le maire numéro {number} a salué la foule. " * 25 for number in range(12)]
    requests = [Request(text, source="fr", glossary="none") for text in texts]
    requests.insert(5, Request("broken \ud800", source="fr"))
    results = pipeline.translate(requests)
    assert isinstance(results.pop(5), InvalidText)
    alone = [pipeline.translate([Request(text, source="fr", glossary="none")]) for text in texts]
    assert [one(result).text for result in results] == [one(result).text for [result] in alone]
    assert 1 < len(engine.calls) - len(texts) < len(texts)


class HalfDamaged(MarkingEngine):
    """Its French package cannot be read."""

    def __init__(self) -> None:
        super().__init__([("ar", "en")])

    def check_sound(self, source: str, target: str) -> None:
        if (source, target) == ("fr", "en"):
            raise NotReady("The package that translates from 'fr' to 'en' is damaged.")


@pytest.mark.parametrize("source", ["fr", None])
def test_a_language_whose_package_is_damaged_can_be_asked_for_again(
    tmp_path: Path, source: str | None
) -> None:
    (tmp_path / "people.yaml").write_text(ENTRY, encoding="utf-8")
    engine = HalfDamaged()
    pipeline = Pipeline(Settings(), engine, GlossaryStore(tmp_path))  # type: ignore[arg-type]
    damaged, sound = pipeline.translate(
        [Request(FRENCH, source), Request("قال الرئيس إن الحكومة ستجتمع غدا.", "ar")]
    )
    assert isinstance(damaged, NotReady)
    assert one(sound).text


class SmallQueue(MarkingEngine):
    """Has room for one call at a time, or for none."""

    def __init__(self, *, busy: bool = False) -> None:
        super().__init__()
        self._room = threading.Semaphore(0 if busy else 1)

    def translate(
        self, sentences: Sequence[str], source: str, target: str, *, links: bool = False
    ) -> list[Hypothesis]:
        if not self._room.acquire(blocking=False):
            raise Overloaded("Too many sentences are waiting.")
        try:
            return super().translate(sentences, source, target, links=links)
        finally:
            self._room.release()


def test_the_groups_of_one_call_are_not_refused_for_each_other(tmp_path: Path) -> None:
    pipeline = Pipeline(Settings(), SmallQueue(), GlossaryStore(tmp_path))  # type: ignore[arg-type]
    requests = [
        Request(f"La salle {number} est pleine. " * 250, source="fr", glossary="none")
        for number in range(8)
    ]
    assert [one(result).text[:18] for result in pipeline.translate(requests)] == [
        f"[fr] La salle {number} est"[:18] for number in range(8)
    ]


def test_a_call_of_many_groups_is_refused_where_there_is_no_room(tmp_path: Path) -> None:
    engine = SmallQueue(busy=True)
    pipeline = Pipeline(Settings(), engine, GlossaryStore(tmp_path))  # type: ignore[arg-type]
    requests = [Request("La salle est pleine. " * 300, source="fr")] * 4
    with pytest.raises(Overloaded):
        pipeline.translate(requests)


def test_each_text_has_a_language_of_its_own(pipeline: Pipeline) -> None:
    french, arabic, english = pipeline.translate(
        [
            Request("Le ministre de l'Intérieur se rendra à Marseille jeudi."),
            Request("يزور وزير الداخلية مدينة مرسيليا يوم الخميس."),
            Request("The interior minister will travel to Marseille on Thursday."),
        ]
    )
    assert [one(french).source, one(arabic).source, one(english).source] == ["fr", "ar", "en"]
    assert one(english).text == "The interior minister will travel to Marseille on Thursday."


def test_english_is_not_translated_but_its_names_are_put_right(
    pipeline: Pipeline, engine: MarkingEngine
) -> None:
    text = "Franck Alessio, the candidate for mayor, spoke on Monday. Alessio left early."
    result = one(pipeline.translate([Request(text)])[0])
    assert engine.calls == []
    assert result.text == (
        "Franck Allisio, the candidate for mayor, spoke on Monday. Allisio left early."
    )
    assert result.raw_text == text
    assert result.model == ""


def test_names_are_left_alone_when_no_glossary_is_asked_for(pipeline: Pipeline) -> None:
    text = "Franck Alessio, the candidate for mayor, spoke on Monday."
    result = one(pipeline.translate([Request(text, glossary="none")])[0])
    assert result.text == text
    assert result.names == ()


def test_no_name_is_left_wrong_in_silence_while_the_term_files_are_broken_from_the_start(
    engine: MarkingEngine, tmp_path: Path
) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("- id: [broken", encoding="utf-8")
    store = GlossaryStore(tmp_path, poll_seconds=0)
    pipeline = Pipeline(Settings(), engine, store)  # type: ignore[arg-type]
    text = "Franck Alessio a parlé."

    refused, plain = pipeline.translate(
        [Request(text, source="fr"), Request(text, source="fr", glossary="none")]
    )
    assert isinstance(refused, NotReady)
    assert "people.yaml:" in refused.detail
    assert isinstance(plain, Translation)
    with pytest.raises(NotReady):
        pipeline.normalise("Franck Alessio spoke.")

    file.write_text(ENTRY, encoding="utf-8")
    assert pipeline.normalise("Franck Alessio spoke.").text == "Franck Allisio spoke."


def test_a_bad_item_does_not_harm_the_others(pipeline: Pipeline) -> None:
    bad, good, unknown = pipeline.translate(
        [
            Request("broken \ud800 text"),
            Request("Bonjour à tous.", source="fr"),
            Request("Hallo Welt, wie geht es dir?", source="de"),
        ]
    )
    assert isinstance(bad, InvalidText)
    assert one(good).text == "[fr] Bonjour à tous."
    assert isinstance(unknown, UnsupportedLanguage)
    assert unknown.field == "source"


@pytest.mark.parametrize("text", ["", "   \n\t", "🎉🎉", "123 456", "…"])
def test_what_has_no_language_comes_back_unchanged(pipeline: Pipeline, text: str) -> None:
    result = one(pipeline.translate([Request(text)])[0])
    assert result.text == text
    assert result.source == "und"


def test_a_text_over_the_limit_is_refused_with_its_size(tmp_path: Path) -> None:
    settings = Settings(max_item_chars=20)
    pipeline = Pipeline(settings, MarkingEngine(), GlossaryStore(tmp_path))  # type: ignore[arg-type]
    (result,) = pipeline.translate([Request("Le maire a salué la foule.", source="fr")])
    assert isinstance(result, TextTooLong)
    assert "26 characters" in result.detail


def test_a_language_that_nothing_translates_is_named_in_the_error(pipeline: Pipeline) -> None:
    (result,) = pipeline.translate(
        [Request("Der Innenminister reist am Donnerstag nach Marseille, um die Polizei zu sehen.")]
    )
    assert isinstance(result, UnsupportedLanguage)
    assert "'de'" in result.detail


def test_a_french_quotation_in_an_arabic_story_goes_through_the_french_model(
    pipeline: Pipeline, engine: MarkingEngine
) -> None:
    text = (
        "قال رئيس البلدية إن المدينة بحاجة إلى المزيد من الشرطة.\n"
        "« Nous avons besoin de plus de policiers dans nos rues. »\n"
    )
    pipeline.translate([Request(text, glossary="none")])
    assert {source for source, _, _ in engine.calls} == {"ar", "fr"}


def test_an_arabic_name_reaches_the_model_in_its_right_latin_spelling(
    pipeline: Pipeline, engine: MarkingEngine
) -> None:
    pipeline.translate([Request("قال فرانك أليسيو إنه سيترشح.", source="ar")])
    assert "Franck Allisio" in engine.calls[0][2][0]


class LosingEngine(MarkingEngine):
    """Loses the name at first; asked for others, it has one that keeps it."""

    def translate(
        self, sentences: Sequence[str], source: str, target: str, *, links: bool = False
    ) -> list[Hypothesis]:
        self.calls.append((source, target, list(sentences)))
        return [Hypothesis("He said that he would stand.", -0.5) for _ in sentences]

    def alternatives(
        self, sentences: Sequence[str], source: str, target: str, **settings: object
    ) -> list[list[Hypothesis]]:
        self.calls.append((source, target, list(sentences)))
        texts = ("He said he would stand.", "Allisio said so.", "Franck Allisio said so.")
        return [[Hypothesis(text, -0.6) for text in texts] for _ in sentences]


def test_a_sentence_that_lost_a_name_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(ENTRY, encoding="utf-8")
    engine = LosingEngine()
    pipeline = Pipeline(Settings(), engine, GlossaryStore(tmp_path))  # type: ignore[arg-type]
    text = "قال فرانك أليسيو إنه سيترشح. وقال إن المدينة تنتظر."
    result = one(pipeline.translate([Request(text, source="ar")])[0])
    assert result.text == "Franck Allisio said so. He said that he would stand."
    assert [len(sentences) for _, _, sentences in engine.calls] == [2, 1]


def test_a_short_english_text_full_of_names_is_not_refused_as_dutch(pipeline: Pipeline) -> None:
    text = "Activist Amin Kisasi met Benoit Payen in Marseille."
    (done,) = pipeline.translate([Request(text)])
    assert isinstance(done, Translation)
    assert done.source == "en"


def test_a_text_that_is_surely_dutch_is_refused(pipeline: Pipeline) -> None:
    text = "De minister heeft gisteren in Marseille met de burgemeester gesproken."
    (refused,) = pipeline.translate([Request(text)])
    assert isinstance(refused, UnsupportedLanguage)


class ForgettingEngine(LosingEngine):
    """Never names the speaker, and translates what he said."""

    def alternatives(
        self, sentences: Sequence[str], source: str, target: str, **settings: object
    ) -> list[list[Hypothesis]]:
        return [[Hypothesis("He said so.", -0.6)] for _ in sentences]


def test_a_speaker_who_is_lost_all_the_same_is_named_before_what_he_said(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(ENTRY, encoding="utf-8")
    engine = ForgettingEngine()
    pipeline = Pipeline(Settings(), engine, GlossaryStore(tmp_path))  # type: ignore[arg-type]
    result = one(
        pipeline.translate([Request("قال فرانك أليسيو إن المدينة تنتظر.", source="ar")])[0]
    )
    assert result.text == "Franck Allisio said that he said that he would stand."
    assert engine.calls[-1][2] == ["المدينة تنتظر."]


class BlindEngine(LosingEngine):
    """Copies Paul Martin and no other name."""

    def translate(
        self, sentences: Sequence[str], source: str, target: str, *, links: bool = False
    ) -> list[Hypothesis]:
        self.calls.append((source, target, list(sentences)))
        return [
            Hypothesis(f"{'Paul Martin' if 'Paul Martin' in text else 'They'} spoke.", -0.5)
            for text in sentences
        ]

    def alternatives(
        self, sentences: Sequence[str], source: str, target: str, **settings: object
    ) -> list[list[Hypothesis]]:
        return [[Hypothesis("Nobody spoke.", -0.6)] for _ in sentences]


def test_a_name_that_no_translation_has_goes_through_as_another(tmp_path: Path) -> None:
    pipeline = Pipeline(Settings(), BlindEngine(), GlossaryStore(tmp_path))  # type: ignore[arg-type]
    request = Request("Le juge Deon Labuschagne a parlé.", source="fr", glossary="none")
    result = one(pipeline.translate([request])[0])
    assert result.text == "Deon Labuschagne spoke."
    assert result.sentences[0].flags == ()


def test_a_name_that_is_lost_all_the_same_is_told(tmp_path: Path) -> None:
    pipeline = Pipeline(Settings(), ForgettingEngine(), GlossaryStore(tmp_path))  # type: ignore[arg-type]
    request = Request("Le juge Deon Labuschagne a parlé. Il pleut.", source="fr", glossary="none")
    result = one(pipeline.translate([request])[0])
    assert [sentence.flags for sentence in result.sentences] == [("name_lost",), ()]
