"""The LSTM over a text, one step per token: gates, states, and the running verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.bundle.safety import numbers_that_fit
from imdbsent.classify.lstm import lstm_step, sigmoid
from imdbsent.errors import TextWithoutVerdict
from imdbsent.text.tokenizer import START_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.classify.lstm import Array, NetworkWeights, Step


START_MARK = "[start]"


@dataclass(frozen=True)
class TracedToken:
    """One step of the network over a text.

    Attributes:
        word: the word, or "[start]".
        id: its id.
        step: the gates, and the state after it.
        logit: what the last layer computes from that state.
        probability: probability of positive, computed from that state.
    """

    word: str
    id: int
    step: Step
    logit: float
    probability: float


@dataclass(frozen=True)
class Trace:
    """The network unrolled over a text.

    Attributes:
        text: the text.
        paddings: number of padding steps before the text.
        cut: number of ids at the start of the text that the network does not read.
        hidden: hidden state after the padding, shape (H,).
        cell: cell state after the padding, shape (H,).
        probability: probability of positive computed from that state, before the first token.
        tokens: one step per token.
    """

    text: str
    paddings: int
    cut: int
    hidden: Array
    cell: Array
    probability: float
    tokens: tuple[TracedToken, ...]


def trace(classifier: Classifier, text: str) -> Trace:
    """Unroll the network over a text.

    The state starts from the padding in front of the whole text, so a running probability is the verdict on the words
    so far in this text. A text of only these words would come after more padding.

    Args:
        classifier: the model.
        text: a text that it has a verdict on.

    Returns:
        Every step. The hidden states come from the engine, so the probability after the last one is that of
        `classifier.predict`; gates and cell states are computed from them in float64.

    Raises:
        TextWithoutVerdict: the text is blank, or none of its words is known.
        LayersHidden: the model does not expose its weights.
    """
    (prediction,) = classifier.predict([text])
    if prediction.problem is not None:
        raise TextWithoutVerdict(prediction.problem)
    network = classifier.engine.weights()
    tokenizer = classifier.tokenizer
    read = [(START_MARK, START_ID)]
    read += [(token.word, token.id) for token in tokenizer.tokens(text) if token.id is not None]
    cut = max(0, len(read) - tokenizer.maximum_length)
    paddings = max(0, tokenizer.maximum_length - len(read))
    with numbers_that_fit(classifier.engine.directory):
        start = network.padding_hidden[paddings], network.padding_cell[paddings]
        tokens = tuple(_steps(classifier, network, read[cut:], *start))
        before = _probability(network.logit(start[0]), classifier)
    return Trace(text, paddings, cut, *start, before, tokens)


def _steps(
    classifier: Classifier, network: NetworkWeights, read: Sequence[tuple[str, int]], hidden: Array, cell: Array
) -> Iterator[TracedToken]:
    """The steps over the words and ids that the network reads, from the state after the padding."""
    states = classifier.engine.hidden_states([number for _, number in read])  # (T, H)
    for (word, number), h in zip(read, states):
        step = replace(lstm_step(network.embedding[number], hidden, cell, network.lstm), hidden=h)
        hidden, cell = step.hidden, step.cell
        logit = network.logit(step.hidden)
        yield TracedToken(word, number, step, logit, _probability(logit, classifier))


def _probability(logit: float, classifier: Classifier) -> float:
    return float(sigmoid(np.array(logit / classifier.bundle.card.temperature)))
