"""What the embedding and the whole network make of single words: neighbours, and the verdict on each word alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.graph_outputs import numbers_that_fit
from imdbsent.lstm import sigmoid
from imdbsent.tokenizer import INDEX_FROM, START_ID

if TYPE_CHECKING:
    from imdbsent.classifier import Classifier


@dataclass(frozen=True)
class Neighbour:
    """A word that lies near another in the embedding.

    Attributes:
        word: the word.
        rank: its place among the words of the training reviews, from 1.
        cosine: cosine of the angle between the two, -1 to 1.
    """

    word: str
    rank: int
    cosine: float


@dataclass(frozen=True)
class RankedWord:
    """A word of the vocabulary, and what the network says to it alone.

    Attributes:
        word: the word.
        rank: its place among the words of the training reviews, from 1.
        id: its id.
        probability: probability of positive for a text of this word alone.
    """

    word: str
    rank: int
    id: int
    probability: float


def nearest_words(classifier: Classifier, word_id: int, count: int) -> list[Neighbour]:
    """The words whose embedding points the way of a word's.

    Args:
        classifier: the model.
        word_id: id of a word inside the vocabulary.
        count: how many to give at most.

    Returns:
        The other words with the largest cosine, the nearest first.

    Raises:
        LayersHidden: the model does not show its weights.
    """
    known = _known_words(classifier)
    words = classifier.engine.weights().embedding[INDEX_FROM + 1 : INDEX_FROM + 1 + known]  # (known, E)
    place = word_id - INDEX_FROM - 1
    with numbers_that_fit(classifier.engine.directory):
        norms = np.linalg.norm(words, axis=1)
        cosines = words @ words[place] / np.maximum(norms * norms[place], np.finfo(np.float64).tiny)
    cosines[place] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[: min(count, known - 1)]
    vocabulary = classifier.tokenizer.vocabulary
    return [Neighbour(vocabulary.word(int(i) + 1), int(i) + 1, float(cosines[i])) for i in nearest]


def ranked_words(classifier: Classifier) -> list[RankedWord]:
    """Every word that the network knows by itself, by rank, with its verdict on a text of that word alone."""
    known = _known_words(classifier)
    ids = range(INDEX_FROM + 1, INDEX_FROM + 1 + known)
    logits = classifier.engine.logits([[START_ID, word_id] for word_id in ids]).astype(np.float64)
    probabilities = sigmoid(logits / classifier.bundle.card.temperature)
    vocabulary = classifier.tokenizer.vocabulary
    return [
        RankedWord(vocabulary.word(rank), rank, word_id, probability)
        for rank, (word_id, probability) in enumerate(zip(ids, probabilities.tolist()), 1)
    ]


def _known_words(classifier: Classifier) -> int:
    """How many words have an id of their own: the most frequent ones."""
    return min(len(classifier.tokenizer.vocabulary.words), classifier.tokenizer.num_words - INDEX_FROM - 1)
