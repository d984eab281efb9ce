"""Recipes: everything that decides how a network is trained, under a name."""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, get_args


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
        scheme: how text becomes ids; see `imdbsent.tokenizer`.
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
"""The network of `imdbsent.training.flagship.network`, taught by the stages of its ladder."""

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
        from imdbsent.training.flagship.pairs import LARGEST_VOCABULARY  # it imports NumPy

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
