"""Places of one word: put right where the text shows damage, and only suggested elsewhere."""

from __future__ import annotations

import pytest

from service.names.anchors import carry, find_anchors
from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise


def entry(name: str, kind: str, *arabic: str) -> Entry:
    return Entry(id=name.lower().replace(" ", "-"), name=name, type=kind, ar=arabic)


GLOSSARY = Glossary(
    (
        entry("Besançon", "place", "بيزانسون"),
        entry("Oran", "place", "وهران"),
        entry("Douai", "place", "دواي"),
        entry("Doha", "place", "الدوحة"),
        entry("Saint-Omer", "place", "سانت أومير"),
        entry("Amine Kessaci", "person", "أمين قصاصي"),
        entry("Brahim Guendouz", "person", "براهيم قندوز"),
        entry("Four Daughters", "work", "بنات ألفة"),
    ),
    "places",
)
#: A name that no house would spell so: the text was relayed.
RELAYED = "Activist Amin Kisasi spoke."


def right(text: str) -> str:
    return normalise(text, GLOSSARY).text


def test_in_a_relayed_text_a_damaged_place_is_put_right_everywhere() -> None:
    text = f"{RELAYED} He was born in Bisanson. Bisanson has a fort."
    assert right(text) == (
        "Activist Amine Kessaci spoke. He was born in Besançon. Besançon has a fort."
    )


def test_a_place_under_its_arabic_name_gets_the_name_of_the_entry() -> None:
    assert right(f"{RELAYED} He lives in Wahran.").endswith("He lives in Oran.")


def test_in_any_other_text_it_is_suggested() -> None:
    text = "He was born in Bisanson."
    done = normalise(text, GLOSSARY)
    assert done.text == text
    (name,) = done.names
    assert (name.surface, name.replacement, name.kind) == ("Bisanson", "Besançon", "place")
    assert not name.applied


def test_a_compound_whose_hyphen_was_lost_is_put_right_in_a_relayed_text() -> None:
    text = "They deliver books near Sant Omar."
    assert right(f"{RELAYED} {text}").endswith("books near Saint-Omer.")
    assert right(text) == text


def test_a_town_of_two_words_that_is_one_on_the_map_is_no_other() -> None:
    text = "They met in San Diego, in Sant Omaran and near Saint Homer Lane."
    assert right(f"{RELAYED} {text}").endswith(text)


def test_two_places_that_fit_equally_change_nothing() -> None:
    text = f"{RELAYED} The factory in Dowai closed."
    assert "Dowai" in right(text)


def test_what_may_be_somebodys_name_is_left_alone() -> None:
    for words in ("The poet Bisanson sang.", "He met Paul Bisanson.", "in Bisanson Street"):
        assert words in right(f"{RELAYED} {words}")


def test_what_the_text_says_about_a_spelling_is_left_alone() -> None:
    text = f"{RELAYED} The map misspells it: it has the town in “Bisanson”."
    assert "Bisanson" in right(text)


def test_a_second_run_changes_nothing() -> None:
    once = right(f"{RELAYED} He was born in Bisanson, not in Wahran.")
    assert right(once) == once


def test_a_final_i_that_the_name_has_not_is_somebody_else() -> None:
    text = "Economist Brahim Guendouzi expects more from wheat."
    assert right(text) == text


def test_a_title_in_its_own_language_is_not_the_damage_of_its_translation() -> None:
    text = f"{RELAYED} The film Banat Olfa won."
    assert right(text).endswith("The film Banat Olfa won.")


LYON = Glossary(
    (
        Entry(id="lyon", name="Lyon", type="place", ar=("مدينة ليون", "في ليون")),
        Entry(id="nantes", name="Nantes", type="place", ar=("نانت",)),
        Entry(id="salam", name="Nawaf Salam", ar=("نواف سلام",)),
    ),
    "lyon",
)


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("وصل في ليون القطار", "وصل في Lyon القطار"),
        ("وفي ليون مطر", "وفي Lyon مطر"),
        ("في مدينة ليون", "في Lyon"),
        ("بين نانت وليون", "بين Nantes وLyon"),
        ("بين باريس وليون", "بين باريس وLyon"),
        ("كتب ليون بلوم رسالة", "كتب ليون بلوم رسالة"),  # Léon Blum
        ("مليون وليون", "مليون وليون"),
        # A surname that is a word, too: after a verb of saying, where somebody bears it.
        ("وصل نواف سلام وقال سلام إن السلام قريب", "وصل Nawaf Salam وقال Salam إن السلام قريب"),
        ("قال سلام إن المطر قريب", "قال سلام إن المطر قريب"),
        ("وصل نواف سلام إلى سلام دائم", "وصل Nawaf Salam إلى سلام دائم"),
    ],
)
def test_a_word_that_is_a_place_or_a_surname_as_well_is_one_only_in_its_place(
    text: str, carried: str
) -> None:
    assert carry(text, find_anchors(text, "ar", LYON)).text == carried
