"""An explanation tells what was changed, what was left alone, and what nearly matched."""

from __future__ import annotations

from dataclasses import replace

from service.names.glossary import Entry, Glossary
from service.names.workshop.explain import describe, explain, script_language

KNOWN = Glossary(
    (
        Entry(id="franck-allisio", name="Franck Allisio", variants=("Frank Alessio",)),
        Entry(id="jean-noel-barrot", name="Jean-Noël Barrot", keep=("Jacques Barrot",)),
    ),
    "v",
)


def test_a_changed_name_is_told_with_its_entry() -> None:
    result = explain("Then Frank Alessio spoke.", KNOWN)

    assert result.text == "Then Franck Allisio spoke."
    line = describe(result.names[0])
    assert line.startswith("Frank Alessio  ->  Franck Allisio   [franck-allisio, full,")


def test_a_suggestion_and_a_right_name_are_told_as_such() -> None:
    report = explain("Then Frank Alessio spoke.", KNOWN).names[0]

    assert "left alone; suggested: Franck Allisio" in describe(replace(report, applied=False))
    assert "is right as it is" in describe(replace(report, replacement=report.surface))


def test_what_nearly_matched_is_shown_with_its_likeness() -> None:
    text = "Yesterday Jacques Barro spoke in Lyon."

    result = explain(text, KNOWN)

    assert result.text == text
    (miss,) = result.misses
    assert miss.span.text == "Jacques Barro"
    assert [near.entry.id for near in miss.near] == ["jean-noel-barrot"]
    assert 0.3 < miss.near[0].likeness < 0.5


def test_a_right_name_is_told_apart_from_a_near_one() -> None:
    result = explain("Yesterday Franck Allisio spoke in Lyon.", KNOWN)

    assert [(miss.span.text, miss.right) for miss in result.misses] == [("Franck Allisio", True)]


def test_names_near_to_nothing_are_not_shown() -> None:
    assert explain("Yesterday Wolfgang Petersen spoke.", KNOWN).misses == ()


def test_the_names_of_a_source_text_are_found_and_not_rewritten() -> None:
    arabic = replace(KNOWN.entries[0], ar=("فرانك أليسيو",))
    glossary = Glossary((arabic, *KNOWN.entries[1:]), "v")
    text = "وقال فرانك أليسيو إنه سيأتي."

    result = explain(text, glossary, language="ar")

    assert result.text == text
    assert [(one.surface, one.entry.id) for one in result.found] == [
        ("فرانك أليسيو", "franck-allisio")
    ]


def test_what_is_near_in_a_french_text_is_shown_beside_what_is_found() -> None:
    result = explain("Hier, Franck Allisio et Jacques Barro ont parlé.", KNOWN, language="fr")

    assert [one.surface for one in result.found] == ["Franck Allisio"]
    assert [miss.span.text for miss in result.misses] == ["Jacques Barro"]


def test_a_text_is_arabic_where_most_of_its_letters_are() -> None:
    assert script_language("قال Macron إن القمة ناجحة") == "ar"
    assert script_language("The paper الأهرام appeared in Cairo.") == "en"
    assert script_language("") == "en"
