"""Names of a source sentence in a translation of it."""

from __future__ import annotations

import pytest

from service.names.anchors import Anchor, Carried, carry
from service.names.arrival import MOST_NAMES, lost_names, lost_words, parted
from service.names.copied import with_copied
from service.names.glossary import Entry

ATTAL = Entry(id="gabriel-attal", name="Gabriel Attal")
LE_DRIAN = Entry(id="jean-yves-le-drian", name="Jean-Yves Le Drian")
BARROT = Entry(id="jean-noel-barrot", name="Jean-Noël Barrot")


def carried(text: str, surface: str, entry: Entry, printed: str = "", language: str = "ar"):  # type: ignore[no-untyped-def]
    start = text.index(surface)
    anchor = Anchor(start, start + len(surface), surface, entry, printed)
    return carry(text, [anchor], language=language)


@pytest.mark.parametrize(
    ("output", "lost"),
    [
        ("Gabriel Attal welcomed the plan.", 0),
        ("GABRIEL ATTAL welcomed the plan.", 0),
        ("Gabrial Atal welcomed the plan.", 0),
        ("Attal welcomed the plan.", 1),
        ("Gabriel attal welcomed the plan.", 0),
        ("Gabriel atal welcomed the plan.", 1),  # what has no capital is no damaged name
        ("The plan was welcomed.", 2),
    ],
)
def test_a_word_is_lost_where_nothing_like_it_stands(output: str, lost: int) -> None:
    assert lost_words(carried("رحب غابرييل أتال بالخطة", "غابرييل أتال", ATTAL), output) == lost


def test_particles_are_not_asked_for() -> None:
    source = carried("M. Le Drian a parlé.", "Le Drian", LE_DRIAN, "Le Drian", "fr")
    assert lost_words(source, "Mr. Drian spoke.") == 0


def test_one_word_of_the_output_answers_for_one_word_of_the_source() -> None:
    text = "قال أتال إن أتال"
    first, second = text.index("أتال"), text.rindex("أتال")
    anchors = [Anchor(at, at + 4, "أتال", ATTAL, "Attal", True) for at in (first, second)]
    assert lost_words(carry(text, anchors), "Attal said so.") == 1


def test_a_name_is_parted_from_the_word_before_it_and_the_links_follow() -> None:
    source = carried("ناقش بوريطة وبارو الملف", "بارو", BARROT, "Barrot")
    text = "Bourita andBarrot spoke."
    links = ((0, 4, 0, 7), (13, 19, 8, 17), (20, 25, 18, 23))
    assert parted(text, links, source) == (
        "Bourita and Barrot spoke.",
        ((0, 4, 0, 7), (13, 19, 8, 18), (20, 25, 19, 24)),
    )


@pytest.mark.parametrize(
    "text", ["Bourita and Barrot spoke.", "Strandbarrot", "LeBarrot", "saidBarroton"]
)
def test_nothing_else_is_parted(text: str) -> None:
    source = carried("ناقش بوريطة وبارو الملف", "بارو", BARROT, "Barrot")
    assert parted(text, None, source) == (text, None)


def test_a_list_of_thousands_of_names_is_not_compared_with_each_word() -> None:
    names = ", ".join(f"Deon Labuschagne{'abcdefghij'[i % 10]}" for i in range(2_000))
    (copied,) = with_copied([Carried(f"Selon {names}", (), "fr")])
    lost = lost_words(copied, "the word " * 2_000)

    assert len(copied.copied) == 2_000
    assert lost == 2 * MOST_NAMES == 2 * len(lost_names(copied, ""))
