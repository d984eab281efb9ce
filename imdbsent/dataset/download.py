"""What the cache holds of the data set, and how it is taken away: never a path that the user named.

Fetch the IMDB archive from its official address into the user's cache.

Is the data set whole? Every folder's count against the known one, and the hashes that name its content.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.dataset import aclimdb, corpus
from imdbsent.dataset.aclimdb import ARCHIVE, FOLDERS, LABELLED, content_sha256, read_reviews
from imdbsent.errors import DatasetInvalid, DatasetMissing, DownloadFailed, RemovalFailed
from imdbsent.fetch import download
from imdbsent.files import PartialFile, file_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)


URL: Final = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SIZE: Final = 84_125_825
"""Bytes of the archive."""
SHA256: Final = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"


def find_or_fetch(
    named: Path | None, progress: DownloadProgress | None = None
) -> Path:
    """Find the reviews on this machine, else download the archive into the cache.

    Args:
        named: archive or folder that the user named.
        progress: is told of the bytes that come.

    Returns:
        The archive or folder.

    Raises:
        DatasetInvalid: the path that was named is not there.
        DatasetMissing: they are not here, and the network is switched off or does not answer.
        DownloadFailed: the server answers, but not with the archive.
    """
    return aclimdb.find(named) or fetch(progress)


def fetch(progress: DownloadProgress | None = None) -> Path:
    """Download the archive into the cache, unless it is there already, whole.

    Args:
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
        logger.info(f"the IMDB reviews are in {target}")
        return target
    if settings.is_offline():
        raise DatasetMissing(URL, SIZE, "IMDBSENT_OFFLINE is set")
    logger.info(f"downloading the IMDB reviews ({SIZE / 1e6:.0f} MB) from {URL} to {target}")
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


@dataclass(frozen=True)
class FolderCount:
    """One folder of the data set.

    Attributes:
        folder: its name, as "train/pos".
        reviews: reviews found in it.
        expected: reviews that it has in the data set.
        size: bytes of their texts.
        titled: reviews whose title is known.
    """

    folder: str
    reviews: int
    expected: int
    size: int
    titled: int

    @property
    def is_whole(self) -> bool:
        """Whether the count is that of the data set."""
        return self.reviews == self.expected


@dataclass(frozen=True)
class Verification:
    """What was found in a copy of the data set.

    Attributes:
        source: the archive or folder.
        folders: each folder of the data set.
        archive_sha256: hash of the archive; None for a folder.
        labelled_sha256: hash of the labelled reviews, as the cards of models trained on them give it.
    """

    source: Path
    folders: tuple[FolderCount, ...]
    archive_sha256: str | None
    labelled_sha256: str

    @property
    def is_official(self) -> bool:
        """Whether the archive is the official one, byte by byte; one that was packed again is not, and may be whole."""
        return self.archive_sha256 == SHA256

    @property
    def shortfalls(self) -> list[str]:
        """Folders that are not whole, each as "train/pos has 12 of 12,500"."""
        return [f"{f.folder} has {f.reviews:,} of {f.expected:,}" for f in self.folders if not f.is_whole]


def verify(source: Path) -> Verification:
    """Read a copy of the data set and count each folder.

    Raises:
        DatasetInvalid: not such an archive or folder, or damaged; a folder without reviews is counted as 0.
    """
    reviews = read_reviews(source, FOLDERS, allow_empty=True)
    counts = Counter(review.folder for review in reviews)
    sizes: Counter[str] = Counter()
    titled: Counter[str] = Counter()
    for review in reviews:
        sizes[review.folder] += len(review.text.encode())
        titled[review.folder] += bool(review.title)
    try:
        archive_sha256 = None if source.is_dir() else file_sha256(source)
    except OSError as error:
        raise DatasetInvalid(source, error.strerror or str(error)) from error
    return Verification(
        source,
        tuple(FolderCount(name, counts[name], FOLDERS[name], sizes[name], titled[name]) for name in FOLDERS),
        archive_sha256,
        content_sha256(review for review in reviews if review.folder in LABELLED),
    )


@dataclass(frozen=True)
class Cached:
    """Files of the data set in the cache.

    Attributes:
        files: the archive, what there is of a download that was cut off, and the counts of words.
        size: their bytes.
    """

    files: tuple[Path, ...]
    size: int


def find_cached() -> Cached:
    """Find what the cache holds of the data set, whatever IMDBSENT_ACLIMDB says."""
    cache = settings.cache_directory()
    files = [cache / f"{ARCHIVE}{ending}" for ending in ("", ".part", ".part.validator", ".lock")]
    with contextlib.suppress(OSError):
        files += sorted((cache / corpus.FOLDER).iterdir())
    there = tuple(file for file in files if file.is_file())
    return Cached(there, sum(file.stat().st_size for file in there))


def remove(cached: Cached) -> None:
    """Remove the files.

    Raises:
        RemovalFailed: the system refuses.
    """
    try:
        for file in cached.files:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise RemovalFailed(str(error.filename), error.strerror or str(error)) from error
    with contextlib.suppress(OSError):  # not there, or not empty
        (settings.cache_directory() / corpus.FOLDER).rmdir()
