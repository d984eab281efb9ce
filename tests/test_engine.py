from __future__ import annotations

import numpy as np
import pytest

from imdbsent.bundle import MODEL, Bundle
from imdbsent.engine import Engine
from imdbsent.errors import BundleInvalid

TEXTS = [[1, 5], [1], [1, 4, 6, 6], [5] * 8, [1, 6], [2, 2, 2], [1, 5, 4, 6, 2, 5, 4]]


@pytest.fixture
def engine(tiny_bundle: Bundle) -> Engine:
    return Engine(tiny_bundle.directory / MODEL)


def test_logits_come_in_the_order_of_the_texts_whatever_the_batches(engine: Engine) -> None:
    alone = [engine.logits([ids])[0] for ids in TEXTS]
    for batch_size in (1, 2, 3, 100):
        np.testing.assert_allclose(engine.logits(TEXTS, batch_size), alone, atol=1e-6)


def test_the_number_of_threads_changes_nothing(tiny_bundle: Bundle) -> None:
    texts = TEXTS * 50
    one, four = (Engine(tiny_bundle.directory / MODEL, threads).logits(texts, 4) for threads in (1, 4))
    np.testing.assert_array_equal(one, four)


def test_no_texts_give_no_logits(engine: Engine) -> None:
    assert engine.logits([]).shape == (0,)


def test_a_file_that_is_no_network_is_an_error(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / MODEL).write_bytes(b"not onnx")
    with pytest.raises(BundleInvalid, match="no network that ONNX Runtime reads"):
        Engine(tiny_bundle.directory / MODEL)


def test_a_network_with_other_inputs_is_an_error(tiny_bundle: Bundle) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    helper = onnx.helper
    tensor = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    other = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "other", [tensor], [other])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tiny_bundle.directory / MODEL))
    with pytest.raises(BundleInvalid, match="other inputs or outputs"):
        Engine(tiny_bundle.directory / MODEL)
