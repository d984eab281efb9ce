"""Pairs of neighbouring words that have an embedding of their own: "not worth", "well worth", "waste of".

An LSTM learns what a pair of words means from its parts; what a pair means beyond them, a linear model over n-grams
knows and the LSTM has to be told. So the frequent pairs are looked up in a hash table, which is small, needs no words
on disk, and is computed by the graph itself from the ids: the pair's bucket holds the pair that it belongs to, and any
other pair that falls into it counts as none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.tokenizer import OOV_ID, PAD_ID

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.flagship.texts import Texts

    Ints = npt.NDArray[np.int32]

BUCKETS: Final = 131_071
"""Buckets of the table, a prime; bucket 0 besides is that of every pair that is not in it."""
MULTIPLIER: Final = 40_503
"""Spreads the first word of a pair over the buckets: 2 ** 16 divided by the golden ratio (Knuth, TAOCP 3, 6.4)."""
LARGEST_VOCABULARY: Final = 46_340
"""The square of it is the largest that int32 holds, and so is the key of a pair."""
NO_KEY: Final = -1


def bucket_of(first: Any, second: Any) -> Any:
    """The bucket of a pair of ids, from 1: of numbers or of arrays, NumPy's or Keras's."""
    return (first * MULTIPLIER + second) % BUCKETS + 1


def key_of(first: Any, second: Any, vocabulary_size: int) -> Any:
    """A number that no other pair of ids has."""
    return first * vocabulary_size + second


def frequent_pairs(texts: Texts, counted: npt.NDArray[np.int64], vocabulary_size: int, fewest_texts: int) -> Ints:
    """The table of the pairs that stand in the most texts; where several fall into one bucket, the most frequent.

    Args:
        texts: the texts.
        counted: places of those that are counted.
        vocabulary_size: ids are below it.
        fewest_texts: how many of them a pair must stand in.

    Returns:
        The key of each bucket, `NO_KEY` where there is none, shape (BUCKETS + 1,).
    """
    first, second, rows = _neighbours(texts)
    is_counted = np.zeros(len(texts), bool)
    is_counted[counted] = True
    good = is_counted[rows] & (first > OOV_ID) & (second > OOV_ID)
    keys = key_of(first[good].astype(np.int64), second[good], vocabulary_size)
    once = np.unique(rows[good] * vocabulary_size**2 + keys) % vocabulary_size**2  # each pair once a text
    pairs, counts = np.unique(once, return_counts=True)
    frequent = counts >= fewest_texts
    pairs = pairs[frequent][np.argsort(counts[frequent], kind="stable")]  # the most frequent last: it stays
    table = np.full(BUCKETS + 1, NO_KEY, np.int32)
    table[bucket_of(pairs // vocabulary_size, pairs % vocabulary_size)] = pairs
    return table


def pairs_in(texts: Texts, table: Ints, vocabulary_size: int) -> Texts:
    """The bucket of the pair that each token ends; 0 where it ends none that is in the table."""
    first, second, _ = _neighbours(texts)
    buckets = bucket_of(first.astype(np.int64), second)
    found = table[buckets] == key_of(first.astype(np.int64), second, vocabulary_size)
    return type(texts)(np.where(found, buckets, 0).astype(np.int32), texts.starts)


def _neighbours(texts: Texts) -> tuple[Ints, Ints, npt.NDArray[np.int64]]:
    """Of each token: the one before it in its text (`PAD_ID` for the first), itself, and its text."""
    first = np.zeros_like(texts.ids)
    first[1:] = texts.ids[:-1]
    starts = texts.starts[:-1]
    first[starts[starts < len(first)]] = PAD_ID
    return first, texts.ids, texts.text_of_token()
