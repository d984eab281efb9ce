"""Each figure beside scikit-learn's (or SciPy's), to 1e-9, and what ours is where theirs warns or raises."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from imdbsent.bundle.card import Metrics
from imdbsent.evaluation.metrics import (
    IN_CARD,
    KERAS_EPSILON,
    METRICS,
    Confusion,
    Outcomes,
    best_threshold,
    brier_score,
    calibration_curve,
    expected_calibration_error,
    highest_precision,
    log_loss,
    parse_goal,
    roc_curve,
    wilson_interval,
)
from imdbsent.evaluation.report import EXACT_BELOW, compare, mcnemar

Array = npt.NDArray[np.float64]
EXACT = 1e-9


def random_case(seed: int, n: int, levels: int | None = None) -> tuple[Array, Array]:
    """Labels of both classes, and probabilities that know something of them; of few levels there are many ties."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n).astype(float)
    labels[:2] = 0, 1
    probabilities = np.clip(random.normal(0.35 + 0.3 * labels, 0.25), 0, 1)
    return labels, probabilities if levels is None else np.round(probabilities * levels) / levels


BOTH_CLASSES = {
    **{f"random {seed}": random_case(seed, n) for seed, n in enumerate((2, 3, 10, 100, 5_000))},
    "some ties": random_case(7, 500, levels=20),
    "many ties, on the bounds of the bins": random_case(8, 500, levels=10),
    "all ties": (np.array([0.0, 1, 1, 0, 1]), np.full(5, 0.5)),
    "all zero": (np.array([0.0, 1, 1]), np.zeros(3)),
    "all one": (np.array([0.0, 1, 1]), np.ones(3)),
    "perfect": (np.array([0.0, 1, 0, 1]), np.array([0.0, 1, 0, 1])),
    "all wrong": (np.array([0.0, 1, 0, 1]), np.array([1.0, 0, 1, 0])),
    "one of each": (np.array([0.0, 1]), np.array([0.3, 0.7])),
}
ONE_CLASS = {
    "only positive": (np.ones(4), np.array([0.1, 0.6, 0.6, 1])),
    "only negative": (np.zeros(4), np.array([0.1, 0.6, 0.6, 1])),
    "only negative, and found": (np.zeros(3), np.array([0.1, 0.2, 0.0])),
    "a single one": (np.ones(1), np.array([0.2])),
}
EMPTY = (np.array([]), np.array([]))


def metrics() -> Any:
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed in the light environment")


def cases(which: dict[str, tuple[Array, Array]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("labels", "probabilities"), which.values(), ids=which.keys())


def theirs(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What scikit-learn gives, whatever it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def same(ours: float | None, expected: float) -> bool:
    """Equal to 1e-9, where None is their NaN."""
    return math.isnan(expected) if ours is None else ours == pytest.approx(expected, abs=EXACT, rel=EXACT)


@pytest.mark.slow
@cases(BOTH_CLASSES | ONE_CLASS)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.1])
def test_the_confusion_table_and_its_figures_are_sklearns(
    labels: Array, probabilities: Array, threshold: float
) -> None:
    sklearn = metrics()
    verdicts = probabilities >= threshold
    ours = Confusion.count(labels, verdicts)
    table = [[ours.true_negative, ours.false_positive], [ours.false_negative, ours.true_positive]]
    assert table == sklearn.confusion_matrix(labels, verdicts, labels=[0, 1]).tolist()
    assert same(ours.accuracy, sklearn.accuracy_score(labels, verdicts))
    for figure, function in (
        (ours.precision, sklearn.precision_score),
        (ours.recall, sklearn.recall_score),
        (ours.f1, sklearn.f1_score),
    ):
        assert same(figure, function(labels, verdicts, zero_division=np.nan))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("figure", "function", "labels", "verdicts"),
    [
        ("precision", "precision_score", [0, 1], [False, False]),
        ("recall", "recall_score", [0, 0], [True, False]),
        ("f1", "f1_score", [0, 0], [False, False]),
    ],
)
def test_where_sklearn_warns_and_gives_0_ours_is_none(
    figure: str, function: str, labels: list[int], verdicts: list[bool]
) -> None:
    assert getattr(Confusion.count(np.array(labels, float), np.array(verdicts)), figure) is None
    sklearn = metrics()
    with pytest.warns(UserWarning, match="ill-defined"):
        assert getattr(sklearn, function)(labels, verdicts) == 0


