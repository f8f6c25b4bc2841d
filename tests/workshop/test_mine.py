"""New names and new wrong forms come out of texts, ranked, with the sentences they rest on."""

from __future__ import annotations

import pytest

from service.names.glossary import Entry, Glossary
from service.names.workshop.mine import Story, entry_fields, mine_pair, mine_texts, sentences_of

RIGHT = Story(
    "right.txt",
    "Interior Minister Laurent Nuñez went to Marseille. He met Amine Kessaci and Franck Allisio. "
    "“We listen,” Nuñez said.",
)
RELAYED = Story(
    "relayed.txt",
    "Interior Minister Laurent Noniez visited Marseille. Amin Kisasi, an activist, was there.\n"
    "Frank Alessio spoke too. Frank Alessio left early.",
)


def test_a_pair_of_stories_gives_the_damaged_forms() -> None:
    finds = mine_pair(RIGHT, [RELAYED], Glossary())

    assert {find.name: find.variants for find in finds} == {
        "Amine Kessaci": ("Amin Kisasi",),
        "Franck Allisio": ("Frank Alessio",),
        "Laurent Nuñez": ("Laurent Noniez",),
    }


def test_every_find_shows_its_sentences_from_both_stories() -> None:
    find = next(f for f in mine_pair(RIGHT, [RELAYED], Glossary()) if f.name == "Franck Allisio")

    assert find.sentences == (
        ("right.txt", "He met Amine Kessaci and Franck Allisio."),
        ("relayed.txt", "Frank Alessio spoke too."),
        ("relayed.txt", "Frank Alessio left early."),
    )
    assert (find.count, find.texts) == (3, 2)


def test_what_the_service_puts_right_already_is_not_proposed() -> None:
    known = Glossary((Entry(id="a", name="Franck Allisio", variants=("Frank Alessio",)),), "v")

    finds = mine_pair(RIGHT, [RELAYED], known)

    assert "Franck Allisio" not in [find.name for find in finds]


def test_recurring_names_are_clustered_and_the_accented_spelling_is_taken() -> None:
    texts = [
        Story("a.txt", "The baker Zoé Marchadier won. Later Zoe Marchadier thanked them."),
        Story("b.txt", "It was Zoe Marshadier who won. A prize for Pierre Dulong, once."),
    ]

    (find,) = mine_texts(texts, Glossary())

    assert find.name == "Zoé Marchadier"
    assert set(find.variants) == {"Zoe Marchadier", "Zoe Marshadier"}
    assert (find.count, find.texts, find.entry) == (3, 2, None)


def test_more_and_wider_mentions_rank_higher() -> None:
    texts = [
        Story("a.txt", "We saw Zoé Marchadier. We saw Zoé Marchadier. We saw Paul Vandame."),
        Story("b.txt", "We saw Zoé Marchadier and Paul Vandame."),
    ]

    assert [find.name for find in mine_texts(texts, Glossary())] == [
        "Zoé Marchadier",
        "Paul Vandame",
    ]


def test_known_names_and_titles_are_no_proposals() -> None:
    known = Glossary((Entry(id="a", name="Zoé Marchadier"),), "v")
    texts = [
        Story("a.txt", "Prime Minister Zoé Marchadier. The Prime Minister. The Prime Minister.")
    ]

    assert mine_texts(texts, known) == []


def test_a_find_becomes_a_proposed_entry() -> None:
    (find,) = mine_texts([Story("a.txt", "We saw Zoé Marchadier. Zoé Marchadier!")], Glossary())

    fields = entry_fields(find, Glossary())

    assert fields["status"] == "proposed"
    assert fields["id"] == "zoe-marchadier"
    assert "2 times in 1 texts" in fields["notes"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two!\nThree", ["One.", "Two!", "Three"]),
        ("“Yes.” He left.", ["“Yes.", "He left."]),
        ("", []),
    ],
)
def test_texts_are_cut_into_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences
