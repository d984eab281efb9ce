"""Which words tell a class apart: the log-odds ratio with an informative Dirichlet prior.

Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the Content of
Political Conflict", Political Analysis 16 (4), 2008, sections 3.4 and 3.5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def log_odds_ratio(
    counts: npt.NDArray[np.integer], others: npt.NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """Compare how often a class and the others use each word.

    With y the counts of a class, n their sum, and the prior a_w = the count of word w in all classes together (the
    background corpus at its own size, so that no constant has to be chosen), a_0 its sum:

        d_w = log((y_w + a_w) / (n + a_0 - y_w - a_w)) - log((y'_w + a_w) / (n' + a_0 - y'_w - a_w))
        s_w² = 1 / (y_w + a_w) + 1 / (y'_w + a_w)
        z_w = d_w / s_w

    Args:
        counts: (words,): how often the class uses each word.
        others: (words,): how often the other classes together use it.

    Returns:
        d and z, each (words,); a word that nobody uses has 0 in both.
    """
    prior = (counts + others).astype(np.float64)
    used = prior > 0
    odds = np.zeros((2, len(prior)))
    variance = np.zeros(len(prior))
    for row, observed in enumerate((counts, others)):
        smoothed = observed + prior
        rest = smoothed.sum() - smoothed
        # A word that is the only one has no odds; it tells nothing apart.
        np.log(smoothed, out=odds[row], where=used)
        odds[row] -= np.log(rest, out=np.zeros_like(rest), where=rest > 0)
        variance += np.divide(1, smoothed, out=np.zeros_like(smoothed), where=used)
    ratio = np.where(used, odds[0] - odds[1], 0.0)
    z = np.divide(ratio, np.sqrt(variance), out=np.zeros_like(ratio), where=used)
    return ratio, z
