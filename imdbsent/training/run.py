"""One training run, from labeled texts to a bundle: read, train, export, calibrate, measure, publish."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.download import find_or_fetch
from imdbsent.errors import CheckpointInvalid, TooFewTexts, UsageProblem, counted
from imdbsent.evaluation import measure
from imdbsent.evaluation.report import answer, score_of, side_by_side
from imdbsent.models import publish, store
from imdbsent.settings import is_offline
from imdbsent.text.tokenizer import tokenizer_class
from imdbsent.training import checkpoint as unfinished
from imdbsent.training.architectures import architecture
from imdbsent.training.backend import import_library, require_libraries
from imdbsent.training.base import BASE_NAME, BASE_SHA256, read_base, rivals_of, with_words_of
from imdbsent.training.calibration import calibrate
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, write_checkpoint
from imdbsent.training.data import imdb_data
from imdbsent.training.distill.config import small
from imdbsent.training.export import Trained, versions, write_bundle
from imdbsent.training.loop import Loop, Split, State, best_epoch, cut_to
from imdbsent.training.own_data import (
    deal_folds,
    part_of_rest,
    parts_for,
    read_folds,
    read_own_data,
    read_tuning_data,
)
from imdbsent.training.progress import CompositeProgress, stop_requested

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.bundle.card import Metrics
    from imdbsent.evaluation.report import Answers, Comparison, Score
    from imdbsent.fetch import DownloadProgress
    from imdbsent.reading.labeled import Example
    from imdbsent.text.tokenizer import Tokenizer
    from imdbsent.training.base import Base, Rival
    from imdbsent.training.calibration import Calibration
    from imdbsent.training.data import TrainingData
    from imdbsent.training.own_data import Fold
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import FineTuning, Recipe
    from imdbsent.training.request import TrainingRequest

    Counting = Callable[[int], AbstractContextManager[Callable[[], None]]]

logger = logging.getLogger(__name__)

KEPT_EPOCH: Final = "kept_epoch"
"""In the recipe of a card: the epoch that the weights are from; the last one if it is missing."""

_WORDS_NAMED: Final = 5


@dataclass(frozen=True)
class TrainingReport:
    """The result of a training run.

    Attributes:
        bundle: the model, where it was asked for.
        seconds: wall time, from reading the texts to the finished bundle.
        standing: the model beside others; None if it was not fine-tuned.
    """

    bundle: Bundle
    seconds: float
    standing: Standing | None = None


@dataclass(frozen=True)
class Standing:
    """A fine-tuned model beside the default model, and beside the one that it was fine-tuned from if that is another.

    Attributes:
        pairs: each of these models, the default one first, and the comparison with it; empty if there are too few texts
            of a class for any.
        parts: number of parts of the cross-validation that compared them, with models made in the same way as this one;
            0 if texts were held out.
    """

    pairs: tuple[tuple[Rival, Comparison], ...]
    parts: int = 0


def train_bundle(
    request: TrainingRequest,
    *,
    progress: TrainingProgress | None = None,
    download: DownloadProgress | None = None,
    start: Checkpoint | None = None,
    counting: Counting = lambda _total: contextlib.nullcontext(lambda: None),
) -> TrainingReport:
    """Train a model and install it, or write it to a folder; an unfinished bundle is never there.

    A checkpoint is written every few minutes, after an epoch, and when the run is asked to stop (Ctrl-C, SIGTERM). It
    is removed when the bundle is finished.

    Args:
        request: what to train, on which texts, and where to write it.
        progress: called after each batch and epoch.
        download: called while the IMDB reviews are downloaded, if they have to be.
        start: the checkpoint to resume from; None to start a run.
        counting: called with the number of models that are trained only for a comparison, if there are any; what it
            returns is entered meanwhile, and gives a function to call after each.

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
        if not (request.data or is_offline()):
            require_libraries()  # before the reviews are downloaded
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
        try:
            trained = _train(request, data, checkpoint, start, progress or CompositeProgress(), download)
            with store.new_bundle(destination) as directory:
                write_measured(directory, trained, data, request.name)
                # before it is published: it may replace the default model
                standing = compare_tuned(request, data, read_bundle(directory), counting) if request.tuning else None
        except BaseException as error:
            if not isinstance(error, Exception) and checkpoint.exists():  # a signal, outside of `stop_requested`
                logger.info(f"stopped. To resume, type: imdbsent train --resume --name {request.name}")
            raise
        unfinished.forget(request.name)
    return TrainingReport(read_bundle(destination), time.perf_counter() - started, standing)


