"""Compressed files as streams: gzip by Python's own module, zstd by pyarrow.

pyarrow stands for zstd because it is the optional library for Parquet already: Python has no zstd of its own before
3.14, and a second optional library for one codec is one more to install. It reads files of several frames, as
`cat a.zst b.zst` makes them.
"""

from __future__ import annotations

import gzip
import importlib
import io
import zlib
from typing import Any, BinaryIO, Final, cast

from imdbsent.errors import ExtraMissing
from imdbsent.records.formats import Compression

READ_ERRORS: Final = (OSError, EOFError, zlib.error, ValueError, OverflowError)
"""What reading a damaged, cut off or unreadable file raises, compressed or not, once `pyarrow`'s errors are these. A
date of Parquet that Python has not is an OverflowError."""

_BUFFER: Final = 2**16  # bytes; a line of a GzipFile costs a call of Python, one of a BufferedReader does not
_GZIP_LEVEL: Final = 6  # that of the gzip command; 9, Python's default, takes twice the time for one percent


def decompressed(stream: BinaryIO, compression: Compression) -> BinaryIO:
    """What a stream of compressed bytes holds.

    Raises:
        ExtraMissing: zstd, and pyarrow is not installed.
    """
    if compression is Compression.GZIP:
        return io.BufferedReader(gzip.GzipFile(fileobj=stream, mode="rb"), _BUFFER)
    if compression is Compression.ZSTD:
        arrow = pyarrow("zstd")
        return io.BufferedReader(arrow.CompressedInputStream(arrow.PythonFile(stream, "r"), "zstd"), _BUFFER)
    return stream


def compressing(stream: BinaryIO, compression: Compression) -> BinaryIO:
    """A stream that compresses what is written; closing it ends the compressed data, and may close `stream`.

    The same bytes in give the same bytes out: a gzip header holds no time and no name.

    Raises:
        ExtraMissing: zstd, and pyarrow is not installed.
    """
    if compression is Compression.GZIP:
        return cast("BinaryIO", gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0))
    if compression is Compression.ZSTD:
        arrow = pyarrow("zstd")
        return cast("BinaryIO", arrow.CompressedOutputStream(arrow.PythonFile(stream, "w"), "zstd"))
    return stream


def place(unit: str, number: int) -> str:
    """How far a file could be read, as the beginning of a sentence; "" where nothing could."""
    return f"after {unit} {number:,}: " if number else ""


def reason(error: Exception) -> str:
    """Why a file cannot be read, in one line: the system's word for it, or the library's."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split())


def pyarrow(what: str) -> Any:
    """The library for Parquet and zstd, imported where it is needed.

    Args:
        what: what needs it, for the message.

    Raises:
        ExtraMissing: it is not installed.
    """
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise ExtraMissing(what, "parquet") from error
