"""Recipes of the user's own, from TOML files: `base = "classic"` and what is different, or every field."""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from imdbsent import store
from imdbsent.errors import RecipeInvalid
from imdbsent.training.recipes import RECIPES, SETTINGS, Recipe, problem_of_size, problem_of_value

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BASE: Final = "base"
"""The key that names the recipe which the rest is taken from."""

_NAMES: Final = (BASE, *(field.name for field in fields(Recipe)))
_LARGEST: Final = 2**20  # bytes


def find_recipe(name_or_path: str) -> Recipe:
    """A recipe by its name, or from a TOML file.

    Args:
        name_or_path: a key of `RECIPES`; else a path, which ends in .toml or has a separator in it.

    Raises:
        RecipeInvalid: there is none of that name, or the file is no recipe.
    """
    if name_or_path in RECIPES:
        return RECIPES[name_or_path]
    path = Path(name_or_path)
    if path.suffix.lower() == ".toml" or path.name != name_or_path:
        return read_recipe(path)
    if path.is_file():
        raise RecipeInvalid(
            f"there is no recipe {name_or_path!r}, but a file", f"imdbsent train --recipe './{name_or_path}'"
        )
    raise RecipeInvalid(
        f"there is no recipe {name_or_path!r}{_nearest(name_or_path, RECIPES)}",
        f"imdbsent train --recipe {' or '.join(RECIPES)}",
    )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a TOML file.

    `base` names the recipe that the fields are taken from which the file leaves out; without it, all must be there.
    `name` may be left out: the recipe is then called what the file is called, without .toml.

    Raises:
        RecipeInvalid: the file cannot be read, is no TOML, lacks a field, has one that there is not, or has a value
            that makes no sense; with the line.
    """
    text = _read(path)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _invalid(path, f"'{path}' is no TOML: {error}") from error
    for key in table:
        if key not in _NAMES:
            raise _invalid(path, f"{_place(path, text, key)}a recipe has no field {key!r}{_nearest(key, _NAMES)}")
    return _recipe(path, text, table)


def override(recipe: Recipe, changes: dict[str, Any], path: Path | None = None) -> Recipe:
    """A recipe with some fields changed.

    Args:
        recipe: what the rest is taken from.
        changes: values that are good each for itself.
        path: the file that they are from; None for the command line.

    Raises:
        RecipeInvalid: together they make no sense.
    """
    changed = Recipe(**{**asdict(recipe), **changes})
    if problem := problem_of_size(changed):
        where = f"'{path}'" if path else f"the recipe {recipe.name!r}"
        raise RecipeInvalid(f"{where}: {problem}", _check_again(path))
    return changed


def _recipe(path: Path, text: str, table: dict[str, Any]) -> Recipe:
    base = table.pop(BASE, None)
    if base is not None and (not isinstance(base, str) or base not in RECIPES):
        raise _invalid(path, f"{_place(path, text, BASE)}there is no recipe {base!r}{_nearest(str(base), RECIPES)}")
    name = table.pop("name", path.stem)
    if not isinstance(name, str) or not store.is_name(name):
        raise _invalid(
            path, f"{_place(path, text, 'name')}{name!r} cannot be a name: write name = with letters, digits, . _ -"
        )
    for field, value in table.items():
        if problem := problem_of_value(field, value):
            raise _invalid(path, f"{_place(path, text, field)}{problem}")
    missing = [field for field in SETTINGS if field not in table]
    if base is None and missing:
        raise _invalid(path, f"'{path}' lacks {', '.join(missing)}: write them, or {BASE} = \"classic\" for the rest")
    values = {field: SETTINGS[field][0](value) for field, value in table.items()}  # learning_rate = 1 is 1.0
    if base is None:
        return override(Recipe(name=name, **values), {}, path)
    return override(RECIPES[base], {"name": name, **values}, path)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise RecipeInvalid(f"'{path}' is no recipe: it is larger than {_LARGEST:,} bytes", "imdbsent train --list")
        return content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise RecipeInvalid(f"cannot read '{path}': {error.strerror or error}", "imdbsent train --list") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(path, f"line {line} of '{path}' is not UTF-8") from error


def _place(path: Path, text: str, key: str) -> str:
    """Where a key of the file stands, as tomllib does not tell: the first line that begins with it."""
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.split("\n"), 1):
        if pattern.match(line):
            return f"line {number} of '{path}': "
    return f"'{path}': "


def _nearest(text: str, known: Any) -> str:
    found = difflib.get_close_matches(text, known, n=1)
    return f"; the nearest is {found[0]!r}" if found else f"; there are {', '.join(known)}"


def _invalid(path: Path, problem: str) -> RecipeInvalid:
    return RecipeInvalid(problem, _check_again(path))


def _check_again(path: Path | None) -> str:
    return f"imdbsent train --list --recipe '{path}'" if path else "imdbsent train --list"
