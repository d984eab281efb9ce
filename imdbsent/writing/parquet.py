"""Predictions as a Parquet file, one row group at a time, by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.reading.streams import pyarrow
from imdbsent.records import as_field
from imdbsent.writing.text import kept_values, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imdbsent.records import Prediction
    from imdbsent.writing.text import ResultColumns


_GROUP_ROWS: Final = 10_000
_GROUP_CHARACTERS: Final = 2**24


class ParquetWriter:
    """Writes predictions as they come, one or many at a time.

    A row group ends after 10,000 rows or 16 million characters, so that memory is bounded, and the same predictions
    give the same bytes in any number of calls.

    Args:
        stream: takes the bytes in order; its own errors are raised.
        columns: the columns other than the usual ones.
        types: pyarrow's types of the id and of carried columns, by their names in the results. A column without a type
            has strings; other values become JSON.
        metadata: key-value metadata of the file.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """

    def __init__(
        self,
        stream: BinaryIO,
        columns: ResultColumns,
        types: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.written = 0
        self._rows = ResultRows(columns, types, metadata)
        self._stream = stream
        self._writer = open_parquet(stream, self._rows)
        self._group: list[Prediction] = []
        self._characters = 0

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Append predictions."""
        for prediction in predictions:
            self._group.append(prediction)
            self._characters += len(prediction.text) + sum([len(v) for v in prediction.kept if isinstance(v, str)])
            if len(self._group) == _GROUP_ROWS or self._characters > _GROUP_CHARACTERS:
                self._write_group()

    def flush(self) -> None:
        """Nothing to show: a Parquet file is read from its end."""

    def close(self) -> None:
        """Write the last rows and the footer; the stream stays open."""
        if self._group:
            self._write_group()
        self._writer.close()
        self._stream.flush()

    def _write_group(self) -> None:
        self._writer.write_batch(self._rows.batch(self._group), row_group_size=len(self._group))
        self.written += len(self._group)
        self._group, self._characters = [], 0


class ResultRows:
    """Makes Arrow rows from predictions.

    Args:
        columns: as for `ParquetWriter`.
        types: as for `ParquetWriter`.
        metadata: as for `ParquetWriter`.

    Attributes:
        arrow: the library.
        schema: the names and types of the columns.

    Raises:
        ExtraMissing: pyarrow is not installed.
    """

    def __init__(
        self,
        columns: ResultColumns,
        types: Mapping[str, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.arrow = pyarrow("Parquet")
        self.schema = _schema(self.arrow, columns, types or {}).with_metadata(dict(metadata or {}) or None)
        self._columns = columns

    def batch(self, rows: Sequence[Prediction]) -> Any:
        """A `pyarrow.RecordBatch` of predictions."""
        values: dict[str, list[Any]] = {"id": [row.id for row in rows]} if self._columns.id else {}
        values |= {
            "label": [row.label for row in rows],
            "probability": [rounded(row.probability) for row in rows],
            "tokens": [row.tokens for row in rows],
            "truncated": [row.truncated for row in rows],
            "unknown": [rounded(row.unknown) for row in rows],
            "problem": [row.problem for row in rows],
            "text": [row.text for row in rows],
        }
        if self._columns.to_label:
            values |= {"label": [None] * len(rows), "verdict": [row.label for row in rows]}
        values |= zip(self._columns.kept, map(list, zip(*[kept_values(row, self._columns) for row in rows])))
        arrays = [self._array(values[field.name], field.type) for field in self.schema]
        return self.arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(self, values: list[Any], kind: Any) -> Any:
        if kind == self.arrow.string():
            values = [None if value is None else _text(value) for value in values]
        return self.arrow.array(values, kind)


def open_parquet(stream: BinaryIO, rows: ResultRows) -> Any:
    """A `pyarrow.parquet.ParquetWriter` for such rows; closing it leaves the stream open."""
    from pyarrow import parquet  # noqa: PLC0415 (few files need it)

    return parquet.ParquetWriter(rows.arrow.PythonFile(stream, "w"), rows.schema, compression="zstd")


def _schema(arrow: Any, columns: ResultColumns, types: Mapping[str, Any]) -> Any:
    own = {
        "label": arrow.string(),
        "probability": arrow.float64(),
        "tokens": arrow.int32(),
        "truncated": arrow.bool_(),
        "unknown": arrow.float64(),
        "problem": arrow.string(),
        "text": arrow.string(),
    }
    if columns.to_label:
        own["verdict"] = arrow.string()
    return arrow.schema([(name, own.get(name) or _type(arrow, types.get(name))) for name in columns.names])


def _type(arrow: Any, kind: Any) -> Any:
    """A type that Python values can be converted to; string if this one is not.

    A dictionary, which pandas calls a category, gives the type of its values: its messages cannot stand alone.
    """
    while kind is not None and arrow.types.is_dictionary(kind):
        kind = kind.value_type
    if kind is None or arrow.types.is_large_string(kind):
        return arrow.string()
    try:
        arrow.array([None], kind)
    except (arrow.ArrowException, NotImplementedError, TypeError, ValueError):
        return arrow.string()
    return kind


def _text(value: Any) -> str:
    return as_field(value).encode("utf-8", "replace").decode()
