"""`imdbsent train`: train a network on the IMDB reviews."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from imdbsent.cli.console import Data, NoColor, Notes, Quiet, stderr_console, stdout_console
from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from rich.console import Console

    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.request import TrainingRequest
    from imdbsent.training.run import TrainingReport

DEFAULT_SEED = 7

_WITH_RESUME = ("is_resumed", "name", "quiet", "no_color")
"""The options that a run which goes on can still be given."""


def train(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Option("--recipe", help="How to train: 'classic' is the LSTM of the tutorials.")
    ] = "classic",
    data: Data = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name. Left out: my-RECIPE.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write the model here instead of installing it."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a model of that name.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the weights and of the order.")] = DEFAULT_SEED,
    is_resumed: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped, as if it never had been.")
    ] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Train a network on the 25,000 training reviews, and show the test split after each epoch.

    Ctrl-C stops it after a checkpoint; --resume goes on from there, or from the last whole epoch where it was killed.

    imdbsent train --recipe classic

    imdbsent train --data aclImdb_v1.tar.gz --name mine && imdbsent predict --model mine "great movie"

    imdbsent train --recipe classic --seed 8 --name second 2>&1 | tee training.log

    imdbsent train --resume
    """
    notes_console = stderr_console(no_color=no_color)
    if is_resumed:
        _check_alone(context)
        report = resume(name, notes_console, quiet=quiet)
    else:
        report = train_model(
            recipe,
            name=name or (output.name if output else f"my-{recipe}"),
            console=notes_console,
            data=data,
            output=output,
            replace=replace,
            seed=seed,
            quiet=quiet,
        )
    console = stdout_console(no_color=no_color)
    console.print(report_table(report))
    console.print(f"{report.seconds / 60:.1f} minutes · the model is in {report.bundle.directory}", soft_wrap=True)
    console.print(f'imdbsent predict --model {_argument(report)} "great movie"', soft_wrap=True, markup=False)


def train_model(
    recipe: str,
    *,
    name: str,
    console: Console,
    data: Path | None = None,
    output: Path | None = None,
    replace: bool = False,
    seed: int = DEFAULT_SEED,
    quiet: bool = False,
) -> TrainingReport:
    """Train a recipe, showing progress on a console.

    Args:
        recipe: its name.
        name: the model's name.
        console: where progress and notes go.
        data: archive or folder of the reviews; None to find or download them.
        output: folder to write the bundle to; None to install it under its name.
        replace: whether a model that is there may be replaced.
        seed: seed of the weights and of the order of the batches.
        quiet: whether nothing is shown but errors.

    Returns:
        What came of it.

    Raises:
        UsageProblem: no such recipe, or the name or the folder cannot be used.
        ImdbsentError: the others of `train_bundle` and `find_or_fetch`.
    """
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.dataset.fetching import find_or_fetch
    from imdbsent.training.recipes import RECIPES
    from imdbsent.training.request import TrainingRequest

    if recipe not in RECIPES:
        raise UsageProblem(f"there is no recipe {recipe!r}. Type: imdbsent train --recipe {' or '.join(RECIPES)}")
    _check_place(name, output, replace=replace)
    notes = Notes(console, quiet=quiet)
    source = find_or_fetch(data, notes, None if quiet else DownloadBar(console))
    request = TrainingRequest(
        RECIPES[recipe],
        seed,
        name,
        output=str(output.absolute()) if output else None,
        data=str(source.absolute()),
    )
    return run_request(request, console, quiet=quiet)


def resume(name: str | None, console: Console, *, quiet: bool = False) -> TrainingReport:
    """Go on with a run that was stopped.

    Args:
        name: the model's name; None where only one run can be meant.
        console: where progress and notes go.
        quiet: whether nothing is shown but errors.

    Returns:
        What came of it.

    Raises:
        CheckpointMissing: no run can go on, or the name is needed.
        ImdbsentError: the others of `train_bundle`.
    """
    from imdbsent.training import unfinished

    checkpoint = unfinished.find(name)
    return run_request(checkpoint.head.request, console, quiet=quiet, start=checkpoint)


def run_request(
    request: TrainingRequest, console: Console, *, quiet: bool, start: Checkpoint | None = None
) -> TrainingReport:
    """Train what was asked for, showing progress on a console.

    Args:
        request: what to train.
        console: where progress and notes go.
        quiet: whether nothing is shown but errors.
        start: the checkpoint to go on from; None to begin.

    Raises:
        ImdbsentError: those of `train_bundle`.
    """
    from imdbsent.cli.progress import TrainingDisplay
    from imdbsent.training.run import train_bundle

    try:
        with TrainingDisplay(console, quiet=quiet) as display:
            return train_bundle(request, progress=display, note=Notes(console, quiet=quiet), start=start)
    except OSError as error:
        raise OutputFailed(f"{error.filename or request.output or request.name}: {error.strerror or error}") from error


def report_table(report: TrainingReport) -> Table:
    """Loss and accuracy of a training run."""
    card = report.bundle.card
    last = card.history[-1]
    parameters = sum(layer.parameters for layer in card.layers)
    table = Table(title=f"{card.name}, {parameters:,} parameters", title_justify="left")
    table.add_column("")
    table.add_column("loss", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_row("train, mean of the last epoch", f"{last.loss:.4f}", f"{last.accuracy:.2%}")
    table.add_row("test, Keras", f"{last.test_loss:.4f}", f"{last.test_accuracy:.2%}")
    for metrics in card.metrics:
        table.add_row(f"{metrics.split}, ONNX as it answers", f"{metrics.loss:.4f}", f"{metrics.accuracy:.2%}")
    return table


def _check_alone(context: typer.Context) -> None:
    """Check that nothing else is asked of a run that goes on: it goes on as it began."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in _WITH_RESUME and source is not None and source.name == "COMMANDLINE":
            option = max(parameter.opts, key=len)
            raise UsageProblem(f"a run goes on as it began, without {option}. Type: imdbsent train --resume")


def _argument(report: TrainingReport) -> str:
    """How `--model` names the model that was trained."""
    from imdbsent import store

    directory = report.bundle.directory
    return directory.name if directory == store.directory_of(directory.name) else f"'{directory.absolute()}'"


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
