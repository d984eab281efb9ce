"""A file that has its name only once it is whole."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ABANDONED: Final = 24 * 3600
"""Seconds after which a temporary file that nobody has written to is that of a process that was killed."""


@contextmanager
def new_file(path: Path, *, replace: bool = True, held: Path | None = None) -> Iterator[Path]:
    """Give a temporary name beside a path, which takes the path's name after the block.

    What is there and is no plain file, as a named pipe is, is given as it is. Where the block raises, nothing changes.
    A process that is killed leaves a hidden file beside the path; the next one to write there takes it away, once it
    is a day old; or at once, where the file is named after something that one process alone may write.

    Args:
        path: the file's name; a file of that name is replaced, the one behind a link rather than the link.
        replace: whether a file of that name may be replaced.
        held: a path beside it whose lock the caller holds: the temporary file is named after it, and what else is was
            left by a process that was killed.

    Yields:
        The path to write to.

    Raises:
        FileExistsError: there is a file of that name, even if it came a moment ago, and it may not be replaced.
        OSError: the place cannot be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    if replace:
        path = path.resolve()
    prefix = f".{(held or path).name}.imdbsent-"  # no name that anyone else gives: what bears it is taken away
    _sweep(path.parent, prefix, _ABANDONED if held is None else 0)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp's own mode is for its owner alone
        if replace:
            temporary.replace(path)
        else:
            _rename_to_free(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Give a file another name, and never take that of another file."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.rename(path)


def _sweep(folder: Path, prefix: str, seconds: float) -> None:
    """Remove the temporary files of processes that were killed: those that nobody has written to for so long."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and (not seconds or time.time() - entry.stat().st_mtime > seconds):
                Path(entry.path).unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
