"""Tables: rows of CSV, TSV, JSON, Parquet, spreadsheets and fastText, and the records in them.

All commands read tables with this module. Memory is bounded: one row, or a few of Parquet, is held at a time; a
spreadsheet and a JSON document that is one object are held as a whole.

A row that breaks the format comes as a Row with a problem and no values: whoever reads decides whether that is an error
or a record without a verdict. A file that cannot be read any further is an error.
"""

from __future__ import annotations

import logging
import re
import shlex
from contextlib import contextmanager
from itertools import chain, count
from operator import length_hint
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, cast

from imdbsent.errors import RowUnreadable, UsageProblem
from imdbsent.reading import columns as naming
from imdbsent.reading.columns import CountedRows, Row, SeenIds
from imdbsent.reading.delimited import read_delimited, unique_keys
from imdbsent.reading.detect import Detected, content_of, detect
from imdbsent.reading.documents import read_json, read_json_lines
from imdbsent.reading.excel import read_excel
from imdbsent.reading.lines import from_bytes, problem_of, read_lines
from imdbsent.reading.options import TEXT_COLUMN, Columns, FileFormat, Kind
from imdbsent.reading.streams import (
    READ_ERRORS,
    STDIN,
    Compression,
    Damaged,
    Meter,
    PipeStream,
    name_of,
    open_bytes,
    place,
    pyarrow,
    reason,
    seekable,
    unreadable,
)
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from imdbsent.reading.options import ReadOptions

__all__ = [
    "Row",
    "Table",
    "column_missing",
    "open_any",
    "open_table",
    "records_of",
    "table_in",
    "table_of",
    "values_of",
]

_log = logging.getLogger(__name__)

_NO_TEXT: Final = object()
_SAMPLE: Final = 20  # rows that show what columns hold
_FASTTEXT: Final = "__label__"
_LABEL_COLUMN: Final = "label"
Unit = Literal["line", "row", "item"]


