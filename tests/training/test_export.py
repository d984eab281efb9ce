from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.bundle.card import MODEL, VOCABULARY
from imdbsent.classify.engine import Engine
from imdbsent.errors import TrainingUnavailable
from imdbsent.text.tokenizer import Vocabulary
from imdbsent.training.recipes import CLASSIC, Recipe

SMALL = replace(CLASSIC, vocabulary_size=50, maximum_length=40, embedding_size=5, units=7)


@pytest.fixture(scope="module")
def network():
    return _network(SMALL)


def _network(recipe: Recipe):
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.training.architectures.classic import exported_network

    keras.utils.set_random_seed(3)
    built = exported_network(recipe)
    generator = np.random.default_rng(3)
    # far from the small weights that a network starts with, so that gates in a wrong order would show
    built.set_weights([generator.normal(0, 0.8, weight.shape) for weight in built.get_weights()])
    return built


@pytest.mark.parametrize("bucketed", [False, True])
def test_onnx_gives_keras_logits_at_every_length(tmp_path: Path, bucketed: bool) -> None:
    """Whether padding is read, and moves the state, or masked."""
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    network = _network(replace(SMALL, bucketed=bucketed))
    onnx = pytest.importorskip("onnx")
    from imdbsent.training.architectures.classic import classic_to_onnx

    onnx.save(classic_to_onnx(network, SMALL.maximum_length), str(tmp_path / MODEL))
    generator = np.random.default_rng(4)
    texts = [
        generator.integers(1, SMALL.vocabulary_size, length).tolist()
        for length in (*range(1, SMALL.maximum_length + 1), 1, 17, 40)
    ]
    expected = network.predict(keras.utils.pad_sequences(texts, maxlen=SMALL.maximum_length), verbose=0)[:, 0]
    logits = Engine(tmp_path / MODEL).logits(texts)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, atol=1e-6)
    assert np.ptp(expected) > 0.5  # the network tells texts apart, so agreeing means something


def test_the_graph_holds_the_lstm_operator_and_its_sizes_are_free(network) -> None:
    pytest.importorskip("onnx")
    from imdbsent.training.architectures.classic import classic_to_onnx

    model = classic_to_onnx(network, SMALL.maximum_length)
    assert [node.op_type for node in model.graph.node].count("LSTM") == 1
    assert not {node.op_type for node in model.graph.node} & {"Loop", "Scan", "If"}
    ids = model.graph.input[0].type.tensor_type.shape.dim
    assert [dimension.dim_param for dimension in ids] == ["batch", "length"]


def test_the_weights_are_outputs_of_the_graph(network, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    import onnxruntime

    from imdbsent.classify.lstm import WEIGHTS
    from imdbsent.training.architectures.classic import classic_to_onnx

    onnx.save(classic_to_onnx(network, SMALL.maximum_length), str(tmp_path / MODEL))
    session = onnxruntime.InferenceSession(str(tmp_path / MODEL), providers=["CPUExecutionProvider"])
    feed = {"ids": np.ones((1, 1), np.int32), "lengths": np.ones(1, np.int32)}
    weights = dict(zip(WEIGHTS, session.run(WEIGHTS, feed)))
    np.testing.assert_array_equal(weights["embedding"], network.layers[0].get_weights()[0])
    assert weights["R"].shape == (1, 4 * SMALL.units, SMALL.units)


def test_hidden_states_are_read_with_and_without_an_axis_of_directions(network, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from imdbsent.training.architectures.classic import classic_to_onnx

    model = classic_to_onnx(network, SMALL.maximum_length)
    onnx.save(model, str(tmp_path / "new.onnx"))
    (lstm,) = [node for node in model.graph.node if node.op_type == "LSTM"]
    (hidden,) = [output for output in model.graph.output if output.name == "hidden"]
    lstm.output[0] = "states"  # as graphs of earlier versions have it, which people have installed
    model.graph.node.append(onnx.helper.make_node("Squeeze", ["states", "direction"], ["hidden"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "direction"))
    del hidden.type.tensor_type.shape.dim[1]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(tmp_path / "old.onnx"))
    ids = [1, 5, 4, 6, 2]
    new, old = (Engine(tmp_path / name).hidden_states(ids) for name in ("new.onnx", "old.onnx"))
    assert new.shape == (5, SMALL.units)
    np.testing.assert_array_equal(new, old)


def test_a_written_bundle_has_what_is_needed_to_make_it_again(network, tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    pytest.importorskip("onnx")
    from imdbsent.bundle.card import Metrics
    from imdbsent.training.export import Trained, write_bundle

    trained = Trained(SMALL, 3, network, Vocabulary((b"great", b"awful")), ())
    metrics = (Metrics("test", 2, 0.5, 0.7),)
    write_bundle(tmp_path, trained, name="small", data_sha256="d" * 64, measure=lambda bundle: metrics)
    bundle = read_bundle(tmp_path).verify()
    assert Vocabulary.parse(bundle.read(VOCABULARY)).words == (b"great", b"awful")
    card = bundle.card
    assert (card.name, card.seed, card.data_sha256, card.metrics) == ("small", 3, "d" * 64, metrics)
    assert card.recipe["units"] == 7
    assert {"keras", "keras backend", "onnx", "python"} <= card.versions.keys()
    assert sum(layer.parameters for layer in card.layers) == network.count_params()
    again = keras.saving.load_model(bundle.directory / "network.keras", safe_mode=True)
    for ours, theirs in zip(again.get_weights(), network.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_a_missing_library_is_named_with_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from imdbsent.training.backend import import_library

    for module in [name for name in sys.modules if name.partition(".")[0] in ("keras", "tensorflow")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(TrainingUnavailable, match="pip install tensorflow onnx"):
        import_library("keras.layers")
