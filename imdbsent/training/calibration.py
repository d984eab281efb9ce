"""Calibration: the temperature that divides a network's logits, fitted on texts it has not learned from.

A network that memorizes its training texts is far too confident on others. Guo, Pleiss, Sun & Weinberger ("On
Calibration of Modern Neural Networks", ICML 2017) divide every logit by one number, which minimizes the log loss of
held-out texts. No verdict changes at the threshold 0.5, and the probabilities match how often the verdicts are right.
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
    from imdbsent.reading.labeled import Example

    Array = npt.NDArray[np.float64]

FEWEST: Final = 50
"""The fewest texts to fit a temperature on. With fewer, it costs a well calibrated network more log loss than it gains
one whose logits are half as large again as they should be (simulated, at accuracies of 81 and 89%)."""
BOUNDS: Final = (0.05, 20.0)
"""The smallest and the largest temperature."""

_DECIMALS: Final = 4
_HALVINGS: Final = 60  # of the interval: more than float64 has digits for


@dataclass(frozen=True)
class Calibration:
    """A fitted temperature.

    Attributes:
        temperature: the temperature, within `BOUNDS`.
        texts: number of texts it was fitted on.
    """

    temperature: float
    texts: int


def calibrate(classifier: Classifier, examples: Sequence[Example]) -> Calibration | None:
    """Fit the temperature of a model on labeled texts.

    Args:
        classifier: the model; its own temperature is ignored.
        examples: texts it has not learned from. Those without a known word do not count.

    Returns:
        The temperature; None if it cannot be fitted: there are too few texts, they are all of one class, or the logits
        are not finite, as after a training run that diverged.
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
    """The temperature with the lowest log loss on labeled logits.

    The loss of sigmoid(logit / T) is convex in 1 / T, so its slope, mean(logit * (sigmoid(logit / T) - target)), grows
    with 1 / T, and bisection finds its zero. The targets are those of Platt ("Probabilistic Outputs for Support Vector
    Machines", 1999): (P + 1) / (P + 2) for each of P positive texts and 1 / (N + 2) for each of N negative ones,
    instead of 1 and 0. With many texts that makes no difference; if a few texts are all judged correctly, it keeps the
    network from becoming certain.

    Args:
        logits: finite, shape (n,).
        labels: 1 or 0, shape (n,).

    Returns:
        The temperature; the closer of `BOUNDS` if the lowest loss is outside of them, as for a network that is worse
        than chance; 1 if all temperatures are equally good, as with no texts or with logits that are all 0.
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
