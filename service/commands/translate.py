"""`python -m service translate`: files, standard input, JSON lines or plain lines to English."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

import click

from service.commands._runtime import (
    Progress,
    chosen_glossary,
    chunks,
    glossary_option,
    ready_pipeline,
)
from service.commands.lines import LineItem, read_json_lines, standard_input
from service.errors import ServiceError
from service.pipeline import Pipeline, Request, Translation
from service.serialise import translation_to_json

# One line in, one line out: lines are short, so more of them fill the model's batches.
LINES_AT_ONCE = 512

RequestMaker = Callable[..., Request]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", metavar="CODE", help="Source language, e.g. fr; default: detected.")
@click.option("--target", metavar="CODE", default="en", show_default=True)
@glossary_option
@click.option("--beam", type=click.IntRange(1, 16), help="Beam width; default: RELAIS_BEAM_SIZE.")
@click.option("--lines", is_flag=True, help="One line in, one line out, in order.")
@click.option("--jsonl", is_flag=True, help='Lines {"id","text","source"?} in, results out.')
@click.option("--explain", is_flag=True, help="With --jsonl: add sentences and the raw text.")
@click.option("--report", is_flag=True, help="Say on standard error which names were put right.")
def translate(
    files: tuple[Path, ...],
    source: str | None,
    target: str,
    glossary: str | None,
    beam: int | None,
    lines: bool,
    jsonl: bool,
    explain: bool,
    report: bool,
) -> None:
    """Translate FILES, or standard input, and put every name right.

    Each file's translation is written to standard output, with the paragraphs, lists and spacing
    of its source.

    \b
    Examples:
      python -m service translate story.txt
      python -m service translate --source ar --report < story.txt
      python -m service translate --jsonl < stories.jsonl > english.jsonl
      python -m service translate --source fr --target en --lines --glossary none < in > out
    """
    if lines and jsonl:
        raise click.UsageError("--lines and --jsonl exclude each other.")
    directory, which = chosen_glossary(glossary)

    def request(text: str, language: str | None = None) -> Request:
        return Request(text, source=language or source, target=target, glossary=which)

    with ready_pipeline(directory, beam) as pipeline:
        if jsonl:
            failures = _json_lines(pipeline, _open(files), request, explain)
        elif lines:
            failures = _plain_lines(pipeline, _open(files), request)
        else:
            failures = _documents(pipeline, _open(files), request, report)
    if failures:
        click.echo(f"{failures:,} item(s) failed.", err=True)
        raise SystemExit(1)


def _open(files: tuple[Path, ...]) -> Iterator[TextIO]:
    """Each file, or standard input where there is none, as UTF-8 text."""
    if not files:
        yield standard_input()
    for path in files:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            yield stream


def _documents(
    pipeline: Pipeline, sources: Iterable[TextIO], request: RequestMaker, report: bool
) -> int:
    failures = 0
    for source in sources:
        (result,) = pipeline.translate([request(source.read())])
        if isinstance(result, ServiceError):
            failures += 1
            click.echo(f"error: {source.name}: {result.detail}", err=True)
            continue
        sys.stdout.write(result.text)
        if result.text and not result.text.endswith("\n"):
            sys.stdout.write("\n")
        if report:
            _report(result)
    return failures


def _report(result: Translation) -> None:
    for name in result.names:
        verb = "put right" if name.applied else "suggested, left alone"
        reasons = ", ".join(evidence.code for evidence in name.evidence)
        click.echo(
            f"{verb}: {name.surface} → {name.replacement} (score {name.score:.2f}; {reasons})",
            err=True,
        )


def _plain_lines(pipeline: Pipeline, sources: Iterable[TextIO], request: RequestMaker) -> int:
    failures = 0
    progress = Progress("lines")
    for source in sources:
        for chunk in chunks((line.rstrip("\r\n") for line in source), LINES_AT_ONCE):
            results = pipeline.translate([request(line) for line in chunk])
            for line, result in zip(chunk, results, strict=True):
                if isinstance(result, ServiceError):
                    failures += 1
                    click.echo(f"error: {result.detail}", err=True)
                    sys.stdout.write(line + "\n")
                else:
                    sys.stdout.write(" ".join(result.text.splitlines()) + "\n")
            progress.add(len(chunk))
    progress.close()
    return failures


def _json_lines(
    pipeline: Pipeline, sources: Iterable[TextIO], request: RequestMaker, explain: bool
) -> int:
    failures = 0
    progress = Progress("texts")
    items = (item for source in sources for item in read_json_lines(source))
    for chunk in chunks(items):
        good = [item for item in chunk if item.error is None]
        answers = iter(pipeline.translate([request(item.text, item.language) for item in good]))
        for item in chunk:
            line = _result_line(item, next(answers) if item.error is None else None, explain)
            failures += "error" in line
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        progress.add(len(chunk))
    progress.close()
    return failures


def _result_line(
    item: LineItem, result: Translation | ServiceError | None, explain: bool
) -> dict[str, object]:
    if result is None:
        return item.error_line()
    if isinstance(result, ServiceError):
        return {"id": item.id, "error": {"code": result.code, "detail": result.detail}}
    return {"id": item.id, **translation_to_json(result, explain=explain)}
