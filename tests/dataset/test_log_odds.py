from __future__ import annotations

import math

import numpy as np
import pytest

from imdbsent.dataset.statistics import log_odds_ratio


def test_the_ratio_and_z_are_those_of_the_formula() -> None:
    ratio, z = log_odds_ratio(np.array([6, 1, 3]), np.array([2, 4, 3]))
    # prior = 8, 5, 6, its sum 19; n = 10, n' = 9
    expected = math.log((6 + 8) / (10 + 19 - 6 - 8)) - math.log((2 + 8) / (9 + 19 - 2 - 8))
    assert ratio[0] == pytest.approx(expected)
    assert z[0] == pytest.approx(expected / math.sqrt(1 / (6 + 8) + 1 / (2 + 8)))


def test_the_other_side_sees_the_same_words_with_the_other_sign() -> None:
    one, other = np.array([6, 1, 3, 0]), np.array([2, 4, 3, 9])
    for here, there in zip(log_odds_ratio(one, other), log_odds_ratio(other, one)):
        assert here == pytest.approx(-there)


def test_a_rare_word_tells_less_than_a_frequent_one_of_the_same_ratio() -> None:
    _, z = log_odds_ratio(np.array([3, 300, 9_000]), np.array([1, 100, 9_000]))
    assert 0 < z[0] < z[1]


def test_a_word_that_nobody_uses_tells_nothing() -> None:
    ratio, z = log_odds_ratio(np.array([5, 0, 1]), np.array([1, 0, 5]))
    assert (ratio[1], z[1]) == (0, 0)


def test_one_word_alone_and_an_empty_class_are_no_error() -> None:
    assert log_odds_ratio(np.array([3]), np.array([5]))[1].shape == (1,)
    assert np.isfinite(log_odds_ratio(np.array([3, 1]), np.array([0, 0]))[1]).all()
