"""Rows of a table as Records: which column is the text, which the id, which are carried through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import RowUnreadable
from imdbsent.records import Record
from imdbsent.records.reading import from_bytes
from imdbsent.records.tables import column_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.records.tables import Row, Table
    from imdbsent.records.unique import SeenIds

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
