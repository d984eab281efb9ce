"""What the embedding and the whole network make of single words: neighbours, and the verdict on each word alone.

The LSTM, one step at a time and readable: what the operator in `model.onnx` computes, in numpy.

The equations are those of Hochreiter & Schmidhuber (Neural Computation 9(8), 1997) with the forget gate of Gers,
Schmidhuber & Cummins (Neural Computation 12(10), 2000), without peepholes, as Keras's LSTM layer and ONNX's LSTM
operator have them. Shapes: T steps, E numbers a word, H units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.bundle.safety import numbers_that_fit
from imdbsent.text.tokenizer import INDEX_FROM, START_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from imdbsent.classify.classifier import Classifier

    Array = npt.NDArray[np.float64]


WEIGHTS: Final = ("embedding", "W", "R", "B", "padding_hidden", "padding_cell", "dense_kernel", "dense_bias")
"""Constants of the graph in `model.onnx` that are outputs too; `imdbsent.training.export` writes them."""

FORMULA: Final = (
    ("i, f, o", "sigmoid(W x + R h + b)", "how much is written, kept, shown"),
    ("g", "tanh(W x + R h + b)", "what could be written"),
    ("c", "f * c + i * g", "the memory"),
    ("h", "o * tanh(c)", "what the memory shows"),
    ("P", "sigmoid(w h + b)", "probability of positive, read off h"),
)
"""What `lstm_step` computes and what the last layer makes of it: name, equation, meaning. x is the word's embedding, h
and c on the right are those of the step before, and each of i, f, o, g has a W, R and b of its own."""


@dataclass(frozen=True)
class LSTMWeights:
    """The weights of one LSTM, with the gates in ONNX's order: input, output, forget, candidate.

    Attributes:
        W: from the input to the gates, shape (4H, E).
        R: from the last hidden state to the gates, shape (4H, H).
        b: bias of the gates, shape (4H,).
    """

    W: Array
    R: Array
    b: Array

    @property
    def units(self) -> int:
        """H, the size of the hidden state."""
        return int(self.R.shape[1])


@dataclass(frozen=True)
class Step:
    """One step of an LSTM: the gates, and the state that they leave; each of shape (H,).

    Attributes:
        input_gate: how much of the candidate is written, 0 to 1.
        output_gate: how much of the cell is shown, 0 to 1.
        forget_gate: how much of the old cell is kept, 0 to 1.
        candidate: what could be written, -1 to 1.
        cell: the memory, c.
        hidden: what the memory shows, h, -1 to 1.
    """

    input_gate: Array
    output_gate: Array
    forget_gate: Array
    candidate: Array
    cell: Array
    hidden: Array


@dataclass(frozen=True)
class NetworkWeights:
    """Every weight of the tutorials' network: embedding, LSTM, one sigmoid.

    Attributes:
        embedding: a row a word id, shape (num_words, E).
        lstm: the LSTM's.
        padding_hidden: hidden state after 0, 1, ... maximum_length paddings, shape (maximum_length + 1, H).
        padding_cell: cell state likewise.
        dense_kernel: weight of each unit in the logit, shape (H,).
        dense_bias: bias of the logit.
    """

    embedding: Array
    lstm: LSTMWeights
    padding_hidden: Array
    padding_cell: Array
    dense_kernel: Array
    dense_bias: float

    def check_shapes(self) -> None:
        """Check that the weights are those of one network.

        Raises:
            ValueError: their sizes differ.
        """
        units, size = self.lstm.units, self.embedding.shape[1]
        expected = {
            "W": (self.lstm.W.shape, (4 * units, size)),
            "R": (self.lstm.R.shape, (4 * units, units)),
            "b": (self.lstm.b.shape, (4 * units,)),
            "padding_hidden": (self.padding_hidden.shape, (len(self.padding_hidden), units)),
            "padding_cell": (self.padding_cell.shape, self.padding_hidden.shape),
            "dense_kernel": (self.dense_kernel.shape, (units,)),
        }
        for name, (actual, wanted) in expected.items():
            if actual != wanted:
                raise ValueError(f"{name} has the shape {actual}, not {wanted}")

    def logit(self, hidden: Array) -> float:
        """What the last layer reads off a hidden state of shape (H,)."""
        return float(hidden @ self.dense_kernel) + self.dense_bias


def lstm_step(x: Array, hidden: Array, cell: Array, weights: LSTMWeights) -> Step:
    """One step: the gates look at the word and at the last hidden state, and rewrite the state.

    Args:
        x: the word's embedding, shape (E,).
        hidden: the last hidden state, shape (H,).
        cell: the last cell state, shape (H,).
        weights: the LSTM's.

    Returns:
        The gates and the new state.
    """
    i, o, f, g = np.split(weights.W @ x + weights.R @ hidden + weights.b, 4)  # each (H,)
    i, o, f, g = sigmoid(i), sigmoid(o), sigmoid(f), np.tanh(g)
    cell = f * cell + i * g
    return Step(i, o, f, g, cell, o * np.tanh(cell))


def unroll(inputs: Iterable[Array], hidden: Array, cell: Array, weights: LSTMWeights) -> Iterator[Step]:
    """The steps of an LSTM over a sequence.

    Args:
        inputs: T embeddings, each of shape (E,).
        hidden: hidden state to start from, shape (H,).
        cell: cell state to start from, shape (H,).
        weights: the LSTM's.

    Yields:
        Each step.
    """
    for x in inputs:
        step = lstm_step(x, hidden, cell, weights)
        hidden, cell = step.hidden, step.cell
        yield step


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written so that no x overflows."""
    return np.asarray((1 + np.tanh(x / 2)) / 2)


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
