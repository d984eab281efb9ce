"""How good the shipped models are, beside what people would use instead, all run here.

python -m benchmarks.accuracy [--data PATH] [--sentences FILE.jsonl] [--only NAME ...] [--reviews N]

On the 25,000 test reviews: both models, as they answer and in Keras, and NB-SVM, TF-IDF with logistic regression,
fastText, VADER and TextBlob; what is not installed is left out, and what to type is said.

Of each model besides: accuracy on short sentences (objects with `text` and `label`, 1 or 0; else sentences_dev.jsonl
beside the archive), on the negation sentences of the tests by family, log loss, expected calibration error, and the
highest probability, of either label, over 200 texts of words that it does not know.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data_argument, labelled_reviews, machine
from benchmarks.networks import keras_probabilities
from benchmarks.rivals import RIVALS
from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import TrainingUnavailable
from imdbsent.evaluation.curves import calibration_curve, expected_calibration_error
from imdbsent.evaluation.metrics import log_loss
from imdbsent.models import store
from tests import negation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.evaluation.curves import Array
    from imdbsent.records import Prediction

MODELS = ("flagship", "classic")
SENTENCES = "sentences_dev.jsonl"
UNKNOWN_TEXTS = 200
UNKNOWN_WORDS = 20  # of a text, at most


def probabilities_of(classifier: Classifier, texts: Sequence[str]) -> Array:
    """The probability of positive of each text; 0.5 where it has no verdict, shape (texts,)."""
    return np.array([_probability(prediction) for prediction in classifier.predict(texts)], np.float64)


def _probability(prediction: Prediction) -> float:
    return 0.5 if prediction.probability is None else prediction.probability


def accuracy(probabilities: Array, labels: Array, threshold: float) -> float:
    """Share of right labels."""
    return float(np.mean((probabilities >= threshold) == (labels == 1)))


def unknown_texts(classifier: Classifier, seed: int = 0) -> list[str]:
    """Texts of words that a model has an id for, but none of their own: it reads them all as `OOV_ID` or not at all."""
    draw = random.Random(seed)
    texts: list[str] = []
    while len(texts) < UNKNOWN_TEXTS:
        count = draw.randint(1, UNKNOWN_WORDS)
        words = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(5, 12))) for _ in range(count)]
        if classifier.tokenizer.encoding(text := " ".join(words)).unknown == 1:
            texts.append(text)
    return texts


def read_sentences(path: Path) -> tuple[list[str], Array]:
    """The texts of a JSONL file, and their labels, shape (texts,)."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], np.array([row["label"] for row in rows], np.float64)


def show_reviews(name: str, engine: str, probabilities: Array, labels: Array, threshold: float) -> None:
    """Print a model's line of the table."""
    error = expected_calibration_error(calibration_curve(labels, probabilities))
    print(
        f"{name:12} {engine:13} accuracy {accuracy(probabilities, labels, threshold):8.4%}  "
        f"log loss {log_loss(labels, probabilities):.4f}  expected calibration error {error:.4f}"
    )


def show_short_texts(classifier: Classifier, sentences: Path | None) -> None:
    """Print what a model makes of sentences, of negations, and of words that it does not know."""
    name, threshold = classifier.bundle.card.name, classifier.bundle.card.threshold
    if sentences is None:
        print(f"{name}: no short sentences; name them with --sentences FILE.jsonl")
    else:
        texts, labels = read_sentences(sentences)
        right = accuracy(probabilities_of(classifier, texts), labels, threshold)
        print(f"{name}: accuracy on the {len(texts):,} sentences of {sentences.name} {right:.2%}")
    families = negation.read()
    labels = np.array([sentence.label for sentence in families], np.float64)
    probabilities = probabilities_of(classifier, [sentence.text for sentence in families])
    print(f"{name}: accuracy on {len(families)} negations {accuracy(probabilities, labels, threshold):.2%}, by family:")
    for family in dict.fromkeys(sentence.family for sentence in families):
        chosen = np.array([sentence.family == family for sentence in families])
        print(f"  {family:18} {accuracy(probabilities[chosen], labels[chosen], threshold):7.1%}")
    unknown = probabilities_of(classifier, unknown_texts(classifier))
    print(
        f"{name}: over {UNKNOWN_TEXTS} texts of unknown words the highest probability of a label is "
        f"{np.maximum(unknown, 1 - unknown).max():.4f}"
    )


def find_sentences(named: Path | None, data: Path | None) -> Path | None:
    """The file of sentences: the one named, else the one beside the archive; None where there is none."""
    from imdbsent.dataset import aclimdb

    if named is not None:
        return named
    source = aclimdb.find(data)
    beside = source.parent / SENTENCES if source is not None else None
    return beside if beside is not None and beside.is_file() else None


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--sentences", type=Path, help="JSONL with text and label; else found beside the archive")
    parser.add_argument("--reviews", type=int, default=25_000, help="reviews of each split, from all over; else all")
    names = [rival.name for rival in RIVALS]
    parser.add_argument("--only", nargs="*", choices=names, default=names, help="beside which others")
    arguments = parser.parse_args()
    step = max(1, 25_000 // arguments.reviews)
    train, test = (labelled_reviews(arguments.data, split)[::step] for split in ("train", "test"))
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
    sentences = find_sentences(arguments.sentences, arguments.data)
    for classifier in classifiers:
        show_short_texts(classifier, sentences)
    return 0


if __name__ == "__main__":
    sys.exit(main())
