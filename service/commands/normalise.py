"""`python -m service normalise`: put the names of English text right, without translating."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click

from service.commands.lines import LineItem, read_json_lines, standard_input
from service.config import Settings
from service.names.glossary import Glossary, load_glossary
from service.names.normalise import Normalised
from service.names.normalise import normalise as normalise_names
from service.names.report import NameReport
from service.serialise import name_to_json


@click.command()
@click.argument("files", nargs=-1, type=click.File("r", encoding="utf-8", errors="surrogateescape"))
@click.option(
    "--glossary",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of term files (YAML or JSON); by default the one of the settings.",
)
@click.option(
    "--jsonl",
    is_flag=True,
    help='Read lines {"id","text","language"}, write {"id","text","names","glossary"}.',
)
@click.option("--report", is_flag=True, help="Say on standard error what was changed, and why.")
def normalise(files: tuple[TextIO, ...], directory: Path | None, jsonl: bool, report: bool) -> None:
    """Put the names of each FILE, or of standard input, right and print the text.

    The text is taken as it is: English that was written or translated elsewhere.

    \b
    Examples:
      python -m service normalise --report relayed.txt
      python -m service normalise --glossary glossary --jsonl < texts.jsonl

    With --jsonl each line's names are listed with their start and end (half-open character
    offsets into the text as it came), surface, replacement, entry, kind, score, evidence, and
    whether the change was applied or is only suggested.
    """
    glossary = load_glossary(directory or Settings.load().glossary_dir)
    sources = files or (standard_input(),)
    if jsonl:
        items = (item for source in sources for item in read_json_lines(source))
        failed = False
        for item in items:
            line, good = _line(item, glossary)
            failed = failed or not good
            click.echo(json.dumps(line, ensure_ascii=False))
        if failed:
            raise SystemExit(1)
        return
    for source in sources:
        result = normalise_names(source.read(), glossary)
        click.echo(result.text, nl=False)
        if report:
            _print_report(result)


def _line(item: LineItem, glossary: Glossary) -> tuple[dict[str, object], bool]:
    """The result of one input line, and whether it could be worked on."""
    if item.error is not None:
        return item.error_line(), False
    try:
        item.text.encode("utf-8")
    except UnicodeEncodeError as error:
        detail = f"The text holds a lone surrogate at character {error.start}."
        problem = {"code": "invalid_text", "detail": detail, "line": item.number}
        return {"id": item.id, "error": problem}, False
    result = normalise_names(item.text, glossary, language=item.language or "en")
    return {
        "id": item.id,
        "text": result.text,
        "names": [name_to_json(name) for name in result.names],
        "glossary": glossary.version,
    }, True


def _print_report(result: Normalised) -> None:
    for name in result.names:
        click.echo(_sentence(name), err=True)


def _sentence(name: NameReport) -> str:
    """One line about one name, for people."""
    why = ", ".join(f"{evidence.code}={evidence.value}" for evidence in name.evidence)
    verb = "->" if name.applied else "?>"
    return (
        f"{name.start}-{name.end}  {name.surface} {verb} {name.replacement}  "
        f"[{name.kind}, {name.score:.2f}]  {why}"
    )
