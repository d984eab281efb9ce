"""The two curves: ROC, and calibration. Each with the one figure that sums it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.evaluation.metrics import Array

BINS: Final = 10
"""Bins of the calibration curve, each a tenth of the probabilities wide."""


@dataclass(frozen=True)
class RocCurve:
    """The receiver operating characteristic: a point for each distinct probability, taken as the threshold.

    Attributes:
        false_positive_rate: share of the negative reviews that are called positive, from 0 up to 1.
        true_positive_rate: share of the positive reviews that are, from 0 up to 1; same length.
        area: the area under it: the chance that a positive review has a higher probability than a negative one, where
            a tie counts one half.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    area: float


@dataclass(frozen=True)
class CalibrationBin:
    """The reviews whose probability lies between two bounds.

    Attributes:
        low: the lower bound; it belongs to the bin below, but 0 to the first.
        high: the upper bound, which belongs to this bin.
        n: how many reviews; at least 1.
        probability: their mean probability.
        positive: share of them that is positive. Of a calibrated model, the same number.
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
        The curve; None where a class has no review: one rate is undefined then (scikit-learn warns, gives NaN).
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
    """The reliability diagram: bins of equal width over the probability of positive, empty ones left out.

    Args:
        labels: 1 or 0, shape (n,).
        probabilities: of the label 1, shape (n,).
        bins: how many.

    Returns:
        The bins that hold reviews, from low to high (scikit-learn's `calibration_curve`, strategy "uniform").
    """
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], probabilities)
    return tuple(
        CalibrationBin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            n=int(np.sum(places == place)),
            probability=float(np.mean(probabilities[places == place])),
            positive=float(np.mean(labels[places == place] == 1)),
        )
        for place in range(bins)
        if np.any(places == place)
    )


def expected_calibration_error(curve: Sequence[CalibrationBin]) -> float | None:
    """Mean distance of probability and share of positives over the bins, weighted by their reviews.

    This is the ECE of Naeini et al. (AAAI 2015), over the probability of positive. It depends on the bins: `BINS` of
    them, of equal width, unless the curve was made with others.

    Args:
        curve: of `calibration_curve`.

    Returns:
        The error, 0 to 1; None where there are no reviews.
    """
    n = sum(part.n for part in curve)
    return sum(part.n * abs(part.positive - part.probability) for part in curve) / n if n else None
