"""Parquet files: rows in, predictions out, by pyarrow, a few rows at a time."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent.records.compression import pyarrow, reason
from imdbsent.records.tables import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
