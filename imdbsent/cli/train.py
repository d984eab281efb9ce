"""`imdbsent train`: train a network on the IMDB reviews."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli._console import Data, NoColor, Quiet, Verbose, show_messages
from imdbsent.cli._own_data import (
    GroupColumn,
    LabelColumn,
    Positive,
    TextColumn,
    TrainingFile,
    Validation,
    ValidationFraction,
    own_data,
)
from imdbsent.cli._recipes import override_from_options, with_recipe_options
from imdbsent.cli._training import DEFAULT_SEED, resume, train_model
from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe

_WITH_RESUME = ("is_resumed", "name", "tensorboard", "quiet", "no_color")
"""The options that a run which goes on can still be given."""


class ListFormat(str, Enum):
    """The formats of the list of recipes."""

    TABLE = "table"
    JSON = "json"


@with_recipe_options
def train(
    context: typer.Context,
    file: TrainingFile = None,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE.toml",
            help="How to train: 'classic' is the LSTM of the tutorials, 'flagship' the most accurate. "
            "A TOML file has 'base' and what is different.",
        ),
    ] = "classic",
    list_recipes: Annotated[
        bool, typer.Option("--list", help="Print the recipes, with the one asked for, instead of training.")
    ] = False,
    list_format: Annotated[
        ListFormat | None, typer.Option("--format", help="Of the list. Left out: table.", show_default=False)
    ] = None,
    data: Data = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    positive: Positive = None,
    group_column: GroupColumn = None,
    validation: Validation = None,
    validation_fraction: ValidationFraction = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|PATH",
            help="Go on from the words and weights of a model that is there. Left out: from random weights.",
            show_default=False,
        ),
    ] = None,
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
    tensorboard: Annotated[
        Path | None,
        typer.Option("--tensorboard", metavar="FOLDER", help="Write event files for TensorBoard, too."),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Every stage of the flagship on a few reviews, to see that it runs.")
    ] = False,
    without_reader: Annotated[
        bool,
        typer.Option("--no-reader", help="The flagship without its largest teacher, which a GPU is wanted for."),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
    **fields: Any,  # an option for each field of a recipe
) -> None:
    """Train a network on the 25,000 training reviews, or on your own texts, and show held-out texts after each epoch.

    Ctrl-C stops it after a checkpoint; --resume goes on from there, or from the last whole epoch where it was killed.

    imdbsent train --recipe classic

    imdbsent train --recipe classic --epochs 3 --units 64 --name small

    imdbsent train --list --recipe mine.toml && imdbsent train --recipe mine.toml

    imdbsent train reviews.csv --text-column body --label-column stars --positive ">=7" --group-column title

    imdbsent train reviews.csv --from classic --epochs 2 --name mine && imdbsent predict --model mine "great movie"

    imdbsent train --recipe classic --seed 8 --name second 2>&1 | tee training.log

    imdbsent train --recipe flagship --smoke --name try && imdbsent train --recipe flagship

    imdbsent train --resume
    """
    from imdbsent.cli._training import show_report

    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    if is_resumed:
        _check_alone(context)
        report = resume(name, console, quiet=quiet, tensorboard=tensorboard)
    else:
        _check_sizes(base, fields)
        chosen = _chosen(recipe, fields)
        if list_recipes:
            _show_recipes(chosen, list_format, no_color=no_color)
            return
        if list_format is not None:
            raise UsageProblem(f"--format is of the list. Type: imdbsent train --list --format {list_format.value}")
        report = train_model(
            chosen,
            name=name or (output.name if output else f"my-{chosen.name}"),
            console=console,
            data=data,
            own=own_data(
                file,
                data,
                text_column=text_column,
                label_column=label_column,
                positive=positive,
                group_column=group_column,
                validation=validation,
                validation_fraction=validation_fraction,
            ),
            base=base,
            output=output,
            replace=replace,
            seed=seed,
            quiet=quiet,
            tensorboard=tensorboard,
            smoke=smoke,
            reader=not without_reader,
        )
    show_report(report, no_color=no_color)


def _chosen(recipe: str, fields: dict[str, Any]) -> Recipe:
    """The recipe that was asked for, with what the command line changes of it."""
    from imdbsent.training.recipes import find_recipe

    return override_from_options(find_recipe(recipe), fields)


def _check_sizes(base: str | None, fields: dict[str, Any]) -> None:
    """Check that no size is asked of a model whose weights have theirs."""
    from imdbsent.training.recipes import SIZES

    given = [field for field in SIZES if fields[field] is not None]
    if base is not None and given:
        option = given[0].replace("_", "-")
        raise UsageProblem(
            f"--{option} cannot be changed with --from: the weights of {base!r} have their sizes. "
            f"Type the same command without --{option}"
        )


def _show_recipes(chosen: Recipe, list_format: ListFormat | None, *, no_color: bool) -> None:
    from imdbsent.cli._recipes import show_recipes

    show_recipes(chosen, as_json=list_format is ListFormat.JSON, no_color=no_color)


def _check_alone(context: typer.Context) -> None:
    """Check that nothing else is asked of a run that goes on: it goes on as it began."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in _WITH_RESUME and source is not None and source.name == "COMMANDLINE":
            option = max(parameter.opts, key=len) if parameter.param_type_name == "option" else "FILE"
            raise UsageProblem(f"a run goes on as it began, without {option}. Type: imdbsent train --resume")
