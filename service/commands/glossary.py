"""`python -m service glossary …`: the commands with which editors keep the term files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from service.commands.lines import standard_input
from service.config import Settings
from service.names.glossary import TYPES, Glossary, load_glossary
from service.names.reasons import reasons
from service.names.workshop import check as checking
from service.names.workshop import diff as differing
from service.names.workshop import exchange
from service.names.workshop import explain as explaining
from service.names.workshop import lint as linting
from service.names.workshop import mine as mining
from service.names.workshop import propose as proposing
from service.names.workshop.exchange.common import Options
from service.names.workshop.forms import same, unique
from service.names.workshop.termfiles import KEY_ORDER, append_entries, find_entry, set_field

Command = TypeVar("Command", bound=Callable[..., Any])

#: Names of a list that have an entry already, of which `import` tells each by itself.
MOST_KNOWN = 20

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Directory(click.Path):
    """The glossary's folder; RELAIS_GLOSSARY_DIR, or glossary/ of this project, by default."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)


def in_glossary(command: Command) -> Command:
    """Add the option that names the glossary's folder."""
    return click.option(
        "--glossary",
        "directory",
        type=_Directory(),
        default=lambda: Settings.load().glossary_dir,
        show_default="RELAIS_GLOSSARY_DIR, or glossary/",
        help="The folder of term files.",
    )(command)


as_json = click.option("--json", "json_", is_flag=True, help="Write JSON instead of text.")


@click.group()
def glossary() -> None:
    """Keep the glossary: check it, try it, add to it, bring lists in and out.

    \b
    Before a merge:
      python -m service glossary lint
      python -m service glossary test
      python -m service glossary diff main glossary --on stories.jsonl
    A new name:
      python -m service glossary add "Franck Allisio" --type person --context Marseille
    A name that was not changed, or wrongly:
      python -m service glossary explain "Interior Minister Laurent Nonier spoke."
    """


# --- lint and test ----------------------------------------------------------------------------


