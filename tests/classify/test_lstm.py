from __future__ import annotations

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.bundle.card import MODEL
from imdbsent.classify.engine import Engine
from imdbsent.classify.lstm import LSTMWeights, lstm_step, sigmoid, unroll
from imdbsent.errors import LayersHidden
from imdbsent.training.architectures.classic import padding_states
from tests.tiny import MAXIMUM_LENGTH, tiny_network


@pytest.fixture
def one_unit() -> LSTMWeights:
    """One unit and one input, each gate with weights of its own, so that an exchange of two gates shows."""
    return LSTMWeights(
        W=np.array([[0.5], [-1.0], [2.0], [0.25]]), R=np.array([[0.1], [0.2], [0.3], [0.4]]), b=np.array([0, 1, 2, 3.0])
    )


def test_a_step_is_the_formula_worked_out_by_hand(one_unit):
    step = lstm_step(np.array([2.0]), np.array([0.5]), np.array([-0.75]), one_unit)
    i = 1 / (1 + np.exp(-(0.5 * 2 + 0.1 * 0.5 + 0)))
    o = 1 / (1 + np.exp(-(-1 * 2 + 0.2 * 0.5 + 1)))
    f = 1 / (1 + np.exp(-(2 * 2 + 0.3 * 0.5 + 2)))
    g = np.tanh(0.25 * 2 + 0.4 * 0.5 + 3)
    c = f * -0.75 + i * g
    found = [step.input_gate, step.output_gate, step.forget_gate, step.candidate, step.cell, step.hidden]
    assert np.concatenate(found) == pytest.approx([i, o, f, g, c, o * np.tanh(c)], abs=1e-15)


def test_each_step_starts_from_the_state_of_the_one_before(one_unit):
    inputs = [np.array([1.0]), np.array([-2.0])]
    first, second = unroll(inputs, np.zeros(1), np.zeros(1), one_unit)
    again = lstm_step(inputs[1], first.hidden, first.cell, one_unit)
    assert second.cell == again.cell
    assert second.hidden == again.hidden


def test_sigmoid_overflows_nowhere():
    assert sigmoid(np.array([-1e4, -1.0, 0.0, 1e4])) == pytest.approx([0, 1 / (1 + np.e), 0.5, 1], abs=1e-15)


def test_the_engine_gives_the_weights_that_were_exported(tiny_bundle: Bundle):
    weights = Engine(tiny_bundle.directory / MODEL).weights()
    (embedding,), (kernel, recurrent, bias), (dense_kernel, dense_bias) = (
        layer.get_weights() for layer in tiny_network().layers
    )
    i, f, c, o = np.split(kernel.T, 4)
    np.testing.assert_array_equal(weights.lstm.W, np.concatenate([i, o, f, c]))
    i, f, c, o = np.split(recurrent.T, 4)
    np.testing.assert_array_equal(weights.lstm.R, np.concatenate([i, o, f, c]))
    i, f, c, o = np.split(bias, 4)
    np.testing.assert_array_equal(weights.lstm.b, np.concatenate([i, o, f, c]))
    np.testing.assert_array_equal(weights.embedding, embedding)
    np.testing.assert_array_equal(weights.dense_kernel, dense_kernel[:, 0])
    assert weights.dense_bias == dense_bias[0]
    hidden, cell = padding_states(embedding[0], kernel, recurrent, bias, MAXIMUM_LENGTH)
    np.testing.assert_array_equal(weights.padding_hidden, hidden)
    np.testing.assert_array_equal(weights.padding_cell, cell)


def test_unrolled_by_hand_the_logit_is_the_one_of_onnx_runtime(tiny_bundle: Bundle):
    engine = Engine(tiny_bundle.directory / MODEL)
    weights = engine.weights()
    for ids in ([1], [1, 5], [1, 4, 6, 5, 2], [5, 6, 4, 4, 2, 2, 6, 5]):
        paddings = MAXIMUM_LENGTH - len(ids)
        *_, last = unroll(
            weights.embedding[ids], weights.padding_hidden[paddings], weights.padding_cell[paddings], weights.lstm
        )
        assert weights.logit(last.hidden) == pytest.approx(engine.logits([ids])[0], abs=1e-6)


def test_a_row_of_the_padding_states_is_a_step_further_than_the_row_before(tiny_bundle: Bundle):
    weights = Engine(tiny_bundle.directory / MODEL).weights()
    assert not weights.padding_hidden[0].any()
    for k in range(MAXIMUM_LENGTH):
        step = lstm_step(weights.embedding[0], weights.padding_hidden[k], weights.padding_cell[k], weights.lstm)
        assert weights.padding_hidden[k + 1] == pytest.approx(step.hidden, abs=1e-6)
        assert weights.padding_cell[k + 1] == pytest.approx(step.cell, abs=1e-6)


def test_a_network_that_does_not_show_its_weights_is_refused(tiny_bundle: Bundle):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(tiny_bundle.directory / MODEL)
    for output in [output for output in model.graph.output if output.name in ("R", "W")]:
        model.graph.output.remove(output)
    onnx.save(model, tiny_bundle.directory / MODEL)
    with pytest.raises(LayersHidden, match="does not show its weights"):
        Engine(tiny_bundle.directory / MODEL).weights()
