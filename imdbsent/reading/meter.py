"""How much of the input has been read, for a progress bar."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from imdbsent.reading.detect import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterable


class Meter:
    """Follows files as they are read, one after the other.

    Args:
        files: their paths, in the order of reading.

    Attributes:
        total: bytes of all files; None if it is unknown, because one is not a plain file.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self.total = _total(files)
        self._before = 0
        self._stream: BinaryIO | None = None
        self._size = 0

    def watch(self, stream: BinaryIO) -> None:
        """Follow a file that was just opened; the ones before it have been read."""
        self._before += self._size
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size

    def position(self) -> int:
        """Bytes read from the system so far, including buffers; of a compressed file, compressed bytes."""
        if self._stream is None or self._stream.closed:
            return self._before + self._size
        return self._before + os.lseek(self._stream.fileno(), 0, os.SEEK_CUR)


class RowsMeter:
    """Follows work that is done elsewhere, in rows.

    Args:
        total: number of rows; None if it is unknown.

    Attributes:
        total: the same.
        rows: how many are done.
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.rows = 0

    def position(self) -> int:
        """How many are done."""
        return self.rows


def _total(files: Iterable[str]) -> int | None:
    paths = [Path(file) for file in files]
    try:
        if all(str(path) != STDIN and path.is_file() for path in paths):
            return sum(path.stat().st_size for path in paths)
    except (OSError, ValueError):  # a NUL in the path
        pass
    return None
