"""The flagship network as an ONNX graph, and back: small enough for the wheel, and able to say why.

A linear head over pooled states splits exactly. With states h_t of T tokens, the logit is

    b + sum_j w_mean[j] * mean_t h_t[j] + sum_j w_max[j] * max_t h_t[j]

so token t adds w_mean·h_t / T, and for each unit j whose maximum it is, w_max[j] * h_t[j]. The graph gives these
numbers as a second output, from the pass that gives the logit.

The embedding is most of the model. It is kept as int8 with one scale a row: a quarter of its size in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent import __version__
from imdbsent.training import import_library
from imdbsent.training.export import IR_VERSION, OPSET, keras_gates, onnx_gates
from imdbsent.training.flagship.network import SEGMENT, flagship_network

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float32]

_DIRECTIONS: Final = ("forward", "backward")
_STEPS: Final = 127  # of int8, either side of zero


def quantise_rows(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Round each row to int8 with a scale of its own.

    Args:
        weights: shape (rows, size).

    Returns:
        Integers, shape (rows, size), and scales, shape (rows, 1): their product is nearest to the weights.
    """
    scales = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / np.float32(_STEPS)
    return np.rint(weights / scales).astype(np.int8), scales


def round_embedding(network: Any) -> None:
    """Give a network the embedding that its bundle will have, so that both give the same logits."""
    embedding = network.get_layer("embedding")
    integers, scales = quantise_rows(embedding.get_weights()[0])
    embedding.set_weights([integers.astype(np.float32) * scales])


