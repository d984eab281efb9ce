"""A model of the tutorials' kind, its network written as this version of imdbsent writes it.

A graph is written when a model is trained, and a later version may write a better one: one that shows more, or that
runs faster. The weights are all that training made; so they are taken as they are, and no training is needed.

From a trained Keras network to a bundle that ONNX Runtime answers with.

The graph holds the LSTM operator itself. The network of the tutorials has no mask and reads the padding in front of a
review, but the state after k paddings does not depend on the review: it is tabulated here once, and the graph starts
each review from the row of the paddings that it would have had. So no padding is ever computed when answering.
"""

from __future__ import annotations

import itertools
import platform
import shutil
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent import __version__
from imdbsent.bundle.bundle import (
    HISTORY,
    MODEL,
    NETWORK,
    VOCABULARY,
    Bundle,
    Layer,
    ModelCard,
    file_sha256,
    write_card,
)
from imdbsent.classify.engine import Engine
from imdbsent.classify.lstm import WEIGHTS, LSTMWeights, unroll
from imdbsent.errors import LayersHidden
from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.base import keras_weights, reads_padding
from imdbsent.training.progress import write_history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.bundle.bundle import Metrics
    from imdbsent.training.calibration import Calibration
    from imdbsent.training.run import Trained

    Array = npt.NDArray[np.float32]


OPSET: Final = 17
IR_VERSION: Final = 8  # what onnxruntime 1.12 and later read

_EPOCH: Final = "the last epoch"
_LIBRARIES = ("imdbsent", "keras", "tensorflow", "jax", "torch", "numpy", "onnx", "onnxruntime")


def write_bundle(
    directory: Path,
    trained: Trained,
    *,
    name: str,
    data_sha256: str,
    calibrate: Callable[[Bundle], Calibration | None] = lambda _bundle: None,
    measure: Callable[[Bundle], tuple[Metrics, ...]],
) -> Bundle:
    """Write a trained network as a bundle.

    Args:
        directory: an empty folder.
        trained: what training gave.
        name: the model's name.
        data_sha256: hash of the reviews it was trained on.
        calibrate: gives the temperature of the bundle as written, whose own is 1; None leaves it so.
        measure: measures the bundle with its temperature; its figures go into the card.

    Returns:
        The bundle.

    Raises:
        OSError: it cannot be written.
        TrainingUnavailable: onnx is not installed.
    """
    recipe = trained.recipe
    import_library("onnx").save(_to_onnx(trained), str(directory / MODEL))
    trained.vocabulary.write(directory / VOCABULARY)
    write_history(directory / HISTORY, trained.history)
    files = [MODEL, VOCABULARY, HISTORY]
    if recipe.scheme == "keras":  # the flagship's is four times its model.onnx, and can be made again from that
        trained.network.save(directory / NETWORK)
        files.append(NETWORK)
    card = ModelCard(
        name=name,
        version=1,
        scheme=recipe.scheme,
        num_words=recipe.vocabulary_size,
        maximum_length=recipe.maximum_length,
        temperature=1.0,
        threshold=0.5,
        layers=tuple(_layer(layer) for layer in trained.network.layers if type(layer).__name__ != "InputLayer"),
        metrics=(),
        chosen_by=f"{_EPOCH}; nothing was chosen",
        history=trained.history,
        recipe=asdict(recipe) | dict(trained.settings),
        seed=trained.seed,
        data_sha256=data_sha256,
        versions=versions(),
        files={file: file_sha256(directory / file) for file in files},
    )
    bundle = write_card(directory, card)
    calibration = calibrate(bundle)
    if calibration is not None:
        chosen_by = f"{_EPOCH}; the temperature on the {calibration.texts:,} validation texts"
        bundle = write_card(directory, replace(card, temperature=calibration.temperature, chosen_by=chosen_by))
    return write_card(directory, replace(bundle.card, metrics=measure(bundle)))


