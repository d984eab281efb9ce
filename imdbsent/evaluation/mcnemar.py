"""McNemar's test: whether two models that judged the same reviews differ by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

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
