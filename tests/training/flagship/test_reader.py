from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training.flagship.ladder import Ladder
from tests.training.flagship.small import SMALL, padded

pytest.importorskip("keras", reason="keras is not installed in the light environment")
import keras

from imdbsent.training.flagship.reader import compile_reader, divergence, normalised_embedding, reader_network

RECIPE = replace(SMALL, vocabulary_size=30, embedding_size=6, units=5, name="reader")
LADDER = Ladder(reader_dropout=0.3, adversarial_norm=0.4, adversarial_weight=1.0)
GENERATOR = np.random.default_rng(5)
FREQUENCIES = (GENERATOR.random(30) / 15).astype(np.float32)
FREQUENCIES /= FREQUENCIES.sum()
LENGTHS = (3, 7, 11, 5)
IDS = padded([GENERATOR.integers(4, 30, length).tolist() for length in LENGTHS], 12)
TOKENS = np.array(LENGTHS) + 1  # the start mark is one
GOOD, BAD = 5, 6


def made(ladder: Ladder = LADDER, dense: float = 1.0):
    """A reader whose first verdicts differ."""
    keras.utils.set_random_seed(11)
    network = reader_network(RECIPE, ladder, FREQUENCIES)
    network.build((None, None))
    generator = np.random.default_rng(6)
    network.dense.set_weights([dense * generator.normal(0, 1, array.shape) for array in network.dense.get_weights()])
    return network


def read(network) -> tuple[np.ndarray, np.ndarray]:
    is_token = (IDS != PAD_ID).astype(np.float32)
    return keras.ops.convert_to_numpy(network.embedding(IDS)), is_token


def logits_of(network, embedded: np.ndarray, is_token: np.ndarray) -> np.ndarray:
    ops = keras.ops
    features = network.features(ops.convert_to_tensor(embedded), ops.convert_to_tensor(is_token))
    return np.array(ops.convert_to_numpy(network.dense(features)))


def worst(network) -> tuple[np.ndarray, np.ndarray]:
    embedded, is_token = map(keras.ops.convert_to_tensor, read(network))
    disturbance, said = network.worst(embedded, is_token)
    return keras.ops.convert_to_numpy(disturbance), keras.ops.convert_to_numpy(said)


def test_words_have_mean_0_and_variance_1_as_often_as_they_are_read_and_padding_is_zeros() -> None:
    embedding = normalised_embedding(RECIPE, FREQUENCIES)
    embedding.build((None, None))
    (drawn,) = embedding.get_weights()
    embedding.set_weights([3 * drawn + 2])
    table = keras.ops.convert_to_numpy(embedding.table())
    assert table.shape == (30, 6)
    mean = FREQUENCIES @ table
    np.testing.assert_allclose(mean, 0, atol=1e-5)
    np.testing.assert_allclose(FREQUENCIES @ (table - mean) ** 2, 1, atol=1e-4)
    read_ = keras.ops.convert_to_numpy(embedding(IDS))
    np.testing.assert_allclose(read_[IDS != PAD_ID], table[IDS[IDS != PAD_ID]], atol=1e-6)
    assert (read_[IDS == PAD_ID] == 0).all()
    assert (IDS == PAD_ID).any()


def test_padding_behind_a_text_does_not_change_its_verdict() -> None:
    network = made()
    narrow, wide = network.predict_on_batch(IDS), network.predict_on_batch(np.pad(IDS, ((0, 0), (0, 20))))
    assert narrow.shape == (4, 1)
    np.testing.assert_allclose(narrow, wide, atol=1e-5)
    assert np.ptp(narrow) > 0.05


def test_the_disturbance_is_as_long_as_asked_for_each_token_and_there_is_none_on_padding() -> None:
    network = made()
    disturbance, said = worst(network)
    lengths = np.sqrt((disturbance**2).sum(axis=(1, 2)))
    np.testing.assert_allclose(lengths, LADDER.adversarial_norm * np.sqrt(TOKENS), rtol=1e-4)
    assert (disturbance[IDS == PAD_ID] == 0).all()
    assert (np.abs(disturbance[IDS != PAD_ID]).max(axis=1) > 0).all()
    np.testing.assert_allclose(said, logits_of(network, *read(network)), atol=1e-5)


def test_the_disturbance_changes_a_verdict_more_than_random_ones_of_its_length_and_either_way() -> None:
    network = made()
    embedded, is_token = read(network)
    said = logits_of(network, embedded, is_token)
    ways = set()
    for _ in range(4):
        disturbance, _ = worst(network)
        changes = logits_of(network, embedded + disturbance, is_token) - said
        ways |= set(np.sign(changes[:, 0]).tolist())
        length = np.sqrt((disturbance**2).sum(axis=(1, 2), keepdims=True))
    assert ways == {-1.0, 1.0}
    generator = np.random.default_rng(8)
    for _ in range(6):
        random = generator.normal(0, 1, embedded.shape) * is_token[..., None]
        random = (random * length / np.sqrt((random**2).sum(axis=(1, 2), keepdims=True))).astype(np.float32)
        other = logits_of(network, embedded + random, is_token) - said
        assert (np.abs(changes) > 1.5 * np.abs(other)).all()


