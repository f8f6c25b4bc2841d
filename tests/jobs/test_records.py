"""Reading batches: every record comes out once, in its place, or as a fault in its place."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidRequest, RequestTooLarge
from service.jobs.records import Columns, Format, Options, Record, read_records

MAX_CHARS = 1000


class Trickle:
    """A stream that gives its bytes a few at a time, whatever is asked for."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data = io.BytesIO(data)
        self._step = step

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, self._step))


class Endless:
    """A stream made as it is read, of `count` pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def read(data: str | bytes, form: Format, columns: Columns | None = None) -> list[Record]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(read_records(stream, form, max_chars=MAX_CHARS, columns=columns))


def faults(records: list[Record]) -> list[int]:
    return [record.position for record in records if record.fault]


# JSON lines


def test_a_line_is_an_object_with_a_text_or_a_bare_string() -> None:
    first, second = read('{"id": "a", "text": "un", "source": "fr-FR"}\n"deux"\n', "jsonl")
    assert (first.id, first.text, first.source) == ("a", "un", "fr")
    assert (second.id, second.text, second.position, second.line) == (None, "deux", 1, 2)


def test_blank_lines_count_as_lines_and_not_as_items() -> None:
    records = read('\n"a"\n\n   \n"b"', "jsonl")
    assert [(record.position, record.line) for record in records] == [(0, 2), (1, 5)]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"nonsense",
        b"null",
        b"17",
        b"[]",
        b"{}",
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": "a", "source": 3}',
        b'{"text": "a", "source": "not a code"}',
        b'{"text": "a", "glossary": "mine"}',
        b'{"text": "a", "format": "docx"}',
        b'{"text": "a", "id": [1]}',
        b'{"text": "a", "id": true}',
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": "a", "id": "\\ud800"}',
        b"\xff\xfe",
        b'{"text": ' + b"9" * 10_000 + b"}",
        b"[" * 100_000,
        b'{"text": "' + b"a" * (MAX_CHARS + 1) + b'"}',
        b'"' + b"a" * 1_000_000 + b'"',
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_line_that_cannot_be_used_is_a_fault_in_its_place_and_harms_no_other(
    line: bytes,
) -> None:
    records = read(b'"before"\n' + line + b'\n"after"\n', "jsonl")
    assert [record.position for record in records] == [0, 1, 2]
    assert [record.line for record in records] == [1, 2, 3]
    assert faults(records) == [1]
    assert (records[0].text, records[2].text) == ("before", "after")


def test_a_fault_keeps_the_id_where_it_can_be_read() -> None:
    (record,) = read('{"id": 7, "text": null}', "jsonl")
    assert record.id == 7
    assert record.fault is not None
    assert record.fault.field == "text"


def test_a_text_of_just_the_limit_is_taken() -> None:
    (record,) = read(json.dumps({"text": "é" * MAX_CHARS}), "jsonl")
    assert record.fault is None


def test_a_text_of_the_limit_is_taken_even_where_each_character_takes_twelve_bytes() -> None:
    (record,) = read(json.dumps("😀" * MAX_CHARS), "jsonl")
    assert record.fault is None
    assert len(record.text) == MAX_CHARS


def test_a_byte_order_mark_and_windows_line_ends_are_passed_over() -> None:
    records = read(b'\xef\xbb\xbf"a"\r\n"b"\r\n', "jsonl")
    assert [record.text for record in records] == ["a", "b"]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=20),
    st.integers(1, 50),
)
def test_texts_come_out_of_json_lines_as_they_went_in(texts: list[str], step: int) -> None:
    data = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts).encode()
    records = read_records(Trickle(data, step), "jsonl", max_chars=MAX_CHARS)
    assert [record.text for record in records] == texts


@given(st.binary(max_size=400), st.integers(3, 50))
def test_whatever_the_bytes_no_line_is_lost(data: bytes, step: int) -> None:
    records = list(read_records(Trickle(data, step), "jsonl", max_chars=MAX_CHARS))
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert [record.line for record in records] == [
        number for number, line in enumerate(lines, 1) if line.strip()
    ]
    assert [record.position for record in records] == list(range(len(records)))


# A JSON array


def test_an_array_is_read_item_by_item() -> None:
    records = read('\n [ {"id": 1, "text": "a"}, "b", {"text": 3} ]', "json")
    assert [record.text for record in records] == ["a", "b", ""]
    assert [record.line for record in records] == [None] * 3
    assert faults(records) == [2]


def test_an_empty_array_has_no_item() -> None:
    assert read("[]", "json") == []


@pytest.mark.parametrize("data", ["", "  ", "{}", '{"items": []}', '"a"', "x", "null"])
def test_what_is_not_an_array_is_refused_before_the_first_item(data: str) -> None:
    with pytest.raises(InvalidRequest):
        read(data, "json")


@pytest.mark.parametrize(
    "broken", ['["a", "b"', '["a", "b", ', '["a", "b" "c"]', '["a", "b", nope]', '["a", "b"] x']
)
def test_a_broken_array_gives_its_good_beginning_and_then_an_error(broken: str) -> None:
    records = read_records(io.BytesIO(broken.encode()), "json", max_chars=MAX_CHARS)
    assert (next(records).text, next(records).text) == ("a", "b")
    with pytest.raises(InvalidRequest, match="item 2"):
        next(records)


def test_an_array_item_longer_than_any_text_may_be_is_refused_without_being_held() -> None:
    pieces = iter([b'["', *[b"a" * 65_536] * 1_000, b'"]'])
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            list(read_records(Endless(pieces), "json", max_chars=MAX_CHARS))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=20),
    st.integers(1, 50),
    st.sampled_from([None, 2]),
)
def test_texts_come_out_of_an_array_as_they_went_in(
    texts: list[str], step: int, indent: int | None
) -> None:
    data = json.dumps(texts, ensure_ascii=False, indent=indent).encode()
    records = read_records(Trickle(data, step), "json", max_chars=MAX_CHARS)
    assert [record.text for record in records] == texts


# CSV


def test_csv_columns_are_found_by_name_in_any_order() -> None:
    data = "source,other,text,id\nfr,x,un,1\n,y,deux,2\n"
    first, second = read(data, "csv")
    assert (first.text, first.id, first.source) == ("un", "1", "fr")
    assert (second.text, second.id, second.source) == ("deux", "2", None)


def test_csv_columns_can_be_named_by_the_caller() -> None:
    columns = Columns(text="Article", id="Nr", delimiter=";", required=("Nr",))
    (record,) = read("Nr;Article\n9;un; deux\n".replace("; deux", ""), "csv", columns)
    assert (record.id, record.text) == ("9", "un")


def test_a_quoted_field_may_hold_line_breaks_and_the_line_is_where_the_row_begins() -> None:
    records = read('id,text\n1,"a\nb\n"\n2,c\n', "csv")
    assert [(record.text, record.line) for record in records] == [("a\nb\n", 2), ("c", 5)]


def test_a_row_without_its_text_is_a_fault_in_its_place() -> None:
    records = read("id,text\n1\n2,b\n", "csv")
    assert faults(records) == [0]
    assert records[1].text == "b"


@pytest.mark.parametrize("data", ["", "\n\n"])
def test_csv_without_a_first_row_is_refused(data: str) -> None:
    with pytest.raises(InvalidRequest, match="first row"):
        read(data, "csv")


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidRequest, match="'Nr'"):
        read("id,text\n1,a\n", "csv", Columns(id="Nr", required=("Nr",)))
    with pytest.raises(InvalidRequest, match=r"'text'.*title, body"):
        read("title,body\n1,a\n", "csv")


@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"),
            min_size=1,
            max_size=40,
        ),
        max_size=12,
    ),
    st.integers(1, 50),
)
def test_texts_come_out_of_csv_as_they_went_in(texts: list[str], step: int) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["text", "id"])
    writer.writerows([text, number] for number, text in enumerate(texts))
    stream = Trickle(written.getvalue().encode(), step)
    records = list(read_records(stream, "csv", max_chars=MAX_CHARS))
    assert [record.text for record in records] == texts


# All formats


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_memory_does_not_grow_with_the_batch(form: Format) -> None:
    """40 MB are read within a few."""
    text = "Le maire a salué la foule. " * 36
    count = 40_000_000 // len(text)

    def pieces() -> Iterator[bytes]:
        yield {"jsonl": b"", "json": b"[0", "csv": b"text\n"}[form]
        shape = {"jsonl": '{"text": "%s"}\n', "json": ',{"text": "%s"}', "csv": '"%s"\n'}[form]
        row = (shape % text).encode()
        for _ in range(count):
            yield row
        yield b"]" if form == "json" else b""

    tracemalloc.start()
    try:
        seen = sum(
            record.text == text
            for record in read_records(Endless(filter(None, pieces())), form, max_chars=MAX_CHARS)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == count
    assert peak < 3_000_000


def test_a_record_survives_being_stored() -> None:
    for record in read('{"id": 1, "text": "a\\u0000b", "target": "EN"}\n{"text": 1}\n', "jsonl"):
        assert Record.from_json(record.to_json()) == record


def test_what_a_record_says_comes_before_what_its_batch_says() -> None:
    options = Options(source="fr", glossary="none")
    lines = (
        '{"text": "a", "source": "ar", "glossary": "default"}\n"b"\n{"text":"c","source":"auto"}'
    )
    own, batch, detected = (record.request(options) for record in read(lines, "jsonl"))
    assert (own.source, own.glossary) == ("ar", "default")
    assert (batch.source, batch.glossary) == ("fr", "none")
    assert detected.source is None
