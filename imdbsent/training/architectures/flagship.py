"""The flagship network as an ONNX graph, and back: small enough for the wheel, and able to say why.

A linear head over pooled states splits exactly. With states h_t of T tokens, the logit is

    b + sum_j w_mean[j] * mean_t h_t[j] + sum_j w_max[j] * max_t h_t[j] + sum_k w_read[k] * mean_t x_t[k]

so token t, of which x_t is read, adds (w_mean·h_t + w_read·x_t) / T, and w_max[j] * h_t[j] for each unit j whose
maximum it is. The graph gives these numbers as a second output, from the pass that gives the logit.

The embeddings are most of the model. They are kept as int8 with one scale a row: a quarter of their size in float32.

Pairs of neighbouring words that have an embedding of their own: "not worth", "well worth", "waste of".

An LSTM learns what a pair of words means from its parts; what a pair means beyond them, a linear model over n-grams
knows and the LSTM has to be told. So the frequent pairs are looked up in a hash table, which is small, needs no words
on disk, and is computed by the graph itself from the ids: the pair's bucket holds the pair that it belongs to, and any
other pair that falls into it counts as none.

The flagship network, in backend-neutral Keras 3: it reads the whole review, cheaply, and can say why.

A review is cut into segments of 64 tokens, which run through a bidirectional LSTM side by side as one batch: 64 steps
one after another, however long the review is. What it reads of a token is the word's embedding beside that of the pair
which it makes with the word before. The states of ALL tokens are pooled, their maximum and their mean, and so is the
mean of what is read; one linear layer makes the logit of them, so that the logit splits exactly into one number per
token (`imdbsent.explain.attribution`).

Shapes: B reviews a batch, T tokens a review (a multiple of S), S tokens a segment, E numbers a word, E / 2 a pair, H
units of either direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.text.tokenizer import OOV_ID, PAD_ID
from imdbsent.training import import_library
from imdbsent.training.base import keras_gates
from imdbsent.training.export import checked_model, onnx_gates

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.flagship.texts import Texts
    from imdbsent.training.recipes import Recipe

    Ints = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]


BUCKETS: Final = 131_071
"""Buckets of the table, a prime; bucket 0 besides is that of every pair that is not in it."""
MULTIPLIER: Final = 40_503
"""Spreads the first word of a pair over the buckets: 2 ** 16 divided by the golden ratio (Knuth, TAOCP 3, 6.4)."""
LARGEST_VOCABULARY: Final = 46_340
"""The square of it is the largest that int32 holds, and so is the key of a pair."""
NO_KEY: Final = -1


def bucket_of(first: Any, second: Any) -> Any:
    """The bucket of a pair of ids, from 1: of numbers or of arrays, NumPy's or Keras's."""
    return (first * MULTIPLIER + second) % BUCKETS + 1


def key_of(first: Any, second: Any, vocabulary_size: int) -> Any:
    """A number that no other pair of ids has."""
    return first * vocabulary_size + second


def frequent_pairs(texts: Texts, counted: npt.NDArray[np.int64], vocabulary_size: int, fewest_texts: int) -> Ints:
    """The table of the pairs that stand in the most texts; where several fall into one bucket, the most frequent.

    Args:
        texts: the texts.
        counted: places of those that are counted.
        vocabulary_size: ids are below it.
        fewest_texts: how many of them a pair must stand in.

    Returns:
        The key of each bucket, `NO_KEY` where there is none, shape (BUCKETS + 1,).
    """
    first, second, rows = _neighbours(texts)
    is_counted = np.zeros(len(texts), bool)
    is_counted[counted] = True
    good = is_counted[rows] & (first > OOV_ID) & (second > OOV_ID)
    keys = key_of(first[good].astype(np.int64), second[good], vocabulary_size)
    once = np.unique(rows[good] * vocabulary_size**2 + keys) % vocabulary_size**2  # each pair once a text
    pairs, counts = np.unique(once, return_counts=True)
    frequent = counts >= fewest_texts
    pairs = pairs[frequent][np.argsort(counts[frequent], kind="stable")]  # the most frequent last: it stays
    table = np.full(BUCKETS + 1, NO_KEY, np.int32)
    table[bucket_of(pairs // vocabulary_size, pairs % vocabulary_size)] = pairs
    return table


def pairs_in(texts: Texts, table: Ints, vocabulary_size: int) -> Texts:
    """The bucket of the pair that each token ends; 0 where it ends none that is in the table."""
    first, second, _ = _neighbours(texts)
    buckets = bucket_of(first.astype(np.int64), second)
    found = table[buckets] == key_of(first.astype(np.int64), second, vocabulary_size)
    return type(texts)(np.where(found, buckets, 0).astype(np.int32), texts.starts)


def _neighbours(texts: Texts) -> tuple[Ints, Ints, npt.NDArray[np.int64]]:
    """Of each token: the one before it in its text (`PAD_ID` for the first), itself, and its text."""
    first = np.zeros_like(texts.ids)
    first[1:] = texts.ids[:-1]
    starts = texts.starts[:-1]
    first[starts[starts < len(first)]] = PAD_ID
    return first, texts.ids, texts.text_of_token()

SEGMENT: Final = 64
"""Tokens of a segment. The LSTM begins anew in each: what a word means in its sentence does not need more, and what
the review says as a whole is the pooling's part. Johnson & Zhang (ICML 2016) cut reviews to 50 to 100 words alike."""


