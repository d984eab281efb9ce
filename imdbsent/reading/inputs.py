"""What a command line asks to be read, as one stream of Records: texts, lines, rows of tables.

Whatever can be found wrong before the work is found before the work: files that cannot be opened, columns that are not
there. A row that breaks its format ends the work, or with `skip_bad` is a record without a verdict.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import ImdbsentError, UsageProblem
from imdbsent.reading.detect import (
    STDIN,
    FileFormat,
    Kind,
    compression_of_name,
    format_of_name,
)
from imdbsent.reading.lines import check_readable, from_argument, read_file
from imdbsent.reading.meter import Meter
from imdbsent.reading.tables import Columns, open_table, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.reading.seen_ids import SeenIds
    from imdbsent.reading.tables import Table
    from imdbsent.records import Record


@dataclass(frozen=True)
class _Source:
    """A text, where `file` is None, or a file of some format."""

    text: str
    file: str | None = None
    format: FileFormat = FileFormat(Kind.TXT)  # noqa: RUF009 (it is frozen)

    @property
    def can_be_opened_again(self) -> bool:
        """Whether its head can be read before the work: not from a pipe, nor at the price of decompressing it all."""
        packed = self.format.kind is Kind.PARQUET and self.format.compression.value
        return self.file not in (None, STDIN) and not packed and Path(str(self.file)).is_file()


class Inputs:
    """Texts, files and standard input, in the order of the command line: the texts, then the files.

    Args:
        texts: texts given as arguments; `-` is standard input, and one that `names_a_table` is that file.
        files: paths of files; `-` is standard input.
        columns: the columns of tables; None where the command line names none, and there may be none.
        file_format: what the files are; None for what their names say, and lines of text where they say nothing.
        whole: whether a file is one text; then none is a table.
        skip_bad: whether a row that breaks its format is a record without a verdict, and not the end.

    Attributes:
        columns: the columns of tables.
        meter: follows the reading of the files.

    Raises:
        InputUnreadable: a file cannot be opened, or its head cannot be read.
        UsageProblem: a table has no such column, or columns are named, or a table, where there can be none.
        ExtraMissing: a file needs pyarrow, which is not installed.
    """

    def __init__(
        self,
        texts: Sequence[str],
        files: Sequence[str],
        columns: Columns | None = None,
        *,
        file_format: FileFormat | None = None,
        whole: bool = False,
        skip_bad: bool = False,
    ) -> None:
        self.columns = columns or Columns()
        self._whole = whole
        self._skip_bad = skip_bad
        self._sources = [
            _Source(text) if text != STDIN and not names_a_table(text) else self._file(text, file_format)
            for text in texts
        ] + [self._file(file, file_format) for file in files]
        if whole and file_format is not None and file_format.is_table:
            raise UsageProblem("with --whole a file is one text, not a table. Leave out --whole or --input-format")
        if columns is not None:
            self._check_columns_named()
        self.meter = Meter(source.file for source in self._sources if source.file is not None)
        self._open: dict[int, Table] = {}
        self._types: list[dict[str, Any]] = []
        self._check()

    @property
    def are_bulk(self) -> bool:
        """Whether there may be many records: a file is among them, or standard input."""
        return any(source.file is not None for source in self._sources)

    @property
    def types(self) -> dict[str, Any]:
        """The types, pyarrow's, of the columns that are carried through, where all tables agree on one."""
        first = self._types[0] if self._types else {}
        return {name: kind for name, kind in first.items() if all(types.get(name) == kind for types in self._types)}

    def records(self) -> Iterator[Record]:
        """The records in order, once.

        Raises:
            InputUnreadable: a file cannot be read on.
            RowUnreadable: a row breaks its format, or has an id that has been, and is not to be skipped.
            UsageProblem: standard input is closed.
        """
        seen = None if self.columns.id is None else _no_ids_yet()
        meter = None if self.meter.total is None else self.meter
        try:
            for place, source in enumerate(self._sources):
                if source.file is None:
                    yield from_argument(source.text)
                elif not source.format.is_table:
                    yield from read_file(source.file, source.format.compression, whole=self._whole, meter=meter)
                else:
                    table = self._open.pop(place, None) or self._table(source, meter)
                    with closing(table):
                        yield from records_of(table, self.columns, seen, skip_bad=self._skip_bad)
        finally:
            self.close()
            if seen is not None:
                seen.close()

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            self._open.popitem()[1].close()

    def _file(self, file: str, file_format: FileFormat | None) -> _Source:
        compression = compression_of_name(file)
        named = FileFormat(Kind.TXT, compression) if self._whole else format_of_name(file)
        return _Source("", file, file_format or named or FileFormat(Kind.TXT, compression))

    def _table(self, source: _Source, meter: Meter | None = None) -> Table:
        return open_table(str(source.file), source.format, self.columns.wanted, meter=meter)

    def _check_columns_named(self) -> None:
        for source in self._sources:
            if not source.format.is_table:
                what = "a TEXT" if source.file is None else f"{source.file!r}, read a text a line,"
                raise UsageProblem(f"{what} has no columns. Type: --input-format with csv, tsv, jsonl or parquet")

    def _check(self) -> None:
        try:
            for place, source in enumerate(self._sources):
                if source.file is not None and not source.format.is_table:
                    check_readable([source.file])
                elif source.file is not None:
                    table = self._open[place] = self._table(source)
                    self.columns.require_in(table)
                    self._types.append(dict(table.types))
                    if source.can_be_opened_again:
                        self._open.pop(place).close()
        except BaseException:
            self.close()
            raise


