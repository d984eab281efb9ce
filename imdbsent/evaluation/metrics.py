"""The table of metrics, the formulas behind it, and the ROC and calibration curves.

`METRICS` is the one place that names a metric. The terminal, the HTML page, JSON, CSV and the card of a model all read
it, so a new metric is one entry here, and its formula.

The formulas are in NumPy; the tests hold them equal to scikit-learn's. A metric that its formula leaves undefined, for
example the precision of a model that never predicts "positive", is None: never 0, never NaN. Labels are 1 (positive) or
0 (negative); probabilities are those of the label 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


KERAS_EPSILON: Final = 1e-7
"""How far Keras keeps probabilities from 0 and 1 (`keras.config.epsilon`)."""
SKLEARN_EPSILON: Final = float(np.finfo(np.float64).eps)
"""How far scikit-learn's `log_loss` keeps them."""
BINS: Final = 10
"""Bins of the calibration curve, each a tenth of the probabilities wide."""
UNDEFINED: Final = "undefined"
"""What a person reads in place of None."""
_NORMAL_QUANTILE: Final = 1.959963984540054  # of 0.975: two tails of 2.5% leave 95%


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


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix: how many texts of each class got each verdict.

    Attributes:
        true_negative: negative texts predicted negative.
        false_positive: negative texts predicted positive.
        false_negative: positive texts predicted negative.
        true_positive: positive texts predicted positive.
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
            verdicts: whether each text is predicted positive, shape (n,).
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
        """Number of texts."""
        return self.right + self.false_positive + self.false_negative

    @property
    def right(self) -> int:
        """Number of verdicts that agree with the label."""
        return self.true_negative + self.true_positive

    @property
    def accuracy(self) -> float | None:
        """Share of right verdicts; None without texts (scikit-learn: NaN or an error)."""
        return _ratio(self.right, self.n)

    @property
    def precision(self) -> float | None:
        """Share of positive texts among those predicted positive; None without any (scikit-learn warns, gives 0)."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """Share of the positive texts predicted positive; None without any (scikit-learn warns, gives 0)."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of the shares of right verdicts of both classes; None if a class has no text (scikit-learn warns)."""
        shares = self.recall, _ratio(self.true_negative, self.true_negative + self.false_positive)
        return None if None in shares else sum(filter(None, shares)) / len(shares)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, as 2 TP / (2 TP + FP + FN).

        None if there is neither a positive text nor a positive verdict (scikit-learn warns, gives 0).
        """
        return _ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What every metric is computed from: the labels, and what one model answered.

    Attributes:
        labels: 1 or 0, shape (n,).
        probabilities: of the label 1, shape (n,).
        threshold: the model predicts "positive" from this probability on.
    """

    labels: Array
    probabilities: Array
    threshold: float

    @cached_property
    def verdicts(self) -> npt.NDArray[np.bool_]:
        """Whether each text is predicted positive, shape (n,)."""
        return self.probabilities >= self.threshold

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each verdict agrees with the label, shape (n,)."""
        right: npt.NDArray[np.bool_] = self.verdicts == (self.labels == 1)
        return right

    @cached_property
    def confusion(self) -> Confusion:
        """The confusion matrix."""
        return Confusion.count(self.labels, self.verdicts)

    @cached_property
    def roc(self) -> RocCurve | None:
        """The ROC curve; None if a class has no text."""
        return roc_curve(self.labels, self.probabilities)

    @cached_property
    def calibration(self) -> tuple[CalibrationBin, ...]:
        """The calibration curve."""
        return calibration_curve(self.labels, self.probabilities)


MetricValue = float | Interval | None


def percent(value: float | None) -> str:
    """A share of 1 in percent, with two decimals."""
    return UNDEFINED if value is None else f"{value:.2%}"


def decimal(value: float | None) -> str:
    """A number with four decimals."""
    return UNDEFINED if value is None else f"{value:.4f}"


def percent_interval(value: Interval | None, decimals: int = 2) -> str:
    """An interval of shares in percent."""
    return UNDEFINED if value is None else f"{value.low:.{decimals}%} to {value.high:.{decimals}%}"


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        key: its name in JSON, in CSV and in a card.
        label: its name for people.
        compute: its value; None if it is undefined.
        show: that value for people.
        in_report: whether `imdbsent evaluate` reports it.
        in_card: whether the card of a model has it, as a field of `imdbsent.bundle.card.Metrics`.
    """

    key: str
    label: str
    compute: Callable[[Outcomes], MetricValue]
    show: Callable[[Any], str]
    in_report: bool = True
    in_card: bool = False


