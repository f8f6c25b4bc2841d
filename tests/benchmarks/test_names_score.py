"""How a change is judged: by its span, by letters without accents, and never twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.names.__main__ import main
from benchmarks.names.distractors import generate, transliterate
from benchmarks.names.glossaries import GlossaryMaker
from benchmarks.names.marked import read_marked
from benchmarks.names.passages import Gold, Passage, load
from benchmarks.names.score import Change, Tally, apply, score
from benchmarks.names.systems import Command, ListedForms, PlainFuzzy
from service.names.glossary import load_glossary

TEXT = "Coach Ashraf Bin Sharqi praised Awarwhich and Benoit Payan."
GOLDS = (
    Gold("Ashraf Bin Sharqi", "Achraf Bencharki", "person", ("particle",), ((6, 23),)),
    Gold("Awar", "Aouar", "person-surname", ("vowel",), ((32, 36),)),
)
PASSAGE = Passage(id="p", text=TEXT, golds=GOLDS)


def _change(surface: str, replacement: str) -> Change:
    start = TEXT.index(surface)
    return Change(start, start + len(surface), replacement)


def _counts(tally: Tally) -> tuple[int, int, int, int, int]:
    return tally.right, tally.missed, tally.wrong, tally.false, tally.accents


def test_a_name_may_be_put_right_at_once_or_in_steps() -> None:
    at_once = [_change("Ashraf Bin Sharqi", "Achraf Bencharki")]
    in_steps = [_change("Ashraf", "Achraf"), _change("Bin Sharqi", "Bencharki")]
    assert _counts(score(PASSAGE, at_once)) == (1, 1, 0, 0, 0)
    assert _counts(score(PASSAGE, in_steps)) == (1, 1, 0, 0, 0)


def test_a_change_may_reach_beyond_its_gold() -> None:
    wide = [_change("Coach Ashraf Bin Sharqi", "Coach Achraf Bencharki")]
    eats_a_word = [_change("Coach Ashraf Bin Sharqi", "Achraf Bencharki")]
    assert _counts(score(PASSAGE, wide)) == (1, 1, 0, 0, 0)
    assert _counts(score(PASSAGE, eats_a_word)) == (0, 1, 1, 0, 0)


def test_half_a_name_put_right_is_wrong() -> None:
    assert _counts(score(PASSAGE, [_change("Bin Sharqi", "Bencharki")])) == (0, 1, 1, 0, 0)


def test_the_space_of_a_glued_name_may_come_back() -> None:
    assert _counts(score(PASSAGE, [_change("Awar", "Aouar")])) == (1, 1, 0, 0, 0)
    assert _counts(score(PASSAGE, [_change("Awarwhich", "Aouar which")])) == (1, 1, 0, 0, 0)
    assert _counts(score(PASSAGE, [_change("Awarwhich", "Aouar")])) == (0, 1, 1, 0, 0)


def test_accents_are_counted_apart() -> None:
    assert _counts(score(PASSAGE, [_change("Benoit", "Benoît")])) == (0, 2, 0, 0, 1)
    assert _counts(score(PASSAGE, [_change("Benoit", "Benoist")])) == (0, 2, 0, 1, 0)


def test_a_form_replaced_by_itself_is_no_change() -> None:
    assert _counts(score(PASSAGE, [_change("Benoit Payan", "Benoit Payan")])) == (0, 2, 0, 0, 0)


def test_precision_recall_and_rate() -> None:
    tally = Tally(right=6, missed=2, wrong=2, false=2, words=1000)
    assert tally.precision == pytest.approx(0.6)
    assert tally.recall == pytest.approx(0.6)
    assert tally.f1 == pytest.approx(0.6)
    assert tally.false_per_10_000_words == pytest.approx(20)


def test_changes_are_made_by_offsets_of_the_given_text() -> None:
    changes = [_change("Awar", "Aouar"), _change("Ashraf", "Achraf")]
    assert apply(TEXT, changes) == ("Coach Achraf Bin Sharqi praised Aouarwhich and Benoit Payan.")


def test_marks_become_offsets() -> None:
    raw = read_marked(
        "sport | note", "In {Wahran|Oran|exonym|place}, {=Oran} {Ben Arafa|Ben Arfa|vowel}.", "x"
    )
    assert raw["text"] == "In Wahran, Oran Ben Arafa."
    assert [(gold["right"], gold["type"], gold["spans"]) for gold in raw["gold"]] == [
        ("Oran", "place", [[3, 9]]),
        ("Ben Arfa", "person-surname", [[16, 25]]),
    ]
    assert raw["keep_spans"] == [{"name": "Oran", "spans": [[11, 15]]}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{Bano|Panot|p-b}, then Bano.", "has no mark"),
        ("{Bano|Panot|loss}.", "unknown kind"),
    ],
)
def test_a_wrong_mark_is_refused(body: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_marked("topic", body, "x")


def test_made_up_people_are_the_same_each_time_and_avoid_what_is_known() -> None:
    people = [person.name for person in generate(300)]
    assert people == [person.name for person in generate(400)][:300]
    assert len(set(people)) == 300
    assert people[0] not in [person.name for person in generate(300, {people[0].lower()})]


def test_a_name_is_written_in_arabic_letters() -> None:
    assert transliterate("Franck Allisio") == "فرانك أليسيو"
    assert all("\u0600" <= letter <= "\u06ff" for letter in transliterate("Hadjadj"))


def _folder(tmp_path: Path) -> Path:
    names = ["Achraf Bencharki", "Houssem Aouar", "Benoît Payan"]
    terms = [{"id": f"e{n}", "name": name, "ar": ["بايان"]} for n, name in enumerate(names)]
    (tmp_path / "glossary").mkdir()
    (tmp_path / "glossary" / "terms.json").write_text(json.dumps(terms), encoding="utf-8")
    gold = [
        {"wrong": gold.wrong, "right": gold.right, "type": gold.type, "spans": gold.spans}
        for gold in GOLDS
    ]
    line = {"id": "p", "text": TEXT, "gold": gold}
    (tmp_path / "relayed.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    clean = {"id": "c", "text": "Nothing is wrong here.", "trap": "none"}
    (tmp_path / "clean.jsonl").write_text(json.dumps(clean) + "\n", encoding="utf-8")
    return tmp_path


def test_a_glossary_has_the_wanted_size_and_the_needed_entries(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    data = load(folder)
    maker = GlossaryMaker(folder / "glossary", data.relayed, tmp_path / "work")
    (group,) = maker.groups(data.relayed, 50, arabic=False)
    entries = load_glossary(group.folder).entries
    assert len(entries) == 50
    assert {"Achraf Bencharki", "Houssem Aouar"} <= {entry.name for entry in entries}
    assert not [entry for entry in entries if entry.ar]


def test_passages_are_grouped_where_a_small_glossary_cannot_hold_all(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    halves = [Passage(id=f"h{n}", text=TEXT, golds=(gold,)) for n, gold in enumerate(GOLDS)]
    maker = GlossaryMaker(folder / "glossary", halves, tmp_path / "work")
    groups = list(maker.groups(halves, 2, arabic=True))
    assert [[passage.id for passage in group.passages] for group in groups] == [["h0"], ["h1"]]
    assert [len(load_glossary(group.folder).entries) for group in groups] == [2, 2]


def test_the_fuzzy_baseline_knows_full_names_and_surnames(tmp_path: Path) -> None:
    fuzzy = PlainFuzzy(80)
    fuzzy.load(_folder(tmp_path) / "glossary")
    text = "Benoit Payen spoke. Payen's car was late."
    (changes,) = fuzzy.changes([Passage(id="p", text=text)])
    assert apply(text, changes) == "Benoît Payan spoke. Payan's car was late."


def test_listed_forms_of_a_passage_come_from_the_others(tmp_path: Path) -> None:
    other = Passage(id="other", text=TEXT, golds=GOLDS)
    alone, known = ListedForms([PASSAGE]), ListedForms([PASSAGE, other])
    for system in (alone, known):
        system.load(tmp_path)
    assert alone.changes([PASSAGE]) == [[]]
    assert score(PASSAGE, known.changes([PASSAGE])[0]).right == 1


def test_a_command_answers_with_a_report_or_a_text_alone(tmp_path: Path) -> None:
    script = tmp_path / "upper.py"
    script.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    raw = json.loads(line)\n"
        "    text = raw['text'].replace('Bin Sharqi', 'Bencharki')\n"
        "    print(json.dumps({'id': raw['id'], 'text': text}))\n",
        encoding="utf-8",
    )
    command = Command(f"{sys.executable} {script} {{glossary}}")
    command.load(tmp_path)
    (changes,) = command.changes([PASSAGE])
    assert apply(TEXT, changes) == TEXT.replace("Bin Sharqi", "Bencharki")


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    command = Command(f"{sys.executable} -c 'raise SystemExit(3)'")
    command.load(tmp_path)
    with pytest.raises(ValueError, match="ended with 3"):
        command.changes([PASSAGE])


def test_the_report_is_written_for_any_folder_of_the_format(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    out = tmp_path / "report.md"
    arguments = ["--data", str(folder), "--sizes", "20", "--show-errors", "--out", str(out)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    report = out.read_text(encoding="utf-8")
    assert "| Relais | 20 | yes |" in report
    assert "| Relais | 20 | no |" in report
    assert "## Recall by place in the text, 20 entries" in report
    assert "# Mistakes of Relais, 20 entries" in report
    assert result.output == report


def test_a_folder_without_passages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="with passages in it"):
        load(tmp_path)
