"""Is the data set whole? Every folder's count against the known one, and the hashes that name its content."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent.bundle import file_sha256
from imdbsent.dataset.aclimdb import FOLDERS, LABELLED, content_sha256, read_reviews
from imdbsent.dataset.fetching import SHA256
from imdbsent.errors import DatasetInvalid

if TYPE_CHECKING:
    from pathlib import Path


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
