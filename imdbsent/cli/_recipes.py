"""An option for each field of a recipe, made from the recipe itself.

`imdbsent train --list`: the recipes, field by field.
"""

from __future__ import annotations

import inspect
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from imdbsent.cli._console import stdout_console
from imdbsent.errors import UsageProblem
from imdbsent.training.recipes import RECIPES, SETTINGS, Recipe, expected, problem_of_value
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table


_WIDE = 110  # characters


def show_recipes(chosen: Recipe, *, as_json: bool, no_color: bool) -> None:
    """Print the recipes on standard output, and behind them the one that was asked for, where it is none of them.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
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
    """A row a field, a column a recipe; what is not as in the first recipe is bold.

    Args:
        recipes: all that have a name, and perhaps a last one that is different.
        width: characters there are; where they are few, what a field means is left to `--help`.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("field", no_wrap=True)
    for recipe in recipes:
        is_named = RECIPES.get(recipe.name) == recipe
        table.add_column(Text(recipe.name if is_named else f"{recipe.name} *"), justify="right", overflow="fold")
    table.add_column("from .. to")
    is_wide = width >= _WIDE
    if is_wide:
        table.add_column("what it is")
    for field in SETTINGS:
        values = [_shown(getattr(recipe, field)) for recipe in recipes]
        cells = [Text(value, style="" if value == values[0] else "bold") for value in values]
        table.add_row(field, *cells, _range(field), *([SETTINGS[field][1].meaning] if is_wide else []))
    if recipes[-1] not in RECIPES.values():
        table.caption = "* as it would be trained"
        table.caption_justify = "left"
    return table


def recipes_json(recipes: Sequence[Recipe]) -> Iterator[str]:
    """One array, an object a recipe."""
    yield json.dumps([asdict(recipe) for recipe in recipes], ensure_ascii=False, indent=2) + "\n"


def _range(field: str) -> str:
    kind, setting = SETTINGS[field]
    if kind is bool:
        return ""
    return ", ".join(setting.choices) or f"{setting.low:,} .. {setting.high:,}"


def _shown(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:,}"

_Command = TypeVar("_Command", bound=Callable[..., None])

PANEL = "Fields of the recipe"


def with_recipe_options(command: _Command) -> _Command:
    """Give a Typer command an option for each field of a recipe but its name, as --epochs for `epochs`.

    Args:
        command: takes them as `**fields`; a field whose option was left out is None.
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
    """A recipe with the fields that were given on the command line.

    Args:
        recipe: what the rest is taken from.
        options: each field; None where its option was left out.

    Raises:
        UsageProblem: a value makes no sense.
        RecipeInvalid: together they make none.
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
    option = typer.Option(*names, help=meaning, show_default=False, rich_help_panel=PANEL, min=low, max=high)
    return Annotated[kind | None, option]


def _option(field: str, before: str = "") -> str:
    return f"--{before}{field.replace('_', '-')}"
