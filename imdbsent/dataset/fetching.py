"""Fetch the IMDB archive from its official address into the user's cache."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.bundle import file_sha256
from imdbsent.dataset import aclimdb
from imdbsent.download import download
from imdbsent.errors import DatasetMissing, DownloadFailed
from imdbsent.partial_file import PartialFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imdbsent.download import DownloadProgress

URL: Final = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SIZE: Final = 84_125_825
"""Bytes of the archive."""
SHA256: Final = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"


def find_or_fetch(
    named: Path | None, note: Callable[[str], None], progress: DownloadProgress | None = None
) -> Path:
    """Find the reviews on this machine, else download the archive into the cache.

    Args:
        named: archive or folder that the user named.
        note: is told, in one line, that something is downloaded, and where to.
        progress: is told of the bytes that come.

    Returns:
        The archive or folder.

    Raises:
        DatasetInvalid: the path that was named is not there.
        DatasetMissing: they are not here, and the network is switched off or does not answer.
        DownloadFailed: the server answers, but not with the archive.
    """
    return aclimdb.find(named) or fetch(note, progress)


def fetch(note: Callable[[str], None], progress: DownloadProgress | None = None) -> Path:
    """Download the archive into the cache, unless it is there already, whole.

    Args:
        note: is told, in one line, what is done, and where.
        progress: is told of the bytes that come.

    Returns:
        The archive in the cache.

    Raises:
        DatasetMissing: the network is switched off or does not answer.
        DownloadFailed: the server answers, but not with the archive.
    """
    target = settings.cache_directory() / aclimdb.ARCHIVE
    if _is_official(target):
        with contextlib.suppress(OSError):
            PartialFile(target).discard()  # of a download that was killed just when it was whole
        note(f"the IMDB reviews are in {target}")
        return target
    if settings.is_offline():
        raise DatasetMissing(URL, SIZE, "IMDBSENT_OFFLINE is set")
    note(f"downloading the IMDB reviews ({SIZE / 1e6:.0f} MB) from {URL} to {target}")
    try:
        next_step = "Type the same command again, or hand it over with --data PATH"
        return download(URL, target, SHA256, largest=SIZE, progress=progress, next_step=next_step)
    except DownloadFailed as error:
        if error.connected:
            raise
        raise DatasetMissing(URL, SIZE, "their server cannot be reached") from error


def _is_official(path: Path) -> bool:
    try:
        return file_sha256(path) == SHA256
    except OSError:
        return False
