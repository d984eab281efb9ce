"""A text's way through the LSTM, a step a token: the gates, the state, and the verdict that could be read off it."""

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
        word: the word read, or "[start]".
        id: its id.
        step: the gates and the state after it.
        logit: what the last layer reads off the state.
        probability: probability of positive, read off the state after this token.
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
        paddings: how many paddings the network read before the text.
        cut: how many ids at the start of the text it does not read.
        hidden: hidden state after the paddings, shape (H,).
        cell: cell state after the paddings, shape (H,).
        probability: probability of positive read off that state, before the first token.
        tokens: a step a token.
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

    The state starts from the paddings in front of the whole text, so a running probability is what the network makes of
    the words so far in this text; the same words as a text of their own would come after more paddings.

    Args:
        classifier: the model.
        text: a text that it has a verdict on.

    Returns:
        Every step: the hidden states are those that the engine computed, so the probability of the last is that of
        `classifier.predict`; gates and cell states are computed from them in float64.

    Raises:
        TextWithoutVerdict: the text is blank, or none of its words is known.
        LayersHidden: the model does not show its weights.
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
    """Each step over the words and ids that the network reads, from the state after the paddings."""
    shown = classifier.engine.hidden_states([number for _, number in read])  # (T, H)
    for (word, number), h in zip(read, shown):
        step = replace(lstm_step(network.embedding[number], hidden, cell, network.lstm), hidden=h)
        hidden, cell = step.hidden, step.cell
        logit = network.logit(step.hidden)
        yield TracedToken(word, number, step, logit, _probability(logit, classifier))


def _probability(logit: float, classifier: Classifier) -> float:
    return float(sigmoid(np.array(logit / classifier.bundle.card.temperature)))
