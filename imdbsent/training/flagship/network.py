"""The flagship network, in backend-neutral Keras 3: it reads the whole review, cheaply, and can say why.

A review is cut into segments of 64 tokens, which run through a bidirectional LSTM side by side as one batch: 64 steps
one after another, however long the review is. The states of ALL tokens are pooled, their maximum and their mean, and
one linear layer makes the logit of them, so that the logit splits exactly into one number a token
(`imdbsent.training.flagship.export`).

Shapes: B reviews a batch, T tokens a review (a multiple of S), S tokens a segment, E numbers a word, H units of either
direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from imdbsent.tokenizer import PAD_ID
from imdbsent.training import import_library

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe

SEGMENT: Final = 64
"""Tokens of a segment. The LSTM begins anew in each: what a word means in its sentence does not need more, and what
the review says as a whole is the pooling's part. Johnson & Zhang (ICML 2016) cut reviews to 50 to 100 words alike."""


def flagship_network(recipe: Recipe, dropout: float = 0.0) -> Any:
    """The network, not compiled.

    Args:
        recipe: its sizes.
        dropout: share of the numbers of each word, and of what is pooled, that are zeroed in training.

    Returns:
        A `keras.Model` from ids (B, T), padding behind the words and T a multiple of `SEGMENT`, to logits (B, 1).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops

    class IsToken(layers.Layer):  # type: ignore[misc, name-defined]
        """1 where a token is, 0 where padding is: ids (B, T) to (B, T)."""

        def call(self, ids: Any) -> Any:
            return ops.cast(ops.not_equal(ids, PAD_ID), "float32")

    class SegmentedBiLSTM(layers.Layer):  # type: ignore[misc, name-defined]
        """The states of both directions, segment by segment: (B, T, E) and is_token (B, T) to (B, T, 2 H).

        The backward direction reads each segment's tokens in reverse, its padding still behind them. So neither
        direction needs a mask, which would cost half of the time: no state of a token depends on padding.
        """

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.forward = layers.LSTM(units, return_sequences=True, name="forward")
            self.backward = layers.LSTM(units, return_sequences=True, name="backward")

        def build(self, embedded_shape: tuple[int | None, ...], is_token_shape: tuple[int | None, ...]) -> None:
            del is_token_shape
            self.forward.build((None, SEGMENT, embedded_shape[-1]))
            self.backward.build((None, SEGMENT, embedded_shape[-1]))

        def call(self, embedded: Any, is_token: Any) -> Any:
            size = embedded.shape[-1]
            segments = ops.reshape(embedded, (-1, SEGMENT, size))  # (B T / S, S, E)
            lengths = ops.sum(ops.reshape(ops.cast(is_token, "int32"), (-1, SEGMENT)), axis=1, keepdims=True)
            places = ops.reshape(ops.arange(SEGMENT, dtype="int32"), (1, SEGMENT))
            reverse = ops.where(places < lengths, lengths - 1 - places, places)[..., None]  # its own inverse
            ahead = self.forward(segments)  # (B T / S, S, H)
            back = self.backward(ops.take_along_axis(segments, ops.repeat(reverse, size, axis=2), axis=1))
            back = ops.take_along_axis(back, ops.repeat(reverse, self.units, axis=2), axis=1)
            states = ops.concatenate([ahead, back], axis=-1)
            return ops.reshape(states, (ops.shape(is_token)[0], -1, 2 * self.units))

    class PoolTokens(layers.Layer):  # type: ignore[misc, name-defined]
        """Mean and maximum over the tokens: states (B, T, F) and is_token (B, T) to (B, 2 F)."""

        def call(self, states: Any, is_token: Any) -> Any:
            is_token = is_token[..., None]
            mean = ops.sum(states * is_token, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1.0)
            # States are within -1 and 1, so that padding, moved down by 4, is never the largest.
            return ops.concatenate([mean, ops.max(states + 4.0 * (is_token - 1.0), axis=1)], axis=-1)

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    is_token = IsToken(name="is_token")(ids)
    embedding = layers.Embedding(
        recipe.vocabulary_size,
        recipe.embedding_size,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1),
        name="embedding",
    )
    embedded = layers.SpatialDropout1D(dropout, name="word_dropout")(embedding(ids))  # (B, T, E)
    states = SegmentedBiLSTM(recipe.units, name="bilstm")(embedded, is_token)  # (B, T, 2 H)
    pooled = layers.Dropout(dropout, name="dropout")(PoolTokens(name="pool")(states, is_token))  # (B, 4 H)
    return keras.Model(ids, layers.Dense(1, name="dense")(pooled), name=recipe.name)
