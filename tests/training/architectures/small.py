"""Small recipes and texts that tests of the flagship share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from imdbsent.text.tokenizer import START_ID
from imdbsent.training.distill.data import EncodedTexts
from imdbsent.training.recipes import FLAGSHIP

SMALL = replace(FLAGSHIP, vocabulary_size=60, embedding_size=4, units=3, epochs=2, batch_size=8)


def texts_of(*rows: Sequence[int]) -> EncodedTexts:
    """Texts of these ids."""
    ids = [id_ for row in rows for id_ in row]
    return EncodedTexts(np.array(ids, np.int32), np.cumsum([0, *map(len, rows)], dtype=np.int64))


def random_texts(lengths: Sequence[int], vocabulary_size: int = SMALL.vocabulary_size, seed: int = 3) -> EncodedTexts:
    """Texts of random ids of words."""
    generator = np.random.default_rng(seed)
    return texts_of(*(generator.integers(4, vocabulary_size, length).tolist() for length in lengths))


def padded(rows: Sequence[Sequence[int]], width: int) -> npt.NDArray[np.int32]:
    """Rows of ids after a start mark, as the Keras network reads them."""
    ids = np.zeros((len(rows), width), np.int32)
    ids[:, 0] = START_ID
    for row, words in zip(ids, rows):
        row[1 : len(words) + 1] = words
    return ids
