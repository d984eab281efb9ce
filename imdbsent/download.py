"""Downloads: locked, checked by their hash before they have their name, and gone on with where they were cut off."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.bundle import file_sha256
from imdbsent.errors import DownloadFailed
from imdbsent.locking import passing_lock
from imdbsent.partial_file import PartialFile
from imdbsent.transfer import DownloadProgress as DownloadProgress  # noqa: PLC0414 (callers have it from here)
from imdbsent.transfer import Patience, TransferFailed, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE: Final = Patience()


def download(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Path:
    """Download a file, unless it is there already with the right hash.

    What has come of it when the connection ends lies beside it, as `NAME.part`: this download goes on there, and so
    does the next one where this one fails or is killed.

    Args:
        url: http or https address.
        target: where the file goes; nothing new is ever there under this name but the whole, checked file.
        sha256: its hash, 64 hexadecimal digits.
        largest: bytes that it may have.
        progress: is told of the bytes that come.
        next_step: what a person can do where the download fails.

    Returns:
        The target.

    Raises:
        DownloadFailed: no connection, IMDBSENT_OFFLINE is set, an error of the server, the wrong bytes, or a full disk.
            A file that was there is still there.
    """
    with downloaded(url, target, sha256, largest=largest, progress=progress, next_step=next_step):
        return target


@contextmanager
def downloaded(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Iterator[Path]:
    """Download a file as `download` does, and keep other processes from it until the end of the block.

    Raises:
        DownloadFailed: as `download`.
    """
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(passing_lock(target.with_name(f"{target.name}.lock")))
            _bring(url, PartialFile(target), sha256, largest, progress)
        except TransferFailed as error:
            raise DownloadFailed(url, error.reason, next_step, connected=error.connected) from error
        except OSError as error:
            raise DownloadFailed(url, f"{target.parent}: {error.strerror or error}", next_step) from error
        yield target


def _bring(url: str, part: PartialFile, sha256: str, largest: int, progress: DownloadProgress | None) -> None:
    if part.target.exists() and file_sha256(part.target) == sha256:
        part.discard()  # a kill between the rename and the last step leaves the validator
        return
    if settings.is_offline():
        raise TransferFailed("IMDBSENT_OFFLINE is set", connected=False)
    try:
        transfer(url, part, sha256, largest, progress, PATIENCE)
    finally:
        if progress is not None:
            progress.close()
    part.publish()
