"""The training loop: labelled reviews in, a trained network and its history out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.bundle import Epoch
from imdbsent.dataset.keras_ids import learn_vocabulary, pad_sequences
from imdbsent.tokenizer import KerasTokenizer
from imdbsent.training import import_library
from imdbsent.training.networks import build_classic
from imdbsent.training.progress import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.tokenizer import Vocabulary
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe

_EVALUATION_BATCH = 256  # reviews; only the speed depends on it


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Attributes:
        recipe: how it was trained.
        seed: seed of the weights and of the order of the batches.
        network: the trained `keras.Model`.
        vocabulary: the words of the training split.
        history: each epoch.
    """

    recipe: Recipe
    seed: int
    network: Any
    vocabulary: Vocabulary
    history: tuple[Epoch, ...]


def train(
    recipe: Recipe,
    train_reviews: Sequence[Review],
    test_reviews: Sequence[Review],
    *,
    seed: int,
    progress: TrainingProgress,
) -> Trained:
    """Train a network from scratch, showing the test split after each epoch; nothing is chosen by it.

    Args:
        recipe: how to train.
        train_reviews: labelled reviews to learn from, the vocabulary included.
        test_reviews: labelled reviews to show the accuracy on.
        seed: same seed, same machine: same weights.
        progress: is told of each batch and epoch.

    Returns:
        The network after the last epoch.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    vocabulary = learn_vocabulary(train_reviews)
    tokenizer = KerasTokenizer(vocabulary, recipe.vocabulary_size, recipe.maximum_length)
    keras.utils.set_random_seed(seed)
    network = build_classic(recipe)
    progress.started(
        recipe,
        -(-len(train_reviews) // recipe.batch_size),
        -(-len(test_reviews) // _EVALUATION_BATCH),
        Position(),
    )
    reporter = _reporter(progress)
    network.fit(
        encode(tokenizer, train_reviews),
        labels(train_reviews),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        validation_data=(encode(tokenizer, test_reviews), labels(test_reviews)),
        validation_batch_size=_EVALUATION_BATCH,
        callbacks=[reporter],
        verbose=0,
    )
    return Trained(recipe, seed, network, vocabulary, tuple(reporter.history))


def encode(tokenizer: KerasTokenizer, reviews: Sequence[Review]) -> npt.NDArray[np.int32]:
    """Ids of reviews as the network reads them, cut and padded in front: shape (reviews, maximum_length)."""
    return pad_sequences([tokenizer.encode(review.text) for review in reviews], tokenizer.maximum_length)


def labels(reviews: Sequence[Review]) -> npt.NDArray[np.float32]:
    """Labels of reviews, 1 positive and 0 negative: shape (reviews,)."""
    return np.array([review.label for review in reviews], np.float32)


def _reporter(progress: TrainingProgress) -> Any:
    """A Keras callback that passes on what happens. Its class is made here because its base is Keras's."""
    keras = import_library("keras")

    class Reporter(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.history: list[Epoch] = []
            self.started = 0.0

        @property
        def epoch(self) -> int:
            return len(self.history) + 1

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
            self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
            progress.batch_done(self.epoch, batch + 1, float(logs["loss"]), float(logs["accuracy"]))

        def on_test_batch_end(self, batch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
            progress.evaluation_done(self.epoch, batch + 1)

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            done = Epoch(
                number=epoch + 1,
                seconds=round(time.perf_counter() - self.started, 1),
                loss=float(logs["loss"]),
                accuracy=float(logs["accuracy"]),
                test_loss=float(logs["val_loss"]),
                test_accuracy=float(logs["val_accuracy"]),
            )
            self.history.append(done)
            progress.epoch_done(done)

    return Reporter()
