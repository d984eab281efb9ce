"""What an unfinished output holds, in a form to which a killed run can be added: bytes that are only appended.

A plain text is its own part, and gets its name at the end. What cannot be added to, because its bytes depend on those
before (a compressed text) or on all of it (Parquet), is a part of another form, and is written at the end from that.
So an output is the same, byte for byte, whether its run was stopped or not.
"""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from imdbsent.records.compression import compressing
from imdbsent.records.formats import Compression, compression_of_name
from imdbsent.records.new_file import new_file
from imdbsent.records.sink import Sink
from imdbsent.records.writing import Format, ResultColumns, TextWriter, text_layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction

_COPY_BLOCK = 2**20  # bytes


class Part(Protocol):
    """Predictions as bytes to append, and the output made of them."""

    @property
    def written(self) -> int:
        """Predictions in it."""

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """What is to be appended for some predictions."""

    def end(self) -> bytes:
        """What is to be appended after the last."""

    def publish(self, part: Path, path: Path) -> None:
        """Make the output of the whole part; its name appears once it is whole.

        Raises:
            OSError, OutputFailed: it cannot be written.
        """


def new_part(chosen: Format, columns: ResultColumns, types: Mapping[str, Any], written: int) -> Part:
    """The part of an output.

    Args:
        chosen: its format, not the table.
        columns: those beside the usual ones.
        types: as `ParquetWriter`.
        written: predictions that are in the part already.

    Raises:
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if chosen is Format.PARQUET:
        from imdbsent.bulk.parquet_part import ParquetPart  # noqa: PLC0415 (Parquet alone needs it)

        return ParquetPart(columns, types, written)
    return TextPart(chosen, columns, written)


class TextPart:
    """The text itself."""

    def __init__(self, chosen: Format, columns: ResultColumns, written: int) -> None:
        self._buffer = io.BytesIO()
        self._writer = TextWriter(self._buffer, text_layout(chosen, columns), written)

    @property
    def written(self) -> int:
        """Predictions in it."""
        return self._writer.written

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """Their rows."""
        self._writer.write(predictions)
        return self._taken()

    def end(self) -> bytes:
        """What ends the text."""
        self._writer.close()
        return self._taken()

    def publish(self, part: Path, path: Path) -> None:
        """Rename it, or compress it."""
        compression = compression_of_name(path)
        if compression is Compression.NONE:
            part.replace(path)
            return
        with new_file(path, held=part) as place, part.open("rb") as content, place.open("wb") as stream:
            sink: BinaryIO = Sink(stream, str(path))  # type: ignore[assignment]
            packed = compressing(sink, compression)
            shutil.copyfileobj(content, packed, _COPY_BLOCK)
            packed.close()
            stream.flush()

    def _taken(self) -> bytes:
        content = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return content
