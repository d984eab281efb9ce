"""Recipes of the user's own, from TOML files: `base = "classic"` and what is different, or every field.

Recipes: everything that decides how a network is trained, under a name.
"""

from __future__ import annotations

import difflib
import math
import re
import sys
import typing
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from imdbsent.errors import RecipeInvalid
from imdbsent.models import store


@dataclass(frozen=True)
class Setting:
    """What a field of a recipe may be, and what it means.

    Attributes:
        meaning: what it is, with its unit.
        low: the least that makes sense, of a number.
        high: the most.
        choices: what there is to choose from, of a word.
    """

    meaning: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How to train one network. `SETTINGS` has what each field but the name may be.

    Attributes:
        name: what `imdbsent train --recipe` calls it. It stays where fields are overridden on the command line: the
            fields tell what was really used.
        scheme: how text becomes ids; see `imdbsent.text.tokenizer`.
        vocabulary_size: ids from this one on are out of the vocabulary; also the rows of the embedding (Keras's
            `num_words`).
        maximum_length: ids read of a review (the last ones); shorter ones are padded in front.
        embedding_size: numbers a word.
        units: size of the LSTM's state.
        epochs: times through the training split.
        batch_size: reviews a step.
        learning_rate: of Adam.
        bucketed: whether a batch holds reviews of like length, whose padding the network does not read; else each is
            padded to `maximum_length`, and the padding is read like any word.
    """

    name: str
    scheme: Annotated[str, Setting("How text becomes ids.", choices=("keras", "words"))]
    vocabulary_size: Annotated[int, Setting("Ids from this one on are out of the vocabulary.", 5, 1_000_000)]
    maximum_length: Annotated[int, Setting("Ids read of a review: the last ones.", 1, 10_000)]
    embedding_size: Annotated[int, Setting("Numbers a word.", 1, 4_096)]
    units: Annotated[int, Setting("Size of the LSTM's state.", 1, 4_096)]
    epochs: Annotated[int, Setting("Times through the training reviews.", 1, 1_000)]
    batch_size: Annotated[int, Setting("Reviews a step.", 1, 100_000)]
    learning_rate: Annotated[float, Setting("Learning rate of Adam.", 1e-8, 1.0)]
    bucketed: Annotated[bool, Setting("Batches of like length, whose padding is not read.")]


SETTINGS: Final[dict[str, tuple[type, Setting]]] = {
    name: (get_args(hint)[0], get_args(hint)[1])
    for name, hint in typing.get_type_hints(Recipe, include_extras=True).items()
    if get_args(hint)
}
"""Type of each field that can be overridden, and what it may be; all but the name."""

SIZES: Final = ("vocabulary_size", "maximum_length", "embedding_size", "units", "bucketed")
"""The fields that are decided by a model that is gone on from: its weights have these sizes, and read such batches."""

CLASSIC: Final = Recipe(
    name="classic",
    scheme="keras",
    vocabulary_size=10_000,
    maximum_length=500,
    embedding_size=32,
    units=100,
    epochs=10,
    batch_size=64,
    learning_rate=0.001,
    bucketed=False,
)
"""The LSTM of the tutorials on IMDB: embedding, LSTM, one sigmoid; 373,301 parameters."""

BUCKETED: Final = replace(CLASSIC, name="bucketed", bucketed=True, batch_size=128)
"""The same network without a step of padding, in half the time (benchmarks/training.py); why 128 reviews a batch, is in
docs/training.md."""

FLAGSHIP: Final = Recipe(
    name="flagship",
    scheme="words",
    vocabulary_size=30_004,
    maximum_length=4_096,
    embedding_size=64,
    units=48,
    epochs=6,
    batch_size=384,
    learning_rate=0.003,
    bucketed=True,
)
"""The network of `imdbsent.training.architectures.flagship`, taught by the stages of its ladder."""

RECIPES: Final = {recipe.name: recipe for recipe in (CLASSIC, BUCKETED, FLAGSHIP)}

LARGEST_WEIGHTS: Final = 2**30
"""Bytes that the weights and tables of a model may take: what one file of a bundle may have."""


def problem_of_value(field: str, value: Any) -> str | None:
    """What is wrong with a value for a field.

    Args:
        field: a key of `SETTINGS`.
        value: as a file or a command line gave it; a whole number will do for one with decimals.

    Returns:
        A clause such as "epochs is 0, not a whole number from 1 to 1,000"; None where it is good.
    """
    kind, setting = SETTINGS[field]
    is_number = kind in (int, float) and isinstance(value, (int, kind)) and not isinstance(value, bool)
    if is_number and setting.low <= value <= setting.high:  # not so of nan
        return None
    if kind is bool and isinstance(value, bool):
        return None
    if kind is str and value in setting.choices:
        return None
    return f"{field} is {_shown(value)}, not {expected(field)}"


def problem_of_size(recipe: Recipe) -> str | None:
    """What is wrong with a recipe whose fields are good each for itself: that its model could not be written.

    Returns:
        A clause; None where nothing is wrong.
    """
    if recipe.scheme == "words" and not recipe.bucketed:
        return "with the scheme 'words' no padding is read: make bucketed true"
    if recipe.scheme == "words":
        from imdbsent.training.architectures.flagship import LARGEST_VOCABULARY  # it imports NumPy

        if recipe.vocabulary_size > LARGEST_VOCABULARY:
            return (
                f"vocabulary_size is {recipe.vocabulary_size:,}, more than the {LARGEST_VOCABULARY:,} ids whose pairs "
                "the scheme 'words' can number"
            )
    embedding = recipe.vocabulary_size * recipe.embedding_size
    lstm = 4 * recipe.units * (recipe.embedding_size + recipe.units + 1)
    padding_states = 2 * recipe.units * (recipe.maximum_length + 1)  # `imdbsent.training.export`
    size = 4 * (embedding + lstm + padding_states)  # float32
    if size <= LARGEST_WEIGHTS:
        return None
    return (
        f"its weights would take {size / 1e9:,.1f} GB, more than the {LARGEST_WEIGHTS / 1e9:,.1f} GB that a model may "
        "have: make vocabulary_size, embedding_size or units smaller"
    )


def expected(field: str) -> str:
    """What a field may be, for people: "a whole number from 1 to 1,000"."""
    kind, setting = SETTINGS[field]
    if kind is bool:
        return "true or false"
    if kind is str:
        return " or ".join(map(repr, setting.choices))
    return f"a {'whole ' * (kind is int)}number from {setting.low:,} to {setting.high:,}"


def _shown(value: Any) -> str:
    """A value of TOML on one line, as it would be written there, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 (characters)

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
