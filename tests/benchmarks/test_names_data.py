"""The labels of the names' passages hold: offsets, forms, entries and kinds."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.names.__main__ import DATA
from benchmarks.names.glossaries import without_entry
from benchmarks.names.passages import KINDS, Passage, load
from benchmarks.names.score import folded
from service.names.glossary import load_glossary

PASSAGES = load(DATA)
ENTRIES = load_glossary(DATA / "glossary").entries


def _raw(name: str) -> list[dict[str, Any]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _ids(passages: tuple[Passage, ...]) -> list[str]:
    return [passage.id for passage in passages]


def test_there_are_enough_passages_and_people() -> None:
    people = {
        gold.right
        for passage in PASSAGES.relayed
        for gold in passage.golds
        if gold.type == "person"
    }
    assert len(PASSAGES.relayed) >= 60
    assert len(PASSAGES.clean) >= 100
    assert len(people) >= 120


def test_no_passage_is_there_twice() -> None:
    everything = [*PASSAGES.relayed, *PASSAGES.clean]
    assert len({passage.id for passage in everything}) == len(everything)
    assert len({passage.text for passage in everything}) == len(everything)


@pytest.mark.parametrize("passage", PASSAGES.relayed, ids=_ids(PASSAGES.relayed))
def test_spans_hold_the_wrong_forms_and_the_names_to_keep(passage: Passage) -> None:
    for gold in passage.golds:
        assert [passage.text[start:end] for start, end in gold.spans] == [gold.wrong] * len(
            gold.spans
        )
        assert gold.spans
    for name, spans in passage.keep:
        assert [passage.text[start:end] for start, end in spans] == [name] * len(spans)


@pytest.mark.parametrize("passage", PASSAGES.relayed, ids=_ids(PASSAGES.relayed))
def test_spans_do_not_overlap(passage: Passage) -> None:
    spans = sorted(
        [span for gold in passage.golds for span in gold.spans]
        + [span for _, spans in passage.keep for span in spans]
    )
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize("passage", PASSAGES.relayed, ids=_ids(PASSAGES.relayed))
def test_a_wrong_form_differs_by_more_than_an_accent_and_does_not_hold_the_right_one(
    passage: Passage,
) -> None:
    for gold in passage.golds:
        assert folded(gold.wrong) != folded(gold.right)
        inside = re.search(rf"(?<!\w){re.escape(folded(gold.right))}(?!\w)", folded(gold.wrong))
        assert inside is None, gold


@pytest.mark.parametrize("passage", PASSAGES.relayed, ids=_ids(PASSAGES.relayed))
def test_no_wrong_form_stands_without_a_label(passage: Passage) -> None:
    labelled = [span for gold in passage.golds for span in gold.spans]
    labelled += [span for _, spans in passage.keep for span in spans]
    for gold in passage.golds:
        for found in re.finditer(rf"(?<!\w){re.escape(gold.wrong)}(?!\w)", passage.text):
            assert any(start <= found.start() and found.end() <= end for start, end in labelled)


def test_one_wrong_form_has_one_right_form_in_a_passage() -> None:
    for passage in PASSAGES.relayed:
        forms = Counter(gold.wrong for gold in passage.golds)
        assert not [form for form, count in forms.items() if count > 1], passage.id


def test_every_gold_says_what_happened_to_it() -> None:
    kinds = Counter(
        kind for passage in PASSAGES.relayed for gold in passage.golds for kind in gold.kinds
    )
    assert set(kinds) == set(KINDS)
    assert all(gold.kinds for passage in PASSAGES.relayed for gold in passage.golds)


@pytest.mark.parametrize(("name", "longest"), [("relayed.jsonl", 220), ("clean.jsonl", 200)])
def test_passages_are_of_a_newspaper_paragraphs_length(name: str, longest: int) -> None:
    for raw in _raw(name):
        assert 80 <= len(raw["text"].split()) <= longest, raw["id"]


def test_a_clean_passage_is_ordinary_or_a_trap() -> None:
    sorts = Counter(passage.sort for passage in PASSAGES.clean)
    assert set(sorts) == {"ordinary", "trap"}
    assert min(sorts.values()) >= 50


def test_every_gold_has_an_entry() -> None:
    assert without_entry(PASSAGES.relayed, ENTRIES) == []


def test_the_glossary_lists_no_variant_and_no_wrong_form() -> None:
    wrong = {
        folded(gold.wrong).casefold() for passage in PASSAGES.relayed for gold in passage.golds
    }
    names = {folded(entry.name).casefold() for entry in ENTRIES}
    assert not [entry.id for entry in ENTRIES if entry.variants]
    assert not wrong & names


def test_a_name_has_one_entry() -> None:
    names = Counter(folded(entry.name).casefold() for entry in ENTRIES)
    assert [name for name, count in names.items() if count > 1] == []
    assert len(ENTRIES) >= 900


def test_people_of_the_passages_have_arabic_forms() -> None:
    people = [entry for entry in ENTRIES if Path(entry.file).name == "people.yaml"]
    assert len(people) >= 300
    for entry in people:
        assert entry.ar, entry.id
        assert all(re.fullmatch(r"[\u0600-\u06ff ]+", form) for form in entry.ar), entry.id


def test_no_two_people_share_an_arabic_form() -> None:
    forms = Counter(form for entry in ENTRIES if entry.type == "person" for form in set(entry.ar))
    assert [form for form, count in forms.items() if count > 1] == []
