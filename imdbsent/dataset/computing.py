"""Computes the figures of a corpus from its counts.

Every figure is the same on every machine: means and deviations come from exact sums of whole numbers, percentiles are
lengths that occur, and what goes through a logarithm is rounded.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.dataset.log_odds import log_odds_ratio
from imdbsent.dataset.statistics import (
    MAXIMUM_LENGTH,
    PERCENTILES,
    Bin,
    Extreme,
    FrequentWord,
    GroupSize,
    Lengths,
    Percentile,
    SplitStatistics,
    StarCount,
    TellingWord,
    Titles,
    Vocabulary,
)
from imdbsent.tokenizer import INDEX_FROM

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.dataset.corpus import Corpus, Group

    Counts = npt.NDArray[np.int64]

_MOST_BINS: Final = 50
_DECIMALS: Final = 4  # of what goes through a logarithm


def compute(corpus: Corpus, split: str, num_words: int, top: int) -> SplitStatistics:
    """Compute the figures of a split.

    Args:
        corpus: the counts; at least one group of the split has a text.
        split: "train", "test", "file", or "all" for every group.
        num_words: ids from this one on are out of the vocabulary.
        top: how many words to list: of the most frequent, and of the telling ones of each class.

    Returns:
        The figures.
    """
    groups = [group for group in corpus.groups if split in ("all", group.split)]
    classes = tuple(dict.fromkeys(group.label for group in groups if group.label is not None))
    counts = {label: _sum_counts([group for group in groups if group.label == label]) for label in classes}
    total = _sum_counts(groups)
    return SplitStatistics(
        split=split,
        num_words=num_words,
        maximum_length=MAXIMUM_LENGTH,
        classes=classes,
        sizes=tuple(GroupSize(group.split, group.label, len(group.lengths)) for group in groups),
        vocabulary=_vocabulary(total, corpus.ranked, num_words),
        lengths=_lengths(groups),
        stars=_stars(groups),
        titles=_titles(groups),
        frequent=_frequent(corpus, total, counts, top),
        telling=_telling(corpus, counts, num_words, top),
    )


def _sum_counts(groups: Sequence[Group]) -> Counts:
    total: Counts = np.stack([group.counts for group in groups]).sum(axis=0, dtype=np.int64)
    return total


def _vocabulary(total: Counts, ranked: int, num_words: int) -> Vocabulary:
    known = _known(ranked, num_words)
    running, rare = int(total.sum()), int(total[known:ranked].sum())
    return Vocabulary(
        running=running,
        distinct=int(np.count_nonzero(total)),
        distinct_ids=int(np.count_nonzero(total[:known])) + 1 + bool(rare),
        out_of_vocabulary=rare / running if running else 0.0,
        left_out=int(total[ranked:].sum()) / running if running else 0.0,
    )


def _known(ranked: int, num_words: int) -> int:
    """How many words have an id of their own: rank r is the id r + `INDEX_FROM`, which must be below num_words."""
    return min(ranked, max(0, num_words - INDEX_FROM - 1))


def _lengths(groups: Sequence[Group]) -> Lengths:
    lengths = np.concatenate([group.lengths for group in groups]).astype(np.int64)
    n, total, squares = len(lengths), int(lengths.sum()), int((lengths**2).sum())
    ordered = np.sort(lengths)
    return Lengths(
        mean=total / n,
        std=math.sqrt(Fraction(n * squares - total**2, n**2)),
        percentiles=tuple(Percentile(p, int(ordered[-(-n * p // 100) - 1])) for p in PERCENTILES),
        shortest=_extreme(groups, int(lengths.argmin())),
        longest=_extreme(groups, int(lengths.argmax())),
        cut=int(np.count_nonzero(lengths > MAXIMUM_LENGTH)) / n,
        histogram=_histogram(lengths, int(ordered[-(-n * 99 // 100) - 1])),
    )


def _extreme(groups: Sequence[Group], place: int) -> Extreme:
    for group in groups:
        if place < len(group.lengths):
            return Extreme(int(group.lengths[place]), _review_name(group, place))
        place -= len(group.lengths)
    raise IndexError(place)


def _review_name(group: Group, place: int) -> str:
    if group.split == "file":
        return f"record {group.numbers[place]}"
    return f"{group.split}/{(group.label or '')[:3]}/{group.numbers[place]}_{group.stars[place]}.txt"


def _histogram(lengths: Counts, nearly_longest: int) -> tuple[Bin, ...]:
    """Columns of a round width, so narrow that 99 of 100 reviews fill at most `_MOST_BINS`; the rest share the last."""
    widths = (digit * 10**power for power in range(10) for digit in (1, 2, 5))
    width = next(width for width in widths if nearly_longest < width * _MOST_BINS)
    last = min(int(lengths.max()) // width, _MOST_BINS)
    columns = np.bincount(np.minimum(lengths // width, last), minlength=last + 1)
    is_open = last == _MOST_BINS
    return tuple(
        Bin(i * width, None if is_open and i == last else (i + 1) * width - 1, int(reviews))
        for i, reviews in enumerate(columns)
    )


def _stars(groups: Sequence[Group]) -> tuple[StarCount, ...]:
    counts = Counter(int(stars) for group in groups for stars in group.stars if stars)
    return tuple(StarCount(stars, counts[stars]) for stars in sorted(counts))


def _titles(groups: Sequence[Group]) -> Titles:
    titles = np.concatenate([group.titles for group in groups])
    reviews = np.sort(np.unique(titles[titles > 0], return_counts=True)[1])
    n = len(reviews)
    if not n:
        return Titles(0, 0.0, 0, 0, 0)
    train, test = (
        {int(title) for group in groups if group.split == split for title in group.titles if title}
        for split in ("train", "test")
    )
    return Titles(
        titles=n,
        mean=int(reviews.sum()) / n,
        median=int(reviews[(n - 1) // 2]),
        most=int(reviews[-1]),
        in_both_splits=len(train & test),
    )


def _frequent(corpus: Corpus, total: Counts, counts: dict[str, Counts], top: int) -> tuple[FrequentWord, ...]:
    order = np.argsort(-total, kind="stable")[:top]
    return tuple(
        FrequentWord(
            _word(corpus, i),
            rank=i + 1 if i < corpus.ranked else None,
            count=int(total[i]),
            by_class=tuple(int(of_class[i]) for of_class in counts.values()),
        )
        for i in map(int, order)
        if total[i]
    )


def _telling(corpus: Corpus, counts: dict[str, Counts], num_words: int, top: int) -> tuple[TellingWord, ...]:
    """The words of the largest z of each class against the others, among the words that have an id of their own."""
    if len(counts) < 2:  # noqa: PLR2004 (nothing to tell apart)
        return ()
    known = _known(corpus.ranked, num_words)
    found: list[TellingWord] = []
    for label, of_class in counts.items():
        others = sum(of_other for other, of_other in counts.items() if other != label)
        ratio, z = (np.round(values[:known], _DECIMALS) for values in log_odds_ratio(of_class, np.asarray(others)))
        found.extend(
            TellingWord(
                label,
                _word(corpus, i),
                rank=i + 1,
                log_odds=float(ratio[i]),
                z=float(z[i]),
                by_class=tuple(int(of_any[i]) for of_any in counts.values()),
            )
            for i in map(int, np.argsort(-z, kind="stable")[:top])
            if z[i] > 0
        )
    return tuple(found)


def _word(corpus: Corpus, place: int) -> str:
    return corpus.words[place].decode("utf-8", "surrogatepass")
