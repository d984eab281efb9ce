"""The LSTM in numpy, one readable step at a time: what the operator in `model.onnx` computes.

The equations are those of Hochreiter & Schmidhuber (Neural Computation 9(8), 1997) with the forget gate of Gers,
Schmidhuber & Cummins (Neural Computation 12(10), 2000), without peepholes, as in Keras's LSTM layer and ONNX's LSTM
operator. Shapes: T steps, embedding size E, H units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


WEIGHTS: Final = ("embedding", "W", "R", "B", "padding_hidden", "padding_cell", "dense_kernel", "dense_bias")
"""Constants of the graph in `model.onnx` that are also outputs; `imdbsent.training.export` writes them."""

FORMULA: Final = (
    ("i, f, o", "sigmoid(W x + R h + b)", "how much is written, kept, shown"),
    ("g", "tanh(W x + R h + b)", "what could be written"),
    ("c", "f * c + i * g", "the memory"),
    ("h", "o * tanh(c)", "what the memory shows"),
    ("P", "sigmoid(w h + b)", "probability of positive, read off h"),
)
"""What `lstm_step` and the last layer compute: name, equation, meaning. x is the word's embedding, h and c on the right
come from the previous step, and each of i, f, o, g has its own W, R and b."""


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
    """One step of an LSTM: the gates, and the state after them, each of shape (H,).

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
        embedding: one row per word id, shape (num_words, E).
        lstm: the LSTM's.
        padding_hidden: hidden state after 0, 1, ... maximum_length padding steps, shape (maximum_length + 1, H).
        padding_cell: cell state after them, same shape.
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
        """Check that the weights belong to one network.

        Raises:
            ValueError: their shapes do not match.
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
        """The logit that the last layer computes from a hidden state of shape (H,)."""
        return float(hidden @ self.dense_kernel) + self.dense_bias


def lstm_step(x: Array, hidden: Array, cell: Array, weights: LSTMWeights) -> Step:
    """Compute one step: the gates read the word and the previous hidden state, and update the state.

    Args:
        x: the word's embedding, shape (E,).
        hidden: the previous hidden state, shape (H,).
        cell: the previous cell state, shape (H,).
        weights: those of the LSTM.

    Returns:
        The gates and the new state.
    """
    i, o, f, g = np.split(weights.W @ x + weights.R @ hidden + weights.b, 4)  # each (H,)
    i, o, f, g = sigmoid(i), sigmoid(o), sigmoid(f), np.tanh(g)
    cell = f * cell + i * g
    return Step(i, o, f, g, cell, o * np.tanh(cell))


def unroll(inputs: Iterable[Array], hidden: Array, cell: Array, weights: LSTMWeights) -> Iterator[Step]:
    """Run an LSTM over a sequence.

    Args:
        inputs: T embeddings, each of shape (E,).
        hidden: initial hidden state, shape (H,).
        cell: initial cell state, shape (H,).
        weights: those of the LSTM.

    Yields:
        Each step.
    """
    for x in inputs:
        step = lstm_step(x, hidden, cell, weights)
        hidden, cell = step.hidden, step.cell
        yield step


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow for any x."""
    return np.asarray((1 + np.tanh(x / 2)) / 2)
