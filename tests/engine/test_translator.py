"""One sentence through the model: asked again where the answer is bad, flagged if it stays so."""

from __future__ import annotations

import pytest

from service.engine.model import Decoding
from service.engine.translator import FLAGS, PairTranslator
from tests.engine.scripted import translate, translator


def test_a_good_answer_is_taken_as_it_is() -> None:
    found, asked = translate("Il est parti.", lambda *_: "He left.")
    assert (found.text, found.flags, found.score) == ("He left.", (), -0.5)
    assert len(asked) == 1


def test_a_loop_is_asked_again_with_a_penalty() -> None:
    def answer(text: str, decoding: Decoding) -> str:
        return "He left." if decoding.no_repeat_ngram else "he left he left he left he left"

    found, asked = translate("Il est parti hier.", answer)
    assert (found.text, found.flags) == ("He left.", ())
    assert asked[1][1].beam_size >= 4
    assert asked[1][1].repetition_penalty > 1


def test_a_loop_that_stays_is_translated_in_halves() -> None:
    def answer(text: str, decoding: Decoding) -> str:
        if "puis" in text and "venu" in text:
            return "again and again and again and again and again and"
        return "he came yesterday evening," if "venu" in text else "then he left early."

    found, _ = translate("Il est venu hier soir, puis il est parti tôt.", answer)
    assert found.text == "he came yesterday evening, then he left early."
    assert found.flags == ("split",)


def test_a_loop_that_stays_in_a_short_sentence_is_flagged() -> None:
    found, _ = translate("Il est parti.", lambda *_: "no no no no no no no")
    assert found.flags == ("repetition",)


def test_an_answer_that_reaches_the_limit_is_no_answer() -> None:
    def answer(text: str, decoding: Decoding) -> str:
        if decoding.no_repeat_ngram:
            return "He left."
        return " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60))

    found, asked = translate("Il est parti.", answer)
    assert found.text == "He left."
    assert len(asked) == 2


def test_an_empty_answer_is_asked_again_and_then_the_source_stands() -> None:
    found, asked = translate("Il est parti.", lambda *_: "")
    assert (found.text, found.flags) == ("Il est parti.", ("empty",))
    assert len(asked) == 2
    found, _ = translate(
        "Il est parti.", lambda _, decoding: "He left." if decoding.beam_size > 1 else ""
    )
    assert (found.text, found.flags) == ("He left.", ())


def test_an_echo_is_asked_again_and_flagged() -> None:
    found, asked = translate("Les élus sont partis.", lambda text, _: text)
    assert found.flags == ("echo",)
    assert len(asked) == 2


def test_a_lost_number_is_asked_again_and_flagged() -> None:
    found, asked = translate("Il y a 12 morts.", lambda *_: "There are many dead.")
    assert found.flags == ("number_mismatch",)
    assert len(asked) == 2
    found, _ = translate(
        "Il y a 12 morts.",
        lambda _, decoding: "There are 12 dead." if decoding.beam_size > 1 else "There are dead.",
    )
    assert (found.text, found.flags) == ("There are 12 dead.", ())


def test_arabic_digits_are_tried_as_european_ones() -> None:
    def answer(text: str, decoding: Decoding) -> str:
        return "123 people here" if "123" in text else "people are here"

    found, asked = translate("١٢٣ شخصا هنا", answer, source="ar")
    assert (found.text, found.flags) == ("123 people here", ())
    assert [text for text, _ in asked] == ["١٢٣ شخصا هنا", "123 شخصا هنا"]


def test_a_garbled_number_is_put_right_and_not_asked_again() -> None:
    found, asked = translate("Il y a 1 200 morts @ici", lambda *_: "There are 120 dead Wikipedia")
    assert (found.text, found.flags) == ("There are 1,200 dead @ici", ())
    assert len(asked) == 1


def test_an_odd_length_is_flagged() -> None:
    found, _ = translate("Il a longuement parlé de la situation du pays.", lambda *_: "He spoke.")
    assert found.flags == ("length_ratio",)


def test_a_source_that_goes_in_circles_is_asked_once() -> None:
    found, asked = translate("non " * 30, lambda *_: "no " * 40)
    assert found.flags == ("repetition",)
    assert len(asked) == 1


def test_what_must_be_kept_comes_back_in_its_place() -> None:
    found, asked = translate(
        "Suivez @redaction sur https://a.fr/x?y=1_2 demain",
        lambda *_: "Follow Wikipedia on Facebook tomorrow",
    )
    assert asked[0][0] == "Suivez Wikipedia sur Facebook demain"
    assert found.text == "Follow @redaction on https://a.fr/x?y=1_2 tomorrow"
    assert found.flags == ()


@pytest.mark.parametrize("bad", ["Follow tomorrow", "Follow Wikipedia, Wikipedia", "Follow wikis"])
def test_a_sentence_that_loses_it_is_translated_around_it(bad: str) -> None:
    def answer(text: str, decoding: Decoding) -> str:
        if "Wikipedia" in text:
            return bad
        return {"Suivez": "Follow", "dès demain": "From tomorrow."}[text]

    found, _ = translate("Suivez @redaction dès demain", answer)
    assert found.text == "Follow @redaction from tomorrow"


