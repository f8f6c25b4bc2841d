"""`python -m service files`: on the built-in packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import cli

PAGE = '<!doctype html><html lang="fr"><p>Le <b>ministre</b> est arrivé à Marseille.</p></html>'


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RELAIS_PACKAGES_DIR", str(tmp_path / "packages"))


def test_files_are_written_beside_their_sources_or_in_a_folder(tmp_path: Path) -> None:
    page, note = tmp_path / "page.html", tmp_path / "note.txt"
    page.write_text(PAGE)
    note.write_text("Le ministre est là.\n\n\tLe ministre part.\n")
    result = CliRunner().invoke(cli, ["files", str(page), "--source", "fr"])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "page_en.html")
    written = (tmp_path / "page_en.html").read_text()
    assert written.startswith('<!doctype html><html lang="en"><p>')
    assert "<b>" in written
    assert "Marseille" in written

    folder = tmp_path / "english"
    result = CliRunner().invoke(cli, ["files", str(note), "--out-dir", str(folder)])
    assert result.exit_code == 0, result.output
    assert "\n\n\t" in (folder / "note_en.txt").read_text()


def test_a_damaged_file_is_named_and_the_others_are_written(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.docx", tmp_path / "good.txt"
    bad.write_bytes(b"not a zip")
    good.write_text("Le ministre est là.")
    result = CliRunner().invoke(cli, ["files", str(bad), str(good)])
    assert result.exit_code == 1
    assert f"error: {bad}: Not an intact document" in result.stderr
    assert (tmp_path / "good_en.txt").exists()
    assert not (tmp_path / "bad_en.docx").exists()


def test_other_kinds_of_files_are_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF")
    result = CliRunner().invoke(cli, ["files", str(path)])
    assert result.exit_code == 2
    assert ".docx" in result.stderr
