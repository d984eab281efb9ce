"""`imdbsent train`: train a network on the IMDB reviews."""

from __future__ import annotations

import contextlib
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli.console import Data, NoColor, Notes, Quiet, stderr_console
from imdbsent.cli.recipe_options import override_from_options, with_recipe_options
from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from rich.console import Console

    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.run import TrainingReport

DEFAULT_SEED = 7


class ListFormat(str, Enum):
    """The formats of the list of recipes."""

    TABLE = "table"
    JSON = "json"


@with_recipe_options
def train(
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE.toml",
            help="How to train: 'classic' is the LSTM of the tutorials. A TOML file has 'base' and what is different.",
        ),
    ] = "classic",
    list_recipes: Annotated[
        bool, typer.Option("--list", help="Print the recipes, with the one asked for, instead of training.")
    ] = False,
    list_format: Annotated[
        ListFormat | None, typer.Option("--format", help="Of the list. Left out: table.", show_default=False)
    ] = None,
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
    tensorboard: Annotated[
        Path | None,
        typer.Option("--tensorboard", metavar="FOLDER", help="Write event files for TensorBoard, too."),
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
    **fields: Any,  # an option for each field of a recipe
) -> None:
    """Train a network on the 25,000 training reviews, and show the test split after each epoch.

    imdbsent train --recipe classic

    imdbsent train --recipe classic --epochs 3 --units 64 --name small

    imdbsent train --list --recipe mine.toml && imdbsent train --recipe mine.toml

    imdbsent train --data aclImdb_v1.tar.gz --name mine && imdbsent predict --model mine "great movie"

    imdbsent train --recipe classic --seed 8 --name second 2>&1 | tee training.log
    """
    from imdbsent.cli.training_report import show_report
    from imdbsent.training.recipe_files import find_recipe

    chosen = override_from_options(find_recipe(recipe), fields)
    if list_recipes:
        from imdbsent.cli.recipe_list import show_recipes

        show_recipes(chosen, as_json=list_format is ListFormat.JSON, no_color=no_color)
        return
    if list_format is not None:
        raise UsageProblem(f"--format is of the list. Type: imdbsent train --list --format {list_format.value}")
    report = train_model(
        chosen,
        name=name or (output.name if output else f"my-{chosen.name}"),
        console=stderr_console(no_color=no_color),
        data=data,
        output=output,
        replace=replace,
        seed=seed,
        tensorboard=tensorboard,
        quiet=quiet,
    )
    show_report(report, no_color=no_color)


def train_model(
    recipe: Recipe,
    *,
    name: str,
    console: Console,
    data: Path | None = None,
    output: Path | None = None,
    replace: bool = False,
    seed: int = DEFAULT_SEED,
    tensorboard: Path | None = None,
    quiet: bool = False,
) -> TrainingReport:
    """Train a recipe, showing progress on a console.

    Args:
        recipe: how to train.
        name: the model's name.
        console: where progress and notes go.
        data: archive or folder of the reviews; None to find or download them.
        output: folder to write the bundle to; None to install it under its name.
        replace: whether a model that is there may be replaced.
        seed: seed of the weights and of the order of the batches.
        tensorboard: folder for event files; None for none.
        quiet: whether nothing is shown but errors.

    Returns:
        What came of it.

    Raises:
        UsageProblem: the name or the folder cannot be used.
        ExtraMissing: event files are wanted, and tensorboard is not installed.
        ImdbsentError: the others of `train_bundle` and `find_or_fetch`.
    """
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.cli.training_display import TrainingDisplay
    from imdbsent.dataset.fetching import find_or_fetch
    from imdbsent.training.progress import Several
    from imdbsent.training.run import train_bundle
    from imdbsent.training.tensorboard import TensorBoardLog

    final = _place(name, output, replace=replace)
    notes = Notes(console, quiet=quiet)
    log = None if tensorboard is None else TensorBoardLog(tensorboard)
    source = find_or_fetch(data, notes, None if quiet else DownloadBar(console))
    with contextlib.ExitStack() as stack:
        told: list[TrainingProgress] = [stack.enter_context(TrainingDisplay(console, quiet=quiet))]
        if log is not None:
            told.append(stack.enter_context(log))
        try:
            return train_bundle(recipe, source, final, name=name, seed=seed, progress=Several(told), note=notes)
        except OSError as error:
            raise OutputFailed(f"{final}: {error.strerror or error}") from error


def _place(name: str, output: Path | None, *, replace: bool) -> Path:
    """The folder of the new bundle, after checking that it is free."""
    from imdbsent import store

    if output is None:
        store.check_name(name, replace=replace)
        return store.directory_of(name)
    if output.exists() and not replace and not (output.is_dir() and not any(output.iterdir())):
        raise UsageProblem(f"'{output}' is there already. Type: --output OTHER, or --replace")
    return output
