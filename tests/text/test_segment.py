"""Segmentation: every sentence found, every other character kept."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.text.segment import Sentence, reassemble, segment

PASSAGES = [
    line.split("\t", 1)
    for line in (Path(__file__).parent / "data" / "sentences.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if not line.startswith("#")
]


def sentences(text: str, language: str = "fr") -> list[str]:
    return [sentence.text for sentence in segment(text, language)]


@pytest.mark.parametrize(("language", "passage"), PASSAGES)
def test_a_passage_is_cut_where_a_reader_cuts_it(language: str, passage: str) -> None:
    text = passage.replace("|", " ").replace("¦", "")
    assert sentences(text, language) == re.split("[|¦]", passage)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- Un point.\n- Un autre.", ["Un point.", "Un autre."]),
        ("• Premier\n• Second", ["Premier", "Second"]),
        ("1. Premier\n2) Second\n(3) Tiers", ["Premier", "Second", "Tiers"]),
        ("a) oui\nb) non", ["oui", "non"]),
        ("١. أولا\n٢) ثانيا", ["أولا", "ثانيا"]),
        ("# Titre\n\n## Sous-titre\ntexte", ["Titre", "Sous-titre", "texte"]),
        ("> Cité.\n>> Cité deux fois.", ["Cité.", "Cité deux fois."]),
        ("– Bonjour.\n– Bonsoir.", ["Bonjour.", "Bonsoir."]),
        ("- [x] fait\n- [ ] à faire", ["fait", "à faire"]),
        ("Nom\tVille\nAnne\tSfax", ["Nom", "Ville", "Anne", "Sfax"]),
        ("Total      douze", ["Total", "douze"]),
        ("A. Dupont arrive.", ["A. Dupont arrive."]),
        ("IV. Le procès", ["Le procès"]),
        ("2024. Une année noire", ["2024.", "Une année noire"]),
    ],
)
def test_markers_lie_between_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_every_line_is_a_block_of_its_own() -> None:
    assert sentences("Un titre sans point\nUn texte\r\nAutre\u2028Fin") == [
        "Un titre sans point",
        "Un texte",
        "Autre",
        "Fin",
    ]


def test_a_hard_wrapped_paragraph_is_read_as_one() -> None:
    first = "Le ministre a reconnu lundi que les services de l'État avaient été alertés trois fois."
    second = "Il a promis une enquête dont les conclusions seront publiées avant l'été prochain."
    text = textwrap.fill(f"{first} {second}", width=64)
    assert text.count("\n") == 2
    assert [sentence.replace("\n", " ") for sentence in sentences(text)] == [first, second]


def test_lines_that_could_have_been_longer_are_not_a_wrapped_paragraph() -> None:
    text = (
        "les députés de la majorité présidentielle\nles sénateurs\n"
        "les anciens ministres et les conseillers de leurs cabinets"
    )
    assert len(sentences(text)) == 3


def test_fenced_code_is_no_sentence() -> None:
    assert sentences("Avant.\n```\nx = 1. Y\n```\nAprès.") == ["Avant.", "Après."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Suivez-nous : https://exemple.fr/a?b=c", "Suivez-nous :"),
        ("Elle part 😂😂", "Elle part"),
        ("🔴 Le direct est ouvert", "Le direct est ouvert"),
        ("Il démissionne #politique #Marseille", "Il démissionne"),
    ],
)
def test_what_hangs_on_the_ends_of_a_sentence_is_left_out(text: str, expected: str) -> None:
    assert sentences(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["12 345,67", "https://exemple.fr", "😀", "…", "a@exemple.fr", "@nom", "{nom}", "-- 3 --"],
)
def test_what_has_nothing_to_translate_is_marked(text: str) -> None:
    assert [sentence.translatable for sentence in segment(text, "fr")] == [False]


def test_a_single_word_is_translatable() -> None:
    assert segment("Fin", "fr") == (Sentence(0, 3, "Fin", True),)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\r\n", "\u3000"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert segment(text, "fr") == ()


def test_nothing_is_cut_inside_an_address() -> None:
    text = "Voir https://exemple.fr/a.Bc?d=e!F puis ecrire à a.B@exemple.fr pour en savoir plus"
    assert sentences(text) == [text]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit",
    [
        *("mot ", "Il part demain. ", "a. ", ".", "… ", "« ", "“", "» ", "( ", "\n", "\t", "   "),
        *("- ", "1. ", "> ", "# ", "```\n", "@a ", "😀", "👨\u200d", "a_", "{", "&", "<a ", "?!"),
        *("l'art. 3 ", "أ. ", "\x00", "\ud800", "a.B ", "www.a.b ", "mot " * 15 + "\n"),
    ],
)
def test_long_and_hostile_lines_are_cut_in_linear_time(unit: str) -> None:
    """A quadratic rule would take minutes on this; the timeout fails it."""
    text = unit * (100_000 // len(unit))
    found = segment(text, "fr")
    assert reassemble(text, found, [sentence.text for sentence in found]) == text


NEWS = st.lists(
    st.sampled_from(
        ["M. ", "Le maire", " part. ", "« ", " »", "!", "…", "\n", "\n\n", "- ", "1. ", "\t",
         "3.5 ", "https://a.fr ", "😀", " ؟", "قال ", "د. ", "«", "»", "U.S. ", "(", ") ", "mot",
         "# ", "  ", "\u00a0", "\u202f", "@a", "#b ", "`", "```\n", "\u200f", "a_b", "e\u0301"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(alphabet=st.characters(), max_size=200), NEWS),
    st.sampled_from(["fr", "ar", "en", "und"]),
)
def test_laws_of_segmentation(text: str, language: str) -> None:
    found = segment(text, language)
    at = 0
    for sentence in found:
        assert at <= sentence.start < sentence.end <= len(text)
        assert sentence.text == text[sentence.start : sentence.end]
        assert sentence.text == sentence.text.strip()
        at = sentence.end
    assert reassemble(text, found, [sentence.text for sentence in found]) == text


@settings(max_examples=200, deadline=None)
@given(NEWS)
def test_letters_outside_code_belong_to_a_sentence(text: str) -> None:
    if "`" in text:
        return
    found = segment(text, "fr")
    rest = reassemble(text, found, [""] * len(found))
    # Letters right before https:// read as a scheme of their own.
    left = re.sub(r"[a-z]*https://a\.fr|#b|@a|\b[a-z]\.", "", rest)
    assert not re.search(r"[^\W\d_]{2,}", left), (text, rest)
