"""A speaker whom the model forgot is named before what he said."""

from __future__ import annotations

import pytest

from service.names.anchors import Anchor, carry
from service.names.glossary import Entry
from service.names.speaker import spoken

KALLAS = Entry(id="kaja-kallas", name="Kaja Kallas")
STATEMENT = "الاتحاد الأوروبي سيناقش الأمر."


def said(text: str, name: str = "كايا كالاس"):  # type: ignore[no-untyped-def]
    start = text.index(name)
    return spoken(carry(text, [Anchor(start, start + len(name), name, KALLAS)]))


@pytest.mark.parametrize(
    ("opening", "verb"),
    [
        ("وقالت كايا كالاس إن ", "said"),
        ("قال كايا كالاس ان ", "said"),
        ("وأكدت كايا كالاس أن ", "confirmed"),
        ("فأشارت كايا كالاس إلى أن ", "pointed out"),
        ("صرحت كايا كالاس بأن ", "stated"),
    ],
)
def test_the_statement_and_its_speaker_are_found(opening: str, verb: str) -> None:
    found = said(opening + STATEMENT)

    assert (found.name, found.verb, found.statement) == ("Kaja Kallas", verb, STATEMENT)


@pytest.mark.parametrize(
    "text",
    [
        "وقالت كايا كالاس الثلاثاء إن " + STATEMENT,  # the day would be lost
        "وصلت كايا كالاس إلى بروكسل.",
        "وقالت الوزيرة إن كايا كالاس " + STATEMENT,
        "وقالت كايا كالاس إن ",
    ],
)
def test_other_sentences_are_left_to_the_model(text: str) -> None:
    assert said(text) is None


def test_the_speaker_is_named_first_and_the_links_lead_to_the_carried_text() -> None:
    found = said("وقالت كايا كالاس إن " + STATEMENT)
    text, links = found.told("The European Union will discuss it.", [(0, 7, 13, 18)])

    assert text == "Kaja Kallas said that the European Union will discuss it."
    carried = "وقالت Kaja Kallas إن " + STATEMENT
    name, union = links
    assert carried[name[0] : name[1]] == text[name[2] : name[3]] == "Kaja Kallas"
    assert carried[union[0] : union[1]] == STATEMENT[0:7]
    assert text[union[2] : union[3]] == "Union"


def test_a_name_that_opens_the_statement_keeps_its_capital() -> None:
    found = said("وقالت كايا كالاس إن " + STATEMENT)

    assert found.told("Paris will pay.", None)[0] == "Kaja Kallas said that Paris will pay."
    assert found.told("Negotiations go on.", None)[0].endswith(" that negotiations go on.")


def test_an_article_in_another_language_has_no_such_form() -> None:
    text = "Kaja Kallas a dit que tout va bien."

    assert spoken(carry(text, [Anchor(0, 11, "Kaja Kallas", KALLAS)], language="fr")) is None