class Table:
    """A table that is open.

    Args:
        file: what it is called.
        rows: its rows; they raise one of `READ_ERRORS` if the file cannot be read any further.
        columns: the names of its columns; None if each row has its own, as in JSON, and in an empty file.
        unit: what `Row.number` counts.
        types: the types of its columns, pyarrow's, if they have types.
        streams: what to close, the first first.
        command: the command whose help an error names.
        file_format: what it is; None if nobody asks.
        is_waiting: whether a row can be read without waiting; None if it always can.

    Attributes:
        keys: the key of each column in `Row.values`.
        paths: the path of each key that names nested data.
        lacking: the kept columns that it does not have, and need not have.
        count: number of its rows, if that is known before they are read.
    """

    def __init__(
        self,
        file: str,
        rows: Iterator[Row],
        columns: Sequence[str] | None,
        unit: Unit = "line",
        types: Mapping[str, Any] | None = None,
        *,
        streams: Sequence[Any] = (),
        command: str = "predict",
        file_format: FileFormat | None = None,
        is_waiting: Callable[[], bool] | None = None,
    ) -> None:
        self.file = file
        self.columns = columns
        self.keys = unique_keys(columns) if columns is not None else []
        self.unit = unit
        self.types = types or {}
        self.count = length_hint(rows, 0) or None
        self._rows = rows
        self._streams = streams
        self._command = command
        self._format = file_format or FileFormat(Kind.CSV)
        self._is_waiting = is_waiting
        self._peeked: list[Row] = []
        self.paths: dict[str, tuple[str, ...]] = {}
        self.lacking: frozenset[str] = frozenset()

    def rows(self) -> Iterator[Row]:
        """The rows in order, once.

        Raises:
            InputUnreadable: the file cannot be read any further; the message says after which row.
        """
        number = 0
        try:
            for row in chain(self._peeked, self._rows):
                number = row.number
                yield self._with_paths(row) if self.paths else row
        except READ_ERRORS as error:
            raise unreadable(self.file, error, self._command, place(self.unit, number)) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        for stream in self._streams:
            stream.close()

    def require_columns(self, columns: Columns) -> None:
        """Check that it has columns, as far as its head tells.

        Raises:
            UsageProblem: it has not.
        """
        self.require({"--text-column": columns.text, "--id-column": columns.id})
        for column in columns.kept:
            self.require({"--keep": column})

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
            if column is not None and column not in self.keys:
                raise self._missing(self.columns, column, option)

    def select(self, options: ReadOptions, kept_before: Sequence[str] | None = None) -> Columns:
        """Find the columns that are meant.

        Args:
            options: which columns a person names.
            kept_before: the keys of the columns that an earlier table of the same run carries through, whose order
                and names hold for this one, too; None for the first table.

        Returns:
            Their keys.

        Raises:
            UsageProblem: a column is missing, or several could be meant.
            InputUnreadable: the first row cannot be read.
        """
        names = self._names()
        if names is None:
            kept = () if self._is_all(options, ()) else options.kept
            return Columns(options.text_column or TEXT_COLUMN, options.id_column, kept)
        self._warn_of_header(names, options)
        text = self._text_key(names, options)
        identifier = None if options.id_column is None else self._key(names, options.id_column, "--id-column")
        of_all = self._names_of_more(names)
        others = [key for key in self._keys(of_all) if key not in (text, identifier)]
        if not self._is_all(options, names):
            before = dict(zip(options.kept, kept_before or ()))
            kept = tuple(self._kept_key(of_all, column, before.get(column)) for column in options.kept)
        elif kept_before is None:
            kept = tuple(others)
        else:
            kept = tuple(kept_before)
            self._say_difference(kept_before, others)
        if self.columns is None:
            self.lacking |= {*kept} - {*names} - self.paths.keys()
        return Columns(text, identifier, kept)

    def _names_of_more(self, names: Sequence[str]) -> Sequence[str]:
        """The names of the columns; of JSON, the keys of more objects than the first, if none has to be waited for."""
        if self.columns is not None or self._is_waiting is not None:
            return names
        return tuple(dict.fromkeys([*names, *(key for values in self._values() for key in values)]))

    def _kept_key(self, names: Sequence[str], column: str, before: str | None) -> str:
        """The key of a kept column: by name, if an earlier table has it, since its number may be another here."""
        return before if before in self._keys(names) else self._key(names, column, "--keep")

    def _say_difference(self, before: Sequence[str], others: Sequence[str]) -> None:
        """Say which columns this table lacks, and which it has that the first one does not have."""
        self.lacking = frozenset(before) - {*others}
        if self.lacking and self.columns is not None:  # of JSON, a later object may have it
            lacking = naming.listed(sorted(self.lacking))
            _log.info("%s lacks %s: its rows have no value there", name_of(self.file), lacking)
        if added := {*others} - {*before}:
            _log.info("%s also has %s, which is not copied", name_of(self.file), naming.listed(sorted(added)))

    def label_key(self, options: ReadOptions, *, is_guessed: bool = False) -> str | None:
        """The key of the column with the labels.

        Args:
            options: the column that a person names.
            is_guessed: whether another name than "label" may say that a column holds labels.

        Raises:
            UsageProblem: it is missing.
        """
        names = self._names()
        if names is None:
            return options.label_column or _LABEL_COLUMN
        if options.label_column is not None:
            return self._key(names, options.label_column, "--label-column")
        index = naming.find_column(_LABEL_COLUMN, names)
        if index is None and is_guessed:
            index = naming.guess_label(names)
            if index is not None:
                self._say_guess("labels", names[index], "--label-column")
        if index is None and is_guessed and (nested := self._nested(self._values(), naming.LABEL_NAMES)):
            self._say_guess("labels", nested, "--label-column")
            return self._key(names, nested, "--label-column")
        return None if index is None else self._keys(names)[index]

    def key_of(self, column: str, option: str) -> str:
        """The key of a column that an option names.

        Raises:
            UsageProblem: it is missing.
        """
        names = self._names()
        return column if names is None else self._key(names, column, option)

    def no_column(self, column: str, option: str) -> UsageProblem:
        """The error that a column is missing."""
        return self._missing(self._names() or (), column, option)

    # how columns are found

    def _names(self) -> Sequence[str] | None:
        """The names of the columns; of JSON, the keys of the first objects; None if there is no row."""
        if self.columns is not None:
            return self.columns
        names = dict.fromkeys(key for row in self._sample(1) for key in row.values)
        return tuple(names) or None

    def _keys(self, names: Sequence[str]) -> list[str]:
        return self.keys if self.columns is not None else list(names)

    def _sample(self, size: int) -> list[Row]:
        """Some rows that can be used, without waiting for more than the first."""
        good: list[Row] = []
        try:
            for row in self._peek(size):
                good += [row] if row.values else []
        except READ_ERRORS as error:
            self._rows = _raising(error)
        return good

    def _peek(self, size: int) -> Iterator[Row]:
        yield from self._peeked
        while len(self._peeked) < size or not any(row.values for row in self._peeked):
            if self._peeked and self._is_waiting is not None and not self._is_waiting():
                return
            row = next(self._rows, None)
            if row is None or len(self._peeked) > _SAMPLE * size:
                self._peeked += [] if row is None else [row]
                return
            self._peeked.append(row)
            yield row

    def _values(self) -> list[dict[str, Any]]:
        return [row.values for row in self._sample(_SAMPLE)]

    def _text_key(self, names: Sequence[str], options: ReadOptions) -> str:
        is_lenient = options.skip_bad and self.columns is None  # each object has its own columns
        try:
            if options.text_column is not None:
                return self._key(names, options.text_column, "--text-column", is_text=True)
            return self._guessed_text_key(names)
        except UsageProblem:
            if is_lenient:
                return options.text_column or TEXT_COLUMN
            raise

    def _guessed_text_key(self, names: Sequence[str]) -> str:
        keys = self._keys(names)
        index = naming.find_column(TEXT_COLUMN, names)
        if index is not None:
            return keys[index]
        if sum(name.strip().casefold() == TEXT_COLUMN for name in names) > 1:
            raise self._missing(names, TEXT_COLUMN, "--text-column")
        values = self._values()
        if self._may_lack_header() and naming.looks_like_data(names):
            raise self._no_header(names, values)
        is_only = len(names) == 1 and self.columns is not None
        is_only = is_only and not any(isinstance(row[keys[0]], dict) for row in values)
        index = 0 if is_only else naming.guess_text(names, values, keys)
        if index is not None and "\ufffd" in names[index]:
            raise UsageProblem(
                f"the first row of {name_of(self.file)} is not valid {self._format.encoding.upper()}. Type: --encoding "
                "cp1252, if it comes from Windows, or --encoding auto"
            )
        if index is not None:
            self._check_only_column(names)
            if self._format.header:
                self._say_guess("texts", names[index], "--text-column")
            return keys[index]
        nested = self._nested(values, naming.TEXT_NAMES)
        if nested is None:
            raise self._missing(names, TEXT_COLUMN, "--text-column")
        self._say_guess("texts", nested, "--text-column")
        return self._key(names, nested, "--text-column")

    def _check_only_column(self, names: Sequence[str]) -> None:
        """Check that the name of the only column is not several, with a delimiter that is not known."""
        found = _OTHER_DELIMITER.search(names[0])
        if len(names) > 1 or found is None or self._format.kind not in (Kind.CSV, Kind.TSV):
            return
        if any(naming.normalized(part) in naming.TEXT_NAMES for part in names[0].split(found[0])):
            delimiter = "tab" if found[0] == "\t" else found[0] if found[0].isprintable() else f"\\x{ord(found[0]):02x}"
            raise UsageProblem(
                f"{name_of(self.file)} has one column, {names[0]!r}. Type: --delimiter {shlex.quote(delimiter)}, or "
                "--text-column 1"
            )

    def _key(self, names: Sequence[str], wanted: str, option: str, *, is_text: bool = False) -> str:
        index = naming.find_column(wanted, names)
        if index is not None:
            return self._keys(names)[index]
        path = tuple(wanted.split("."))
        is_nested = self.columns is None or self._format.kind is Kind.PARQUET
        if is_nested and any(naming.has_path(path, values) for values in self._values()):
            self.paths[wanted] = path
            return wanted
        raise self._missing(names, wanted, option, is_text=is_text)

    def _nested(self, values: Sequence[Mapping[str, Any]], known: frozenset[str]) -> str | None:
        """The path of the only nested text or number whose key is a known name, in JSON and Parquet."""
        found = {
            f"{outer}.{inner}"
            for row in values[:1]
            for outer, value in row.items()
            if isinstance(value, dict)
            for inner, found_value in value.items()
            if isinstance(found_value, str if known is naming.TEXT_NAMES else (str, int, float))
            and naming.normalized(inner) in known
        }
        return found.pop() if len(found) == 1 else None

    def _with_paths(self, row: Row) -> Row:
        return Row(row.number, naming.with_paths(row.values, self.paths), row.problem) if row.values else row

    def _is_all(self, options: ReadOptions, names: Sequence[str]) -> bool:
        from imdbsent.reading.options import ALL  # noqa: PLC0415 (it imports this module's own imports)

        return options.kept == (ALL,) and naming.find_column(ALL, names) is None

    def _may_lack_header(self) -> bool:
        return self._format.header and self._format.kind in (Kind.CSV, Kind.TSV, Kind.EXCEL)

    def _warn_of_header(self, names: Sequence[str], options: ReadOptions) -> None:
        by_number = options.text_column is not None and naming.find_column(options.text_column, names) is not None
        is_checked = by_number and options.text_column not in names and self._may_lack_header()
        if is_checked and naming.looks_like_data(names):
            _log.info(
                "the first row of %s is read as its header, and looks like data. --no-header reads it as a row",
                name_of(self.file),
            )

    def _no_header(self, names: Sequence[str], values: Sequence[Mapping[str, Any]]) -> UsageProblem:
        rows = [*values, dict(zip(self.keys, names))]
        blank = [""] * len(names)
        index = naming.likeliest_text(blank, rows, self.keys) or 0
        label = naming.likeliest_label(blank, rows, self.keys) if self._command in _WITH_LABELS else None
        labels = "" if label is None else f" --label-column {label + 1}"
        shown = naming.listed([name if len(name) <= _SHOWN else name[:_SHOWN] + "…" for name in names])
        return UsageProblem(
            f"the first row of {name_of(self.file)} looks like data, not like the names of columns ({shown}). "
            f"Type: --no-header --text-column {index + 1}{labels}; or, if it is a header, --text-column {index + 1} "
            f"{'without --no-header' if labels else 'alone'}{self._or_lines(names)}"
        )

    def _or_lines(self, names: Sequence[str]) -> str:
        is_split = self._format.kind is Kind.CSV and any(name.startswith(" ") for name in names[1:])
        return "; or, if each line is a text, --input-format txt" if is_split else ""

    def _say_guess(self, what: str, name: str, option: str) -> None:
        is_known = naming.normalized(name.rpartition(".")[2]) in naming.TEXT_NAMES | naming.LABEL_NAMES
        more = "; --no-header, if that is a text itself" if not is_known and self._may_lack_header() else ""
        told = "the %s of %s are in its column %r. %s overrides this%s"
        _log.info(told, what, name_of(self.file), name, option, more)

    def _missing(self, names: Sequence[str], wanted: str, option: str, *, is_text: bool = False) -> UsageProblem:
        suggested = None
        if option == "--text-column" and (is_text or wanted == TEXT_COLUMN):
            suggested = naming.likeliest_text(names, self._values(), self._keys(names))
        if option == "--label-column" and wanted == _LABEL_COLUMN:
            suggested = naming.likeliest_label(names, self._values(), self._keys(names))
        where = name_of(self.file)
        if self.columns is None and self._peeked:
            where = f"{self.unit} {self._peeked[0].number} of {where}"
        return naming.missing(where, names, wanted, option, suggested)


