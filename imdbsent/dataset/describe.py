"""Statistics of the IMDB reviews or of a user's file: which source answers, and what it is checked against."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent.dataset.aclimdb import FOLDERS, LABELLED, find, read_reviews
from imdbsent.dataset.corpus import (
    CLASS_NAMES,
    Corpus,
    Text,
    cache_key,
    cache_path,
    count_reviews,
    count_texts,
    load_cached,
    store_cached,
)
from imdbsent.dataset.download import find_or_fetch
from imdbsent.dataset.figures import (
    Figures,
    compute_figures,
    count_figures,
    differences,
    read_shipped,
    shipped_answer,
)
from imdbsent.dataset.statistics import compute
from imdbsent.errors import DatasetIncomplete, FiguresDiffer, UsageProblem
from imdbsent.reading.labelled import read_labelled
from imdbsent.reading.options import ReadOptions
from imdbsent.reading.streams import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imdbsent.dataset.statistics import SplitStatistics
    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)

MOST_CLASSES: Final = 100
"""Classes of a user's file; a column with more distinct values hardly holds labels."""


@dataclass(frozen=True)
class StatisticsQuery:
    """Which statistics to compute.

    Attributes:
        split: "train", "test" or "all".
        num_words: ids from this one on are out of the vocabulary.
        top: words per list.
    """

    split: str
    num_words: int
    top: int


def describe_reviews(
    query: StatisticsQuery, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """Describe the IMDB reviews: with the figures that ship with the package, if the reviews are not on this machine.

    Args:
        query: which statistics.
        named: archive or folder given by the user.
        progress: follows a download; only a query beyond the shipped figures needs one.

    Raises:
        DatasetInvalid: the given path does not hold the reviews.
        DatasetMissing: the query goes beyond the shipped figures, and the reviews cannot be downloaded.
        DownloadFailed: see `find_or_fetch`.
    """
    source = find(named)
    if source is None:
        answer = shipped_answer(query.split, query.num_words, query.top)
        if answer is not None:
            logger.info("these figures come with imdbsent; to compute them again: imdbsent stats --recompute")
            return answer
        source = find_or_fetch(None, progress)
    return _compute(_counted(source), query)


def recompute(
    query: StatisticsQuery, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """Count the reviews again, compare every shipped figure, and describe them.

    Raises:
        FiguresDiffer: a figure differs from the shipped one.
        ImdbsentError: see `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, cache_key(source))
    figures, shipped = compute_figures(corpus), read_shipped()
    wrong = differences(figures, shipped)
    if wrong:
        raise FiguresDiffer(source, wrong)
    count = count_figures(figures)
    logger.info(f"computed again from {source}: all {count:,} figures agree with those that come with imdbsent")
    return _compute(corpus, query)


def figures_to_ship(named: Path | None, progress: DownloadProgress | None = None) -> Figures:
    """The figures that the package ships, from the whole data set.

    Raises:
        DatasetIncomplete: a folder lacks reviews.
        ImdbsentError: see `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, cache_key(source))
    if shortfalls := _shortfalls(corpus):
        raise DatasetIncomplete(source, shortfalls)
    return compute_figures(corpus)


def describe_file(file: str, query: StatisticsQuery, read: ReadOptions | None = None) -> SplitStatistics:
    """Describe a user's own file, which has a vocabulary of its own.

    Args:
        file: its path; `-` is standard input.
        query: which statistics.
        read: how to read it; None to detect everything.

    Raises:
        InputUnreadable: the file cannot be read.
        UsageProblem: it has no text, lacks a column, or has more than `MOST_CLASSES` classes.
    """
    corpus = count_texts(_texts(file, read or ReadOptions(command="stats")))
    if not corpus.groups:
        raise UsageProblem(f"{name_of(file)} has no text. See: imdbsent stats --help")
    return compute(corpus, "file", query.num_words, query.top)


def _compute(corpus: Corpus, query: StatisticsQuery) -> SplitStatistics:
    return compute(corpus, query.split, query.num_words, query.top)


def _counted(source: Path) -> Corpus:
    """The counts of the reviews, from the cache if it has them."""
    key = cache_key(source)
    corpus = load_cached(key) or _count(source, key)
    for shortfall in _shortfalls(corpus):
        logger.info(f"{source}: {shortfall} reviews; the figures are not comparable with others")
    return corpus


def _count(source: Path, key: str) -> Corpus:
    logger.info(f"counting the words of {source}; the counts are kept for the next time")
    corpus = count_reviews(read_reviews(source, LABELLED))
    try:
        store_cached(key, corpus)
    except OSError as error:
        logger.info(f"cannot keep the counts in {cache_path(key).parent} ({error.strerror or error})")
    return corpus


def _shortfalls(corpus: Corpus) -> list[str]:
    kinds = {CLASS_NAMES[1]: "pos", CLASS_NAMES[0]: "neg"}
    sizes = {f"{group.split}/{kinds[group.label]}": len(group.lengths) for group in corpus.groups}
    return [f"{folder} has {n:,} of {FOLDERS[folder]:,}" for folder, n in sizes.items() if n != FOLDERS[folder]]


def _texts(file: str, read: ReadOptions) -> Iterator[Text]:
    classes: set[str] = set()
    for number, record in enumerate(read_labelled(file, read), start=1):
        if record.label is not None:
            classes.add(record.label)
        if len(classes) > MOST_CLASSES:
            raise UsageProblem(
                f"{name_of(file)} has more than {MOST_CLASSES} different labels by record {number}. "
                "Type: --label-column NAME, with the column of the classes"
            )
        yield Text("file", record.label, record.text, number)
