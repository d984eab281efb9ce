from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle import Epoch
from imdbsent.dataset.aclimdb import Review, read_reviews
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC, Recipe

pytest.importorskip("keras", reason="keras is not installed in the light environment")
from imdbsent.training.trainer import Trained, train

SMALL = replace(CLASSIC, vocabulary_size=60, maximum_length=12, embedding_size=4, units=5, epochs=2, batch_size=4)


class Log:
    """Remembers what a trainer told."""

    def __init__(self) -> None:
        self.began: list[tuple[int, int]] = []
        self.batches: list[tuple[int, int]] = []
        self.evaluations: list[tuple[int, int]] = []
        self.epochs: list[Epoch] = []

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        self.began.append((train_batches, test_batches))

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        self.batches.append((epoch, batch))

    def evaluation_done(self, epoch: int, batch: int) -> None:
        self.evaluations.append((epoch, batch))

    def epoch_done(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


@pytest.fixture
def reviews(tiny_tree: Path) -> tuple[list[Review], list[Review]]:
    return (
        read_reviews(tiny_tree, ("train/neg", "train/pos")),
        read_reviews(tiny_tree, ("test/neg", "test/pos")),
    )


def run_training(reviews: tuple[list[Review], list[Review]], seed: int, log: Log | None = None) -> Trained:
    return train(SMALL, *reviews, seed=seed, progress=log or Log())


def test_every_batch_and_epoch_is_told(reviews) -> None:
    log = Log()
    trained = run_training(reviews, 1, log)
    assert log.began == [(3, 1)]
    assert log.batches == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert log.evaluations == [(1, 1), (2, 1)]
    assert tuple(log.epochs) == trained.history
    assert [epoch.number for epoch in trained.history] == [1, 2]


def test_one_seed_gives_one_network_and_another_seed_another(reviews) -> None:
    first, again, other = (run_training(reviews, seed).network.get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other))


def test_the_vocabulary_holds_no_word_of_the_test_split(reviews) -> None:
    train_reviews, test_reviews = reviews
    marked = [replace(review, text=review.text + " unheard") for review in test_reviews]
    assert b"unheard" not in run_training((train_reviews, marked), 1).vocabulary.words


def test_it_learns(reviews) -> None:
    log = Log()
    recipe = replace(SMALL, epochs=25, learning_rate=0.02)
    train(recipe, *reviews, seed=1, progress=log)
    assert log.epochs[-1].test_accuracy == 1.0
    assert log.epochs[-1].loss < log.epochs[0].loss / 2