METRICS: Final = (
    Metric("accuracy", "accuracy", lambda outcomes: outcomes.confusion.accuracy, percent, in_card=True),
    Metric(
        "accuracy_interval",
        "accuracy, 95% interval",
        lambda outcomes: wilson_interval(outcomes.confusion.right, outcomes.confusion.n),
        percent_interval,
    ),
    Metric(
        "balanced_accuracy", "balanced accuracy", lambda outcomes: outcomes.confusion.balanced_accuracy, percent
    ),
    Metric("precision", "precision", lambda outcomes: outcomes.confusion.precision, percent),
    Metric("recall", "recall", lambda outcomes: outcomes.confusion.recall, percent),
    Metric("f1", "F1", lambda outcomes: outcomes.confusion.f1, percent),
    Metric(
        "roc_auc", "ROC AUC", lambda outcomes: None if outcomes.roc is None else outcomes.roc.area, decimal
    ),
    Metric("log_loss", "log loss", lambda outcomes: log_loss(outcomes.labels, outcomes.probabilities), decimal),
    Metric(
        "loss",
        "loss",
        lambda outcomes: log_loss(outcomes.labels, outcomes.probabilities, KERAS_EPSILON),
        decimal,
        in_report=False,
        in_card=True,
    ),
    Metric("brier", "Brier score", lambda outcomes: brier_score(outcomes.labels, outcomes.probabilities), decimal),
    Metric(
        "calibration_error",
        f"calibration error, {BINS} bins",
        lambda outcomes: expected_calibration_error(outcomes.calibration),
        decimal,
    ),
)
"""Every metric, in the order of the reports. `loss` is `log_loss` as Keras computes it during training."""

REPORTED: Final = tuple(metric for metric in METRICS if metric.in_report)
IN_CARD: Final = tuple(metric for metric in METRICS if metric.in_card)


def wilson_interval(right: int, n: int) -> Interval | None:
    """The 95% score interval of a share (Wilson, JASA 1927): it never leaves 0 to 1, and holds for small n.

    Args:
        right: successes, 0 to n.
        n: trials.

    Returns:
        The interval; None if n is 0.
    """
    if not n:
        return None
    z2 = _NORMAL_QUANTILE**2
    share = right / n
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_QUANTILE * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At the ends of the scale the formula gives 0 or 1, but for rounding.
    return Interval(0.0 if right == 0 else center - half, 1.0 if right == n else center + half)


def log_loss(labels: Array, probabilities: Array, epsilon: float = SKLEARN_EPSILON) -> float | None:
    """Binary cross-entropy: mean of -log p(label), in nats. A sure mistake costs up to 36 nats.

    Args:
        labels: shape (n,).
        probabilities: shape (n,).
        epsilon: probabilities are kept this far from 0 and 1.

    Returns:
        The mean; None if n is 0. Texts of one class are no problem (scikit-learn asks for `labels`).
    """
    if not labels.size:
        return None
    clipped = np.clip(probabilities, epsilon, 1 - epsilon)
    return float(-np.mean(np.log(np.where(labels == 1, clipped, 1 - clipped))))


def brier_score(labels: Array, probabilities: Array) -> float | None:
    """Mean squared difference of probability and label (Brier, 1950); 0 is best, 0.25 is what 0.5 for all gets.

    Args:
        labels: shape (n,).
        probabilities: shape (n,).

    Returns:
        The mean; None if n is 0 (scikit-learn raises).
    """
    return float(np.mean((probabilities - labels) ** 2)) if labels.size else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


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


