"""How good the shipped models are, beside what people would use instead, all run here.

python -m benchmarks.accuracy [--data PATH] [--dev FOLDER] [--vader FILE] [--only NAME ...] [--reviews N]

On the 25,000 test reviews: both models, as they answer and in Keras, and NB-SVM, TF-IDF with logistic regression,
fastText, VADER and TextBlob; what is not installed is left out, and what to type is said.

Then one table by domain: the same on the short texts of `benchmarks.short_texts`, to which no model is fitted, and on
all texts of VADER's own sets (see `benchmarks.domains`) that are no sentences of the reviews; and each model's own
figures on the short texts.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks import data_argument, domains, labeled_reviews, machine, short_texts
from benchmarks.networks import keras_probabilities
from benchmarks.rivals import RIVALS
from benchmarks.short_texts import accuracy, probabilities_of
from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.download import find_or_fetch
from imdbsent.errors import TrainingUnavailable
from imdbsent.evaluation.metrics import calibration_curve, expected_calibration_error, log_loss
from imdbsent.models import store
from tests import negation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    parser.add_argument("--vader", type=Path, metavar="FILE", help="vaderSentiment-3.3.2.tar.gz")
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
    dev = short_texts.find_dev(arguments.dev, arguments.data)
    tested = [Domain("whole film reviews", texts, labels), *short_domains(dev)]
    if arguments.vader:
        tested += vader_domains(arguments.vader, find_or_fetch(arguments.data))
    columns = {
        classifier.bundle.card.name: [
            accuracy(probabilities_of(classifier, domain.texts), domain.labels, classifier.bundle.card.threshold)
            for domain in tested
        ]
        for classifier in classifiers
    }
    learned = np.array([review.label for review in train], np.int8)
    for rival in (rival for rival in RIVALS if rival.name in arguments.only):
        if rival.missing:
            print(f"{rival.name:12} is not installed and left out. Type: {rival.missing}")
            continue
        together = [text for domain in tested for text in domain.texts]
        judged = rival.judge([review.text for review in train], learned, together)
        parts = np.split(judged, np.cumsum([len(domain.texts) for domain in tested])[:-1])
        columns[rival.name] = [float(np.mean(part == domain.labels)) for part, domain in zip(parts, tested)]
        print(f"{rival.name:12} {'':13} accuracy {columns[rival.name][0]:8.4%}")
    show_domains(tested, columns)
    for classifier in classifiers:
        short_texts.show(classifier, dev)
    return 0


class Domain(NamedTuple):
    """Labeled texts of one kind."""

    name: str
    texts: list[str]
    labels: Array


def short_domains(dev: Path | None) -> Iterator[Domain]:
    """The labeled sets of `benchmarks.short_texts` that are there."""
    files = {"everyday_dev.jsonl": "everyday texts", "sentences_dev.jsonl": "sentences of film reviews"}
    for file, name in files.items():
        if dev is not None and (dev / file).exists():
            rows = [json.loads(line) for line in (dev / file).read_text("utf-8").splitlines()]
            yield Domain(name, [row["text"] for row in rows], np.array([row["label"] for row in rows], np.float64))
    sentences = negation.read()
    texts = [sentence.text for sentence in sentences]
    yield Domain("negations and contrasts", texts, np.array([one.label for one in sentences], np.float64))


def vader_domains(vader: Path, archive: Path) -> Iterator[Domain]:
    """The sets of VADER's package, without copies and sentences of the reviews."""
    sets = domains.vader_sets(vader)
    wanted = frozenset(domains.normalized(text.text) for texts in sets.values() for text in texts)
    known = domains.sentences_of_reviews(archive, wanted)
    for name, texts in sets.items():
        kept = domains.distinct(texts, known)
        labels = np.array([text.label for text in kept], np.float64)
        yield Domain(f"VADER's {name}", [text.text for text in kept], labels)


def show_domains(tested: Sequence[Domain], columns: Mapping[str, Sequence[float]]) -> None:
    """Print the accuracy by domain and model, as a table of Markdown."""
    print("\n| | texts | " + " | ".join(columns) + " |\n|---|---:|" + "---:|" * len(columns))
    for number, domain in enumerate(tested):
        shares = " | ".join(f"{column[number]:.1%}" for column in columns.values())
        print(f"| {domain.name} | {len(domain.texts):,} | {shares} |")
    print()


if __name__ == "__main__":
    sys.exit(main())
