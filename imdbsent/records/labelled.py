"""A user's own texts, with or without labels, from a file: CSV, TSV and JSONL by columns, or a text a line.

Only a file's name says what it holds. A file that breaks its own format is an error that names the line: figures over
half a file would be wrong and look right.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.records.reading import STDIN, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_COLUMN: Final = "text"
LABEL_COLUMN: Final = "label"

_LARGEST_FIELD: Final = 2**24  # characters of a field; Python's csv takes 131,072 unless told
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_JSONL: Final = (".jsonl", ".ndjson")
_SUFFIXES: Final = (*_DELIMITERS, *_JSONL, ".txt")


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """One text of a user's file.

    Attributes:
        text: the text.
        label: its class, as it stands in the file; None where it has none.
        line: the line of the file on which it ends, from 1.
        group: what it has in common with others; empty where it has none, or nobody asked.
    """

    text: str
    label: str | None
    line: int
    group: str = ""


def read_labelled(
    file: str,
    text_column: str = TEXT_COLUMN,
    label_column: str | None = None,
    group_column: str | None = None,
    *,
    command: str = "stats",
) -> Iterator[LabelledRecord]:
    """Read a user's texts.

    Args:
        file: path that ends in .csv, .tsv, .jsonl, .ndjson or .txt; `-` is standard input, a text a line.
        text_column: name of the column, or of the key, that holds the text.
        label_column: that of the label; None for "label" where there is one, else for texts without labels.
        group_column: that of what records have in common; None where nobody asks.
        command: the command whose help the message of an error names.

    Yields:
        The records in order, a blank text included.

    Raises:
        InputUnreadable: the file cannot be read, is not UTF-8, or breaks its format.
        UsageProblem: its name does not say what it holds, or it has no such column.
    """
    suffix = Path(file).suffix.lower()
    if file != STDIN and suffix not in _SUFFIXES:
        raise UsageProblem(
            f"the name of {file!r} does not say what it holds. Type the path of a file that ends in "
            f"{', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]}"
        )
    if file == STDIN and sys.stdin is None:
        raise UsageProblem(f"standard input is closed. Type: imdbsent {command} FILE")
    try:
        if file == STDIN:
            yield from _lines(sys.stdin.buffer)
        elif suffix == ".txt":
            with Path(file).open("rb") as lines:
                yield from _lines(lines)
        else:
            # A table's own reader must see line ends as they are; a line of JSON ends at a line feed alone.
            with Path(file).open(encoding="utf-8-sig", newline="\n" if suffix in _JSONL else "") as stream:
                rows = _json_rows(stream) if suffix in _JSONL else _table_rows(stream, _DELIMITERS[suffix])
                yield from _from_rows(file, rows, text_column, label_column, group_column)
    except UnicodeDecodeError as error:
        raise InputUnreadable(file, f"it is not UTF-8 ({error.reason})", command) from error
    except (OSError, ValueError) as error:  # ValueError: a broken format, or a NUL in the path
        raise InputUnreadable(file, getattr(error, "strerror", None) or str(error), command) from error


def _lines(stream: BinaryIO) -> Iterator[LabelledRecord]:
    for number, record in enumerate(read_lines(stream), start=1):
        if record.problem is not None:
            raise ValueError(f"line {number}: {record.problem}")
        yield LabelledRecord(record.text, None, number)


def _table_rows(stream: TextIO, delimiter: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a table with a header, each with the number of the line on which it ends."""
    csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        for row in reader:
            if not row:  # a blank line
                continue
            if len(row) != len(header):
                raise ValueError(f"line {reader.line_num} has {len(row)} fields, the header has {len(header)}")
            yield reader.line_num, dict(zip(header, row))
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _json_rows(stream: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is not JSON ({error})") from error
        if not isinstance(value, dict):
            raise ValueError(f"line {number} is not a JSON object")
        yield number, value


def _from_rows(
    file: str,
    rows: Iterator[tuple[int, dict[str, Any]]],
    text_column: str,
    label_column: str | None,
    group_column: str | None,
) -> Iterator[LabelledRecord]:
    options = (("--text-column", text_column), ("--label-column", label_column), ("--group-column", group_column))
    for number, row in rows:
        for option, column in options:
            if column is not None and column not in row:
                there = ", ".join(map(str, row)) or "none"
                raise UsageProblem(
                    f"line {number} of {file!r} has no column {column!r} (there are: {there}). Type: {option} NAME"
                )
        text = row[text_column]
        if not isinstance(text, str):
            raise ValueError(f"line {number}: {text_column!r} is {type(text).__name__}, not a text")
        group = _label(row.get(group_column)) if group_column else None
        yield LabelledRecord(text, _label(row.get(label_column or LABEL_COLUMN)), number, group or "")


def _label(value: Any) -> str | None:
    """The class as text; null and an empty field are no label."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value)