EMBEDDING_GAIN: Final = 5.0
"""What the mean of the embeddings is multiplied by, so that its weights are learned as fast as those of the states."""


def pair_size(recipe: Recipe) -> int:
    """Numbers a pair of words."""
    return max(1, recipe.embedding_size // 2)


def flagship_network(recipe: Recipe, dropout: float = 0.0, topics: int = 0) -> Any:  # noqa: C901 (seven small layers)
    """The network, not compiled.

    Args:
        recipe: its sizes.
        dropout: share of the numbers of each word, and of what is pooled, that are zeroed in training.
        topics: numbers of a document vector that it is to give besides, for training only; 0 for none.

    Returns:
        A `keras.Model` from ids (B, T), padding behind the words and T a multiple of `SEGMENT`, to logits (B, 1), and
        the numbers of a document vector behind the logit, (B, 1 + topics).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops

    class Pairs(layers.Layer):  # type: ignore[name-defined]
        """The bucket of the pair that each token ends, 0 where it is not in the table: ids (B, T) to (B, T)."""

        def build(self, ids_shape: tuple[int | None, ...]) -> None:
            del ids_shape
            shape, none = (BUCKETS + 1,), keras.initializers.Constant(NO_KEY)
            self.table = self.add_weight(shape=shape, initializer=none, dtype="int32", trainable=False, name="table")

        def call(self, ids: Any) -> Any:
            before = ops.pad(ids, [[0, 0], [1, 0]])[:, :-1]
            bucket = bucket_of(before, ids)
            found = ops.equal(ops.take(self.table, bucket), key_of(before, ids, recipe.vocabulary_size))
            return ops.where(found, bucket, 0)

    class Reversed(layers.Layer):  # type: ignore[name-defined]
        """What belongs to each segment's tokens in reverse, padding still behind: ids and values (B, T) to (B, T)."""

        def call(self, ids: Any, values: Any) -> Any:
            segments = ops.reshape(ids, (-1, SEGMENT))  # (B T / S, S)
            lengths = ops.sum(ops.cast(ops.not_equal(segments, PAD_ID), "int32"), axis=1, keepdims=True)
            places = ops.reshape(ops.arange(SEGMENT, dtype="int32"), (1, SEGMENT))
            reverse = ops.where(places < lengths, lengths - 1 - places, places)
            values = ops.take_along_axis(ops.reshape(values, (-1, SEGMENT)), reverse, axis=1)
            return ops.reshape(values, ops.shape(ids))

        def compute_output_spec(self, ids: Any, values: Any) -> Any:  # JAX cannot divide a length that it does not know
            del ids
            return keras.KerasTensor(values.shape, values.dtype)

    class IsToken(layers.Layer):  # type: ignore[name-defined]
        """1 where a token is, 0 where padding is: ids (B, T) to (B, T)."""

        def call(self, ids: Any) -> Any:
            return ops.cast(ops.not_equal(ids, PAD_ID), "float32")

    class SegmentedLSTM(layers.Layer):  # type: ignore[name-defined]
        """The states of an LSTM that begins anew in each segment: (B, T, E) to (B, T, H).

        Padding stands behind a segment's tokens, so that no state of a token depends on it, and no mask is needed,
        which would cost half of the time.
        """

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.lstm = layers.LSTM(units, return_sequences=True, name="lstm")

        def build(self, embedded_shape: tuple[int | None, ...]) -> None:
            self.lstm.build((None, SEGMENT, embedded_shape[-1]))

        def call(self, embedded: Any) -> Any:
            segments = ops.reshape(embedded, (-1, SEGMENT, embedded.shape[-1]))  # (B T / S, S, E)
            return ops.reshape(self.lstm(segments), (ops.shape(embedded)[0], -1, self.units))

        def compute_output_spec(self, embedded: Any) -> Any:
            return keras.KerasTensor((*embedded.shape[:2], self.units))

    class PoolTokens(layers.Layer):  # type: ignore[name-defined]
        """Mean and maximum over the tokens: states (B, T, H) and is_token (B, T) to (B, 2 H).

        Both are the same in whichever order the tokens come, so the backward states are never put back into theirs.
        """

        def call(self, states: Any, is_token: Any) -> Any:
            is_token = is_token[..., None]
            mean = _mean(ops, states, is_token)
            # States are within -1 and 1, so that padding, moved down by 4, is never the largest.
            return ops.concatenate([mean, ops.max(states + 4.0 * (is_token - 1.0), axis=1)], axis=-1)

    class MeanEmbedding(layers.Layer):  # type: ignore[name-defined]
        """Mean of what is read, scaled up: (B, T, E) and is_token (B, T) to (B, E)."""

        def call(self, read: Any, is_token: Any) -> Any:
            return EMBEDDING_GAIN * _mean(ops, read, is_token[..., None])

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    pairs = Pairs(name="pairs")(ids)
    is_token = IsToken(name="is_token")(ids)
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
    reverse, both = Reversed(name="reversed"), layers.Concatenate(name="read")
    drop = layers.SpatialDropout1D(dropout, name="word_dropout")
    pool = PoolTokens(name="pool")
    ahead = both([embedding(ids), pair_embedding(pairs)])  # (B, T, 3 E / 2)
    back = both([embedding(reverse(ids, ids)), pair_embedding(reverse(ids, pairs))])
    features = [
        pool(SegmentedLSTM(recipe.units, name=direction)(drop(read)), is_token)  # (B, 2 H)
        for direction, read in (("forward", ahead), ("backward", back))
    ]
    features.append(MeanEmbedding(name="mean_embedding")(ahead, is_token))  # (B, 3 E / 2)
    features = layers.Dropout(dropout, name="dropout")(layers.Concatenate(name="features")(features))
    logit = layers.Dense(1, name="dense")(features)  # (B, 1)
    if not topics:
        return keras.Model(ids, logit, name=recipe.name)
    topic = layers.Dense(topics, name="topics")(features)
    return keras.Model(ids, layers.Concatenate(name="targets")([logit, topic]), name=recipe.name)


def _mean(ops: Any, values: Any, is_token: Any) -> Any:
    """Mean over the tokens: values (B, T, F) and is_token (B, T, 1) to (B, F)."""
    return ops.sum(values * is_token, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1.0)

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
        # The bucket of the pair that each token ends: see `imdbsent.training.architectures.flagship`.
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
