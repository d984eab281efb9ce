"""Parquet files: rows in, predictions out, by pyarrow, a few rows at a time.

Rows of a table as Records: which column is the text, which the id, which are carried through.

Rows of a table in a file or on standard input: CSV, TSV, JSONL and Parquet, compressed or not, each with its place.

The one reader of tables: predict, train, evaluate and stats have their texts from here. Memory is bounded: a row, or a
few of Parquet, is held at a time.

A row that breaks the format but leaves the next one readable comes as a Row with a problem and no values: whoever reads
decides whether that ends the work. What cannot be read beyond (a damaged file, an open quotation mark) is an error.
"""

from __future__ import annotations

import codecs
import csv
import importlib
import io
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, Literal, TextIO, cast

from imdbsent.errors import InputUnreadable, RowUnreadable, UsageProblem
from imdbsent.reading.detect import (
    READ_ERRORS,
    STDIN,
    FileFormat,
    Kind,
    bounded_lines,
    decompressed,
    open_bytes,
    place,
    pyarrow,
    reason,
)
from imdbsent.reading.lines import from_bytes
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imdbsent.reading.meter import Meter
    from imdbsent.reading.seen_ids import SeenIds


TEXT_COLUMN: Final = "text"
_NO_TEXT: Final = object()


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are read.

    Attributes:
        text: the one with the texts.
        id: the one that tells records apart; None for none.
        kept: those whose values are carried through.
    """

    text: str = TEXT_COLUMN
    id: str | None = None
    kept: tuple[str, ...] = ()

    @property
    def wanted(self) -> list[str]:
        """All of them."""
        return [self.text, *([] if self.id is None else [self.id]), *self.kept]

    def require_in(self, table: Table) -> None:
        """Check that a table has them, as far as its head tells.

        Raises:
            UsageProblem: it has not.
        """
        table.require({"--text-column": self.text, "--id-column": self.id})
        for column in self.kept:
            table.require({"--keep": column})


def records_of(table: Table, columns: Columns, seen: SeenIds | None = None, *, skip_bad: bool) -> Iterator[Record]:
    """A record for each row of a table.

    Args:
        table: its rows are read.
        columns: which columns are what.
        seen: the ids that have been, to be added to; None where there are none.
        skip_bad: whether a row that breaks the format of its file, has no text column, or has the id of another is a
            record without a verdict; else it is an error.

    Yields:
        The records in order. A row whose bytes are not UTF-8 is one without a verdict in any case.

    Raises:
        InputUnreadable: the file cannot be read on.
        RowUnreadable: a row is bad, and not to be skipped.
        UsageProblem: the first object of JSONL lacks a column. Later ones may lack one that is kept, which means null.
    """
    is_checked = table.columns is not None
    for row in table.rows():
        if not is_checked and row.values:
            _check_names(table, row, columns, skip_bad=skip_bad)
            is_checked = True
        where = f"{table.unit} {row.number}"
        identifier = None if columns.id is None else _identifier(row.values.get(columns.id))
        text, problem = _text(row, columns)
        bad = _what_is_bad(row, columns, where, text)
        if bad is None and seen is not None and identifier is not None:
            first = seen.add(str(identifier), f"{where} of {table.file!r}")
            bad = None if first is None else f"{where} has the id {identifier!r}, which {first} has"
        if bad is not None and not skip_bad:
            raise RowUnreadable(table.file, bad)
        kept = tuple([row.values.get(column) for column in columns.kept])
        yield Record(text or "", bad or row.problem or problem, identifier, row.number, kept)


def _check_names(table: Table, row: Row, columns: Columns, *, skip_bad: bool) -> None:
    """Find wrong names of columns by the first object of JSONL; a bad row is not to be skipped for them."""
    options = [] if skip_bad else [("--text-column", columns.text), ("--id-column", columns.id)]
    for option, column in [*options, *(("--keep", name) for name in columns.kept)]:
        if column is not None and column not in row.values:
            raise column_missing(f"{table.unit} {row.number} of {table.file!r}", tuple(row.values), column, option)


def _text(row: Row, columns: Columns) -> tuple[str | None, str | None]:
    """The text of a row, "" where that is null and None where there is none, and why it cannot be classified."""
    value = row.values.get(columns.text, _NO_TEXT)
    if isinstance(value, str):
        return value, None
    if isinstance(value, bytes):
        record = from_bytes(value)
        return record.text, record.problem
    return "" if value is None else None, None


def _what_is_bad(row: Row, columns: Columns, where: str, text: str | None) -> str | None:
    """Why a row breaks the format, in a sentence that names it; None where it does not."""
    if not row.values and row.problem is not None:
        return row.problem
    for column in (columns.text, columns.id):
        if column is not None and column not in row.values:
            return f"{where} has no column {column!r} (there are: {', '.join(row.values) or 'none'})"
    if text is None:
        kind = type(row.values[columns.text]).__name__
        return f"{where}: {columns.text!r} is {kind}, not a text"
    return None


def _identifier(value: Any) -> str | int | None:
    """An id as a text or a whole number; null and an empty field are none."""
    if value is None or value == "":
        return None
    if isinstance(value, str) or type(value) is int:
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return str(value)

_LARGEST_FIELD: Final = 2**24  # characters of a field; Python's csv takes 131,072 unless told
_NO_MORE: Final = ("unexpected end of data", "field larger than field limit")  # csv.Error that leaves nothing to read


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        number: the line on which it ends, or its row in a Parquet file, from 1.
        values: its columns by name: texts in CSV and TSV, whatever the file holds in JSONL and Parquet.
        problem: what is wrong with it, a sentence that names the line or row; None where nothing is. Without values,
            the row breaks the format; with values, some of its bytes are not UTF-8, and U+FFFD stands for them.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None


class Table:
    """A table that is open.

    Args:
        file: what it is called.
        rows: its rows; they raise one of `READ_ERRORS` where the file cannot be read on.
        columns: the names of its columns; None where each row has its own, as in JSONL, and in an empty file.
        unit: what `Row.number` counts.
        types: the types of its columns, where they have types: pyarrow's.
        streams: what to close, the first first.
        command: the command whose help the message of an error names.
    """

    def __init__(
        self,
        file: str,
        rows: Iterator[Row],
        columns: Sequence[str] | None,
        unit: Literal["line", "row"] = "line",
        types: Mapping[str, Any] | None = None,
        *,
        streams: Sequence[IO[Any]] = (),
        command: str = "predict",
    ) -> None:
        self.file = file
        self.columns = columns
        self.unit = unit
        self.types = types or {}
        self._rows = rows
        self._streams = streams
        self._command = command

    def rows(self) -> Iterator[Row]:
        """The rows in order, once.

        Raises:
            InputUnreadable: the file cannot be read on; the message says after which row.
        """
        number = 0
        try:
            for row in self._rows:
                number = row.number
                yield row
        except READ_ERRORS as error:
            raise InputUnreadable(self.file, place(self.unit, number) + reason(error), self._command) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        for stream in self._streams:
            stream.close()

    def require(self, options: Mapping[str, str | None]) -> None:
        """Check that columns are there, as far as the head of the file tells.

        Args:
            options: the column that each option of the command line names; None for none.

        Raises:
            UsageProblem: one is not there, or is there twice.
        """
        if self.columns is None:
            return
        for option, column in options.items():
            if column is not None and self.columns.count(column) != 1:
                raise column_missing(repr(self.file), self.columns, column, option)


def column_missing(place: str, columns: Sequence[str], column: str, option: str) -> UsageProblem:
    """The error that a column is not there, or is there more than once.

    Args:
        place: the file in quotation marks, or a row of it.
        columns: those that are there.
        column: the one that is wanted.
        option: what names it on the command line.
    """
    if columns.count(column) > 1:
        return UsageProblem(f"{place} has {columns.count(column)} columns {column!r}. Type: {option} NAME")
    there = ", ".join(columns) or "none"
    return UsageProblem(f"{place} has no column {column!r} (there are: {there}). Type: {option} NAME")


def open_table(
    file: str,
    file_format: FileFormat,
    wanted: Sequence[str] | None = None,
    *,
    command: str = "predict",
    meter: Meter | None = None,
) -> Table:
    """Open a table and read its head.

    Args:
        file: its path; `-` is standard input.
        file_format: what it is; not `Kind.TXT`, which has no columns.
        wanted: the columns whose values are wanted, None for all: Parquet need not read the others.
        command: the command whose help the message of an error names.
        meter: follows the reading; it is for plain files alone.

    Returns:
        The table. It is closed when its rows have been read or are dropped.

    Raises:
        InputUnreadable: it cannot be opened or its head cannot be read.
        UsageProblem: standard input is closed.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    stream = open_bytes(file, command)
    if meter is not None:
        meter.watch(stream)
    return table_of(stream, file, file_format, wanted, command=command)