def test_emoji_stay_where_they_are() -> None:
    answers = {"Elle part": "She leaves.", "mais revient": "But returns."}
    found, _ = translate("Elle part 😂 mais revient", lambda text, _: answers[text])
    assert found.text == "She leaves 😂 but returns"


def test_entities_come_back_as_they_were() -> None:
    found, asked = translate(
        "Dupont &amp; fils, l&#39;usine", lambda *_: "Dupont & sons, the plant"
    )
    assert asked[0][0] == "Dupont & fils, l'usine"
    assert found.text == "Dupont &amp; sons, the plant"


def test_an_entity_that_is_lost_is_translated_around() -> None:
    def answer(text: str, decoding: Decoding) -> str:
        return "Dupont and sons" if "&" in text else {"Dupont": "Dupont", "fils": "sons"}[text]

    found, _ = translate("Dupont &amp; fils", answer)
    assert found.text == "Dupont &amp; sons"


def test_capitals_are_lowered_and_not_shouted_back() -> None:
    found, asked = translate("LE MINISTRE EST PARTI", lambda *_: "The minister has left")
    assert asked[0][0] == "Le ministre est parti"
    assert found.text == "The minister has left"


def test_a_long_sentence_is_split_and_joined() -> None:
    clause = "le ministre a dit que la loi serait votée avant la fin du mois de mai"
    sentence = ", ".join([clause] * 14) + "."
    number = iter(range(100))
    found, asked = translate(
        sentence, lambda text, _: f"The part {'abcdefg'[next(number)]} of what he said about it."
    )
    assert len(asked) >= 2
    assert found.text.startswith("The part a of what he said about it the part b")
    assert found.text.endswith("about it.")
    assert "split" in found.flags


def test_a_question_stays_one_and_a_headline_gets_no_full_stop() -> None:
    assert translate("Est-il parti ?", lambda *_: "Has he left.")[0].text == "Has he left?"
    assert translate("هل رحل؟", lambda *_: "Has he left.", "ar")[0].text == "Has he left?"
    assert translate("Le maire part", lambda *_: "The mayor leaves.")[0].text == "The mayor leaves"
    assert translate("Il va aux USA", lambda *_: "He goes to the U.S.")[0].text.endswith("U.S.")
    assert translate("Il part.", lambda *_: "He leaves.")[0].text == "He leaves."


def test_underscores_survive() -> None:
    found, _ = translate(
        "le fichier mon_fichier_1 est là", lambda *_: "the file Wikipedia is there"
    )
    assert found.text == "the file mon_fichier_1 is there"


def test_links_lead_from_words_to_words() -> None:
    sentence = "Il  voit @jean ici"
    found, _ = translate(sentence, lambda *_: "He sees Wikipedia here")
    assert found.attention is not None
    assert [
        (sentence[start:end], found.text[out_start:out_end])
        for start, end, out_start, out_end in found.attention
    ] == [("Il", "He"), ("voit", "sees"), ("@jean", "@jean"), ("ici", "here")]


def test_links_survive_joining() -> None:
    sentence = "Elle part 😂 mais revient"
    answers = {"Elle part": "She leaves.", "mais revient": "But returns."}
    found, _ = translate(sentence, lambda text, _: answers[text])
    assert found.attention is not None
    pairs = [(sentence[a:b], found.text[c:d]) for a, b, c, d in found.attention]
    assert pairs[:2] == [("Elle", "She"), ("part", "leaves")]
    assert ("revient", "returns") in pairs


def test_alternatives_are_different_and_sound() -> None:
    pair, _ = translator(
        lambda *_: ["See Wikipedia.", "See Wikipedia.", "See.", "Look: Wikipedia."]
    )
    steps = pair.steps("Voir @jean.", Decoding(1, alternatives=4))
    units = next(steps)
    with pytest.raises(StopIteration) as finished:
        steps.send(pair.model.translate(units))
    assert [each.text for each in finished.value.value] == ["See @jean.", "Look: @jean."]


@pytest.mark.parametrize(
    "sentence", ["", "  ", "12,5", "😀", "@nom", "https://a.fr", "\ud800", "\x00"]
)
def test_what_has_nothing_to_translate_is_not_asked(sentence: str) -> None:
    def answer(text: str, decoding: Decoding) -> str:
        raise AssertionError(text)

    found, _ = translate(sentence, answer)
    assert found.text == sentence
    assert found.flags == ()


def test_flags_come_in_the_documented_order() -> None:
    pair: PairTranslator = translator(lambda *_: "no no no no no no no no no 7")[0]
    [found] = pair.translate(["Il est parti hier"], Decoding(1))
    assert list(found.flags) == [flag for flag in FLAGS if flag in found.flags]
    assert set(found.flags) == {"repetition", "number_mismatch"}
