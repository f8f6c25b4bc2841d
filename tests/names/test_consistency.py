"""Names that no entry knows: kept as the source has them, made alike, or reported."""

from __future__ import annotations

import pytest

from service.names.anchors import Carried, SourceNames, SourceSentence
from service.names.glossary import Entry, Glossary
from service.names.normalise import Normalised, normalise

EMPTY = Glossary((), "empty")


def from_french(source: str, english: str, *links: tuple[str, str]) -> Normalised:
    """The translation of one French sentence; links are (source word, output word)."""
    return _from([(source, english, links)], "fr")


def from_arabic(*sentences: tuple[str, str, tuple[tuple[str, str], ...]]) -> Normalised:
    """The translations of Arabic sentences, each with its links."""
    return _from(sentences, "ar")


def _from(sentences, language: str) -> Normalised:  # type: ignore[no-untyped-def]
    text = ""
    parts = []
    for source, english, pairs in sentences:
        links = tuple(
            (source.index(a), source.index(a) + len(a), english.index(b), english.index(b) + len(b))
            for a, b in pairs
        )
        start = len(text)
        text += english
        carried = Carried(source, (), language)
        parts.append(SourceSentence(start, len(text), carried, links or None))
        text += " "
    return normalise(text.rstrip(), EMPTY, source=SourceNames(language, tuple(parts)))


# --- a French source ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "english", "right"),
    [
        ("Selon Thibault Marchenoir, c'est fait.", "Thibault Marchenir says it is done.",
         "Thibault Marchenoir says it is done."),
        ("L'élue Martine Vassalot a parlé.", "Councillor Martine Vasalot’s speech.",
         "Councillor Martine Vassalot’s speech."),
        ("Selon Thibault Marchenoir, c'est fait.", "THIBAULT MARCHENIR SAYS IT IS DONE",
         "THIBAULT MARCHENOIR SAYS IT IS DONE"),
    ],
)  # fmt: skip
def test_a_name_is_kept_as_a_french_source_has_it(source: str, english: str, right: str) -> None:
    found = from_french(source, english)
    assert found.text == right
    [name] = found.names
    assert (name.entry, name.kind, name.applied) == (None, "surname", True)


def test_far_damage_needs_the_models_link() -> None:
    source, english = "La ministre Agathe Pelloquin a dit non.", "Minister Agathe Pelonin said no."
    assert from_french(source, english).text == english
    linked = from_french(source, english, ("Pelloquin", "Pelonin"))
    assert linked.text == "Minister Agathe Pelloquin said no."
    assert [evidence.code for evidence in linked.names[0].evidence] == ["source", "links"]


@pytest.mark.parametrize(
    ("source", "english"),
    [
        # What English writes otherwise than French.
        ("Hier Alexandre Loukachenko a parlé.", "Alexander Lukashenko spoke yesterday."),
        ("Hier Boris Tchoubarov a parlé.", "Boris Chubarov spoke yesterday."),
        ("Trois Sahraouis ont parlé.", "Three Sahrawis spoke."),
        ("Trois Djiboutiens ont parlé.", "Three Djiboutians spoke."),
        ("Il va en Transnistrie.", "He goes to Transnistria."),
        # What is there already, and what stands there for another word of the source.
        ("Selon Marchenoir et Marchenir, non.", "Marchenir says no."),
        # Two words that may be it.
        ("Selon Marchenoir, non.", "Marchenor and Marchenir say no."),
        # Words that are met in English.
        ("Le parc Yellowston a fermé.", "Yellowstone park has closed."),
    ],
)
def test_what_may_be_right_in_english_is_left_alone(source: str, english: str) -> None:
    links = [
        (one, other)
        for one in ("Loukachenko", "Tchoubarov", "Sahraouis", "Djiboutiens", "Transnistrie")
        for other in ("Lukashenko", "Chubarov", "Sahrawis", "Djiboutians", "Transnistria")
        if one in source and other in english
    ]
    assert from_french(source, english, *links).text == english


# --- an Arabic source -----------------------------------------------------------------------------

FIRST = ("قالت سعاد بوشناق نعم", "Souad Bouchnak said yes.", (("بوشناق", "Bouchnak"),))
SECOND = ("وشكرت بوشناق السكان", "Boshnak thanked the residents.", (("بوشناق", "Boshnak"),))
THIRD = ("وخرجت بوشناق", "Bouchnak left.", (("بوشناق", "Bouchnak"),))


