"""The speed report measures every system on the same texts, and names what it measured."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from benchmarks.names_speed import main


def test_a_line_per_size_with_positive_figures(tmp_path: Path) -> None:
    out = tmp_path / "speed.md"
    arguments = ["--sizes", "60,120", "--passages", "2", "--rounds", "1", "--out", str(out)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert out.read_text(encoding="utf-8") == result.output
    rows = re.findall(r"^\| (?:60|120) \|.*$", result.output, re.MULTILINE)
    assert len(rows) == 2
    for row in rows:
        speeds = [float(cell.replace(",", "")) for cell in row.strip("| ").split(" | ")[1:3]]
        assert min(speeds) > 0


def test_a_size_that_cannot_hold_the_texts_entries_is_refused() -> None:
    result = CliRunner().invoke(main, ["--sizes", "3", "--passages", "6"])
    assert result.exit_code == 2
    assert "too few" in result.output
