"""How long one record may be: a line without an end, as of /dev/zero or of a gzip bomb, is told, not waited for.

What a file of records is, told by its name: txt, csv, tsv, jsonl, parquet, and each of them compressed.

Compressed files as streams: gzip by Python's own module, zstd by pyarrow.

pyarrow stands for zstd because it is the optional library for Parquet already: Python has no zstd of its own before
3.14, and a second optional library for one codec is one more to install. It reads files of several frames, as
`cat a.zst b.zst` makes them.

Files and standard input as streams of bytes.
"""

from __future__ import annotations

import gzip
import importlib
import io
import sys
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, AnyStr, BinaryIO, Final, cast

from imdbsent.errors import ExtraMissing, InputUnreadable, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Kind(str, Enum):
    """How records stand in a file."""

    TXT = "txt"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Compression(str, Enum):
    """How the bytes of a file are compressed; the value is the suffix."""

    NONE = ""
    GZIP = "gz"
    ZSTD = "zst"


@dataclass(frozen=True)
class FileFormat:
    """What a file is.

    Attributes:
        kind: how records stand in it.
        compression: how its bytes are compressed as a whole.
    """

    kind: Kind
    compression: Compression = Compression.NONE

    @property
    def is_table(self) -> bool:
        """Whether its records have columns."""
        return self.kind is not Kind.TXT


_KINDS: Final = {kind.value: kind for kind in Kind} | {"ndjson": Kind.JSONL}
_COMPRESSIONS: Final = {"gz": Compression.GZIP, "zst": Compression.ZSTD}
SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".txt")
"""The names that say what a file holds; each may have .gz or .zst behind it."""


def format_of_name(path: str | Path) -> FileFormat | None:
    """What the name of a file says it is; None where it says nothing of its records, as `reviews` or `notes.md`."""
    compression, suffixes = _compression_of(path)
    kind = _KINDS.get(suffixes[-1]) if suffixes else None
    return None if kind is None else FileFormat(kind, compression)


def compression_of_name(path: str | Path) -> Compression:
    """What the name of a file says of its compression."""
    return _compression_of(path)[0]


def parse_format(name: str) -> FileFormat:
    """The format that a person names, as "csv" or "jsonl.gz".

    Raises:
        UsageProblem: it is none.
    """
    found = format_of_name(f"name.{name.lower().removeprefix('.')}")
    if found is None:
        known = ", ".join(_KINDS)
        raise UsageProblem(
            f"{name!r} is no format of records. Type: --input-format with one of {known}, alone or with .gz or .zst "
            "behind it, as csv.gz"
        )
    return found


def _compression_of(path: str | Path) -> tuple[Compression, list[str]]:
    suffixes = [suffix.removeprefix(".").lower() for suffix in Path(path).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    return (Compression.NONE, suffixes) if compression is None else (compression, suffixes[:-1])

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

STDIN: Final = "-"
"""What standard input is called where a file is."""


def open_bytes(file: str, command: str = "predict") -> BinaryIO:
    """Open a file, or standard input, to read bytes.

    Args:
        file: its path; `-` is standard input, which stays open when the stream is closed.
        command: the command whose help the message of an error names.

    Raises:
        InputUnreadable: it cannot be opened.
        UsageProblem: standard input is closed.
    """
    if file == STDIN:
        if sys.stdin is None:
            raise UsageProblem(f"standard input is closed. See: imdbsent {command} --help")
        buffer: Any = sys.stdin.buffer
        return _StandardInput(getattr(buffer, "raw", buffer))  # a buffer on a buffer would wait until both are full
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputUnreadable(file, getattr(error, "strerror", None) or str(error), command) from error


class _StandardInput(io.BufferedReader):
    """Standard input, which stays open when what reads it is closed."""

    def close(self) -> None:
        """Nothing: whoever comes later may ask whether it is a terminal."""

LARGEST_RECORD: Final = 2**28
"""Bytes, or characters, that a line or a whole file that is one text may have."""


def bounded_lines(readline: Callable[[int], AnyStr]) -> Iterator[AnyStr]:
    """The lines of a stream.

    Args:
        readline: reads a line, or as much of it as it is told to: that of any stream of bytes or characters.

    Raises:
        ValueError: a line is longer than `LARGEST_RECORD`; the message says which.
    """
    number = 0
    while line := readline(LARGEST_RECORD + 1):
        number += 1
        if len(line) > LARGEST_RECORD:
            raise ValueError(f"line {number:,} is longer than {LARGEST_RECORD:,} bytes")
        yield line


def bounded_content(read: Callable[[int], bytes]) -> bytes:
    """All of a stream.

    Raises:
        ValueError: it is longer than `LARGEST_RECORD`.
    """
    blocks = []
    size = 0
    while block := read(2**20):
        size += len(block)
        if size > LARGEST_RECORD:
            raise ValueError(f"it is longer than {LARGEST_RECORD:,} bytes, which is no one text")
        blocks.append(block)
    return b"".join(blocks)
