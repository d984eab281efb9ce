"""The networks, in backend-neutral Keras 3.

Shapes: B reviews a batch, T ids a review, E numbers a word, H units of the LSTM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imdbsent.training import import_library

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe


def build_classic(recipe: Recipe) -> Any:
    """The tutorials' LSTM, compiled: the verdict is read off its last hidden state.

    It has no mask: it reads the padding in front of a review too, as the tutorials' does.

    Args:
        recipe: sizes and learning rate.

    Returns:
        A compiled `keras.Sequential` from ids (B, T) to the probability of positive (B, 1).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    network = keras.Sequential(
        [
            keras.Input((recipe.maximum_length,), dtype="int32"),  # (B, T)
            keras.layers.Embedding(recipe.vocabulary_size, recipe.embedding_size),  # (B, T, E)
            keras.layers.LSTM(recipe.units),  # (B, H)
            keras.layers.Dense(1, activation="sigmoid"),  # (B, 1)
        ],
        name=recipe.name,
    )
    network.compile(
        loss="binary_crossentropy",
        optimizer=keras.optimizers.Adam(recipe.learning_rate),
        metrics=["accuracy"],
    )
    return network
