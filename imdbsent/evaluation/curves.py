"""Two curves: ROC and calibration, each with the one number that sums it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


BINS: Final = 10
"""Bins of the calibration curve, each a tenth of the probabilities wide."""


@dataclass(frozen=True)
class RocCurve:
    """The receiver operating characteristic: one point for each distinct probability, taken as the threshold.

    Attributes:
        false_positive_rate: share of the negative texts predicted positive, from 0 up to 1.
        true_positive_rate: share of the positive texts predicted positive, from 0 up to 1; same length.
        area: the area under the curve: the chance that a positive text has a higher probability than a negative one;
            a tie counts one half.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    area: float


@dataclass(frozen=True)
class CalibrationBin:
    """The texts whose probability lies between two bounds.

    Attributes:
        low: the lower bound; it belongs to the bin below, except 0, which belongs to the first.
        high: the upper bound, which belongs to this bin.
        n: number of texts; at least 1.
        probability: their mean probability.
        positive: share of them that is positive; equal to `probability` if the model is calibrated.
    """

    low: float
    high: float
    n: int
    probability: float
    positive: float


def roc_curve(labels: Array, probabilities: Array) -> RocCurve | None:
    """The ROC curve, all of its points (scikit-learn's `roc_curve` with `drop_intermediate=False`).

    Args:
        labels: 1 or 0, shape (n,).
        probabilities: of the label 1, shape (n,).

    Returns:
        The curve; None if a class has no text, as one rate is undefined then (scikit-learn warns, gives NaN).
    """
    positives = int(np.sum(labels == 1))
    negatives = labels.size - positives
    if not positives or not negatives:
        return None
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ordered)), labels.size - 1)
    hits = np.concatenate([[0], np.cumsum(labels[order] == 1)[last_of_tie]])  # true positives, in whole numbers
    alarms = np.concatenate([[0], last_of_tie + 1]) - hits  # false positives
    doubled_area = int(np.sum(np.diff(alarms) * (hits[1:] + hits[:-1])))  # trapezoids, exact
    return RocCurve(
        false_positive_rate=tuple((alarms / negatives).tolist()),
        true_positive_rate=tuple((hits / positives).tolist()),
        area=doubled_area / (2 * positives * negatives),
    )


def calibration_curve(labels: Array, probabilities: Array, bins: int = BINS) -> tuple[CalibrationBin, ...]:
    """The reliability diagram: bins of equal width over the probability of positive, without the empty ones.

    Args:
        labels: 1 or 0, shape (n,).
        probabilities: of the label 1, shape (n,).
        bins: number of bins.

    Returns:
        The bins that hold texts, from low to high (scikit-learn's `calibration_curve`, strategy "uniform").
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.searchsorted(edges[1:-1], probabilities)
    return tuple(
        CalibrationBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            n=int(np.sum(bin_of == i)),
            probability=float(np.mean(probabilities[bin_of == i])),
            positive=float(np.mean(labels[bin_of == i] == 1)),
        )
        for i in range(bins)
        if np.any(bin_of == i)
    )


def expected_calibration_error(curve: Sequence[CalibrationBin]) -> float | None:
    """Mean distance between probability and share of positives over the bins, weighted by their texts.

    This is the ECE of Naeini et al. (AAAI 2015), over the probability of positive. It depends on the bins: `BINS` of
    them, of equal width, unless the curve was made with others.

    Args:
        curve: from `calibration_curve`.

    Returns:
        The error, 0 to 1; None without texts.
    """
    n = sum(each.n for each in curve)
    return sum(each.n * abs(each.positive - each.probability) for each in curve) / n if n else None
