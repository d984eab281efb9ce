"""A file of NumPy arrays, written whole or not at all.

A file that is being downloaded: what has come of it, and by what its server tells one version from another.

Locks between processes, which the system takes back from a process that dies, however it dies.
"""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from imdbsent.bundle.bundle import file_sha256
from imdbsent.writing.output import new_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_LONGEST_VALIDATOR: Final = 1024  # characters


class PartialFile:
    """`NAME.part` beside a file that is to be, and `NAME.part.validator`, an ETag or a date of HTTP.

    Args:
        target: the file that is to be.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._validator = target.with_name(f"{target.name}.part.validator")

    def size(self) -> int:
        """Bytes that have come.

        Raises:
            OSError: they cannot be seen.
        """
        return self.path.stat().st_size if self.path.exists() else 0

    def sha256(self) -> str:
        """SHA-256 of what has come.

        Raises:
            OSError: nothing has, or it cannot be read.
        """
        return file_sha256(self.path)

    def request_headers(self) -> dict[str, str]:
        """What asks for the bytes behind those that have come: all of them where the file is another by now.

        Without a validator the bytes are asked for all the same, since the hash at the end tells in any case.

        Raises:
            OSError: the file cannot be seen.
        """
        size = self.size()
        if not size:
            return {}
        validator = ""
        with suppress(OSError, UnicodeDecodeError):
            validator = self._validator.read_text(encoding="ascii")
        has_validator = 0 < len(validator) <= _LONGEST_VALIDATOR and validator.isprintable()
        return {"Range": f"bytes={size}-", **({"If-Range": validator} if has_validator else {})}

    @contextmanager
    def writing(self, start: int, validator: str) -> Iterator[BinaryIO]:
        """Give a stream to write to.

        Args:
            start: bytes that stay; what comes is written behind them.
            validator: of the version that comes; "" where its server names none.

        Raises:
            OSError: the place cannot be written.
        """
        with self.path.open("r+b" if self.path.exists() else "wb") as stream:
            stream.truncate(start)
            stream.seek(start)
            # Behind the truncation: a kill between the two leaves no bytes that the validator is not of.
            is_ascii = validator.isascii() and len(validator) <= _LONGEST_VALIDATOR
            self._validator.write_text(validator if is_ascii else "", encoding="ascii")
            yield stream

    def publish(self) -> None:
        """Give the file its name.

        Raises:
            OSError: the system refuses.
        """
        self.path.replace(self.target)
        self.discard()

    def discard(self) -> None:
        """Take away what has come.

        Raises:
            OSError: the system refuses.
        """
        self.path.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)


@contextmanager
def passing_lock(path: Path, timeout: float = -1) -> Iterator[None]:
    """Hold a lock whose file goes when it is released, as suits a folder that is not ours alone.

    The file is removed while the lock is held. Who has opened it by then gets a lock on a file without a name, beside
    which the next process makes another: filelock, from 3.24 on, looks whether the file still has its name, and tries
    again where it has not.

    Args:
        path: the file; a process that was killed leaves it behind, but not the lock on it.
        timeout: seconds to wait for another process; -1 for as long as it takes.

    Raises:
        filelock.Timeout: another process holds it.
        OSError: the file cannot be made.
    """
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that answering a few texts does not pay)

    with FileLock(path, timeout=timeout):
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no file that is open: there it stays
                path.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write arrays as an .npz file that takes the place of the last one of its name.

    They are put together in memory first: where a disk is full, NumPy 1.26 leaves its archive open, which prints an
    exception of its own when it is collected.

    Args:
        path: the file.
        arrays: what it holds, under their names.
        compressed: whether to deflate them.

    Raises:
        OSError: the place cannot be written.
    """
    whole = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(whole, **arrays)
    with new_file(path) as temporary, temporary.open("wb") as stream:
        stream.write(whole.getbuffer())
