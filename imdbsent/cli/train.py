"""`imdbsent train`: train a network on the IMDB reviews, or on your own labeled texts."""

from __future__ import annotations

import inspect
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from imdbsent.cli._console import Data, NoColor, Quiet, complete_models, complete_recipes, show_messages, stdout_console
from imdbsent.cli._input_options import (
    INPUT,
    NONE_GIVEN,
    GroupColumn,
    InputOptions,
    TrainingFile,
    Validation,
    own_data,
    with_input_options,
)
from imdbsent.errors import UsageProblem
from imdbsent.reading.streams import STDIN
from imdbsent.training.recipes import RECIPES, SETTINGS, Recipe, expected, problem_of_value
from imdbsent.training.request import DEFAULT_SEED, TUNING_VALIDATION_FRACTION, VALIDATION_FRACTION
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from imdbsent.training.recipes import FineTuning
    from imdbsent.training.request import TrainingRequest


_Command = TypeVar("_Command", bound=Callable[..., None])

_MODEL: Final = "Model"
_OUTPUT: Final = "Output"
_RUN: Final = "Run"
_FIELDS: Final = "Recipe fields (override the recipe)"
_WITH_RESUME: Final = ("is_resumed", "name", "tensorboard", "quiet", "no_color")
"""The options that can be combined with `--resume`."""
SCRATCH: Final = "scratch"
"""The value of `--from` for random weights."""
_WIDE: Final = 110  # characters


def show_recipes(chosen: Recipe, *, as_json: bool, no_color: bool) -> None:
    """Print the recipes on standard output, followed by the chosen one if it is not one of them.

    Raises:
        OutputClosed: the reader is gone.
        OutputFailed: standard output cannot be written.
    """
    named = list(RECIPES.values())
    recipes = named if chosen in named else [*named, chosen]
    if as_json:
        write(recipes_json(recipes), sys.stdout.buffer)
        return
    console = stdout_console(no_color=no_color)
    with output_errors():
        console.print(recipe_table(recipes, console.width))


