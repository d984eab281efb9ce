"""Recipes: everything that decides how a network is trained, under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Recipe:
    """How to train one network.

    Attributes:
        name: what `imdbsent train --recipe` calls it.
        scheme: how text becomes ids; see `imdbsent.tokenizer`.
        num_words: ids from this one on are out of the vocabulary; also the rows of the embedding.
        maximum_length: ids read of a review (the last ones); shorter ones are padded in front.
        embedding_size: numbers a word.
        units: size of the LSTM's state.
        epochs: times through the training split.
        batch_size: reviews a step.
        learning_rate: of Adam.
    """

    name: str
    scheme: str
    num_words: int
    maximum_length: int
    embedding_size: int
    units: int
    epochs: int
    batch_size: int
    learning_rate: float


CLASSIC: Final = Recipe(
    name="classic",
    scheme="keras",
    num_words=10_000,
    maximum_length=500,
    embedding_size=32,
    units=100,
    epochs=10,
    batch_size=64,
    learning_rate=0.001,
)
"""The LSTM of the tutorials on IMDB: embedding, LSTM, one sigmoid; 373,301 parameters."""

RECIPES: Final = {recipe.name: recipe for recipe in (CLASSIC,)}
