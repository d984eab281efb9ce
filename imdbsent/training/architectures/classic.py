"""The LSTM of the tutorials: word embeddings, one LSTM, one sigmoid on its last hidden state.

Its graph holds ONNX's own LSTM operator. The tutorials' network has no mask, so it also reads the padding before a
review. But the state after k pads does not depend on the review: it is tabulated once, and the graph starts each review
from the row for the padding it would have had. So no padding is computed to answer.

Shapes: B reviews per batch, T ids per review, V ids in the vocabulary, E embedding size, H units of the LSTM.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.classify.lstm import WEIGHTS, LSTMWeights, NetworkWeights, unroll
from imdbsent.errors import LayersHidden
from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training.architectures import Architecture
from imdbsent.training.backend import import_library
from imdbsent.training.onnx_graph import keras_gates, make_model, onnx_gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.training.recipes import Recipe

    Array = npt.NDArray[np.float32]

_FLOAT32: Final = 4  # bytes
_START_ELSEWHERE: Final = "the same command with --from flagship"


class Classic(Architecture):
    """The LSTM of the tutorials, with padding before the text as they have it, or with batches of similar length."""

    tokenizer = "keras"
    keeps_network = True

    def build(self, recipe: Recipe, dropout: float = 0.0) -> Any:
        """Build the network: `exported_network`, or with `recipe.bucketed` one that needs no mask while it trains."""
        del dropout
        return _bucketed_network(recipe) if recipe.bucketed else exported_network(recipe)

    def without_training_parts(self, network: Any, recipe: Recipe) -> Any:
        """The same weights in Keras's own layers, without the optimizer.

        Adam's moments would triple the size of its file, and loading it would need our classes.
        """
        exported = exported_network(recipe)
        exported.set_weights(network.get_weights())
        return exported

    def to_onnx(self, network: Any, recipe: Recipe) -> Any:
        """Write the network as a graph; see `graph_of_weights`."""
        return classic_to_onnx(network, recipe.maximum_length)

    def size(self, recipe: Recipe) -> int:
        """Bytes of the embedding, the LSTM, the two tables of states after padding, and the head, all in float32."""
        units = recipe.units
        embedding = recipe.vocabulary_size * recipe.embedding_size
        lstm = 4 * units * (recipe.embedding_size + units + 2)  # ONNX has two biases
        padding_states = 2 * units * (recipe.maximum_length + 1)
        return _FLOAT32 * (embedding + lstm + padding_states + units + 1)

    def rebuild_onnx(self, bundle: Bundle) -> Any:
        """The graph, from the weights that the model's own graph has as outputs."""
        weights = _weights_of(bundle, "the same command without --re-export")
        card = bundle.card
        is_masked = not _reads_padding(weights)
        return graph_of_weights(card.name, _keras_weights(weights), card.maximum_length, is_masked=is_masked)

    def weights_of(self, bundle: Bundle) -> tuple[Array, ...]:
        """The weights in Keras's order; see `graph_of_weights`."""
        return _keras_weights(_weights_of(bundle, _START_ELSEWHERE))

    def with_sizes_of(self, bundle: Bundle, recipe: Recipe) -> Recipe:
        """A recipe with the sizes of a model, and with padding masked if the model masks it."""
        weights = _weights_of(bundle, _START_ELSEWHERE)
        return replace(
            recipe,
            vocabulary_size=bundle.card.num_words,
            maximum_length=bundle.card.maximum_length,
            embedding_size=weights.embedding.shape[1],
            units=weights.lstm.units,
            bucketed=not _reads_padding(weights),
        )


ARCHITECTURE = Classic()


