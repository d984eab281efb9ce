"""What the network knows of single words: neighbors in the embedding, and the verdict on each word alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.bundle.safety import numbers_that_fit
from imdbsent.classify.lstm import sigmoid
from imdbsent.text.tokenizer import INDEX_FROM, START_ID

if TYPE_CHECKING:
    from imdbsent.classify.classifier import Classifier


@dataclass(frozen=True)
class Neighbor:
    """A word that is close to another in the embedding.

    Attributes:
        word: the word.
        rank: its frequency rank in the training reviews, from 1.
        cosine: cosine of the angle between the two embeddings, -1 to 1.
    """

    word: str
    rank: int
    cosine: float


@dataclass(frozen=True)
class RankedWord:
    """A word of the vocabulary with the verdict on it.

    Attributes:
        word: the word.
        rank: its frequency rank in the training reviews, from 1.
        id: its id.
        probability: probability of positive for a text of this word alone.
    """

    word: str
    rank: int
    id: int
    probability: float


def nearest_words(classifier: Classifier, word_id: int, count: int) -> list[Neighbor]:
    """The words whose embedding has the most similar direction.

    Args:
        classifier: the model.
        word_id: id of a word in the vocabulary.
        count: maximum number of words.

    Returns:
        The other words with the largest cosine, nearest first.

    Raises:
        LayersHidden: the model does not expose its weights.
    """
    known = _known_words(classifier)
    words = classifier.engine.weights().embedding[INDEX_FROM + 1 : INDEX_FROM + 1 + known]  # (known, E)
    index = word_id - INDEX_FROM - 1
    with numbers_that_fit(classifier.engine.directory):
        norms = np.linalg.norm(words, axis=1)
        cosines = words @ words[index] / np.maximum(norms * norms[index], np.finfo(np.float64).tiny)
    cosines[index] = -np.inf
    nearest = np.argsort(-cosines, kind="stable")[: min(count, known - 1)]
    vocabulary = classifier.tokenizer.vocabulary
    return [Neighbor(vocabulary.word(int(i) + 1), int(i) + 1, float(cosines[i])) for i in nearest]


def ranked_words(classifier: Classifier) -> list[RankedWord]:
    """Every word that has its own id, by rank, with the verdict on a text of that word alone."""
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
    """How many words have their own id: the most frequent ones."""
    return min(len(classifier.tokenizer.vocabulary.words), classifier.tokenizer.num_words - INDEX_FROM - 1)
