"""The flagship network as an ONNX graph, and back: small enough for the wheel, and able to say why.

A linear head over pooled states splits exactly. With states h_t of T tokens, the logit is

    b + sum_j w_mean[j] * mean_t h_t[j] + sum_j w_max[j] * max_t h_t[j] + sum_k w_read[k] * mean_t x_t[k]

so token t, of which x_t is read, adds (w_mean·h_t + w_read·x_t) / T, and w_max[j] * h_t[j] for each unit j whose
maximum it is. The graph gives these numbers as a second output, from the pass that gives the logit.

The embeddings are most of the model. They are kept as int8 with one scale a row: a quarter of their size in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.export import checked_model, keras_gates, onnx_gates
from imdbsent.training.flagship.network import EMBEDDING_GAIN, SEGMENT, flagship_network
from imdbsent.training.flagship.pairs import BUCKETS, MULTIPLIER

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float32]

_EMBEDDINGS: Final = ("embedding", "pair_embedding")
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


def round_embeddings(network: Any) -> None:
    """Give a network the embeddings that its bundle will have, so that both give the same logits."""
    for name in _EMBEDDINGS:
        layer = network.get_layer(name)
        integers, scales = quantise_rows(layer.get_weights()[0])
        layer.set_weights([integers.astype(np.float32) * scales])


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
    return checked_model(graph)


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
    for name in _EMBEDDINGS:
        rows = weights[name].astype(np.float32) * weights[f"{name}_scales"]
        network.get_layer(name).set_weights([rows])
    network.get_layer("pairs").set_weights([weights["pair_table"]])
    for direction, name in enumerate(_DIRECTIONS):
        bias = weights["B"][direction].reshape(2, -1).sum(axis=0)
        kernels = (keras_gates(weights[kernel][direction]).T for kernel in ("W", "R"))
        network.get_layer(name).set_weights([*kernels, keras_gates(bias)])
    halves = (np.split(weights[key], 2) for key in ("mean_weights", "maximum_weights"))
    of_states = [half for pair in zip(*halves) for half in pair]  # means and maxima of each direction
    head = np.concatenate([*of_states, weights["read_weights"] / EMBEDDING_GAIN])
    network.get_layer("dense").set_weights([head, weights["bias"]])
    return network


def _weights(network: Any) -> dict[str, npt.NDArray[Any]]:
    """What the network has learned, as the graph has it."""
    rounded = {name: quantise_rows(network.get_layer(name).get_weights()[0]) for name in _EMBEDDINGS}
    directions = [network.get_layer(name).get_weights() for name in _DIRECTIONS]  # (E, 4H), (H, 4H), (4H,)
    head, bias = network.get_layer("dense").get_weights()  # (4H + E, 1): means and maxima ahead, then those back, ...
    units = network.get_layer("forward").units
    parts = np.split(head[: 4 * units], 4)
    means, maxima = np.concatenate(parts[0::2]), np.concatenate(parts[1::2])
    return {
        **{name: integers for name, (integers, _) in rounded.items()},  # (rows, size)
        **{f"{name}_scales": scales for name, (_, scales) in rounded.items()},  # (rows, 1)
        "pair_table": network.get_layer("pairs").get_weights()[0],  # (BUCKETS + 1,)
        "W": np.stack([onnx_gates(kernel.T) for kernel, _, _ in directions]),  # (2, 4H, E)
        "R": np.stack([onnx_gates(recurrent.T) for _, recurrent, _ in directions]),  # (2, 4H, H)
        "B": np.stack([np.concatenate([onnx_gates(b), np.zeros_like(b)]) for _, _, b in directions]),  # (2, 8H)
        "mean_weights": means,  # (2H, 1)
        "maximum_weights": maxima,  # (2H, 1)
        "read_weights": head[4 * units :] * np.float32(EMBEDDING_GAIN),  # (E, 1)
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
        "read_size": np.array([sum(network.get_layer(name).output_dim for name in _EMBEDDINGS)], np.int64),
        "below": np.array(-2.0, np.float32),  # states are within -1 and 1
        "pad": np.array(PAD_ID, np.int32),
        "one_later": np.array([0, 1, 0, -1], np.int64),  # Pad with this moves a row by one to the right
        "multiplier": np.array(MULTIPLIER, np.int32),
        "buckets": np.array(BUCKETS, np.int32),
        "next": np.array(1, np.int32),
        "vocabulary_size": np.array(network.get_layer("embedding").input_dim, np.int32),
    }


def _lookup(table: str, places: str, real: int) -> list[tuple[str, list[str], list[str], dict[str, Any]]]:
    """The operators that read rows of a rounded table: places (B, P) to of_TABLE (B, P, size)."""
    return [
        ("Gather", [table, places], [f"{table}_integers"], {}),
        ("Gather", [f"{table}_scales", places], [f"{table}_row_scales"], {}),
        ("Cast", [f"{table}_integers"], [f"{table}_unscaled"], {"to": real}),
        ("Mul", [f"{table}_unscaled", f"{table}_row_scales"], [f"of_{table}"], {}),
    ]


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
        ("Concat", ["any", "size_1", "read_size"], ["rows_shape"], {"axis": 0}),
        # The bucket of the pair that each token ends: see `imdbsent.training.flagship.pairs`.
        ("Pad", ["whole", "one_later", "pad"], ["before"], {}),
        ("Mul", ["before", "multiplier"], ["spread"], {}),
        ("Add", ["spread", "whole"], ["hashed"], {}),
        ("Mod", ["hashed", "buckets"], ["from_zero"], {}),
        ("Add", ["from_zero", "next"], ["bucket"], {}),  # (B, P)
        ("Mul", ["before", "vocabulary_size"], ["first"], {}),
        ("Add", ["first", "whole"], ["key"], {}),
        ("Gather", ["pair_table", "bucket"], ["kept_key"], {}),
        ("Equal", ["key", "kept_key"], ["is_kept"], {}),
        ("Where", ["is_kept", "bucket", "pad"], ["pair"], {}),
        *_lookup("embedding", "whole", cast.FLOAT),  # (B, P, E)
        *_lookup("pair_embedding", "pair", cast.FLOAT),  # (B, P, E / 2)
        ("Concat", ["of_embedding", "of_pair_embedding"], ["read"], {"axis": 2}),
        ("Reshape", ["read", "rows_shape"], ["rows"], {}),  # (B N, S, 3 E / 2)
        ("Transpose", ["rows"], ["sequence"], {"perm": [1, 0, 2]}),  # (S, B N, 3 E / 2)
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
        ("MatMul", ["states", "mean_weights"], ["of_states"], {}),  # (B, P, 1)
        ("MatMul", ["read", "read_weights"], ["of_read"], {}),
        ("Add", ["of_states", "of_read"], ["of_both"], {}),
        ("Squeeze", ["of_both", "axis_2"], ["of_both_1"], {}),
        ("Cast", ["is_token"], ["mask"], {"to": cast.FLOAT}),
        ("Mul", ["of_both_1", "mask"], ["of_tokens"], {}),
        ("Cast", ["lengths_1"], ["divisor"], {"to": cast.FLOAT}),
        ("Div", ["of_tokens", "divisor"], ["of_mean"], {}),  # (B, P)
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
