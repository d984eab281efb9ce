"""Find and read the IMDB reviews: the Large Movie Review Dataset (Maas et al., ACL 2011), as an archive or a folder.

The archive is read as a stream: 100,000 reviews take a few seconds, and none is unpacked to disk.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from imdbsent import settings
from imdbsent.errors import DatasetInvalid
from imdbsent.reading.labeled import Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


Split = Literal["train", "test"]

ARCHIVE: Final = "aclImdb_v1.tar.gz"
LABELS: Final = {"pos": 1, "neg": 0, "unsup": None}
FOLDERS: Final = {
    "train/pos": 12_500,
    "train/neg": 12_500,
    "train/unsup": 50_000,
    "test/pos": 12_500,
    "test/neg": 12_500,
}
"""Each folder of the data set, and its number of reviews."""
LABELED: Final = ("train/neg", "train/pos", "test/neg", "test/pos")
"""The folders whose reviews have a label."""

_MEMBER = re.compile(
    r"(?:.*/)?(?P<split>train|test)/"
    r"(?:(?P<kind>pos|neg|unsup)/(?P<number>\d{1,6})_(?P<stars>\d{1,2})|urls_(?P<urls>pos|neg|unsup))\.txt"
)
_TITLE = re.compile(rb"/title/(tt\d+)")
_LARGEST_FILE = 16 * 2**20  # bytes; the longest review has 14 kB, the longest list of addresses 2.5 MB


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        split: "train" or "test".
        number: the review's id, the first number in its file name; unique in its split and class.
        text: the content of the file, `<br />` included.
        label: 1 positive, 0 negative, None unlabeled.
        stars: the writer's rating, 1 to 10; 0 for an unlabeled review.
        title: IMDB's id of the film, for example "tt0453418"; empty if the list of addresses is missing.
    """

    split: str
    number: int
    text: str
    label: int | None
    stars: int
    title: str

    @property
    def file_name(self) -> str:
        """Name of the review's file, for example "7_10.txt"."""
        return f"{self.number}_{self.stars}.txt"

    @property
    def folder(self) -> str:
        """The review's folder, for example "train/pos"."""
        kind = next(kind for kind, label in LABELS.items() if label == self.label)
        return f"{self.split}/{kind}"


def find(named: Path | None = None) -> Path | None:
    """Find the reviews on this machine: the given path, else `IMDBSENT_ACLIMDB`, else the cache.

    Args:
        named: archive or folder given by the user.

    Returns:
        The archive, or the folder with `train/` and `test/`; None if no path is given and the cache has no archive.

    Raises:
        DatasetInvalid: the given path does not exist.
    """
    variable = os.environ.get(settings.DATA)
    chosen = named or (Path(variable).expanduser() if variable else None)
    if chosen is None:
        cached = settings.cache_directory() / ARCHIVE
        return cached if cached.is_file() else None
    if not chosen.exists():
        raise DatasetInvalid(chosen, "it does not exist")
    return chosen


def read_reviews(source: Path, folders: Iterable[str] = FOLDERS, *, allow_empty: bool = False) -> list[Review]:
    """Read reviews from an archive or a folder.

    Args:
        source: `aclImdb_v1.tar.gz`, or the folder that it unpacks to (or the folder above).
        folders: the folders to read, keys of `FOLDERS`.
        allow_empty: whether a folder may have no review.

    Returns:
        The reviews in a stable order, by folder, then by number: the same from an archive as from a folder.

    Raises:
        DatasetInvalid: no such archive or folder, a damaged one, or one with an empty folder that may not be empty.
    """
    wanted = set(folders)
    files = _folder_files(source, wanted) if source.is_dir() else _archive_files(source, wanted)
    found: dict[str, dict[int, tuple[str, int]]] = {folder: {} for folder in sorted(wanted)}
    titles: dict[str, list[str]] = {}
    for match, content in files:
        folder = f"{match['split']}/{match['kind'] or match['urls']}"
        if match["urls"]:
            titles[folder] = [_title(line) for line in content.splitlines()]
        else:
            found[folder][int(match["number"])] = (_decoded(source, match, content), int(match["stars"]))
    for folder, numbered in found.items():
        if not numbered and not allow_empty:
            raise DatasetInvalid(source, f"it has no review in {folder}")
    return [
        Review(
            split=folder.partition("/")[0],
            number=number,
            text=text,
            label=LABELS[folder.partition("/")[2]],
            stars=stars,
            title=_at(titles.get(folder, []), number),
        )
        for folder, numbered in found.items()
        for number, (text, stars) in sorted(numbered.items())
    ]