def exported_network(recipe: Recipe) -> Any:
    """The network of the tutorials, in Keras's own layers.

    Without a mask, it reads the padding before a review, as in the tutorials. With `recipe.bucketed`, the mask of the
    embedding makes Keras skip padding.

    Args:
        recipe: its sizes, and whether padding is masked.

    Returns:
        A `keras.Sequential`, not compiled, from ids (B, T) to the probability of positive (B, 1).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    import_library("keras")
    import keras
    from keras import layers

    length = None if recipe.bucketed else recipe.maximum_length
    return keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),  # (B, T)
            layers.Embedding(  # (B, T, E)
                recipe.vocabulary_size, recipe.embedding_size, mask_zero=recipe.bucketed, name="embedding"
            ),
            layers.LSTM(recipe.units, name="lstm"),  # (B, H)
            layers.Dense(1, activation="sigmoid", name="dense"),  # (B, 1)
        ],
        name=recipe.name,
    )


def _bucketed_network(recipe: Recipe) -> Any:
    """The same network for padding that follows the words: it answers from the state after the last word."""
    import_library("keras")
    import keras
    from keras import layers

    from imdbsent.training.layers import LastState

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    embedded = layers.Embedding(recipe.vocabulary_size, recipe.embedding_size)(ids)  # (B, T, E)
    states = layers.LSTM(recipe.units, return_sequences=True)(embedded)  # (B, T, H)
    probability = layers.Dense(1, activation="sigmoid")(LastState()(states, ids))  # (B, 1)
    return keras.Model(ids, probability, name=recipe.name)


def classic_to_onnx(network: Any, maximum_length: int) -> Any:
    """Write a network as an ONNX graph; see `graph_of_weights`.

    Args:
        network: what `exported_network` returned; its embedding says whether padding is masked.
        maximum_length: number of ids that a review was cut and padded to in training.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    weights = [array for layer in network.layers for array in layer.get_weights()]
    return graph_of_weights(network.name, weights, maximum_length, is_masked=network.layers[0].mask_zero)