def recipe_table(recipes: Sequence[Recipe], width: int) -> Table:
    """One row per field, one column per recipe; values that differ from the first recipe are bold.

    Args:
        recipes: all that have a name, and perhaps another one at the end.
        width: width of the terminal, in characters; a narrow table does not say what a field means.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("field", no_wrap=True)
    for recipe in recipes:
        is_named = RECIPES.get(recipe.name) == recipe
        table.add_column(Text(recipe.name if is_named else f"{recipe.name} *"), justify="right", overflow="fold")
    table.add_column("range")
    is_wide = width >= _WIDE
    if is_wide:
        table.add_column("meaning")
    for field in SETTINGS:
        values = [_shown(getattr(recipe, field)) for recipe in recipes]
        cells = [Text(value, style="" if value == values[0] else "bold") for value in values]
        table.add_row(field, *cells, _range(field, is_wide=is_wide), *([SETTINGS[field][1].meaning] if is_wide else []))
    if recipes[-1] not in RECIPES.values():
        table.caption = "* would be trained"
        table.caption_justify = "left"
    return table


def recipes_json(recipes: Sequence[Recipe]) -> Iterator[str]:
    """One JSON array, with one object per recipe."""
    yield json.dumps([asdict(recipe) for recipe in recipes], ensure_ascii=False, indent=2) + "\n"


def _range(field: str, *, is_wide: bool) -> str:
    kind, setting = SETTINGS[field]
    if kind is bool or (setting.choices and not is_wide):
        return ""
    return ", ".join(setting.choices) or f"{setting.low:,} .. {setting.high:,}"


def _shown(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:,}"


def with_recipe_options(command: _Command) -> _Command:
    """Give a Typer command one option for each field of a recipe but its name, for example --epochs for `epochs`.

    Args:
        command: takes them as `**fields`; a field whose option is not given is None.
    """
    signature = inspect.signature(command, eval_str=True)
    kept = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(field))
        for field in SETTINGS
    ]
    command.__signature__ = signature.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return command


def override_from_options(recipe: Recipe, options: dict[str, Any]) -> Recipe:
    """Override the fields of a recipe that are given on the command line.

    Args:
        recipe: provides the other fields.
        options: each field; None if its option is not given.

    Raises:
        UsageProblem: a value is not allowed.
        RecipeInvalid: the values do not work together.
    """
    from imdbsent.training.recipes import override

    changes = {field: value for field, value in options.items() if value is not None}
    for field, value in changes.items():
        if problem := problem_of_value(field, value):
            raise UsageProblem(f"{_option(field)}: {problem}. Type: imdbsent train --help")
    return override(recipe, changes)


def _annotation(field: str) -> Any:
    kind, setting = SETTINGS[field]
    names = [f"{_option(field)}/{_option(field, 'no-')}"] if kind is bool else [_option(field)]
    meaning = f"{setting.meaning.removesuffix('.')}: {expected(field)}." if kind is str else setting.meaning
    low, high = (None if math.isinf(bound) else bound for bound in (setting.low, setting.high))
    metavar = None if kind is bool else "NAME" if kind is str else "N" if kind is int else "X"
    option = typer.Option(
        *names, metavar=metavar, help=meaning, show_default=False, rich_help_panel=_FIELDS, min=low, max=high
    )
    return Annotated[kind | None, option]


def _option(field: str, before: str = "") -> str:
    return f"--{before}{field.replace('_', '-')}"


class ListFormat(str, Enum):
    """The formats of the list of recipes."""

    TABLE = "table"
    JSON = "json"


@with_recipe_options
@with_input_options(rules=True)
def train(
    context: typer.Context,
    file: TrainingFile = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE.toml",
            autocompletion=complete_recipes,
            help="How to train a new network: 'classic' (the LSTM of the tutorials), 'bucketed' (the same, faster), "
            "'flagship' (the most accurate), or a TOML file with 'base' and what differs. Default: with FILE, "
            "fine-tune a model; else classic.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|PATH",
            autocompletion=complete_models,
            help="Model to start from, with its words and weights; 'scratch' for random weights. Default: with FILE "
            "and no --recipe, the default model; else scratch.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None,
    list_recipes: Annotated[
        bool,
        typer.Option("--list", help="Print the recipes, including the chosen one, and exit.", rich_help_panel=_MODEL),
    ] = False,
    list_format: Annotated[
        ListFormat | None,
        typer.Option("--format", help="Format of --list. Default: table.", show_default=False, rich_help_panel=_MODEL),
    ] = None,
    data: Data = None,
    given: InputOptions = NONE_GIVEN,
    group_column: GroupColumn = None,
    validation: Validation = None,
    validation_fraction: Annotated[
        float | None,
        typer.Option(
            "--validation-fraction",
            metavar="X",
            min=0.01,
            max=0.5,
            help=f"Share of FILE to validate on. Default: {TUNING_VALIDATION_FRACTION} to fine-tune a model, else "
            f"{VALIDATION_FRACTION}.",
            show_default=False,
            rich_help_panel=INPUT,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the model. Default: my-tuned when fine-tuning, else my-RECIPE.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write the model to a folder instead of installing it.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an existing model.", rich_help_panel=_OUTPUT)
    ] = False,
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            "--tensorboard",
            metavar="FOLDER",
            help="Also write event files for TensorBoard.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    is_resumed: Annotated[
        bool, typer.Option("--resume", help="Resume a run that was stopped.", rich_help_panel=_RUN)
    ] = False,
    cross_validate: Annotated[
        int | None,
        typer.Option(
            "--cross-validate",
            metavar="K",
            min=2,
            max=100,
            help="Measure by K-fold cross-validation on FILE; install no model.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Measure with a quarter, half and all of the labels of FILE; install no model.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            min=0,
            help="Seed of the weights and of the order of the texts.",
            rich_help_panel=_RUN,
        ),
    ] = DEFAULT_SEED,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="Flagship: run every stage on a few reviews, as a test.", rich_help_panel=_RUN),
    ] = False,
    teacher: Annotated[
        Path | None,
        typer.Option(
            "--teacher",
            metavar="FOLDER",
            help="Flagship: make the labels again with the transformer in FOLDER, downloaded if it does not exist.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
    **fields: Any,  # one option for each field of a recipe
) -> None:
    """Fine-tune the default model on your own labeled texts, or train a new network on them or on the IMDB reviews.

    Shows loss and accuracy on held-out texts after each epoch. Ctrl-C stops the run; --resume continues it.

    # fine-tune the default model with your labels
    imdbsent train mine.csv

    imdbsent train mine.csv --cross-validate 5

    imdbsent train mine.csv --learning-curve

    # the LSTM of the tutorials, on the IMDB reviews
    imdbsent train --recipe classic

    imdbsent train --recipe classic --epochs 3 --units 64 --name small

    imdbsent train --list --recipe mine.toml && imdbsent train --recipe mine.toml

    imdbsent train mine.csv --text-column body --label-column stars --positive ">=4" --group-column product

    imdbsent train reviews.csv --name mine && imdbsent predict --model mine "great movie"

    imdbsent train tweets.csv --positive positive --negative negative,very-negative --encoding cp1252 --skip-bad

    imdbsent train --recipe classic --seed 8 --name second 2>&1 | tee training.log

    imdbsent train --recipe flagship --smoke --name try && imdbsent train --recipe flagship

    imdbsent train --resume
    """
    from imdbsent.cli._training import assess_on_console, show_report, train_on_console
    from imdbsent.training import checkpoint as unfinished
    from imdbsent.training.backend import require_libraries
    from imdbsent.training.base import start_from, start_tuning
    from imdbsent.training.request import TrainingRequest

    console = show_messages(no_color=no_color, quiet=quiet)
    if is_resumed:
        _check_resume(context)
        start = unfinished.find(name)
        request = start.head.request
        _check_stream(request)
    else:
        start = None
        is_tuning = file is not None and recipe is None and base != SCRATCH
        starts_with = None if base == SCRATCH else base
        _check_sizes(starts_with, fields, is_tuning=is_tuning)
        chosen = _chosen(recipe, fields, is_tuning=is_tuning)
        if list_recipes:
            show_recipes(chosen, as_json=list_format is ListFormat.JSON, no_color=no_color)
            return
        if list_format is not None:
            raise UsageProblem(f"--format requires --list. Type: imdbsent train --list --format {list_format.value}")
        own = own_data(
            file,
            data,
            given,
            group_column=group_column,
            validation=validation,
            validation_fraction=validation_fraction,
            default_fraction=TUNING_VALIDATION_FRACTION if is_tuning else VALIDATION_FRACTION,
        )
        starts_from, fitted = None, chosen
        if is_tuning:
            require_libraries()  # one message for all of them
            starts_from, fitted = start_tuning(starts_with, chosen)
        elif starts_with:
            starts_from, fitted = start_from(starts_with, chosen)
        request = TrainingRequest(
            fitted,
            seed,
            name or (output.name if output else ""),
            output=str(output.absolute()) if output else None,
            data=str(data.absolute()) if data else None,
            own=own,
            base=starts_from,
            tuning=_tuning(fields) if is_tuning else None,
            smoke=smoke,
            teacher=str(teacher.absolute()) if teacher else None,
            replace=replace,
        )
    if cross_validate or learning_curve:
        _check_only_measures(name=name, output=output, replace=replace or None, tensorboard=tensorboard)
        assess_on_console(request, console, cross_validate, with_curve=learning_curve, no_color=no_color)
        return
    report = train_on_console(request, console, start=start, tensorboard=tensorboard)
    if not quiet:
        show_report(report, no_color=no_color)


def _check_only_measures(**options: object) -> None:
    """Check that no option is given for a model, where none is made."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageProblem(
            f"--{given[0]} cannot be combined with --cross-validate and --learning-curve, which install no model. "
            f"Type the same command without --{given[0]}"
        )


