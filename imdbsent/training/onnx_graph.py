"""What every architecture needs to write its network as an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent import __version__
from imdbsent.training.backend import import_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    Node = tuple[str, Sequence[str], Sequence[str], Mapping[str, Any]]
    Output = tuple[str, int, Sequence[str | int]]  # name, element type, shape

OPSET: Final = 17
IR_VERSION: Final = 8  # read by onnxruntime 1.12 and later


def make_model(
    name: str, nodes: Iterable[Node], constants: Mapping[str, npt.NDArray[Any]], outputs: Iterable[Output]
) -> Any:
    """Make a graph that the engine can run (`imdbsent.classify.engine`), checked by ONNX itself.

    Its inputs are `ids`, int32 (batch, length), and `lengths`, int32 (batch,).

    Args:
        name: name of the graph.
        nodes: operator, names of its inputs, names of its outputs, and attributes; in the order of computation.
        constants: weights and other numbers, by name.
        outputs: name, element type (of `onnx.TensorProto`), and shape.

    Returns:
        An `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    import_library("onnx")
    import onnx
    from onnx import helper, numpy_helper

    integer = onnx.TensorProto.INT32
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, results, **attributes) for kind, inputs, results, attributes in nodes],
        name,
        [
            helper.make_tensor_value_info("ids", integer, ["batch", "length"]),
            helper.make_tensor_value_info("lengths", integer, ["batch"]),
        ],
        [helper.make_tensor_value_info(*output) for output in outputs],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="imdbsent",
        producer_version=__version__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def onnx_gates(weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reorder the gates along the first axis for ONNX: Keras has input, forget, cell, output; ONNX puts output second.

    Args:
        weights: shape (4 H, ...).
    """
    i, f, c, o = np.split(weights, 4)
    return np.concatenate([i, o, f, c])


def keras_gates(weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reorder the gates along the first axis for Keras; the inverse of `onnx_gates`."""
    i, o, f, c = np.split(weights, 4)
    return np.concatenate([i, f, c, o])