@glossary.command()
@in_glossary
@click.option("--fix", is_flag=True, help="Mend what needs no judgement, then check.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations in CI.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.option("--no-examples", is_flag=True, help="Do not run the examples.")
@click.option("--codes", is_flag=True, help="List what is checked, and end.")
def lint(
    directory: Path, fix: bool, format_: str, strict: bool, no_examples: bool, codes: bool
) -> None:
    """Check every term file: its form, its characters, its examples, and entries against entries.

    A finding names the file, the line and the entry, and says what to do. A comment on the line
    silences it: "# lint: allow CODE".

    Exit status: 0 in order (warnings may remain), 1 something is to be mended.

    \b
    Examples:
      python -m service glossary lint
      python -m service glossary lint --fix
      python -m service glossary lint --format github
    """
    if codes:
        for code, meaning in linting.CODES.items():
            click.echo(f"{code:18} {meaning}")
        return
    if fix:
        for finding in linting.fix(directory):
            click.echo(f"{finding.file}:{finding.line}: mended: {finding.message}", err=True)
    findings = linting.lint(directory, examples=not no_examples)
    if format_ == "json":
        click.echo(json.dumps([dataclasses.asdict(item) for item in findings], indent=2))
    else:
        for finding in findings:
            click.echo(_lint_line(finding, directory, format_))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if format_ == "text":
        fixable = sum(finding.fixable for finding in findings)
        hint = f" ({fixable} of them can be mended with --fix)" if fixable else ""
        click.echo(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}{hint}")
    if errors or (strict and warnings):
        raise SystemExit(1)


def _lint_line(finding: linting.Finding, directory: Path, format_: str) -> str:
    if format_ == "github":
        place = os.path.relpath(directory / finding.file)
        message = f"{finding.entry}: {finding.message}" if finding.entry else finding.message
        return (
            f"::{finding.severity} file={_property(place)},line={finding.line},"
            f"title={_property('glossary ' + finding.code)}::{_github(message)}"
        )
    who = f"{finding.entry}: " if finding.entry else ""
    return (
        f"{finding.file}:{finding.line}: {finding.severity}: {who}{finding.message} "
        f"[{finding.code}]"
    )


def _github(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _github(text).replace(":", "%3A").replace(",", "%2C")


@glossary.command("test")
@in_glossary
@click.option("--entry", "entries", multiple=True, help="Only this entry's examples (repeatable).")
@click.option(
    "--clean",
    "corpora",
    multiple=True,
    type=_EXISTING,
    help="Sentences, one a line, in which nothing may change; default: tests/*.txt there.",
)
@as_json
def test_command(
    directory: Path, entries: tuple[str, ...], corpora: tuple[Path, ...], json_: bool
) -> None:
    """Run every entry's examples, and sentences in which nothing may be changed.

    Exit status: 0 all as they must be, 1 some are not.

    \b
    Examples:
      python -m service glossary test
      python -m service glossary test --entry amine-kessaci
      python -m service glossary test --clean my-own-sentences.txt
    """
    loaded = load_glossary(directory)
    chosen = loaded.entries
    if entries:
        chosen = tuple(_entry(loaded, name) for name in entries)
    examples = checking.run_examples(loaded, chosen)
    clean = checking.Outcome(0, ())
    if corpora or not entries:
        clean = checking.run_clean(loaded, corpora or checking.clean_corpora(directory))
    failures = (*examples.failures, *clean.failures)
    if json_:
        click.echo(
            json.dumps(
                {
                    "examples": examples.tried,
                    "clean": clean.tried,
                    "failures": [dataclasses.asdict(item) for item in failures],
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for failure in failures:
            click.echo(f"{failure.file}:{failure.line}: {failure.entry}")
            click.echo(f"  text:   {failure.before}")
            click.echo(f"  wanted: {failure.wanted}")
            click.echo(f"  got:    {failure.got}")
        click.echo(
            f"{_count(examples.tried, 'example')}, {len(examples.failures)} failed; "
            f"{_count(clean.tried, 'clean sentence')}, {len(clean.failures)} changed"
        )
    if failures:
        raise SystemExit(1)


# --- explain ----------------------------------------------------------------------------------


@glossary.command()
@in_glossary
@click.argument("text", required=False)
@click.option(
    "--language",
    type=click.Choice(["en", *explaining.SOURCES]),
    help="Language of the text; by default Arabic where its script is, else English.",
)
@as_json
def explain(directory: Path, text: str | None, language: str | None, json_: bool) -> None:
    """Say of each name in TEXT what matched, why, how sure, and what nearly matched.

    In a French or an Arabic text, the names are told that the translation would carry through.
    Without TEXT, standard input is read.

    \b
    Examples:
      python -m service glossary explain "Interior Minister Laurent Nonier spoke."
      python -m service glossary explain "قال لوران نونيز"
      python -m service glossary explain --language fr "Le maire d'Alep a parlé."
      python -m service glossary explain < relayed.txt
    """
    loaded = load_glossary(directory)
    source = text if text is not None else standard_input().read()
    if not source.strip():
        raise click.UsageError("Give a text, as an argument or on standard input.")
    language = language or explaining.script_language(source)
    result = explaining.explain(source, loaded, language=language)
    if json_:
        click.echo(json.dumps(_explanation(result), ensure_ascii=False, indent=2))
        return
    click.echo(result.text.rstrip("\n"))
    for report in result.names:
        click.echo(f"\n{explaining.describe(report)}")
        for line in reasons((item.code, item.value) for item in report.evidence):
            click.echo(f"    {line}")
    for anchor in result.found:
        printed = anchor.text or anchor.entry.name
        click.echo(f"\n{anchor.surface}  is carried through as {printed}   [{anchor.entry.id}]")
    for miss in result.misses:
        if miss.right:
            click.echo(f"\n{miss.span.text}  stands as in the glossary  [{miss.near[0].entry.id}]")
            continue
        click.echo(f"\n{miss.span.text}  no entry is near enough; the nearest:")
        for near in miss.near:
            click.echo(f"    {near.likeness:.2f}  {near.entry.name}  [{near.entry.id}]")
    if not result.names and not result.misses and not result.found:
        click.echo("\nno name of the glossary, and none near to one")


def _explanation(result: explaining.Explanation) -> dict[str, Any]:
    return {
        "text": result.text,
        "names": [dataclasses.asdict(report) for report in result.names],
        "found": [
            {
                "start": anchor.start,
                "end": anchor.end,
                "surface": anchor.surface,
                "entry": anchor.entry.id,
                "printed": anchor.text or anchor.entry.name,
            }
            for anchor in result.found
        ],
        "nearly": [
            {
                **dataclasses.asdict(miss.span),
                "right": miss.right,
                "entries": [
                    {"entry": near.entry.id, "name": near.entry.name, "likeness": near.likeness}
                    for near in miss.near
                ],
            }
            for miss in result.misses
        ],
    }


# --- add --------------------------------------------------------------------------------------


@glossary.command()
@in_glossary
@click.argument("name")
@click.option("--type", "type_", type=click.Choice(TYPES), default="person", show_default=True)
@click.option("--ar", multiple=True, help="An Arabic form you know (repeatable); else derived.")
@click.option("--fr", multiple=True, help="A French form other than the name (repeatable).")
@click.option("--context", multiple=True, help="An office, party, place ... (repeatable).")
@click.option("--gender", type=click.Choice(["f", "m"]))
@click.option("--source", help="The page that shows the right spelling.")
@click.option("--proposed", is_flag=True, help="Write it as proposed: it only suggests.")
@click.option("--file", help="The term file, e.g. people/marseille.yaml; default: the best match.")
@click.option("--dry-run", is_flag=True, help="Show the entry, write nothing.")
def add(
    directory: Path,
    name: str,
    type_: str,
    ar: tuple[str, ...],
    fr: tuple[str, ...],
    context: tuple[str, ...],
    gender: str | None,
    source: str | None,
    proposed: bool,
    file: str | None,
    dry_run: bool,
) -> None:
    """Propose an entry for NAME, show what it is near to, and write it into its file.

    The Arabic forms are derived unless you give them; look them over. Comments and order of the
    file stay as they are.

    Exit status: 0 written, 3 it could not be (the name has an entry, say).

    \b
    Examples:
      python -m service glossary add "Franck Allisio" --context Marseille --gender m
      python -m service glossary add Ouargla --type place --file places/maghreb.yaml --dry-run
    """
    loaded = load_glossary(directory)
    proposal = proposing.propose(
        name,
        loaded,
        type=type_,
        ar=ar,
        fr=fr,
        context=context,
        gender=gender,
        source=source,
        status="proposed" if proposed else "reviewed",
    )
    if proposal.namesake is not None:
        proposing.refuse_namesake(proposal)
    click.echo(proposing.rendered(proposal))
    if not ar and proposal.fields.get("ar"):
        click.echo("The Arabic forms are derived: look them over.")
    if proposal.damaged:
        click.echo(f"Relays may write: {', '.join(proposal.damaged)}")
    for near in proposal.near:
        entry = near.entry
        click.echo(
            f"Near to: {entry.name} [{entry.id}, {entry.file}:{entry.line}] {near.likeness:.2f}"
        )
    if dry_run:
        target = file or proposing.best_file(proposal.fields, loaded)
        click.echo(f"Not written; it would go into {target}.")
        return
    path = proposing.write(proposal, directory, file, loaded)
    click.echo(f"Written at the end of {_shown(path)}.")


# --- diff -------------------------------------------------------------------------------------


@glossary.command()
@in_glossary
@click.argument("old")
@click.argument("new")
@click.option(
    "--on",
    "corpora",
    multiple=True,
    type=_EXISTING,
    help='JSON lines {"id", "text", "language"}, or a text a line (repeatable).',
)
@click.option("--exit-code", is_flag=True, help="End with status 1 if any text changes.")
@as_json
def diff(
    directory: Path, old: str, new: str, corpora: tuple[Path, ...], exit_code: bool, json_: bool
) -> None:
    """Show which entries differ between OLD and NEW, and which sentences come out otherwise.

    OLD and NEW are folders of term files, or git revisions (main, HEAD~1, v1.2), or
    REVISION:FOLDER. Nothing is checked out: revisions are read from the repository.

    \b
    Examples:
      python -m service glossary diff main glossary --on stories.jsonl
      python -m service glossary diff HEAD~5 HEAD --on relayed.txt --json
    """
    one = differing.read_version(old, directory)
    other = differing.read_version(new, directory)
    result = differing.compare(one, other, differing.read_corpus(corpora))
    if json_:
        click.echo(json.dumps(dataclasses.asdict(result), ensure_ascii=False, indent=2))
    else:
        click.echo(differing.render(result))
    if exit_code and result.texts:
        raise SystemExit(1)


# --- mine -------------------------------------------------------------------------------------


@glossary.command()
@in_glossary
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--right", type=_EXISTING, help="The story whose names are right; TEXTS relay it.")
@click.option("--least", default=2, show_default=True, help="Times a name must stand in the texts.")
@click.option("--limit", default=30, show_default=True, help="Proposals shown.")
@click.option("--write", "file", help="Write new entries into this term file, as proposed.")
@click.option("--variants", is_flag=True, help="With --write: add forms to known entries too.")
@as_json
def mine(
    directory: Path,
    texts: tuple[Path, ...],
    right: Path | None,
    least: int,
    limit: int,
    file: str | None,
    variants: bool,
    json_: bool,
) -> None:
    """Find new names and new wrong forms in TEXTS (files or folders of .txt files).

    With --right, the names of that story are looked for, misspelled, in the others. Without it,
    names that recur and that the glossary lacks are proposed. Each proposal shows the sentences it
    rests on. Nothing is written without --write, and then as "status: proposed".

    \b
    Examples:
      python -m service glossary mine --right original.txt relayed-1.txt relayed-2.txt
      python -m service glossary mine stories/ --least 3
      python -m service glossary mine stories/ --write people/mined.yaml
    """
    loaded = load_glossary(directory)
    stories = [
        mining.Story(path.name, path.read_text("utf-8", errors="replace"))
        for path in _text_files(texts)
    ]
    if right is not None:
        finds = mining.mine_pair(
            mining.Story(right.name, right.read_text("utf-8")), stories, loaded
        )
    else:
        finds = mining.mine_texts(stories, loaded, least=least)
    finds = finds[:limit]
    if json_:
        click.echo(
            json.dumps([dataclasses.asdict(find) for find in finds], ensure_ascii=False, indent=2)
        )
    else:
        for find in finds:
            _show_find(find)
        click.echo(f"{_count(len(finds), 'proposal')} from {_count(len(stories), 'text')}")
    if file:
        _write_finds(finds, directory, file, loaded, variants)


def _show_find(find: mining.Find) -> None:
    what = f"known as {find.entry}" if find.entry else "new"
    click.echo(f"{find.score:.2f}  {find.name}  ({what}; {find.count} times in {find.texts} texts)")
    if find.variants:
        click.echo(f"      also: {', '.join(find.variants)}")
    for source, sentence in find.sentences:
        click.echo(f"      {source}: {sentence}")


def _write_finds(
    finds: Sequence[mining.Find], directory: Path, file: str, loaded: Glossary, variants: bool
) -> None:
    new = [mining.entry_fields(find, loaded) for find in finds if find.entry is None]
    path = _inside(directory, file)
    if new:
        append_entries(path, directory, new)
    click.echo(f"{_count(len(new), 'entry', 'entries')} written as proposed into {file}.", err=True)
    for find in finds:
        if find.entry is None or not variants or not find.variants:
            continue
        found = find_entry(directory, find.entry)
        if found is not None:
            term_file, raw = found
            merged = unique([*raw.texts("variants"), *find.variants])
            set_field(term_file.path, directory, find.entry, "variants", merged)
            click.echo(f"{find.entry}: {', '.join(find.variants)} added to 'variants'.", err=True)


# --- import and export ------------------------------------------------------------------------

_FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice(list(exchange.FORMATS)),
    help="The format; default: by the file's ending.",
)


@glossary.command("import")
@in_glossary
@click.argument("source", type=_EXISTING)
@_FORMAT
@click.option("--into", "file", required=True, help="The term file, e.g. people/imported.yaml.")
@click.option("--type", "type_", type=click.Choice(TYPES), default="person", show_default=True)
@click.option("--reviewed", is_flag=True, help="Put them in force at once, not as proposed.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, write nothing.")
def import_command(
    directory: Path,
    source: Path,
    format_: str | None,
    file: str,
    type_: str,
    reviewed: bool,
    dry_run: bool,
) -> None:
    """Read a list of names from SOURCE: TBX, TMX, CSV, TSV or OmegaT.

    New names are written as "status: proposed" unless the list says otherwise or --reviewed is
    given. A name that has an entry is left as it is, and said so.

    Exit status: 0 done, 3 the file cannot be read.

    \b
    Examples:
      python -m service glossary import ministers.csv --into people/ministers.yaml
      python -m service glossary import terms.tbx --into people/agency.yaml --dry-run
    """
    loaded = load_glossary(directory)
    chosen = exchange.format_of(source, format_)
    text = source.read_text("utf-8-sig")
    records = chosen.read(text, Options(type=type_, name=source.name))
    path = _inside(directory, file)
    new, known = _new_records(records, loaded, reviewed)
    for record, entry_id in known[:MOST_KNOWN]:
        click.echo(f"{record['name']}: has an entry already ({entry_id}); left as it is.", err=True)
    if len(known) > MOST_KNOWN:
        click.echo(f"... and {len(known) - MOST_KNOWN} more that have an entry already.", err=True)
    if new and not dry_run:
        append_entries(path, directory, new)
    verb = "would be written" if dry_run else "written"
    click.echo(f"{len(records)} read, {len(new)} {verb} into {file}, {len(known)} known already.")


def _new_records(
    records: Iterable[dict[str, Any]], loaded: Glossary, reviewed: bool
) -> tuple[list[dict[str, Any]], list[tuple[dict[str, Any], str]]]:
    names = {same(entry.name): entry.id for entry in loaded.entries}
    taken = {entry.id for entry in loaded.entries}
    new, known = [], []
    for record in records:
        entry_id = names.get(same(record["name"]))
        if entry_id is not None:
            known.append((record, entry_id))
            continue
        fields = dict(record)
        if not fields.get("id") or fields["id"] in taken:
            fields["id"] = proposing.free_id(fields["name"], taken)
        if not reviewed:
            fields.setdefault("status", "proposed")
        taken.add(fields["id"])
        names[same(fields["name"])] = fields["id"]
        new.append(fields)
    return new, known


@glossary.command()
@in_glossary
@click.argument("target", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_FORMAT
@click.option(
    "--language",
    type=click.Choice(["ar", "fr"]),
    default="ar",
    show_default=True,
    help="Source language of formats with one (OmegaT).",
)
@click.option("--type", "types", type=click.Choice(TYPES), multiple=True, help="Only these types.")
def export(
    directory: Path, target: Path, format_: str | None, language: str, types: tuple[str, ...]
) -> None:
    """Write the glossary to TARGET ("-": standard output) as TBX, TMX, CSV, TSV or OmegaT.

    \b
    Examples:
      python -m service glossary export names.tbx
      python -m service glossary export people.csv --type person
      python -m service glossary export relais.utf8 --language fr
      python -m service glossary export - --format tmx
    """
    loaded = load_glossary(directory)
    dash = str(target) == "-"
    if dash and format_ is None:
        raise click.UsageError("Name a --format for standard output.")
    chosen = exchange.format_of(target, format_)
    records = [
        exchange.record_of(entry) for entry in loaded.entries if not types or entry.type in types
    ]
    text = chosen.write(records, Options(language=language))
    if dash:
        click.echo(text, nl=False)
        return
    target.write_text(text, encoding="utf-8", newline="")
    lost = [key for key in KEY_ORDER if key not in chosen.holds]
    note = f"; {chosen.title} does not hold {', '.join(lost)}" if lost else ""
    click.echo(f"{_count(len(records), 'entry', 'entries')} written to {target}{note}.")


# --- helpers ----------------------------------------------------------------------------------


def _entry(loaded: Glossary, entry_id: str) -> Any:
    entry = loaded.by_id(entry_id)
    if entry is None:
        near = [other.id for other in loaded.entries if entry_id in other.id][:5]
        hint = f" Perhaps {', '.join(near)}." if near else ""
        raise click.BadParameter(f"There is no entry {entry_id!r}.{hint}", param_hint="--entry")
    return entry


def _inside(directory: Path, file: str) -> Path:
    """A term file's path, which must lie inside the glossary."""
    path = (directory / file).resolve()
    if directory.resolve() not in path.parents or path.suffix not in (".yaml", ".yml", ".json"):
        raise click.BadParameter(f"{file!r} is no term file (.yaml) inside {directory}.")
    return path


def _text_files(paths: Iterable[Path]) -> list[Path]:
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*.txt")) if path.is_dir() else [path])
    ]
    if not files:
        raise click.UsageError("There is no .txt file among the texts.")
    return files


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