_SHOWN: Final = 30  # characters of a value in a message
_OTHER_DELIMITER: Final = re.compile(r"[,;|\t:~^#%&\x01-\x08\x1c-\x1f\xa7\xac\xb6]")
_WITH_LABELS: Final = ("evaluate", "train")


def _raising(error: Exception) -> Iterator[Row]:
    raise error
    yield  # a generator


def column_missing(place: str, columns: Sequence[str], column: str, option: str) -> UsageProblem:
    """The error that a column is missing, or that its name is not unique.

    Args:
        place: the file in quotation marks, or a row of it.
        columns: those that are there.
        column: the one that is wanted.
        option: what names it on the command line.
    """
    return naming.missing(place, columns, column, option)


def open_table(
    file: str,
    file_format: FileFormat,
    wanted: Sequence[str] | None = None,
    *,
    command: str = "predict",
    meter: Meter | None = None,
) -> Table:
    """Open a table whose format is known, and read its head.

    Args:
        file: its path; `-` is standard input.
        file_format: what it is; not `Kind.TXT`, which has no columns.
        wanted: the columns whose values are wanted, None for all: Parquet need not read the others.
        command: the command whose help an error names.
        meter: follows the reading; it is for plain files only.

    Returns:
        The table. It is closed when its rows have been read or are dropped.

    Raises:
        InputUnreadable: it cannot be opened or its head cannot be read.
        UsageProblem: standard input is closed, or a spreadsheet needs a library that is not installed.
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
        UsageProblem: a spreadsheet needs a library that is not installed.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    try:
        found = content_of(stream, file_format)
    except READ_ERRORS as error:
        stream.close()
        raise unreadable(file, error, command) from error
    except BaseException:
        stream.close()
        raise
    return table_in(found, file, wanted, command=command)


def table_in(
    found: Detected,
    file: str,
    wanted: Sequence[str] | None = None,
    *,
    text_column: str | None = None,
    command: str = "predict",
) -> Table:
    """The table in a file that is open.

    Args:
        found: the file.
        file: what it is called.
        wanted: as `open_table`.
        text_column: the column with the text, if a person named one; in JSON it may be a path to the records.
        command: as `open_table`.

    Raises:
        InputUnreadable: its head cannot be read.
        UsageProblem: it is a spreadsheet without such a sheet, or a library for it is not installed.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    try:
        return _table(found, file, wanted, text_column, command)
    except READ_ERRORS as error:
        found.close()
        raise unreadable(file, error, command) from error
    except BaseException:
        found.close()
        raise


