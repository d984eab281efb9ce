"""What the cache holds of the data set, and how it is taken away: never a path that the user named."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent import settings
from imdbsent.dataset import corpus_cache
from imdbsent.dataset.aclimdb import ARCHIVE
from imdbsent.errors import RemovalFailed

if TYPE_CHECKING:
    from pathlib import Path


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
        files += sorted((cache / corpus_cache.FOLDER).iterdir())
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
        (settings.cache_directory() / corpus_cache.FOLDER).rmdir()