def table_of(
    stream: BinaryIO,
    file: str,
    file_format: FileFormat,
    wanted: Sequence[str] | None = None,
    *,
    command: str = "predict",
) -> Table:
    """A table whose bytes are there already, wherever they come from.

    Args:
        stream: its bytes; it is closed with the table.
        file: what it is called.
        file_format: as `open_table`.
        wanted: as `open_table`.
        command: as `open_table`.

    Raises:
        InputUnreadable: its head cannot be read.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    try:
        content = decompressed(stream, file_format.compression)
        if file_format.kind is Kind.PARQUET:

            content = seekable(content, copy=content is not stream or file == STDIN)
            names, types, rows = read_parquet(content, wanted)
            return Table(file, rows, names, "row", types, streams=(content, stream), command=command)
        if file_format.kind is Kind.JSONL:
            return Table(file, _json_rows(content), None, streams=(content, stream), command=command)
        # csv must see line ends as they are; bytes that are not UTF-8 pass as lone surrogates (PEP 383): see _checked.
        lines = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
        header, rows = _read_delimited(lines, "\t" if file_format.kind is Kind.TSV else ",")
        return Table(file, rows, header, streams=(lines, stream), command=command)
    except READ_ERRORS as error:
        stream.close()
        raise InputUnreadable(file, reason(error), command) from error
    except BaseException:
        stream.close()
        raise


def _read_delimited(lines: TextIO, delimiter: str) -> tuple[tuple[str, ...] | None, Iterator[Row]]:
    """The header of a table, None where the file is empty, and its rows."""
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(bounded_lines(lines.readline), delimiter=delimiter, strict=True)
    try:
        header = tuple(map(_replaced, next(reader)))
    except StopIteration:
        return None, iter(())
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error
    return header, _delimited_rows(reader, header)


def _delimited_rows(reader: Any, header: tuple[str, ...]) -> Iterator[Row]:
    """Rows of a table with a header; a blank line is none."""
    end = reader.line_num
    while True:
        first, row = end + 1, None
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = str(error)
        end = reader.line_num
        if row is None:
            if problem.startswith(_NO_MORE):
                raise ValueError(f"line {first}: a quotation mark opens a field that does not end ({problem})")
            yield Row(end, {}, f"line {end}: {problem}")
        elif len(row) == len(header):
            if all(map(str.isascii, row)):
                yield Row(end, dict(zip(header, row)))
            else:
                yield _checked(Row(end, dict(zip(header, row))))
        elif row:
            yield Row(end, {}, f"line {end} has {len(row)} fields, the header has {len(header)}")


def _checked(row: Row) -> Row:
    """The row, or what can be shown of it where its bytes are not UTF-8."""
    values = {column: _replaced(value) for column, value in row.values.items()}
    return row if values == row.values else Row(row.number, values, f"line {row.number} is not valid UTF-8")


def _replaced(text: str) -> str:
    """A text with U+FFFD in the place of bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text


