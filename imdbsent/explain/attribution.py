"""Ids to what each of them adds to the logit. No other module knows how a network is taken apart.

The tutorials' network computes its logit from the last hidden state, logit = w·h_T + b. The same could be computed from
any earlier state, and what token t adds is the difference that it makes:

    contribution of t = w·h_t - w·h_(t-1)      padding = w·h_0, from the state after the padding in front of the text

The sum telescopes: bias + padding + all contributions = b + w·h_T, the logit, exactly. A contribution includes what the
token wrote and what it made the memory forget, so it depends on everything before the token.

The flagship's graph outputs its contributions: its head is linear over pooled states, and the pooling tells which token
each number comes from (`imdbsent.training.architectures.flagship`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.bundle.safety import numbers_that_fit
from imdbsent.classify.lstm import WEIGHTS
from imdbsent.errors import ModelUnexplainable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imdbsent.classify.engine import Engine
    from imdbsent.classify.lstm import Array

    Attributor = Callable[[Sequence[Sequence[int]], int], list["Attribution"]]


_CONTRIBUTIONS = frozenset(("logit", "contributions", "bias"))
_STATES = frozenset(("logit", "hidden", *WEIGHTS))


@dataclass(frozen=True)
class Attribution:
    """The parts of the logit of a text.

    Attributes:
        logit: output of the network; bias + padding + the sum of the contributions, up to float32.
        bias: of the last layer, the same for every text.
        padding: what the state before the first id adds; 0 if nothing comes before it.
        contributions: what each id adds, shape (T,).
    """

    logit: float
    bias: float
    padding: float
    contributions: Array


def attributor(engine: Engine) -> Attributor:
    """A function that takes the ids of texts and a batch size, and returns an attribution for each text, in order.

    Raises:
        ModelUnexplainable: the network does not expose what that needs.
    """
    if engine.output_names >= _CONTRIBUTIONS:
        return PooledTokens(engine)
    if engine.output_names >= _STATES:
        return RunningLogit(engine)
    raise ModelUnexplainable


class PooledTokens:
    """Returns the contributions that a graph outputs.

    Args:
        engine: runs a network with that output.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, texts: Sequence[Sequence[int]], batch_size: int) -> list[Attribution]:
        """The attribution of each text, in order; see `RunningLogit`."""
        return self._engine.in_batches(texts, self._batch, batch_size)

    def _batch(self, texts: Sequence[Sequence[int]]) -> list[Attribution]:
        logits, contributions, bias = self._engine.outputs(["logit", "contributions", "bias"], texts)
        rows = np.asarray(contributions, np.float64)  # (B, T)
        return [
            Attribution(float(logit), float(bias[0]), 0.0, row[: len(ids)])
            for logit, row, ids in zip(logits, rows, texts)
        ]


class RunningLogit:
    """Computes contributions as the steps of the running logit.

    Args:
        engine: runs a network that exposes its hidden states and its weights.
    """

    def __init__(self, engine: Engine) -> None:
        network = engine.weights()
        self._engine = engine
        self._weight, self._bias = network.dense_kernel, network.dense_bias
        self._paddings = network.padding_hidden @ network.dense_kernel  # (maximum_length + 1,)

    def __call__(self, texts: Sequence[Sequence[int]], batch_size: int) -> list[Attribution]:
        """The attribution of each text, in order.

        Args:
            texts: ids of each text, none of them empty or longer than the network's maximum length.
            batch_size: texts per run of the network.
        """
        return self._engine.in_batches(texts, self._batch, batch_size)

    def _batch(self, texts: Sequence[Sequence[int]]) -> list[Attribution]:
        logits, hidden = self._engine.outputs(["logit", "hidden"], texts)  # (B,), (T, B, H)
        with numbers_that_fit(self._engine.directory):
            running = np.asarray(hidden, np.float64) @ self._weight  # (T, B)
            return [self._attribution(len(ids), float(logits[b]), running[:, b]) for b, ids in enumerate(texts)]

    def _attribution(self, length: int, logit: float, running: Array) -> Attribution:
        padding = float(self._paddings[len(self._paddings) - 1 - length])
        return Attribution(logit, self._bias, padding, np.diff(running[:length], prepend=padding))
