"""How each class uses a word: counts by folder, and the log-odds ratio that finds the words typical of a class.

Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the Content of
Political Conflict", Political Analysis 16 (4), 2008, sections 3.4 and 3.5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review

    Floats = npt.NDArray[np.float64]


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
