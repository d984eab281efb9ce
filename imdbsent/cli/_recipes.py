"""The recipes on the command line: one option for each field, and the list of `imdbsent train --list`."""

from __future__ import annotations

import inspect
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from imdbsent.cli._console import stdout_console
from imdbsent.errors import UsageProblem
from imdbsent.training.recipes import RECIPES, SETTINGS, Recipe, expected, problem_of_value
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table


_Command = TypeVar("_Command", bound=Callable[..., None])

PANEL: Final = "Recipe fields (override the recipe)"
"""The panel of the options in the help."""
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
        *names, metavar=metavar, help=meaning, show_default=False, rich_help_panel=PANEL, min=low, max=high
    )
    return Annotated[kind | None, option]


def _option(field: str, before: str = "") -> str:
    return f"--{before}{field.replace('_', '-')}"