class Goal(str, Enum):
    """What a threshold can be chosen for."""

    F1 = "f1"
    BALANCED = "balanced"
    PRECISION = "precision"
    RECALL = "recall"


@dataclass(frozen=True)
class ThresholdGoal:
    """What a threshold is to be the best for.

    Attributes:
        kind: the highest F1 or balanced accuracy; or, of the thresholds with at least such a precision or recall, the
            one that has the most of the other.
        least: that precision or recall, above 0 and up to 1; None for the other kinds.
    """

    kind: Goal
    least: float | None = None

    def __str__(self) -> str:
        """As a person types it."""
        return self.kind.value if self.least is None else f"{self.kind.value}={self.least:g}"


def parse_goal(text: str) -> ThresholdGoal:
    """The goal that a person types: f1, balanced, precision=0.95 or recall=0.9.

    Raises:
        UsageProblem: it is none of these.
    """
    name, equals, number = text.partition("=")
    try:
        goal = ThresholdGoal(Goal(name.strip().lower()), float(number) if equals else None)
        needs_number = goal.kind in (Goal.PRECISION, Goal.RECALL)
        if needs_number == (goal.least is None) or not 0 < (goal.least or 1) <= 1:
            raise ValueError
    except ValueError:
        raise UsageProblem(
            f"{text!r} is nothing that a threshold can be best for. "
            "Type: --best-threshold f1, balanced, precision=0.95 or recall=0.95"
        ) from None
    return goal


def best_threshold(outcomes: Outcomes, goal: ThresholdGoal) -> float | None:
    """The threshold that is the best for a goal on these texts; of equally good ones, the one nearest to the present.

    All thresholds that give other verdicts are tried. Between two neighboring probabilities all are the same, so the
    one with the fewest decimals near their middle is taken.

    Args:
        outcomes: labels of both classes, and the present threshold.
        goal: what it is to be best for.

    Returns:
        The threshold, 0 to 1; None if no threshold has the precision.
    """
    highs, hits, alarms = _by_threshold(outcomes)
    positives, negatives = hits[-1], alarms[-1]
    precision, recall = hits / (hits + alarms), hits / positives
    if goal.kind is Goal.F1:
        scores = 2 * hits / (hits + alarms + positives)
    elif goal.kind is Goal.BALANCED:
        scores = (recall + 1 - alarms / negatives) / 2
    else:
        held, other = (precision, recall) if goal.kind is Goal.PRECISION else (recall, precision)
        scores = np.where(held >= goal.least, other, -1.0)
    best = np.flatnonzero(scores == scores.max())
    if scores[best[0]] < 0:
        return None
    if goal.kind is Goal.PRECISION:
        best = best[:1]  # the same recall, and the highest precision
    elif goal.kind is Goal.RECALL:
        best = best[-1:]
    lows = np.append(highs[1:], 0.0)
    ranges = [(float(lows[i]), float(highs[i])) for i in best]
    low, high = min(ranges, key=lambda ends: max(ends[0] - outcomes.threshold, outcomes.threshold - ends[1]))
    if low < outcomes.threshold <= high:
        return outcomes.threshold
    rounded = (round((low + high) / 2, decimals) for decimals in range(2, 17))
    return next((threshold for threshold in rounded if low < threshold <= high), high)


def highest_precision(outcomes: Outcomes) -> float:
    """The highest precision that a threshold has on these texts."""
    _, hits, alarms = _by_threshold(outcomes)
    return float(np.max(hits / (hits + alarms)))


def _by_threshold(outcomes: Outcomes) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Each distinct probability as a threshold, from high to low; its true positives; its false positives."""
    order = np.argsort(-outcomes.probabilities, kind="stable")
    ordered = outcomes.probabilities[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    hits = np.cumsum(outcomes.labels[order] == 1)[last_of_tie]
    return ordered[last_of_tie], hits, last_of_tie + 1 - hits
