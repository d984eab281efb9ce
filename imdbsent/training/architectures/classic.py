"""The networks, in backend-neutral Keras 3.

Shapes: B reviews a batch, T ids a review, E numbers a word, H units of the LSTM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.loop import adam

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe


def build_network(recipe: Recipe) -> Any:
    """The network that a recipe trains, compiled and with its optimizer's variables made.

    Args:
        recipe: sizes, learning rate, and whether padding is read.

    Returns:
        A compiled `keras.Model` from ids (B, T) to the probability of positive (B, 1). Padding stands in front where it
        is read, and behind where it is not.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    network = _bucketed(recipe) if recipe.bucketed else answering_network(recipe)
    network.compile(
        loss="binary_crossentropy",
        optimizer=adam(recipe.learning_rate),
        metrics=["accuracy"],
    )
    network.optimizer.build(network.trainable_variables)
    return network


def answering_network(recipe: Recipe) -> Any:
    """The tutorials' LSTM: the verdict is read off its last hidden state.

    Where padding is read, it has no mask: it reads the padding in front of a review too, as the tutorials' does. Where
    it is not, the embedding's mask makes Keras leave it out.

    Args:
        recipe: sizes, and whether padding is read.

    Returns:
        A `keras.Sequential` of Keras's own layers, not compiled, from ids (B, T) to the probability of positive (B, 1).
    """
    keras = import_library("keras")
    length = None if recipe.bucketed else recipe.maximum_length
    return keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),  # (B, T)
            keras.layers.Embedding(  # (B, T, E)
                recipe.vocabulary_size, recipe.embedding_size, mask_zero=recipe.bucketed, name="embedding"
            ),
            keras.layers.LSTM(recipe.units, name="lstm"),  # (B, H)
            keras.layers.Dense(1, activation="sigmoid", name="dense"),  # (B, 1)
        ],
        name=recipe.name,
    )


def as_answering(network: Any, recipe: Recipe) -> Any:
    """A trained network as Keras's own layers alone, without its optimizer: what a bundle keeps.

    Adam's moments would make its file three times as large, and whoever loads it needs none of our classes.
    """
    bare = answering_network(recipe)
    bare.set_weights(network.get_weights())
    return bare


def _bucketed(recipe: Recipe) -> Any:
    """The same network for padding that stands behind the words: it answers from the state after the last word.

    That state does not depend on what comes after, and no gradient comes from there. So no step of the LSTM needs a
    mask, which would cost half of the time that batches of like length save.
    """
    keras = import_library("keras")
    ops = keras.ops

    class LastState(keras.layers.Layer):  # type: ignore[name-defined]
        """The hidden state after the last word: states (B, T, H) and ids (B, T) to (B, H)."""

        def call(self, states: Any, ids: Any) -> Any:
            lengths = ops.sum(ops.cast(ops.not_equal(ids, PAD_ID), "int32"), axis=1)  # (B,)
            last = ops.reshape(lengths - 1, (-1, 1, 1))
            last = ops.broadcast_to(last, (ops.shape(states)[0], 1, states.shape[-1]))  # (B, 1, H)
            return ops.squeeze(ops.take_along_axis(states, last, axis=1), axis=1)

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    embedded = keras.layers.Embedding(recipe.vocabulary_size, recipe.embedding_size)(ids)  # (B, T, E)
    states = keras.layers.LSTM(recipe.units, return_sequences=True)(embedded)  # (B, T, H)
    probability = keras.layers.Dense(1, activation="sigmoid")(LastState()(states, ids))  # (B, 1)
    return keras.Model(ids, probability, name=recipe.name)
