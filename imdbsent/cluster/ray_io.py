"""Files of records as a source of Ray Data, and files of verdicts as a sink that counts what it writes.

Source: Ray's own `read_csv` and `read_json` end a job at the first bad row and guess types, so that "007" becomes 7.
Its `read_text` ends a job at one byte that is not UTF-8. Here the code that reads files on one machine reads them, so
that rows, values and problems are the same.

Sink: each task writes one file, whose name has the number of the task. A task that runs again, because its machine was
lost, replaces its file. So every row is there once, and the counts that the tasks return add up to the rows. The code
that writes `imdbsent predict -o FILE` writes the rows.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pyarrow as pa
from ray.data.block import BlockAccessor
from ray.data.datasource import BlockBasedFileDatasink, FileBasedDatasource

from imdbsent.job_report import Counts
from imdbsent.reading.lines import read_lines
from imdbsent.reading.options import Columns, FileFormat, Kind, compression_of_name
from imdbsent.reading.streams import READ_ERRORS, decompressed, place, unreadable
from imdbsent.reading.tables import records_of, table_of, values_of
from imdbsent.records import Prediction, as_field, as_jsonable, to_json
from imdbsent.writing.text import Format, TextWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.records import Record
    from imdbsent.writing.output import OutputSpec


TEXT: Final = "text of the record"
"""The column of the texts; no carried column has such a name."""
PROBLEM: Final = "problem of the record"
"""The column that says why a record cannot be classified."""
_BLOCK_RECORDS: Final = 1024
_BUFFER: Final = 2**20  # bytes


class RecordSource(FileBasedDatasource):  # Ray has no types
    """Files of records.

    Its rows have the text, the reason why it cannot be classified, the id if there is one, and the columns that are
    carried through: with their values as text, or as JSON.

    Args:
        paths: of the files.
        filesystem: a pyarrow filesystem.
        file_format: their format; the name of each file says how it is compressed.
        columns: the columns to read; lines of text have none.
        skip_bad: whether a row that breaks its format becomes a record without a verdict, instead of an error.
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

    def _open_input_source(self, filesystem: Any, path: str, **open_args: Any) -> Any:
        """The bytes of the file as they are: our own reader decompresses them, not Ray."""
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
            raise unreadable(path, error, before=place("line", number)) from error

    def _rows(self, stream: BinaryIO, path: str) -> Iterator[Record]:
        file_format = self._format._replace(compression=compression_of_name(path))
        table = table_of(stream, path, file_format, self._columns.wanted)
        table.require_columns(self._columns)
        yield from records_of(table, self._columns, skip_bad=self._skip_bad)

    def _block(self, records: list[Record]) -> Any:
        texts = [_encodable(record.text) for record in records]
        columns: dict[str, Sequence[str | None]] = {TEXT: texts, PROBLEM: list(map(_problem, records))}
        kept = [record.kept or (None,) * len(self._columns.kept) for record in records]
        for name, values in zip(self._columns.kept, zip(*kept)):
            columns[name] = list(map(self._carried, values))
        if self._columns.id is not None:  # which may be carried through as well: one column for both
            columns[self._columns.id] = [self._carried(record.id) for record in records]
        return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})

    def _carried(self, value: Any) -> str | None:
        if value is None:
            return None
        return _encodable(to_json(as_jsonable(value)) if self._as_json else as_field(value))


def _encodable(text: str) -> str:
    """A text without lone surrogates, which JSON can contain but UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _problem(record: Record) -> str | None:
    """Why a record cannot be classified; for a lone surrogate, which does not travel, in the classifier's words."""
    if record.problem is not None:
        return record.problem
    try:
        record.text.encode()
    except UnicodeEncodeError as error:
        return f"not valid Unicode: lone surrogate at character {error.start}"
    return None


FORMATS: Final = (Format.PARQUET, Format.CSV, Format.JSONL)
"""The formats of a folder of files."""
_GROUP_ROWS: Final = 10_000
_FIELDS: Final = ("text", "label", "probability", "problem", "tokens", "truncated", "unknown")


class VerdictSink(BlockBasedFileDatasink):  # Ray has no types
    """Files of verdicts in a folder.

    Args:
        path: of the folder.
        filesystem: a pyarrow filesystem.
        spec: how they are written, in one of `FORMATS`.
        is_json: whether the values of carried columns arrive as JSON.
        progress: a Ray actor that counts the rows that are written; None for no count.

    Attributes:
        counts: those of `imdbsent.job_report.Counts` by name, the reasons of rows without a verdict included; complete
            after all rows are written.
    """

    def __init__(
        self,
        path: str,
        filesystem: Any,
        spec: OutputSpec,
        *,
        is_json: bool = False,
        progress: Any = None,
    ) -> None:
        super().__init__(path, filesystem=filesystem, file_format=spec.format.value)
        self.counts: Counter[str] = Counter()
        self._spec = spec
        self._is_json = is_json
        self._progress = progress

    def write(self, blocks: Iterable[Any], ctx: Any) -> Counter[str]:
        """Write the rows of one task, and return their counts."""
        some = list(blocks)
        super().write(some, ctx)
        counts = Counter[str]()
        for block in some:
            counts.update(_counts(BlockAccessor.for_block(block).to_arrow()))
        if self._progress is not None:
            self._progress.add.remote(sum(len(block) for block in some))
        return counts

    def write_block_to_file(self, block: Any, file: Any) -> None:
        """Write the file of one task."""
        table = block.to_arrow()
        if self._spec.format is Format.PARQUET:
            from pyarrow import parquet  # noqa: PLC0415 (few files need it)

            table = table.replace_schema_metadata({**(table.schema.metadata or {}), **self._spec.metadata})
            parquet.write_table(table, file, compression="zstd", row_group_size=_GROUP_ROWS)
            return
        writer = TextWriter(cast("BinaryIO", file), self._spec.layout)
        writer.write(self._predictions(table))
        writer.close()

    def on_write_complete(self, write_result: Any) -> None:
        """Add up the counts of the tasks."""
        super().on_write_complete(write_result)
        for counts in write_result.write_returns:
            self.counts.update(counts)

    def _predictions(self, table: Any) -> Iterator[Prediction]:
        """The rows as predictions."""
        own = [table.column(name).to_pylist() for name in _FIELDS]
        ids = self._values(pa, table, "id") if self._spec.columns.id else [None] * len(table)
        kept = [self._values(pa, table, name) for name in self._spec.columns.kept]
        for row, fields in enumerate(zip(*own)):
            text, label, probability, problem, tokens, truncated, unknown = fields
            values = tuple([column[row] for column in kept])
            yield Prediction(
                text, label, probability, problem, tokens, truncated, unknown, id=ids[row], kept=values
            )

    def _values(self, arrow: Any, table: Any, name: str) -> list[Any]:
        values = values_of(arrow, table.column(name))
        return [None if value is None else json.loads(value) for value in values] if self._is_json else values


def _counts(table: Any) -> dict[str, int]:
    """The counts of the rows by name."""
    counts = Counts()
    columns = [table.column(name).to_pylist() for name in ("label", "problem", "unknown")]
    counts.add(Prediction("", label, None, problem, unknown=unknown) for label, problem, unknown in zip(*columns))
    return counts.by_name
