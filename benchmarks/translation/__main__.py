"""`python -m benchmarks.translation`: are the names of a source text right in its English?"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path
from typing import Literal

import click

from benchmarks.names.report import header, table
from benchmarks.translation.score import Tally, judge
from benchmarks.translation.stories import Story, framed, read_examples, read_marked
from service.commands._runtime import ready_pipeline
from service.config import PROJECT_DIR
from service.errors import ServiceError
from service.names.glossary import load_glossary
from service.pipeline import Pipeline, Request

DATA = Path(__file__).parent / "data"
KINDS = ("full", "surname", "place", "organisation", "work", "term")


@click.command()
@click.option(
    "--glossary",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT_DIR / "glossary",
    help="Folder of term files.  [default: the project's own]",
)
@click.option(
    "--entries",
    default=0,
    show_default=True,
    help="Measure so many entries as well, each in a sentence of its own.",
)
@click.option("--bare", is_flag=True, help="Measure the model without a glossary too.")
@click.option("--show-errors", is_flag=True, help="List every name that is not right.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a file too.")
def main(glossary: Path, entries: int, bare: bool, show_errors: bool, out: Path | None) -> None:
    """Translate stories whose names are marked, and count the names that come out right."""
    loaded = load_glossary(glossary)
    stories = [
        *read_examples(PROJECT_DIR / "examples", loaded),
        *(
            story
            for path in sorted(DATA.glob("*.txt"))
            for story in read_marked(path.read_text("utf-8"), path.stem, loaded)
        ),
    ]
    sample = list(loaded.entries)
    random.Random(1).shuffle(sample)
    frames = [story for language in ("ar", "fr") for story in framed(sample[:entries], language)]
    with ready_pipeline(glossary) as pipeline:
        tallies = {"stories": measure(pipeline, stories, "default")}
        if bare:
            tallies["stories, no glossary"] = measure(pipeline, stories, "none")
        if frames:
            tallies["one entry a sentence"] = measure(pipeline, frames, "default")
    models = sorted(tallies["stories"].models)
    parts = [header("Names in translation"), f"Packages: {', '.join(models)}."]
    for title, tally in tallies.items():
        parts += [f"## {title}", outcomes(tally)]
        if tally.unknown:
            parts.append(consistency(tally))
    report = "\n\n".join(parts) + "\n"
    sys.stdout.write(report)
    if show_errors:
        for title, tally in tallies.items():
            sys.stdout.write(errors(title, tally))
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(report, encoding="utf-8")


def measure(
    pipeline: Pipeline, stories: list[Story], glossary: Literal["default", "none"]
) -> Tally:
    """Translate all stories in one call and judge each."""
    tally = Tally()
    requests = [Request(story.text, story.language, glossary=glossary) for story in stories]
    for story, result in zip(stories, pipeline.translate(requests), strict=True):
        if isinstance(result, ServiceError):
            raise result
        tally.models.add(result.model)
        judge(story, result, tally)
    return tally


def outcomes(tally: Tally) -> str:
    """The table by language and kind."""
    counts = tally.counts()
    rows = []
    for language in ("ar", "fr"):
        total: Counter[str] = Counter()
        for kind in KINDS:
            if found := counts.get((language, kind)):
                total += found
                rows.append([language, kind, *_figures(found)])
        if total:
            rows.append([language, "all", *_figures(total)])
    head = ["source", "kind", "names", "right", "surname only", "wrong or lost", "right, %"]
    return table(head, rows)


def _figures(found: Counter[str]) -> list[str]:
    total = found.total()
    share = f"{100 * found['right'] / total:.1f}"
    return [str(total), str(found["right"]), str(found["surname"]), str(found["wrong"]), share]


def consistency(tally: Tally) -> str:
    """How many unknown names come out at all, and in one spelling through their story."""
    parts = []
    for language, mentions in sorted(tally.unknown_mentions.items()):
        own = [
            spellings for (source, _, _), spellings in tally.unknown.items() if source == language
        ]
        often = [spellings for spellings in own if len(spellings) > 1]
        alike = sum(len(set(spellings)) == 1 for spellings in often)
        parts.append(
            f"{language}: {sum(map(len, own))} of {mentions} mentions came out; {alike} of "
            f"{len(often)} that came out twice are spelled alike"
        )
    return "Names that no entry knows, " + "; ".join(parts) + "."


def errors(title: str, tally: Tally) -> str:
    """Every name that is not right with its sentence."""
    lines = [f"\n# Not right: {title}"]
    for verdict in tally.verdicts:
        if verdict.outcome != "right":
            mention = verdict.mention
            lines.append(
                f"- {verdict.story} [{verdict.outcome}] {mention.surface} = {mention.printed!r}\n"
                f"  {verdict.source}\n  {verdict.english}"
            )
    for (language, story, name), spellings in tally.unknown.items():
        if len(set(spellings)) > 1:
            lines.append(f"- {story} [unknown, {language}] {name}: {', '.join(spellings)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