@pytest.mark.slow
@cases(BOTH_CLASSES)
def test_the_roc_curve_and_its_area_are_sklearns(labels: Array, probabilities: Array) -> None:
    sklearn = metrics()
    ours = roc_curve(labels, probabilities)
    assert ours is not None
    false_positive_rate, true_positive_rate, _ = sklearn.roc_curve(labels, probabilities, drop_intermediate=False)
    assert ours.false_positive_rate == pytest.approx(false_positive_rate.tolist(), abs=EXACT)
    assert ours.true_positive_rate == pytest.approx(true_positive_rate.tolist(), abs=EXACT)
    assert same(ours.area, sklearn.roc_auc_score(labels, probabilities))


@pytest.mark.slow
@cases(ONE_CLASS)
def test_there_is_no_roc_curve_of_one_class_where_sklearn_gives_nan(labels: Array, probabilities: Array) -> None:
    assert roc_curve(labels, probabilities) is None
    sklearn = metrics()
    with pytest.warns(UserWarning, match="one class"):
        assert math.isnan(sklearn.roc_auc_score(labels, probabilities))


def test_all_ties_have_an_area_of_one_half() -> None:
    curve = roc_curve(*BOTH_CLASSES["all ties"])
    assert curve is not None
    assert curve.area == 0.5
    assert curve.false_positive_rate == curve.true_positive_rate == (0, 1)


@pytest.mark.slow
@cases(BOTH_CLASSES | ONE_CLASS)
def test_log_loss_and_brier_score_are_sklearns(labels: Array, probabilities: Array) -> None:
    sklearn = metrics()
    assert same(log_loss(labels, probabilities), sklearn.log_loss(labels, probabilities, labels=[0, 1]))
    assert same(brier_score(labels, probabilities), sklearn.brier_score_loss(labels, probabilities, pos_label=1))


@pytest.mark.slow
def test_log_loss_of_one_class_has_a_value_where_sklearn_raises() -> None:
    labels, probabilities = ONE_CLASS["only positive"]
    assert log_loss(labels, probabilities) == pytest.approx(-np.mean(np.log(probabilities)))
    sklearn = metrics()
    with pytest.raises(ValueError, match="only one label"):
        sklearn.log_loss(labels, probabilities)


def test_the_loss_of_a_sure_mistake_is_bounded_as_kerass_is() -> None:
    assert log_loss(np.ones(1), np.zeros(1), KERAS_EPSILON) == pytest.approx(-math.log(KERAS_EPSILON))
    assert log_loss(np.array([0.0, 1]), np.array([1.0, 0.25]), KERAS_EPSILON) == pytest.approx(
        (-math.log(KERAS_EPSILON) - math.log(0.25)) / 2
    )


def test_the_table_has_every_metric_once_and_the_card_has_a_field_for_each_of_its_own() -> None:
    assert len({metric.key for metric in METRICS}) == len({metric.label for metric in METRICS}) == len(METRICS)
    assert [metric.key for metric in IN_CARD] == [field.name for field in fields(Metrics)][2:]  # after split and n


@cases(BOTH_CLASSES)
def test_every_metric_of_the_table_is_shown_with_its_value(labels: Array, probabilities: Array) -> None:
    outcomes = Outcomes(labels, probabilities, 0.5)
    for metric in METRICS:
        value = metric.compute(outcomes)
        assert (metric.show(value) == "undefined") is (value is None)


