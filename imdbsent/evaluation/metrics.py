"""Where a model is good and where it is not: accuracy by length, accuracy by stars, its surest mistakes.

Figures of a classifier, from labels, verdicts and probabilities. In NumPy; tests hold them equal to scikit-learn's.

A figure that its formula leaves undefined, as the precision of a model that never says "positive", is None: never 0,
never NaN. Labels are 1 (positive) or 0 (negative), probabilities are those of the label 1.

The two curves: ROC, and calibration. Each with the one figure that sums it up.

McNemar's test: whether two models that judged the same reviews differ by more than chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.text.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from imdbsent.reading.labelled import Example

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

EXACT_BELOW: Final = 25
"""Discordant reviews below which the binomial distribution is used, not its limit."""


@dataclass(frozen=True)
class McNemar:
    """Two models side by side.

    Attributes:
        first: one model.
        second: the other.
        only_first_right: reviews that the first alone judged right.
        only_second_right: reviews that the second alone judged right.
        statistic: chi-squared with one degree of freedom; None where the test is exact.
        p_value: the chance of a difference as large as this, or larger, if the two were equally good.
    """

    first: str
    second: str
    only_first_right: int
    only_second_right: int
    statistic: float | None
    p_value: float


def p_value_text(p_value: float) -> str:
    """A p value for people: the smallest ones are too small for a float."""
    return f"{p_value:.3g}" if p_value else "below 1e-300"


def compare(right: Mapping[str, npt.NDArray[np.bool_]]) -> tuple[McNemar, ...]:
    """Test every pair of models. The chances are those of one test: with many pairs, some are small by chance.

    Args:
        right: for each model, whether it judged each review right, shape (n,); the same reviews in the same order.

    Returns:
        A comparison for each pair, in order; none for one model.
    """
    return tuple(
        mcnemar(first, second, int(np.sum(right[first] & ~right[second])), int(np.sum(~right[first] & right[second])))
        for first, second in combinations(right, 2)
    )


def mcnemar(first: str, second: str, only_first_right: int, only_second_right: int) -> McNemar:
    """McNemar's test (Psychometrika 1947), two-sided.

    Below `EXACT_BELOW` discordant reviews it is the exact binomial test; from there on chi-squared with the continuity
    correction of Edwards (1948), (|b - c| - 1)^2 / (b + c), where b equal to c gives 0.

    Args:
        first: name of a model.
        second: name of the other.
        only_first_right: reviews that the first alone judged right.
        only_second_right: reviews that the second alone judged right.
    """
    discordant = only_first_right + only_second_right
    if discordant < EXACT_BELOW:
        fewer = min(only_first_right, only_second_right)
        tail = sum(math.comb(discordant, k) for k in range(fewer + 1))
        p_value = min(1.0, 2 * tail / 2**discordant)
        return McNemar(first, second, only_first_right, only_second_right, None, p_value)
    statistic = max(0, abs(only_first_right - only_second_right) - 1) ** 2 / discordant
    p_value = math.erfc(math.sqrt(statistic / 2))  # the upper tail of chi-squared, one degree of freedom
    return McNemar(first, second, only_first_right, only_second_right, statistic, p_value)

LAST_WORDS: Final = (10, 25, 50, 100, 200, 400, 800)
"""The last number of words of each bin of lengths but the longest, which has no end."""
MOST_RATINGS: Final = 20
"""More distinct ratings than these are a scale, not stars, and are not shown one by one."""


@dataclass(frozen=True)
class Group:
    """The accuracy on some of the reviews.

    Attributes:
        name: which, as "101-200" words or "7" stars.
        n: how many; at least 1.
        accuracy: share of right verdicts.
        interval: its 95 % interval.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True)
class Mistake:
    """A wrong verdict.

    Attributes:
        where: where the text comes from, as "test/pos/7_10.txt" or "line 12".
        label: what it is: 1 positive, 0 negative.
        probability: of positive, that the model gave.
        text: the text.
    """

    where: str
    label: int
    probability: float
    text: str


def by_length(texts: Iterable[str], right: npt.NDArray[np.bool_]) -> tuple[Group, ...]:
    """Accuracy by the number of words (`imdbsent.text.tokenizer.split_words`), empty bins left out.

    Args:
        texts: n of them.
        right: whether each verdict is right, shape (n,).
    """
    places = np.searchsorted(LAST_WORDS, [len(split_words(text)) for text in texts])
    firsts = (0, *(last + 1 for last in LAST_WORDS))
    names = [f"{first}-{last}" for first, last in zip(firsts, LAST_WORDS)] + [f"{firsts[-1]}+"]
    return tuple(_group(name, right[places == i]) for i, name in enumerate(names) if np.any(places == i))


def by_stars(stars: Sequence[float | None], right: npt.NDArray[np.bool_]) -> tuple[Group, ...]:
    """Accuracy by rating, from low to high.

    Args:
        stars: the rating of each review, n of them; None where it has none.
        right: whether each verdict is right, shape (n,).

    Returns:
        A group a rating; none where there are more than `MOST_RATINGS`.
    """
    ratings = sorted({rating for rating in stars if rating is not None})
    if len(ratings) > MOST_RATINGS:
        return ()
    column = np.array([np.nan if rating is None else rating for rating in stars])
    return tuple(_group(f"{rating:g}", right[column == rating]) for rating in ratings)


def surest_mistakes(
    examples: Sequence[Example], probabilities: Array, right: npt.NDArray[np.bool_], most: int
) -> tuple[Mistake, ...]:
    """The wrong verdicts that the model was surest of, the surest first.

    Args:
        examples: n of them.
        probabilities: of positive, shape (n,).
        right: whether each verdict is right, shape (n,).
        most: how many at most.
    """
    wrong: list[int] = np.flatnonzero(~right).tolist()
    wrong.sort(key=lambda i: -abs(examples[i].label - probabilities[i]))
    return tuple(
        Mistake(examples[i].where, examples[i].label, float(probabilities[i]), examples[i].text) for i in wrong[:most]
    )


def _group(name: str, right: npt.NDArray[np.bool_]) -> Group:
    hits = int(np.sum(right))
    interval = wilson_interval(hits, right.size)
    assert interval is not None  # a group has a member
    return Group(name, right.size, hits / right.size, interval)