def _table(
    found: Detected, file: str, wanted: Sequence[str] | None, text_column: str | None, command: str
) -> Table:
    file_format, content = found.format, found.content
    if file_format.kind in (Kind.PARQUET, Kind.EXCEL):
        return _binary_table(found, file, wanted, command)
    names: tuple[str, ...] | None = None
    unit: Unit = "line"
    if file_format.kind is Kind.JSON:
        rows, unit = read_json(content, file, text_column), "item"
    elif file_format.kind is Kind.JSONL:
        rows = read_json_lines(content)
    elif file_format.kind is Kind.FASTTEXT:
        names, rows = (_LABEL_COLUMN, TEXT_COLUMN), _fasttext_rows(content)
    else:
        names, rows = read_delimited(content, file, file_format)
    stream: Any = found.streams[-1]
    is_waiting = stream.is_line_waiting if content is stream and isinstance(stream, PipeStream) else None
    return Table(
        file, rows, names, unit, streams=found.streams, command=command, file_format=file_format, is_waiting=is_waiting
    )


def _binary_table(found: Detected, file: str, wanted: Sequence[str] | None, command: str) -> Table:
    """Parquet or a spreadsheet, which say at their end what they hold."""
    file_format = found.format
    is_copied = file_format.compression is not Compression.NONE or file == STDIN
    content = seekable(found.content, copy=is_copied and not found.content.seekable())
    streams = tuple(dict.fromkeys((content, *found.streams)))
    names: tuple[str, ...] | None
    types: dict[str, Any] | None = None
    try:
        if file_format.kind is Kind.PARQUET:
            names, types, rows = read_parquet(content, wanted)
        else:
            names, rows = read_excel(content, file, file_format)
    except BaseException:
        content.close()
        raise
    return Table(file, rows, names, "row", types, streams=streams, command=command, file_format=file_format)


