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


FRENCH = Pair("Il gèle la nuit.", "It freezes at night.", "written")


def french(*pairs: Pair, copies: int = 300) -> list[Pair]:
    made = attribution.attributed(
        pairs, NAMES, SEEN + Counter({"it": 9}), language="fr", copies=copies
    )
    return list(made)


def test_a_french_statement_stays_whole_wherever_its_speaker_stands() -> None:
    made = french(FRENCH)

    assert len({pair.source for pair in made}) > 250
    for pair in made:
        assert "l gèle la nuit" in pair.source
        assert "t freezes at night" in pair.english
        assert pair.source[0].isupper() or pair.source[0] == "«"
        assert not {",,", ",."} & {pair.source[i : i + 2] for i in range(len(pair.source))}
        assert "{" not in pair.source + pair.english


def test_a_french_title_is_translated_beside_a_name_that_is_not() -> None:
    titles = {"le préfet ": "Prefect ", "la députée ": "MP ", "l'évêque ": "Bishop "}
    seen = 0
    for pair in french(FRENCH, copies=1500):
        for title, english in titles.items():
            _, found, rest = pair.source.partition(title)
            if found and rest[0].isupper():
                seen += 1
                assert english + rest.split()[0].rstrip(",.") in pair.english, pair

    assert seen > 10


def test_french_contracts_before_titles_and_pronouns() -> None:
    sources = [pair.source for pair in french(FRENCH, copies=2000)]

    assert not [text for text in sources if " à le " in text or " de le " in text]
    assert not [text for text in sources if " que il" in text]
    assert [text for text in sources if " au préfet " in text]
    assert [text for text in sources if "qu'il gèle" in text]


def test_french_that_needs_its_capital_is_passed_over() -> None:
    assert not french(
        Pair("Rabat est belle.", "Rabat is fine.", "written"),
        Pair("La ville ? Elle dort.", "The town? It sleeps.", "written"),
        Pair("Le vote reporté", "Vote postponed", "authored"),
    )
