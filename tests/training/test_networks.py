from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.training.loop import Split
from imdbsent.training.recipes import BUCKETED, CLASSIC, Recipe

keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
from imdbsent.training.architectures.classic import ARCHITECTURE, exported_network  # noqa: E402
from imdbsent.training.optimizer import compile_classifier  # noqa: E402

SMALL = replace(CLASSIC, vocabulary_size=50, maximum_length=24, embedding_size=5, units=7)
SMALL_BUCKETED = replace(BUCKETED, vocabulary_size=50, maximum_length=24, embedding_size=5, units=7)


def texts(*, bucketed: bool, number: int = 6) -> Split:
    generator = np.random.default_rng(9)
    ids = tuple(generator.integers(1, 50, length).astype(np.int32) for length in range(1, 24, 24 // number))
    return Split(ids, generator.integers(0, 2, len(ids)).astype(np.float32), 24, bucketed=bucketed)


def build_network(recipe: Recipe):
    network = ARCHITECTURE.build(recipe)
    compile_classifier(network, recipe.learning_rate)
    return network


def far_from_zero(network) -> list[np.ndarray]:
    generator = np.random.default_rng(3)
    return [generator.normal(0, 0.8, weight.shape).astype(np.float32) for weight in network.get_weights()]


def test_the_classic_network_has_the_tutorials_parameters() -> None:
    assert build_network(CLASSIC).count_params() == build_network(BUCKETED).count_params() == 373_301


def test_padding_behind_a_text_changes_nothing_in_the_bucketed_network() -> None:
    network = build_network(SMALL_BUCKETED)
    network.set_weights(far_from_zero(network))
    split = texts(bucketed=True)
    together = network.predict_on_batch(split.batch(np.arange(len(split)))[0])[:, 0]
    alone = [float(network.predict_on_batch(ids[None])[0, 0]) for ids in split.ids]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert np.ptp(together) > 0.2  # it tells texts apart, so agreeing means something


def test_what_a_bundle_keeps_of_the_bucketed_network_is_keras_own_layers_with_a_mask() -> None:
    network = build_network(SMALL_BUCKETED)
    network.set_weights(far_from_zero(network))
    bare = ARCHITECTURE.without_training_parts(network, SMALL_BUCKETED)
    assert [type(layer).__name__ for layer in bare.layers] == ["Embedding", "LSTM", "Dense"]
    ids, _ = texts(bucketed=True).batch(np.arange(6))
    np.testing.assert_allclose(bare.predict(ids, verbose=0), network.predict(ids, verbose=0), atol=1e-6)
    in_front = np.stack([np.roll(row, int((row == 0).sum())) for row in ids])
    np.testing.assert_allclose(bare.predict(in_front, verbose=0), network.predict(ids, verbose=0), atol=1e-6)


def test_the_gradient_is_that_of_keras_own_mask() -> None:
    """One step of plain gradient descent from the same weights, with our padding at the end and with Keras's mask."""
    ids, labels = texts(bucketed=True).batch(np.arange(6))
    stepped = []
    for network in (build_network(SMALL_BUCKETED), exported_network(SMALL_BUCKETED)):
        network.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1.0))
        before = far_from_zero(network)
        network.set_weights(before)
        network.train_on_batch(ids, labels)
        stepped.append(network.get_weights())
    for ours, theirs in zip(*stepped):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert max(np.abs(ours - start).max() for ours, start in zip(stepped[0], before)) > 0.01


def test_one_seed_gives_both_networks_the_same_first_weights() -> None:
    weights = []
    for recipe in (SMALL, SMALL_BUCKETED):
        keras.utils.set_random_seed(5)
        weights.append(build_network(recipe).get_weights())
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)