def _no_ids_yet() -> SeenIds:
    from imdbsent.reading.seen_ids import SeenIds  # noqa: PLC0415 (SQLite takes 5 ms, and few runs have ids)

    return SeenIds()


def names_a_table(text: str) -> bool:
    """Whether a text is the name of a file that is there, and that by its suffix is a table."""
    file_format = format_of_name(text) if "." in text else None
    if file_format is None or not file_format.is_table:
        return False
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


class UntilError:
    """Records up to an error, which is raised once the results of those before it are out.

    Args:
        records: what is read; an error in it ends it.
    """

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._error: ImdbsentError | None = None

    def __iter__(self) -> Iterator[Record]:
        """The records."""
        try:
            yield from self._records
        except ImdbsentError as error:
            self._error = error

    def raise_error(self) -> None:
        """Raise the error that ended the records, if one did."""
        if self._error is not None:
            raise self._error

_INNERMOST: Final = re.compile(r"\[([^\[\]]*)\]")
_WRAPPING: Final = re.compile(r"(?:list|array|np\.array|dtype=\w+|[\s,()\[\]])*")
_LARGEST: Final = 12  # digits; more are no id, and Python refuses to read numbers of thousands


def parse_ids(text: str) -> list[list[int]]:
    """Read lists of ids.

    Args:
        text: lists in brackets, each over as many lines as it likes and nested as Keras's arrays are
            (`array([list([1, 14]), list([1, 5])], dtype=object)`); or, without a bracket, a list a line.
            Numbers stand apart by blanks or commas.

    Returns:
        The lists in order; lines and brackets with nothing in them are no list.

    Raises:
        ValueError: something in it is no id; the message names it.
    """
    if "[" not in text and "]" not in text:
        lists = [_numbers(line) for line in text.splitlines()]
    else:
        outside = _INNERMOST.sub(" ", text)
        stray = _WRAPPING.sub("", outside, count=1)
        if stray:
            raise ValueError(f"{_excerpt(stray)} is no list of ids")
        if text.count("[") != text.count("]"):
            raise ValueError("a bracket is open: the list is not whole")
        lists = [_numbers(inside) for inside in _INNERMOST.findall(text)]
    return [ids for ids in lists if ids]


def _numbers(text: str) -> list[int]:
    ids = []
    for item in text.replace(",", " ").split():
        if not (item.isascii() and item.isdigit() and len(item) <= _LARGEST):
            raise ValueError(f"{_excerpt(item)} is no id")
        ids.append(int(item))
    return ids


def _excerpt(text: str) -> str:
    return repr(" ".join(text.split())[:30])