def from_reviews(reviews: Iterable[Review]) -> tuple[Example, ...]:
    """The labeled reviews among some, as examples, in order; the group of a review is its film."""
    return tuple(
        Example(review.text, review.label, f"{review.folder}/{review.file_name}", review.stars, review.title)
        for review in reviews
        if review.label is not None
    )


def root_of(source: Path) -> Path:
    """The folder with `train/` and `test/`: the given one, or `aclImdb` in it."""
    return next((root for root in (source, source / "aclImdb") if (root / "train").is_dir()), source)


def incomplete_folders(reviews: Iterable[Review]) -> list[str]:
    """Folders whose number of reviews is not that of the data set, each in the form "train/pos has 12 of 12,500"."""
    counts = Counter(review.folder for review in reviews)
    return [
        f"{folder} has {count:,} of {FOLDERS[folder]:,}"
        for folder, count in counts.items()
        if count != FOLDERS[folder]
    ]


def content_sha256(reviews: Iterable[Review]) -> str:
    """SHA-256 of folder, file name and text of the reviews in order: the same for an archive and its folder."""
    digest = hashlib.sha256()
    for review in reviews:
        text = review.text.encode()
        digest.update(f"{review.folder}/{review.file_name} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


class _WithTail(gzip.GzipFile):
    """A file whose last block is known; `tarfile` takes an archive that ends between two files for a complete one."""

    tail = b""

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.tail = (self.tail + block[-tarfile.BLOCKSIZE :])[-tarfile.BLOCKSIZE :]
        return block


def _archive_files(source: Path, wanted: set[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    try:
        with _WithTail(source) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                match = _MEMBER.fullmatch(member.name) if member.isreg() else None
                if match is None or not _is_wanted(match, wanted):
                    continue
                if member.size > _LARGEST_FILE:
                    raise DatasetInvalid(source, f"{member.name} is {member.size:,} bytes, too large for a review")
                file = archive.extractfile(member)
                assert file is not None  # a regular file has content
                yield match, file.read()
            while stream.read(2**20):  # gzip's checksum is at its end
                pass
            if any(stream.tail):
                raise tarfile.ReadError("the end of the archive is missing")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetInvalid(source, f"the archive is damaged or not a .tar.gz ({error})") from error
    except OSError as error:
        raise DatasetInvalid(source, error.strerror or str(error)) from error


def _folder_files(source: Path, wanted: set[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    root = root_of(source)
    lists = {f"{folder.partition('/')[0]}/urls_{folder.partition('/')[2]}.txt" for folder in wanted}
    try:
        for name in sorted(lists):
            match = _MEMBER.fullmatch(name)
            if match and (root / name).is_file():
                yield match, (root / name).read_bytes()
        for folder in sorted(wanted):
            for path in (root / folder).iterdir() if (root / folder).is_dir() else ():
                match = _MEMBER.fullmatch(f"{folder}/{path.name}")
                if match:
                    yield match, path.read_bytes()
    except OSError as error:
        raise DatasetInvalid(source, f"{error.filename}: {error.strerror}") from error


def _is_wanted(match: re.Match[str], wanted: set[str]) -> bool:
    return f"{match['split']}/{match['kind'] or match['urls']}" in wanted


def _decoded(source: Path, match: re.Match[str], content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetInvalid(source, f"{match[0]} is not UTF-8 ({error.reason} at byte {error.start})") from error


def _title(address: bytes) -> str:
    match = _TITLE.search(address)
    return match[1].decode() if match else ""


def _at(titles: list[str], number: int) -> str:
    return titles[number] if number < len(titles) else ""
