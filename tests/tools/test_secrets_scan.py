"""The secret scan fails where a secret was left, and nowhere else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.secrets_scan import tracked, unknown

#: Put together here, so that this file holds none.
PLANTED = {
    "AWS Access Key": "key = '" + "AKIA" + "Q3EXAMPLE7ABCDE2'",
    "Private Key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "Basic Auth Credentials": "url = 'postgresql://relais:" + "hunter2hunter2@db/relais'",
    "GitHub Token": "token: " + "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "Secret Keyword": "pass" + "word = 'Zx81-Spectrum-48k'",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree with one harmless file, and a baseline of it."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "app.py").write_text("name = 'Relais'\n")
    unknown(tmp_path, update=True)
    return tmp_path


def test_a_tree_without_secrets_passes(tree: Path) -> None:
    assert unknown(tree) == []


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_with_its_place(tree: Path, kind: str) -> None:
    (tree / "config.py").write_text(f"# of the service\n{PLANTED[kind]}\n")

    assert f"config.py:2: {kind}" in unknown(tree)


def test_what_was_looked_at_passes_on_any_line_and_a_new_secret_does_not(tree: Path) -> None:
    file = tree / "test_keys.py"
    file.write_text(PLANTED["Secret Keyword"])
    unknown(tree, update=True)
    file.write_text("\n\n" + PLANTED["Secret Keyword"])
    assert unknown(tree) == []

    file.write_text(PLANTED["Secret Keyword"].replace("48k", "128k"))
    assert unknown(tree) == ["test_keys.py:1: Secret Keyword"]


def test_a_secret_is_not_written_into_the_baseline(tree: Path) -> None:
    (tree / "config.py").write_text(PLANTED["Secret Keyword"])
    unknown(tree, update=True)

    assert "Spectrum" not in (tree / ".secrets.baseline").read_text()
    assert str(tree) not in (tree / ".secrets.baseline").read_text()


def test_files_that_git_passes_over_are_not_read_and_new_ones_are(tree: Path) -> None:
    (tree / ".gitignore").write_text("var/\n")
    (tree / "var").mkdir()
    (tree / "var" / "config.py").write_text(PLANTED["Private Key"])
    (tree / "naïf é.py").write_text("")

    assert set(tracked(tree)) == {".gitignore", "app.py", "naïf é.py"}
