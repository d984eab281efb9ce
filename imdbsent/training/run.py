"""One training run, from labeled texts to a bundle: read, train, export, calibrate, measure, publish."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.download import find_or_fetch
from imdbsent.errors import CheckpointInvalid, UsageProblem
from imdbsent.evaluation import measure
from imdbsent.models import publish, store
from imdbsent.text.tokenizer import tokenizer_class
from imdbsent.training import checkpoint as unfinished
from imdbsent.training.architectures import architecture
from imdbsent.training.backend import import_library
from imdbsent.training.base import check_can_start, read_base
from imdbsent.training.calibration import calibrate
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, write_checkpoint
from imdbsent.training.data import imdb_data
from imdbsent.training.distill.config import small
from imdbsent.training.export import Trained, versions, write_bundle
from imdbsent.training.loop import Loop, Split, State, cut_to
from imdbsent.training.own_data import read_own_data
from imdbsent.training.progress import CompositeProgress, stop_requested

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.bundle.card import Metrics
    from imdbsent.fetch import DownloadProgress
    from imdbsent.reading.labeled import Example
    from imdbsent.text.tokenizer import Tokenizer
    from imdbsent.training.base import Base
    from imdbsent.training.calibration import Calibration
    from imdbsent.training.data import TrainingData
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import TrainingRequest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingReport:
    """The result of a training run.

    Attributes:
        bundle: the model, where it was asked for.
        seconds: wall time, from reading the texts to the finished bundle.
    """

    bundle: Bundle
    seconds: float


def train_bundle(
    request: TrainingRequest,
    *,
    progress: TrainingProgress | None = None,
    download: DownloadProgress | None = None,
    start: Checkpoint | None = None,
) -> TrainingReport:
    """Train a model and install it, or write it to a folder; an unfinished bundle is never there.

    A checkpoint is written every few minutes, after each epoch, and when the run is asked to stop (Ctrl-C, SIGTERM). It
    is removed when the bundle is finished.

    Args:
        request: what to train, on which texts, and where to write it.
        progress: called after each batch and epoch.
        download: called while the IMDB reviews are downloaded, if they have to be.
        start: the checkpoint to resume from; None to start a run.

    Returns:
        The bundle. Its temperature is fitted on held-out texts, if there are any, and it is measured on the validation
        texts by the engine that will answer.

    Raises:
        UsageProblem: a new run is asked for something that its recipe cannot do, or its place is taken.
        TrainingUnfinished: a new run would replace an unfinished one.
        TrainingUnavailable: a library that training needs is not installed.
        TrainingBusy: another process is training a model of that name.
        TrainingStopped: it was asked to stop.
        CheckpointInvalid: `start` belongs to other texts or to another network.
        DatasetInvalid: the IMDB reviews are damaged.
        ImdbsentError: the others of `find_or_fetch` and `read_own_data`.
        OSError: the bundle or the checkpoint cannot be written; for the bundle, this is found before training starts.
    """
    started = time.perf_counter()
    if start is None:
        check_request(request)
    if request.smoke:
        request = replace(request, recipe=small(request.recipe))
    if request.own is None:
        found = find_or_fetch(Path(request.data) if request.data else None, download)
        request = replace(request, data=str(found.absolute()))
    data = read_data(request)  # first: errors in the texts come before anything is imported or written
    import_library("keras")
    import_library("onnx")
    destination = destination_of(request)
    with publish.staging(destination.parent):
        pass  # only to check now that it can be written
    with unfinished.claimed(request.name) as checkpoint:
        for note in data.notes:
            logger.info(note)
        trained = _train(request, data, checkpoint, start, progress or CompositeProgress(), download)
        with store.new_bundle(destination) as directory:
            write_measured(directory, trained, data, request.name)
        unfinished.forget(request.name)
    return TrainingReport(read_bundle(destination), time.perf_counter() - started)


def check_request(request: TrainingRequest) -> None:
    """Check what can be checked of a new run without reading its texts.

    Raises:
        UsageProblem: its recipe cannot do what is asked, or its place is taken.
        TrainingUnfinished: it would replace an unfinished run.
    """
    output = Path(request.output) if request.output else None
    if output is None:
        store.check_name(request.name, replace=request.replace)
    elif output.exists() and not request.replace and not (output.is_dir() and not any(output.iterdir())):
        raise UsageProblem(f"'{output}' already exists. Type: --output OTHER, or --replace")
    if not request.replace:
        unfinished.check_none(request.name)
    recipe = request.recipe
    if not architecture(recipe.architecture).is_distilled:
        for option, is_given in (("--smoke", request.smoke), ("--teacher", request.teacher)):
            if is_given:
                raise UsageProblem(
                    f"{option} requires the flagship. Type: imdbsent train --recipe flagship {option}"
                    + (f" '{request.teacher}'" if option == "--teacher" else "")
                )
    elif request.own is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} also needs the unlabeled IMDB reviews, and cannot learn from a file. "
            "Type the same command with --recipe bucketed"
        )
    if request.base is not None:
        check_can_start(recipe)


def destination_of(request: TrainingRequest) -> Path:
    """The folder that the bundle is written to."""
    return Path(request.output) if request.output else store.directory_of(request.name)


def read_data(request: TrainingRequest) -> TrainingData:
    """Read the texts of a run.

    Raises:
        DatasetInvalid: the IMDB reviews are damaged.
        ImdbsentError: the others of `read_own_data`.
    """
    if request.own is not None:
        return read_own_data(request.own, request.seed)
    assert request.data is not None  # it has one or the other
    if architecture(request.recipe.architecture).is_distilled:
        from imdbsent.training.distill.pipeline import config_of, flagship_data

        return flagship_data(Path(request.data), config_of(request))
    return imdb_data(Path(request.data))


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
    """Train a network on labels, and validate it after each epoch; nothing is chosen by that.

    Args:
        recipe: how to train.
        seed: the same seed on the same machine gives the same weights.
        data: the labeled texts.
        progress: called after each batch and epoch.
        base: words and weights to start from; None for random weights.
        start: the checkpoint to resume from; None to start a run.
        save: saves a checkpoint; called after each epoch and before a stop.
        stop: whether someone asked to stop.

    Returns:
        The network after the last epoch.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
        TrainingStopped: it was asked to; a checkpoint has been saved.
        ValueError: `start` belongs to another network.
    """
    import_library("keras")
    import keras

    from imdbsent.training.optimizer import compile_classifier

    kind = architecture(recipe.architecture)
    vocabulary = base.vocabulary if base else kind.learn_vocabulary(example.text for example in data.train)
    tokenizer = tokenizer_class(kind.tokenizer)(vocabulary, recipe.vocabulary_size, recipe.maximum_length)
    keras.utils.set_random_seed(seed)
    network = kind.build(recipe)
    compile_classifier(network, recipe.learning_rate)
    if base:
        network.set_weights(list(base.weights))
    state = State()
    if start:
        state = start.head.state
        start.variables.assign_to(network)
    history = Loop(
        network,
        recipe,
        seed,
        encode(tokenizer, recipe, data.train),
        encode(tokenizer, recipe, data.validation),
        progress=progress,
        save=lambda state: save(state, Variables.of(network)),
        stop=stop,
    ).run(state)
    return Trained(recipe, seed, kind.without_training_parts(network, recipe), vocabulary, history)


def encode(tokenizer: Tokenizer, recipe: Recipe, examples: Sequence[Example]) -> Split:
    """Encode labeled texts as the network reads them."""
    return Split(
        ids=tuple(cut_to(tokenizer.encode(example.text), recipe.maximum_length) for example in examples),
        labels=np.array([example.label for example in examples], np.float32),
        maximum_length=recipe.maximum_length,
        bucketed=recipe.bucketed,
    )


def _train(
    request: TrainingRequest,
    data: TrainingData,
    checkpoint: Path,
    start: Checkpoint | None,
    progress: TrainingProgress,
    download: DownloadProgress | None,
) -> Trained:
    """Train, with a checkpoint every few minutes, after each epoch, and before a stop."""
    if start and start.head.data_sha256 != data.sha256:
        raise CheckpointInvalid(checkpoint, "the texts have changed since the run started")
    here = versions()
    if start and start.head.versions != here:
        changed = sorted({*start.head.versions.items()} ^ {*here.items()})
        logger.info(f"the version of {changed[0][0]} has changed, so the weights may differ from an unbroken run")

    def save(state: State, variables: Variables) -> None:
        write_checkpoint(checkpoint, Checkpoint(Head(request, data.sha256, here, state), variables))

    try:
        with stop_requested() as stop:
            if data.distillation is not None:
                from imdbsent.training.distill.pipeline import distill

                return distill(
                    request, data, progress=progress, download=download, start=start, save=save, stop=stop
                )
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


def write_measured(directory: Path, trained: Trained, data: TrainingData, name: str) -> None:
    """Write a bundle, calibrated and measured by the engine that will answer.

    Args:
        directory: an empty folder.
        trained: the result of training.
        data: what it was trained on, and the texts to measure it with.
        name: name of the model.

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
        measure=lambda bundle: _measure(bundle, data),
    )


def _calibrate(bundle: Bundle, data: TrainingData) -> Calibration | None:
    """The temperature for held-out texts; none if the validation texts are the test split of IMDB."""
    return None if data.split == "test" else calibrate(Classifier(bundle), data.validation)


def _measure(bundle: Bundle, data: TrainingData) -> tuple[Metrics, ...]:
    """The figures on the validation texts, and on the test split if that is another one."""
    parts = {data.split: data.validation} | ({"test": data.test} if data.test else {})
    return tuple(measure(Classifier(bundle), examples, split) for split, examples in parts.items())
