"""Locks between processes, which the system takes back from a process that dies, however it dies."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
