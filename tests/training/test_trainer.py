from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.training.data import TrainingData, imdb_data
from imdbsent.training.recipes import CLASSIC, Recipe

pytest.importorskip("keras", reason="keras is not installed in the light environment")
from imdbsent.training.base import Base
from imdbsent.training.export import Trained
from imdbsent.training.run import train

SMALL = replace(CLASSIC, vocabulary_size=60, maximum_length=12, embedding_size=4, units=5, epochs=2, batch_size=4)


class Silent:
    def started(self, *_: object) -> None: ...

    def batch_done(self, *_: object) -> None: ...

    def evaluation_done(self, *_: object) -> None: ...

    def epoch_done(self, *_: object) -> None: ...


@pytest.fixture
def data(tiny_tree: Path) -> TrainingData:
    return imdb_data(tiny_tree)


def run_training(data: TrainingData, seed: int, recipe: Recipe = SMALL, base: Base | None = None) -> Trained:
    return train(recipe, seed, data, progress=Silent(), base=base)


@pytest.mark.slow
@pytest.mark.parametrize("bucketed", [False, True])
def test_one_seed_gives_one_network_and_another_seed_another(data: TrainingData, bucketed: bool) -> None:
    recipe = replace(SMALL, bucketed=bucketed)
    first, again, other = (run_training(data, seed, recipe).network.get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other))


def test_the_vocabulary_holds_no_word_of_the_validation_texts(data: TrainingData) -> None:
    marked = tuple(replace(example, text=example.text + " unheard") for example in data.validation)
    assert b"unheard" not in run_training(replace(data, validation=marked), 1).vocabulary.words


@pytest.mark.parametrize("bucketed", [pytest.param(False, marks=pytest.mark.slow), True])
def test_it_learns(data: TrainingData, bucketed: bool) -> None:
    history = run_training(data, 1, replace(SMALL, epochs=25, learning_rate=0.02, bucketed=bucketed)).history
    assert history[-1].test_accuracy == 1.0
    assert history[-1].loss < history[0].loss / 2


@pytest.mark.slow
def test_a_base_gives_its_words_and_its_weights(data: TrainingData) -> None:
    first = run_training(data, 1)
    base = Base(first.vocabulary, tuple(first.network.get_weights()))
    still = run_training(data, 2, replace(SMALL, learning_rate=1e-12), base)
    assert still.vocabulary == first.vocabulary
    for ours, theirs in zip(still.network.get_weights(), first.network.get_weights()):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
