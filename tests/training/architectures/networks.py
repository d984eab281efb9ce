"""A small network far from where it begins, and its states computed by Keras's own bidirectional LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imdbsent.training.architectures.flagship import EMBEDDING_GAIN, SEGMENT, flagship_network
from imdbsent.training.recipes import Recipe
from imdbsent.training.word_pairs import frequent_pairs
from tests.training.architectures.small import SMALL, random_texts

Floats = npt.NDArray[np.float32]


def grown(recipe: Recipe = SMALL) -> Any:
    """A network whose weights are all far from zero, and whose table holds about a third of all pairs."""
    generator = np.random.default_rng(5)
    network = flagship_network(recipe)
    for layer in network.layers:
        if layer.name == "pairs":
            size = recipe.vocabulary_size
            layer.set_weights([frequent_pairs(random_texts([1_500], size, 8), np.array([0]), size, 1)])
        else:
            shapes = [weight.shape for weight in layer.get_weights()]
            layer.set_weights([generator.normal(0, 0.5, shape).astype(np.float32) for shape in shapes])
    return network


def read_and_states(network: Any, ids: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
    """What is read of each token of one text without padding, (T, 3 E / 2), and its states, (T, 2 H)."""
    import keras

    pairs = network.get_layer("pairs")(ids[None])
    parts = [network.get_layer("embedding")(ids[None]), network.get_layer("pair_embedding")(pairs)]
    read = np.concatenate([np.array(part) for part in parts], axis=2)
    both = keras.layers.Bidirectional(keras.layers.LSTM(network.get_layer("forward").units, return_sequences=True))
    both.build((None, None, read.shape[2]))
    both.set_weights([*network.get_layer("forward").get_weights(), *network.get_layer("backward").get_weights()])
    segments = [read[:, start : start + SEGMENT] for start in range(0, len(ids), SEGMENT)]
    return read[0], np.concatenate([np.array(both(segment))[0] for segment in segments])


def pooled(read: Floats, states: Floats) -> Floats:
    """What the linear layer reads, as the documentation has it."""
    directions = np.split(states, 2, axis=1)
    of_states = [part for states in directions for part in (states.mean(axis=0), states.max(axis=0))]
    return np.concatenate([*of_states, EMBEDDING_GAIN * read.mean(axis=0)])
