"""`python -m service batch`: a file of many texts, translated as over HTTP, that can be resumed.

The output is written line by line as results come. Beside it stands ``OUT.resume`` until all is
done: it names the input and the options, so that an interrupted run goes on where it stopped, and
never with another input.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import itertools
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

import click
from tqdm import tqdm

from service.commands._runtime import chosen_glossary, glossary_option, ready_pipeline
from service.config import Settings
from service.errors import Conflict, InvalidRequest, ServiceError
from service.jobs.records import (
    Columns,
    Format,
    Options,
    Readable,
    Record,
    TextFormat,
    read_records,
)
from service.jobs.stream import BatchStream
from service.jobs.work import Translate, translating
from service.pipeline import Request, Translation

#: How an input is written, by the ending of its name.
FORMATS: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
}
#: Exit status after Ctrl-C, as shells have it.
INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Input:
    """What is to be translated, and how it is read.

    Args:
        path: the file; None for standard input.
        form: how it is written.
        columns: where a CSV row holds what.
        max_chars: most characters in one text.
    """

    path: Path | None
    form: Format
    columns: Columns
    max_chars: int

    def records(self, stream: Readable) -> Iterator[Record]:
        """The records that `stream` holds."""
        return read_records(stream, self.form, max_chars=self.max_chars, columns=self.columns)

    def survey(self, path: Path) -> tuple[int, str]:
        """Read the file through once: the number of its items and its SHA-256.

        Raises:
            ServiceError: it cannot be read to its end, which is better known before the work.
        """
        with path.open("rb") as file:
            hashed = _Hashed(file)
            count = sum(1 for _ in self.records(hashed))
            while hashed.read(1 << 20):
                pass
        return count, hashed.digest.hexdigest()


class _Hashed:
    """A stream that hashes what is read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


@dataclass(frozen=True)
class Done:
    """What an earlier run left in the output: whole result lines, and how many tell of errors."""

    items: int = 0
    failed: int = 0


