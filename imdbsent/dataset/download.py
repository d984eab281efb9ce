"""The copy of the data set on this machine: download it into the cache, verify it, remove it from the cache.

A path that the user named is verified, but never written or removed.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.dataset import aclimdb, corpus
from imdbsent.dataset.aclimdb import ARCHIVE, FOLDERS, LABELED, content_sha256, read_reviews
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


def find_or_fetch(named: Path | None, progress: DownloadProgress | None = None) -> Path:
    """Find the reviews on this machine, else download the archive into the cache.

    Args:
        named: archive or folder given by the user.
        progress: follows the download.

    Returns:
        The archive or folder.

    Raises:
        DatasetInvalid: the given path does not exist.
        DatasetMissing: the reviews are not on this machine, and the network is off or does not answer.
        DownloadFailed: the server answers, but not with the archive.
    """
    return aclimdb.find(named) or fetch(progress)


def fetch(progress: DownloadProgress | None = None) -> Path:
    """Download the archive into the cache, unless it is already complete there.

    Args:
        progress: follows the download.

    Returns:
        The archive in the cache.

    Raises:
        DatasetMissing: the network is off or does not answer.
        DownloadFailed: the server answers, but not with the archive.
    """
    target = settings.cache_directory() / aclimdb.ARCHIVE
    if _is_official(target):
        with contextlib.suppress(OSError):
            PartialFile(target).discard()  # from a download that was killed just when it was complete
        logger.info(f"the IMDB reviews are in {target}")
        return target
    if settings.is_offline():
        raise DatasetMissing(URL, SIZE, "IMDBSENT_OFFLINE is set")
    logger.info(f"downloading the IMDB reviews ({SIZE / 1e6:.0f} MB) from {URL} to {target}")
    try:
        next_step = "Type the same command again, or type it with --data PATH"
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
        folder: its name, for example "train/pos".
        reviews: number of reviews found in it.
        expected: number of reviews that it should have.
        size: bytes of their texts.
        titled: number of reviews with a known title.
    """

    folder: str
    reviews: int
    expected: int
    size: int
    titled: int

    @property
    def is_complete(self) -> bool:
        """Whether no review is missing."""
        return self.reviews == self.expected


@dataclass(frozen=True)
class Verification:
    """What was found in a copy of the data set.

    Attributes:
        source: the archive or folder.
        folders: each folder of the data set.
        archive_sha256: hash of the archive; None for a folder.
        labeled_sha256: hash of the labeled reviews; the cards of models trained on them have the same one.
    """

    source: Path
    folders: tuple[FolderCount, ...]
    archive_sha256: str | None
    labeled_sha256: str

    @property
    def is_official(self) -> bool:
        """Whether the archive is the official one, byte for byte; a repacked one is not, but may be complete."""
        return self.archive_sha256 == SHA256

    @property
    def shortfalls(self) -> list[str]:
        """The incomplete folders, each in the form "train/pos has 12 of 12,500"."""
        return [f"{f.folder} has {f.reviews:,} of {f.expected:,}" for f in self.folders if not f.is_complete]


def verify(source: Path) -> Verification:
    """Read a copy of the data set and count the reviews in each folder, 0 for a missing one.

    Raises:
        DatasetInvalid: no such archive or folder, or a damaged one.
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
        content_sha256(review for review in reviews if review.folder in LABELED),
    )


@dataclass(frozen=True)
class CachedFiles:
    """Files of the data set in the cache.

    Attributes:
        files: the archive, an incomplete download, and the counts of words.
        size: their bytes.
    """

    files: tuple[Path, ...]
    size: int


def find_cached() -> CachedFiles:
    """Find the files of the data set in the cache, whatever IMDBSENT_ACLIMDB says."""
    cache = settings.cache_directory()
    files = [cache / f"{ARCHIVE}{ending}" for ending in ("", ".part", ".part.validator", ".lock")]
    with contextlib.suppress(OSError):
        files += sorted((cache / corpus.FOLDER).iterdir())
    there = tuple(file for file in files if file.is_file())
    return CachedFiles(there, sum(file.stat().st_size for file in there))


def remove(cached: CachedFiles) -> None:
    """Remove the files.

    Raises:
        RemovalFailed: the system refuses.
    """
    try:
        for file in cached.files:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise RemovalFailed(str(error.filename), error.strerror or str(error)) from error
    with contextlib.suppress(OSError):  # missing or not empty
        (settings.cache_directory() / corpus.FOLDER).rmdir()