def compare_tuned(request: TrainingRequest, data: TrainingData, bundle: Bundle, counting: Counting) -> Standing:
    """Compare a fine-tuned model with the default model, and with the one that it was fine-tuned from.

    Args:
        request: what was trained, from which model.
        data: with texts to compare on; without them, the models are compared by cross-validation.
        bundle: the result.
        counting: see `train_bundle`.

    Raises:
        ImdbsentError: those of `rivals_of`.
    """
    assert request.base is not None and request.own is not None  # noqa: PT018 (check_can_tune)
    rivals = rivals_of(request.base)
    if data.test:
        ours = answer(request.name, Classifier(bundle), data.test)
        return Standing(_pairs(rivals, data.test, ours, _answers_of(rivals, data.test)))
    examples = (*data.train, *data.validation)
    parts = parts_for(examples)
    try:
        folds = deal_folds(request.own, examples, parts, request.seed) if parts > 1 else ()
        texts = [part_of_rest(request.own, fold.rest, 1.0, request.seed) for fold in folds]
    except TooFewTexts:
        folds, texts = (), []
    if not folds:
        return Standing(())
    logger.info(
        f"{counted(len(examples), 'text')} are too few to hold some out for the comparison: training {parts} more "
        "models, each to judge texts that it has not seen"
    )
    base, measured, answers = read_base(request.base), _measured(folds), []
    with counting(parts) as done:
        for fold, part in zip(folds, texts):
            answers.append(_answers_of_trained(request, part, base, fold.measured))
            done()
    return Standing(_pairs(rivals, measured, _joined(answers), _answers_of(rivals, measured)), parts)


def _answers_of(rivals: Sequence[Rival], examples: Sequence[Example]) -> list[Answers]:
    return [answer(rival.name, Classifier(rival.bundle), examples) for rival in rivals]


def _pairs(
    rivals: Sequence[Rival], examples: Sequence[Example], ours: Answers, theirs: Sequence[Answers]
) -> tuple[tuple[Rival, Comparison], ...]:
    return tuple((rival, side_by_side(examples, ours, each)) for rival, each in zip(rivals, theirs))


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
    if not request.is_distilled:
        for option, is_given in (("--smoke", request.smoke), ("--teacher", request.teacher)):
            if is_given:
                raise UsageProblem(
                    f"{option} requires the flagship. Type: imdbsent train --recipe flagship {option}"
                    + (f" '{request.teacher}'" if option == "--teacher" else "")
                )
    elif request.own is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} also needs the unlabeled IMDB reviews, and cannot learn from a file. "
            "Type the same command without --recipe, which fine-tunes the default model, or with --recipe bucketed"
        )
    if request.tuning is not None:
        check_can_tune(request)


