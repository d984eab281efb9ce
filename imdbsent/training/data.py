"""The labelled texts of a training run: what it learns from, and what it looks at after each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent.dataset.aclimdb import LABELLED, content_sha256, incomplete_folders, read_reviews
from imdbsent.dataset.examples import from_reviews
from imdbsent.dataset.keras_ids import in_keras_order

if TYPE_CHECKING:
    from pathlib import Path

    from imdbsent.records.examples import Example
    from imdbsent.training.flagship.texts import Reviews


@dataclass(frozen=True)
class TrainingData:
    """Labelled texts in two parts.

    Attributes:
        train: texts to learn from, the vocabulary included.
        validation: texts to look at. By a user's own the temperature is chosen, by the test split of IMDB nothing.
        split: what `validation` is: "test" for the reviews of IMDB, "validation" for held-out texts of a user's own.
        sha256: hash of the texts and labels of both.
        notes: what a user should know of them, a line each.
        test: the test split of IMDB, where `validation` is another: measured at the very end, and by nothing else.
        reviews: the training reviews as the flagship's ladder reads them; None for the recipes that need labels alone.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    split: str
    sha256: str
    notes: tuple[str, ...] = ()
    test: tuple[Example, ...] = ()
    reviews: Reviews | None = None


def imdb_data(source: Path) -> TrainingData:
    """The reviews of IMDB, the training split and the test split.

    Args:
        source: archive or folder of the reviews.

    Raises:
        DatasetInvalid: the data are damaged.
    """
    reviews = read_reviews(source, LABELLED)
    return TrainingData(
        # in this order the words that are learned from them have the ranks of Keras's index
        train=from_reviews(in_keras_order(review for review in reviews if review.split == "train")),
        validation=from_reviews(review for review in reviews if review.split == "test"),
        split="test",
        sha256=content_sha256(reviews),
        notes=tuple(
            f"{source}: {shortfall} reviews; figures will not be comparable"
            for shortfall in incomplete_folders(reviews)
        ),
    )
