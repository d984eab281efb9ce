"""Figures of a classifier, from labels, verdicts and probabilities. In NumPy; tests hold them equal to scikit-learn's.

A figure that its formula leaves undefined, as the precision of a model that never says "positive", is None: never 0,
never NaN. Labels are 1 (positive) or 0 (negative), probabilities are those of the label 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

KERAS_EPSILON: Final = 1e-7
"""How far Keras keeps probabilities from 0 and 1 (`keras.config.epsilon`)."""
SKLEARN_EPSILON: Final = float(np.finfo(np.float64).eps)
"""How far scikit-learn's `log_loss` keeps them."""
_NORMAL_QUANTILE: Final = 1.959963984540054  # of 0.975: two sides of 2.5 % leave 95 %


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Confusion:
    """The confusion table: how many reviews of each class got each verdict.

    Attributes:
        true_negative: negative, and called so.
        false_positive: negative, called positive.
        false_negative: positive, called negative.
        true_positive: positive, and called so.
    """

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @classmethod
    def count(cls, labels: Array, verdicts: npt.NDArray[np.bool_]) -> Confusion:
        """Count.

        Args:
            labels: shape (n,).
            verdicts: whether each was called positive, shape (n,).
        """
        positive = labels == 1
        return cls(
            true_negative=int(np.sum(~positive & ~verdicts)),
            false_positive=int(np.sum(~positive & verdicts)),
            false_negative=int(np.sum(positive & ~verdicts)),
            true_positive=int(np.sum(positive & verdicts)),
        )

    @property
    def n(self) -> int:
        """Reviews counted."""
        return self.right + self.false_positive + self.false_negative

    @property
    def right(self) -> int:
        """Verdicts that are the label."""
        return self.true_negative + self.true_positive

    @property
    def accuracy(self) -> float | None:
        """Share of right verdicts; None where there are no reviews (scikit-learn: NaN or an error)."""
        return _ratio(self.right, self.n)

    @property
    def precision(self) -> float | None:
        """Share of positive reviews among those called positive; None where none was (scikit-learn warns, gives 0)."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """Share of the positive reviews that were called so; None where there is none (scikit-learn warns, gives 0)."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, as 2 TP / (2 TP + FP + FN).

        None where there is neither a positive review nor a positive verdict (scikit-learn warns, gives 0).
        """
        return _ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)


def wilson_interval(right: int, n: int) -> Interval | None:
    """The 95 % score interval of a share (Wilson, JASA 1927): it never leaves 0 to 1, and holds for small n.

    Args:
        right: successes, 0 to n.
        n: trials.

    Returns:
        The interval; None where n is 0.
    """
    if not n:
        return None
    z2 = _NORMAL_QUANTILE**2
    share = right / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_QUANTILE * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # at the ends of the scale the formula gives 0 or 1, but for rounding
    return Interval(0.0 if right == 0 else centre - half, 1.0 if right == n else centre + half)


def binary_cross_entropy(probabilities: Array, labels: Array, epsilon: float = KERAS_EPSILON) -> float:
    """Mean of -log p(label), in nats.

    Args:
        probabilities: of the label 1, shape (n,), n at least 1.
        labels: 1 or 0, shape (n,).
        epsilon: probabilities are kept this far from 0 and 1, as Keras does.
    """
    clipped = np.clip(probabilities, epsilon, 1 - epsilon)
    return float(-np.mean(np.log(np.where(labels == 1, clipped, 1 - clipped))))


def log_loss(labels: Array, probabilities: Array) -> float | None:
    """`binary_cross_entropy` with the epsilon of scikit-learn's `log_loss`, so a sure mistake costs up to 36 nats.

    Args:
        labels: shape (n,).
        probabilities: shape (n,).

    Returns:
        The mean, in nats; None where n is 0. Reviews of one class are no problem (scikit-learn asks for `labels`).
    """
    return binary_cross_entropy(probabilities, labels, SKLEARN_EPSILON) if labels.size else None


def brier_score(labels: Array, probabilities: Array) -> float | None:
    """Mean squared difference of probability and label (Brier, 1950); 0 is best, 0.25 is what 0.5 for all gets.

    Args:
        labels: shape (n,).
        probabilities: shape (n,).

    Returns:
        The mean; None where n is 0 (scikit-learn raises).
    """
    return float(np.mean((probabilities - labels) ** 2)) if labels.size else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
