"""The counts of a corpus on disk, so that the reviews are counted once.

A file is keyed by the identity of what was counted and is written whole or not at all; it holds plain arrays and
nothing that would be unpickled. What is damaged, or of another format, is as good as not there.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent import settings
from imdbsent.bundle import file_sha256
from imdbsent.dataset.aclimdb import LABELLED, root_of
from imdbsent.dataset.corpus import Corpus, Group
from imdbsent.errors import DatasetInvalid
from imdbsent.records.arrays import write_arrays

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "statistics"
"""Folder of the cache where the counts are."""
_FORMAT: Final = 1
_COLUMNS: Final = {"lengths": np.int32, "numbers": np.int32, "stars": np.int8, "titles": np.int32}


def identity(source: Path) -> str:
    """What the counts are keyed by, 64 hexadecimal digits.

    Of an archive, the SHA-256 of its bytes. Of a folder, a SHA-256 over the name, size and time of change of each
    file, since reading 50,000 files would take as long as counting them: a file that was changed and given back its old
    size and time goes unnoticed.

    Raises:
        DatasetInvalid: it cannot be read.
    """
    try:
        return _folder_identity(root_of(source)) if source.is_dir() else file_sha256(source)
    except OSError as error:
        raise DatasetInvalid(source, error.strerror or str(error)) from error


def place(key: str) -> Path:
    """Where the counts of that identity are kept."""
    return settings.cache_directory() / FOLDER / f"{key}-{_FORMAT}.npz"


def load(key: str) -> Corpus | None:
    """The counts of that identity; None where there are none that can be used."""
    try:
        with place(key).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return _unpacked(arrays)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def store(key: str, corpus: Corpus) -> None:
    """Keep the counts.

    Raises:
        OSError: the cache cannot be written.
    """
    path = place(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, _packed(corpus), compressed=True)


def _folder_identity(root: Path) -> str:
    digest = hashlib.sha256()
    lists = [f"{split}/urls_{kind}.txt" for split, kind in (folder.split("/") for folder in LABELLED)]
    for name in lists:
        if (root / name).is_file():
            _update(digest, name, (root / name).stat())
    for folder in LABELLED:
        if (root / folder).is_dir():
            for entry in sorted(os.scandir(root / folder), key=lambda entry: entry.name):
                _update(digest, f"{folder}/{entry.name}", entry.stat())
    return digest.hexdigest()


def _update(digest: Any, name: str, status: os.stat_result) -> None:
    digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))


def _packed(corpus: Corpus) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "words": np.frombuffer(b"\n".join(corpus.words), np.uint8),  # no word has a line feed
        "ranked": np.int64(corpus.ranked),
        "groups": np.array([f"{group.split} {group.label}" for group in corpus.groups]),
    }
    for i, group in enumerate(corpus.groups):
        arrays.update({f"{name}{i}": getattr(group, name) for name in (*_COLUMNS, "counts")})
    return arrays


def _unpacked(arrays: Any) -> Corpus:
    """The corpus of the arrays.

    Raises:
        ValueError: the arrays do not belong together.
        KeyError: one is missing.
    """
    words = tuple(arrays["words"].tobytes().split(b"\n"))
    names = [name.partition(" ") for name in arrays["groups"].tolist()]
    groups = tuple(
        Group(
            split,
            label,
            **{column: _checked(arrays[f"{column}{i}"], kind) for column, kind in _COLUMNS.items()},
            counts=_checked(arrays[f"counts{i}"], np.int32),
        )
        for i, (split, _, label) in enumerate(names)
    )
    for group in groups:
        if len(group.counts) != len(words) or len({len(getattr(group, column)) for column in _COLUMNS}) != 1:
            raise ValueError("columns of different lengths")
    return Corpus(words, int(arrays["ranked"]), groups)


def _checked(array: Any, kind: type) -> Any:
    if array.dtype != kind or array.ndim != 1:
        raise ValueError(f"{array.dtype} of {array.ndim} dimensions")
    return array
