from __future__ import annotations

import itertools

import numpy as np
import onnxruntime
import pytest

from imdbsent.text.tokenizer import START_ID
from tests.training.architectures.small import SMALL, padded, random_texts

pytest.importorskip("keras", reason="keras is not installed in the light environment")
pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
import onnx

from imdbsent.classify.engine import Engine
from imdbsent.explain.attribution import PooledTokens, attributor
from imdbsent.training.architectures.flagship import (
    flagship_to_onnx,
    network_from_onnx,
    quantize_rows,
    round_embeddings,
)
from tests.training.architectures.networks import grown, read_and_states

LENGTHS = np.random.default_rng(6).permutation(np.arange(300))  # words; the start mark makes them 1 to 300 ids
TEXTS = random_texts(LENGTHS.tolist())
ROWS = [[START_ID, *TEXTS.ids[start:end].tolist()] for start, end in itertools.pairwise(TEXTS.starts)]


@pytest.fixture(scope="module")
def network():
    network = grown()
    round_embeddings(network)
    return network


@pytest.fixture(scope="module")
def engine(network, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    path = tmp_path_factory.mktemp("flagship") / "model.onnx"
    onnx.save(flagship_to_onnx(network), str(path))
    return Engine(path, threads=1)


def mixed(engine: Engine, name: str) -> list[np.ndarray]:
    """An output for each text, from batches of 30 texts of very different lengths."""
    return [row for start in range(0, 300, 30) for row in engine.outputs([name], ROWS[start : start + 30])[0]]


def test_the_graph_says_what_keras_says_whatever_the_lengths(network, engine: Engine) -> None:
    keras_logits = network.predict_on_batch(padded([row[1:] for row in ROWS], 320))[:, 0]
    np.testing.assert_allclose(mixed(engine, "logit"), keras_logits, atol=1e-5)
    assert np.ptp(keras_logits) > 1


def test_a_logit_depends_neither_on_the_other_texts_nor_on_what_stands_behind_a_text(engine: Engine) -> None:
    session = onnxruntime.InferenceSession(engine.directory / "model.onnx", providers=["CPUExecutionProvider"])
    together = mixed(engine, "logit")
    for place in np.argsort(LENGTHS)[[0, 1, 2, 62, 63, 64, 65, 127, 128, 250, 299]]:
        alone = engine.outputs(["logit"], [ROWS[place]])[0]
        np.testing.assert_allclose(alone, together[place], atol=1e-5)
        padded = np.array([ROWS[place] + [7, 9] * 50], np.int32)
        lengths = np.array([len(ROWS[place])], np.int32)
        (found,) = session.run(["logit"], {"ids": padded, "lengths": lengths})
        np.testing.assert_allclose(found, alone, atol=1e-5)


def test_contributions_add_up_to_the_logit_less_the_bias_and_are_nothing_behind_a_text(engine: Engine) -> None:
    (bias,) = engine.outputs(["bias"], ROWS[:1])
    for row, logit, contributions in zip(ROWS, mixed(engine, "logit"), mixed(engine, "contributions")):
        assert float(contributions.sum(dtype=np.float64)) == pytest.approx(float(logit - bias[0]), abs=1e-5)
        assert not contributions[len(row) :].any()
        assert contributions[: len(row)].any()


def test_a_token_contributes_its_part_of_the_means_and_the_maxima_that_are_its_own(network, engine: Engine) -> None:
    row = ROWS[int(np.argmax(LENGTHS == 149))]
    read, states = read_and_states(network, np.array(row, np.int32))
    head, _ = network.get_layer("dense").get_weights()
    parts = np.split(head[:12, 0], 4)  # 3 units: means and maxima ahead, then those back
    means, maxima = np.concatenate(parts[0::2]), np.concatenate(parts[1::2])
    expected = (states @ means + 5 * read @ head[12:, 0]) / len(row)
    for unit, winner in enumerate(states.argmax(axis=0)):
        expected[winner] += states[winner, unit] * maxima[unit]
    np.testing.assert_allclose(engine.outputs(["contributions"], [row])[0][0], expected, atol=1e-5)


def test_the_explanation_of_a_text_is_what_the_graph_gives_each_of_its_own_ids(engine: Engine) -> None:
    attribute = attributor(engine)
    assert isinstance(attribute, PooledTokens)
    for row, found in zip(ROWS[:40], attribute(ROWS[:40], 7)):
        assert len(found.contributions) == len(row)
        assert found.padding == 0
        assert found.bias + found.contributions.sum() == pytest.approx(found.logit, abs=1e-5)


def test_the_network_that_a_graph_was_made_from_comes_back(network, engine: Engine) -> None:
    again = network_from_onnx(engine.directory / "model.onnx", SMALL)
    for name in ("embedding", "pair_embedding", "pairs", "forward", "backward", "dense"):
        for one, other in zip(network.get_layer(name).get_weights(), again.get_layer(name).get_weights()):
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=name)
    ids = padded([row[1:] for row in ROWS[:8]], 320)
    np.testing.assert_allclose(again.predict_on_batch(ids), network.predict_on_batch(ids), atol=1e-5)


def test_a_rounded_row_is_off_by_half_a_step_at_the_most_and_a_row_of_zeros_stays() -> None:
    generator = np.random.default_rng(2)
    weights = generator.normal(0, 1, (50, 7)).astype(np.float32) * np.logspace(-6, 3, 50, dtype=np.float32)[:, None]
    weights[11] = 0
    integers, scales = quantize_rows(weights)
    assert integers.dtype == np.int8
    assert scales.shape == (50, 1)
    off = np.abs(weights - integers.astype(np.float64) * scales)
    assert (off <= scales * 0.5001).all()
    assert not integers[11].any()
    others = np.delete(integers, 11, axis=0)
    assert (np.abs(others.astype(int)).max(axis=1) == 127).all()  # all of int8 is used


def test_rounding_what_is_rounded_changes_nothing_but_the_last_digit(network) -> None:
    before = [network.get_layer(name).get_weights()[0] for name in ("embedding", "pair_embedding")]
    round_embeddings(network)
    for weights, name in zip(before, ("embedding", "pair_embedding")):
        np.testing.assert_allclose(network.get_layer(name).get_weights()[0], weights, rtol=1e-6)
