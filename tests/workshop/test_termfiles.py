"""Term files are changed without touching what is not concerned."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.config import PROJECT_DIR
from service.errors import GlossaryError
from service.names.glossary import load_glossary
from service.names.workshop.termfiles import (
    TermFile,
    append_entries,
    find_entry,
    plain,
    render_entry,
    scalar,
    set_field,
    term_paths,
)
from tests.workshop.conftest import PAYAN, Make

VASSAL = {"id": "martine-vassal", "name": "Martine Vassal", "type": "person", "gender": "f"}


def changed_lines(before: str, after: str) -> list[str]:
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]


def test_every_value_is_read_as_text(make: Make) -> None:
    folder = make(a="- id: x\n  name: No\n  type: person\n  since: 2026-11-28\n  notes: ~\n")

    (entry,) = TermFile.read(folder / "people/a.yaml", folder).entries

    assert entry.value == {
        "id": "x",
        "name": "No",
        "type": "person",
        "since": "2026-11-28",
        "notes": None,
    }


def test_a_value_is_found_on_its_line(make: Make) -> None:
    folder = make(a=PAYAN)

    first, second = TermFile.read(folder / "people/a.yaml", folder).entries

    assert (first.line, first.line_of("ar", 0), second.line_of("name")) == (4, 7, 13)


def test_an_added_entry_adds_lines_and_changes_none(make: Make) -> None:
    folder = make(a=PAYAN)
    path = folder / "people/a.yaml"

    append_entries(path, folder, [VASSAL])

    assert changed_lines(PAYAN, path.read_text("utf-8")) == [
        "+",
        "+- id: martine-vassal",
        "+  name: Martine Vassal",
        "+  type: person",
        "+  gender: f",
    ]


def test_a_new_file_points_to_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "people" / "deep" / "mayors.yaml"

    append_entries(path, tmp_path, [VASSAL])

    assert path.read_text("utf-8").startswith(
        "# yaml-language-server: $schema=../../schema.json\n# Mayors\n"
    )
    assert [entry.name for entry in load_glossary(tmp_path).entries] == ["Martine Vassal"]


def test_an_indented_list_goes_on_with_its_indent(make: Make) -> None:
    folder = make(a="  - id: x\n    name: Xavier Niel\n    type: person\n")

    append_entries(folder / "people/a.yaml", folder, [VASSAL])

    assert "\n  - id: martine-vassal\n    name: Martine Vassal\n" in (
        folder / "people/a.yaml"
    ).read_text("utf-8")


def test_entries_below_a_key_keep_their_comments(make: Make) -> None:
    text = "# head\nentries:\n- id: x  # why\n  name: Xavier Niel\n  type: person\ndescription: d\n"
    folder = make(a=text)

    append_entries(folder / "people/a.yaml", folder, [VASSAL])

    after = (folder / "people/a.yaml").read_text("utf-8")
    assert "# head" in after
    assert "# why" in after
    assert [entry.id for entry in load_glossary(folder).entries] == ["x", "martine-vassal"]


def test_a_json_file_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text('[{"id": "x", "name": "Xavier Niel", "type": "person"}]', "utf-8")

    append_entries(path, tmp_path, [VASSAL])

    assert [entry["id"] for entry in json.loads(path.read_text("utf-8"))] == ["x", "martine-vassal"]


def test_a_changed_value_keeps_the_comment_behind_it(make: Make) -> None:
    folder = make(a=PAYAN)
    path = folder / "people/a.yaml"

    set_field(path, folder, "benoit-payan", "ar", ["بنوا بايان", "بونوا بايان"])

    assert changed_lines(PAYAN, path.read_text("utf-8")) == [
        "-  ar: [بنوا بايان]           # as Al Jazeera has it",
        "+  ar: [بنوا بايان, بونوا بايان]           # as Al Jazeera has it",
    ]


def test_a_new_field_takes_its_place_in_the_order(make: Make) -> None:
    folder = make(a=PAYAN)
    path = folder / "people/a.yaml"

    set_field(path, folder, "benoit-payan", "variants", ["Benoit Payen"])

    assert changed_lines(PAYAN, path.read_text("utf-8")) == ["+  variants: [Benoit Payen]"]
    lines = path.read_text("utf-8").splitlines()
    assert lines[lines.index("  variants: [Benoit Payen]") - 1].startswith("  ar:")


def test_an_item_is_added_to_a_block_list_in_its_style(make: Make) -> None:
    text = (
        "- id: x\n  name: Xavier Niel\n  type: person\n"
        "  context:\n    - Free      # his firm\n    - Iliad\n  gender: m\n"
    )
    folder = make(a=text)
    path = folder / "people/a.yaml"

    set_field(path, folder, "x", "context", ["Free", "Iliad", "Le Monde"])

    assert changed_lines(text, path.read_text("utf-8")) == ["+    - Le Monde"]


def test_a_file_from_windows_keeps_its_line_ends(make: Make) -> None:
    folder = make()
    path = folder / "people" / "a.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xef\xbb\xbf" + PAYAN.replace("\n", "\r\n").encode())

    append_entries(path, folder, [VASSAL])
    set_field(path, folder, "benoit-payan", "gender", "m")

    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert [entry.id for entry in load_glossary(folder).entries][-1] == "martine-vassal"


def test_a_field_is_taken_out_with_its_line(make: Make) -> None:
    folder = make(a=PAYAN)
    path = folder / "people/a.yaml"

    set_field(path, folder, "michele-rubirola", "context", [])

    assert changed_lines(PAYAN, path.read_text("utf-8")) == ["-  context: [mayor, Marseille]"]


def test_an_unknown_entry_is_said(make: Make) -> None:
    folder = make(a=PAYAN)

    with pytest.raises(GlossaryError, match="no entry 'nobody'"):
        set_field(folder / "people/a.yaml", folder, "nobody", "notes", "x")


def test_an_entry_is_found_by_its_id(make: Make) -> None:
    found = find_entry(make(a=PAYAN), "michele-rubirola")

    assert found is not None
    assert (found[0].name, found[1].line) == ("people/a.yaml", 12)


def test_the_house_style_and_schemas_are_no_term_files(make: Make) -> None:
    folder = make(a=PAYAN, _draft="- nonsense")
    (folder / "style.yaml").write_text("style: {}\n")
    (folder / "schema.json").write_text("{}")

    assert [path.name for path in term_paths(folder)] == ["a.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "No",
        "null",
        "~",
        "- x",
        "a: b",
        "x # y",
        "'t Hooft",
        "1.5",
        "2026-11-28",
        "@a",
        "",
        " a",
        "é",
    ],
)
def test_a_text_that_yaml_would_misread_is_quoted(text: str) -> None:
    import yaml

    node = yaml.compose(f"key: {scalar(text)}\n", Loader=yaml.SafeLoader)

    assert plain(node) == {"key": text}


@settings(max_examples=40, deadline=None)
@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
    forms=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=4),
)
@example(name="0", forms=[":0"])
def test_what_is_written_reads_back(
    name: str, forms: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("glossary")
    value = {"id": "x", "name": name, "type": "person", "context": forms}
    path = folder / "a.yaml"

    append_entries(path, folder, [value])

    (entry,) = TermFile.read(path, folder).entries
    assert entry.value == {key: item for key, item in value.items() if item}


def test_the_shipped_files_are_written_as_a_program_would_write_them() -> None:
    folder = PROJECT_DIR / "glossary"
    for path in term_paths(folder):
        file = TermFile.read(path, folder)
        blocks = ["\n" + render_entry(entry.value) for entry in file.entries]

        assert file.text.endswith("".join(blocks)), path
