"""How good the shipped models are, beside what people would use instead, all run here.

python -m benchmarks.accuracy [--data PATH] [--dev FOLDER] [--only NAME ...] [--reviews N]

On the 25,000 test reviews: both models, as they answer and in Keras, and NB-SVM, TF-IDF with logistic regression,
fastText, VADER and TextBlob; what is not installed is left out, and what to type is said.

Then each model's figures on short texts (`benchmarks.short_texts`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data_argument, labeled_reviews, machine, short_texts
from benchmarks.networks import keras_probabilities
from benchmarks.rivals import RIVALS
from benchmarks.short_texts import accuracy, probabilities_of
from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import TrainingUnavailable
from imdbsent.evaluation.metrics import calibration_curve, expected_calibration_error, log_loss
from imdbsent.models import store

if TYPE_CHECKING:

    from imdbsent.evaluation.metrics import Array

MODELS = ("flagship", "classic")


def show_reviews(name: str, engine: str, probabilities: Array, labels: Array, threshold: float) -> None:
    """Print a model's line of the table."""
    error = expected_calibration_error(calibration_curve(labels, probabilities))
    print(
        f"{name:12} {engine:13} accuracy {accuracy(probabilities, labels, threshold):8.4%}  "
        f"log loss {log_loss(labels, probabilities):.4f}  expected calibration error {error:.4f}"
    )


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--dev", type=Path, metavar="FOLDER", help="folder of the dev sets. Default: the archive's")
    parser.add_argument("--reviews", type=int, default=25_000, help="reviews of each split, from all over; else all")
    names = [rival.name for rival in RIVALS]
    parser.add_argument("--only", nargs="*", choices=names, default=names, help="beside which others")
    arguments = parser.parse_args()
    step = max(1, 25_000 // arguments.reviews)
    train, test = (labeled_reviews(arguments.data, split)[::step] for split in ("train", "test"))
    texts, labels = [review.text for review in test], np.array([review.label for review in test], np.float64)
    print(f"{len(test):,} test reviews on {machine()}")
    classifiers = [Classifier(read_bundle(store.PRETRAINED / name).verify()) for name in MODELS]
    for classifier in classifiers:
        card = classifier.bundle.card
        show_reviews(card.name, "ONNX Runtime", probabilities_of(classifier, texts), labels, card.threshold)
        try:
            show_reviews(card.name, "Keras", keras_probabilities(classifier.bundle, texts), labels, card.threshold)
        except TrainingUnavailable as error:
            print(f"{card.name:12} Keras is left out: {error}")
    learned = np.array([review.label for review in train], np.int8)
    for rival in (rival for rival in RIVALS if rival.name in arguments.only):
        if rival.missing:
            print(f"{rival.name:12} is not installed and left out. Type: {rival.missing}")
            continue
        judged = rival.judge([review.text for review in train], learned, texts)
        print(f"{rival.name:12} {'':13} accuracy {np.mean(judged == labels):8.4%}")
    for classifier in classifiers:
        short_texts.show(classifier, short_texts.find_dev(arguments.dev, arguments.data))
    return 0


if __name__ == "__main__":
    sys.exit(main())
