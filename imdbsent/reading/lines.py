"""Records from arguments, standard input and files: one record per line, or one per file.

Only the line feed ends a record, so that `wc -l` and the number of records agree. Bytes that cannot be decoded cost one
record its verdict, never the run.
"""

from __future__ import annotations

import codecs
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from imdbsent.reading.streams import (
    READ_ERRORS,
    STDIN,
    Compression,
    Meter,
    bounded_content,
    bounded_lines,
    decompressed,
    open_bytes,
    place,
    unreadable,
)
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence



def read_records(texts: Sequence[str], files: Sequence[str], *, whole: bool) -> Iterator[Record]:
    """Records of a command line: its arguments, with standard input for `-`, then its files.

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
    """Records of a file of UTF-8.

    Args:
        file: its path; `-` is standard input.
        compression: how its bytes are compressed.
        whole: whether it is one text; else each line is one.
        command: the command whose help an error names.
        meter: follows the reading; it is for plain files only.

    Raises:
        InputUnreadable: the file cannot be read.
        UsageProblem: standard input is closed.
        ExtraMissing: zstd, and pyarrow is not installed.
    """
    with closing(open_bytes(file, command)) as stream:
        if meter is not None:
            meter.watch(stream)
        try:
            content = decompressed(stream, compression)
        except READ_ERRORS as error:
            raise unreadable(file, error, command) from error
        yield from read_texts(content, file, whole=whole, command=command)


def read_texts(stream: BinaryIO, file: str, *, whole: bool = False, command: str = "predict") -> Iterator[Record]:
    """Records of a stream of UTF-8.

    Args:
        stream: its bytes.
        file: what it is called.
        whole: whether it is one text; else each line is one.
        command: the command whose help an error names.

    Raises:
        InputUnreadable: it cannot be read any further; the message says after which line.
    """
    number = 0
    try:
        if whole:
            yield from_bytes(_without_mark(bounded_content(stream.read), first=True))
            return
        for record in read_lines(stream):
            number = record.number or 0
            yield record
    except READ_ERRORS as error:
        raise unreadable(file, error, command, place("line", number)) from error


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
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Record(content.decode("utf-8", "replace"), f"not valid UTF-8 at byte {error.start}", number=number)
    return Record(text, problem_of(text) if "\0" in text else None, number=number)


def problem_of(text: str) -> str | None:
    """Why a string is not a text that can be judged, as the end of a sentence; None if it is one."""
    return "holds a NUL character" if "\0" in text else None


def read_lines(stream: BinaryIO) -> Iterator[Record]:
    """Records of a stream, one per line, without a byte order mark before the first and a CR before the LF."""
    for number, line in enumerate(bounded_lines(stream.readline), start=1):
        content = _without_mark(line, first=number == 1).removesuffix(b"\n").removesuffix(b"\r")
        yield from_bytes(content, number)


def _without_mark(content: bytes, *, first: bool) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8) if first else content


def _is_escaped(text: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in text if "\ud800" <= c <= "\udfff")
