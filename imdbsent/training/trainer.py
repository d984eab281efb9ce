"""Labelled texts in, a trained network and its history out; from the beginning, or from a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.dataset.keras_ids import rank_words
from imdbsent.tokenizer import KerasTokenizer
from imdbsent.training import import_library
from imdbsent.training.batches import Split, cut_to
from imdbsent.training.checkpoint import Variables
from imdbsent.training.loop import Loop, State
from imdbsent.training.networks import as_answering, build_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from imdbsent.bundle import Epoch
    from imdbsent.records.examples import Example
    from imdbsent.tokenizer import Vocabulary
    from imdbsent.training.base import Base
    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.data import TrainingData
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe

    Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Attributes:
        recipe: how it was trained.
        seed: seed of the weights and of the order of the batches.
        network: the trained `keras.Sequential`, of Keras's own layers; the flagship's `keras.Model`.
        vocabulary: the words of the texts it learned from, or those of its base.
        history: each epoch.
        settings: what else decided it than the recipe's fields, for the card.
    """

    recipe: Recipe
    seed: int
    network: Any
    vocabulary: Vocabulary
    history: tuple[Epoch, ...]
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def train(
    recipe: Recipe,
    seed: int,
    data: TrainingData,
    *,
    progress: TrainingProgress,
    base: Base | None = None,
    start: Checkpoint | None = None,
    save: Callable[[State, Variables], None] = lambda _state, _variables: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a network, showing the validation texts after each epoch; nothing is chosen by them.

    Args:
        recipe: how to train.
        seed: same seed, same machine: same weights.
        data: the labelled texts.
        progress: is told of each batch and epoch.
        base: a network to begin with; None for random weights.
        start: where an earlier run stopped; None to begin.
        save: keeps a checkpoint; it is called after each epoch, and before a stop.
        stop: whether someone has asked to stop.

    Returns:
        The network after the last epoch.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
        TrainingStopped: it was asked to; a checkpoint has been saved.
        ValueError: `start` is of another network.
    """
    keras = import_library("keras")
    vocabulary = base.vocabulary if base else rank_words(example.text for example in data.train)
    tokenizer = KerasTokenizer(vocabulary, recipe.vocabulary_size, recipe.maximum_length)
    keras.utils.set_random_seed(seed)
    network = build_network(recipe)
    if base:
        network.set_weights(list(base.weights))
    state = State()
    if start:
        state = start.head.state
        assign(network.variables, start.variables.network)
        assign(network.optimizer.variables, start.variables.optimizer)
    history = Loop(
        network,
        recipe,
        seed,
        encode(tokenizer, recipe, data.train),
        encode(tokenizer, recipe, data.validation),
        progress=progress,
        save=lambda state: save(state, variables_of(network)),
        stop=stop,
    ).run(state)
    return Trained(recipe, seed, as_answering(network, recipe), vocabulary, history)


def encode(tokenizer: KerasTokenizer, recipe: Recipe, examples: Sequence[Example]) -> Split:
    """Labelled texts as the network reads them."""
    return Split(
        ids=tuple(cut_to(tokenizer.encode(example.text), recipe.maximum_length) for example in examples),
        labels=np.array([example.label for example in examples], np.float32),
        maximum_length=recipe.maximum_length,
        bucketed=recipe.bucketed,
    )


def variables_of(network: Any) -> Variables:
    """The numbers of a compiled network, for a checkpoint."""
    return Variables(_values(network.variables), _values(network.optimizer.variables))


def _values(variables: Iterable[Any]) -> Arrays:
    to_numpy = import_library("keras").ops.convert_to_numpy
    return tuple(np.array(to_numpy(variable)) for variable in variables)


def assign(variables: Sequence[Any], values: Arrays) -> None:
    """Give variables their values.

    Raises:
        ValueError: their shapes are others.
    """
    shapes, given = [tuple(variable.shape) for variable in variables], [value.shape for value in values]
    if shapes != given:
        raise ValueError("its network is another one")
    for variable, value in zip(variables, values):
        variable.assign(value)
