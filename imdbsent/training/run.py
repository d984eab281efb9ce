"""From labelled texts to a bundle in its place: read, train, export, measure, publish.

Labelled texts in, a trained network and its history out; from the beginning, or from a checkpoint.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.keras_ids import rank_words
from imdbsent.errors import CheckpointInvalid
from imdbsent.evaluation import measure
from imdbsent.models import publish, store
from imdbsent.text.tokenizer import KerasTokenizer
from imdbsent.training import checkpoint as unfinished
from imdbsent.training import import_library
from imdbsent.training.architectures.classic import as_answering, build_network
from imdbsent.training.base import read_base
from imdbsent.training.calibration import calibrate
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, write_checkpoint
from imdbsent.training.data import imdb_data
from imdbsent.training.export import versions, write_bundle
from imdbsent.training.flagship.ladder import ladder_of
from imdbsent.training.loop import Loop, Split, State, cut_to
from imdbsent.training.own_data import read_own_data
from imdbsent.training.progress import stop_requested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from imdbsent.bundle.bundle import Bundle, Epoch, Metrics
    from imdbsent.reading.labelled import Example
    from imdbsent.text.tokenizer import Vocabulary
    from imdbsent.training.base import Base
    from imdbsent.training.calibration import Calibration
    from imdbsent.training.data import TrainingData
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import TrainingRequest

    Arrays = tuple[npt.NDArray[Any], ...]

logger = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class TrainingReport:
    """What came of a training run.

    Attributes:
        bundle: the model in its place.
        seconds: wall time from reading the texts to the bundle in its place.
    """

    bundle: Bundle
    seconds: float


def train_bundle(
    request: TrainingRequest,
    *,
    progress: TrainingProgress,
    start: Checkpoint | None = None,
) -> TrainingReport:
    """Train what was asked for and put the bundle into its place; nothing is ever there but a whole bundle.

    A checkpoint is written after each epoch, and when the run is asked to stop (Ctrl-C, SIGTERM); it goes when the
    bundle is in its place.

    Args:
        request: what to train, on what, and where to.
        progress: is told of each batch and epoch.
        start: the checkpoint to go on from; None to begin.

    Returns:
        The bundle, its temperature fitted on a user's own validation texts, and measured on the validation texts by
        the engine that will answer.

    Raises:
        TrainingUnavailable: a library that training needs is not installed.
        TrainingBusy: another process is training a model of that name.
        TrainingStopped: it was asked to stop.
        CheckpointInvalid: `start` is of other texts or of another network.
        DatasetInvalid: the data are damaged.
        ImdbsentError: the others of `read_own_data`.
        OSError: the bundle's place or the checkpoint cannot be written; of the place it is found out before training.
    """
    started = time.perf_counter()
    data = read_data(request)  # first: what is wrong with the texts is told before anything is imported or made
    import_library("keras")
    import_library("onnx")
    final = place_of(request)
    with publish.staging(final.parent):
        pass  # only to find out now whether it can be written
    with unfinished.claimed(request.name) as checkpoint:
        for line in data.notes:
            logger.info(line)
        trained = _train(request, data, checkpoint, start, progress)
        with store.new_bundle(final) as directory:
            write_measured(directory, trained, data, request.name)
        unfinished.forget(request.name)
    return TrainingReport(read_bundle(final), time.perf_counter() - started)


def write_measured(directory: Path, trained: Trained, data: TrainingData, name: str) -> None:
    """Write a bundle, its temperature fitted and its figures taken by the engine that will answer.

    Args:
        directory: an empty folder for it.
        trained: what training gave.
        data: what it was trained on, and the texts to measure it with.
        name: of the model.

    Raises:
        TrainingUnavailable: onnx is not installed.
        OSError: the folder cannot be written.
    """
    write_bundle(
        directory,
        trained,
        name=name,
        data_sha256=data.sha256,
        calibrate=lambda bundle: _calibrate(bundle, data),
        measure=lambda bundle: _measures(bundle, data),
    )


def place_of(request: TrainingRequest) -> Path:
    """The folder where the bundle will be."""
    return Path(request.output) if request.output else store.directory_of(request.name)


def read_data(request: TrainingRequest) -> TrainingData:
    """The texts that were asked for.

    Raises:
        DatasetInvalid: the data are damaged.
        ImdbsentError: the others of `read_own_data`.
    """
    if request.own is not None:
        return read_own_data(request.own, request.seed)
    assert request.data is not None  # it is one or the other
    if request.recipe.scheme == "words":
        from imdbsent.training.flagship.data import flagship_data

        return flagship_data(Path(request.data), request.recipe, ladder_of(request), request.seed)
    return imdb_data(Path(request.data))


def _calibrate(bundle: Bundle, data: TrainingData) -> Calibration | None:
    """The temperature that suits the validation texts; none for the reviews of IMDB, where the test split is shown."""
    return None if data.split == "test" else calibrate(Classifier(bundle), data.validation)


def _measures(bundle: Bundle, data: TrainingData) -> tuple[Metrics, ...]:
    """The figures of the texts that were looked at, and those of the test split where that is another."""
    parts = {data.split: data.validation} | ({"test": data.test} if data.test else {})
    return tuple(measure(Classifier(bundle), examples, split) for split, examples in parts.items())


def _train(
    request: TrainingRequest,
    data: TrainingData,
    checkpoint: Path,
    start: Checkpoint | None,
    progress: TrainingProgress,
) -> Trained:
    """Train, with a checkpoint after each epoch and before a stop."""
    if start and start.head.data_sha256 != data.sha256:
        raise CheckpointInvalid(checkpoint, "the texts are not those that it began with")
    here = versions()
    if start and start.head.versions != here:
        changed = sorted({*start.head.versions.items()} ^ {*here.items()})
        logger.info(f"{changed[0][0]} is not as it was, so the weights may differ from those of an unbroken run")

    def save(state: State, variables: Variables) -> None:
        write_checkpoint(checkpoint, Checkpoint(Head(request, data.sha256, here, state), variables))

    try:
        with stop_requested() as stop:
            if data.reviews is not None:
                from imdbsent.training.flagship.run import climb

                return climb(request, data, checkpoint, progress=progress, stop=stop)
            return train(
                request.recipe,
                request.seed,
                data,
                progress=progress,
                base=read_base(request.base) if request.base else None,
                start=start,
                save=save,
                stop=stop,
            )
    except ValueError as error:
        if start is None:
            raise
        raise CheckpointInvalid(checkpoint, str(error)) from error
