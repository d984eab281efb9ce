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


def flagship_network(recipe: Recipe, dropout: float = 0.0, topics: int = 0) -> Any:
    """The network, not compiled.

    Args:
        recipe: its sizes.
        dropout: share of the numbers of each word, and of what is pooled, that are zeroed in training.
        topics: numbers of a document vector that it is to give besides, for training only; 0 for none.

    Returns:
        A `keras.Model` from ids (B, T), padding behind the words and T a multiple of `SEGMENT`, to logits (B, 1), and
        the numbers of a document vector behind the logit, (B, 1 + topics).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops

    class Reversed(layers.Layer):  # type: ignore[misc, name-defined]
        """Each segment's tokens in reverse, its padding still behind them: ids (B, T) to (B, T)."""

        def call(self, ids: Any) -> Any:
            segments = ops.reshape(ids, (-1, SEGMENT))  # (B T / S, S)
            lengths = ops.sum(ops.cast(ops.not_equal(segments, PAD_ID), "int32"), axis=1, keepdims=True)
            places = ops.reshape(ops.arange(SEGMENT, dtype="int32"), (1, SEGMENT))
            reverse = ops.where(places < lengths, lengths - 1 - places, places)
            return ops.reshape(ops.take_along_axis(segments, reverse, axis=1), ops.shape(ids))

    class IsToken(layers.Layer):  # type: ignore[misc, name-defined]
        """1 where a token is, 0 where padding is: ids (B, T) to (B, T)."""

        def call(self, ids: Any) -> Any:
            return ops.cast(ops.not_equal(ids, PAD_ID), "float32")

    class SegmentedLSTM(layers.Layer):  # type: ignore[misc, name-defined]
        """The states of an LSTM that begins anew in each segment: (B, T, E) to (B, T, H).

        Padding stands behind a segment's tokens, so that no state of a token depends on it, and no mask is needed,
        which would cost half of the time.
        """

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.lstm = layers.LSTM(units, return_sequences=True, name="lstm")

        def build(self, embedded_shape: tuple[int | None, ...]) -> None:
            self.lstm.build((None, SEGMENT, embedded_shape[-1]))

        def call(self, embedded: Any) -> Any:
            segments = ops.reshape(embedded, (-1, SEGMENT, embedded.shape[-1]))  # (B T / S, S, E)
            return ops.reshape(self.lstm(segments), (ops.shape(embedded)[0], -1, self.units))

    class PoolTokens(layers.Layer):  # type: ignore[misc, name-defined]
        """Mean and maximum over the tokens: states (B, T, H) and is_token (B, T) to (B, 2 H).

        Both are the same in whichever order the tokens come, so the backward states are never put back into theirs.
        """

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
    drop = layers.SpatialDropout1D(dropout, name="word_dropout")
    pool = PoolTokens(name="pool")
    pooled = []
    for direction, read in (("forward", ids), ("backward", Reversed(name="reversed")(ids))):
        states = SegmentedLSTM(recipe.units, name=direction)(drop(embedding(read)))  # (B, T, H)
        pooled.append(pool(states, is_token))  # (B, 2 H)
    features = layers.Dropout(dropout, name="dropout")(layers.Concatenate(name="both")(pooled))  # (B, 4 H)
    logit = layers.Dense(1, name="dense")(features)  # (B, 1)
    if not topics:
        return keras.Model(ids, logit, name=recipe.name)
    topic = layers.Dense(topics, name="topics")(features)
    return keras.Model(ids, layers.Concatenate(name="targets")([logit, topic]), name=recipe.name)
