"""Recipes: everything that decides how a network is trained, under a name, or from a TOML file."""

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
from imdbsent.training.architectures import ARCHITECTURES, architecture

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Setting:
    """What a field of a recipe means, and which values it may have.

    Attributes:
        meaning: what it is, with its unit.
        low: the smallest number.
        high: the largest number.
        choices: the words to choose from.
    """

    meaning: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How to train one network. `SETTINGS` has the allowed values of each field but the name.

    Attributes:
        name: what `imdbsent train --recipe` calls it. It stays the same if the command line overrides fields: the
            fields say what was really used.
        architecture: the kind of network; one of `imdbsent.training.architectures`. It decides how text becomes ids.
        vocabulary_size: ids from this one on are out of the vocabulary; also the rows of the embedding (Keras's
            `num_words`).
        maximum_length: ids read per review (the last ones).
        embedding_size: numbers per word.
        units: size of the LSTM's state.
        epochs: passes over the training split.
        batch_size: reviews per step.
        learning_rate: of Adam.
        bucketed: whether a batch holds reviews of similar length, whose padding the network does not read. If not, each
            review is padded to `maximum_length`, and its padding is read like any word.
    """

    name: str
    architecture: Annotated[str, Setting("Kind of network.", choices=ARCHITECTURES)]
    vocabulary_size: Annotated[int, Setting("Vocabulary size; ids from here on are unknown words.", 5, 1_000_000)]
    maximum_length: Annotated[int, Setting("Ids read per review (the last ones).", 1, 10_000)]
    embedding_size: Annotated[int, Setting("Embedding size.", 1, 4_096)]
    units: Annotated[int, Setting("LSTM units.", 1, 4_096)]
    epochs: Annotated[int, Setting("Passes over the training reviews.", 1, 1_000)]
    batch_size: Annotated[int, Setting("Reviews per step.", 1, 100_000)]
    learning_rate: Annotated[float, Setting("Learning rate of Adam.", 1e-8, 1.0)]
    bucketed: Annotated[bool, Setting("Batches of similar length, with padding masked.")]


SETTINGS: Final[dict[str, tuple[type, Setting]]] = {
    name: (get_args(hint)[0], get_args(hint)[1])
    for name, hint in typing.get_type_hints(Recipe, include_extras=True).items()
    if get_args(hint)
}
"""Type and allowed values of each field that can be overridden: all but the name."""

SIZES: Final = ("architecture", "vocabulary_size", "maximum_length", "embedding_size", "units", "bucketed")
"""The fields that are fixed if training starts from a model: they describe its weights and how it reads."""

CLASSIC: Final = Recipe(
    name="classic",
    architecture="classic",
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
"""The same network without a step of padding, in half the time (benchmarks/training.py). docs/training.md says why a
batch has 128 reviews."""

FLAGSHIP: Final = Recipe(
    name="flagship",
    architecture="flagship",
    vocabulary_size=40_004,
    maximum_length=4_096,
    embedding_size=64,
    units=64,
    epochs=4,
    batch_size=128,
    learning_rate=0.002,
    bucketed=True,
)
"""The most accurate network (`imdbsent.training.architectures.flagship`), taught by a transformer."""


@dataclass(frozen=True)
class FineTuning:
    """How a trained network learns a user's own labels, beyond the fields of a recipe.

    Attributes:
        head_epochs: epochs at the start in which only the last layer learns, so that the gradients of a wrong head do
            not undo what the rest knows (Howard & Ruder, ACL 2018, and others).
        embedding_share: share of the learning rate that the embeddings have: most of the numbers, each with few texts.
        dropout: share of the numbers of each embedding, and of what is pooled, that training sets to zero.
        last_rate: share of the learning rate that is left at the end, along a cosine.
        patience: epochs without a lower validation loss after which training stops. The best epoch is kept; the model
            as it was is epoch 0.
        fewest_steps: batches to allow for: with few texts there are up to three times as many epochs as the recipe has,
            because an epoch of them is over before much is learned.
    """

    head_epochs: int = 1
    embedding_share: float = 0.1
    dropout: float = 0.2
    last_rate: float = 0.1
    patience: int = 3
    fewest_steps: int = 300

    def epochs(self, usual: int, steps: int) -> int:
        """How many epochs there are at the most.

        Args:
            usual: epochs of the recipe.
            steps: batches per epoch.
        """
        return min(max(usual, -(-self.fewest_steps // steps)), 3 * usual)


TUNED: Final = replace(FLAGSHIP, name="tuned", epochs=16, batch_size=32, learning_rate=0.001)
"""Fine-tuning (`FineTuning`). Its sizes are those of the model that it starts from, so it is not one of `RECIPES`."""

RECIPES: Final = {recipe.name: recipe for recipe in (CLASSIC, BUCKETED, FLAGSHIP)}

LARGEST_WEIGHTS: Final = 2**30
"""Bytes that the weights and tables of a model may have: the most that one file of a bundle may have."""

BASE: Final = "base"
"""The key of a file that names the recipe to take the other fields from."""

_NAMES: Final = (BASE, *(field.name for field in fields(Recipe)))
_LARGEST: Final = 2**20  # bytes
_OLD_ARCHITECTURES: Final = {"keras": "classic", "words": "flagship"}
"""The architecture that the field `scheme` of earlier versions stood for."""


def problem_of_value(field: str, value: Any) -> str | None:
    """What is wrong with the value of a field.

    Args:
        field: a key of `SETTINGS`.
        value: from a file or the command line; a whole number is allowed for one with decimals.

    Returns:
        A clause such as "epochs is 0, not a whole number from 1 to 1,000"; None if nothing is wrong.
    """
    kind, setting = SETTINGS[field]
    is_number = kind in (int, float) and isinstance(value, (int, kind)) and not isinstance(value, bool)
    if is_number and setting.low <= value <= setting.high:  # false for nan
        return None
    if kind is bool and isinstance(value, bool):
        return None
    if kind is str and value in setting.choices:
        return None
    return f"{field} is {_as_toml(value)}, not {expected(field)}"


def problem_of_size(recipe: Recipe) -> str | None:
    """What is wrong with a recipe whose fields are each allowed: its architecture cannot do it, or it is too large.

    Returns:
        A clause; None if nothing is wrong.
    """
    chosen = architecture(recipe.architecture)
    if problem := chosen.problem(recipe):
        return problem
    size = chosen.size(recipe)
    if size <= LARGEST_WEIGHTS:
        return None
    return (
        f"its weights would take {size / 1e9:,.1f} GB, more than the {LARGEST_WEIGHTS / 1e9:,.1f} GB that a model may "
        "have: reduce vocabulary_size, embedding_size or units"
    )


def expected(field: str) -> str:
    """The allowed values of a field, for people: "a whole number from 1 to 1,000"."""
    kind, setting = SETTINGS[field]
    if kind is bool:
        return "true or false"
    if kind is str:
        return " or ".join(map(repr, setting.choices))
    return f"a {'whole ' * (kind is int)}number from {setting.low:,} to {setting.high:,}"


def find_recipe(name_or_path: str) -> Recipe:
    """Find a recipe by name, or read it from a TOML file.

    Args:
        name_or_path: a key of `RECIPES`, or a path that ends in .toml or contains a separator.

    Raises:
        RecipeInvalid: there is no recipe of that name, or the file is not a recipe.
    """
    if name_or_path in RECIPES:
        return RECIPES[name_or_path]
    path = Path(name_or_path)
    if path.suffix.lower() == ".toml" or path.name != name_or_path:
        return read_recipe(path)
    if path.is_file():
        raise RecipeInvalid(
            f"there is no recipe {name_or_path!r}, but a file of that name",
            f"imdbsent train --recipe './{name_or_path}'",
        )
    raise RecipeInvalid(
        f"there is no recipe {name_or_path!r}{_nearest(name_or_path, RECIPES)}",
        f"imdbsent train --recipe {' or '.join(RECIPES)}",
    )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a TOML file.

    `base` names the recipe that provides the missing fields; without it, all fields are required. `name` may be
    missing: the recipe is then named after the file, without .toml. The field `scheme` of earlier versions is read as
    the architecture that used it.

    Raises:
        RecipeInvalid: the file cannot be read or is not TOML; or a field is missing, unknown, or has a value that is
            not allowed. The message names the line.
    """
    text = _read(path)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _invalid(path, f"'{path}' is not TOML: {error}") from error
    table = with_architecture(table)
    for key in table:
        if key not in _NAMES:
            raise _invalid(path, f"{_line_of(path, text, key)}a recipe has no field {key!r}{_nearest(key, _NAMES)}")
    return _recipe(path, text, table)


