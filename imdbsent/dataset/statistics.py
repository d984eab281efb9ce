"""The figures of a corpus: sizes, lengths, stars, titles, words, and the words typical of each class.

Every figure is the same on every machine: means and deviations come from exact sums of integers, percentiles are
lengths that occur, and logarithms are rounded.

The words typical of a class: Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation for
Identifying the Content of Political Conflict", Political Analysis 16 (4), 2008, sections 3.4 and 3.5.1.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from imdbsent.text.tokenizer import INDEX_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.dataset.corpus import Corpus, CorpusGroup

    Counts = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


SplitName = Literal["train", "test", "all"]
SPLITS: Final[tuple[SplitName, ...]] = ("all", "train", "test")
NUM_WORDS: Final = 10_000
"""Ids from this one on are out of the vocabulary; the value that tutorials pass to `imdb.load_data`."""
MAXIMUM_LENGTH: Final = 500
"""Ids of a review that tutorials keep."""
PERCENTILES: Final = (1, 5, 25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class GroupSize:
    """Number of reviews in a split and class; `label` is None for reviews without one."""

    split: str
    label: str | None
    reviews: int


@dataclass(frozen=True)
class Percentile:
    """The smallest length that at least `percent` % of the reviews do not exceed."""

    percent: int
    length: int


@dataclass(frozen=True)
class Extreme:
    """The shortest or the longest review: its length, and its file or the number of its record."""

    length: int
    review: str


@dataclass(frozen=True)
class Bin:
    """One column of the histogram: reviews of `first` to `last` ids; the last column may have no end."""

    first: int
    last: int | None
    reviews: int


@dataclass(frozen=True)
class Lengths:
    """Lengths of the reviews in ids, with the start mark and, like Keras, without words that have no rank.

    Attributes:
        mean: their mean.
        std: their standard deviation, of the population, like `numpy.std`.
        percentiles: one for each of `PERCENTILES`.
        shortest: the first of the shortest reviews.
        longest: the first of the longest.
        cut: share of the reviews longer than `MAXIMUM_LENGTH`, 0 to 1.
        histogram: columns of equal width, from 0 on.
    """

    mean: float
    std: float
    percentiles: tuple[Percentile, ...]
    shortest: Extreme
    longest: Extreme
    cut: float
    histogram: tuple[Bin, ...]


@dataclass(frozen=True)
class VocabularySize:
    """The words of the reviews.

    Attributes:
        running: number of words in the texts.
        distinct: number of distinct words.
        distinct_ids: number of distinct ids with `num_words`, including the start mark and out-of-vocabulary.
        out_of_vocabulary: share of the running words that become the id out-of-vocabulary, 0 to 1.
        left_out: share of the running words that no training review has, and that have no id, 0 to 1.
    """

    running: int
    distinct: int
    distinct_ids: int
    out_of_vocabulary: float
    left_out: float


@dataclass(frozen=True)
class StarCount:
    """Number of reviews with a rating."""

    stars: int
    reviews: int


@dataclass(frozen=True)
class Titles:
    """Reviews per title; all 0 if the titles are unknown.

    Attributes:
        titles: number of distinct titles.
        mean: mean number of reviews per title.
        median: the smallest number of reviews that at least half of the titles do not exceed.
        most: number of reviews of the title with the most reviews.
        in_both_splits: number of titles with reviews in train and in test; 0 for one split.
    """

    titles: int
    mean: float
    median: int
    most: int
    in_both_splits: int


@dataclass(frozen=True)
class FrequentWord:
    """A frequent word: its rank (None if it has none), how often it occurs, and how often in each class."""

    word: str
    rank: int | None
    count: int
    by_class: tuple[int, ...]


@dataclass(frozen=True)
class TellingWord:
    """A word typical of a class; see `imdbsent.dataset.statistics`.

    Attributes:
        label: the class that uses it more than the others.
        word: the word.
        rank: its rank.
        log_odds: its log-odds ratio.
        z: that ratio over its standard deviation.
        by_class: how often each class uses it.
    """

    label: str
    word: str
    rank: int
    log_odds: float
    z: float
    by_class: tuple[int, ...]


@dataclass(frozen=True)
class SplitStatistics:
    """The figures of one split, or of both.

    Attributes:
        split: "train", "test", "all", or "file" for a user's own.
        num_words: ids from this one on are out of the vocabulary.
        maximum_length: ids of a review that are kept.
        classes: names of the classes.
        sizes: number of reviews in each split and class.
        vocabulary: number of words and ids.
        lengths: lengths in ids.
        stars: number of reviews per rating; empty without ratings.
        titles: number of reviews per title.
        frequent: the most frequent words, the most frequent first.
        telling: for each class, the words typical of it, the most typical first.
    """

    split: str
    num_words: int
    maximum_length: int
    classes: tuple[str, ...]
    sizes: tuple[GroupSize, ...]
    vocabulary: VocabularySize
    lengths: Lengths
    stars: tuple[StarCount, ...]
    titles: Titles
    frequent: tuple[FrequentWord, ...]
    telling: tuple[TellingWord, ...]

    @property
    def reviews(self) -> int:
        """Number of reviews in total."""
        return sum(size.reviews for size in self.sizes)


_MOST_BINS: Final = 50
_DECIMALS: Final = 4  # of logarithms


def compute(corpus: Corpus, split: str, num_words: int, top: int) -> SplitStatistics:
    """Compute the figures of a split.

    Args:
        corpus: the counts; at least one group of the split has a text.
        split: "train", "test", "file", or "all" for every group.
        num_words: ids from this one on are out of the vocabulary.
        top: words per list: of the most frequent, and of those typical of each class.
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


