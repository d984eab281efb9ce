from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL
from imdbsent.classify.engine import Engine
from imdbsent.errors import BundleInvalid, LayersHidden
from imdbsent.files import file_sha256
from imdbsent.models import store
from tests.tiny import MAXIMUM_LENGTH

pytest.importorskip("onnx", reason="onnx is not installed in the light environment")

from imdbsent.training.export import re_export

TEXTS = [[1, 5], [1, 4, 6, 6], [5] * MAXIMUM_LENGTH, [2]]


@pytest.fixture
def old(tiny_bundle: Bundle) -> Bundle:
    """The tiny model as an earlier version wrote it, with a copy of the hidden states, and a file that is not read."""
    import onnx

    path = tiny_bundle.directory / MODEL
    model = onnx.load(path)
    (lstm,) = [node for node in model.graph.node if node.op_type == "LSTM"]
    lstm.output[0] = "states"
    model.graph.node.append(onnx.helper.make_node("Identity", ["states"], ["hidden"]))
    onnx.save(model, str(path))
    (tiny_bundle.directory / "history.json").write_text("[]")
    files = {name: file_sha256(tiny_bundle.directory / name) for name in (*tiny_bundle.card.files, "history.json")}
    return write_card(tiny_bundle.directory, replace(tiny_bundle.card, files=files, version=4))


def test_a_re_exported_model_answers_as_before_and_has_the_graph_of_today(old: Bundle, tmp_path: Path) -> None:
    import onnx

    (tmp_path / "new").mkdir()
    new = re_export(old, tmp_path / "new").verify()
    engines = [Engine(bundle.directory / MODEL) for bundle in (old, new)]
    one, other = (engine.logits(TEXTS) for engine in engines)
    np.testing.assert_array_equal(one, other)
    one_hidden, other_hidden = (engine.hidden_states(TEXTS[1]) for engine in engines)
    np.testing.assert_array_equal(one_hidden, other_hidden)
    operators = [node.op_type for node in onnx.load(new.directory / MODEL).graph.node]
    assert "Identity" not in operators
    assert new.card == replace(old.card, version=5, files=new.card.files)
    assert set(new.card.files) == set(old.card.files)
    assert (new.directory / "history.json").read_text() == "[]"
    assert read_bundle(old.directory).verify().card == old.card


def test_padding_that_is_masked_stays_so(tiny_bundle: Bundle, tmp_path: Path) -> None:
    import onnx

    from imdbsent.training.architectures.classic import classic_to_onnx
    from tests.tiny import tiny_network

    network = tiny_network()
    network.layers[0].mask_zero = True
    onnx.save(classic_to_onnx(network, MAXIMUM_LENGTH), str(tiny_bundle.directory / MODEL))
    files = tiny_bundle.card.files | {MODEL: file_sha256(tiny_bundle.directory / MODEL)}
    masked = write_card(tiny_bundle.directory, replace(tiny_bundle.card, files=files))
    new = re_export(masked, tmp_path)
    assert (new.directory / MODEL).read_bytes() == (masked.directory / MODEL).read_bytes()


def test_the_flagship_is_re_exported_with_the_same_weights(tmp_path: Path) -> None:
    shipped = read_bundle(store.PRETRAINED / "flagship")
    new = re_export(shipped, tmp_path).verify()
    one, other = (Engine(bundle.directory / MODEL).logits(TEXTS) for bundle in (shipped, new))
    np.testing.assert_array_equal(one, other)
    assert new.card.version == shipped.card.version + 1


def test_a_model_whose_weights_cannot_be_read_is_not_re_exported(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(store.PRETRAINED / "flagship" / MODEL)
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name == "bias":
                node.input[place] = "another_name"
    for tensor in (*model.graph.initializer, *model.graph.output):
        if tensor.name == "bias":
            tensor.name = "another_name"
    (tmp_path / "new").mkdir()
    with pytest.raises(LayersHidden, match="without --re-export"):
        re_export(with_model(store.PRETRAINED / "flagship", tmp_path / "old", model), tmp_path / "new")


def test_a_damaged_model_is_not_re_exported(old: Bundle, tmp_path: Path) -> None:
    (old.directory / MODEL).write_bytes(b"")
    with pytest.raises(BundleInvalid, match="damaged"):
        re_export(old, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [old.directory.name]


def with_model(source: Path, directory: Path, model: object) -> Bundle:
    """A copy of a bundle with another graph."""
    import onnx

    shutil.copytree(source, directory, dirs_exist_ok=True)
    onnx.save(model, str(directory / MODEL))
    card = read_bundle(directory).card
    return write_card(directory, replace(card, files=card.files | {MODEL: file_sha256(directory / MODEL)}))
