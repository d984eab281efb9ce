"""The linear teacher: logistic regression over n-grams weighted by their naive-Bayes log-count ratio.

Wang & Manning ("Baselines and Bigrams", ACL 2012) weigh the presence of each n-gram by how much more often positive
texts hold it than negative ones, r = log((p / |p|) / (q / |q|)), and learn a linear classifier of that. Here each text
is scaled to length 1 besides, which is worth a point with logistic regression (docs/training.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.training.backend import import_library

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]
    Judge = Callable[[Places], Floats]

_ITERATIONS = 60
_SMOOTHING = 1.0  # texts added to both classes for each n-gram


def cross_fitted(
    learn: Callable[[Places], Judge], labelled: Places, others: Places, folds: npt.NDArray[np.int64], size: int
) -> Floats:
    """Logits of texts from teachers that have not learned from them.

    Args:
        learn: makes a judge out of the texts at some places.
        labelled: places of the texts that can be learned from.
        others: places of the texts that are judged by a teacher of all of those.
        folds: the part that each text is in, shape (size,); a text is judged by a teacher of the other parts.
        size: texts in all.

    Returns:
        A logit at each place of the two, 0 elsewhere, shape (size,).
    """
    logits = np.zeros(size)
    for fold in np.unique(folds[labelled]):
        inside = labelled[folds[labelled] == fold]
        logits[inside] = learn(labelled[folds[labelled] != fold])(inside)
    logits[others] = learn(labelled)(others)
    return logits


def ngram_teacher(presence: Any, labels: npt.NDArray[np.int8], penalty: float) -> Callable[[Places], Judge]:
    """What learns to judge texts by their n-grams.

    Args:
        presence: of `presence_matrix`, float32 (texts, n-grams).
        labels: 1 or 0 where there is one to learn from, shape (texts,).
        penalty: the inverse strength of the L2 penalty.

    Returns:
        A function from the places to learn from to a function from places to logits.
    """
    sparse = import_library("scipy.sparse")

    def learn(places: Places) -> Judge:
        targets = labels[places].astype(np.float64)
        ratios = log_count_ratios(presence[places], targets)

        def weighted(rows: Places) -> Any:
            weighed = presence[rows] @ sparse.diags(ratios)
            squares = np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()
            return (sparse.diags(1 / np.sqrt(np.maximum(squares, 1e-9)).astype(np.float32)) @ weighed).tocsr()

        weights = logistic_regression(weighted(places), targets, penalty)
        return lambda rows: np.asarray(weighted(rows) @ weights[:-1] + weights[-1], np.float64)

    return learn


def vector_teacher(vectors: npt.NDArray[np.float32], labels: npt.NDArray[np.int8], penalty: float) -> Any:
    """The same for texts that are vectors, shape (texts, size); see `ngram_teacher`."""

    def learn(places: Places) -> Judge:
        weights = logistic_regression(vectors[places], labels[places].astype(np.float64), penalty)
        return lambda rows: np.asarray(vectors[rows] @ weights[:-1] + weights[-1], np.float64)

    return learn


def log_count_ratios(presence: Any, targets: Floats) -> npt.NDArray[np.float32]:
    """The naive-Bayes log-count ratio of each n-gram.

    Args:
        presence: zeros and ones, (texts, n-grams).
        targets: 1 or 0, shape (texts,).
    """
    positive = np.asarray(presence.T @ targets) + _SMOOTHING
    negative = np.asarray(presence.T @ (1 - targets)) + _SMOOTHING
    return np.asarray(np.log((positive / positive.sum()) / (negative / negative.sum())), np.float32)


def logistic_regression(features: Any, targets: Floats, penalty: float) -> npt.NDArray[np.float32]:
    """Fit a logistic regression with an L2 penalty, by L-BFGS.

    Args:
        features: dense or sparse, float32 (texts, features).
        targets: probability of positive to learn, 0 to 1, shape (texts,).
        penalty: C, which multiplies the log loss; the squared weights are halved. The bias is free.

    Returns:
        The weights, and the bias behind them, shape (features + 1,).

    Raises:
        TrainingUnavailable: scipy is not installed.
    """
    minimize = import_library("scipy.optimize").minimize
    transposed = features.T.tocsr() if hasattr(features, "tocsr") else features.T

    def loss_and_gradient(weights: Floats) -> tuple[float, Floats]:
        logits = np.asarray(features @ weights[:-1].astype(np.float32), np.float64) + weights[-1]
        residuals = penalty * (1 / (1 + np.exp(-logits)) - targets)
        gradient = np.empty_like(weights)
        gradient[:-1] = np.asarray(transposed @ residuals.astype(np.float32)) + weights[:-1]
        gradient[-1] = residuals.sum()
        losses = np.logaddexp(0, logits) - targets * logits
        return penalty * float(losses.sum()) + 0.5 * float(weights[:-1] @ weights[:-1]), gradient

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return np.asarray(found.x, np.float32)
