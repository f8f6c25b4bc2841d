"""Names change on both sides, and the links go with them."""

import random

from training.augment import Example, NamePool, NameSpan, join, name_spans, replace_spans

NO_CUT: frozenset[str] = frozenset()


def test_a_name_is_found_by_its_links() -> None:
    source = ["▁قال", "▁ماكرون", "▁امس"]
    target = ["▁Yesterday", "▁Mac", "ron", "▁said", "."]
    links = [(0, 3), (1, 1), (1, 2), (2, 0)]
    assert name_spans(source, target, links, NO_CUT) == [NameSpan((1, 2), (1, 3))]


def test_the_first_word_of_a_sentence_is_no_name() -> None:
    assert name_spans(["▁قال"], ["▁Said"], [(0, 0)], NO_CUT) == []


def test_a_name_whose_source_words_also_mean_something_else_is_left_alone() -> None:
    source = ["▁وماكرون", "▁قال"]
    target = ["▁and", "▁Macron", "▁said"]
    assert name_spans(source, target, [(0, 0), (0, 1), (1, 2)], NO_CUT) == []


def test_a_clitic_stays_when_the_name_goes() -> None:
    source = ["▁و", "ماكرون", "▁قال"]
    target = ["▁and", "▁Macron", "▁said"]
    spans = name_spans(source, target, [(0, 0), (1, 1), (2, 2)], frozenset({"▁و"}))
    assert spans == [NameSpan((1, 2), (1, 2))]


def test_punctuation_after_a_name_stays() -> None:
    target = ["▁with", "▁Mac", "ron", ",", "▁who"]
    spans = name_spans(["▁مع", "▁ماكرون", ","], target, [(0, 0), (1, 1), (2, 3)], NO_CUT)
    assert spans == [NameSpan((1, 2), (1, 3))]


def test_a_new_name_is_linked_piece_by_piece_and_the_rest_moves_along() -> None:
    plain = Example([10, 11, 12], [20, 21, 22], [(0, 0), (1, 1), (2, 2)], True)
    changed = replace_spans(plain, [(NameSpan((1, 2), (1, 2)), [5, 6, 7], [5, 6, 7])])
    assert changed.source == [10, 5, 6, 7, 12]
    assert changed.target == [20, 5, 6, 7, 22]
    assert changed.links == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]


def test_joined_sentences_keep_their_links() -> None:
    one, two = Example([1, 2], [3], [(1, 0)], True), Example([4], [5, 6], [(0, 1)], False)
    assert join(one, two) == Example([1, 2, 4], [3, 5, 6], [(1, 0), (2, 2)], False)


def test_spliced_names_are_words_with_a_capital() -> None:
    pool = NamePool(["Kessaci", "Payan", "Allisio"], random.Random(1))
    for words in (1, 2, 3):
        for _ in range(50):
            name = pool.draw(words)
            assert name[0].isupper()
            assert "  " not in name
