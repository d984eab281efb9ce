"""Files of CSV, TSV, JSONL and text as a source of Ray Data, read by the readers of `imdbsent.records`.

Ray's own `read_csv` and `read_json` end a job at the first bad row and guess types, so that "007" becomes 7; its
`read_text` ends it at one byte that is not UTF-8. Here a file has the rows, the values and the reasons that it has on
one machine, since the same code reads it.
"""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pyarrow as pa
from ray.data.datasource import FileBasedDatasource

from imdbsent.errors import InputUnreadable
from imdbsent.records.columns import Columns, records_of
from imdbsent.records.compression import READ_ERRORS, decompressed, place, reason
from imdbsent.records.formats import FileFormat, Kind, compression_of_name
from imdbsent.records.reading import read_lines
from imdbsent.records.tables import table_of
from imdbsent.records.values import as_field, as_jsonable, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.records import Record

TEXT: Final = "text"
PROBLEM: Final = "problem of the record"
"""The column that says why a record cannot be classified."""
_BLOCK_RECORDS: Final = 1024
_BUFFER: Final = 2**20  # bytes


class RecordSource(FileBasedDatasource):  # type: ignore[misc]  # Ray is not looked into
    """Files of records.

    Its rows have the text, the reason why it cannot be classified, the id if there is one, and the columns that are
    carried through: as CSV has their values, or as JSON.

    Args:
        paths: of the files.
        filesystem: pyarrow's.
        file_format: what they are; how each is compressed, its name says.
        columns: the columns that are read; of lines of text there are none.
        skip_bad: whether a row that breaks its format is a record without a verdict, and not the end.
        as_json: whether values are carried as JSON.
    """

    def __init__(
        self,
        paths: list[str],
        filesystem: Any,
        file_format: FileFormat,
        columns: Columns,
        *,
        skip_bad: bool,
        as_json: bool,
    ) -> None:
        super().__init__(paths, filesystem=filesystem)
        self._format = file_format
        self._columns = columns
        self._skip_bad = skip_bad
        self._as_json = as_json
        texts = [TEXT, PROBLEM, *([] if columns.id is None else [columns.id]), *columns.kept]
        self._row_schema = pa.schema([(name, pa.string()) for name in texts])

    def _open_input_source(self, filesystem: Any, path: str, **open_args: Any) -> Any:
        """The bytes as they lie there: our own reader decompresses, where Ray would by the file's name."""
        return filesystem.open_input_stream(path, **{"buffer_size": _BUFFER, **open_args, "compression": None})

    def _read_stream(self, f: Any, path: str) -> Iterator[Any]:
        stream = cast("BinaryIO", io.BufferedReader(f, _BUFFER))
        records = self._lines(stream, path) if self._format.kind is Kind.TXT else self._rows(stream, path)
        while some := list(islice(records, _BLOCK_RECORDS)):
            yield self._block(some)

    def _lines(self, stream: BinaryIO, path: str) -> Iterator[Record]:
        number = 0
        try:
            for record in read_lines(decompressed(stream, compression_of_name(path))):
                number = record.number or 0
                yield record
        except READ_ERRORS as error:
            raise InputUnreadable(path, place("line", number) + reason(error)) from error

    def _rows(self, stream: BinaryIO, path: str) -> Iterator[Record]:
        file_format = replace(self._format, compression=compression_of_name(path))
        table = table_of(stream, path, file_format, self._columns.wanted)
        self._columns.require_in(table)
        yield from records_of(table, self._columns, skip_bad=self._skip_bad)

    def _block(self, records: list[Record]) -> Any:
        texts = [_encodable(record.text) for record in records]
        columns: list[Sequence[str | None]] = [texts, list(map(_problem, records))]
        if self._columns.id is not None:
            columns.append([self._carried(record.id) for record in records])
        kept = [record.kept or (None,) * len(self._columns.kept) for record in records]
        columns += [list(map(self._carried, values)) for values in zip(*kept)]
        return pa.table([pa.array(column, pa.string()) for column in columns], schema=self._row_schema)

    def _carried(self, value: Any) -> str | None:
        if value is None:
            return None
        return _encodable(to_json(as_jsonable(value)) if self._as_json else as_field(value))


def _encodable(text: str) -> str:
    """A text that has a UTF-8: a lone surrogate, which JSON can name, has none."""
    return text.encode("utf-8", "replace").decode()


def _problem(record: Record) -> str | None:
    """Why a record cannot be classified; that of a lone surrogate, which does not travel, in the classifier's words."""
    if record.problem is not None:
        return record.problem
    try:
        record.text.encode()
    except UnicodeEncodeError as error:
        return f"not valid Unicode: lone surrogate at character {error.start}"
    return None
