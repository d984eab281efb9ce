"""`imdbsent train --list`: the recipes, field by field."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from imdbsent.cli.console import stdout_console
from imdbsent.records.writing import output_errors, write
from imdbsent.training.recipes import RECIPES, SETTINGS, Recipe

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