def _sum_counts(groups: Sequence[CorpusGroup]) -> Counts:
    total: Counts = np.stack([group.counts for group in groups]).sum(axis=0, dtype=np.int64)
    return total


def _vocabulary(total: Counts, ranked: int, num_words: int) -> VocabularySize:
    known = _known(ranked, num_words)
    running, rare = int(total.sum()), int(total[known:ranked].sum())
    return VocabularySize(
        running=running,
        distinct=int(np.count_nonzero(total)),
        distinct_ids=int(np.count_nonzero(total[:known])) + 1 + bool(rare),
        out_of_vocabulary=rare / running if running else 0.0,
        left_out=int(total[ranked:].sum()) / running if running else 0.0,
    )


def _known(ranked: int, num_words: int) -> int:
    """Number of words with an id of their own: rank r is the id r + `INDEX_FROM`, which must be below num_words."""
    return min(ranked, max(0, num_words - INDEX_FROM - 1))


def _lengths(groups: Sequence[CorpusGroup]) -> Lengths:
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


def _extreme(groups: Sequence[CorpusGroup], index: int) -> Extreme:
    for group in groups:
        if index < len(group.lengths):
            return Extreme(int(group.lengths[index]), _review_name(group, index))
        index -= len(group.lengths)
    raise IndexError(index)


def _review_name(group: CorpusGroup, index: int) -> str:
    if group.split == "file":
        return f"record {group.numbers[index]}"
    return f"{group.split}/{(group.label or '')[:3]}/{group.numbers[index]}_{group.stars[index]}.txt"


def _histogram(lengths: Counts, nearly_longest: int) -> tuple[Bin, ...]:
    """Columns of a round width, so that 99% of the reviews fill at most `_MOST_BINS`; the rest share the last one."""
    widths = (digit * 10**power for power in range(10) for digit in (1, 2, 5))
    width = next(width for width in widths if nearly_longest < width * _MOST_BINS)
    last = min(int(lengths.max()) // width, _MOST_BINS)
    columns = np.bincount(np.minimum(lengths // width, last), minlength=last + 1)
    is_open = last == _MOST_BINS
    return tuple(
        Bin(i * width, None if is_open and i == last else (i + 1) * width - 1, int(reviews))
        for i, reviews in enumerate(columns)
    )


def _stars(groups: Sequence[CorpusGroup]) -> tuple[StarCount, ...]:
    counts = Counter(int(stars) for group in groups for stars in group.stars if stars)
    return tuple(StarCount(stars, counts[stars]) for stars in sorted(counts))


def _titles(groups: Sequence[CorpusGroup]) -> Titles:
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
    """The words of the largest z of each class against the others, among the words with an id of their own."""
    if len(counts) < 2:  # noqa: PLR2004 (nothing to compare)
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


def _word(corpus: Corpus, index: int) -> str:
    return corpus.words[index].decode("utf-8", "surrogatepass")


def log_odds_ratio(
    counts: npt.NDArray[np.integer], others: npt.NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """Compare how often a class and the others use each word.

    The informative Dirichlet prior a_w is the count of word w in all classes together: the background corpus at its own
    size, so that no constant has to be chosen. With a_0 its sum, y the counts of a class and n their sum:

        d_w = log((y_w + a_w) / (n + a_0 - y_w - a_w)) - log((y'_w + a_w) / (n' + a_0 - y'_w - a_w))
        s_w² = 1 / (y_w + a_w) + 1 / (y'_w + a_w)
        z_w = d_w / s_w

    Args:
        counts: (words,): how often the class uses each word.
        others: (words,): how often the other classes together use it.

    Returns:
        d and z, each (words,); both are 0 for a word that no class uses.
    """
    prior = (counts + others).astype(np.float64)
    used = prior > 0
    odds = np.zeros((2, len(prior)))
    variance = np.zeros(len(prior))
    for row, observed in enumerate((counts, others)):
        smoothed = observed + prior
        rest = smoothed.sum() - smoothed
        # A word without any other has no odds, and is typical of nothing.
        np.log(smoothed, out=odds[row], where=used)
        odds[row] -= np.log(rest, out=np.zeros_like(rest), where=rest > 0)
        variance += np.divide(1, smoothed, out=np.zeros_like(smoothed), where=used)
    ratio = np.where(used, odds[0] - odds[1], 0.0)
    z = np.divide(ratio, np.sqrt(variance), out=np.zeros_like(ratio), where=used)
    return ratio, z


@dataclass(frozen=True)
class WordCount:
    """How often one folder uses one word.

    Attributes:
        folder: the split and class, for example "train/pos".
        occurrences: number of occurrences of the word.
        reviews: number of reviews with the word.
        reviews_total: number of reviews in the folder.
    """

    folder: str
    occurrences: int
    reviews: int
    reviews_total: int


def count_word(reviews: Iterable[Review], word: bytes, split: Callable[[str], list[bytes]]) -> list[WordCount]:
    """Count one word.

    Args:
        reviews: in any order.
        word: a word that `split` returns.
        split: splits a text into words, for example `Tokenizer.split` of a model.

    Returns:
        The counts of each folder with reviews, in the order of their first review.
    """
    counts: dict[str, list[int]] = {}
    for review in reviews:
        found = split(review.text).count(word)
        count = counts.setdefault(review.folder, [0, 0, 0])
        count[0] += found
        count[1] += found > 0
        count[2] += 1
    return [WordCount(folder, *count) for folder, count in counts.items()]
