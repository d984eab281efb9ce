"""McNemar's test: whether two models that judged the same texts differ by more than chance."""

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
"""With fewer discordant texts than these, the test is the exact binomial one."""


@dataclass(frozen=True)
class McNemar:
    """Two models side by side.

    Attributes:
        first: name of one model.
        second: name of the other.
        only_first_right: number of texts that only the first judged right.
        only_second_right: number of texts that only the second judged right.
        statistic: chi-squared with one degree of freedom; None if the test is exact.
        p_value: the chance of a difference at least as large if both models were equally good.
    """

    first: str
    second: str
    only_first_right: int
    only_second_right: int
    statistic: float | None
    p_value: float

    @property
    def test(self) -> str:
        """Which test was used, for people."""
        return "exact binomial" if self.statistic is None else f"chi-squared {self.statistic:.3f}"

    @property
    def p_value_text(self) -> str:
        """The p value for people; the smallest ones are too small for a float."""
        return f"{self.p_value:.3g}" if self.p_value else "below 1e-300"


def compare(right: Mapping[str, npt.NDArray[np.bool_]]) -> tuple[McNemar, ...]:
    """Test every pair of models. Each p value is that of one test: with many pairs, some are small by chance.

    Args:
        right: for each model, whether it judged each text right, shape (n,); the same texts in the same order.

    Returns:
        One comparison per pair, in order; none for one model.
    """
    return tuple(
        mcnemar(first, second, int(np.sum(right[first] & ~right[second])), int(np.sum(~right[first] & right[second])))
        for first, second in combinations(right, 2)
    )


def mcnemar(first: str, second: str, only_first_right: int, only_second_right: int) -> McNemar:
    """McNemar's test (Psychometrika 1947), two-sided.

    With fewer than `EXACT_BELOW` discordant texts it is the exact binomial test; otherwise chi-squared with the
    continuity correction of Edwards (1948), (|b - c| - 1)^2 / (b + c), which is 0 if b equals c.

    Args:
        first: name of one model.
        second: name of the other.
        only_first_right: number of texts that only the first judged right.
        only_second_right: number of texts that only the second judged right.
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
