"""The flagship: a bidirectional LSTM over segments, pooled, with a linear head. It can say why.

A review is cut into segments of 64 tokens, which run side by side as one batch: 64 steps, however long the review is.
Each token is read as the embedding of its word next to that of the pair it forms with the word before
(`imdbsent.training.word_pairs`). The states of all tokens are pooled, maximum and mean, and so is the mean of the
embeddings; one linear layer makes the logit.

A linear head over pooled states splits exactly. With the states h_t and embeddings x_t of T tokens, the logit is

    b + sum_j w_mean[j] * mean_t h_t[j] + sum_j w_max[j] * max_t h_t[j] + sum_k w_read[k] * mean_t x_t[k]

so token t adds (w_mean·h_t + w_read·x_t) / T, and w_max[j] * h_t[j] for each unit j whose maximum it is. The graph
gives these numbers as a second output, from the pass that gives the logit (`imdbsent.explain.attribution`).

The embeddings are most of the model. They are stored as int8 with one scale per row, a quarter of their float32 size.

Shapes: B reviews per batch, T tokens per review, S tokens per segment, N segments per review, P = N S, V words, E size
of a word's embedding, E / 2 that of a pair, H units per direction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.bundle.card import MODEL
from imdbsent.bundle.safety import checked_graph, read_graph
from imdbsent.errors import BundleInvalid, LayersHidden
from imdbsent.text.tokenizer import OOV_ID, PAD_ID
from imdbsent.training.architectures import Architecture
from imdbsent.training.backend import import_library
from imdbsent.training.onnx_graph import keras_gates, make_model, onnx_gates
from imdbsent.training.word_pairs import BUCKETS, LARGEST_VOCABULARY, MULTIPLIER, NO_KEY, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.training.architectures import Weights
    from imdbsent.training.onnx_graph import Node, Output
    from imdbsent.training.recipes import Recipe

    Arrays = dict[str, npt.NDArray[Any]]
    Floats = npt.NDArray[np.float32]

SEGMENT: Final = 64
"""S. The LSTM starts over in each segment: the meaning of a word in its sentence needs no more, and pooling covers the
review as a whole. Johnson & Zhang (ICML 2016) cut reviews to 50 to 100 words in the same way."""

EMBEDDING_GAIN: Final = 5.0
"""Multiplies the mean of the embeddings, so that its weights are learned as fast as those of the states."""

_EMBEDDINGS: Final = ("embedding", "pair_embedding")
_DIRECTIONS: Final = ("forward", "backward")
_START_ELSEWHERE: Final = "the same command with --from flagship"
_STEPS: Final = 127  # of int8, on either side of zero
_FLOAT32: Final = 4  # bytes
_INT32: Final = 4


class Flagship(Architecture):
    """Words and pairs of words, a bidirectional LSTM over segments, pooling, a linear head."""

    tokenizer = "corrected"
    is_distilled = True
    segment = SEGMENT
    largest_vocabulary = LARGEST_VOCABULARY

    def build(self, recipe: Recipe, dropout: float = 0.0) -> Any:
        """Build the network; see `flagship_network`."""
        return flagship_network(recipe, dropout)

    def without_training_parts(self, network: Any, recipe: Recipe) -> Any:
        """The network that answers, with the weights of the trained one, its embeddings rounded to int8."""
        exported = flagship_network(recipe)
        for name in (*_EMBEDDINGS, "pairs", *_DIRECTIONS, "dense"):
            exported.get_layer(name).set_weights(network.get_layer(name).get_weights())
        round_embeddings(exported)
        return exported

    def to_onnx(self, network: Any, recipe: Recipe) -> Any:
        """Write the network as a graph; see `flagship_to_onnx`."""
        del recipe
        return flagship_to_onnx(network)

    def size(self, recipe: Recipe) -> int:
        """Bytes of both embeddings (int8, a float32 scale per row), the table of pairs, the LSTMs and the head."""
        pair, units = pair_size(recipe), recipe.units
        read, pairs = recipe.embedding_size + pair, BUCKETS + 1
        embeddings = recipe.vocabulary_size * (recipe.embedding_size + _FLOAT32) + pairs * (pair + _FLOAT32)
        lstms = 2 * 4 * units * (read + units + 2)  # ONNX has two biases
        head = 2 * 2 * units + read + 1
        return embeddings + _INT32 * pairs + _FLOAT32 * (lstms + head)

    def problem(self, recipe: Recipe) -> str | None:
        """Padding that is not masked, or more words than pairs have keys for."""
        if not recipe.bucketed:
            return f"the architecture {recipe.architecture!r} does not read padding; set bucketed to true"
        if recipe.vocabulary_size > LARGEST_VOCABULARY:
            return (
                f"vocabulary_size is {recipe.vocabulary_size:,}, more than the {LARGEST_VOCABULARY:,} ids whose pairs "
                f"the architecture {recipe.architecture!r} can number"
            )
        return None

    def rebuild_onnx(self, bundle: Bundle) -> Any:
        """The graph, from the weights stored in the model's own graph."""
        return graph_of_weights(bundle.card.name, _checked_weights(bundle, "the same command without --re-export"))

    def weights_of(self, bundle: Bundle) -> tuple[Floats, ...]:
        """The weights in Keras's order, the embeddings unpacked from int8."""
        of_layers = _keras_weights(_checked_weights(bundle, _START_ELSEWHERE))
        return tuple(array for arrays in of_layers.values() for array in arrays)

    def with_words(self, weights: Weights, count: int) -> Weights:
        """The weights with a copy of the embedding of unknown words for each new one, and the pairs' keys for that."""
        table, embedding, *others = weights  # in the order of `_keras_weights`
        words = len(embedding)
        first, second = np.divmod(table.astype(np.int64), words)
        keys = np.where(table == NO_KEY, NO_KEY, key_of(first, second, words + count)).astype(table.dtype)
        return keys, np.concatenate([embedding, np.repeat(embedding[[OOV_ID]], count, axis=0)]), *others

    def with_sizes_of(self, bundle: Bundle, recipe: Recipe) -> Recipe:
        """A recipe with the sizes of a model."""
        weights = _checked_weights(bundle, _START_ELSEWHERE)
        words, size = weights["embedding"].shape
        return replace(
            recipe,
            vocabulary_size=words,
            maximum_length=bundle.card.maximum_length,
            embedding_size=size,
            units=weights["R"].shape[-1],
            bucketed=True,
        )


