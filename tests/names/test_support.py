"""How the other names of a text, and of the glossary, bear on one that is doubtful."""

from __future__ import annotations

from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise


def glossary(*names: str, **contexts: str) -> Glossary:
    return Glossary(
        tuple(
            Entry(
                id=name.lower().replace(" ", "-"),
                name=name,
                context=tuple(filter(None, [contexts.get(name.split()[-1], "")])),
            )
            for name in names
        ),
        "support",
    )


def applied(text: str, names: Glossary) -> list[tuple[str, str]]:
    return [
        (name.surface, name.replacement) for name in normalise(text, names).names if name.applied
    ]


SEVERAL = glossary("Assia Djebar", "Bruno Retailleau", "Sébastien Lecornu", "Gérald Darmanin")
DOUBTFUL = "The novelist Asia Jabbar spoke."


def test_a_doubtful_name_alone_is_left_alone() -> None:
    assert applied(DOUBTFUL, SEVERAL) == []


def test_a_doubtful_name_is_put_right_where_others_are_clearly_damaged() -> None:
    text = f"{DOUBTFUL} Bruno Rotayo, Sebastian Lokorno and Gerald Darmanan listened."
    assert ("Asia Jabbar", "Assia Djebar") in applied(text, SEVERAL)


def test_names_that_are_right_do_not_bear_out_a_doubtful_one() -> None:
    text = f"{DOUBTFUL} Bruno Retailleau, Sébastien Lecornu and Gérald Darmanin listened."
    assert applied(text, SEVERAL) == []


# Thirty people of one given name: one of their surnames is near to almost any.
CROWD = [
    f"Monique {stem}{ending}"
    for stem in ("Caill", "Delm", "Ferr", "Gaud", "Hamel", "Joliv")
    for ending in ("in", "ot", "ard", "eau", "ier")
]
NEAR = "Monique Barbut opened the conference."


def test_a_surname_near_to_one_of_many_with_that_given_name_is_somebody_elses() -> None:
    assert applied(NEAR, glossary("Monique Barthe")) == [("Monique Barbut", "Monique Barthe")]
    assert applied(NEAR, glossary("Monique Barthe", *CROWD)) == []


def test_the_context_of_an_entry_sets_it_apart_from_the_many() -> None:
    names = glossary("Monique Barthe", *CROWD, Barthe="conference")
    assert applied(NEAR, names) == [("Monique Barbut", "Monique Barthe")]


def test_another_known_given_name_with_a_surname_much_alike_is_somebody_else() -> None:
    names = glossary("Hichem Benzarti", "Omar Sellami")
    assert applied("Samir Selami and Elias Shahin met.", names) == []


def test_where_nothing_is_damaged_a_surname_alone_that_is_met_in_print_stays() -> None:
    names = glossary("Mike Maignan", "William Saliba", "Mehdi Jomaa")
    text = "Mike Maignan met William Saliba and Mehdi Jomaa. Manian, Salib and Jumua did not come."
    assert applied(text, names) == []


def test_where_nothing_is_damaged_a_surname_alone_that_nobody_bears_is_put_right() -> None:
    text = "Xavier Driencourt came first. Driancourt spoke."
    assert applied(text, glossary("Xavier Driencourt")) == [("Driancourt", "Driencourt")]


def test_a_title_is_no_part_of_a_name_whose_parts_changed_places() -> None:
    assert applied("Sheikh Hasina denied all charges.", glossary("Hussein al-Sheikh")) == []


def test_a_place_or_a_league_that_has_known_words_is_another_one() -> None:
    names = Glossary(
        (
            Entry(id="arab-league", name="Arab League", type="organisation"),
            Entry(id="sidi-bouzid", name="Sidi Bouzid", type="place"),
        ),
        "things",
    )
    assert applied("Lyon lead the Europa League. Sidi Bou Said is blue.", names) == []
    assert applied("The revolt began in Sidi Bozid.", names) == [("Sidi Bozid", "Sidi Bouzid")]