def open_any(file: str, options: ReadOptions, *, is_table: bool = False) -> Table | Detected:
    """Open a file, and find out what it is.

    Args:
        file: its path; `-` is standard input.
        options: what a person has said of it.
        is_table: whether it must have columns, and what may be a table is one.

    Returns:
        The table in it; or, if it holds one text per line, what it is.

    Raises:
        InputUnreadable: it cannot be read, or is not text.
        UsageProblem: its format cannot be detected.
        ExtraMissing: it needs a library that is not installed.
    """
    stream = open_bytes(file, options.command)
    try:
        found = detect(stream, file, options, is_table=is_table)
    except BaseException:
        stream.close()
        raise
    if not found.format.is_table:
        return found
    return table_in(found, file, text_column=options.text_column, command=options.command)


def _fasttext_rows(stream: BinaryIO) -> Iterator[Row]:
    """Lines of fastText: labels, each with its prefix, and the text after them."""
    for record in read_lines(stream):
        labels = []
        text = record.text
        while text.startswith(_FASTTEXT):
            label, _, text = text.partition(" ")
            labels.append(label.rstrip(","))
            text = text.lstrip(" \t,")
        number = cast("int", record.number)
        problem = None if record.problem is None else f"line {number} is {record.problem}"
        yield Row(number, {_LABEL_COLUMN: " ".join(labels) or None, TEXT_COLUMN: text}, problem)


# Records


