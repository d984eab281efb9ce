"""Ids to what each of them adds to the logit: the one place that knows how a network is taken apart.

The tutorials' network reads its verdict off the last hidden state, logit = w·h_T + b. It could be read off any state
before that, too, and what token t adds is how far it moves that reading:

    contribution of t = w·h_t - w·h_(t-1)      padding = w·h_0, the state after the paddings in front of the text

The steps telescope: bias + padding + all contributions = b + w·h_T, the logit, with nothing left over. A contribution
holds what the token wrote and what it made the memory forget, so it depends on everything before the token.

The flagship's graph gives its contributions itself: its head is linear over pooled states, and the pooling says which
token each number comes from (`imdbsent.training.architectures.flagship`).
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
    """The logit of a text, taken apart.

    Attributes:
        logit: of the text, as the network gave it; bias + padding + the sum of the contributions, up to float32.
        bias: of the last layer, the same for every text.
        padding: what is read off the state before the first id; 0 where nothing comes before it.
        contributions: what each id adds, shape (T,).
    """

    logit: float
    bias: float
    padding: float
    contributions: Array


def attributor(engine: Engine) -> Attributor:
    """What takes the logits of a network apart: for the ids of texts and a batch size, an attribution each, in order.

    Raises:
        ModelUnexplainable: the network does not show what it takes.
    """
    if engine.output_names >= _CONTRIBUTIONS:
        return PooledTokens(engine)
    if engine.output_names >= _STATES:
        return RunningLogit(engine)
    raise ModelUnexplainable


class PooledTokens:
    """Passes on the contributions that a graph gives itself.

    Args:
        engine: of a network that gives them.
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
    """Takes logits apart into the steps of the running logit.

    Args:
        engine: of a network that shows its hidden states and its weights.
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
            batch_size: texts a run of the network.
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
