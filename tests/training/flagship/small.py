"""Small things that the tests of the ladder share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from imdbsent.text.tokenizer import START_ID, Vocabulary
from imdbsent.text.words import WordsTokenizer
from imdbsent.training.flagship.texts import UNLABELLED, Reviews, Texts, encode_texts, most_frequent_words
from imdbsent.training.recipes import FLAGSHIP

SMALL = replace(FLAGSHIP, vocabulary_size=60, embedding_size=4, units=3, epochs=2, batch_size=8)


def texts_of(*rows: Sequence[int]) -> Texts:
    """Texts of these ids."""
    ids = [id_ for row in rows for id_ in row]
    return Texts(np.array(ids, np.int32), np.cumsum([0, *map(len, rows)], dtype=np.int64))


def random_texts(lengths: Sequence[int], vocabulary_size: int = SMALL.vocabulary_size, seed: int = 3) -> Texts:
    """Texts of random ids of words."""
    generator = np.random.default_rng(seed)
    return texts_of(*(generator.integers(4, vocabulary_size, length).tolist() for length in lengths))


def padded(rows: Sequence[Sequence[int]], width: int) -> npt.NDArray[np.int32]:
    """Rows of ids behind a start mark, as the Keras network reads them."""
    ids = np.zeros((len(rows), width), np.int32)
    ids[:, 0] = START_ID
    for row, words in zip(ids, rows):
        row[1 : len(words) + 1] = words
    return ids


def encoded(texts: Sequence[str], labels: Sequence[int | None], held_out: Sequence[int] = ()) -> Reviews:
    """Reviews, each in a part of the titles by its place: even ones in the first, odd ones in the second."""
    vocabulary: Vocabulary = most_frequent_words(texts, 10_000)
    tokenizer = WordsTokenizer(vocabulary, len(vocabulary.words) + 4, 10_000)
    is_held_out = np.zeros(len(texts), bool)
    is_held_out[list(held_out)] = True
    return Reviews(
        encode_texts(tokenizer, texts),
        np.array([UNLABELLED if label is None else label for label in labels], np.int8),
        is_held_out,
        np.arange(len(texts)) % 2,
        vocabulary,
    )