def records_of(table: Table, columns: Columns, seen: SeenIds | None = None, *, skip_bad: bool) -> Iterator[Record]:
    """A record for each row of a table.

    Args:
        table: its rows are read.
        columns: the keys of the columns to read.
        seen: the ids so far, to which the ids of the table are added; None if records have no ids.
        skip_bad: whether a row that breaks the format of its file, lacks a column, or repeats an id becomes a record
            without a verdict; else it is an error.

    Yields:
        The records in order. A row whose bytes cannot be decoded is one without a verdict in any case.

    Raises:
        InputUnreadable: the file cannot be read any further.
        RowUnreadable: a row is bad, and `skip_bad` is false.
        UsageProblem: the first object of JSON lacks a column. Later ones may lack one that is kept, which means null.
    """
    is_checked = table.columns is not None
    unit, text_key, id_key, kept_keys = table.unit, columns.text, columns.id, columns.kept
    for row in table.rows():
        if not is_checked and row.values:
            _check_names(table, row, columns, skip_bad=skip_bad)
            is_checked = True
        values = row.values
        identifier = None if id_key is None else _identifier(values.get(id_key))
        text, problem = _text(values.get(text_key, _NO_TEXT))
        bad = None
        if text is None or row.problem is not None or (id_key is not None and id_key not in values):
            bad = _what_is_bad(row, columns, f"{unit} {row.number}", text)
        if bad is None and seen is not None and identifier is not None:
            where = f"{unit} {row.number}"
            first = seen.add(str(identifier), f"{where} of {name_of(table.file)}")
            bad = None if first is None else f"{where} has the id {identifier!r}, which {first} has"
        if bad is not None and not skip_bad:
            raise RowUnreadable(table.file, bad)
        kept = tuple([values.get(column) for column in kept_keys])
        yield Record(text or "", bad or row.problem or problem, identifier, row.number, kept)


def _check_names(table: Table, row: Row, columns: Columns, *, skip_bad: bool) -> None:
    """Find wrong names of columns in the first object of JSON, which is not skipped as a bad row for them."""
    options = [] if skip_bad else [("--text-column", columns.text), ("--id-column", columns.id)]
    kept = (name for name in columns.kept if name not in table.lacking)
    for option, column in [*options, *(("--keep", name) for name in kept)]:
        if column is not None and column not in row.values:
            where = f"{table.unit} {row.number} of {name_of(table.file)}"
            raise column_missing(where, tuple(row.values), column, option)


def _text(value: Any) -> tuple[str | None, str | None]:
    """The text of a row, "" for null and None if it has none, and why it cannot be classified."""
    if isinstance(value, str):
        if naming.is_missing(value):
            return value, "stands for a missing text"
        return value, problem_of(value) if "\0" in value else None
    if isinstance(value, bytes):
        record = from_bytes(value)
        return record.text, record.problem
    return "" if value is None or naming.is_nan(value) else None, None


def _what_is_bad(row: Row, columns: Columns, where: str, text: str | None) -> str | None:
    """Why a row breaks the format, in a sentence that names it; None if it does not."""
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


# Parquet

_BATCH: Final = 128  # rows that are Python's objects at a time
_READ_BUFFER: Final = 2**20  # bytes of a column's chunk that are read at a time, in place of the whole chunk


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
        Damaged: it is no Parquet file, or is not whole.
    """
    arrow = pyarrow("Parquet")
    from pyarrow import parquet  # noqa: PLC0415 (few files need it)

    with _pyarrow_errors(arrow):
        file = parquet.ParquetFile(stream, buffer_size=_READ_BUFFER, pre_buffer=False)
        schema = file.schema_arrow
    names = tuple(schema.names)
    keys = unique_keys(names)
    read = {index: key for index, key in enumerate(keys) if wanted is None or key in wanted}
    types = {key: schema.field(index).type for index, key in read.items()}
    return names, types, CountedRows(_rows(arrow, file, names, read), file.metadata.num_rows)


def _rows(arrow: Any, file: Any, names: Sequence[str], read: Mapping[int, str]) -> Iterator[Row]:
    """The rows of some columns, given by their keys at their index."""
    numbers = count(1)
    has_twins = len({*names}) < len(names)  # of which pyarrow cannot be asked for one
    columns = None if has_twins else [names[index] for index in read]
    with _pyarrow_errors(arrow):
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False):
            lists = [values_of(arrow, batch.column(index if has_twins else names[index])) for index in read]
            for values in zip(*lists):
                yield Row(next(numbers), dict(zip(read.values(), values)))


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
    """Context in which errors of pyarrow, which has a class of its own for each of Python's, are `Damaged`."""
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise Damaged(reason(error)) from error