def test_one_arabic_name_comes_out_in_its_commonest_spelling() -> None:
    found = from_arabic(FIRST, SECOND, THIRD)
    assert found.text == ("Souad Bouchnak said yes. Bouchnak thanked the residents. Bouchnak left.")
    [name] = found.names
    assert (name.surface, name.entry, name.applied) == ("Boshnak", None, True)
    assert ("source", "بوشناق") in [(each.code, each.value) for each in name.evidence]


def test_clitics_do_not_make_another_name() -> None:
    second = ("وقال لبوشناق إنه هنا", "He told Boshnak that he is here.", (("لبوشناق", "Boshnak"),))
    assert "told Bouchnak" in from_arabic(FIRST, second, THIRD).text


def test_without_links_nothing_is_changed_but_reported() -> None:
    found = from_arabic((*FIRST[:2], ()), (*SECOND[:2], ()))
    assert "Boshnak" in found.text
    assert [(name.kind, name.applied) for name in found.names] == [("cluster", False)]


def test_a_link_from_another_word_changes_nothing() -> None:
    second = ("وشكرت المدينة السكان", "Boshnak thanked the residents.", (("المدينة", "Boshnak"),))
    assert "Boshnak thanked" in from_arabic(FIRST, second, THIRD).text


def test_two_names_that_are_unlike_are_not_made_one() -> None:
    second = ("وشكرت بوشناق السكان", "Dervish thanked the residents.", (("بوشناق", "Dervish"),))
    assert "Dervish thanked" in from_arabic(FIRST, second, THIRD).text


# --- one text -------------------------------------------------------------------------------------


def reported(text: str, names: Glossary = EMPTY) -> list[tuple[str, str]]:
    """What a text is said to spell in several ways; it never changes the text."""
    found = normalise(text, names)
    assert found.text == text
    assert all(name.kind == "cluster" and name.entry is None for name in found.names)
    return [(name.surface, name.replacement) for name in found.names]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Karim Bouchaki spoke. Bouchaki left. Later Boushaki came back.",
         [("Boushaki", "Bouchaki")]),
        ("Deputy Bruno Rotayo spoke. On Monday Retayo said no.", [("Retayo", "Rotayo")]),
        ("Karim Boushaki spoke. Then Kareem Bouchaki left. Bouchaki smiled.",
         [("Boushaki", "Bouchaki")]),
        ("Minister Sami al-Rotaib spoke. Then al-Rutaib left.", [("al-Rutaib", "al-Rotaib")]),
    ],
)  # fmt: skip
def test_spellings_of_one_name_are_reported(text: str, wanted: list[tuple[str, str]]) -> None:
    assert reported(text) == wanted


def test_the_report_counts_the_spellings() -> None:
    [name] = normalise("Karim Bouchaki spoke. Bouchaki left. Boushaki came.", EMPTY).names
    assert [(each.code, each.value) for each in name.evidence] == [
        ("spellings", "Bouchaki 2, Boushaki 1")
    ]
    assert 0 < name.score < 1


@pytest.mark.parametrize(
    "text",
    [
        # Other given names, or both in one sentence: two people.
        "Karim Bouchaki spoke. Then Nadia Boushaki left.",
        "Marcel Dubray and Marcel Dubrai taught. Dubrai retired.",
        # No given name, or the surname alone comes first.
        "Bouchaki spoke. Then Boushaki left.",
        "Boushaki spoke. Then Karim Bouchaki left.",
        # Surnames that both exist.
        "Omar Hassan spoke. Then Hussein left.",
        "Ali Saleh spoke. Then Salah left.",
        # A sentence about spelling.
        "Karim Bouchaki spoke. The Arabic page spelled it Boushaki.",
        # Places, common words, acronyms.
        "Karim Tiare spoke. He lives in Tiaret.",
        "Karim Hause spoke. House prices rose.",
        # One spelling, with and without accents.
        "Karim Boucháki spoke. Then Bouchaki left.",
    ],
)
def test_what_may_be_two_names_is_not_reported(text: str) -> None:
    assert reported(text) == []


def test_a_name_that_an_entry_has_is_no_cluster() -> None:
    known = Glossary((Entry(id="allisio", name="Franck Allisio"),), "one")
    text = "Franck Allisio spoke. Allisio left. Franck Allisio returned."
    assert reported(text, known) == []
