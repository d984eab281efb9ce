"""The word ranks of Keras's IMDB data set, computed from the raw reviews; all 88,584 of them agree.

Keras's word index was made in Python 2, which counted words into a dict and sorted its items by count. The sort is
stable, so words with the same count are in the order in which Python 2 iterates over the dict. That order follows from
the hash of each word and from the order in which the words were inserted. Both are known: the words are UTF-8 bytes,
and the reviews were read positive before negative, by file name. So the ranks can be computed, ties included, and an id
in a tutorial means the same word here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from imdbsent.text.tokenizer import Vocabulary, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imdbsent.dataset.aclimdb import Review

_WORD_SIZE = 1 << 64
_SMALLEST_TABLE = 8


def learn_vocabulary(reviews: Iterable[Review]) -> Vocabulary:
    """Rank the words of the training reviews by frequency, like Keras's word index.

    Args:
        reviews: the labeled training reviews, in any order.

    Returns:
        All the words, the most frequent first; ties in the order of Keras's index.
    """
    return rank_words(review.text for review in in_keras_order(reviews))


def in_keras_order(reviews: Iterable[Review]) -> list[Review]:
    """Labeled reviews in the order in which Keras counted their words: positive first, then by file name."""
    return sorted(reviews, key=lambda review: (review.label != 1, review.file_name))


def rank_words(texts: Iterable[str]) -> Vocabulary:
    """Rank the words of texts by frequency.

    Args:
        texts: their order decides ties.

    Returns:
        All the words, the most frequent first.
    """
    counts: Counter[bytes] = Counter()
    for text in texts:
        counts.update(split_words(text))
    words = python2_dict_order(list(counts))
    words.sort(key=counts.__getitem__, reverse=True)
    return Vocabulary(tuple(words))


def python2_hash(word: bytes) -> int:
    """Hash of a byte string in 64-bit Python 2, as an unsigned number (`string_hash`, Objects/stringobject.c)."""
    if not word:
        return 0
    value = word[0] << 7
    for byte in word:
        value = ((1000003 * value) ^ byte) % _WORD_SIZE
    value ^= len(word)
    return value if value != _WORD_SIZE - 1 else _WORD_SIZE - 2


def python2_dict_order(words: Sequence[bytes]) -> list[bytes]:
    """The order in which Python 2 iterates over a dict whose keys were inserted in the given order.

    The hash table of `Objects/dictobject.c`: open addressing with `i = 5 i + perturb + 1`; when two thirds are full, it
    grows to four times the number of its entries (twice, beyond 50,000).

    Args:
        words: distinct keys, in order of insertion.

    Returns:
        The same keys, in order of iteration.
    """
    size = _SMALLEST_TABLE
    slots: dict[int, tuple[int, bytes]] = {}
    for word in words:
        _insert(slots, size, python2_hash(word), word)
        if len(slots) * 3 >= size * 2:
            size = _grown(len(slots))
            entries, slots = [slots[slot] for slot in sorted(slots)], {}
            for hashed, entry in entries:
                _insert(slots, size, hashed, entry)
    return [slots[slot][1] for slot in sorted(slots)]


def _grown(used: int) -> int:
    size = _SMALLEST_TABLE
    while size <= used * (2 if used > 50_000 else 4):  # noqa: PLR2004 (CPython 2's own constant)
        size *= 2
    return size


def _insert(slots: dict[int, tuple[int, bytes]], size: int, hashed: int, word: bytes) -> None:
    slot = hashed
    perturb = hashed
    while slot % size in slots:
        slot = (slot * 5 + perturb + 1) % _WORD_SIZE
        perturb >>= 5
    slots[slot % size] = (hashed, word)
