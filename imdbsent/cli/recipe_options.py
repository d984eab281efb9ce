"""An option for each field of a recipe, made from the recipe itself."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from imdbsent.errors import UsageProblem
from imdbsent.training.recipes import SETTINGS, Recipe, expected, problem_of_value

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
    from imdbsent.training.recipe_files import override

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
