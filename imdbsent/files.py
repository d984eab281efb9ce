"""Files: they appear only when complete, continue a download, are locked between processes, and have a hash."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ABANDONED: Final = 24 * 3600
"""Seconds without a write after which a temporary file must be that of a process that was killed."""
_LONGEST_VALIDATOR: Final = 1024  # characters


@contextmanager
def new_file(path: Path, *, replace: bool = True, held: Path | None = None) -> Iterator[Path]:
    """Make a file that appears only when complete: a temporary file that gets its name after the block.

    A path that exists and is not a plain file, for example a named pipe, is written directly. If the block raises,
    nothing changes. A process that is killed leaves a hidden file next to the path. The next process that writes there
    removes it when it is a day old, or at once if a lock shows that nobody else can be writing it.

    Args:
        path: the name of the file. An existing file is replaced; of a link, the file that it points to.
        replace: whether an existing file may be replaced.
        held: a path in the same folder whose lock the caller holds. The temporary file is named after it, and any
            other file so named was left by a process that was killed.

    Yields:
        The path to write to.

    Raises:
        FileExistsError: the file exists, even if it appeared a moment ago, and may not be replaced.
        OSError: the folder is not writable.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    if replace:
        path = path.resolve()
    prefix = _prefix(held or path)
    _sweep(path.parent, prefix, _ABANDONED if held is None else 0)
    import tempfile  # noqa: PLC0415 (most commands write no file, and each would import it)

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode_of(path) if replace else 0o666 & ~umask())  # mkstemp's own mode is for the owner only
        if replace:
            temporary.replace(path)
        else:
            _rename_to_free(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_abandoned(held: Path) -> None:
    """Remove what killed processes left of files that `new_file` made for the holder of a lock.

    Args:
        held: the path whose lock the caller holds.
    """
    _sweep(held.parent, _prefix(held), 0)


def _prefix(path: Path) -> str:
    """A name that nobody else uses: files so named are removed."""
    return f".{path.name}.imdbsent-"


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Rename a file, but never over another file."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.rename(path)


def _sweep(folder: Path, prefix: str, seconds: float) -> None:
    """Remove the temporary files of processes that were killed: those not written to for so many seconds."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and (not seconds or time.time() - entry.stat().st_mtime > seconds):
                Path(entry.path).unlink()


def mode_of(path: Path) -> int:
    """The permissions of a file, which one that replaces it gets, too; if there is none, those of a new file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o666 & ~umask()


def umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def temporary_lock(path: Path, timeout: float = -1) -> Iterator[None]:
    """Hold a lock whose file is removed on release, for a folder that is not ours alone.

    The file is removed while the lock is held. A process that has opened it by then gets a lock on a file without a
    name, and the next process creates another file. filelock, from 3.24 on, checks whether the file still has its
    name, and tries again if not.

    Args:
        path: the lock file; a process that is killed leaves the file behind, but not the lock on it.
        timeout: seconds to wait for another process; -1 to wait forever.

    Raises:
        filelock.Timeout: another process holds the lock.
        OSError: the file cannot be created.
    """
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that answering a few texts does not need)

    with FileLock(path, timeout=timeout):
        try:
            yield
        finally:
            with suppress(OSError):  # Windows does not remove an open file: it stays there
                path.unlink(missing_ok=True)


def write_arrays(
    path: Path, arrays: Mapping[str, Any], *, compressed: bool = False, held: Path | None = None
) -> None:
    """Write arrays to an .npz file that replaces the previous one.

    They are assembled in memory first: on a full disk, NumPy 1.26 leaves its archive open, which prints an exception
    of its own when it is garbage-collected.

    Args:
        path: the file.
        arrays: the arrays by their names.
        compressed: whether to deflate them.
        held: see `new_file`.

    Raises:
        OSError: the file cannot be written.
    """
    import numpy as np  # noqa: PLC0415 (most files hold no arrays)

    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, **arrays)
    with new_file(path, held=held) as temporary, temporary.open("wb") as stream:
        stream.write(buffer.getbuffer())


class PartialFile:
    """An unfinished download: `NAME.part` next to the file, and `NAME.part.validator`, an ETag or a date of HTTP.

    Args:
        target: the file once it is complete.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._validator = target.with_name(f"{target.name}.part.validator")

    def size(self) -> int:
        """Bytes downloaded so far.

        Raises:
            OSError: the folder is not readable.
        """
        return self.path.stat().st_size if self.path.exists() else 0

    def sha256(self) -> str:
        """SHA-256 of the bytes downloaded so far.

        Raises:
            OSError: there are none, or they cannot be read.
        """
        return file_sha256(self.path)

    def request_headers(self) -> dict[str, str]:
        """Headers that request the rest of the file, or all of it if the server has another version by now.

        Without a validator, the rest is requested all the same: the hash at the end tells in any case.

        Raises:
            OSError: the folder is not readable.
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
        """Open the file for writing.

        Args:
            start: bytes to keep; what is written follows them.
            validator: of the version that is downloaded; "" if the server names none.

        Raises:
            OSError: the file cannot be written.
        """
        with self.path.open("r+b" if self.path.exists() else "wb") as stream:
            stream.truncate(start)
            stream.seek(start)
            # After the truncation: a kill between the two leaves no bytes that belong to another validator.
            is_ascii = validator.isascii() and len(validator) <= _LONGEST_VALIDATOR
            self._validator.write_text(validator if is_ascii else "", encoding="ascii")
            yield stream

    def publish(self) -> None:
        """Give the file its name.

        Raises:
            OSError: the file cannot be renamed.
        """
        self.path.replace(self.target)
        self.discard()

    def discard(self) -> None:
        """Remove the unfinished download.

        Raises:
            OSError: a file cannot be removed.
        """
        self.path.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)
