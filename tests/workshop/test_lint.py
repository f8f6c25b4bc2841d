"""Every fault that a glossary can have is found, with its file, line and entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.config import PROJECT_DIR
from service.names.workshop import lint as linting
from service.names.workshop.lint import CODES, Finding, fix, lint
from tests.workshop.conftest import PAYAN, Make


def entry(name: str, *lines: str, id: str | None = None, source: bool = True) -> str:
    first = [f"- id: {id or name.lower().replace(' ', '-')}", f"  name: {name}", "  type: person"]
    last = ["  source: https://example.org/"] if source else []
    return "\n".join([*first, *(f"  {line}" for line in lines), *last]) + "\n"


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in lint(folder)]


def the(code: str, folder: Path) -> Finding:
    found = [finding for finding in lint(folder) if finding.code == code]
    assert found, f"{code} was not found: {lint(folder)}"
    return found[0]


def test_a_good_file_has_no_findings(make: Make) -> None:
    assert lint(make(a=PAYAN)) == []


def test_the_schema_is_the_one_that_editors_use() -> None:
    ours = Path(linting.__file__).with_name("schema.json")

    assert json.loads(ours.read_text("utf-8")) == json.loads(
        (PROJECT_DIR / "glossary" / "schema.json").read_text("utf-8")
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- id: x\n  name: X: Y\n", 2, "needs quotation marks"),
        ("- id: x\n  name: &a Xavier\n", 2, "not allowed"),
        ("id: x\nvariants: [a]\n", 1, "list of entries"),
        ("- Xavier Niel\n", 1, "An entry is a list item"),
    ],
)
def test_an_unreadable_file(make: Make, text: str, line: int, words: str) -> None:
    finding = the("unreadable", make(a=text))

    assert (finding.file, finding.line) == ("people/a.yaml", line)
    assert words in finding.message


def test_one_unreadable_file_does_not_hide_another_files_faults(make: Make) -> None:
    folder = make(a="- id: x\n  name: X: Y\n", b=entry("Xavier Niel", "ar: [Xavier]"))

    assert {"unreadable", "not-arabic"} <= set(codes(folder))


def test_a_misspelled_field_is_named_with_the_right_one(make: Make) -> None:
    finding = the("schema", make(a=entry("Xavier Niel", "varients: [X]")))

    assert (finding.line, finding.entry) == (4, "xavier-niel")
    assert "'varients' (did you mean 'variants'?)" in finding.message


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["type: robot"], "one of person, organisation"),
        (["context: Marseille"], "must be a list"),
        (["gender: x"], "one of f, m"),
        (["since: yesterday"], "a date as 2026-11-28"),
        (["source: wikipedia"], "begins with https://"),
        (["examples: [{in: a}]"], "'out' is missing"),
        (["style: bold"], "one of accents, no-accents"),
    ],
)
def test_a_field_of_the_wrong_kind(make: Make, lines: list[str], words: str) -> None:
    text = "- id: xavier-niel\n  name: Xavier Niel\n" + "".join(f"  {line}\n" for line in lines)
    found = [item.message for item in lint(make(a=text)) if item.code == "schema"]

    assert any(words in message for message in found), found


def test_a_field_that_stands_twice(make: Make) -> None:
    text = entry("Xavier Niel", "context: [Free]", "context: [Iliad]")

    assert "stands twice" in the("schema", make(a=text)).message


def test_a_repeated_id_names_the_other_place(make: Make) -> None:
    folder = make(a=entry("Xavier Niel"), b="\n" + entry("Marine Le Pen", id="xavier-niel"))

    finding = the("duplicate-id", folder)

    assert (finding.file, finding.line) == ("people/b.yaml", 2)
    assert "people/a.yaml:1" in finding.message


def test_a_repeated_name_is_seen_through_accents(make: Make) -> None:
    folder = make(a=entry("Zinédine Zidane", id="a") + entry("Zinedine Zidane", id="b"))

    assert the("duplicate-name", folder).entry == "b"


def test_two_bearers_of_one_name_are_allowed_where_both_say_so(make: Make) -> None:
    keep = "keep: [Jean Martin]"
    folder = make(a=entry("Jean Martin", keep, id="a") + entry("Jean Martin", keep, id="b"))

    assert "duplicate-name" not in codes(folder)


@pytest.mark.parametrize("key", ["variants", "ar"])
def test_a_form_claimed_by_two_entries(make: Make, key: str) -> None:
    forms = {"variants": ("[Mahdi Kisasi]", "[Mahdi Kisasi]"), "ar": ("[أحمد]", "[احمد]")}[key]
    folder = make(
        a=entry("Mehdi Kessaci", f"{key}: {forms[0]}", "context: [x y]"),
        b=entry("Amine Kessaci", f"{key}: {forms[1]}", "context: [x y]"),
    )

    finding = the("shared-form", folder)

    assert (finding.file, finding.line, finding.entry) == ("people/b.yaml", 4, "amine-kessaci")
    assert "mehdi-kessaci" in finding.message


def test_a_wrong_form_that_is_anothers_right_name(make: Make) -> None:
    folder = make(a=entry("Kamel Daoud", "variants: [Kamal Dawood]") + entry("Kamal Dawood"))

    assert "right name of 'kamal-dawood'" in the("variant-is-name", folder).message


def test_a_chain_of_two_rewritings(make: Make) -> None:
    folder = make(
        a=entry("Amin Kisasi", "variants: [Ameen Qisasi]")
        + entry("Amine Kessaci", "variants: [Amin Kisasi]")
    )

    assert "a chain of two changes" in the("chain", folder).message


def test_a_cycle_of_two_rewritings(make: Make) -> None:
    folder = make(
        a=entry("Amin Kisasi", "variants: [Amine Kessaci]")
        + entry("Amine Kessaci", "variants: [Amin Kisasi]")
    )

    assert codes(folder).count("cycle") == 2


def test_an_entrys_own_name_among_its_wrong_forms(make: Make) -> None:
    assert the("own-name", make(a=entry("Xavier Niel", "variants: [Xavier Niel]"))).fixable


def test_a_form_both_kept_and_rewritten(make: Make) -> None:
    text = entry("Xavier Niel", "variants: [Xavier Nil]", "keep: [Xavier Nil]")

    assert "decide for one" in the("keep-and-variant", make(a=text)).message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("variants: [Tir]", "short-form"),
        ("variants: [Proof]", "common-form"),
        ("variants: [the way back]", "common-form"),
        ("fr: [maison]", "common-form"),
        ("ar: [نور]", "short-form"),
        ("ar: [العيون]", "common-form"),
    ],
)
def test_a_weak_form_needs_context(make: Make, line: str, code: str) -> None:
    weak = make(a=entry("Mahboubi Tirane", line))
    assert the(code, weak).severity == "error"

    with_context = make(a=entry("Mahboubi Tirane", line, "context: [Marseille]"))
    severities = {item.severity for item in lint(with_context) if item.code == code}
    assert severities == ({"warning"} if line.startswith("variants") else set())


def test_a_rare_wrong_form_of_one_word_is_allowed(make: Make) -> None:
    assert lint(make(a=entry("Mahboubi Tirane", "variants: [Tiraneh]"))) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("name: Benoi\u0302t Payan", "not-nfc"),
        ("name: Benoît\u200f Payan", "invisible"),
        ("name: Benoît\u00a0Payan", "spaces"),
        ("ar: [بنـــوا بايان]", "tatweel"),
        ("ar: [بِنوا بايان]", "vowel-signs"),
        ("ar: [بنوا بایان]", "foreign-letter"),
        ("ar: [\ufeed\ufe8d\ufef3\ufe8e\ufee5 بنوا]", "foreign-letter"),
        ("ar: [Payan]", "not-arabic"),
        ("fr: [بنوا]", "not-latin"),
        ("variants: [Benoit 24]", "digits"),
        ("variants: [Benoît Pаyan]", "mixed-script"),
        ("variants: [Benoit Payen, Benoit Payen]", "repeated"),
    ],
)
def test_characters_that_are_not_meant(make: Make, line: str, code: str) -> None:
    text = "- id: benoit-payan\n  name: Benoît Payan\n  type: person\n  source: https://a.fr/\n"
    if line.startswith("name"):
        text = text.replace("name: Benoît Payan", line)
    else:
        text += f"  {line}\n"

    assert the(code, make(a=text)).entry == "benoit-payan"


def test_letters_for_p_and_v_are_arabic_enough(make: Make) -> None:
    assert lint(make(a=entry("Hassi Messaoud", "ar: [پاريس ڤيلا, ڨابس]"))) == []


def test_an_entry_in_another_kinds_folder(make: Make) -> None:
    text = entry("Sidi Bouzid").replace("type: person", "type: place")

    assert "belongs under places/" in the("folder", make(a=text)).message


def test_a_date_that_has_not_come(make: Make) -> None:
    assert "future" in the("date", make(a=entry("Xavier Niel", "since: 2999-01-01"))).message
    assert "calendar" in the("date", make(a=entry("Marine Vacth", "since: 2026-02-30"))).message


def test_a_missing_source_is_a_warning_unless_only_proposed(make: Make) -> None:
    assert the("no-source", make(a=entry("Xavier Niel", source=False))).severity == "warning"
    assert lint(make(a=entry("Xavier Niel", "status: proposed", source=False))) == []


def example(before: str, after: str) -> str:
    return f"examples: [{{in: {json.dumps(before)}, out: {json.dumps(after)}}}]"


def test_examples_are_executed(make: Make) -> None:
    wrong = "variants: [Frank Alessio]"
    good = example("Frank Alessio spoke.", "Franck Allisio spoke.")
    bad = example("Frank Alessio spoke.", "Franck Allisio sang.")
    never = example("Frank Alessio spoke.", "Frank Alessio spoke.")

    assert lint(make(a=entry("Franck Allisio", wrong, good))) == []
    finding = the("example-fails", make(a=entry("Franck Allisio", wrong, bad)))
    assert (finding.line, finding.entry) == (5, "franck-allisio")
    assert "becomes 'Franck Allisio spoke.', not" in finding.message
    assert (
        "must stay as it is"
        in the("example-fails", make(a=entry("Franck Allisio", wrong, never))).message
    )


def test_an_example_that_tests_another_entry(make: Make) -> None:
    text = entry("Xavier Niel", example("Frank Alessio spoke.", "Franck Allisio spoke."))
    text += entry("Franck Allisio", "variants: [Frank Alessio]")

    assert the("example-off-topic", make(a=text)).entry == "xavier-niel"


def test_deprecated_entries_claim_nothing(make: Make) -> None:
    old = entry("Kamal Dawood", "status: deprecated", "variants: [Kamel Dawud]")
    new = entry("Kamel Daoud", "variants: [Kamal Dawood, Kamel Dawud]")

    assert lint(make(a=old + new)) == []


def test_a_comment_silences_a_finding(make: Make) -> None:
    text = entry("Mahboubi Tirane", "variants: [Proof]  # lint: allow common-form")

    assert lint(make(a=text)) == []


def test_every_finding_has_a_documented_code() -> None:
    import re

    source = Path(linting.__file__).read_text("utf-8")
    used = set(re.findall(r'(?:Finding|found|_from_error)\(\s*"([a-z-]+)"', source))
    used |= {"short-form", "common-form"}

    assert used == set(CODES)


FAULTY = """\
# Faults that need no judgement
- name: Benoi\u0302t  Payan   # the mayor
  type: person
  ar: [بنـــوا بایان, بنوا بايان]
  variants:
    - Benoit Payen  # often
    - Benoît Payan
  source: https://www.marseille.fr/
"""


def test_fix_mends_what_needs_no_judgement(make: Make) -> None:
    folder = make(a=FAULTY)

    mended = fix(folder)

    assert {finding.code for finding in mended} >= {"not-nfc", "tatweel", "foreign-letter"}
    assert lint(folder) == []
    text = (folder / "people/a.yaml").read_text("utf-8")
    assert "- name: Benoît Payan   # the mayor\n  id: benoit-payan\n" in text
    assert "ar: [بنوا بايان]\n" in text
    assert "  variants:\n    - Benoit Payen  # often\n  source:" in text


def test_fix_changes_nothing_the_second_time(make: Make) -> None:
    folder = make(a=FAULTY)
    fix(folder)
    before = (folder / "people/a.yaml").read_bytes()

    assert fix(folder) == []
    assert (folder / "people/a.yaml").read_bytes() == before
