"""Pairs of neighboring words that have an embedding of their own: "not worth", "well worth", "waste of".

An LSTM learns what a pair means from its two words. What a pair means beyond them, a linear model over n-grams knows,
and the LSTM has to be told. So frequent pairs are looked up in a hash table, which is small, needs no words on disk,
and is computed by the graph itself from the ids. A bucket holds one pair; any other pair that falls into it counts as
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np

from imdbsent.text.tokenizer import OOV_ID, PAD_ID

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]


class _EncodedTexts(Protocol):
    """Encoded texts, one after another.

    Attributes:
        ids: ids of all texts, without start marks, shape (tokens,).
        starts: where each text starts, and where the last one ends, shape (texts + 1,).
    """

    @property
    def ids(self) -> Ints: ...

    @property
    def starts(self) -> npt.NDArray[np.int64]: ...

    def __len__(self) -> int: ...

    def text_of_token(self) -> npt.NDArray[np.int64]:
        """The text that each token belongs to, shape (tokens,)."""


_Texts = TypeVar("_Texts", bound=_EncodedTexts)

BUCKETS: Final = 131_071
"""Buckets of the table, a prime. Bucket 0 is extra, for every pair that is not in the table."""
MULTIPLIER: Final = 40_503
"""Spreads the first word of a pair over the buckets: 2 ** 16 divided by the golden ratio (Knuth, TAOCP 3, 6.4)."""
LARGEST_VOCABULARY: Final = 46_340
"""The largest vocabulary whose pairs all have a key in int32: its square is below 2 ** 31."""
NO_KEY: Final = -1
"""The key of an empty bucket."""


def bucket_of(first: Any, second: Any) -> Any:
    """The bucket of a pair of ids, from 1. Takes numbers, or arrays of NumPy or Keras."""
    return (first * MULTIPLIER + second) % BUCKETS + 1


def key_of(first: Any, second: Any, vocabulary_size: int) -> Any:
    """A number that is unique to a pair of ids."""
    return first * vocabulary_size + second


def frequent_pairs(
    texts: _EncodedTexts, counted: npt.NDArray[np.int64], vocabulary_size: int, fewest_texts: int
) -> Ints:
    """The table of the pairs that occur in the most texts. If two fall into one bucket, the more frequent one stays.

    Args:
        texts: the texts.
        counted: indices of the texts to count in.
        vocabulary_size: all ids are below it.
        fewest_texts: number of texts that a pair must occur in.

    Returns:
        The key of each bucket, `NO_KEY` if it is empty, shape (BUCKETS + 1,).
    """
    first, second, rows = _neighbors(texts)
    is_counted = np.zeros(len(texts), bool)
    is_counted[counted] = True
    good = is_counted[rows] & (first > OOV_ID) & (second > OOV_ID)
    keys = key_of(first[good].astype(np.int64), second[good], vocabulary_size)
    once = np.unique(rows[good] * vocabulary_size**2 + keys) % vocabulary_size**2  # each pair once per text
    pairs, counts = np.unique(once, return_counts=True)
    frequent = counts >= fewest_texts
    pairs = pairs[frequent][np.argsort(counts[frequent], kind="stable")]  # the most frequent is written last
    table = np.full(BUCKETS + 1, NO_KEY, np.int32)
    table[bucket_of(pairs // vocabulary_size, pairs % vocabulary_size)] = pairs
    return table


def pairs_in(texts: _Texts, table: Ints, vocabulary_size: int) -> _Texts:
    """The bucket of the pair that each token completes; 0 if the pair is not in the table."""
    first, second, _ = _neighbors(texts)
    buckets = bucket_of(first.astype(np.int64), second)
    found = table[buckets] == key_of(first.astype(np.int64), second, vocabulary_size)
    make: Any = type(texts)
    pairs: _Texts = make(np.where(found, buckets, 0).astype(np.int32), texts.starts)
    return pairs


def _neighbors(texts: _EncodedTexts) -> tuple[Ints, Ints, npt.NDArray[np.int64]]:
    """For each token: the token before it in its text (`PAD_ID` for the first), itself, and the index of its text."""
    first = np.zeros_like(texts.ids)
    first[1:] = texts.ids[:-1]
    starts = texts.starts[:-1]
    first[starts[starts < len(first)]] = PAD_ID
    return first, texts.ids, texts.text_of_token()
