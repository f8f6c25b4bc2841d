"""The commands as an editor types them: their help, their output, their exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from service.commands.glossary import glossary
from service.config import PROJECT_DIR
from service.errors import Conflict
from service.names.glossary import load_glossary
from tests.workshop.conftest import PAYAN, Make

DOCUMENT = PROJECT_DIR / "docs" / "glossary.md"
WRONG = """\
- id: franck-allisio
  name: Franck Allisio
  type: person
  variants: [Frank Alessio]
  source: https://example.org/
  examples:
    - in:  Frank Alessio spoke.
      out: Franck Allisio sang.
"""
RIGHT = WRONG.replace("sang", "spoke")


def run(*arguments: object, text: str | None = None) -> Result:
    return CliRunner().invoke(glossary, [str(argument) for argument in arguments], input=text)


def names() -> list[str]:
    return sorted(glossary.commands)


@pytest.mark.parametrize("name", names())
def test_every_command_teaches_by_example(name: str) -> None:
    result = run(name, "--help")

    assert result.exit_code == 0
    assert f"python -m service glossary {name}" in result.output
    command = glossary.commands[name]
    options = [option for option in command.params if isinstance(option, click.Option)]
    undocumented = [option.name for option in options if not option.help]
    assert set(undocumented) <= {"type_", "types", "gender"}


@pytest.mark.parametrize("name", names())
def test_every_command_is_in_the_document(name: str) -> None:
    assert f"\n## `{name}`" in DOCUMENT.read_text("utf-8")


def test_lint_of_a_good_glossary(make: Make) -> None:
    result = run("lint", "--glossary", make(a=PAYAN))

    assert (result.exit_code, result.output) == (0, "0 errors, 0 warnings\n")


def test_lint_names_file_line_and_entry(make: Make) -> None:
    result = run("lint", "--glossary", make(a=WRONG))

    assert result.exit_code == 1
    assert result.output.startswith("people/a.yaml:7: error: franck-allisio: ")
    assert result.output.endswith("[example-fails]\n1 error, 0 warnings\n")
    assert run("lint", "--glossary", make(a=WRONG), "--no-examples").exit_code == 0


def test_lint_as_json(make: Make) -> None:
    result = run("lint", "--format", "json", "--glossary", make(a=WRONG))

    (finding,) = json.loads(result.output)
    assert (finding["code"], finding["line"], finding["severity"]) == ("example-fails", 7, "error")


def test_lint_as_annotations(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(a="- id: x\n  name: X: Y\n")
    monkeypatch.chdir(folder.parent)

    output = run("lint", "--format", "github", "--glossary", "glossary").output

    assert re.fullmatch(
        r"::error file=glossary/people/a\.yaml,line=2,title=glossary unreadable::The file .+\n",
        output,
    )


def test_warnings_fail_only_when_asked(make: Make) -> None:
    folder = make(a=PAYAN.replace("  source: https://www.marseille.fr/\n", "", 1))

    assert run("lint", "--glossary", folder).exit_code == 0
    assert run("lint", "--strict", "--glossary", folder).exit_code == 1


def test_lint_fix_says_what_it_mended(make: Make) -> None:
    folder = make(a=PAYAN.replace("Benoît Payan", "Benoi\u0302t Payan"))

    result = run("lint", "--fix", "--glossary", folder)

    assert result.exit_code == 0
    assert "people/a.yaml:5: mended:" in result.stderr
    assert (folder / "people/a.yaml").read_text("utf-8") == PAYAN


def test_lint_lists_its_codes() -> None:
    assert "variant-is-name" in run("lint", "--codes").output


def test_test_shows_text_wanted_and_got(make: Make) -> None:
    result = run("test", "--glossary", make(a=WRONG))

    assert result.exit_code == 1
    assert "  wanted: Franck Allisio sang.\n  got:    Franck Allisio spoke.\n" in result.output
    assert "1 example, 1 failed; 0 clean sentences, 0 changed\n" in result.output


def test_test_runs_clean_sentences(make: Make) -> None:
    folder = make(a=RIGHT)
    (folder / "tests").mkdir()
    (folder / "tests" / "clean.txt").write_text("The sun shone.\nFrank Alessio bakes.\n")

    result = run("test", "--json", "--glossary", folder)

    report = json.loads(result.output)
    assert result.exit_code == 1
    assert (report["examples"], report["clean"]) == (1, 2)
    assert report["failures"][0]["line"] == 2


def test_test_of_one_entry(make: Make) -> None:
    folder = make(a=RIGHT, b=PAYAN)

    assert (
        "1 example, 0 failed"
        in run("test", "--entry", "franck-allisio", "--glossary", folder).output
    )
    assert (
        "Perhaps franck-allisio." in run("test", "--entry", "allisio", "--glossary", folder).output
    )


def test_explain_reads_an_argument_or_standard_input(make: Make) -> None:
    folder = make(a=RIGHT)

    for result in (
        run("explain", "Frank Alessio spoke.", "--glossary", folder),
        run("explain", "--glossary", folder, text="Frank Alessio spoke.\n"),
    ):
        assert result.output.startswith("Franck Allisio spoke.\n")
        assert "Frank Alessio  ->  Franck Allisio   [franck-allisio, full," in result.output
        assert "the glossary lists this wrong form" in result.output


def test_explain_tells_the_names_of_an_arabic_text(make: Make) -> None:
    folder = make(a=RIGHT.rstrip() + "\n  ar: [فرانك أليسيو]\n")
    result = run("explain", "قال فرانك أليسيو", "--glossary", folder)
    assert "فرانك أليسيو  is carried through as Franck Allisio   [franck-allisio]" in result.output


def test_explain_without_a_text_says_what_to_give(make: Make) -> None:
    result = run("explain", "--glossary", make(a=RIGHT), text="\n")
    assert result.exit_code == 2
    assert "Give a text, as an argument or on standard input." in result.output


def test_explain_as_json(make: Make) -> None:
    result = run("explain", "--json", "Frank Alessio spoke.", "--glossary", make(a=RIGHT))

    report = json.loads(result.output)
    assert report["text"] == "Franck Allisio spoke."
    assert report["names"][0]["entry"] == "franck-allisio"


def test_add_writes_the_entry_and_shows_what_is_near(make: Make) -> None:
    folder = make(a=PAYAN)

    result = run(
        "add", "Benoît Paillan", "--context", "Marseille", "--gender", "m", "--glossary", folder
    )

    assert result.exit_code == 0, result.output
    assert "Near to: Benoît Payan [benoit-payan, people/a.yaml:4]" in result.output
    assert "Relays may write: " in result.output
    assert load_glossary(folder).by_id("benoit-paillan") is not None
    assert (folder / "people/a.yaml").read_text("utf-8").startswith(PAYAN)


def test_add_can_be_tried(make: Make) -> None:
    folder = make(a=PAYAN)

    result = run("add", "Martine Vassal", "--dry-run", "--glossary", folder)

    assert "Not written; it would go into people/" in result.output
    assert (folder / "people/a.yaml").read_text("utf-8") == PAYAN


def test_add_refuses_a_name_that_is_there(make: Make) -> None:
    result = run("add", "Benoit Payan", "--glossary", make(a=PAYAN))

    assert isinstance(result.exception, Conflict)


def test_diff_of_two_folders(make: Make, tmp_path: Path) -> None:
    folder = make(a=RIGHT)
    new = tmp_path / "new"
    new.mkdir()
    (new / "a.yaml").write_text(PAYAN)
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": "s1", "text": "Frank Alessio spoke."}\n')

    result = run("diff", folder, new, "--on", texts, "--glossary", folder, "--exit-code")

    assert result.exit_code == 1
    assert "  - franck-allisio\n" in result.output
    assert "1 changed sentence in 1 text" in result.output
    assert "s1  [franck-allisio]" in result.output


def test_diff_without_texts_says_how_to_give_them(make: Make) -> None:
    folder = make(a=RIGHT)
    result = run("diff", folder, folder, "--glossary", folder)
    assert "no entry differs" in result.output
    assert "give texts with --on" in result.output


def test_an_import_of_many_known_names_does_not_tell_each(make: Make, tmp_path: Path) -> None:
    names = [f"Person {letter * 3}" for letter in "abcdefghijklmnopqrstuvwxy"]
    entries = (f"- {{id: p{n}, name: {name}, type: person}}\n" for n, name in enumerate(names))
    folder, table = make(a="".join(entries)), tmp_path / "list.csv"
    table.write_text("\n".join(["name", *names]), "utf-8")
    result = run("import", table, "--into", "people/in.yaml", "--glossary", folder)
    assert result.output.count("left as it is") == 20
    assert "... and 5 more that have an entry already." in result.output
    assert "25 read, 0 written into people/in.yaml, 25 known already." in result.output


def test_mine_writes_proposals(make: Make, tmp_path: Path) -> None:
    folder = make(a=PAYAN)
    stories = tmp_path / "stories"
    stories.mkdir()
    (stories / "a.txt").write_text("We saw Zoé Marchadier. Then Zoe Marchadier left.")

    result = run("mine", stories, "--write", "people/mined.yaml", "--glossary", folder)

    assert result.exit_code == 0, result.output
    assert "Zoé Marchadier  (new; 2 times in 1 texts)" in result.output
    assert "a.txt: We saw Zoé Marchadier." in result.output
    entry = load_glossary(folder).by_id("zoe-marchadier")
    assert entry is not None
    assert (entry.status, entry.file) == ("proposed", "people/mined.yaml")


def test_mine_adds_forms_to_known_entries_when_asked(make: Make, tmp_path: Path) -> None:
    folder = make(a=PAYAN)
    right, relayed = tmp_path / "right.txt", tmp_path / "relayed.txt"
    right.write_text("Then Benoît Payan spoke.")
    relayed.write_text("Then Binwa Bayanni spoke.")
    arguments = ["mine", relayed, "--right", right, "--glossary", folder]

    shown = run(*arguments, "--json")
    run(*arguments, "--write", "people/mined.yaml", "--variants")

    finds = json.loads(shown.output)
    entry = load_glossary(folder).by_id("benoit-payan")
    assert entry is not None
    assert list(entry.variants) == [form for find in finds for form in find["variants"]]
    assert (folder / "people/a.yaml").read_text("utf-8").startswith("# yaml-language-server")


@pytest.mark.parametrize("ending", ["tbx", "tmx", "csv", "tsv"])
def test_export_and_import_give_the_same_glossary(make: Make, tmp_path: Path, ending: str) -> None:
    folder, other = make(a=PAYAN + RIGHT), tmp_path / "other"
    other.mkdir()
    target = tmp_path / f"names.{ending}"

    assert run("export", target, "--glossary", folder).exit_code == 0
    result = run("import", target, "--into", "people/in.yaml", "--reviewed", "--glossary", other)

    assert "3 read, 3 written into people/in.yaml, 0 known already.\n" in result.output
    strip = ("file", "line")
    before, after = (
        [
            {key: getattr(entry, key) for key in entry.__slots__ if key not in strip}
            for entry in load_glossary(place).entries
        ]
        for place in (folder, other)
    )
    assert before == after


def test_an_import_is_proposed_and_leaves_known_names_alone(make: Make, tmp_path: Path) -> None:
    folder = make(a=PAYAN)
    table = tmp_path / "list.csv"
    table.write_text("name,ar\nBenoit Payan,\nMartine Vassal,مارتين فاسال\n", "utf-8")
    arguments = ["import", table, "--into", "people/in.yaml", "--glossary", folder]

    tried = run(*arguments, "--dry-run")
    assert "2 read, 1 would be written into people/in.yaml, 1 known already." in tried.output
    assert not (folder / "people/in.yaml").exists()

    result = run(*arguments)

    assert "Benoit Payan: has an entry already (benoit-payan)" in result.stderr
    entry = load_glossary(folder).by_id("martine-vassal")
    assert entry is not None
    assert entry.status == "proposed"


def test_nothing_is_imported_outside_the_glossary(make: Make, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("name\nMartine Vassal\n")

    result = run("import", table, "--into", "../x.yaml", "--glossary", make(a=PAYAN))

    assert result.exit_code == 2
    assert "no term file" in result.output


def test_export_to_standard_output(make: Make) -> None:
    folder = make(a=PAYAN)

    assert "benoit-payan" in run("export", "-", "--format", "tsv", "--glossary", folder).output
    assert run("export", "-", "--glossary", folder).exit_code == 2


def test_export_says_what_a_format_does_not_hold(make: Make, tmp_path: Path) -> None:
    result = run("export", tmp_path / "a.utf8", "--glossary", make(a=PAYAN))

    assert "does not hold id, status, variants" in result.output


def test_a_broken_glossary_is_one_line_and_status_three(make: Make) -> None:
    folder = make(a="- id: x\n  name: X: Y\n")

    done = subprocess.run(
        [sys.executable, "-m", "service", "glossary", "test", "--glossary", str(folder)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert "people/a.yaml:2" in done.stderr
