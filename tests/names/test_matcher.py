"""What an index remembers from text to text: it saves work and decides nothing."""

from __future__ import annotations

import gc
import weakref

import pytest

from service.names import matcher, skeleton
from service.names.glossary import Entry, Glossary
from service.names.matcher import index_of
from service.names.normalise import normalise

TEXT = "Amin Kisasi met Laurent Nonier in Marseille. Kisasi spoke."
OTHER = "Franck Alessio and Martin Vassal came to Lyon with Amin Kasasi."


def glossary() -> Glossary:
    names = ("Amine Kessaci", "Laurent Nuñez", "Franck Allisio", "Martine Vassal")
    return Glossary(tuple(Entry(id=f"e{n}", name=name) for n, name in enumerate(names)), "1")


def test_words_that_come_again_in_another_text_are_not_compared_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = glossary()
    normalise(TEXT, names)
    compared: list[str] = []
    align = skeleton.align

    def counted(text: str, name: str, *, arabic: bool = False) -> float:
        compared.append(text)
        return align(text, name, arabic=arabic)

    monkeypatch.setattr(skeleton, "align", counted)
    normalise(f"{TEXT} {TEXT}", names)

    assert not compared


def test_what_came_before_decides_nothing() -> None:
    used = glossary()
    normalise(OTHER, used)

    assert normalise(TEXT, used) == normalise(TEXT, glossary())


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "MOST_REMEMBERED", 5)
    names = glossary()
    first = index_of(names).memo
    expected = normalise(TEXT, glossary())

    assert normalise(TEXT, names) == expected
    assert first.size > 5
    assert index_of(names).memo is not first
    assert normalise(TEXT, names) == expected


def test_an_index_goes_with_its_glossary() -> None:
    gc.disable()
    try:
        names = glossary()
        normalise(TEXT, names)
        index = weakref.ref(index_of(names))
        del names
        assert index() is None
    finally:
        gc.enable()
