"""Records from arguments, standard input and files: a line a record, or a file a record.

Only the line feed ends a record, so that `wc -l` and the number of records agree. Bytes that are not UTF-8 cost one
record its verdict, never the run.
"""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STDIN: Final = "-"


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
    """
    for text in texts:
        if text == STDIN:
            yield from _read_stream(_stdin(), whole=whole)
        else:
            yield from_argument(text)
    for file in files:
        if file == STDIN:
            yield from _read_stream(_stdin(), whole=whole)
        else:
            yield from _read_file(file, whole=whole)


def check_readable(files: Iterable[str]) -> None:
    """Check that files can be opened, before any work is done.

    Raises:
        InputUnreadable: one cannot.
    """
    for file in files:
        if file != STDIN:
            with _open(file):
                pass


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
    for number, line in enumerate(stream, start=1):
        content = _without_mark(line, first=number == 1).removesuffix(b"\n").removesuffix(b"\r")
        yield from_bytes(content, number)


def _read_stream(stream: BinaryIO, *, whole: bool) -> Iterator[Record]:
    if whole:
        yield from_bytes(_without_mark(stream.read(), first=True))
    else:
        yield from read_lines(stream)


def _read_file(file: str, *, whole: bool) -> Iterator[Record]:
    with _open(file) as stream:
        try:
            yield from _read_stream(stream, whole=whole)
        except OSError as error:
            raise InputUnreadable(file, error.strerror or str(error)) from error


def _open(file: str) -> BinaryIO:
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputUnreadable(file, getattr(error, "strerror", None) or str(error)) from error


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise UsageProblem("standard input is closed. Type: imdbsent predict TEXT, or --file PATH")
    return sys.stdin.buffer


def _without_mark(content: bytes, *, first: bool) -> bytes:
    return content.removeprefix(codecs.BOM_UTF8) if first else content


def _is_escaped(text: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in text if "\ud800" <= c <= "\udfff")
