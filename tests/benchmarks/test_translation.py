"""The benchmark of names in translation: its stories and its judgement."""

from __future__ import annotations

import pytest

from benchmarks.translation.__main__ import DATA, consistency, outcomes
from benchmarks.translation.score import Tally, judge
from benchmarks.translation.stories import FRAMES, framed, read_examples, read_marked
from service.config import PROJECT_DIR
from service.names.glossary import Entry, Glossary, load_glossary
from service.pipeline import SentencePair, Translation

GLOSSARY = Glossary((Entry(id="attal", name="Gabriel Attal"),), "benchmark")
MARKED = (
    "### a story\nSelon {=Gabriel Attal} et {Marchenoir|?Marchenoir}, M. {Attal|Attal} vient.\n"
)


def translation(source: str, english: str) -> Translation:
    pair = SentencePair(0, len(source), 0, len(english), source, english, 0.0, ())
    return Translation(english, english, "fr", "en", None, (pair,), (), "", "model")


def test_marks_become_offsets() -> None:
    [story] = read_marked(MARKED, "fr", GLOSSARY)
    assert story.text == "Selon Gabriel Attal et Marchenoir, M. Attal vient.\n"
    assert [mention.kind for mention in story.mentions] == ["full", "unknown", "surname"]
    for mention in story.mentions:
        assert story.text[mention.start : mention.end] == mention.surface


@pytest.mark.parametrize(
    ("english", "wanted"),
    [
        ("Gabriel Attal and Marchenoir: Mr Attal comes.", ["right", "right"]),
        ("Attal and Marchenoir: Mr Attal comes.", ["surname", "right"]),
        ("Gabriel Attal comes with Marchenoir.", ["right", "wrong"]),
        ("Gabriel Atal and Marchenoir: Mr attal comes.", ["wrong", "wrong"]),
    ],
)
def test_one_place_answers_for_one_name(english: str, wanted: list[str]) -> None:
    [story] = read_marked(MARKED, "fr", GLOSSARY)
    tally = Tally()
    judge(story, translation(story.text, english), tally)
    assert [verdict.outcome for verdict in tally.verdicts] == wanted
    assert "| fr | all | 2 |" in outcomes(tally)


def test_spellings_of_an_unknown_name_are_counted() -> None:
    [story] = read_marked(
        "### s\n{Marchenoir|?Marchenoir} et {Marchenoir|?Marchenoir}", "fr", GLOSSARY
    )
    tally = Tally()
    judge(story, translation(story.text, "Marchenir said so"), tally)
    assert list(tally.unknown.values()) == [["Marchenir", "Marchenir"]]
    assert "2 of 2 mentions came out" in consistency(tally)


def test_every_marked_name_is_one_of_the_glossary() -> None:
    glossary = load_glossary(PROJECT_DIR / "glossary")
    names = {entry.name for entry in glossary.entries}
    for path in DATA.glob("*.txt"):
        for story in read_marked(path.read_text("utf-8"), path.stem, glossary):
            assert story.mentions
            for mention in story.mentions:
                if mention.kind == "surname":
                    assert any(name.endswith(" " + mention.printed) for name in names), mention
                elif mention.kind != "unknown":
                    assert mention.printed in names


def test_the_names_of_the_examples_are_found_in_their_stories() -> None:
    stories = list(read_examples(PROJECT_DIR / "examples", load_glossary(PROJECT_DIR / "glossary")))
    assert {story.language for story in stories} == {"ar", "fr"}
    for story in stories:
        for mention in story.mentions:
            assert story.text[mention.start : mention.end] == mention.surface


def test_an_entry_stands_in_one_sentence_in_its_own_form() -> None:
    entry = Entry(id="meknes", name="Meknes", type="place", ar=("مكناس",), fr=("Meknès",))
    for language, form in (("ar", "مكناس"), ("fr", "Meknès")):
        [story] = framed([entry], language)
        [mention] = story.mentions
        assert story.text[mention.start : mention.end] == form
        assert story.text.rstrip("\n") in [
            frame.format(form) for frame in FRAMES[language, "place"]
        ]