ARCHITECTURE = Flagship()


def pair_size(recipe: Recipe) -> int:
    """Size of the embedding of a pair of words."""
    return max(1, recipe.embedding_size // 2)


def flagship_network(recipe: Recipe, dropout: float = 0.0) -> Any:
    """Build the network, not compiled.

    Args:
        recipe: its sizes.
        dropout: share of the numbers of each embedding, and of what is pooled, that training sets to zero.

    Returns:
        A `keras.Model` from ids (B, T), with padding at the end and T a multiple of `SEGMENT` or less than it, to
        logits (B, 1).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    import_library("keras")
    import keras
    from keras import layers

    from imdbsent.training.layers import IsToken, MeanAndMaximum, ReverseSegments, ScaledMean, SegmentedLSTM, WordPairs

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    pairs = WordPairs(recipe.vocabulary_size, name="pairs")(ids)  # (B, T)
    is_token = IsToken(name="is_token")(ids)  # (B, T)
    embedding = layers.Embedding(
        recipe.vocabulary_size,
        recipe.embedding_size,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1),
        name="embedding",
    )
    pair_embedding = layers.Embedding(
        BUCKETS + 1,
        pair_size(recipe),
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.05),
        name="pair_embedding",
    )
    reverse, both = ReverseSegments(SEGMENT, name="reversed"), layers.Concatenate(name="read")
    drop = layers.SpatialDropout1D(dropout, name="word_dropout")
    pool = MeanAndMaximum(name="pool")
    ahead = both([embedding(ids), pair_embedding(pairs)])  # (B, T, 3 E / 2)
    back = both([embedding(reverse(ids, ids)), pair_embedding(reverse(ids, pairs))])  # (B, T, 3 E / 2)
    features = [
        pool(SegmentedLSTM(recipe.units, SEGMENT, name=direction)(drop(read)), is_token)  # (B, 2 H)
        for direction, read in zip(_DIRECTIONS, (ahead, back))
    ]
    features.append(ScaledMean(EMBEDDING_GAIN, name="mean_embedding")(ahead, is_token))  # (B, 3 E / 2)
    features = layers.Dropout(dropout, name="dropout")(layers.Concatenate(name="features")(features))
    return keras.Model(ids, layers.Dense(1, name="dense")(features), name=recipe.name)


def quantize_rows(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Round each row to int8 with its own scale.

    Args:
        weights: shape (rows, size).

    Returns:
        Integers, shape (rows, size), and scales, shape (rows, 1); their product is closest to the weights.
    """
    scales = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / np.float32(_STEPS)
    return np.rint(weights / scales).astype(np.int8), scales


def round_embeddings(network: Any) -> None:
    """Round the embeddings of a network as its bundle stores them, so that both give the same logits."""
    for name in _EMBEDDINGS:
        layer = network.get_layer(name)
        integers, scales = quantize_rows(layer.get_weights()[0])
        layer.set_weights([integers.astype(np.float32) * scales])


def flagship_to_onnx(network: Any) -> Any:
    """Write a network as an ONNX graph; see `graph_of_weights`.

    Args:
        network: what `flagship_network` returned.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    return graph_of_weights(network.name, _weights_of(network))


def graph_of_weights(name: str, weights: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Write weights as an ONNX graph.

    Inputs: `ids`, int32 (B, T), each text's ids first, anything after them; `lengths`, int32 (B,), the number of ids of
    each text, 1 or more. Outputs: `logit`, float32 (B,); `contributions`, float32 (B, T), what each token adds to it (0
    after the last token of a text); `bias`, float32 (1,), the rest.

    Args:
        name: name of the graph.
        weights: by name, as listed in `_WEIGHTS`.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    import_library("onnx")
    from onnx import TensorProto

    real = TensorProto.FLOAT
    outputs: list[Output] = [
        ("logit", real, ["batch"]),
        ("contributions", real, ["batch", "length"]),
        ("bias", real, [1]),
    ]
    return make_model(name, _nodes(weights), {**weights, **_constants(weights)}, outputs)


def network_from_onnx(model: Path, recipe: Recipe) -> Any:
    """The Keras network that a bundle's `model.onnx` was made from, to compare or to continue training.

    Args:
        model: path of the file.
        recipe: its sizes.

    Raises:
        BundleInvalid: the file is damaged, or not safe to read.
        TrainingUnavailable: Keras or ONNX is not installed.
    """
    network = flagship_network(recipe)
    for name, arrays in _keras_weights(_weights_in(read_graph(model))).items():
        network.get_layer(name).set_weights(arrays)
    return network


_WEIGHTS: Final = (
    "embedding",  # int8 (V, E)
    "pair_embedding",  # int8 (BUCKETS + 1, E / 2)
    "embedding_scales",  # (V, 1)
    "pair_embedding_scales",  # (BUCKETS + 1, 1)
    "pair_table",  # int32 (BUCKETS + 1,)
    "W",  # (2, 4H, 3 E / 2)
    "R",  # (2, 4H, H)
    "B",  # (2, 8H)
    "mean_weights",  # (2H, 1)
    "maximum_weights",  # (2H, 1)
    "read_weights",  # (3 E / 2, 1)
    "bias",  # (1,)
)
"""The weights in the graph, float32 where not said."""


def _weights_of(network: Any) -> Arrays:
    """What a network has learned, as the graph stores it."""
    rounded = {name: quantize_rows(network.get_layer(name).get_weights()[0]) for name in _EMBEDDINGS}
    directions = [network.get_layer(name).get_weights() for name in _DIRECTIONS]  # (3 E / 2, 4H), (H, 4H), (4H,)
    head, bias = network.get_layer("dense").get_weights()  # rows: mean and maximum ahead, the same back, embeddings
    units = network.get_layer("forward").units
    parts = np.split(head[: 4 * units], 4)
    return {
        **{name: integers for name, (integers, _) in rounded.items()},
        **{f"{name}_scales": scales for name, (_, scales) in rounded.items()},
        "pair_table": network.get_layer("pairs").get_weights()[0],
        "W": np.stack([onnx_gates(kernel.T) for kernel, _, _ in directions]),
        "R": np.stack([onnx_gates(recurrent.T) for _, recurrent, _ in directions]),
        "B": np.stack([np.concatenate([onnx_gates(b), np.zeros_like(b)]) for _, _, b in directions]),
        "mean_weights": np.concatenate(parts[0::2]),
        "maximum_weights": np.concatenate(parts[1::2]),
        "read_weights": head[4 * units :] * np.float32(EMBEDDING_GAIN),
        "bias": bias,
    }


def _keras_weights(weights: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[npt.NDArray[Any]]]:
    """The weights of each layer that has any, the layers and their weights in Keras's order."""
    halves = (np.split(weights[key], 2) for key in ("mean_weights", "maximum_weights"))
    of_states = [half for pair in zip(*halves) for half in pair]  # mean and maximum of each direction, (H, 1) each
    head = np.concatenate([*of_states, weights["read_weights"] / EMBEDDING_GAIN])  # (4 H + 3 E / 2, 1)
    return {
        "pairs": [weights["pair_table"]],
        **{name: [weights[name].astype(np.float32) * weights[f"{name}_scales"]] for name in _EMBEDDINGS},
        **{
            name: [
                keras_gates(weights["W"][direction]).T,  # (3 E / 2, 4H)
                keras_gates(weights["R"][direction]).T,  # (H, 4H)
                keras_gates(weights["B"][direction].reshape(2, -1).sum(axis=0)),  # (4H,)
            ]
            for direction, name in enumerate(_DIRECTIONS)
        },
        "dense": [head, weights["bias"]],
    }


def _checked_weights(bundle: Bundle, next_step: str) -> Arrays:
    """The weights in the graph of a model.

    Raises:
        LayersHidden: the graph does not hold them; the message tells the next step.
        BundleInvalid: the graph is missing or damaged, or the weights do not fit together.
    """
    weights = _weights_in(checked_graph(bundle.directory / MODEL, bundle.read(MODEL)))
    if not {*_WEIGHTS} <= weights.keys():
        raise LayersHidden(bundle.card.name, next_step)
    weights = {name: weights[name] for name in _WEIGHTS}
    if not _fit(weights):
        raise BundleInvalid(bundle.directory, f"the weights in {MODEL} do not fit together")
    return weights


def _weights_in(graph: bytes) -> Arrays:
    """The constants in a graph that was checked, by name."""
    import_library("onnx")
    import onnx
    from onnx import numpy_helper

    tensors = onnx.load_model_from_string(graph).graph.initializer
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}


