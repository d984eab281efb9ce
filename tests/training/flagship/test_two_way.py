from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("keras", reason="keras is not installed in the light environment")
import keras

from imdbsent.training.flagship.reader import two_way_lstm

Floats = npt.NDArray[np.float64]

BATCH, LENGTH, SIZE, UNITS = 3, 7, 4, 5
GENERATOR = np.random.default_rng(2)
WORDS = GENERATOR.normal(0, 1, (2, BATCH, LENGTH, SIZE)).astype(np.float32)
EVERY = np.ones((2, BATCH, LENGTH), np.float32)


@pytest.fixture(scope="module")
def layer():
    """With weights far from where they begin, biases among them."""
    lstm = two_way_lstm(UNITS)
    lstm.build(SIZE)
    generator = np.random.default_rng(3)
    lstm.set_weights([generator.normal(0, 0.6, weights.shape) for weights in lstm.get_weights()])
    return lstm


def states_of(layer, words: npt.NDArray[np.float32], is_token: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    ops = keras.ops
    return np.array(ops.convert_to_numpy(layer(ops.convert_to_tensor(words), ops.convert_to_tensor(is_token))))


def sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))


def plain_lstm(words: Floats, kernel: Floats, recurrent: Floats, bias: Floats) -> Floats:
    """The states (T, H) of one LSTM over one text (T, E), number by number as the papers write it."""
    hidden = cell = np.zeros(UNITS)
    states = []
    for word in words:
        entering, forgetting, candidate, leaving = np.split(word @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(forgetting + 1) * cell + sigmoid(entering) * np.tanh(candidate)
        hidden = sigmoid(leaving) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


def weights_of_direction(layer, way: int) -> list[Floats]:
    kernels, recurrents, biases = layer.kernels, layer.recurrent, layer.biases
    kernel, recurrent, bias = (
        keras.ops.convert_to_numpy(pair[way]).astype(np.float64) for pair in (kernels, recurrents, biases)
    )
    return [kernel, recurrent, bias[0]]


def test_the_states_are_those_of_a_plain_lstm_of_each_direction(layer) -> None:
    states = states_of(layer, WORDS, EVERY)
    assert states.shape == (2, BATCH, LENGTH, UNITS)
    for way in (0, 1):
        for row in range(BATCH):
            expected = plain_lstm(WORDS[way, row].astype(np.float64), *weights_of_direction(layer, way))
            np.testing.assert_allclose(states[way, row], expected, atol=1e-5)
    assert np.ptp(states) > 1


def test_it_is_keras_own_lstm_but_for_the_one_that_the_forget_gate_begins_with(layer) -> None:
    own = keras.layers.LSTM(UNITS, return_sequences=True)
    own.build((None, LENGTH, SIZE))
    kernel, recurrent, bias = weights_of_direction(layer, 1)
    bias[UNITS : 2 * UNITS] += 1
    own.set_weights([kernel, recurrent, bias])
    expected = keras.ops.convert_to_numpy(own(WORDS[1]))
    np.testing.assert_allclose(states_of(layer, WORDS, EVERY)[1], expected, atol=1e-5)


def test_where_no_token_is_the_state_stays_and_what_stands_there_is_not_read(layer) -> None:
    is_token = EVERY.copy()
    is_token[:, 0, 4:] = 0  # behind the words
    is_token[:, 1, :3] = 0  # before them
    states = states_of(layer, WORDS, is_token)
    np.testing.assert_array_equal(states[:, 0, 4:], np.repeat(states[:, 0, 3:4], LENGTH - 4, axis=1))
    np.testing.assert_array_equal(states[:, 1, :3], 0)
    other = WORDS + 5 * (1 - is_token[..., None])
    np.testing.assert_array_equal(states_of(layer, other, is_token), states)
    shorter = states_of(layer, WORDS[:, 1:2, 3:], EVERY[:, 1:2, 3:])
    np.testing.assert_allclose(states[:, 1:2, 3:], shorter, atol=1e-6)
    assert np.abs(states[:, 0, 4:] - states_of(layer, WORDS, EVERY)[:, 0, 4:]).max() > 0.1


def test_neither_direction_knows_of_the_other(layer) -> None:
    before = states_of(layer, WORDS, EVERY)
    for way in (0, 1):
        changed, fewer = WORDS.copy(), EVERY.copy()
        changed[way] += 1
        fewer[way, :, 2:] = 0
        after = states_of(layer, changed, fewer)
        np.testing.assert_allclose(after[1 - way], before[1 - way], atol=1e-6)
        assert np.abs(after[way] - before[way]).max() > 0.1
