"""A listed wrong form settles who is meant, as a form found by sound does."""

from __future__ import annotations

from service.names.glossary import Entry, Glossary
from service.names.normalise import normalise

ALLISIO = Glossary(
    (Entry(id="franck-allisio", name="Franck Allisio", variants=("Franck Alessio",)),), "listed"
)


def test_the_surname_alone_follows_a_listed_full_form() -> None:
    text = "Franck Alessio spoke. Later Alessio’s plan was read, and Alessio left."

    assert normalise(text, ALLISIO).text == (
        "Franck Allisio spoke. Later Allisio’s plan was read, and Allisio left."
    )


def test_the_surname_alone_stays_where_nobody_bears_it() -> None:
    text = "Alessio spoke, and Alessio left."

    assert normalise(text, ALLISIO).text == text
