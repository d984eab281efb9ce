"""What the first of some files says of all of them: the columns, found before the work."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.records.columns import Columns
from imdbsent.records.compression import READ_ERRORS, reason
from imdbsent.records.formats import Kind, compression_of_name
from imdbsent.records.tables import Table, column_missing, table_of

if TYPE_CHECKING:
    from imdbsent.cluster.paths import InputFiles

_FOOTERS: Final = 100
"""Files whose footers are read for their rows; of more, nobody waits for that."""
_OBJECTS: Final = 1000
"""Objects of JSONL whose keys are the columns: each object has keys of its own."""


@dataclass(frozen=True)
class Head:
    """The columns of some files.

    Attributes:
        names: of all columns; none for lines of text, and where all files are empty.
        rows: rows of all files; None where only reading them would tell.
    """

    names: tuple[str, ...] = ()
    rows: int | None = None


def read_head(files: InputFiles) -> Head:
    """The columns of the first of some files that has something in it.

    Raises:
        InputUnreadable: it cannot be read.
    """
    if files.format.kind is Kind.TXT:
        return Head()
    first = files.first
    try:
        if files.format.kind is Kind.PARQUET:
            few = len(files.paths) <= _FOOTERS
            metadata = [_footer(files, path) for path in (files.paths if few else [first])]
            rows = sum(one.num_rows for one in metadata) if few else None
            return Head(tuple(metadata[0].schema.to_arrow_schema().names), rows)
        stream = cast("BinaryIO", io.BufferedReader(files.filesystem.open_input_stream(first, compression=None)))
        table = table_of(stream, first, replace(files.format, compression=compression_of_name(first)))
    except READ_ERRORS as error:
        raise InputUnreadable(first, reason(error)) from error
    try:
        return Head(_names(table))
    finally:
        table.close()


def _footer(files: InputFiles, path: str) -> Any:
    parquet = importlib.import_module("pyarrow.parquet")
    with files.filesystem.open_input_file(path) as stream:
        return parquet.read_metadata(stream)


def columns_read(files: InputFiles, head: Head, columns: Columns | None, *, keep_all: bool) -> Columns:
    """The columns that a job reads.

    Args:
        files: what is read.
        head: what their columns are.
        columns: those that the command line names; None where it names none.
        keep_all: whether all others are carried through, and not those alone that are named.

    Raises:
        UsageProblem: a column is not there, or columns are named where there are none.
    """
    if files.format.kind is Kind.TXT:
        if columns is not None:
            raise UsageProblem(
                f"{files.first!r}, read a text a line, has no columns. Type: --input-format with csv, tsv, jsonl or "
                "parquet"
            )
        return Columns()
    columns = columns or Columns()
    if not head.names:
        return columns
    named = {"--text-column": columns.text, "--id-column": columns.id}
    for option, column in [*named.items(), *(("--keep", column) for column in columns.kept)]:
        if column is not None and head.names.count(column) != 1:
            raise column_missing(repr(files.first), head.names, column, option)
    if not keep_all:
        return columns
    own = (columns.text, columns.id)
    return replace(columns, kept=tuple(name for name in dict.fromkeys(head.names) if name not in own))


def _names(table: Table) -> tuple[str, ...]:
    if table.columns is not None:
        return tuple(table.columns)
    names: dict[str, Any] = {}
    for row in islice(table.rows(), _OBJECTS):
        names.update(row.values)
    return tuple(names)
