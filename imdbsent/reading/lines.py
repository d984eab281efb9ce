"""Records from arguments, standard input and files: one record per line, or one per file.

Only the line feed ends a record, so that `wc -l` and the number of records agree. Bytes that are not UTF-8 cost one
record its verdict, never the run.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from imdbsent.errors import InputUnreadable
from imdbsent.reading.detect import (
    READ_ERRORS,
    STDIN,
    Compression,
    bounded_content,
    bounded_lines,
    decompressed,
    open_bytes,
    place,
    reason,
)
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.reading.meter import Meter


def read_records(texts: Sequence[str], files: Sequence[str], *, whole: bool) -> Iterator[Record]:
    """Records of a command line: its arguments, with standard input in the place of `-`, then its files.

    Args:
        texts: texts given as arguments.
        files: paths of files; `-` is standard input.
        whole: whether a file, or standard input, is one text; else each line is one.

    Yields:
        The records in order.

    Raises:
        InputUnreadable: a file cannot be read.
        UsageProblem: standard input is closed.
    """
    for text in texts:
        if text == STDIN:
            yield from read_file(STDIN, whole=whole)
        else:
            yield from_argument(text)
    for file in files:
        yield from read_file(file, whole=whole)


def read_file(
    file: str,
    compression: Compression = Compression.NONE,
    *,
    whole: bool = False,
    command: str = "predict",
    meter: Meter | None = None,
) -> Iterator[Record]:
    """Records of a file.

    Args:
        file: its path; `-` is standard input.
        compression: how its bytes are compressed.
        whole: whether it is one text; else each line is one.
        command: the command whose help the message of an error names.
        meter: follows the reading; it is for plain files alone.

    Raises:
        InputUnreadable: the file cannot be read.
        UsageProblem: standard input is closed.
        ExtraMissing: zstd, and pyarrow is not installed.
    """
    with open_bytes(file, command) as stream:
        number = 0
        if meter is not None:
            meter.watch(stream)
        try:
            content = decompressed(stream, compression)
            if whole:
                yield from_bytes(_without_mark(bounded_content(content.read), first=True))
                return
            for record in read_lines(content):
                number = record.number or 0
                yield record
        except READ_ERRORS as error:
            raise InputUnreadable(file, place("line", number) + reason(error), command) from error


def check_readable(files: Iterable[str]) -> None:
    """Check that files can be opened, before any work is done; a pipe is not, which could be opened once alone.

    Raises:
        InputUnreadable: one cannot.
    """
    for file in files:
        if file != STDIN and not is_pipe(file):
            open_bytes(file).close()


def is_pipe(file: str) -> bool:
    """Whether a path is that of a named pipe, as `<(command)` is in a shell."""
    try:
        return Path(file).is_fifo()
    except (OSError, ValueError):  # a NUL in the path
        return False


def from_argument(text: str) -> Record:
    """The record of an argument; bytes that are not UTF-8 have come as lone surrogates (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return from_bytes(text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "surrogatepass"))
    return Record(text)


def from_bytes(content: bytes, number: int | None = None) -> Record:
    """The record of a text's bytes, and the line that they were."""
    try:
        return Record(content.decode("utf-8"), number=number)
    except UnicodeDecodeError as error:
        return Record(content.decode("utf-8", "replace"), f"not valid UTF-8 at byte {error.start}", number=number)


def read_lines(stream: BinaryIO) -> Iterator[Record]:
    """Records of a stream, a line each; a byte order mark before the first and a CR before the LF are no text."""
    for number, line in enumerate(bounded_lines(stream.readline), start=1):
        content = _without_mark(line, first=number == 1).removesuffix(b"\n").removesuffix(b"\r")
        yield from_bytes(content, number)


def _without_mark(content: bytes, *, first: bool) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8) if first else content


def _is_escaped(text: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in text if "\ud800" <= c <= "\udfff")