def graph_of_weights(name: str, weights: Sequence[Array], maximum_length: int, *, is_masked: bool) -> Any:
    """Write weights as an ONNX graph.

    Inputs: `ids`, int32 (B, T), each review's ids first, anything after them; `lengths`, int32 (B,), the number of ids
    of each review, 1 to `maximum_length`. Output: `logit`, float32 (B,); its sigmoid is the probability of positive.

    A second output, `hidden`, float32 (T, 1, B, H), is the hidden state after each id (zeros after the last), for
    `imdbsent inspect`. It keeps the axes of the LSTM operator: a Squeeze would copy all of it each time. The weights
    are outputs too, under the names in `imdbsent.classify.lstm.WEIGHTS`, so that ONNX Runtime is enough to read them.

    Args:
        name: name of the graph.
        weights: in Keras's order: embedding (V, E); kernel (E, 4H), recurrent kernel (H, 4H) and bias (4H,) of the
            LSTM; kernel (H, 1) and bias (1,) of the head.
        maximum_length: number of ids that a review was cut and padded to in training.
        is_masked: whether the network skips padding.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    import_library("onnx")
    from onnx import TensorProto

    embedding, kernel, recurrent_kernel, bias, dense_kernel, dense_bias = weights
    units = recurrent_kernel.shape[0]
    if is_masked:  # the state before the first word is always zero
        hidden = cell = np.zeros((maximum_length + 1, units), np.float32)
    else:
        hidden, cell = padding_states(embedding[PAD_ID], kernel, recurrent_kernel, bias, maximum_length)
    constants = {
        "embedding": embedding,  # (V, E)
        "W": onnx_gates(kernel.T)[None],  # (1, 4H, E)
        "R": onnx_gates(recurrent_kernel.T)[None],  # (1, 4H, H)
        "B": np.concatenate([onnx_gates(bias), np.zeros_like(bias)])[None],  # (1, 8H)
        "padding_hidden": hidden,  # (maximum_length + 1, H)
        "padding_cell": cell,
        "dense_kernel": dense_kernel,  # (H, 1)
        "dense_bias": dense_bias,  # (1,)
        "maximum_length": np.array(maximum_length, np.int32),
        "axis_0": np.array([0], np.int64),
        "axes_0_2": np.array([0, 2], np.int64),
    }
    nodes = [
        ("Transpose", ["ids"], ["steps"], {"perm": [1, 0]}),  # (T, B)
        ("Gather", ["embedding", "steps"], ["sequence"], {}),  # (T, B, E)
        ("Sub", ["maximum_length", "lengths"], ["paddings"], {}),  # (B,)
        ("Gather", ["padding_hidden", "paddings"], ["hidden_rows"], {}),  # (B, H)
        ("Gather", ["padding_cell", "paddings"], ["cell_rows"], {}),
        ("Unsqueeze", ["hidden_rows", "axis_0"], ["initial_h"], {}),  # (1, B, H)
        ("Unsqueeze", ["cell_rows", "axis_0"], ["initial_c"], {}),
        (
            "LSTM",
            ["sequence", "W", "R", "B", "lengths", "initial_h", "initial_c"],
            ["hidden", "last_hidden"],  # (T, 1, B, H), (1, B, H)
            {"hidden_size": units},
        ),
        ("MatMul", ["last_hidden", "dense_kernel"], ["product"], {}),  # (1, B, 1)
        ("Add", ["product", "dense_bias"], ["logits"], {}),
        ("Squeeze", ["logits", "axes_0_2"], ["logit"], {}),  # (B,)
    ]
    outputs = [
        ("logit", TensorProto.FLOAT, ["batch"]),
        ("hidden", TensorProto.FLOAT, ["length", 1, "batch", units]),
        *((key, TensorProto.FLOAT, constants[key].shape) for key in WEIGHTS),
    ]
    return make_model(name, nodes, constants, outputs)


def padding_states(
    embedded_pad: Array, kernel: Array, recurrent_kernel: Array, bias: Array, length: int
) -> tuple[Array, Array]:
    """The states of the LSTM after 0, 1, ... `length` pads; see `imdbsent.classify.lstm.lstm_step`.

    Args:
        embedded_pad: embedding of the padding, shape (E,).
        kernel: weights from the input to the gates, shape (E, 4H), in Keras's order: input, forget, cell, output.
        recurrent_kernel: weights from the previous hidden state to the gates, shape (H, 4H).
        bias: bias of the gates, shape (4H,).
        length: the most pads.

    Returns:
        Hidden states and cell states, each of shape (length + 1, H); row k after k pads.
    """
    x, w, r, b = (  # in float64: over 500 steps, float32 would add up its rounding errors
        np.asarray(value, np.float64)
        for value in (embedded_pad, onnx_gates(kernel.T), onnx_gates(recurrent_kernel.T), onnx_gates(bias))
    )
    weights = LSTMWeights(W=w, R=r, b=b)
    zero = np.zeros(weights.units)
    steps = list(unroll(itertools.repeat(x, length), zero, zero, weights))
    return (
        np.stack([zero, *(step.hidden for step in steps)]).astype(np.float32),
        np.stack([zero, *(step.cell for step in steps)]).astype(np.float32),
    )


def _weights_of(bundle: Bundle, next_step: str) -> NetworkWeights:
    """The weights that the graph of a model has as outputs.

    Raises:
        LayersHidden: it has none; the message tells the next step.
        BundleInvalid: it is missing or damaged.
    """
    from imdbsent.classify.engine import Engine  # loads ONNX Runtime

    try:
        return Engine.of_bundle(bundle, threads=1).weights()
    except LayersHidden as error:
        raise LayersHidden(error.model, next_step) from error


def _keras_weights(weights: NetworkWeights) -> tuple[Array, ...]:
    """The weights of a network in Keras's order; see `graph_of_weights`."""
    arrays = (
        weights.embedding,
        keras_gates(weights.lstm.W).T,
        keras_gates(weights.lstm.R).T,
        keras_gates(weights.lstm.b),
        weights.dense_kernel[:, None],
        np.array([weights.dense_bias]),
    )
    return tuple(np.ascontiguousarray(array, np.float32) for array in arrays)


def _reads_padding(weights: NetworkWeights) -> bool:
    """Whether a network has no mask: then padding changes its state."""
    return bool(weights.padding_hidden.any())
