"""Words that a model wrote as one get their space back; real words keep their letters."""

from __future__ import annotations

import pytest

from service.text.glue import unglued


@pytest.mark.parametrize(
    ("text", "source", "right"),
    [
        ("He met theayatollah.", "Il a vu l'ayatollah.", "He met the ayatollah."),
        ("It began toconfront them.", "", "It began to confront them."),
        ("A plane ofescadron two.", "Un avion d'escadron deux.", "A plane of escadron two."),
        ("theboard and theindex", "", "the board and the index"),
    ],
)
def test_a_forgotten_space_is_put_in(text: str, source: str, right: str) -> None:
    assert unglued(text, None, source) == (right, None)


@pytest.mark.parametrize(
    "text",
    [
        "The theatre, together with forests, tobacco and heritage.",
        "Therapists offer therapeutic offsets byways andante.",
        "A sovitic relicat.",  # no word at all, and nothing to cut
        "the-board TheBoard thisrapace",  # the rest is no English, and not in the source
    ],
)
def test_other_words_stay(text: str) -> None:
    assert unglued(text, None, "") == (text, None)


def test_a_word_of_the_source_stays() -> None:
    assert unglued("Ofcourse, the theindex tool.", None, "L'outil theindex.")[0] == (
        "Ofcourse, the theindex tool."
    )


def test_the_links_move_along() -> None:
    links = [(0, 2, 0, 2), (3, 9, 7, 15), (9, 12, 16, 19)]
    text, moved = unglued("He saw theboard now.", links, "")

    assert moved == ((0, 2, 0, 2), (3, 9, 7, 16), (9, 12, 17, 20))
    assert [text[start:end] for _, _, start, end in moved] == ["He", "the board", "now"]
