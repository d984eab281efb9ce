"""Statistics on request: from the reviews, from their counts in the cache, from the package, or from a user's file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent.dataset import corpus as corpus_cache
from imdbsent.dataset.aclimdb import FOLDERS, LABELLED, find, read_reviews
from imdbsent.dataset.corpus import CLASS_NAMES, Corpus, Text, count_reviews, count_texts
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
from imdbsent.reading.labelled import TEXT_COLUMN, read_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imdbsent.dataset.statistics import SplitStatistics
    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)


MOST_CLASSES: Final = 100
"""Classes of a user's file; a column with more different values is hardly one of labels."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        split: "train", "test" or "all".
        num_words: ids from this one on are out of the vocabulary.
        top: words to list.
    """

    split: str
    num_words: int
    top: int


def describe_reviews(
    question: Question, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """The figures of the IMDB reviews: those that ship with the package, where the reviews are not on this machine.

    Args:
        question: what is asked.
        named: archive or folder that the user named.
        progress: is told of the bytes of a download, which only a question beyond the shipped figures needs.

    Returns:
        The figures.

    Raises:
        DatasetInvalid: what was named does not hold the reviews.
        DatasetMissing: the question goes beyond the shipped figures, and the reviews cannot be fetched.
        DownloadFailed: as `find_or_fetch`.
    """
    source = find(named)
    if source is None:
        answer = shipped_answer(question.split, question.num_words, question.top)
        if answer is not None:
            logger.info("figures that came with imdbsent; to compute them anew: imdbsent stats --recompute")
            return answer
        source = find_or_fetch(None, progress)
    return _answer(_counted(source), question)


def recompute(
    question: Question, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """Count the reviews anew, compare every shipped figure, and answer.

    Raises:
        FiguresDiffer: a figure is not the one that ships.
        ImdbsentError: the others of `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, corpus_cache.identity(source))
    figures, shipped = compute_figures(corpus), read_shipped()
    wrong = differences(figures, shipped)
    if wrong:
        raise FiguresDiffer(source, wrong)
    count = count_figures(figures)
    logger.info(f"computed again from {source}: all {count:,} figures are those that came with imdbsent")
    return _answer(corpus, question)


def figures_to_ship(named: Path | None, progress: DownloadProgress | None = None) -> Figures:
    """The figures that the package ships, from the whole data set.

    Raises:
        DatasetIncomplete: a folder has not the reviews it must have.
        ImdbsentError: the others of `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, corpus_cache.identity(source))
    if shortfalls := _shortfalls(corpus):
        raise DatasetIncomplete(source, shortfalls)
    return compute_figures(corpus)


def describe_file(
    file: str, question: Question, text_column: str = TEXT_COLUMN, label_column: str | None = None
) -> SplitStatistics:
    """The figures of a user's own file, whose vocabulary is its own.

    Raises:
        InputUnreadable: the file cannot be read.
        UsageProblem: it has no text, no such column, or more classes than labels have.
    """
    corpus = count_texts(_texts(file, text_column, label_column))
    if not corpus.groups:
        raise UsageProblem(f"{file!r} has no text. See: imdbsent stats --help")
    return compute(corpus, "file", question.num_words, question.top)


def _answer(corpus: Corpus, question: Question) -> SplitStatistics:
    return compute(corpus, question.split, question.num_words, question.top)


def _counted(source: Path) -> Corpus:
    """The counts of the reviews, from the cache where they are there."""
    key = corpus_cache.identity(source)
    corpus = corpus_cache.load(key) or _count(source, key)
    for shortfall in _shortfalls(corpus):
        logger.info(f"{source}: {shortfall} reviews; figures will not be comparable")
    return corpus


def _count(source: Path, key: str) -> Corpus:
    logger.info(f"counting the words of {source}; the counts are kept for the next time")
    corpus = count_reviews(read_reviews(source, LABELLED))
    try:
        corpus_cache.store(key, corpus)
    except OSError as error:
        logger.info(f"could not keep the counts in {corpus_cache.place(key).parent} ({error.strerror or error})")
    return corpus


def _shortfalls(corpus: Corpus) -> list[str]:
    kinds = {CLASS_NAMES[1]: "pos", CLASS_NAMES[0]: "neg"}
    sizes = {f"{group.split}/{kinds[group.label]}": len(group.lengths) for group in corpus.groups}
    return [f"{folder} has {n:,} of {FOLDERS[folder]:,}" for folder, n in sizes.items() if n != FOLDERS[folder]]


def _texts(file: str, text_column: str, label_column: str | None) -> Iterator[Text]:
    classes: set[str] = set()
    for number, record in enumerate(read_labelled(file, text_column, label_column), start=1):
        if record.label is not None:
            classes.add(record.label)
        if len(classes) > MOST_CLASSES:
            raise UsageProblem(
                f"{file!r} has more than {MOST_CLASSES} different labels by record {number}. "
                "Type: --label-column NAME, the column that holds the classes"
            )
        yield Text("file", record.label, record.text, number)