def test_of_no_texts_every_metric_of_the_table_is_undefined() -> None:
    outcomes = Outcomes(*EMPTY, 0.5)
    assert {metric.compute(outcomes) for metric in METRICS} == {None}
    assert {metric.show(None) for metric in METRICS} == {"undefined"}


@pytest.mark.slow
@cases(BOTH_CLASSES | ONE_CLASS)
@pytest.mark.parametrize("bins", [1, 5, 10, 15])
def test_the_calibration_curve_is_sklearns(labels: Array, probabilities: Array, bins: int) -> None:
    calibration = pytest.importorskip("sklearn.calibration", reason="scikit-learn is not installed")
    ours = calibration_curve(labels, probabilities, bins)
    positive, probability = calibration.calibration_curve(labels, probabilities, n_bins=bins, pos_label=1)
    assert [part.positive for part in ours] == pytest.approx(positive.tolist(), abs=EXACT)
    assert [part.probability for part in ours] == pytest.approx(probability.tolist(), abs=EXACT)
    assert sum(part.n for part in ours) == labels.size
    for part in ours:
        inside = (probabilities > part.low) & (probabilities <= part.high)
        if part.low == 0:
            inside |= probabilities == 0
        assert part.n == np.sum(inside)


@pytest.mark.slow
@cases(BOTH_CLASSES | ONE_CLASS)
def test_the_calibration_error_is_what_sklearns_bins_give(labels: Array, probabilities: Array) -> None:
    calibration = pytest.importorskip("sklearn.calibration", reason="scikit-learn is not installed")
    positive, probability = calibration.calibration_curve(labels, probabilities, n_bins=10, pos_label=1)
    weights = np.unique(np.searchsorted(np.linspace(0, 1, 11)[1:-1], probabilities), return_counts=True)[1]
    expected = float(np.sum(weights * np.abs(positive - probability)) / labels.size)
    assert same(expected_calibration_error(calibration_curve(labels, probabilities)), expected)


def test_a_calibrated_model_has_no_error_and_one_that_is_sure_and_wrong_has_all() -> None:
    labels = np.array([1.0, 0, 0, 0])
    assert expected_calibration_error(calibration_curve(labels, np.full(4, 0.25))) == 0
    assert expected_calibration_error(calibration_curve(labels, 1 - labels)) == 1


def test_of_nothing_every_figure_is_none() -> None:
    labels, probabilities = EMPTY
    confusion = Confusion.count(labels, probabilities >= 0.5)
    assert confusion == Confusion(0, 0, 0, 0)
    assert (confusion.accuracy, confusion.precision, confusion.recall, confusion.f1) == (None,) * 4
    assert roc_curve(labels, probabilities) is None
    assert log_loss(labels, probabilities) is None
    assert brier_score(labels, probabilities) is None
    assert calibration_curve(labels, probabilities) == ()
    assert expected_calibration_error(()) is None
    assert wilson_interval(0, 0) is None