def check_can_tune(request: TrainingRequest) -> None:
    """Check that a request to fine-tune has a model to start from, and labels to choose the epoch by.

    Raises:
        UsageProblem: it has not.
    """
    if request.base is None or request.own is None:
        raise UsageProblem("fine-tuning requires labeled texts of your own. Type: imdbsent train FILE")


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
        read = read_own_data if request.tuning is None else read_tuning_data
        return read(request.own, request.seed)
    assert request.data is not None  # it has one or the other
    if request.is_distilled:
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
    tuning: FineTuning | None = None,
    start: Checkpoint | None = None,
    save: Callable[[State, Variables], None] = lambda _state, _variables: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a network on labels, and validate it after each epoch.

    Args:
        recipe: how to train.
        seed: the same seed on the same machine gives the same weights.
        data: the labeled texts.
        progress: called after each batch and epoch.
        base: words and weights to start from; None for random weights.
        tuning: how `base` is fine-tuned; None to train it like a new network.
        start: the checkpoint to resume from; None to start a run.
        save: saves a checkpoint; called as `Loop` says.
        stop: whether someone asked to stop.

    Returns:
        The network after the last epoch; with `tuning`, after the epoch with the lowest validation loss.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
        TrainingStopped: it was asked to; a checkpoint has been saved.
        ValueError: `start` belongs to another network.
    """
    import_library("keras")
    import keras

    from imdbsent.training.optimizer import compile_classifier, compile_tuning, compiled_steps

    kind = architecture(recipe.architecture)
    vocabulary = base.vocabulary if base else kind.learn_vocabulary(example.text for example in data.train)
    reads = (base and base.tokenizer) or kind.tokenizer
    tokenizer = tokenizer_class(reads)(vocabulary, recipe.vocabulary_size, recipe.maximum_length)
    weights = class_weights(data.train) if tuning else None
    learned, validation = (encode(tokenizer, recipe, part, weights) for part in (data.train, data.validation))
    keras.utils.set_random_seed(seed)
    network = kind.build(recipe, tuning.dropout if tuning else 0.0)
    if base:
        network.set_weights(list(base.calibrated_weights if tuning else base.weights))
    gives_logits = kind.is_distilled
    if tuning:
        steps = learned.steps(recipe.batch_size, seed, recipe.epochs)
        recipe = replace(recipe, epochs=tuning.epochs(recipe.epochs, steps))
        compile_tuning(
            network,
            recipe.learning_rate,
            tuning,
            steps,
            recipe.epochs,
            gives_logits=gives_logits,
            added=base.added if base else 0,
        )
    else:
        compile_classifier(network, recipe.learning_rate, gives_logits=gives_logits)
    state = State()
    if start:
        state = start.head.state
        start.variables.assign_to(network)
    loop = Loop(
        network,
        recipe,
        seed,
        learned,
        validation,
        progress=progress,
        save=lambda state: save(state, Variables.of(network, loop.best)),
        stop=stop,
        patience=tuning.patience if tuning else None,
        best=start.variables.best if start else (),
        steps=compiled_steps(network, learned.batch(learned.in_order()[0])),
    )
    history = loop.run(state)
    trained = Trained(recipe, seed, kind.without_training_parts(network, recipe), vocabulary, history, tokenizer=reads)
    if tuning is None:
        return trained
    kept = best_epoch(history)
    settings = {**{f"tuning_{name}": value for name, value in asdict(tuning).items()}, KEPT_EPOCH: kept.number}
    chosen_by = f"epoch {kept.number} of {history[-1].number}, which has the lowest loss on the validation texts"
    return replace(trained, settings=settings, chosen_by=chosen_by)


def class_weights(examples: Sequence[Example]) -> tuple[float, float]:
    """The weights of a negative and of a positive text with which both classes count the same in the loss."""
    positive = sum(example.label for example in examples)
    return len(examples) / (2 * (len(examples) - positive)), len(examples) / (2 * positive)


def encode(
    tokenizer: Tokenizer, recipe: Recipe, examples: Sequence[Example], weights: tuple[float, float] | None = None
) -> Split:
    """Encode labeled texts as the network reads them.

    Args:
        tokenizer: of the network.
        recipe: how the network reads.
        examples: the texts.
        weights: weight of a negative and of a positive text in the loss; None if all count the same.
    """
    labels = np.array([example.label for example in examples], np.float32)
    return Split(
        ids=tuple(cut_to(tokenizer.encode(example.text), recipe.maximum_length) for example in examples),
        labels=labels,
        maximum_length=recipe.maximum_length,
        bucketed=recipe.bucketed,
        segment=architecture(recipe.architecture).segment,
        weights=None if weights is None else np.where(labels == 1, weights[1], weights[0]).astype(np.float32),
    )


def _train(
    request: TrainingRequest,
    data: TrainingData,
    checkpoint: Path,
    start: Checkpoint | None,
    progress: TrainingProgress,
    download: DownloadProgress | None,
) -> Trained:
    """Train, with a checkpoint every few minutes, after an epoch, and before a stop."""
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

                return distill(request, data, progress=progress, download=download, start=start, save=save, stop=stop)
            base, recipe = _start_of(request, read_base(request.base) if request.base else None, data)
            if base is not None and base.added:
                logger.info(f"{counted(base.added, 'word')} that the model did not know: {_named(base)}")
            trained = train(
                recipe,
                request.seed,
                data,
                progress=progress,
                base=base,
                tuning=request.tuning,
                start=start,
                save=save,
                stop=stop,
            )
            if request.base is None or request.tuning is None:
                return trained
            origin = {BASE_NAME: request.base.model, BASE_SHA256: request.base.sha256}
            return replace(trained, settings={**trained.settings, **origin})
    except ValueError as error:
        if start is None:
            raise
        raise CheckpointInvalid(checkpoint, str(error)) from error


def _start_of(request: TrainingRequest, base: Base | None, data: TrainingData) -> tuple[Base | None, Recipe]:
    """The model to start from, with the words of the texts if it is fine-tuned, and the recipe with its size."""
    if base is None or request.tuning is None:
        return base, request.recipe
    return with_words_of(base, request.recipe, (example.text for example in data.train))


def _named(base: Base) -> str:
    """The new words of a model, the most frequent ones by name."""
    words = [word.decode() for word in base.vocabulary.words[-base.added :]]
    more = len(words) - _WORDS_NAMED
    return ", ".join(words[:_WORDS_NAMED]) + (f" and {more:,} more" if more > 0 else "")


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
    parts = {data.split: data.validation} | ({data.test_split: data.test} if data.test else {})
    return tuple(measure(Classifier(bundle), examples, split) for split, examples in parts.items())


@dataclass(frozen=True)
class Assessment:
    """How good the models are that a share of the labels makes, each measured on texts that it has not seen.

    Attributes:
        labels: number of labels that each model learned from or was chosen by; the mean over the parts.
        model: their answers on all texts, each from the model that did not see it.
        of_parts: accuracy on each part.
        untouched_of_parts: that of the default model; empty unless the models start from one.
        standing: their comparison with other models; None unless they start from one.
    """

    labels: int
    model: Score
    of_parts: tuple[float, ...]
    untouched_of_parts: tuple[float, ...]
    standing: Standing | None


def assess(
    request: TrainingRequest,
    parts: int,
    shares: Sequence[float] = (1.0,),
    *,
    done: Callable[[], None] = lambda: None,
) -> tuple[Assessment, ...]:
    """Measure how good the models of a request would be, by cross-validation; nothing is installed.

    Every text is held out once. From the others, a model is trained as the request says, its epoch is chosen by some of
    them, and it answers the texts that are held out: so they have no part in it.

    Args:
        request: what to train, on texts of the user's own.
        parts: number of parts that the texts are dealt out to.
        shares: shares of the labels to learn from; those that leave too few are skipped, unless it is all of them.
        done: called after each training.

    Returns:
        One assessment per share, in order.

    Raises:
        UsageProblem: the request is for the IMDB reviews, or has texts to validate on.
        TrainingUnavailable: a library that training needs is not installed.
        ImdbsentError: the others of `read_own_data`.
    """
    if request.own is None:
        raise UsageProblem("--cross-validate requires FILE. Type: imdbsent train FILE --cross-validate 5")
    folds = read_folds(request.own, parts, request.seed)
    import_library("keras")
    import_library("onnx")
    base = read_base(request.base) if request.base else None
    rivals = rivals_of(request.base) if request.base else ()
    theirs = _answers_of(rivals, _measured(folds))
    found = []
    for share in shares:
        try:
            data = [part_of_rest(request.own, fold.rest, share, request.seed) for fold in folds]
        except TooFewTexts:
            if share == max(shares):  # the others are fewer
                raise
            logger.info(f"{share:.0%} of the labels are too few to train with")
            continue
        ours = []
        for fold, texts in zip(folds, data):
            ours.append(_answers_of_trained(request, texts, base, fold.measured))
            done()
        labels = round(sum(len(texts.train) + len(texts.validation) for texts in data) / len(data))
        found.append(_assessment(labels, folds, ours, rivals, theirs))
    return tuple(found)


def _answers_of_trained(
    request: TrainingRequest, data: TrainingData, base: Base | None, examples: Sequence[Example]
) -> Answers:
    """Train a model that is not kept, and let it answer."""
    start, recipe = _start_of(request, base, data)
    trained = train(recipe, request.seed, data, progress=CompositeProgress(), base=start, tuning=request.tuning)
    with tempfile.TemporaryDirectory() as folder:
        write_measured(Path(folder), trained, data, request.name)
        return answer(request.name, Classifier(read_bundle(Path(folder))), examples)


def _assessment(
    labels: int, folds: Sequence[Fold], ours: Sequence[Answers], rivals: Sequence[Rival], theirs: Sequence[Answers]
) -> Assessment:
    measured, whole = _measured(folds), _joined(ours)
    of_first = _cut(theirs[0], folds) if theirs else []
    return Assessment(
        labels,
        score_of(measured, whole),
        _accuracies(folds, ours),
        _accuracies(folds, of_first),
        Standing(_pairs(rivals, measured, whole, theirs), len(folds)) if theirs else None,
    )


def _accuracies(folds: Sequence[Fold], answers: Sequence[Answers]) -> tuple[float, ...]:
    return tuple(score_of(fold.measured, of_part).accuracy for fold, of_part in zip(folds, answers))


def _measured(folds: Sequence[Fold]) -> list[Example]:
    return [example for fold in folds for example in fold.measured]


def _joined(answers: Sequence[Answers]) -> Answers:
    """The answers on all parts of the texts."""
    return replace(answers[0], probabilities=np.concatenate([each.probabilities for each in answers]))


def _cut(answers: Answers, folds: Sequence[Fold]) -> list[Answers]:
    """The answers on each part of the texts."""
    pieces = np.split(answers.probabilities, np.cumsum([len(fold.measured) for fold in folds])[:-1])
    return [replace(answers, probabilities=piece) for piece in pieces]
