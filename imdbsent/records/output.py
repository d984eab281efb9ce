"""Where predictions go and in which format: standard output, or a file that has its name only once it is whole."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.records.compression import compressing, pyarrow
from imdbsent.records.formats import Compression, compression_of_name
from imdbsent.records.new_file import new_file
from imdbsent.records.sink import Sink
from imdbsent.records.writing import Format, ResultColumns, TextLayout, TextWriter, text_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


_OF_SUFFIX: Final = {chosen.value: chosen for chosen in Format if chosen is not Format.TABLE} | {"ndjson": Format.JSONL}


class Writer(Protocol):
    """Takes predictions as they come."""

    written: int

    def write(self, predictions: Iterable[Any]) -> None:
        """Write predictions behind those that were written before."""

    def close(self) -> None:
        """Write what stands behind the last; the stream stays open."""


def format_of_output(path: Path) -> Format:
    """The format that the name of a file says.

    Raises:
        UsageProblem: it says none.
    """
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if compression_of_name(path) is not Compression.NONE:
        suffixes.pop()
    chosen = _OF_SUFFIX.get(suffixes[-1]) if suffixes else None
    if chosen is None:
        raise UsageProblem(
            f"the name of '{path}' does not say its format. Type: -o FILE.csv, .tsv, .jsonl, .json or .parquet, "
            "or --format with it"
        )
    return chosen


def check_output(path: Path, chosen: Format) -> None:
    """Find out that a file cannot be written before the work, rather than after it.

    Raises:
        UsageProblem: it cannot be written, or not in this format.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    compression = compression_of_name(path)
    if chosen is Format.TABLE:
        raise UsageProblem("a table is for the terminal, not for a file. Type: --format csv")
    if chosen is Format.PARQUET and compression is not Compression.NONE:
        raise UsageProblem(f"Parquet is compressed inside, not as a whole. Type: -o '{path.with_suffix('')}'")
    if chosen is Format.PARQUET or compression is Compression.ZSTD:
        pyarrow("Parquet" if chosen is Format.PARQUET else "zstd")
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: -o '{path / 'verdicts'}.{chosen.value}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    is_device = path.exists() and not path.is_file()  # or a named pipe: it is written as it is
    place = path if is_device else path.parent
    if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        what = "" if is_device else "the folder "
        raise UsageProblem(f"{what}'{place}' cannot be written. Type: -o with another FILE")


@contextmanager
def open_output(
    path: Path | None,
    chosen: Format,
    columns: ResultColumns,
    types: Mapping[str, Any] | None = None,
    layout: TextLayout | None = None,
) -> Iterator[Writer]:
    """Open what predictions are written to.

    Args:
        path: the file, which has its name after the block, once it is whole; where the block raises, nothing has
            changed. None for standard output.
        chosen: any format but the table.
        columns: those beside the usual ones.
        types: see `ParquetWriter`.
        layout: of what is written, where that is no prediction; None for that of predictions in the format.

    Yields:
        What writes predictions.

    Raises:
        OutputClosed: the reader has gone, as `head -1` does.
        OutputFailed: the place cannot be written, or is full.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if path is None:
        with _dropping(Sink(sys.stdout.buffer)) as sink:
            writer = new_writer(sink, chosen, columns, types, layout)
            yield writer
            writer.close()
        return
    try:
        with new_file(path) as place, place.open("wb") as stream, _dropping(Sink(stream, str(path))) as sink:
            packed = compressing(cast("BinaryIO", sink), compression_of_name(path))
            writer = new_writer(packed, chosen, columns, types, layout)
            yield writer
            writer.close()
            packed.close()
            stream.flush()
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


@contextmanager
def _dropping(sink: Sink) -> Iterator[Sink]:
    """Context whose failure leaves what was written as it is: no half file gets an end that makes it look whole."""
    try:
        yield sink
    except BaseException:
        sink.drop()
        raise


def new_writer(
    stream: Any,
    chosen: Format,
    columns: ResultColumns,
    types: Mapping[str, Any] | None = None,
    layout: TextLayout | None = None,
) -> Writer:
    """What writes predictions to a stream in a format; see `open_output`."""
    if chosen is Format.PARQUET:
        from imdbsent.records.parquet_writing import ParquetWriter  # noqa: PLC0415 (Parquet alone needs it)

        return ParquetWriter(stream, columns, types)
    return TextWriter(stream, layout or text_layout(chosen, columns))
