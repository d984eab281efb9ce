"""A model that is there, as the beginning of a training run.

Its weights are read out of the graph that answers, so nothing that Keras wrote needs to be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.bundle.bundle import MODEL, VOCABULARY
from imdbsent.classify.engine import Engine
from imdbsent.errors import BundleInvalid, LayersHidden
from imdbsent.models import store
from imdbsent.text.tokenizer import Vocabulary
from imdbsent.training.request import BaseModel

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.classify.lstm import NetworkWeights
    from imdbsent.training.recipes import Recipe


@dataclass(frozen=True)
class Base:
    """A trained network that training goes on from.

    Attributes:
        vocabulary: its words.
        weights: in Keras's order: embedding (V, E); kernel (E, 4H), recurrent kernel (H, 4H) and bias (4H,) of the
            LSTM; kernel (H, 1) and bias (1,) of the head.
    """

    vocabulary: Vocabulary
    weights: tuple[npt.NDArray[np.float32], ...]


def of_model(model: str, recipe: Recipe) -> tuple[BaseModel, Recipe]:
    """A model to start from, and a recipe with its sizes.

    Args:
        model: name or folder.
        recipe: how to train; its sizes do not count.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: it is damaged.
        LayersHidden: it is not of the tutorials' kind.
    """
    bundle = store.locate(model)
    try:
        weights = Engine(bundle.checked(MODEL), threads=1).weights()
    except LayersHidden as error:
        raise LayersHidden(error.model, "imdbsent train --from classic") from error
    sizes = replace(
        recipe,
        scheme=bundle.card.scheme,
        vocabulary_size=bundle.card.num_words,
        maximum_length=bundle.card.maximum_length,
        embedding_size=weights.embedding.shape[1],
        units=weights.lstm.units,
        bucketed=not reads_padding(weights),
    )
    name = str(bundle.directory.absolute()) if store.is_path(model) else model
    return BaseModel(name, bundle.card.files[MODEL]), sizes


def read_base(base: BaseModel) -> Base:
    """The words and the weights of a model.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: a file of it is missing or damaged, or the model is not the one that was meant.
    """
    bundle = store.locate(base.model)
    if bundle.card.files[MODEL] != base.sha256:
        raise BundleInvalid(bundle.directory, "it is not the model that the training began with")
    weights = Engine(bundle.checked(MODEL), threads=1).weights()
    return Base(Vocabulary.read(bundle.checked(VOCABULARY)), keras_weights(weights))


def keras_weights(weights: NetworkWeights) -> tuple[npt.NDArray[np.float32], ...]:
    """The weights of a network in Keras's order; see `Base`."""
    arrays = (
        weights.embedding,
        keras_gates(weights.lstm.W).T,
        keras_gates(weights.lstm.R).T,
        keras_gates(weights.lstm.b),
        weights.dense_kernel[:, None],
        np.array([weights.dense_bias]),
    )
    return tuple(np.ascontiguousarray(array, np.float32) for array in arrays)


def reads_padding(weights: NetworkWeights) -> bool:
    """Whether a network has no mask: padding that is read moves the state."""
    return bool(weights.padding_hidden.any())


def keras_gates(weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reorder the gates along the first axis back: ONNX has input, output, forget, cell."""
    i, o, f, c = np.split(weights, 4)
    return np.concatenate([i, f, c, o])
