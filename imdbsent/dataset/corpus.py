"""A corpus as counts, which every figure about it is computed from, and the cache of these counts on disk.

Counting 50,000 reviews takes seconds and the counts are small, so they are cached; the texts are not. A file of the
cache is keyed by the identity of what was counted. It appears only when complete, and holds plain arrays, so that
nothing is unpickled. A damaged file, or one of another format, counts as missing.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent import settings
from imdbsent.dataset.aclimdb import LABELED, root_of
from imdbsent.dataset.keras_ids import learn_vocabulary
from imdbsent.errors import DatasetInvalid
from imdbsent.files import file_sha256, write_arrays
from imdbsent.text.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review


CLASS_NAMES: Final = {0: "negative", 1: "positive", None: None}
"""Names of the labels of the IMDB reviews."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to count.

    Attributes:
        split: "train", "test", or "file" for the user's own.
        label: its class; None for a text without one.
        text: the text.
        number: its number in its split and class.
        stars: the writer's rating, 1 to 10; 0 for a text without one.
        title: number in IMDB's id of the film; 0 if unknown.
    """

    split: str
    label: str | None
    text: str
    number: int
    stars: int = 0
    title: int = 0


@dataclass(frozen=True, eq=False)
class CorpusGroup:
    """The texts of one split and class, one element per text in each array, and how often they use each word.

    Attributes:
        split: "train", "test" or "file".
        label: the class; None for texts without one.
        lengths: number of ids, with the start mark and without words that have no rank; int32 (texts,).
        numbers: number of the text; int32 (texts,).
        stars: its rating, 0 if it has none; int8 (texts,).
        titles: number in IMDB's id of the film, 0 if unknown; int32 (texts,).
        counts: how often each word of the corpus occurs; int32 (words,).
    """

    split: str
    label: str | None
    lengths: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]
    stars: npt.NDArray[np.int8]
    titles: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Corpus:
    """All the words of some texts, and the groups that use them.

    Attributes:
        words: the word of rank r at index r - 1; after them, the words without a rank.
        ranked: number of words with a rank: those in the texts that the vocabulary was learned from.
        groups: in the order of the figures: by split, then by class.
    """

    words: tuple[bytes, ...]
    ranked: int
    groups: tuple[CorpusGroup, ...]


@dataclass
class _Counts:
    words: Counter[bytes] = field(default_factory=Counter)
    rows: list[tuple[int, int, int, int]] = field(default_factory=list)  # length, number, stars, title


_CountsByGroup = dict[tuple[str, "str | None"], _Counts]


def count_reviews(reviews: Iterable[Review]) -> Corpus:
    """Count the labeled IMDB reviews; the vocabulary is that of the training split, in the order of Keras's ranks."""
    by_split: dict[str, list[Review]] = {"train": [], "test": []}
    for review in reviews:
        by_split[review.split].append(review)
    vocabulary = learn_vocabulary(by_split["train"]).words
    counts = _count(map(_as_text, by_split["train"]))
    counts.update(_count(map(_as_text, by_split["test"]), set(vocabulary)))
    return _corpus(counts, vocabulary)


def count_texts(texts: Iterable[Text]) -> Corpus:
    """Count texts with a vocabulary of their own: every word has a rank, the most frequent first, ties by first use."""
    return _corpus(_count(texts), ())


def _as_text(review: Review) -> Text:
    title = int(review.title.removeprefix("tt") or 0)
    return Text(review.split, CLASS_NAMES[review.label], review.text, review.number, review.stars, title)


def _count(texts: Iterable[Text], known: Container[bytes] | None = None) -> _CountsByGroup:
    by_group: _CountsByGroup = {}
    for text in texts:
        words = split_words(text.text)
        counts = by_group.setdefault((text.split, text.label), _Counts())
        counts.words.update(words)
        length = 1 + (len(words) if known is None else sum(map(known.__contains__, words)))
        counts.rows.append((length, text.number, text.stars, text.title))
    return by_group


def _corpus(by_group: _CountsByGroup, vocabulary: Sequence[bytes]) -> Corpus:
    total: Counter[bytes] = Counter()
    for counts in by_group.values():
        total.update(counts.words)
    ranks = dict.fromkeys(vocabulary)
    words = (*vocabulary, *(word for word, _ in total.most_common() if word not in ranks))
    groups = tuple(
        _group(split, label, by_group[split, label], words) for split, label in sorted(by_group, key=_group_order)
    )
    return Corpus(words, len(vocabulary) or len(words), groups)


def _group(split: str, label: str | None, counts: _Counts, words: Sequence[bytes]) -> CorpusGroup:
    lengths, numbers, stars, titles = zip(*counts.rows)
    return CorpusGroup(
        split,
        label,
        lengths=np.array(lengths, np.int32),
        numbers=np.array(numbers, np.int32),
        stars=np.array(stars, np.int8),
        titles=np.array(titles, np.int32),
        counts=np.array([counts.words[word] for word in words], np.int32),
    )


def _group_order(key: tuple[str, str | None]) -> tuple[bool, bool, str]:
    """Train before test; classes by name; texts without a class last."""
    split, label = key
    return split == "test", label is None, label or ""


FOLDER: Final = "statistics"
"""Folder of the cache with the counts."""
_FORMAT: Final = 1
_COLUMNS: Final = {"lengths": np.int32, "numbers": np.int32, "stars": np.int8, "titles": np.int32}


def cache_key(source: Path) -> str:
    """The identity of the reviews that the counts are keyed by, 64 hexadecimal digits.

    For an archive, the SHA-256 of its bytes. For a folder, a SHA-256 over the name, size and modification time of each
    file, since reading 50,000 files would take as long as counting them: it misses a file that was changed and got its
    old size and time back.

    Raises:
        DatasetInvalid: the source cannot be read.
    """
    try:
        return _folder_key(root_of(source)) if source.is_dir() else file_sha256(source)
    except OSError as error:
        raise DatasetInvalid(source, error.strerror or str(error)) from error


def cache_path(key: str) -> Path:
    """The file of the counts with a key."""
    return settings.cache_directory() / FOLDER / f"{key}-{_FORMAT}.npz"


def load_cached(key: str) -> Corpus | None:
    """The counts with a key; None if there are no usable ones."""
    try:
        with cache_path(key).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return _unpacked(arrays)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def store_cached(key: str, corpus: Corpus) -> None:
    """Store the counts.

    Raises:
        OSError: the cache cannot be written.
    """
    path = cache_path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, _packed(corpus), compressed=True)


def _folder_key(root: Path) -> str:
    digest = hashlib.sha256()
    lists = [f"{split}/urls_{kind}.txt" for split, kind in (folder.split("/") for folder in LABELED)]
    for name in lists:
        if (root / name).is_file():
            _update(digest, name, (root / name).stat())
    for folder in LABELED:
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
    """The corpus in some arrays.

    Raises:
        ValueError: the arrays do not belong together.
        KeyError: one is missing.
    """
    words = tuple(arrays["words"].tobytes().split(b"\n"))
    names = [name.partition(" ") for name in arrays["groups"].tolist()]
    groups = tuple(
        CorpusGroup(
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
