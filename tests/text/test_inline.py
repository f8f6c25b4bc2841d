"""Inline marks come back on their words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.inline import Edit, Link, Mark, Segment, Slice, Translated, place, shift


def marked(text: str) -> Segment:
    """A segment written with its pairs in brackets ``[…]`` and points as ``^``."""
    plain = ""
    marks: list[Mark] = []
    opened: list[int] = []
    for char in text:
        if char == "[":
            opened.append(len(marks))
            marks.append(Mark("start", len(plain), len(plain), len(marks)))
        elif char == "]":
            marks.append(Mark("end", len(plain), len(plain), opened.pop()))
        elif char == "^":
            marks.append(Mark("point", len(plain), len(plain), len(marks)))
        else:
            plain += char
    return Segment(plain, tuple(marks))


def written(segment: Segment, translated: Translated) -> str:
    signs = {"start": "[", "end": "]", "point": "^"}
    return "".join(
        translated.text[part.start : part.end]
        if isinstance(part, Slice)
        else signs.get(part.kind) or "{" + segment.text[part.position : part.end] + "}"
        for part in place(segment, translated)
    )


def words(source: str, out: str, pairs: list[tuple[str, str]]) -> tuple[Link, ...]:
    return tuple(
        Link(source.index(a), source.index(a) + len(a), out.index(b), out.index(b) + len(b))
        for a, b in pairs
    )


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        (
            "Le ministre [Laurent Nuñez] est arrivé à Marseille.",
            "Minister Laurent Nuñez has arrived in Marseille.",
            "Minister [Laurent Nuñez] has arrived in Marseille.",
        ),
        (
            "En [2025], le parti comptait [47 000] membres.",
            "The party had 47 000 members in 2025.",
            "The party had [47 000] members in [2025].",
        ),
        (
            "وصل [Laurent Nuñez] إلى مرسيليا عام [٢٠٢٥].",
            "Laurent Nuñez arrived in Marseille in 2025.",
            "[Laurent Nuñez] arrived in Marseille in [2025].",
        ),
        (
            "Le maire de Marseille[^], Benoît Payan, est là.",
            "The mayor of Marseille, Benoît Payan, is there.",
            "The mayor of Marseille[^], Benoît Payan, is there.",
        ),
    ],
)
def test_names_and_numbers_lead_their_marks(source: str, translation: str, expected: str) -> None:
    assert written(marked(source), Translated(translation)) == expected


def test_the_models_links_move_a_mark_to_where_its_word_went() -> None:
    segment = marked("Le chien [noir] dort")
    out = "The black dog sleeps"
    links = words(
        segment.text, out, [("chien", "dog"), ("noir", "black"), ("dort", "sleeps"), ("Le", "The")]
    )
    assert written(segment, Translated(out, links=links)) == "The [black] dog sleeps"


def test_siblings_may_change_their_order() -> None:
    segment = marked("une [voiture] [rouge] vif")
    out = "a bright red car"
    links = words(segment.text, out, [("voiture", "car"), ("rouge", "red"), ("vif", "bright")])
    assert written(segment, Translated(out, links=links)) == "a bright [red] [car]"


def test_nested_pairs_stay_nested() -> None:
    segment = marked("[Le [grand] chien] dort")
    out = "The big dog sleeps"
    links = words(
        segment.text,
        out,
        [("Le", "The"), ("grand", "big"), ("chien", "dog"), ("dort", "sleeps")],
    )
    assert written(segment, Translated(out, links=links)) == "[The [big] dog] sleeps"


def test_punctuation_is_inside_a_pair_only_if_it_was() -> None:
    assert written(marked("Il a dit [non]."), Translated("He said no.")) == "He said [no]."
    assert written(marked("Il a dit [non.]"), Translated("He said no.")) == "He said [no.]"
    assert written(marked("[« Non »], dit-il."), Translated('"No," he said.')) == (
        '["No,"] he said.'
    )


def test_a_mark_stays_in_its_sentence() -> None:
    segment = marked("Il dort. Il [mange].")
    out = "He is sleeping very soundly indeed. He eats."
    sentences = (Link(0, 8, 0, 35), Link(9, 18, 36, 44))
    assert written(segment, Translated(out, sentences)) == (
        "He is sleeping very soundly indeed. He [eats]."
    )


def test_a_possessive_stays_whole() -> None:
    segment = marked("le chien de [Franck Allisio]")
    assert written(segment, Translated("Franck Allisio's dog")) == "[Franck Allisio's] dog"


def test_kept_text_replaces_what_the_model_wrote_for_it() -> None:
    text = "Appelez print() ici"
    segment = Segment(text, (Mark("keep", 8, 15, 0),))
    assert written(segment, Translated("Call Print() here")) == "Call {print()} here"
    links = words(text, "Call the printer here", [("print", "the printer"), ("ici", "here")])
    assert written(segment, Translated("Call the printer here", links=links)) == (
        "Call {print()} here"
    )


def test_kept_text_is_written_even_where_the_translation_is_empty() -> None:
    segment = Segment("Appelez print() ici", (Mark("keep", 8, 15, 0),))
    assert written(segment, Translated("")) == "{print()}"


def test_misnested_marks_keep_their_order() -> None:
    segment = Segment(
        "gras italique reste",
        (
            Mark("start", 0, 0, 0),
            Mark("start", 5, 5, 1),
            Mark("end", 13, 13, 0),
            Mark("end", 19, 19, 1),
        ),
    )
    placed = place(segment, Translated("bold italics rest"))
    assert [part.key for part in placed if isinstance(part, Mark)] == [0, 1, 0, 1]


def test_links_follow_an_edit_of_the_output() -> None:
    links = (Link(0, 2, 0, 2), Link(3, 9, 3, 10), Link(10, 12, 11, 13))
    assert shift(links, [Edit(3, 10, 5)]) == (
        Link(0, 2, 0, 2),
        Link(3, 9, 3, 8),
        Link(10, 12, 9, 11),
    )


TEXTS = st.text(alphabet="abcé ال'.,-1 «»", max_size=60)


@st.composite
def bracketed(draw: st.DrawFn) -> str:
    """Text with well-nested brackets and points."""
    pieces: list[str] = []
    depth = 0
    for _ in range(draw(st.integers(0, 12))):
        sign = draw(st.sampled_from(["[", "]", "^", "word", "word"]))
        if sign == "]" and not depth:
            continue
        depth += {"[": 1, "]": -1}.get(sign, 0)
        pieces.append(draw(TEXTS) if sign == "word" else sign)
    return "".join(pieces) + "]" * depth


@st.composite
def translations(draw: st.DrawFn, source: str) -> Translated:
    out = draw(st.one_of(TEXTS, st.just(source), st.just(" ".join(source.split()[::-1]))))
    spans = st.tuples(
        st.integers(0, max(0, len(source))),
        st.integers(0, max(0, len(source))),
        st.integers(0, max(0, len(out))),
        st.integers(0, max(0, len(out))),
    ).map(lambda s: Link(min(s[:2]), max(s[:2]), min(s[2:]), max(s[2:])))
    return Translated(out, links=tuple(draw(st.lists(spans, max_size=8))))


@given(st.data(), bracketed())
def test_no_mark_is_lost_doubled_or_unbalanced(data: st.DataObject, source: str) -> None:
    segment = marked(source)
    translated = data.draw(translations(segment.text))
    placed = place(segment, translated)
    marks = [part for part in placed if isinstance(part, Mark)]
    assert sorted(map(id, marks)) == sorted(map(id, segment.marks))
    assert (
        "".join(
            translated.text[part.start : part.end] for part in placed if isinstance(part, Slice)
        )
        == translated.text
    )
    opened: list[int] = []
    for mark in marks:
        if mark.kind == "start":
            opened.append(mark.key)
        elif mark.kind == "end":
            assert opened.pop() == mark.key
    assert not opened


@given(st.data(), bracketed())
def test_no_mark_stands_inside_a_word(data: st.DataObject, source: str) -> None:
    segment = marked(source)
    translated = data.draw(translations(segment.text))
    if translated.text == segment.text:
        return
    for part in place(segment, translated):
        if isinstance(part, Slice) and part.start > 0:
            before, after = translated.text[part.start - 1 : part.start + 1]
            assert not (before.isalpha() and after.isalpha())


@given(st.lists(st.sampled_from(["start", "end", "point"]), max_size=12), st.data())
def test_any_sequence_of_marks_survives(kinds: list[str], data: st.DataObject) -> None:
    text = "un deux trois quatre cinq"
    positions = sorted(data.draw(st.integers(0, len(text))) for _ in kinds)
    marks = tuple(
        Mark(kind, at, at, data.draw(st.integers(0, 3)))  # type: ignore[arg-type]
        for kind, at in zip(kinds, positions, strict=True)
    )
    translated = data.draw(translations(text))
    placed = place(Segment(text, marks), translated)
    assert sorted(id(part) for part in placed if isinstance(part, Mark)) == sorted(map(id, marks))
