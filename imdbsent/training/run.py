"""From the reviews to a bundle in its place: read, train, export, measure, publish."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent import store
from imdbsent.bundle import read_bundle
from imdbsent.classifier import Classifier
from imdbsent.dataset.aclimdb import LABELLED, content_sha256, incomplete_folders, read_reviews
from imdbsent.evaluation import evaluate
from imdbsent.training import import_library
from imdbsent.training.export import write_bundle
from imdbsent.training.trainer import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imdbsent.bundle import Bundle
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe


@dataclass(frozen=True)
class TrainingReport:
    """What came of a training run.

    Attributes:
        bundle: the model in its place.
        seconds: wall time from reading the reviews to the bundle in its place.
    """

    bundle: Bundle
    seconds: float


def train_bundle(
    recipe: Recipe,
    data: Path,
    final: Path,
    *,
    name: str,
    seed: int,
    progress: TrainingProgress,
    note: Callable[[str], None],
) -> TrainingReport:
    """Train a recipe on the IMDB reviews and put the bundle into its place.

    Args:
        recipe: how to train.
        data: archive or folder of the reviews.
        final: the bundle's folder; nothing is ever there but a whole bundle.
        name: the model's name.
        seed: seed of the weights and of the order of the batches.
        progress: is told of each batch and epoch.
        note: is told, in one line, of what a user should know.

    Returns:
        The bundle, measured on the test split by the engine that will answer.

    Raises:
        TrainingUnavailable: a library that training needs is not installed.
        DatasetInvalid: the data are damaged.
        OSError: the bundle's place cannot be written; found out before anything is trained.
    """
    started = time.perf_counter()
    import_library("keras")
    import_library("onnx")
    with store.new_bundle(final) as directory:
        reviews = read_reviews(data, LABELLED)
        for shortfall in incomplete_folders(reviews):
            note(f"{data}: {shortfall} reviews; figures will not be comparable")
        train_reviews = [review for review in reviews if review.split == "train"]
        test_reviews = [review for review in reviews if review.split == "test"]
        trained = train(recipe, train_reviews, test_reviews, seed=seed, progress=progress)
        write_bundle(
            directory,
            trained,
            name=name,
            data_sha256=content_sha256(reviews),
            measure=lambda bundle: (evaluate(Classifier(bundle), test_reviews),),
        )
    return TrainingReport(read_bundle(final), time.perf_counter() - started)
