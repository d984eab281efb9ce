"""How sure a network may be: the temperature that divides its logits, fitted on texts that it has not learned from.

A network that learns its training texts by heart is far too sure on others. Guo, Pleiss, Sun & Weinberger ("On
Calibration of Modern Neural Networks", ICML 2017) divide every logit by one number, found on held-out texts by
minimising their log loss: no verdict changes at the threshold 0.5, and the probabilities become those that come true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.classify.lstm import sigmoid

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.classify.classifier import Classifier
    from imdbsent.reading.labelled import Example

    Array = npt.NDArray[np.float64]

FEWEST: Final = 50
"""Texts below which no temperature is fitted: from fewer it costs more log loss where a network is well calibrated
than it gains where the network is half as sure again as it should be (simulated, at accuracies of 81 and 89 %)."""
BOUNDS: Final = (0.05, 20.0)
"""The temperatures that are looked at."""

_DECIMALS: Final = 4
_HALVINGS: Final = 60  # of the interval: more than float64 has digits for


@dataclass(frozen=True)
class Calibration:
    """What came of fitting a temperature.

    Attributes:
        temperature: the temperature, within `BOUNDS`.
        texts: how many it was fitted on.
    """

    temperature: float
    texts: int


def calibrate(classifier: Classifier, examples: Sequence[Example]) -> Calibration | None:
    """Fit the temperature of a model on labelled texts.

    Args:
        classifier: the model; its own temperature does not count.
        examples: texts that it has not learned from. Those without a word that it knows do not count.

    Returns:
        What came of it; None where these texts say nothing: there are too few, of one class alone, or the network gives
        no numbers, as after a training that diverged.
    """
    encoded = [(classifier.tokenizer.encoding(example.text), example.label) for example in examples]
    read = [(encoding.ids, label) for encoding, label in encoded if encoding.tokens]
    labels = np.array([label for _, label in read], np.float64)
    if len(read) < FEWEST or labels.min() == labels.max():
        return None
    logits = classifier.engine.logits([ids for ids, _ in read]).astype(np.float64)
    if not np.isfinite(logits).all():
        return None
    return Calibration(round(fit_temperature(logits, labels), _DECIMALS), len(read))


def fit_temperature(logits: Array, labels: Array) -> float:
    """The temperature of least log loss on labelled logits.

    The loss of sigmoid(logit / T) is convex in 1 / T, so its slope, mean(logit * (sigmoid(logit / T) - target)), grows
    with 1 / T, and its zero is found by halving the interval. The targets are those of Platt ("Probabilistic Outputs
    for Support Vector Machines", 1999): (P + 1) / (P + 2) for each of P positive texts, 1 / (N + 2) for each of N
    negative ones, in the place of 1 and 0. With many texts that makes no difference; where few are all judged right, a
    network does not become sure without end.

    Args:
        logits: finite, shape (n,).
        labels: 1 or 0, shape (n,).

    Returns:
        The temperature; the nearer of `BOUNDS` where the least loss is beyond them, as that of a network which is worse
        than chance; 1 where every temperature is as good, as with no texts or with logits that are all 0.
    """
    positive = float(np.sum(labels))
    negative = labels.size - positive
    targets = np.where(labels == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def slope(inverse: float) -> float:
        return float(np.sum(logits * (sigmoid(logits * inverse) - targets)))

    if not np.any(logits):
        return 1.0
    low, high = 1 / BOUNDS[1], 1 / BOUNDS[0]
    if slope(low) >= 0:
        return BOUNDS[1]
    if slope(high) <= 0:
        return BOUNDS[0]
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / low
