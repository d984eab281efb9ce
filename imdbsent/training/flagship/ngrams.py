"""Which n-grams of 1, 2 and 3 words stand in which text, as a sparse matrix of zeros and ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.tokenizer import OOV_ID
from imdbsent.training import import_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.training.flagship.texts import Texts

    Keys = npt.NDArray[np.int64]

BITS: Final = 20
"""Bits of an id in the key of an n-gram: three ids fit into one number of 64 bits."""


def presence_matrix(texts: Texts, counted: npt.NDArray[np.int64], fewest_texts: Sequence[int]) -> Any:
    """The n-grams of texts.

    An n-gram with a word outside the vocabulary does not count.

    Args:
        texts: the texts.
        counted: places of the texts whose n-grams are kept.
        fewest_texts: of n-grams of 1, 2, ... words, how many of the `counted` texts they must stand in.

    Returns:
        `scipy.sparse.csr_matrix`, float32 (texts, n-grams): 1 where the n-gram stands in the text.

    Raises:
        TrainingUnavailable: scipy is not installed.
    """
    sparse = import_library("scipy.sparse")
    is_counted = np.zeros(len(texts), bool)
    is_counted[counted] = True
    blocks = []
    for words, fewest in enumerate(fewest_texts, 1):
        keys, rows = _distinct(*_keys(texts, words))
        kept, counts = np.unique(keys[is_counted[rows]], return_counts=True)
        kept = kept[counts >= fewest]
        columns = np.searchsorted(kept, keys)
        found = columns < len(kept)
        found[found] = kept[columns[found]] == keys[found]
        ones = np.ones(int(found.sum()), np.float32)
        blocks.append(sparse.csr_matrix((ones, (rows[found], columns[found])), shape=(len(texts), len(kept))))
    return sparse.hstack(blocks).tocsr()


def words_in(texts: Texts, num_words: int) -> Any:
    """The words of texts, each in the column of its id.

    Returns:
        `scipy.sparse.csr_matrix`, float32 (texts, num_words): 1 where the word stands in the text.
    """
    ids, rows = _distinct(texts.ids.astype(np.int64), texts.text_of_token())
    sparse = import_library("scipy.sparse")
    return sparse.csr_matrix((np.ones(len(ids), np.float32), (rows, ids)), shape=(len(texts), num_words))


def _keys(texts: Texts, words: int) -> tuple[Keys, Keys]:
    """The key and the text of every n-gram of so many words that lies within one text and has no unknown word."""
    ids = texts.ids.astype(np.int64)
    text = texts.text_of_token()
    count = max(0, len(ids) - words + 1)
    keys = np.zeros(count, np.int64)
    good = text[:count] == text[len(ids) - count :] if count else np.zeros(0, bool)
    for place in range(words):
        part = ids[place : place + count]
        keys |= part << (BITS * place)
        good &= part != OOV_ID
    return keys[good], text[:count][good]


def _distinct(keys: Keys, rows: Keys) -> tuple[Keys, Keys]:
    """Each n-gram once a text."""
    order = np.lexsort((keys, rows))
    keys, rows = keys[order], rows[order]
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    return keys[first], rows[first]
