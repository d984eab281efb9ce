"""How often a word stands in the reviews of each split and class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imdbsent.dataset.aclimdb import Review


@dataclass(frozen=True)
class WordCount:
    """How often one word stands in one folder.

    Attributes:
        folder: the split and class, as "train/pos".
        occurrences: how often the word stands there.
        reviews: how many reviews hold it.
        reviews_total: how many reviews the folder has.
    """

    folder: str
    occurrences: int
    reviews: int
    reviews_total: int


def count_word(reviews: Iterable[Review], word: bytes, split: Callable[[str], list[bytes]]) -> list[WordCount]:
    """Count one word.

    Args:
        reviews: in any order.
        word: as `split` gives it.
        split: a text into its words; a model's `Tokenizer.split`.

    Returns:
        The counts of each folder that a review comes from, in the order in which they come.
    """
    counts: dict[str, list[int]] = {}
    for review in reviews:
        found = split(review.text).count(word)
        count = counts.setdefault(review.folder, [0, 0, 0])
        count[0] += found
        count[1] += found > 0
        count[2] += 1
    return [WordCount(folder, *count) for folder, count in counts.items()]
