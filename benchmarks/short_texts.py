"""How good models are on what people type: sentences, everyday texts, negations, and statements that take no side.

python -m benchmarks.short_texts [MODEL ...] [--dev FOLDER]

MODEL is the name of a model of the wheel or the path of a bundle; Default: flagship. FOLDER holds `everyday_dev.jsonl`,
`sentences_dev.jsonl` and `plain_dev.jsonl`; Default: the folder of the IMDB archive. A missing file is skipped, and the
output says so. None of these texts is trained on or chosen by their own words.
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

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset import aclimdb
from imdbsent.models import store
from imdbsent.training.distill.data import exclusion_hash
from tests import negation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imdbsent.evaluation.metrics import Array
    from imdbsent.records import Prediction

UNKNOWN_TEXTS = 200
UNKNOWN_WORDS = 20  # of a text, at most
NEAR_THE_MIDDLE = (0.3, 0.7)


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


def show(classifier: Classifier, dev: Path | None) -> None:
    """Print a model's figures.

    Args:
        classifier: the model.
        dev: folder of the dev sets; None where there is none.
    """
    card = classifier.bundle.card
    show_labeled_sets(card.name, lambda texts: probabilities_of(classifier, texts), card.threshold, dev)
    unknown = probabilities_of(classifier, unknown_texts(classifier))
    print(
        f"{card.name}: over {UNKNOWN_TEXTS} texts of unknown words the highest probability of a label is "
        f"{np.maximum(unknown, 1 - unknown).max():.4f}"
    )


def show_labeled_sets(
    name: str, probabilities: Callable[[Sequence[str]], Array], threshold: float, dev: Path | None
) -> None:
    """Print what share of the dev sets and of the negations is right.

    Args:
        name: what is measured.
        probabilities: texts -> the probability of positive of each.
        threshold: probability from which a text is positive.
        dev: folder of the dev sets; None where there is none.
    """
    for file in ("everyday_dev.jsonl", "sentences_dev.jsonl"):
        if rows := _rows(dev, file):
            _show_labeled(
                f"{name}: {file}",
                probabilities([row["text"] for row in rows]),
                np.array([row["label"] for row in rows], np.float64),
                [row.get("family", "") for row in rows],
                threshold,
            )
    sentences = negation.read()
    _show_labeled(
        f"{name}: negations and contrasts (tests/negation.py)",
        probabilities([sentence.text for sentence in sentences]),
        np.array([sentence.label for sentence in sentences], np.float64),
        [sentence.family for sentence in sentences],
        threshold,
    )
    if rows := _rows(dev, "plain_dev.jsonl"):
        plain = probabilities([row["text"] for row in rows])
        low, high = NEAR_THE_MIDDLE
        share = np.mean((plain >= low) & (plain <= high))
        print(f"{name}: plain_dev.jsonl, {low} to {high} for {share:.1%} of {len(rows)} statements that take no side")


def _show_labeled(title: str, probabilities: Array, labels: Array, families: Sequence[str], threshold: float) -> None:
    print(f"{title}: {accuracy(probabilities, labels, threshold):.1%} of {len(labels)} right")
    if len(set(families)) > 1:
        for family in dict.fromkeys(families):
            chosen = np.array([other == family for other in families])
            print(f"  {family:18} {accuracy(probabilities[chosen], labels[chosen], threshold):7.1%} of {chosen.sum()}")


def _rows(dev: Path | None, file: str) -> list[dict[str, str]]:
    path = None if dev is None else dev / file
    if path is None or not path.is_file():
        print(f"{file} is not there and is skipped; name its folder with --dev FOLDER")
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hashes(dev: Path | None) -> list[str]:
    """The hashes of all texts that these figures are measured on: none of them may be trained on."""
    files = ("everyday_dev.jsonl", "sentences_dev.jsonl", "plain_dev.jsonl")
    texts = [row["text"] for file in files for row in _rows(dev, file)]
    texts += [sentence.text for sentence in negation.read()]
    return sorted({exclusion_hash(text) for text in texts})


def find_dev(named: Path | None, data: Path | None = None) -> Path | None:
    """The folder of the dev sets: the one named, else that of the archive; None where there is none."""
    if named is not None:
        return named
    source = aclimdb.find(data)
    return None if source is None else source.parent


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["flagship"], metavar="MODEL")
    parser.add_argument("--dev", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--hashes", action="store_true", help="print what imdbsent/training/distill/excluded.txt holds, and no figures"
    )
    arguments = parser.parse_args()
    if arguments.hashes:
        print("\n".join(hashes(find_dev(arguments.dev))))
        return 0
    for model in arguments.models:
        folder = store.PRETRAINED / model
        show(Classifier(read_bundle(folder if folder.is_dir() else Path(model)).verify()), find_dev(arguments.dev))
    return 0


if __name__ == "__main__":
    sys.exit(main())
