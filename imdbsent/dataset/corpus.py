"""The counts of a corpus on disk, so that the reviews are counted once.

A file is keyed by the identity of what was counted and is written whole or not at all; it holds plain arrays and
nothing that would be unpickled. What is damaged, or of another format, is as good as not there.

A corpus as counts: what every figure about it is computed from, whatever its vocabulary is cut to.

Counting 50,000 reviews takes seconds, and the counts are small, so they are what is cached; the texts are not kept.
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
from imdbsent.dataset.aclimdb import LABELLED, root_of
from imdbsent.dataset.keras_ids import learn_vocabulary
from imdbsent.errors import DatasetInvalid
from imdbsent.files import file_sha256, write_arrays
from imdbsent.text.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review


CLASS_NAMES: Final = {0: "negative", 1: "positive", None: None}
"""What the labels of the IMDB reviews are called."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to count.

    Attributes:
        split: "train", "test", or "file" for a user's own.
        label: its class; None where it has none.
        text: the text.
        number: its number in its split and class.
        stars: the writer's rating, 1 to 10; 0 where there is none.
        title: number in IMDB's id of the film; 0 where it is not known.
    """

    split: str
    label: str | None
    text: str
    number: int
    stars: int = 0
    title: int = 0


@dataclass(frozen=True, eq=False)
class Group:
    """The texts of one split and class, one place a text in each array, and how often they use each word.

    Attributes:
        split: "train", "test" or "file".
        label: the class; None for texts without one.
        lengths: int32 (texts,): ids of a text, the start mark included, words without a rank left out.
        numbers: int32 (texts,): number of the text.
        stars: int8 (texts,): its rating; 0 where it has none.
        titles: int32 (texts,): number in IMDB's id of the film; 0 where it is not known.
        counts: int32 (words,): how often each word of the corpus occurs.
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
        words: the word of rank r at place r - 1; behind them, the words that have no rank.
        ranked: how many words have a rank: those of the texts that the vocabulary was learned from.
        groups: in the order of the figures: by split, then by class.
    """

    words: tuple[bytes, ...]
    ranked: int
    groups: tuple[Group, ...]


@dataclass
class _Tally:
    counts: Counter[bytes] = field(default_factory=Counter)
    rows: list[tuple[int, int, int, int]] = field(default_factory=list)  # length, number, stars, title


_Tallies = dict[tuple[str, "str | None"], _Tally]


def count_reviews(reviews: Iterable[Review]) -> Corpus:
    """Count the labelled IMDB reviews; the vocabulary is that of the training split, ranked as Keras ranks it."""
    by_split: dict[str, list[Review]] = {"train": [], "test": []}
    for review in reviews:
        by_split[review.split].append(review)
    vocabulary = learn_vocabulary(by_split["train"]).words
    tallies = _tally(map(_as_text, by_split["train"]))
    tallies.update(_tally(map(_as_text, by_split["test"]), set(vocabulary)))
    return _corpus(tallies, vocabulary)


def count_texts(texts: Iterable[Text]) -> Corpus:
    """Count texts whose vocabulary is their own: every word has a rank, the most frequent first, ties as they came."""
    return _corpus(_tally(texts), ())


def _as_text(review: Review) -> Text:
    title = int(review.title.removeprefix("tt") or 0)
    return Text(review.split, CLASS_NAMES[review.label], review.text, review.number, review.stars, title)


def _tally(texts: Iterable[Text], known: Container[bytes] | None = None) -> _Tallies:
    tallies: _Tallies = {}
    for text in texts:
        words = split_words(text.text)
        tally = tallies.setdefault((text.split, text.label), _Tally())
        tally.counts.update(words)
        length = 1 + (len(words) if known is None else sum(map(known.__contains__, words)))
        tally.rows.append((length, text.number, text.stars, text.title))
    return tallies


def _corpus(tallies: _Tallies, vocabulary: Sequence[bytes]) -> Corpus:
    total: Counter[bytes] = Counter()
    for tally in tallies.values():
        total.update(tally.counts)
    ranks = dict.fromkeys(vocabulary)
    words = (*vocabulary, *(word for word, _ in total.most_common() if word not in ranks))
    groups = tuple(
        _group(split, label, tallies[split, label], words) for split, label in sorted(tallies, key=_group_order)
    )
    return Corpus(words, len(vocabulary) or len(words), groups)


def _group(split: str, label: str | None, tally: _Tally, words: Sequence[bytes]) -> Group:
    lengths, numbers, stars, titles = _columns(tally.rows)
    return Group(
        split,
        label,
        lengths=np.array(lengths, np.int32),
        numbers=np.array(numbers, np.int32),
        stars=np.array(stars, np.int8),
        titles=np.array(titles, np.int32),
        counts=np.array([tally.counts[word] for word in words], np.int32),
    )


def _columns(rows: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, ...]]:
    return iter(zip(*rows))


def _group_order(key: tuple[str, str | None]) -> tuple[bool, bool, str]:
    """Train before test; classes by name; texts without a class last."""
    split, label = key
    return split == "test", label is None, label or ""

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
