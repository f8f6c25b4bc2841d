"""`python -m service detect`: which language a text is in."""

from __future__ import annotations

import json
from typing import TextIO

import click

from service.commands.lines import read_json_lines, standard_input
from service.serialise import detection_to_json
from service.text.detect import detect as detect_language


@click.command()
@click.argument("files", nargs=-1, type=click.File("r", encoding="utf-8", errors="surrogateescape"))
@click.option("--jsonl", is_flag=True, help='Read lines {"id","text"}, write one result line each.')
def detect(files: tuple[TextIO, ...], jsonl: bool) -> None:
    """Tell the language of each FILE, or of standard input.

    \b
    Examples:
      echo "Le maire a salué la foule." | python -m service detect
      python -m service detect --jsonl < texts.jsonl
    """
    sources = files or (standard_input(),)
    if jsonl:
        failed = False
        for item in (item for source in sources for item in read_json_lines(source)):
            if item.error is not None:
                failed = True
                click.echo(json.dumps(item.error_line(), ensure_ascii=False))
                continue
            line = {"id": item.id, **detection_to_json(detect_language(item.text))}
            click.echo(json.dumps(line, ensure_ascii=False))
        if failed:
            raise SystemExit(1)
        return
    for source in sources:
        found = detect_language(source.read())
        name = f"{source.name}: " if len(sources) > 1 else ""
        click.echo(f"{name}{found.language} {found.confidence:.3f}")
