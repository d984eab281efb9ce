"""The figures of a corpus: sizes, lengths, stars, titles, words, and the words that tell its classes apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SplitName = Literal["train", "test", "all"]
SPLITS: Final[tuple[SplitName, ...]] = ("all", "train", "test")
NUM_WORDS: Final = 10_000
"""Ids from this one on are out of the vocabulary: what the tutorials pass to `imdb.load_data`."""
MAXIMUM_LENGTH: Final = 500
"""Ids that the tutorials keep of a review."""
PERCENTILES: Final = (1, 5, 25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class GroupSize:
    """How many reviews a split and class have; `label` is None for reviews without one."""

    split: str
    label: str | None
    reviews: int


@dataclass(frozen=True)
class Percentile:
    """The smallest length that at least `percent` of 100 reviews do not exceed."""

    percent: int
    length: int


@dataclass(frozen=True)
class Extreme:
    """The shortest or the longest review: its length, and its file, or the number of its record."""

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
    """Lengths of the reviews in ids, the start mark included; words without a rank are left out, as Keras does.

    Attributes:
        mean: their mean.
        std: their standard deviation (of the population, as `numpy.std` gives it).
        percentiles: for each of `PERCENTILES`.
        shortest: the first of the shortest reviews.
        longest: the first of the longest.
        cut: share of the reviews that are longer than `MAXIMUM_LENGTH`, 0 to 1.
        histogram: columns of one width, from 0 on.
    """

    mean: float
    std: float
    percentiles: tuple[Percentile, ...]
    shortest: Extreme
    longest: Extreme
    cut: float
    histogram: tuple[Bin, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The words of the reviews.

    Attributes:
        running: words in all, as they stand in the text.
        distinct: different words.
        distinct_ids: different ids once encoded with `num_words`, those of the start mark and of out-of-vocabulary
            among them.
        out_of_vocabulary: share of the running words that become the id out-of-vocabulary, 0 to 1.
        left_out: share of the running words that no training review holds, and that have no id, 0 to 1.
    """

    running: int
    distinct: int
    distinct_ids: int
    out_of_vocabulary: float
    left_out: float


@dataclass(frozen=True)
class StarCount:
    """How many reviews gave so many stars."""

    stars: int
    reviews: int


@dataclass(frozen=True)
class Titles:
    """Reviews a title; all 0 where titles are not known.

    Attributes:
        titles: different titles.
        mean: reviews a title.
        median: the smallest number of reviews that at least half of the titles do not exceed.
        most: reviews of the title that has most.
        in_both_splits: titles with reviews in train and in test; 0 for one split.
    """

    titles: int
    mean: float
    median: int
    most: int
    in_both_splits: int


@dataclass(frozen=True)
class FrequentWord:
    """A frequent word: its rank (None where it has none), how often it occurs, and how often in each class."""

    word: str
    rank: int | None
    count: int
    by_class: tuple[int, ...]


@dataclass(frozen=True)
class TellingWord:
    """A word that tells a class apart; see `imdbsent.dataset.log_odds`.

    Attributes:
        label: the class that uses it more than the others do.
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
        maximum_length: ids that are kept of a review.
        classes: names of the classes.
        sizes: reviews of each split and class.
        vocabulary: words.
        lengths: lengths in ids.
        stars: reviews a rating; empty where there are no ratings.
        titles: reviews a title.
        frequent: the most frequent words, the most frequent first.
        telling: for each class, the words that tell it apart, the most telling first.
    """

    split: str
    num_words: int
    maximum_length: int
    classes: tuple[str, ...]
    sizes: tuple[GroupSize, ...]
    vocabulary: Vocabulary
    lengths: Lengths
    stars: tuple[StarCount, ...]
    titles: Titles
    frequent: tuple[FrequentWord, ...]
    telling: tuple[TellingWord, ...]

    @property
    def reviews(self) -> int:
        """Reviews in all."""
        return sum(size.reviews for size in self.sizes)
