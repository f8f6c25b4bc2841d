"""Glossaries made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make(a="- id: …")` writes people/a.yaml and gives the glossary's folder."""

    def write(**files: str) -> Path:
        folder = tmp_path / "glossary"
        for name, text in files.items():
            path = folder / "people" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write


PAYAN = """\
# yaml-language-server: $schema=../schema.json
# The town hall

- id: benoit-payan          # the mayor
  name: Benoît Payan
  type: person
  ar: [بنوا بايان]           # as Al Jazeera has it
  context: [mayor, Marseille]
  source: https://www.marseille.fr/

# His predecessor
- id: michele-rubirola
  name: Michèle Rubirola
  type: person
  context: [mayor, Marseille]
  source: https://www.marseille.fr/
"""
