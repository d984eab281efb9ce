"""Training with progress on a console: from the beginning, or from a checkpoint. The work behind `imdbsent train`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from imdbsent.cli.console import Notes
from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from rich.console import Console

    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import OwnData, TrainingRequest
    from imdbsent.training.run import TrainingReport

DEFAULT_SEED = 7


def train_model(
    recipe: Recipe,
    *,
    name: str,
    console: Console,
    data: Path | None = None,
    own: OwnData | None = None,
    base: str | None = None,
    output: Path | None = None,
    replace: bool = False,
    seed: int = DEFAULT_SEED,
    quiet: bool = False,
    tensorboard: Path | None = None,
    smoke: bool = False,
    reader: bool = True,
) -> TrainingReport:
    """Train a recipe, showing progress on a console.

    Args:
        recipe: how to train.
        name: the model's name.
        console: where progress and notes go.
        data: archive or folder of the reviews; None to find or download them.
        own: the user's own texts; None for the reviews.
        base: name or folder of the model to start from; None to start from random weights.
        output: folder to write the bundle to; None to install it under its name.
        replace: whether a model that is there may be replaced.
        seed: seed of the weights and of the order of the batches.
        quiet: whether nothing is shown but errors.
        tensorboard: folder for event files; None for none.
        smoke: whether to climb the flagship's ladder on a few reviews only.
        reader: whether the flagship's largest teacher is a part of it.

    Returns:
        What came of it.

    Raises:
        UsageProblem: the name or the folder cannot be used, or the recipe is not for such texts.
        ImdbsentError: the others of `train_bundle` and `find_or_fetch`.
    """
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.dataset.fetching import find_or_fetch
    from imdbsent.training.base import of_model
    from imdbsent.training.flagship.ladder import small
    from imdbsent.training.request import TrainingRequest
    from imdbsent.training.tensorboard import check

    _check_place(name, output, replace=replace)
    _check_ladder(recipe, own=own, base=base, smoke=smoke, reader=reader)
    if tensorboard is not None:
        check(tensorboard)
    notes = Notes(console, quiet=quiet)
    starts_from, recipe = of_model(base, recipe) if base else (None, recipe)
    source = None if own else find_or_fetch(data, notes, None if quiet else DownloadBar(console))
    request = TrainingRequest(
        small(recipe) if smoke else recipe,
        seed,
        name,
        output=str(output.absolute()) if output else None,
        data=str(source.absolute()) if source else None,
        own=own,
        base=starts_from,
        smoke=smoke,
        reader=reader,
    )
    return run_request(request, console, quiet=quiet, tensorboard=tensorboard)


def resume(
    name: str | None, console: Console, *, quiet: bool = False, tensorboard: Path | None = None
) -> TrainingReport:
    """Go on with a run that was stopped.

    Args:
        name: the model's name; None where only one run can be meant.
        console: where progress and notes go.
        quiet: whether nothing is shown but errors.
        tensorboard: folder for event files; None for none.

    Returns:
        What came of it.

    Raises:
        CheckpointMissing: no run can go on, or the name is needed.
        ImdbsentError: the others of `train_bundle`.
    """
    from imdbsent.training import unfinished

    checkpoint = unfinished.find(name)
    return run_request(checkpoint.head.request, console, quiet=quiet, start=checkpoint, tensorboard=tensorboard)


def run_request(
    request: TrainingRequest,
    console: Console,
    *,
    quiet: bool,
    start: Checkpoint | None = None,
    tensorboard: Path | None = None,
) -> TrainingReport:
    """Train what was asked for, showing progress on a console.

    Args:
        request: what to train.
        console: where progress and notes go.
        quiet: whether nothing is shown but errors.
        start: the checkpoint to go on from; None to begin.
        tensorboard: folder for event files; None for none.

    Raises:
        ImdbsentError: those of `train_bundle`.
    """
    from imdbsent.cli.training_display import TrainingDisplay
    from imdbsent.training.progress import Several
    from imdbsent.training.run import train_bundle
    from imdbsent.training.tensorboard import TensorBoardLog

    split = "test" if request.own is None and request.recipe.scheme == "keras" else "validation"
    try:
        with contextlib.ExitStack() as stack:
            told: list[TrainingProgress] = [stack.enter_context(TrainingDisplay(console, quiet=quiet, split=split))]
            if tensorboard is not None:
                told.append(stack.enter_context(TensorBoardLog(tensorboard, split)))
            return train_bundle(request, progress=Several(told), note=Notes(console, quiet=quiet), start=start)
    except OSError as error:
        raise OutputFailed(f"{error.filename or request.output or request.name}: {error.strerror or error}") from error


def _check_ladder(recipe: Recipe, *, own: OwnData | None, base: str | None, smoke: bool, reader: bool) -> None:
    """Check that the flagship is asked for what its ladder can do."""
    if recipe.scheme == "keras":
        for option, is_given in (("--smoke", smoke), ("--no-reader", not reader)):
            if is_given:
                raise UsageProblem(
                    f"{option} is of the flagship's stages. Type: imdbsent train --recipe flagship {option}"
                )
        return
    if own is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} learns from the unlabelled reviews of IMDB, too, and not from a file. "
            "Type the same command with --recipe bucketed"
        )
    if base is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} starts from its own teachers. Type the same command without --from"
        )


def _check_place(name: str, output: Path | None, *, replace: bool) -> None:
    """Check that the new bundle's place is free, and that no run that can go on would be lost."""
    from imdbsent import store
    from imdbsent.training import unfinished

    if output is None:
        store.check_name(name, replace=replace)
    elif output.exists() and not replace and not (output.is_dir() and not any(output.iterdir())):
        raise UsageProblem(f"'{output}' is there already. Type: --output OTHER, or --replace")
    if not replace:
        unfinished.check_none(name)
