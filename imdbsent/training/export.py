"""From a trained network to a bundle that ONNX Runtime answers with, and a bundle written again by this version."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from imdbsent.bundle.bundle import HISTORY, NETWORK, Bundle, write_card
from imdbsent.bundle.card import MODEL, VOCABULARY, Layer, ModelCard
from imdbsent.files import file_sha256
from imdbsent.training.architectures import architecture
from imdbsent.training.backend import import_library
from imdbsent.training.progress import write_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from imdbsent.bundle.card import Epoch, Metrics
    from imdbsent.text.tokenizer import Vocabulary
    from imdbsent.training.calibration import Calibration
    from imdbsent.training.recipes import Recipe

_LAST_EPOCH: Final = "the last epoch"
_LIBRARIES: Final = ("imdbsent", "keras", "tensorflow", "jax", "torch", "numpy", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Trained:
    """The result of training.

    Attributes:
        recipe: how it was trained.
        seed: seed of the weights and of the order of the batches.
        network: the trained `keras.Model`, without what only training needs.
        vocabulary: the words of the texts it learned from, or those of the model it started from.
        history: each epoch.
        settings: what else decided the result, beyond the fields of the recipe; for the card.
        tokenizer: how text becomes ids; "" for the tokenizer of the architecture.
        chosen_by: which epoch the weights are from.
    """

    recipe: Recipe
    seed: int
    network: Any
    vocabulary: Vocabulary
    history: tuple[Epoch, ...]
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    tokenizer: str = ""
    chosen_by: str = _LAST_EPOCH


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
        trained: the result of training.
        name: name of the model.
        data_sha256: SHA-256 of the texts it was trained on.
        calibrate: finds the temperature of the bundle as written, whose own is 1; None keeps 1.
        measure: measures the bundle with its temperature, for the card.

    Returns:
        The bundle.

    Raises:
        OSError: it cannot be written.
        TrainingUnavailable: onnx is not installed.
    """
    recipe, network = trained.recipe, trained.network
    kind = architecture(recipe.architecture)
    import_library("onnx").save(kind.to_onnx(network, recipe), str(directory / MODEL))
    trained.vocabulary.write(directory / VOCABULARY)
    write_history(directory / HISTORY, trained.history)
    files = [MODEL, VOCABULARY, HISTORY]
    if kind.keeps_network:
        network.save(directory / NETWORK)
        files.append(NETWORK)
    card = ModelCard(
        name=name,
        version=1,
        tokenizer=trained.tokenizer or kind.tokenizer,
        architecture=recipe.architecture,
        num_words=recipe.vocabulary_size,
        maximum_length=recipe.maximum_length,
        temperature=1.0,
        threshold=0.5,
        layers=tuple(_layer(layer) for layer in network.layers if type(layer).__name__ != "InputLayer"),
        metrics=(),
        chosen_by=f"{_LAST_EPOCH}; nothing was chosen" if trained.chosen_by == _LAST_EPOCH else trained.chosen_by,
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
        chosen_by = f"{trained.chosen_by}; the temperature on the {calibration.texts:,} validation texts"
        bundle = write_card(directory, replace(card, temperature=calibration.temperature, chosen_by=chosen_by))
    return write_card(directory, replace(bundle.card, metrics=measure(bundle)))


def re_export(bundle: Bundle, directory: Path) -> Bundle:
    """Write a model again: the same weights, words and figures, the graph of this version, the next version number.

    A graph is written when a model is trained. A later version may write a better one, which shows more or runs faster;
    it needs only the weights, and no training.

    Args:
        bundle: the model.
        directory: an empty folder.

    Returns:
        The bundle in that folder.

    Raises:
        LayersHidden: the weights of the model cannot be read from its graph.
        BundleInvalid: a file of it is missing or damaged.
        TrainingUnavailable: onnx is not installed.
        OSError: it cannot be written.
    """
    card = bundle.verify().card
    onnx = import_library("onnx")
    graph = architecture(card.architecture).rebuild_onnx(bundle)
    for file in card.files:
        if file != MODEL:
            (directory / file).write_bytes(bundle.read(file))
    onnx.save(graph, str(directory / MODEL))
    files = card.files | {MODEL: file_sha256(directory / MODEL)}
    return write_card(directory, replace(card, version=card.version + 1, files=files))


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that train and export here, and Keras's backend."""
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