@pytest.mark.slow
def test_sklearn_has_no_figures_of_nothing_either() -> None:
    sklearn = metrics()
    for function in (sklearn.roc_auc_score, sklearn.log_loss, sklearn.brier_score_loss):
        with pytest.raises(ValueError, match=r"[Ff]ound (array|empty)|0 sample|at least|mix of|zero-size"):
            theirs(function, *EMPTY)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "n"), [(0, 1), (1, 1), (0, 10), (10, 10), (3, 10), (1, 2), (21_274, 25_000), (24_999, 25_000)]
)
def test_the_interval_is_scipys(right: int, n: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed in the light environment")
    expected = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    interval = wilson_interval(right, n)
    assert interval is not None
    assert same(interval.low, expected.low)
    assert same(interval.high, expected.high)
    assert 0 <= interval.low <= right / n <= interval.high <= 1


def test_the_interval_of_a_published_example() -> None:
    """Newcombe (Statistics in Medicine 1998), table I, method 3: 81 of 263 and 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (right, n), (low, high) in published.items():
        interval = wilson_interval(right, n)
        assert interval is not None
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1, 5, 12, 24, 25, 100])
@pytest.mark.parametrize("second", [0, 1, 12, 13, 60, 100])
def test_mcnemars_p_value_is_scipys(first: int, second: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed in the light environment")
    ours = mcnemar("a", "b", first, second)
    if first + second < EXACT_BELOW:
        assert ours.statistic is None
        assert same(ours.p_value, stats.binomtest(first, first + second).pvalue if first + second else 1.0)
        return
    expected = max(0, abs(first - second) - 1) ** 2 / (first + second)
    assert ours.statistic == pytest.approx(expected)
    assert same(ours.p_value, stats.chi2.sf(expected, 1))


def test_mcnemar_of_a_textbook() -> None:
    """Agresti, Categorical Data Analysis: 150 and 86 discordant give z^2 = 17.36; corrected, 63^2 / 236 = 16.82."""
    ours = mcnemar("first", "second", 150, 86)
    assert ours.statistic == pytest.approx(16.818, abs=1e-3)
    assert ours.p_value == pytest.approx(4.1e-5, rel=0.02)
    assert mcnemar("first", "second", 86, 150).p_value == ours.p_value
    assert mcnemar("a", "b", 8, 1).p_value == pytest.approx(2 * (1 + 9) / 2**9)


def test_every_pair_of_models_is_compared_on_its_discordant_reviews() -> None:
    right = {
        "a": np.array([True, True, False, False]),
        "b": np.array([True, False, True, False]),
        "c": np.array([True, True, True, False]),
    }
    pairs = {(c.first, c.second): (c.only_first_right, c.only_second_right) for c in compare(right)}
    assert pairs == {("a", "b"): (1, 1), ("a", "c"): (0, 1), ("b", "c"): (0, 1)}
    assert compare({"a": right["a"]}) == ()


SCORES: dict[str, Callable[[Confusion], tuple[float, ...]]] = {
    "f1": lambda counts: (counts.f1 or 0,),
    "balanced": lambda counts: (counts.balanced_accuracy or 0,),
    "precision=0.7": lambda counts: ((counts.precision or 0) >= 0.7, counts.recall or 0, counts.precision or 0),
    "recall=0.8": lambda counts: ((counts.recall or 0) >= 0.8, counts.precision or 0, counts.recall or 0),
}


@pytest.mark.parametrize("goal", SCORES)
@pytest.mark.parametrize("case", BOTH_CLASSES)
@pytest.mark.parametrize("now", [0.0, 0.5, 0.93])
def test_no_threshold_is_better_than_the_best(goal: str, case: str, now: float) -> None:
    labels, probabilities = BOTH_CLASSES[case]
    outcomes = Outcomes(labels, probabilities, now)
    found = best_threshold(outcomes, parse_goal(goal))
    tried = [Outcomes(labels, probabilities, t).confusion for t in {*probabilities.tolist()}]
    best = max(SCORES[goal](counts) for counts in tried)
    if goal.startswith("precision") and not best[0]:
        assert found is None
        assert highest_precision(outcomes) == max(counts.precision or 0 for counts in tried) < 0.7
        return
    assert found is not None
    assert 0 <= found <= 1
    assert SCORES[goal](Outcomes(labels, probabilities, found).confusion) == pytest.approx(best, abs=EXACT)


def test_a_threshold_has_few_decimals_and_stays_where_it_is_if_it_is_as_good() -> None:
    labels, probabilities = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.31234, 0.39876, 0.9])
    f1 = parse_goal("F1")
    assert best_threshold(Outcomes(labels, probabilities, 0.5), f1) == 0.36
    assert best_threshold(Outcomes(labels, probabilities, 0.35), f1) == 0.35
    close = np.array([0.1, 0.3999, 0.3999001, 0.9])
    found = best_threshold(Outcomes(labels, close, 0.5), f1)
    assert found is not None
    assert close[1] < found <= close[2]
