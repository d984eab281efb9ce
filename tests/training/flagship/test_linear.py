from __future__ import annotations

import math

import numpy as np
import pytest

from imdbsent.training.flagship.linear import (
    cross_fitted,
    log_count_ratios,
    logistic_regression,
    ngram_teacher,
    vector_teacher,
)

sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed in the light environment")


def noisy(texts: int = 80, features: int = 6) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    values = generator.normal(size=(texts, features)).astype(np.float32)
    logits = values @ generator.normal(size=features) + 0.7
    return values, (logits + generator.logistic(size=texts) > 0).astype(np.float64)


def test_log_count_ratios_are_those_counted_by_hand() -> None:
    presence = sparse.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0]], np.float32))
    ratios = log_count_ratios(presence, np.array([1.0, 1.0, 0.0]))
    # positive: 2, 1, 0 texts, and one more each: 3, 2, 1 of 6; negative: 0, 1, 0 texts: 1, 2, 1 of 4
    expected = [math.log((3 / 6) / (1 / 4)), math.log((2 / 6) / (2 / 4)), math.log((1 / 6) / (1 / 4))]
    np.testing.assert_allclose(ratios, expected, rtol=1e-6)


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("penalty", [0.1, 3.0])
def test_logistic_regression_is_scikit_learns(is_sparse: bool, penalty: float) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    features, targets = noisy()
    theirs = linear_model.LogisticRegression(C=penalty, tol=1e-8, max_iter=1_000).fit(features, targets)
    weights = logistic_regression(sparse.csr_matrix(features) if is_sparse else features, targets, penalty)
    np.testing.assert_allclose(weights, [*theirs.coef_[0], *theirs.intercept_], atol=1e-3)
    assert np.abs(weights).max() > 0.3


def test_a_soft_target_is_learned_as_so_many_texts_of_both_classes() -> None:
    """Three of four texts are positive: as good as one text with the target 0.75 and four times the penalty."""
    feature = np.ones((1, 1), np.float32)
    soft = logistic_regression(feature, np.array([0.75]), 4.0)
    hard = logistic_regression(np.ones((4, 1), np.float32), np.array([1.0, 1.0, 1.0, 0.0]), 1.0)
    np.testing.assert_allclose(soft, hard, atol=1e-3)
    assert float(soft.sum()) == pytest.approx(math.log(3), abs=0.05)  # the bias is free


def test_no_teacher_judges_a_text_that_it_has_learned_from() -> None:
    labelled = np.array([0, 1, 2, 4, 5, 7])
    others = np.array([3, 6])
    folds = np.array([0, 0, 1, 0, 2, 1, 2, 2, 0])
    learned: dict[int, set[int]] = {}

    def learn(places):
        learned[len(learned) + 1] = set(places.tolist())
        number = len(learned)
        return lambda rows: np.full(len(rows), float(number))

    judges = cross_fitted(learn, labelled, others, folds, 9)
    for text in labelled.tolist():
        seen = learned[int(judges[text])]
        assert text not in seen
        assert seen == {place for place in labelled.tolist() if folds[place] != folds[text]}  # no text of its part
    assert all(learned[int(judges[text])] == set(labelled.tolist()) for text in others.tolist())
    assert judges[8] == 0  # it is in neither


def test_the_teacher_over_ngrams_tells_texts_apart_that_it_has_not_seen() -> None:
    rows = np.zeros((40, 4), np.float32)
    rows[:20, 0] = rows[20:, 1] = 1  # a word of the good ones, and one of the bad ones
    rows[::2, 2] = 1  # and one of both
    rows[0, 3] = 1
    labels = np.array([1] * 20 + [0] * 20, np.int8)
    seen = np.concatenate([np.arange(1, 15), np.arange(20, 35)])
    judge = ngram_teacher(sparse.csr_matrix(rows), labels, 30.0)(seen)
    assert (judge(np.arange(15, 20)) > 1).all()
    assert (judge(np.arange(35, 40)) < -1).all()
    assert np.isfinite(judge(np.arange(40))).all()


def test_a_text_without_any_ngram_is_judged_by_the_bias_alone() -> None:
    rows = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    judge = ngram_teacher(sparse.csr_matrix(rows), np.array([1, 1, 1, 0, -1], np.int8), 1.0)(np.arange(4))
    found = judge(np.array([4, 0, 3]))
    assert found[2] < found[0] < found[1]


def test_the_teacher_over_vectors_tells_them_apart() -> None:
    vectors, targets = noisy()
    judge = vector_teacher(vectors, targets.astype(np.int8), 1.0)(np.arange(40))
    right = (judge(np.arange(40, 80)) > 0) == targets[40:]
    assert right.mean() > 0.7
