"""Abbreviations and sentence openers: which dots end a sentence, and which do not.

Data for `service.text.segment`; everything is lower case.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never end a sentence: a name follows.
TITLES: Final = _words(
    """m mm mme mmes mlle mlles mgr dr drs pr prs st ste sts mr mrs ms messrs hon rev gen gén lt
    cmdt cdt sgt capt adj prof sen rep gov pres supt insp brig maj mtre vve"""
)
# End a sentence only if a word follows that commonly begins one.
OFTEN: Final = _words(
    """etc inc ltd corp co cie bros jr sr al col cap av bd boul tél tel env ex apr hab min max
    approx dept dépt janv févr avr juil sept oct nov déc jan feb aug dec univ assn éd ed coll
    trad dir réf"""
)
# Do not end a sentence if a number follows.
REFERENCES: Final = _words(
    """art al cf p pp fig vol no nos n nº n° chap ch sect par § l r d v vs t tome éd ed ann page
    reg rés res op"""
)
# Only followed by more of the same sentence.
MIDDLE: Final = _words("""cf vs e.g i.e p.ex c.-à-d c.à.d n.b viz approx env""")
# Words that commonly begin a sentence, and seldom a name.
STARTERS: Final = _words(
    """le la les l' un une des il elle ils elles on ce cette ces cela c' nous vous je j' tu mais
    or et puis pour dans en au aux à selon après avant depuis lors alors ainsi si quand qui
    que son sa ses leur leurs aucun tous tout plus pourquoi comment d' s' n' qu' m' y pas the
    a an he she it they we you i this that these those his her its their our my but and in on
    at for from after before when while if as there here who what why how where no not so then
    yet according some many most both one all by to with"""
)
# What may follow the hour in ``5 p.m. Monday``.
DAYS: Final = _words(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december"""
)