def _chosen(recipe: str | None, fields: dict[str, Any], *, is_tuning: bool) -> Recipe:
    """The recipe, with the fields that the command line changes."""
    from imdbsent.training.recipes import CLASSIC, TUNED, find_recipe

    named = find_recipe(recipe) if recipe else TUNED if is_tuning else CLASSIC
    return override_from_options(named, fields)


def _tuning(fields: dict[str, Any]) -> FineTuning:
    """How a model is fine-tuned: for as many epochs as the command line says, or as the texts need."""
    from imdbsent.training.recipes import FineTuning

    return FineTuning() if fields["epochs"] is None else FineTuning(fewest_steps=0)


def _check_sizes(base: str | None, fields: dict[str, Any], *, is_tuning: bool) -> None:
    """Check that the command line does not change the sizes of a model to start from."""
    from imdbsent.training.recipes import SIZES

    given = [field for field in SIZES if fields[field] is not None]
    if is_tuning and base is None and given:
        raise UsageProblem(
            f"--{given[0].replace('_', '-')} requires a new network: the default model has a fixed size. "
            f"Type the same command with --from {SCRATCH}"
        )
    if base is not None and given:
        option = f"--{given[0].replace('_', '-')}"
        raise UsageProblem(
            f"{option} cannot be combined with --from: the model {base!r} has a fixed size. "
            f"Type the same command without {option}"
        )


def _check_stream(request: TrainingRequest) -> None:
    """Check that the texts of a run that came from standard input are there again."""
    own = request.own
    is_stream = own is not None and STDIN in (own.source, own.validation)
    if is_stream and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageProblem(
            f"the texts of {request.name!r} came from standard input, and are needed again. "
            f"Type: imdbsent train --resume --name {request.name} < FILE"
        )


def _check_resume(context: typer.Context) -> None:
    """Check that no other option is given: a run resumes with the options it was started with."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in _WITH_RESUME and source is not None and source.name == "COMMANDLINE":
            option = max(parameter.opts, key=len) if parameter.param_type_name == "option" else "FILE"
            raise UsageProblem(f"{option} cannot be combined with --resume. Type: imdbsent train --resume")