def with_architecture(table: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe, with the architecture in place of the `scheme` of earlier versions."""
    scheme = table.get("scheme")
    if "architecture" in table or not isinstance(scheme, str) or scheme not in _OLD_ARCHITECTURES:
        return table
    others = {key: value for key, value in table.items() if key != "scheme"}
    return {"architecture": _OLD_ARCHITECTURES[scheme], **others}


def override(recipe: Recipe, changes: dict[str, Any], path: Path | None = None) -> Recipe:
    """Change some fields of a recipe.

    Args:
        recipe: provides the other fields.
        changes: values that are each allowed.
        path: the file they come from; None for the command line.

    Raises:
        RecipeInvalid: the values do not work together.
    """
    changed = Recipe(**{**asdict(recipe), **changes})
    if problem := problem_of_size(changed):
        where = f"'{path}'" if path else f"the recipe {recipe.name!r}"
        raise RecipeInvalid(f"{where}: {problem}", _check_again(path))
    return changed


def _recipe(path: Path, text: str, table: dict[str, Any]) -> Recipe:
    """The recipe in a table whose keys are all known."""
    base = table.pop(BASE, None)
    if base is not None and (not isinstance(base, str) or base not in RECIPES):
        raise _invalid(path, f"{_line_of(path, text, BASE)}there is no recipe {base!r}{_nearest(str(base), RECIPES)}")
    name = table.pop("name", path.stem)
    if not isinstance(name, str) or not store.is_name(name):
        raise _invalid(
            path, f"{_line_of(path, text, 'name')}{name!r} cannot be a name: use letters, digits, and . _ - only"
        )
    for field, value in table.items():
        if problem := problem_of_value(field, value):
            raise _invalid(path, f"{_line_of(path, text, field)}{problem}")
    missing = [field for field in SETTINGS if field not in table]
    if base is None and missing:
        raise _invalid(path, f"'{path}' lacks {', '.join(missing)}: add them, or {BASE} = \"classic\" for the rest")
    values = {field: SETTINGS[field][0](value) for field, value in table.items()}  # learning_rate = 1 is 1.0
    if base is None:
        return override(Recipe(name=name, **values), {}, path)
    return override(RECIPES[base], {"name": name, **values}, path)


def _read(path: Path) -> str:
    """The text of a file.

    Raises:
        RecipeInvalid: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise RecipeInvalid(
                f"'{path}' is not a recipe: it is larger than {_LARGEST:,} bytes", "imdbsent train --list"
            )
        return content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise RecipeInvalid(f"cannot read '{path}': {error.strerror or error}", "imdbsent train --list") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(path, f"line {line} of '{path}' is not UTF-8") from error


def _as_toml(value: Any) -> str:
    """A value as TOML writes it, on one line, shortened if long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 (characters)


def _line_of(path: Path, text: str, key: str) -> str:
    """Where a key is, which tomllib does not say: the first line that starts with it."""
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.split("\n"), 1):
        if pattern.match(line):
            return f"line {number} of '{path}': "
    return f"'{path}': "


def _nearest(text: str, known: Any) -> str:
    found = difflib.get_close_matches(text, known, n=1)
    return f"; the closest is {found[0]!r}" if found else f"; there are {', '.join(known)}"


def _invalid(path: Path, problem: str) -> RecipeInvalid:
    return RecipeInvalid(problem, _check_again(path))


def _check_again(path: Path | None) -> str:
    return f"imdbsent train --list --recipe '{path}'" if path else "imdbsent train --list"
