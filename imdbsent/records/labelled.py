"""A user's own texts, with or without labels, from a file: a table by its columns, or a text a line.

Only a file's name says what it holds. A file that breaks its own format is an error that names the line: figures over
half a file would be wrong and look right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.records.formats import SUFFIXES, FileFormat, Kind, format_of_name
from imdbsent.records.opening import STDIN
from imdbsent.records.reading import read_file
from imdbsent.records.tables import column_missing, open_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.records.tables import Row, Table

TEXT_COLUMN: Final = "text"
LABEL_COLUMN: Final = "label"


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """One text of a user's file.

    Attributes:
        text: the text.
        label: its class, as it stands in the file; None where it has none.
        line: the line of the file on which it ends, or its row in a Parquet file, from 1.
        unit: what `line` counts.
    """

    text: str
    label: str | None
    line: int
    unit: Literal["line", "row"] = "line"

    @property
    def where(self) -> str:
        """Its place in the file, as "line 7"."""
        return f"{self.unit} {self.line}"


def read_labelled(
    file: str, text_column: str = TEXT_COLUMN, label_column: str | None = None, *, command: str = "stats"
) -> Iterator[LabelledRecord]:
    """Read a user's texts.

    Args:
        file: path that ends in one of `SUFFIXES`, with .gz or .zst behind it or not; `-` is standard input, a text a
            line.
        text_column: name of the column, or of the key, that holds the text.
        label_column: that of the label; None for "label" where there is one, else for texts without labels.
        command: the command whose help the message of an error names.

    Yields:
        The records in order, a blank text included.

    Raises:
        InputUnreadable: the file cannot be read, is not UTF-8, or breaks its format.
        UsageProblem: its name does not say what it holds, or it has no such column.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    file_format = FileFormat(Kind.TXT) if file == STDIN else format_of_name(file)
    if file_format is None:
        raise UsageProblem(
            f"the name of {file!r} does not say what it holds. Type the path of a file that ends in "
            f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, with .gz or .zst behind it if it is compressed"
        )
    if not file_format.is_table:
        yield from _lines(file, file_format, command)
        return
    columns = [text_column, label_column or LABEL_COLUMN]
    table = open_table(file, file_format, columns, command=command)
    try:
        table.require({"--text-column": text_column, "--label-column": label_column})
        for row in table.rows():
            if row.problem is not None:
                raise InputUnreadable(file, row.problem, command)
            yield _from_row(table, row, text_column, label_column, command)
    finally:
        table.close()


def _lines(file: str, file_format: FileFormat, command: str) -> Iterator[LabelledRecord]:
    for number, record in enumerate(read_file(file, file_format.compression, command=command), start=1):
        if record.problem is not None:
            raise InputUnreadable(file, f"line {number}: {record.problem}", command)
        yield LabelledRecord(record.text, None, number)


def _from_row(table: Table, row: Row, text_column: str, label_column: str | None, command: str) -> LabelledRecord:
    where = f"{table.unit} {row.number}"
    for option, column in (("--text-column", text_column), ("--label-column", label_column)):
        if column is not None and column not in row.values:
            raise column_missing(f"{where} of {table.file!r}", tuple(row.values), column, option)
    text = row.values[text_column]
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise InputUnreadable(table.file, f"{where} is not valid UTF-8", command) from error
    if not isinstance(text, str):
        raise InputUnreadable(table.file, f"{where}: {text_column!r} is {type(text).__name__}, not a text", command)
    return LabelledRecord(text, as_label(row.values.get(label_column or LABEL_COLUMN)), row.number, table.unit)


def as_label(value: Any) -> str | None:
    """The value of a column of labels as text; null and an empty field are no label."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)  # default: Parquet's dates