def test_a_verdict_that_nothing_changes_is_disturbed_by_nothing_and_is_no_nan() -> None:
    network = made(dense=0.0)
    disturbance, said = worst(network)
    assert (disturbance == 0).all()
    assert (said == 0).all()
    compile_reader(network, keras.optimizers.Adam(0.01))
    network.run_eagerly = True  # one step is not worth compiling
    logs = network.train_on_batch(IDS, np.ones((4, 1), np.float32), return_dict=True)
    assert logs["loss"] == pytest.approx(np.log(2), abs=1e-4)
    assert all(np.isfinite(array).all() for array in network.get_weights())


def test_two_verdicts_that_are_the_same_do_not_diverge_and_others_do_by_the_textbook() -> None:
    ops = keras.ops
    first = np.array([[-30.0], [-1.0], [0.0], [2.0], [30.0]], np.float32)
    assert float(divergence(ops, ops.convert_to_tensor(first), ops.convert_to_tensor(first))) == 0
    one, other = first[1:4], np.array([[0.5], [1.0], [-1.5]], np.float32)
    p, q = (1 / (1 + np.exp(-logits.astype(np.float64))) for logits in (one, other))
    expected = np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    found = float(divergence(ops, ops.convert_to_tensor(one), ops.convert_to_tensor(other)))
    assert found == pytest.approx(expected, rel=1e-4)
    assert found > 0.1


def losses(network, targets: np.ndarray, said: np.ndarray, *, training: bool = True) -> float:
    ops = keras.ops
    arrays = ops.convert_to_tensor(targets), ops.convert_to_tensor(said)
    return float(network.compute_loss(y=arrays[0], y_pred=arrays[1], training=training))


def test_a_text_without_a_label_counts_through_the_divergence_alone() -> None:
    network = made(replace(LADDER, adversarial_weight=0.5))
    said = GENERATOR.normal(0, 1, (4, 3)).astype(np.float32)
    targets = np.array([[1], [-1], [0], [-1]], np.float32)
    logits, labelled = said[:, 0].astype(np.float64), [0, 2]
    entropies = np.logaddexp(0, np.where(targets[:, 0] == 1, -logits, logits))
    of_labels = entropies[labelled].mean()
    between = float(divergence(keras.ops, *(keras.ops.convert_to_tensor(said[:, at : at + 1]) for at in (1, 2))))
    assert between > 0.1
    assert losses(network, targets, said) == pytest.approx(of_labels + 0.5 * between, rel=1e-4)
    assert losses(network, targets, said, training=False) == pytest.approx(of_labels, rel=1e-4)
    assert losses(network, np.full((4, 1), -1, np.float32), said) == pytest.approx(0.5 * between, rel=1e-4)
    others = said.copy()
    others[[1, 3], 0] += 5  # what is said of the unlabelled ones
    assert losses(network, targets, others) == losses(network, targets, said)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_texts_without_a_label_are_learned_from_where_the_disturbance_counts(weight: float) -> None:
    network = made(replace(LADDER, adversarial_weight=weight))
    compile_reader(network, keras.optimizers.SGD(0.1))
    network.run_eagerly = True
    before = [array.copy() for array in network.get_weights()]
    network.train_on_batch(IDS, np.full((4, 1), -1, np.float32))
    pairs = zip(before, network.get_weights(), strict=True)
    assert any(not np.array_equal(old, new) for old, new in pairs) == (weight > 0)


def test_what_it_says_without_dropout_is_what_it_learned() -> None:
    """With dropout in the learning alone, a network of this kind said the same of every text without it."""
    network = made(replace(LADDER, reader_dropout=0.4), dense=0.1)
    compile_reader(network, keras.optimizers.Adam(0.03))
    generator = np.random.default_rng(9)
    rows = generator.integers(8, 30, (48, 10))
    truth = np.arange(48) % 2
    rows[:, 2:6] = np.where(truth, GOOD, BAD)[:, None]
    ids = padded(rows.tolist(), 12)
    targets = truth[:, None].astype(np.float32)
    given = targets.copy()
    given[32:] = -1  # the last are unlabelled
    assert np.mean((network.predict_on_batch(ids)[:, 0] > 0) == truth) < 0.8
    for _ in range(60):
        network.train_on_batch(ids, given)
    said = network.predict_on_batch(ids)[:, 0]
    assert ((said > 0) == truth).mean() > 0.95
    assert ((said[32:] > 0) == truth[32:]).mean() > 0.9  # it was told nothing of them
    assert said[truth == 1].mean() - said[truth == 0].mean() > 2