def _json_rows(stream: BinaryIO) -> Iterator[Row]:
    """Objects, one a line; only the line feed ends a line, and a blank line is none."""
    for number, line in enumerate(bounded_lines(stream.readline), start=1):
        content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if content and not content.isspace():
            yield _object(number, content)


def _object(number: int, content: bytes) -> Row:
    problem = None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text, problem = content.decode("utf-8", "replace"), f"line {number} is not valid UTF-8"
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return Row(number, {}, f"line {number} is not JSON ({error.msg} at column {error.colno})")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets in brackets
        return Row(number, {}, f"line {number} is not JSON ({error})")
    if not isinstance(value, dict):
        return Row(number, {}, f"line {number} is not a JSON object")
    return Row(number, value, problem)

_BATCH: Final = 128  # rows that are Python's objects at a time
_READ_BUFFER: Final = 2**20  # bytes of a column's chunk that are read at a time, in place of the whole chunk


def seekable(stream: BinaryIO, *, copy: bool) -> BinaryIO:
    """A stream that can go to its end, where a Parquet file says what it holds.

    Args:
        stream: the bytes of a file.
        copy: whether to copy it to a temporary file in any case: a decompressed stream goes back at the price of
            decompressing it all again.

    Raises:
        OSError: it cannot be read, or copied.
    """
    if stream.seekable() and not copy:
        return stream
    copied = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
    try:
        shutil.copyfileobj(stream, copied, _READ_BUFFER)
        copied.seek(0)
    except BaseException:
        copied.close()
        raise
    return copied


