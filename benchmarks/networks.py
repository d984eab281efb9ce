"""The Keras networks that the shipped models were exported from, as functions from texts to probabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.bundle.bundle import NETWORK
from imdbsent.bundle.card import MODEL
from imdbsent.classify.lstm import sigmoid
from imdbsent.text.tokenizer import load_tokenizer
from imdbsent.training.backend import import_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.evaluation.metrics import Array

_BATCH = 64  # texts of like length
_SIZES = ("vocabulary_size", "embedding_size", "units")


def keras_probabilities(bundle: Bundle, texts: Sequence[str]) -> Array:
    """The probability of positive of each text from the network in Keras, shape (texts,).

    Raises:
        TrainingUnavailable: keras or onnx is not installed.
    """
    ids = list(map(load_tokenizer(bundle).encode, texts))
    if bundle.card.architecture == "classic":
        keras = import_library("keras")
        network = keras.saving.load_model(bundle.directory / NETWORK, safe_mode=True)
        padded = keras.utils.pad_sequences(ids, maxlen=bundle.card.maximum_length)
        return np.asarray(network.predict(padded, batch_size=256, verbose=0)[:, 0], np.float64)
    return sigmoid(_flagship_logits(_flagship_network(bundle), ids) / bundle.card.temperature)


def _flagship_network(bundle: Bundle) -> Any:
    from imdbsent.training.architectures.flagship import network_from_onnx
    from imdbsent.training.recipes import RECIPES

    sizes: dict[str, Any] = {size: bundle.card.recipe[size] for size in _SIZES}
    network = network_from_onnx(bundle.directory / MODEL, replace(RECIPES["flagship"], **sizes))
    network.compile(jit_compile=False)  # XLA would compile each width of a batch again, for minutes
    return network


def _flagship_logits(network: Any, ids: Sequence[Sequence[int]]) -> Array:
    """The logits of texts, read in batches of like length that are padded at the end to whole segments."""
    from imdbsent.training.architectures.flagship import SEGMENT

    by_length = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    logits = np.zeros(len(ids))
    for start in range(0, len(ids), _BATCH):
        places = by_length[start : start + _BATCH]
        longest = len(ids[places[-1]])
        batch = np.zeros((len(places), -(-longest // SEGMENT) * SEGMENT), np.int32)
        for row, place in zip(batch, places):
            row[: len(ids[place])] = ids[place]
        logits[places] = np.asarray(network.predict_on_batch(batch))[:, 0]
    return logits
