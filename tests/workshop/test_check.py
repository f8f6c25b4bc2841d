"""Examples and clean sentences are run as a service would run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import GlossaryError
from service.names.glossary import Entry, Example, Glossary
from service.names.workshop.check import clean_corpora, run_clean, run_examples


def allisio(*examples: tuple[str, str], status: str = "reviewed") -> Glossary:
    entry = Entry(
        id="franck-allisio",
        name="Franck Allisio",
        variants=("Frank Alessio",),
        examples=tuple(Example(before, after) for before, after in examples),
        status=status,
        file="people/marseille.yaml",
        line=4,
    )
    return Glossary((entry,), "v")


def test_an_example_that_holds() -> None:
    glossary = allisio(("Frank Alessio spoke.", "Franck Allisio spoke."))

    assert run_examples(glossary, glossary.entries).failures == ()


def test_an_example_that_does_not() -> None:
    glossary = allisio(("Frank Alessio spoke.", "Franck Allisio sang."))

    (failure,) = run_examples(glossary, glossary.entries).failures

    assert (failure.file, failure.line, failure.entry) == (
        "people/marseille.yaml",
        4,
        "franck-allisio",
    )
    assert failure.got == "Franck Allisio spoke."


def test_examples_of_entries_that_are_not_in_force_are_not_run() -> None:
    glossary = allisio(("a", "b"), status="proposed")

    assert run_examples(glossary, glossary.entries).tried == 0


def test_a_changed_clean_sentence_names_the_entry_and_the_line(tmp_path: Path) -> None:
    corpus = tmp_path / "clean.txt"
    corpus.write_text("# comment\n\nThe sun shone.\nFrank Alessio is a baker.\n", "utf-8")

    outcome = run_clean(allisio(), [corpus])

    assert outcome.tried == 2
    (failure,) = outcome.failures
    assert (failure.line, failure.entry) == (4, "franck-allisio")
    assert failure.got == "Franck Allisio is a baker."


def test_a_corpus_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(GlossaryError, match="cannot be read"):
        run_clean(allisio(), [tmp_path / "clean.txt"])


def test_the_glossary_brings_its_own_sentences(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "clean.txt").write_text("x\n")

    assert clean_corpora(tmp_path) == [tmp_path / "tests" / "clean.txt"]
