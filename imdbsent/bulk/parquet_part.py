"""The part of a Parquet file: rows of Arrow, a message a window, without an end."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent.records.new_file import new_file
from imdbsent.records.parquet_writing import ResultRows, open_parquet
from imdbsent.records.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction
    from imdbsent.records.writing import ResultColumns

_GROUP_ROWS: Final = 10_000
_GROUP_BYTES: Final = 2**25


class ParquetPart:
    """Messages of Arrow, of which the Parquet file is written at the end.

    A footer at its end says where everything in a Parquet file is, so that nothing can be added to one. The messages
    are written behind each other without what makes them a stream of Arrow: the schema at its head is known.
    """

    def __init__(self, columns: ResultColumns, types: Mapping[str, Any], written: int) -> None:
        self.written = written
        self._rows = ResultRows(columns, types)

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """A message with their rows."""
        if not predictions:
            return b""
        self.written += len(predictions)
        return cast("bytes", self._rows.batch(predictions).serialize().to_pybytes())

    def end(self) -> bytes:
        """Nothing: the messages tell where they end."""
        return b""

    def publish(self, part: Path, path: Path) -> None:
        """Write the Parquet file, a group of rows at a time."""
        with new_file(path, held=part) as place, part.open("rb") as messages, place.open("wb") as stream:
            sink = cast("BinaryIO", Sink(stream, str(path)))
            writer = open_parquet(sink, self._rows)
            for group in _groups(self._batches(messages)):
                rows = self._rows.arrow.Table.from_batches(group)
                writer.write_table(rows, row_group_size=len(rows))
            writer.close()
            stream.flush()

    def _batches(self, messages: BinaryIO) -> Iterator[Any]:
        ipc = importlib.import_module("pyarrow.ipc")
        source = self._rows.arrow.PythonFile(messages, "r")
        size = messages.seek(0, 2)
        messages.seek(0)
        while messages.tell() < size:
            yield ipc.read_record_batch(ipc.read_message(source), self._rows.schema)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Batches together, as long as they have so few rows and bytes; one batch at least."""
    group: list[Any] = []
    for batch in batches:
        together = [*group, batch]
        if group and (sum(map(len, together)) > _GROUP_ROWS or sum(b.nbytes for b in together) > _GROUP_BYTES):
            yield group
            group = []
        group.append(batch)
    if group:
        yield group