def _to_onnx(trained: Trained) -> Any:
    if trained.recipe.scheme == "keras":
        return classic_to_onnx(trained.network, trained.recipe.maximum_length)
    from imdbsent.training.architectures.flagship import flagship_to_onnx  # it imports this module

    return flagship_to_onnx(trained.network)


def classic_to_onnx(network: Any, maximum_length: int) -> Any:
    """The tutorials' network as an ONNX graph; see `graph_of_weights`.

    Args:
        network: `keras.Sequential` of Embedding, LSTM and Dense, of which the first says whether padding is masked.
        maximum_length: ids a review was cut and padded to in training.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    weights = [array for layer in network.layers for array in layer.get_weights()]
    return graph_of_weights(network.name, weights, maximum_length, is_masked=network.layers[0].mask_zero)


def graph_of_weights(name: str, weights: Sequence[Array], maximum_length: int, *, is_masked: bool) -> Any:
    """The weights of the tutorials' network as an ONNX graph.

    Inputs: `ids`, int32 (B, T), each review's ids at the left, anything after them; `lengths`, int32 (B,), the ids of
    each, 1 to `maximum_length`. Output: `logit`, float32 (B,), the sigmoid of which is the probability of positive.
    A second output, `hidden`, float32 (T, 1, B, H), is the hidden state after each id (zeros after a review's last),
    for whoever wants to watch; it is as the LSTM operator gives it, because a Squeeze would copy all of it each time.
    The weights are outputs too, under the names in `imdbsent.classify.lstm.WEIGHTS`: whoever wants to look inside the
    network needs nothing but ONNX Runtime, and asks for them by name.

    Args:
        name: the graph's.
        weights: in Keras's order: embedding (V, E); kernel (E, 4H), recurrent kernel (H, 4H) and bias (4H,) of the
            LSTM; kernel (H, 1) and bias (1,) of the head.
        maximum_length: ids a review was cut and padded to in training.
        is_masked: whether the network does not read the padding.

    Returns:
        A checked `onnx.ModelProto`.

    Raises:
        TrainingUnavailable: onnx is not installed.
    """
    onnx = import_library("onnx")
    helper, types = import_library("onnx.helper"), onnx.TensorProto
    embedding, kernel, recurrent_kernel, bias, dense_kernel, dense_bias = weights
    if is_masked:  # padding is not read, so the state before the first word is always zero
        hidden = cell = np.zeros((maximum_length + 1, recurrent_kernel.shape[0]), np.float32)
    else:
        hidden, cell = padding_states(embedding[PAD_ID], kernel, recurrent_kernel, bias, maximum_length)
    constants = {
        "embedding": embedding,  # (vocabulary_size, E)
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
    node = helper.make_node
    units = recurrent_kernel.shape[0]
    nodes = [
        node("Transpose", ["ids"], ["steps"], perm=[1, 0]),  # (T, B)
        node("Gather", ["embedding", "steps"], ["sequence"]),  # (T, B, E)
        node("Sub", ["maximum_length", "lengths"], ["paddings"]),  # (B,)
        node("Gather", ["padding_hidden", "paddings"], ["hidden_rows"]),  # (B, H)
        node("Gather", ["padding_cell", "paddings"], ["cell_rows"]),
        node("Unsqueeze", ["hidden_rows", "axis_0"], ["initial_h"]),  # (1, B, H)
        node("Unsqueeze", ["cell_rows", "axis_0"], ["initial_c"]),
        node(
            "LSTM",
            ["sequence", "W", "R", "B", "lengths", "initial_h", "initial_c"],
            ["hidden", "last_hidden"],  # (T, 1, B, H), (1, B, H)
            hidden_size=units,
        ),
        node("MatMul", ["last_hidden", "dense_kernel"], ["product"]),  # (1, B, 1)
        node("Add", ["product", "dense_bias"], ["logits"]),
        node("Squeeze", ["logits", "axes_0_2"], ["logit"]),  # (B,)
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [
            helper.make_tensor_value_info("ids", types.INT32, ["batch", "length"]),
            helper.make_tensor_value_info("lengths", types.INT32, ["batch"]),
        ],
        [
            helper.make_tensor_value_info("logit", types.FLOAT, ["batch"]),
            helper.make_tensor_value_info("hidden", types.FLOAT, ["length", 1, "batch", units]),
            *(helper.make_tensor_value_info(key, types.FLOAT, constants[key].shape) for key in WEIGHTS),
        ],
        [import_library("onnx.numpy_helper").from_array(value, key) for key, value in constants.items()],
    )
    return checked_model(graph)


def checked_model(graph: Any) -> Any:
    """A graph as a model of the version that the engine reads, after ONNX's own check.

    Args:
        graph: an `onnx.GraphProto`.

    Returns:
        An `onnx.ModelProto`.
    """
    onnx, helper = import_library("onnx"), import_library("onnx.helper")
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="imdbsent",
        producer_version=__version__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def padding_states(
    embedded_pad: Array, kernel: Array, recurrent_kernel: Array, bias: Array, length: int
) -> tuple[Array, Array]:
    """The state of the LSTM after 0, 1, ... `length` paddings; see `imdbsent.classify.lstm.lstm_step`.

    Args:
        embedded_pad: embedding of the padding, shape (E,).
        kernel: weights from the input to the gates, shape (E, 4H), in Keras's order: input, forget, cell, output.
        recurrent_kernel: weights from the last hidden state to the gates, shape (H, 4H).
        bias: of the gates, shape (4H,).
        length: how many paddings to go through.

    Returns:
        Hidden states and cell states, each of shape (length + 1, H); row k after k paddings.
    """
    x, w, r, b = (  # in float64: 500 steps of float32 would add up their rounding
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


def onnx_gates(weights: Array) -> Array:
    """Reorder the gates along the first axis: Keras has input, forget, cell, output; ONNX puts output second."""
    i, f, c, o = np.split(weights, 4)
    return np.concatenate([i, o, f, c])


def versions() -> dict[str, str]:
    """The Python and the libraries that train and export here, and Keras's backend."""
    backend = import_library("keras").backend.backend()
    installed = dict(filter(None, map(_version, _LIBRARIES)))
    return {"python": platform.python_version(), **installed, "keras backend": backend}


def _layer(layer: Any) -> Layer:
    return Layer(layer.name, type(layer).__name__, tuple(layer.output.shape), int(layer.count_params()))


def _version(library: str) -> tuple[str, str] | None:
    try:
        return library, version(library)
    except PackageNotFoundError:
        return None


def renew(bundle: Bundle, directory: Path) -> Bundle:
    """Write a model anew: the same weights, words and figures, the graph of this version, and the next version number.

    Args:
        bundle: a model of the tutorials' kind.
        directory: an empty folder.

    Returns:
        The bundle in that folder.

    Raises:
        LayersHidden: the model is of another kind.
        BundleInvalid: a file of it is missing or damaged.
        TrainingUnavailable: onnx is not installed.
        OSError: it cannot be written.
    """
    card = bundle.verify().card
    onnx = import_library("onnx")
    try:
        weights = Engine(bundle.checked(MODEL), threads=1).weights()
    except LayersHidden as error:
        raise LayersHidden(error.model, "the same command without --renew") from error
    graph = graph_of_weights(
        card.name, keras_weights(weights), card.maximum_length, is_masked=not reads_padding(weights)
    )
    for file in card.files:
        if file != MODEL:
            shutil.copyfile(bundle.directory / file, directory / file)
    onnx.save(graph, str(directory / MODEL))
    files = card.files | {MODEL: file_sha256(directory / MODEL)}
    return write_card(directory, replace(card, version=card.version + 1, files=files))
