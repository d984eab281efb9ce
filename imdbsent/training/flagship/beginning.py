"""Where the networks begin: embeddings made of document vectors, and the pairs of words that have one.

What the reviews that hold a word are like, says what the word is like. So a word's first embedding is the mean of their
document vectors, along the directions in which words differ most; a pair's likewise. No label is needed, and a network
that begins there has learned after one epoch what takes it three from random numbers (docs/training.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training.architectures.flagship import pair_size
from imdbsent.training.flagship.documents import words_in
from imdbsent.training.word_pairs import BUCKETS, NO_KEY, frequent_pairs, pairs_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.texts import Reviews
    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float32]

_RARE: Final = 5.0
"""Reviews added to those that hold a word, of no direction: what stands in a few says little."""
_SHORT: Final = 1e-2  # added to a length before it divides
_SPREAD: Final = 0.1  # standard deviation of the numbers of an embedding


@dataclass(frozen=True)
class Beginning:
    """What a network of the ladder begins with.

    Attributes:
        words: of each id, shape (vocabulary_size, E).
        pairs: of each bucket, shape (BUCKETS + 1, E / 2).
        pair_table: key of the pair in each bucket, int32 (BUCKETS + 1,).
    """

    words: Floats
    pairs: Floats
    pair_table: npt.NDArray[np.int32]

    def give_to(self, network: Any) -> None:
        """Set the weights of a network."""
        network.get_layer("embedding").set_weights([self.words])
        network.get_layer("pair_embedding").set_weights([self.pairs])
        network.get_layer("pairs").set_weights([self.pair_table])


def beginning(reviews: Reviews, vectors: Floats, recipe: Recipe, ladder: Ladder) -> Beginning:
    """Make the first embeddings.

    Args:
        reviews: what holds the words; those of held-out titles do not count.
        vectors: of each review, shape (texts, document size).
        recipe: sizes of the embeddings.
        ladder: how many reviews a pair must stand in.
    """
    readable = reviews.readable
    centred = vectors[readable] - vectors[readable].mean(axis=0)
    size = recipe.vocabulary_size
    table = frequent_pairs(reviews.texts, readable, size, ladder.fewest_texts_of_pair)
    words = words_in(reviews.texts, size)[readable]
    pairs = words_in(pairs_in(reviews.texts, table, size), BUCKETS + 1)[readable]
    of_words, of_pairs = mean_vectors(words, centred), mean_vectors(pairs, centred)
    of_words[PAD_ID] = 0
    of_pairs[table == NO_KEY] = 0
    return Beginning(
        shortened(of_words, recipe.embedding_size), shortened(of_pairs, pair_size(recipe)), table
    )


def first_words(reviews: Reviews, vectors: Floats, recipe: Recipe) -> Floats:
    """What the words of the language model begin with: of each id as many numbers as a document vector has."""
    readable = reviews.readable
    centred = vectors[readable] - vectors[readable].mean(axis=0)
    of_words = mean_vectors(words_in(reviews.texts, recipe.vocabulary_size)[readable], centred)
    of_words[PAD_ID] = 0
    return shortened(of_words, vectors.shape[1])


def mean_vectors(presence: Any, vectors: Floats) -> Floats:
    """The direction of the mean vector of the texts that hold something.

    Args:
        presence: sparse (texts, things).
        vectors: shape (texts, size).

    Returns:
        Shape (things, size); of length 1 at the most, and shorter for what few texts hold.
    """
    counts = np.asarray(presence.sum(axis=0)).ravel()
    means = np.asarray(presence.T @ vectors) / (counts[:, None] + _RARE)
    return np.asarray(means / (np.linalg.norm(means, axis=1, keepdims=True) + _SHORT), np.float32)


def shortened(vectors: Floats, size: int) -> Floats:
    """Vectors along the directions in which they differ most, scaled to what a network begins with.

    Args:
        vectors: shape (things, any size); things that are all zero do not count, and stay so.
        size: numbers to keep; zeros are added where there are fewer.

    Returns:
        Shape (things, size).
    """
    there = np.asarray(vectors.any(axis=1))
    if not there.any():
        return np.zeros((len(vectors), size), np.float32)
    centred = np.where(there[:, None], vectors - vectors[there].mean(axis=0), 0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # in ascending order
    kept = centred @ directions[:, ::-1][:, :size]
    kept *= _SPREAD / max(float(kept[there].std()), 1e-9)
    return np.asarray(np.pad(kept, ((0, 0), (0, size - kept.shape[1]))), np.float32)
