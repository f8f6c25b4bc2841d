"""`python -m service files`: documents translated into documents of the same kind."""

from __future__ import annotations

from pathlib import Path

import click

from service.commands._runtime import chosen_glossary, glossary_option, ready_pipeline
from service.documents import segment_translator
from service.errors import ServiceError
from service.pipeline import Pipeline, Request
from service.text.files import SUPPORTED, translate_file


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the translations; default: beside each file.",
)
@click.option("--source", metavar="CODE", help="Source language, e.g. fr; default: detected.")
@click.option("--target", metavar="CODE", default="en", show_default=True)
@glossary_option
def files(
    files: tuple[Path, ...],
    out_dir: Path | None,
    source: str | None,
    target: str,
    glossary: str | None,
) -> None:
    """Translate FILES and write each as NAME_en.ENDING.

    Formatting, tags, code, tables, timings and everything else that is not text stays as it is.
    Kinds of files: .txt .html .htm .md .markdown .srt .docx .odt.

    \b
    Examples:
      python -m service files story.docx
      python -m service files --source ar --out-dir english/ *.html
    """
    directory, which = chosen_glossary(glossary)
    unknown = [path for path in files if path.suffix.lower() not in SUPPORTED]
    if unknown:
        raise click.BadParameter(
            f"{unknown[0]}: only files ending in {' '.join(SUPPORTED)} are translated.",
            param_hint="FILES",
        )
    request = Request("", source=source, target=target, glossary=which)
    with ready_pipeline(directory) as pipeline:
        failures = sum(not _translated(pipeline, path, out_dir, request) for path in files)
    if failures:
        click.echo(f"{failures:,} file(s) failed.", err=True)
        raise SystemExit(1)


def _translated(pipeline: Pipeline, path: Path, out_dir: Path | None, request: Request) -> bool:
    """Translate one file; False, and a line on standard error, where that failed."""
    folder = out_dir or path.parent
    written = folder / f"{path.stem}_{request.target}{path.suffix}"
    try:
        content = translate_file(
            path, path.name, segment_translator(pipeline, request), target=request.target
        )
    except ServiceError as error:
        click.echo(f"error: {path}: {error.detail}", err=True)
        return False
    folder.mkdir(parents=True, exist_ok=True)
    written.write_bytes(content)
    click.echo(str(written))
    return True
