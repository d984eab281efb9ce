"""How long one record may be: a line without an end, as of /dev/zero or of a gzip bomb, is told, not waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, AnyStr, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
