"""What the source shows of a name is put right in its translation, and nothing else is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from service.names.anchors import SourceNames, SourceSentence, carry, find_anchors
from service.names.copied import with_copied
from service.names.glossary import Entry, Glossary
from service.names.normalise import Normalised, normalise

GLOSSARY = Glossary(
    (
        Entry(id="payan", name="Benoît Payan", ar=("بونوا بايان",)),
        Entry(id="attal", name="Gabriel Attal", ar=("غابرييل أتال",)),
        Entry(id="cherki", name="Rayan Cherki", ar=("ريان شرقي",)),
        Entry(id="le-drian", name="Jean-Yves Le Drian"),
        Entry(id="zidane", name="Zinedine Zidane"),
        Entry(id="amine", name="Amine Kessaci"),
        Entry(id="mehdi", name="Mehdi Kessaci"),
        Entry(id="mahrez", name="Riyad Mahrez"),
        Entry(id="riyadh", name="Riyadh", type="place", fr=("Riyad",)),
        Entry(id="meknes", name="Meknes", type="place", fr=("Meknès",)),
        Entry(id="algiers", name="Algiers", type="place", fr=("Alger",)),
        Entry(id="paris", name="Paris", type="place", ar=("باريس",)),
        Entry(id="tartus", name="Tartus", type="place", ar=("طرطوس",)),
        Entry(id="psg", name="Paris Saint-Germain", type="organisation", ar=("باريس سان جيرمان",)),
        Entry(id="ps", name="Socialist Party", type="organisation", fr=("Parti socialiste",)),
        Entry(id="daughters", name="Four Daughters", type="work", ar=("بنات ألفة",)),
    ),
    "source-names",
)  # fmt: skip


def translated(
    source: str, english: str, language: str, links: tuple[tuple[str, str], ...] = ()
) -> Normalised:
    """The names put right in a translation of one sentence; links are (carried, output) words."""
    carried = carry(source, find_anchors(source, language, GLOSSARY), language=language)
    spans = tuple(
        (
            carried.text.index(one),
            carried.text.index(one) + len(one),
            english.index(other),
            english.index(other) + len(other),
        )
        for one, other in links
    )
    sentence = SourceSentence(0, len(english), carried, spans or None)
    return normalise(english, GLOSSARY, source=SourceNames(language, (sentence,)))


@pytest.mark.parametrize(
    ("source", "english", "right"),
    [
        # Given name and surname run together, or the given name lost.
        ("Le maire, Benoît Payan, a parlé.", "The mayor, Benoîan, spoke.",
         "The mayor, Benoît Payan, spoke."),
        ("Benoît Payan a parlé.", "Mr Payan spoke.", "Mr Benoît Payan spoke."),
        ("Gabriel Attal et Benoît Payan.", "But Atal and Benoît Payan.",
         "But Gabriel Attal and Benoît Payan."),
        # What is left of the given name goes.
        ("Rayan Cherki marque.", "Then Aayan Cherki scores.", "Then Rayan Cherki scores."),
        # A particle lost.
        ("Jean-Yves Le Drian est là. M. Le Drian a parlé.",
         "Jean-Yves Le Drian is here. M. Drian spoke.",
         "Jean-Yves Le Drian is here. M. Le Drian spoke."),
        # French accents that the entry does not print; the French name left as it was.
        ("Zinédine Zidane à Meknès", "Zinédine Zidane in Meknès", "Zinedine Zidane in Meknes"),
        ("Il va à Alger.", "He goes to Alger.", "He goes to Algiers."),
        # Capitals.
        ("Le Parti socialiste vote.", "The socialist Party votes.", "The Socialist Party votes."),
    ],
)  # fmt: skip
def test_names_of_a_french_source(source: str, english: str, right: str) -> None:
    assert translated(source, english, "fr").text == right


@pytest.mark.parametrize(
    ("source", "english", "links", "right"),
    [
        ("سافر إلى طرطوس", "He went to tartus.", (), "He went to Tartus."),
        ("يلعب أمام باريس سان جيرمان", "He plays against the Paris-Germain.",
         (("Paris", "Paris"), ("Saint-Germain", "Germain")),
         "He plays against the Paris Saint-Germain."),
        ("فيلم بنات ألفة الجديد", "The new film Fouraughters.",
         (("Four Daughters", "Fouraughters"),), "The new film Four Daughters."),
    ],
)  # fmt: skip
def test_names_of_an_arabic_source(
    source: str, english: str, links: tuple[tuple[str, str], ...], right: str
) -> None:
    assert translated(source, english, "ar", links).text == right


@pytest.mark.parametrize(
    ("source", "english"),
    [
        # Somebody else's given name stands there, or two bearers share the surname.
        ("Gabriel Attal et sa sœur.", "Judith Attal and her brother."),
        ("Amine Kessaci et Mehdi Kessaci.", "Amine Kessaci and Mehdi."),
        # A place of its own is not a part of a club's name, linked or not.
        ("Benoît Payan quitte Paris.", "Benoît Payan leaves Paris."),
        # Shouted headlines keep their capitals.
        ("Gabriel Attal à Meknès", "GABRIEL ATTAL IN MEKNES"),
        # Nothing like the name stands there.
        ("Gabriel Attal a parlé.", "The party spoke in May."),
    ],
)
def test_nothing_is_written_where_the_place_is_not_sure(source: str, english: str) -> None:
    assert translated(source, english, "fr").text == english


@pytest.mark.parametrize(
    ("english", "links", "right"),
    [
        ("Yesterday he met Gabriel Letter.", (("Attal", "Letter"),),
         "Yesterday he met Gabriel Attal."),
        ("Yesterday he met Shortgeot.", (("Gabriel Attal", "Shortgeot"),),
         "Yesterday he met Gabriel Attal."),
        # Links go astray at common words and at the first of a sentence.
        ("Three people spoke.", (("Gabriel Attal", "Three"),), "Three people spoke."),
        ("He met the Party.", (("Gabriel Attal", "Party"),), "He met the Party."),
        # A longer name stands there.
        ("He met Shortgeot Longname.", (("Gabriel Attal", "Shortgeot"),),
         "He met Shortgeot Longname."),
    ],
)  # fmt: skip
def test_links_alone_are_believed_where_an_unknown_word_stands(
    english: str, links: tuple[tuple[str, str], ...], right: str
) -> None:
    assert translated("Il a vu Gabriel Attal.", english, "fr", links).text == right


def test_a_given_name_that_became_a_place_is_put_right() -> None:
    source = "Riyad Mahrez a marqué."
    assert translated(source, "Riyadh Mahrez scored.", "fr").text == "Riyad Mahrez scored."
    both = "Mahrez est à Riyad."
    assert translated(both, "Mahrez is in Riyadh.", "fr").text == "Mahrez is in Riyadh."


def test_a_place_that_the_source_names_is_not_made_a_club() -> None:
    english = "He plays for PSG in Paris."
    links = (("Saint-Germain", "PSG"), ("Paris Saint-Germain", "Paris"))
    found = translated("يلعب مع باريس سان جيرمان في باريس", english, "ar", links)
    assert "in Paris." in found.text


def test_no_two_reports_overlap() -> None:
    english = "Oum Kalthoum sang in Alger, and Zinédine Zidane came."
    names = translated("À Alger, Zinédine Zidane", english, "fr").names
    assert all(one.end <= other.start for one, other in pairwise(names))
    assert [name.replacement for name in names] == ["Algiers", "Zinedine Zidane"]


SABRY = Glossary((Entry(id="hend-sabry", name="Hend Sabry"),), "sabry")


@pytest.mark.parametrize(
    ("source", "english", "right"),
    [
        ("La présidente, Hind Al-Sabri, est là.", "President Hind Al-Sabri is here.", None),
        # What no house prints is damage, also where a French relay has it.
        ("La présidente, Hend Sapry, est là.", "President Hend Sapry is here.", "Hend Sabry"),
    ],
)
def test_a_real_name_of_a_french_source_is_nobody_elses(
    source: str, english: str, right: str | None
) -> None:
    (carried,) = with_copied([carry(source, [], language="fr")])
    sentence = SourceSentence(0, len(english), carried)
    done = normalise(english, SABRY, source=SourceNames("fr", (sentence,)))
    alone = normalise(english, SABRY)

    assert [name.replacement for name in done.names if name.applied] == [right] * bool(right)
    assert [name.replacement for name in alone.names if name.applied] == ["Hend Sabry"]