def flagship_to_onnx(network: Any) -> Any:
    """The flagship network as an ONNX graph.

    Inputs: `ids`, int32 (B, T), each text's ids at the left, anything after them; `lengths`, int32 (B,), the ids of
    each, 1 or more. Outputs: `logit`, float32 (B,); `contributions`, float32 (B, T), what each token adds to it (0
    after a text's last); `bias`, float32 (1,), the rest.

    Args:
        network: of `flagship_network`.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    onnx = import_library("onnx")
    helper, types = import_library("onnx.helper"), onnx.TensorProto
    constants = _weights(network) | _constants(network)
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, outputs, **options) for kind, inputs, outputs, options in _nodes(network)],
        network.name,
        [
            helper.make_tensor_value_info("ids", types.INT32, ["batch", "length"]),
            helper.make_tensor_value_info("lengths", types.INT32, ["batch"]),
        ],
        [
            helper.make_tensor_value_info("logit", types.FLOAT, ["batch"]),
            helper.make_tensor_value_info("contributions", types.FLOAT, ["batch", "length"]),
            helper.make_tensor_value_info("bias", types.FLOAT, [1]),
        ],
        [import_library("onnx.numpy_helper").from_array(value, key) for key, value in constants.items()],
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


def network_of(model: Path, recipe: Recipe) -> Any:
    """The Keras network that a bundle's `model.onnx` was made from, to compare or to go on with.

    Args:
        model: path of the file, made by `flagship_to_onnx`.
        recipe: its sizes.

    Raises:
        TrainingUnavailable: keras or onnx is not installed.
    """
    to_array = import_library("onnx.numpy_helper").to_array
    graph = import_library("onnx").load(str(model), load_external_data=False).graph
    weights = {tensor.name: to_array(tensor) for tensor in graph.initializer}
    network = flagship_network(recipe)
    network.get_layer("embedding").set_weights([weights["embedding"].astype(np.float32) * weights["scales"]])
    for direction, name in enumerate(_DIRECTIONS):
        bias = weights["B"][direction].reshape(2, -1).sum(axis=0)
        kernels = (keras_gates(weights[kernel][direction]).T for kernel in ("W", "R"))
        network.get_layer(name).set_weights([*kernels, keras_gates(bias)])
    halves = (np.split(weights[key], 2) for key in ("mean_weights", "maximum_weights"))
    head = np.concatenate([half for pair in zip(*halves) for half in pair])  # means and maxima of each direction
    network.get_layer("dense").set_weights([head, weights["bias"]])
    return network


def _weights(network: Any) -> dict[str, npt.NDArray[Any]]:
    """What the network has learned, as the graph has it."""
    integers, scales = quantise_rows(network.get_layer("embedding").get_weights()[0])
    directions = [network.get_layer(name).get_weights() for name in _DIRECTIONS]  # (E, 4H), (H, 4H), (4H,)
    head, bias = network.get_layer("dense").get_weights()  # (4H, 1): means and maxima ahead, then those back
    parts = np.split(head, 4)
    means, maxima = np.concatenate(parts[0::2]), np.concatenate(parts[1::2])
    return {
        "embedding": integers,  # (V, E)
        "scales": scales,  # (V, 1)
        "W": np.stack([onnx_gates(kernel.T) for kernel, _, _ in directions]),  # (2, 4H, E)
        "R": np.stack([onnx_gates(recurrent.T) for _, recurrent, _ in directions]),  # (2, 4H, H)
        "B": np.stack([np.concatenate([onnx_gates(b), np.zeros_like(b)]) for _, _, b in directions]),  # (2, 8H)
        "mean_weights": means,  # (2H, 1)
        "maximum_weights": maxima,  # (2H, 1)
        "bias": bias,  # (1,)
    }


def _constants(network: Any) -> dict[str, npt.NDArray[Any]]:
    """Numbers that the graph computes shapes with."""
    units = network.get_layer("forward").units
    return {
        "segment": np.array(SEGMENT, np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "zeros_3": np.zeros(3, np.int64),
        "axis_0": np.array([0], np.int64),
        "axis_1": np.array([1], np.int64),
        "axis_2": np.array([2], np.int64),
        "any": np.array([-1], np.int64),
        "units": np.array([2 * units], np.int64),
        "below": np.array(-2.0, np.float32),  # states are within -1 and 1
        "pad": np.array(0, np.int32),
    }


def _nodes(network: Any) -> list[tuple[str, list[str], list[str], dict[str, Any]]]:
    """The operators in order. B texts, T ids, S tokens a segment, N segments a text, P = N S, H units a direction."""
    units = network.get_layer("forward").units
    cast = import_library("onnx").TensorProto
    return [
        # A short text is one segment of its own length.
        ("Shape", ["ids"], ["shape"], {}),
        ("Gather", ["shape", "axis_0"], ["batch"], {}),  # (1,)
        ("Gather", ["shape", "one"], ["length"], {}),
        ("Min", ["length", "segment"], ["size"], {}),  # S
        ("Add", ["length", "size"], ["above"], {}),
        ("Sub", ["above", "one"], ["last"], {}),
        ("Div", ["last", "size"], ["segments"], {}),  # N
        ("Mul", ["segments", "size"], ["padded"], {}),  # P
        ("Sub", ["padded", "length"], ["padding"], {}),
        ("Unsqueeze", ["padding", "axis_0"], ["padding_1"], {}),
        ("Concat", ["zeros_3", "padding_1"], ["pads"], {"axis": 0}),
        ("Pad", ["ids", "pads", "pad"], ["whole"], {}),  # (B, P)
        ("Unsqueeze", ["size", "axis_0"], ["size_1"], {}),
        ("Concat", ["any", "size_1"], ["rows_shape"], {"axis": 0}),
        ("Reshape", ["whole", "rows_shape"], ["rows"], {}),  # (B N, S)
        ("Gather", ["embedding", "rows"], ["integers"], {}),  # (B N, S, E)
        ("Gather", ["scales", "rows"], ["row_scales"], {}),  # (B N, S, 1)
        ("Cast", ["integers"], ["unscaled"], {"to": cast.FLOAT}),
        ("Mul", ["unscaled", "row_scales"], ["embedded"], {}),
        ("Transpose", ["embedded"], ["sequence"], {"perm": [1, 0, 2]}),  # (S, B N, E)
        # How many tokens each segment has; at least 1, because the operator takes no less.
        ("Range", ["zero", "padded", "size"], ["firsts"], {}),  # (N,)
        ("Cast", ["lengths"], ["lengths_64"], {"to": cast.INT64}),
        ("Unsqueeze", ["lengths_64", "axis_1"], ["lengths_1"], {}),  # (B, 1)
        ("Sub", ["lengths_1", "firsts"], ["left"], {}),  # (B, N)
        ("Clip", ["left", "one", "size"], ["clipped"], {}),
        ("Reshape", ["clipped", "any"], ["flat"], {}),
        ("Cast", ["flat"], ["segment_lengths"], {"to": cast.INT32}),
        (
            "LSTM",
            ["sequence", "W", "R", "B", "segment_lengths"],
            ["by_step"],  # (S, 2, B N, H)
            {"hidden_size": units, "direction": "bidirectional"},
        ),
        ("Transpose", ["by_step"], ["by_segment"], {"perm": [2, 0, 1, 3]}),
        ("Concat", ["batch", "any", "units"], ["states_shape"], {"axis": 0}),
        ("Reshape", ["by_segment", "states_shape"], ["states"], {}),  # (B, P, 2H)
        ("Range", ["zero", "padded", "one"], ["places"], {}),  # (P,)
        ("Less", ["places", "lengths_1"], ["is_token"], {}),  # (B, P)
        ("Unsqueeze", ["is_token", "axis_2"], ["is_token_1"], {}),
        ("Where", ["is_token_1", "states", "below"], ["tokens_or_below"], {}),
        ("ReduceMax", ["tokens_or_below"], ["maxima"], {"axes": [1], "keepdims": 0}),  # (B, 2H)
        # The mean enters by what each token adds to the logit, which is the contribution, too.
        ("MatMul", ["states", "mean_weights"], ["read"], {}),  # (B, P, 1)
        ("Squeeze", ["read", "axis_2"], ["read_1"], {}),
        ("Cast", ["is_token"], ["mask"], {"to": cast.FLOAT}),
        ("Mul", ["read_1", "mask"], ["read_tokens"], {}),
        ("Cast", ["lengths_1"], ["divisor"], {"to": cast.FLOAT}),
        ("Div", ["read_tokens", "divisor"], ["of_mean"], {}),  # (B, P)
        ("ReduceSum", ["of_mean", "axis_1"], ["mean_part"], {"keepdims": 0}),  # (B,)
        ("MatMul", ["maxima", "maximum_weights"], ["maximum_part"], {}),  # (B, 1)
        ("Squeeze", ["maximum_part", "axis_1"], ["maximum_part_1"], {}),
        ("Add", ["mean_part", "maximum_part_1"], ["parts"], {}),
        ("Add", ["parts", "bias"], ["logit"], {}),
        ("ArgMax", ["tokens_or_below"], ["winners"], {"axis": 1, "keepdims": 0}),  # (B, 2H)
        ("Squeeze", ["maximum_weights", "axis_1"], ["maximum_row"], {}),
        ("Mul", ["maxima", "maximum_row"], ["of_maxima"], {}),  # (B, 2H)
        ("ScatterElements", ["of_mean", "winners", "of_maxima"], ["added"], {"axis": 1, "reduction": "add"}),
        ("Unsqueeze", ["length", "axis_0"], ["length_1"], {}),
        ("Slice", ["added", "axis_0", "length_1", "axis_1"], ["contributions"], {}),  # (B, T)
    ]