def read_parquet(
    stream: BinaryIO, wanted: Sequence[str] | None = None
) -> tuple[tuple[str, ...], dict[str, Any], Iterator[Row]]:
    """Open a Parquet file.

    Args:
        stream: its bytes; see `seekable`.
        wanted: the columns whose values are wanted; None for all.

    Returns:
        The names of its columns, their types by name, and its rows. A nanosecond is cut to the microsecond, since
        Python's times have no nanoseconds.

    Raises:
        ExtraMissing: pyarrow is not installed.
        OSError: the file cannot be read.
        ValueError: it is no Parquet file, or is not whole.
    """
    arrow = pyarrow("Parquet")
    parquet = importlib.import_module("pyarrow.parquet")
    with _pyarrow_errors(arrow):
        file = parquet.ParquetFile(stream, buffer_size=_READ_BUFFER, pre_buffer=False)
        schema = file.schema_arrow
    names = tuple(schema.names)
    read = [name for name in names if (wanted is None or name in wanted) and names.count(name) == 1]
    types = {name: schema.field(name).type for name in read}
    return names, types, _rows(arrow, file, read)


def _rows(arrow: Any, file: Any, columns: list[str]) -> Iterator[Row]:
    numbers = count(1)
    with _pyarrow_errors(arrow):
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False):
            lists = [values_of(arrow, batch.column(name)) for name in columns]
            for values in zip(*lists):
                yield Row(next(numbers), dict(zip(columns, values)))


def values_of(arrow: Any, column: Any) -> list[Any]:
    """The values of a column as Python's; the texts of one whose bytes are not all UTF-8 stay bytes.

    Args:
        arrow: the library pyarrow.
        column: an array of it, whole or in chunks.
    """
    kind = column.type
    if arrow.types.is_temporal(kind) and getattr(kind, "unit", None) == "ns":
        column = column.cast(_in_microseconds(arrow, kind), safe=False)
    try:
        return cast("list[Any]", column.to_pylist())
    except UnicodeDecodeError:
        return cast("list[Any]", column.cast(arrow.large_binary()).to_pylist())


def _in_microseconds(arrow: Any, kind: Any) -> Any:
    if arrow.types.is_timestamp(kind):
        return arrow.timestamp("us", kind.tz)
    return arrow.duration("us") if arrow.types.is_duration(kind) else arrow.time64("us")


@contextmanager
def _pyarrow_errors(arrow: Any) -> Iterator[None]:
    """Context in which errors of pyarrow, which has a class of its own for each of Python's, are ValueErrors."""
    try:
        yield
    except arrow.ArrowException as error:
        raise ValueError(reason(error)) from error
