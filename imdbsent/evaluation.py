"""How good a model is on labelled reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imdbsent.bundle import Metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.classifier import Classifier
    from imdbsent.dataset.aclimdb import Review


def evaluate(classifier: Classifier, reviews: Sequence[Review]) -> Metrics:
    """Accuracy and loss of a classifier, as it answers, on labelled reviews of one split.

    Args:
        classifier: the model.
        reviews: at least one, each with a label.

    Returns:
        The figures.
    """
    predictions = classifier.predict_iter(review.text for review in reviews)
    probabilities = np.array([0.5 if p.probability is None else p.probability for p in predictions])
    labels = np.array([review.label for review in reviews], np.float64)
    verdicts = probabilities >= classifier.bundle.card.threshold
    return Metrics(
        split=reviews[0].split,
        n=len(reviews),
        accuracy=float(np.mean(verdicts == (labels == 1))),
        loss=binary_cross_entropy(probabilities, labels),
    )


def binary_cross_entropy(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.float64], epsilon: float = 1e-7
) -> float:
    """Mean of -log p(label), in nats.

    Args:
        probabilities: of the label 1, shape (n,).
        labels: 1 or 0, shape (n,).
        epsilon: probabilities are kept this far from 0 and 1, as Keras does.
    """
    clipped = np.clip(probabilities, epsilon, 1 - epsilon)
    return float(-np.mean(np.log(np.where(labels == 1, clipped, 1 - clipped))))