class Output:
    """The file of results, which one run at a time writes.

    Args:
        path: where it is.
        task: what is being done, as in ``OUT.resume``; a run goes on only with the same.
    """

    def __init__(self, path: Path, task: dict[str, object]) -> None:
        self._path = path
        self._task = task
        self._note = path.with_name(path.name + ".resume")
        self._file: IO[bytes] | None = None

    def open(self, *, overwrite: bool) -> Done:
        """Open for writing, after the results that are there already.

        Raises:
            Conflict: another run writes it, it is the output of something else, or the input or
                the options have changed.
        """
        self._file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"{self._path} is being written by another run.") from None
        if overwrite or not os.fstat(self._file.fileno()).st_size:
            # Emptied first: results of another task must never stand beside this one's note.
            self._file.truncate(0)
            self._note.write_text(json.dumps(self._task, ensure_ascii=False) + "\n", "utf-8")
            return Done()
        if not self._note.exists():
            raise Conflict(f"{self._path} is there already; --overwrite begins it anew.")
        if _json_object(self._note.read_bytes()) != self._task:
            raise Conflict(
                f"The input or the options are not those with which {self._path} was begun; "
                "--overwrite begins it anew."
            )
        return self._recover()

    def _recover(self) -> Done:
        """Keep the whole lines; what was being written when the run ended is done again."""
        assert self._file is not None
        items = failed = end = 0
        for line in self._file:
            value = _json_object(line) if line.endswith(b"\n") else {}
            if value.get("position") != items:
                break
            items += 1
            failed += "error" in value
            end += len(line)
        self._file.seek(end)
        self._file.truncate()
        return Done(items, failed)

    def write(self, lines: Sequence[str]) -> None:
        """Add result lines and hand them to the operating system."""
        assert self._file is not None
        self._file.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
        self._file.flush()

    def finish(self) -> None:
        """All is there: make it durable and remove the note."""
        assert self._file is not None
        os.fsync(self._file.fileno())
        self._note.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; a run that did not finish can be resumed."""
        if self._file is not None:
            self._file.close()


class Results(Protocol):
    """Where result lines go."""

    def write(self, lines: Sequence[str]) -> None: ...

    def finish(self) -> None: ...


class StandardOutput:
    """Results on standard output, from the first to the last: nothing to resume."""

    def finish(self) -> None:
        """Nothing is left to do."""

    def write(self, lines: Sequence[str]) -> None:
        """Write result lines."""
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


class Meter:
    """A progress bar on standard error, where a person is watching: items, sentences, time left."""

    def __init__(self, total: int | None, done: int) -> None:
        self._sentences = 0
        self._began = time.monotonic()
        self._bar = tqdm(total=total, initial=done, unit=" items", disable=None, smoothing=0.1)

    def counting(self, translate: Translate) -> Translate:
        """`translate`, with its sentences counted."""

        def counted(
            requests: Sequence[Request], formats: Sequence[TextFormat]
        ) -> Sequence[Translation | ServiceError]:
            results = translate(requests, formats)
            self._sentences += sum(
                len(result.sentences) for result in results if isinstance(result, Translation)
            )
            return results

        return counted

    def add(self, items: int) -> None:
        """So many items more are done."""
        rate = self._sentences / max(time.monotonic() - self._began, 1e-3)
        self._bar.set_postfix_str(f"{rate:,.0f} sentences/s", refresh=False)
        self._bar.update(items)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


@click.command()
@click.argument("source_file", metavar="IN", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    required=True,
    help="File for the results, JSON lines; - for standard output.",
)
@click.option("--source", metavar="CODE", help="Language of the texts; default: each detected.")
@click.option("--target", metavar="CODE", default="en", show_default=True)
@glossary_option
@click.option("--explain", is_flag=True, help="Add sentences and the raw text.")
@click.option(
    "--format",
    "text_format",
    type=click.Choice(["text", "html"]),
    default="text",
    show_default=True,
    help="How the texts are written.",
)
@click.option(
    "--input",
    "form",
    type=click.Choice(["jsonl", "json", "csv"]),
    help="How IN is written; default: as its ending says, else JSON lines.",
)
@click.option("--text-column", default="text", show_default=True, help="CSV: column of the texts.")
@click.option("--id-column", help="CSV: column of the ids; default: id, where it is there.")
@click.option("--delimiter", help="CSV: what stands between columns; default: , or a tab in .tsv.")
@click.option("--overwrite", is_flag=True, help="Begin the output anew if it is there.")
def batch(
    source_file: str,
    output: str,
    source: str | None,
    target: str,
    glossary: str | None,
    explain: bool,
    text_format: TextFormat,
    form: Format | None,
    text_column: str,
    id_column: str | None,
    delimiter: str | None,
    overwrite: bool,
) -> None:
    """Translate every text of IN (JSON lines, a JSON array or CSV; - for standard input).

    The results are those of POST /v1/translate/batch: one JSON line for each item, in order, with
    an error line for an item that cannot be used. Stopped in the middle (Ctrl-C, a crash, a power
    cut), the same command goes on where it stopped: no item is lost and none is done twice. It
    refuses to go on when the input or the options have changed.

    \b
    Examples:
      python -m service batch stories.jsonl -o english.jsonl
      python -m service batch articles.csv --text-column body -o english.jsonl
      cat stories.jsonl | python -m service batch - -o - > english.jsonl
    """
    directory, which = chosen_glossary(glossary)
    path = None if source_file == "-" else Path(source_file)
    if path is not None and not path.is_file():
        raise click.BadParameter(f"There is no file {path}.", param_hint="IN")
    ending = path.suffix.lower() if path else ""
    columns = Columns(
        text=text_column,
        id=id_column or "id",
        delimiter=delimiter or ("\t" if ending == ".tsv" else ","),
        required=(id_column,) if id_column else (),
    )
    settings = Settings.load()
    given = Input(path, form or FORMATS.get(ending, "jsonl"), columns, settings.max_item_chars)
    options = Options(source, target, which, explain, text_format)
    spill = settings.data_dir / "spill"
    failed = _run(given, output, options, directory, overwrite, spill)
    if failed:
        click.echo(f"{failed:,} item(s) failed; their lines say why.", err=True)
        raise SystemExit(1)


def _run(
    given: Input,
    output: str,
    options: Options,
    directory: Path | None,
    overwrite: bool,
    spill: Path,
) -> int:
    """Do the work; the number of items that failed."""
    total, digest = given.survey(given.path) if given.path else (None, None)
    with ExitStack() as stack:
        results: Results = StandardOutput()
        done = Done()
        if output != "-":
            results = file = Output(Path(output), _task(given, digest, options, directory))
            stack.callback(file.close)
            done = file.open(overwrite=overwrite)
        if done.items:
            click.echo(f"Going on after {done.items:,} item(s) that are done.", err=True)
        pipeline = stack.enter_context(ready_pipeline(directory))
        meter = Meter(total, done.items)
        stack.callback(meter.close)
        stream = stack.enter_context(given.path.open("rb")) if given.path else sys.stdin.buffer
        lines = BatchStream(
            itertools.islice(given.records(stream), done.items, None),
            options,
            meter.counting(translating(lambda: pipeline, given.max_chars)),
            spill_dir=spill,
        )
        items, failed = done.items, done.failed
        try:
            for outcomes in lines:
                results.write([outcome.line for outcome in outcomes])
                items += len(outcomes)
                failed += sum(outcome.failed for outcome in outcomes)
                meter.add(len(outcomes))
        except KeyboardInterrupt:
            meter.close()
            click.echo(f"Interrupted after {items:,} item(s).", err=True)
            if given.path and output != "-":
                click.echo("The same command goes on from here.", err=True)
            raise SystemExit(INTERRUPTED) from None
        if items == 0:
            raise InvalidRequest("There is no item in the input.")
        results.finish()
    return failed


def _task(
    given: Input, digest: str | None, options: Options, directory: Path | None
) -> dict[str, object]:
    """What two runs must have in common for one to go on where the other stopped.

    Standard input has no digest: a run that reads it is its own.
    """
    return {
        "input_sha256": digest or secrets.token_hex(8),
        "read_as": [given.form, dataclasses.asdict(given.columns) | {"required": None}],
        "options": options.to_json(),
        "glossary": str(directory) if directory else None,
    }


def _json_object(line: bytes) -> dict[str, object]:
    """The object that a line holds; empty where it holds none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
