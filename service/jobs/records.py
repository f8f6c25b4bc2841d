"""Reading batches as they arrive: JSON lines, a JSON array, or CSV with named columns.

Reach for `read_records` wherever many texts come in: HTTP bodies and files alike. It reads its
stream in pieces and holds one record at a time, so its memory depends on the longest record
allowed and not on the batch. A record that cannot be used becomes a record with a fault, in its
place and under its line number; it is never dropped and never disturbs its neighbours. Only what
leaves no way to find the next record (a broken array, text that is not CSV) ends the reading, with
an error.

Python's csv module reads what it is given up to the closing quotation mark: a field whose mark is
missing swallows the lines after it until `csv.field_size_limit`, and is reported as one record.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, NoReturn, Protocol, Self

import ijson

from service.errors import (
    InvalidRequest,
    InvalidText,
    NotFound,
    RequestTooLarge,
    ServiceError,
    TextTooLong,
)
from service.names.glossary import Glossary
from service.pipeline import Request

Format = Literal["jsonl", "json", "csv"]
TextFormat = Literal["text", "html"]

#: Bytes asked of the stream at once. Gunicorn waits until so many are there, so a larger figure
#: would only delay the first results of a slow sender.
READ_BYTES: Final = 16 * 1024
#: Bytes that one character may take in JSON (a pair of \uXXXX escapes), and room for the rest.
BYTES_PER_CHARACTER: Final = 12
RECORD_OVERHEAD_BYTES: Final = 64 * 1024
MAX_ID_CHARACTERS: Final = 200

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
#: The source "language" that asks for detection.
DETECT: Final = "auto"
LANGUAGE: Final = re.compile(r"auto|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


class Readable(Protocol):
    """Anything that can be read in pieces; an empty piece is the end."""

    def read(self, size: int, /) -> bytes: ...


#: What a caller may name besides a glossary of his own.
_TERM_FILES: Final[dict[str, Literal["default", "none"]]] = {"default": "default", "none": "none"}
#: From a glossary's id to the glossary.
GlossaryOf = Callable[[str], Glossary]
#: From the name or id that a caller gives to the id.
Resolve = Callable[[str], str]


def no_glossary(_id: str) -> Glossary:
    """Where there are no glossaries but the term files.

    Raises:
        NotFound: always.
    """
    raise NotFound("There is no glossary of this id or name.", field="glossary")


def no_names(name: str) -> str:
    """Where no glossary can be named.

    Raises:
        InvalidRequest: always.
    """
    raise InvalidRequest("'glossary' must be 'default' or 'none'.", field="glossary")


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every text of a batch that does not say otherwise.

    Args:
        source: ISO 639-1 code, or None to detect each text's language.
        target: ISO 639-1 code.
        glossary: "default" for the term files in force, "none" to leave names alone, or the id
            of a glossary that a caller made.
        explain: add the sentences and the text before normalisation to each result.
        format: how the texts are written.
    """

    source: str | None = None
    target: str = "en"
    glossary: str = "default"
    explain: bool = False
    format: TextFormat = "text"

    def to_json(self) -> dict[str, object]:
        """As plain JSON values."""
        return {
            "source": self.source,
            "target": self.target,
            "glossary": self.glossary,
            "explain": self.explain,
            "format": self.format,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """From what `to_json` made."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class Columns:
    """The CSV columns that are read, by the names in the first row.

    `id` and `source` are read where they are there; a name that the caller chose must be there.
    """

    text: str = "text"
    id: str = "id"
    source: str = "source"
    delimiter: str = ","
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one item, as its result line tells it; see `ServiceError`."""

    code: str
    title: str
    status: int
    detail: str
    field: str | None = None

    @classmethod
    def of(cls, error: ServiceError) -> Fault:
        """The fault that an error amounts to."""
        return cls(error.code, error.title, error.status, error.detail, error.field)

    def to_json(self) -> dict[str, object]:
        """As plain JSON values; `field` only where one is at fault."""
        value: dict[str, object] = {
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            value["field"] = self.field
        return value


@dataclass(frozen=True, slots=True)
class Record:
    """One item of a batch.

    Args:
        position: place among the records, from 0.
        line: line on which it begins, from 1; None in an array, which has no lines.
        id: the caller's own name for it, handed back with the result.
        text: the text to translate; empty where there is a fault.
        source, target, glossary, format: as in `Options`, where the record says otherwise.
        fault: why it cannot be translated, or None.
    """

    position: int
    line: int | None
    id: str | int | None
    text: str
    source: str | None = None
    target: str | None = None
    glossary: str | None = None
    format: TextFormat | None = None
    fault: Fault | None = None

    def request(self, options: Options, glossary: GlossaryOf = no_glossary) -> Request:
        """What the pipeline is asked for.

        Raises:
            NotFound: the glossary is no more.
        """
        source = self.source or options.source
        named = self.glossary or options.glossary
        return Request(
            text=self.text,
            source=None if source == DETECT else source,
            target=self.target or options.target,
            glossary=_TERM_FILES.get(named) or glossary(named),
        )

    def to_json(self) -> str:
        """As one line of JSON, for storing; NUL characters are escaped."""
        value: dict[str, object] = {"position": self.position, "text": self.text}
        for name in ("line", "id", "source", "target", "glossary", "format"):
            member = getattr(self, name)
            if member is not None:
                value[name] = member
        if self.fault is not None:
            value["fault"] = self.fault.to_json()
        return json.dumps(value, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Record:
        """From what `to_json` made."""
        value = json.loads(line)
        fault = value.pop("fault", None)
        return cls(
            position=value["position"],
            line=value.get("line"),
            id=value.get("id"),
            text=value["text"],
            source=value.get("source"),
            target=value.get("target"),
            glossary=value.get("glossary"),
            format=value.get("format"),
            fault=Fault(**fault) if fault else None,
        )


def result_line(record: Record, result: dict[str, object] | Fault) -> str:
    """The JSON line that answers a record: its place and id, with its result or its error."""
    value: dict[str, object] = {"position": record.position}
    if record.line is not None:
        value["line"] = record.line
    if record.id is not None:
        value["id"] = record.id
    if isinstance(result, Fault):
        value["error"] = result.to_json()
    else:
        value |= result
    return json.dumps(value, ensure_ascii=False)


def read_records(
    stream: Readable,
    form: Format,
    *,
    max_chars: int,
    columns: Columns | None = None,
    resolve: Resolve = no_names,
) -> Iterator[Record]:
    """The records of a batch, read as they are asked for.

    Args:
        stream: the bytes, in UTF-8.
        max_chars: most characters in one text.
        columns: which CSV columns hold what.
        resolve: the id of the glossary that a record names.

    Raises:
        InvalidRequest: the rest cannot be read (a broken array, no such column).
        RequestTooLarge: one element of an array is longer than any text may be.
    """
    reader = _Reader(max_chars, resolve)
    if form == "jsonl":
        return reader.json_lines(stream)
    if form == "json":
        return reader.json_array(stream)
    return reader.csv_rows(stream, columns or Columns())


class _Reader:
    """The three formats; `max_chars` bounds one text and, times 12, one record's bytes."""

    def __init__(self, max_chars: int, resolve: Resolve) -> None:
        self._resolve = lru_cache(resolve)
        self._max_chars = max_chars
        self._max_bytes = max_chars * BYTES_PER_CHARACTER + RECORD_OVERHEAD_BYTES

    def json_lines(self, stream: Readable) -> Iterator[Record]:
        position = 0
        for number, line in enumerate(_lines(stream, self._max_bytes), start=1):
            if line is not None and not line.strip():
                continue
            yield self._json_line(position, number, line)
            position += 1

    def _json_line(self, position: int, number: int, line: bytes | None) -> Record:
        if line is None:
            return _faulty(position, number, self._too_long("line"))
        try:
            value = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            detail = f"The line is not UTF-8 (at its byte {error.start + 1})."
        except json.JSONDecodeError as error:
            detail = f"The line is not JSON: {error.msg} at column {error.colno}."
        except RecursionError:
            detail = "The line's JSON is nested too deeply."
        except ValueError:
            detail = "The line holds a number that cannot be read."
        else:
            return self._from_value(position, number, value)
        return _faulty(position, number, _invalid(detail))

    def json_array(self, stream: Readable) -> Iterator[Record]:
        guarded = _Guarded(stream, self._max_bytes)
        position = 0
        try:
            guarded.expect_array()
            for value in ijson.items(guarded, "item", buf_size=READ_BYTES, use_float=True):
                guarded.reset()
                yield self._from_value(position, None, value)
                position += 1
        except (ijson.JSONError, ValueError, OverflowError) as error:
            raise InvalidRequest(
                f"The array cannot be read any further after its item {position}: "
                f"{_first_line(error)}. With JSON lines a fault would stay with its line.",
                field=f"[{position}]",
            ) from error

    def csv_rows(self, stream: Readable, columns: Columns) -> Iterator[Record]:
        if csv.field_size_limit() < self._max_chars:
            csv.field_size_limit(self._max_chars)
        rows = csv.reader(self._csv_lines(stream), delimiter=columns.delimiter)
        header = _next_row(rows)
        while header is not None and not isinstance(header, csv.Error) and not header:
            header = _next_row(rows)
        if header is None or isinstance(header, csv.Error):
            raise InvalidRequest("The CSV has no first row; it must name the columns.")
        places = _places(header, columns)
        position, line = 0, rows.line_num + 1
        while (row := _next_row(rows)) is not None:
            if isinstance(row, csv.Error):
                fault = _invalid(f"The row is not CSV: {row}.")
                yield _faulty(position, line, fault)
            elif row:
                yield self._from_row(position, line, row, places)
            if row:
                position += 1
            line = rows.line_num + 1

    def _csv_lines(self, stream: Readable) -> Iterator[str]:
        for number, line in enumerate(_lines(stream, self._max_bytes), start=1):
            if line is None:
                raise RequestTooLarge(self._too_long("line").detail, field=f"line {number}")
            try:
                yield line.decode("utf-8") + "\n"
            except UnicodeDecodeError as error:
                raise InvalidRequest(
                    f"Line {number} of the CSV is not UTF-8 (at its byte {error.start + 1}).",
                    field=f"line {number}",
                ) from error

    def _from_row(self, position: int, line: int, row: list[str], places: dict[str, int]) -> Record:
        value = {name: row[place] for name, place in places.items() if place < len(row)}
        if "text" not in value:
            fault = _invalid(f"The row has only {len(row)} column(s).", "text")
            return _faulty(position, line, fault)
        return self._from_value(
            position, line, {name: text for name, text in value.items() if text or name == "text"}
        )

    def _from_value(self, position: int, line: int | None, value: object) -> Record:
        """A record from a decoded JSON value: an object with a text, or a bare string."""
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            detail = 'An item must be a string or an object such as {"id": 1, "text": "…"}.'
            return _faulty(position, line, _invalid(detail))
        identifier = value.get("id")
        if not _is_id(identifier):
            detail = (
                f"'id' must be an integer or a string of at most {MAX_ID_CHARACTERS} characters."
            )
            return _faulty(position, line, _invalid(detail, "id"))
        text = value.get("text")
        fault = self._fault_of(text, value)
        if fault is not None:
            return Record(position, line, identifier, "", fault=fault)
        return Record(
            position,
            line,
            identifier,
            text if isinstance(text, str) else "",
            source=base_language(value.get("source", value.get("language"))),
            target=base_language(value.get("target")),
            glossary=self._glossary(value.get("glossary")),
            format=value.get("format"),
        )

    def _fault_of(self, text: object, value: dict[str, object]) -> Fault | None:
        if not isinstance(text, str):
            return _invalid("The item needs a string 'text'.", "text")
        if len(text) > self._max_chars:
            return self._too_long("text")
        if not _is_unicode(text):
            return Fault.of(InvalidText("The text holds half of a surrogate pair.", field="text"))
        for name in ("source", "language", "target"):
            member = value.get(name)
            if member not in (None, "") and not is_language(member):
                return _invalid(f"'{name}' must be a language code such as 'fr'.", name)
        try:
            self._glossary(value.get("glossary"))
        except (InvalidRequest, NotFound) as error:
            return Fault.of(error)
        if value.get("format") not in (None, "text", "html"):
            return _invalid("'format' must be 'text' or 'html'.", "format")
        return None

    def _glossary(self, name: object) -> str | None:
        """What an item says of its glossary, one of the caller's own by its id."""
        if name is None:
            return None
        if not isinstance(name, str):
            raise InvalidRequest("'glossary' must be a string.", field="glossary")
        return name if name in _TERM_FILES else self._resolve(name)

    def _too_long(self, what: str) -> Fault:
        return Fault.of(
            TextTooLong(
                f"The {what} is too long: a text may have {self._max_chars:,} characters. "
                "Split it.",
                field="text",
            )
        )


class _Guarded:
    """A stream that refuses to feed one array element more bytes than a record may have."""

    def __init__(self, stream: Readable, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._since = 0
        self._first = b""

    def expect_array(self) -> None:
        """Check that the first character opens an array."""
        self._first = self._stream.read(READ_BYTES).removeprefix(BYTE_ORDER_MARK).lstrip()
        while not self._first:
            piece = self._stream.read(READ_BYTES)
            if not piece:
                raise InvalidRequest("The body is empty; send a JSON array.")
            self._first = piece.lstrip()
        if not self._first.startswith(b"["):
            raise InvalidRequest(
                "The body must be a JSON array of items; options go into the query string."
            )

    def read(self, size: int, /) -> bytes:
        if size == 0:
            return b""
        piece, self._first = self._first, b""
        piece = piece or self._stream.read(size)
        self._since += len(piece)
        if self._since > self._limit:
            raise RequestTooLarge(
                f"One item of the array is longer than {self._limit:,} bytes. Split it."
            )
        return piece

    def reset(self) -> None:
        """The next element begins."""
        self._since = 0


def _lines(stream: Readable, limit: int) -> Iterator[bytes | None]:
    """The lines without their ends; None stands for one of more than `limit` bytes."""
    pending, overlong = b"", False
    first = True
    while piece := stream.read(READ_BYTES):
        if first:
            piece, first = piece.removeprefix(BYTE_ORDER_MARK), False
        *whole, pending = (pending + piece).split(b"\n")
        for line in whole:
            yield None if overlong or len(line) > limit else line
            overlong = False
        if len(pending) > limit:
            pending, overlong = b"", True
    if overlong or pending:
        yield None if overlong else pending


def _next_row(rows: Any) -> list[str] | csv.Error | None:
    try:
        row: list[str] = next(rows)
        return row
    except StopIteration:
        return None
    except csv.Error as error:
        return error


def _places(header: list[str], columns: Columns) -> dict[str, int]:
    """Where the columns stand."""
    names = [name.strip() for name in header]
    wanted = {"text": columns.text, "id": columns.id, "source": columns.source}
    for name in (columns.text, *columns.required):
        if name not in names:
            raise InvalidRequest(
                f"The CSV has no column {name!r}; its first row names {', '.join(names)[:300]}.",
                field="text_column" if name == columns.text else None,
            )
    return {role: names.index(name) for role, name in wanted.items() if name in names}


def _faulty(position: int, line: int | None, fault: Fault) -> Record:
    return Record(position, line, None, "", fault=fault)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS and _is_unicode(value)
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_language(value: object) -> bool:
    """Whether `value` is written like a language code, or is "auto"."""
    return isinstance(value, str) and LANGUAGE.fullmatch(value) is not None


def base_language(code: object) -> str | None:
    """The language that is served for a code: ``fr-FR`` → ``fr``; None where there is none."""
    return re.split("[-_]", code)[0].lower() if isinstance(code, str) and code else None


def _invalid(detail: str, field: str | None = None) -> Fault:
    return Fault.of(InvalidRequest(detail, field=field))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".")[:120] or type(error).__name__