def _fit(weights: Arrays) -> bool:
    """Whether weights are those of one network."""
    (words, size), units, pairs = weights["embedding"].shape, weights["R"].shape[-1], BUCKETS + 1
    pair = weights["pair_embedding"].shape[-1]
    shapes = (
        *((words, size), (pairs, pair), (words, 1), (pairs, 1), (pairs,)),
        *((2, 4 * units, size + pair), (2, 4 * units, units), (2, 8 * units)),
        *((2 * units, 1), (2 * units, 1), (size + pair, 1), (1,)),
    )
    return all(weights[name].shape == shape for name, shape in zip(_WEIGHTS, shapes))


def _constants(weights: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """The numbers that the graph computes shapes and buckets with."""
    words, size = weights["embedding"].shape
    return {
        "segment": np.array(SEGMENT, np.int64),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "zeros_3": np.zeros(3, np.int64),
        "axis_0": np.array([0], np.int64),
        "axis_1": np.array([1], np.int64),
        "axis_2": np.array([2], np.int64),
        "any": np.array([-1], np.int64),
        "units": np.array([2 * weights["R"].shape[-1]], np.int64),
        "read_size": np.array([size + weights["pair_embedding"].shape[-1]], np.int64),
        "below": np.array(-2.0, np.float32),  # states are between -1 and 1
        "pad": np.array(PAD_ID, np.int32),
        "one_later": np.array([0, 1, 0, -1], np.int64),  # as pads, moves a row to the right by one
        "multiplier": np.array(MULTIPLIER, np.int32),
        "buckets": np.array(BUCKETS, np.int32),
        "next": np.array(1, np.int32),
        "vocabulary_size": np.array(words, np.int32),
    }


def _lookup(table: str, indices: str, real: int) -> list[Node]:
    """The operators that read rows of a rounded table: indices (B, P) to of_TABLE (B, P, size)."""
    return [
        ("Gather", [table, indices], [f"{table}_integers"], {}),
        ("Gather", [f"{table}_scales", indices], [f"{table}_row_scales"], {}),
        ("Cast", [f"{table}_integers"], [f"{table}_unscaled"], {"to": real}),
        ("Mul", [f"{table}_unscaled", f"{table}_row_scales"], [f"of_{table}"], {}),
    ]


def _nodes(weights: Mapping[str, npt.NDArray[Any]]) -> list[Node]:
    """The operators in order."""
    from onnx import TensorProto

    units = weights["R"].shape[-1]
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
        # The bucket of the pair that each token completes; see `imdbsent.training.word_pairs`.
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
        *_lookup("embedding", "whole", TensorProto.FLOAT),  # (B, P, E)
        *_lookup("pair_embedding", "pair", TensorProto.FLOAT),  # (B, P, E / 2)
        ("Concat", ["of_embedding", "of_pair_embedding"], ["read"], {"axis": 2}),
        ("Reshape", ["read", "rows_shape"], ["rows"], {}),  # (B N, S, 3 E / 2)
        ("Transpose", ["rows"], ["sequence"], {"perm": [1, 0, 2]}),  # (S, B N, 3 E / 2)
        # The number of tokens in each segment; at least 1, as the operator requires.
        ("Range", ["zero", "padded", "size"], ["firsts"], {}),  # (N,)
        ("Cast", ["lengths"], ["lengths_64"], {"to": TensorProto.INT64}),
        ("Unsqueeze", ["lengths_64", "axis_1"], ["lengths_1"], {}),  # (B, 1)
        ("Sub", ["lengths_1", "firsts"], ["left"], {}),  # (B, N)
        ("Clip", ["left", "one", "size"], ["clipped"], {}),
        ("Reshape", ["clipped", "any"], ["flat"], {}),
        ("Cast", ["flat"], ["segment_lengths"], {"to": TensorProto.INT32}),
        (
            "LSTM",
            ["sequence", "W", "R", "B", "segment_lengths"],
            ["by_step"],  # (S, 2, B N, H)
            {"hidden_size": units, "direction": "bidirectional"},
        ),
        ("Transpose", ["by_step"], ["by_segment"], {"perm": [2, 0, 1, 3]}),
        ("Concat", ["batch", "any", "units"], ["states_shape"], {"axis": 0}),
        ("Reshape", ["by_segment", "states_shape"], ["states"], {}),  # (B, P, 2H)
        ("Range", ["zero", "padded", "one"], ["indices"], {}),  # (P,)
        ("Less", ["indices", "lengths_1"], ["is_token"], {}),  # (B, P)
        ("Unsqueeze", ["is_token", "axis_2"], ["is_token_1"], {}),
        ("Where", ["is_token_1", "states", "below"], ["tokens_or_below"], {}),
        ("ReduceMax", ["tokens_or_below"], ["maxima"], {"axes": [1], "keepdims": 0}),  # (B, 2H)
        # The mean enters as what each token adds to the logit, which is also its contribution.
        ("MatMul", ["states", "mean_weights"], ["of_states"], {}),  # (B, P, 1)
        ("MatMul", ["read", "read_weights"], ["of_read"], {}),
        ("Add", ["of_states", "of_read"], ["of_both"], {}),
        ("Squeeze", ["of_both", "axis_2"], ["of_both_1"], {}),
        ("Cast", ["is_token"], ["mask"], {"to": TensorProto.FLOAT}),
        ("Mul", ["of_both_1", "mask"], ["of_tokens"], {}),
        ("Cast", ["lengths_1"], ["divisor"], {"to": TensorProto.FLOAT}),
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
