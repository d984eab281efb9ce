"""A model of the tutorials' kind, its network written as this version of imdbsent writes it.

A graph is written when a model is trained, and a later version may write a better one: one that shows more, or that
runs faster. The weights are all that training made; so they are taken as they are, and no training is needed.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from imdbsent.bundle import MODEL, Bundle, file_sha256, write_card
from imdbsent.engine import Engine
from imdbsent.errors import LayersHidden
from imdbsent.training import import_library
from imdbsent.training.base import keras_weights, reads_padding
from imdbsent.training.export import graph_of_weights

if TYPE_CHECKING:
    from pathlib import Path


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
