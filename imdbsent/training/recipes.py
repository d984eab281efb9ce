"""Recipes: everything that decides how a network is trained, under a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class Recipe:
    """How to train one network.

    Attributes:
        name: what `imdbsent train --recipe` calls it.
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
    scheme: str
    vocabulary_size: int
    maximum_length: int
    embedding_size: int
    units: int
    epochs: int
    batch_size: int
    learning_rate: float
    bucketed: bool


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

RECIPES: Final = {recipe.name: recipe for recipe in (CLASSIC, BUCKETED)}
