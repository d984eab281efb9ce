"""Accuracy of the shipped models on the 25,000 test reviews, as they answer and in Keras.

python -m benchmarks.accuracy [--data PATH]
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data_argument, labelled_reviews, machine
from imdbsent import store
from imdbsent.bundle import NETWORK, Bundle, Metrics, read_bundle
from imdbsent.classifier import Classifier
from imdbsent.dataset.keras_ids import pad_sequences
from imdbsent.evaluation import binary_cross_entropy, evaluate
from imdbsent.training import import_library

if TYPE_CHECKING:
    from imdbsent.dataset.aclimdb import Review


def evaluate_keras(bundle: Bundle, reviews: list[Review]) -> Metrics:
    """The same figures from the network that the bundle was exported from."""
    network = import_library("keras").saving.load_model(bundle.checked(NETWORK), safe_mode=True)
    tokenizer = Classifier(bundle).tokenizer
    ids = pad_sequences([tokenizer.encode(review.text) for review in reviews], tokenizer.maximum_length)
    probabilities = network.predict(ids, batch_size=256, verbose=0)[:, 0].astype(float)
    labels = np.array([review.label for review in reviews], float)
    accuracy = float(np.mean((probabilities >= bundle.card.threshold) == (labels == 1)))
    return Metrics("test", len(reviews), accuracy, binary_cross_entropy(probabilities, labels))


def main() -> int:
    """Print a line for each model and engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    data_argument(parser)
    reviews = labelled_reviews(parser.parse_args().data, "test")
    print(machine())
    for directory in sorted(path for path in store.PRETRAINED.iterdir() if path.is_dir()):
        bundle = read_bundle(directory).verify()
        for engine, metrics in {
            "ONNX Runtime": evaluate(Classifier(bundle), reviews),
            "Keras": evaluate_keras(bundle, reviews),
        }.items():
            print(
                f"{bundle.card.name:10} {engine:13} {metrics.split} n {metrics.n:,}  "
                f"accuracy {metrics.accuracy:.4%}  loss {metrics.loss:.4f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
