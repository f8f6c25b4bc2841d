"""Statements get speakers: named first on both sides, and only where Arabic grammar allows it."""

from collections import Counter

from training import attribution
from training.data import Pair

NAMES = [Pair("أمين", "Amine", "names"), Pair("كوكي", "Koukhi", "names")]
SEEN = Counter({"dried": 5, "Rabat": 5})
STATEMENT = Pair("المشمش المجفف مفيد.", "Dried apricots are useful.", "written")


def attributed(*pairs: Pair, copies: int = 40) -> list[Pair]:
    return list(attribution.attributed(pairs, NAMES, SEEN, copies=copies))


def test_the_speaker_comes_first_and_the_statement_stays_whole() -> None:
    made = attributed(STATEMENT)

    assert len(made) == 40
    for pair in made:
        assert pair.source.endswith(f" {STATEMENT.source}")
        assert pair.english.endswith(" dried apricots are useful.")
        assert pair.english[0].isupper()
        assert pair.origin == attribution.ORIGIN


def test_most_speakers_stand_in_latin_script_alike_on_both_sides() -> None:
    latin = [
        word
        for pair in attributed(STATEMENT, copies=200)
        for word in [next((w for w in pair.source.split() if w.isascii()), None)]
        if word and word in pair.english
    ]

    assert 120 < len(latin) < 180


def test_a_woman_is_not_spoken_of_as_a_man() -> None:
    for pair in attributed(STATEMENT, copies=300):
        verb, title = pair.source.split()[:2]
        if title in {"النائبة", "الباحثة", "السيدة", "المتحدثة"}:
            assert verb.endswith("ت") or verb.startswith("وترى"), pair.source


def test_what_cannot_follow_is_passed_over() -> None:
    assert not attributed(
        Pair("التقى الوزير نظيره.", "The minister met his counterpart.", "written"),  # a verb
        Pair("وصل الوزير.", "The minister arrived.", "written"),
        Pair("السجن المؤبد", "Life sentence", "written"),  # a headline
        Pair("المشمش مفيد. الخوخ أيضا.", "Apricots are useful. So are peaches.", "written"),
        Pair("المشمش المجفف مفيد.", "Dried apricots are useful.", "tatoeba"),  # not ours
    )


def test_a_name_keeps_its_capital() -> None:
    made = attributed(Pair("الرباط مدينة جميلة.", "Rabat is a fine city.", "authored"))

    assert all(pair.english.endswith(" Rabat is a fine city.") for pair in made)
