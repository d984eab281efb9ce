"""The flagship network, in backend-neutral Keras 3: it reads the whole review, cheaply, and can say why.

A review is cut into segments of 64 tokens, which run through a bidirectional LSTM side by side as one batch: 64 steps
one after another, however long the review is. What it reads of a token is the word's embedding beside that of the pair
which it makes with the word before (`imdbsent.training.flagship.pairs`). The states of ALL tokens are pooled, their
maximum and their mean, and so is the mean of what is read; one linear layer makes the logit of them, so that the logit
splits exactly into one number a token (`imdbsent.training.flagship.export`).

Shapes: B reviews a batch, T tokens a review (a multiple of S), S tokens a segment, E numbers a word, E / 2 a pair, H
units of either direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from imdbsent.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.flagship.pairs import BUCKETS, NO_KEY, bucket_of, key_of

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe

SEGMENT: Final = 64
"""Tokens of a segment. The LSTM begins anew in each: what a word means in its sentence does not need more, and what
the review says as a whole is the pooling's part. Johnson & Zhang (ICML 2016) cut reviews to 50 to 100 words alike."""


EMBEDDING_GAIN: Final = 5.0
"""What the mean of the embeddings is multiplied by, so that its weights are learned as fast as those of the states."""


def pair_size(recipe: Recipe) -> int:
    """Numbers a pair of words."""
    return max(1, recipe.embedding_size // 2)


def flagship_network(recipe: Recipe, dropout: float = 0.0, topics: int = 0) -> Any:  # noqa: C901 (seven small layers)
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

    class Pairs(layers.Layer):  # type: ignore[misc, name-defined]
        """The bucket of the pair that each token ends, 0 where it is not in the table: ids (B, T) to (B, T)."""

        def build(self, ids_shape: tuple[int | None, ...]) -> None:
            del ids_shape
            shape, none = (BUCKETS + 1,), keras.initializers.Constant(NO_KEY)
            self.table = self.add_weight(shape=shape, initializer=none, dtype="int32", trainable=False, name="table")

        def call(self, ids: Any) -> Any:
            before = ops.pad(ids, [[0, 0], [1, 0]])[:, :-1]
            bucket = bucket_of(before, ids)
            found = ops.equal(ops.take(self.table, bucket), key_of(before, ids, recipe.vocabulary_size))
            return ops.where(found, bucket, 0)

    class Reversed(layers.Layer):  # type: ignore[misc, name-defined]
        """What belongs to each segment's tokens in reverse, padding still behind: ids and values (B, T) to (B, T)."""

        def call(self, ids: Any, values: Any) -> Any:
            segments = ops.reshape(ids, (-1, SEGMENT))  # (B T / S, S)
            lengths = ops.sum(ops.cast(ops.not_equal(segments, PAD_ID), "int32"), axis=1, keepdims=True)
            places = ops.reshape(ops.arange(SEGMENT, dtype="int32"), (1, SEGMENT))
            reverse = ops.where(places < lengths, lengths - 1 - places, places)
            values = ops.take_along_axis(ops.reshape(values, (-1, SEGMENT)), reverse, axis=1)
            return ops.reshape(values, ops.shape(ids))

        def compute_output_spec(self, ids: Any, values: Any) -> Any:  # JAX cannot divide a length that it does not know
            del ids
            return keras.KerasTensor(values.shape, values.dtype)

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

        def compute_output_spec(self, embedded: Any) -> Any:
            return keras.KerasTensor((*embedded.shape[:2], self.units))

    class PoolTokens(layers.Layer):  # type: ignore[misc, name-defined]
        """Mean and maximum over the tokens: states (B, T, H) and is_token (B, T) to (B, 2 H).

        Both are the same in whichever order the tokens come, so the backward states are never put back into theirs.
        """

        def call(self, states: Any, is_token: Any) -> Any:
            is_token = is_token[..., None]
            mean = _mean(ops, states, is_token)
            # States are within -1 and 1, so that padding, moved down by 4, is never the largest.
            return ops.concatenate([mean, ops.max(states + 4.0 * (is_token - 1.0), axis=1)], axis=-1)

    class MeanEmbedding(layers.Layer):  # type: ignore[misc, name-defined]
        """Mean of what is read, scaled up: (B, T, E) and is_token (B, T) to (B, E)."""

        def call(self, read: Any, is_token: Any) -> Any:
            return EMBEDDING_GAIN * _mean(ops, read, is_token[..., None])

    ids = keras.Input((None,), dtype="int32")  # (B, T)
    pairs = Pairs(name="pairs")(ids)
    is_token = IsToken(name="is_token")(ids)
    embedding = layers.Embedding(
        recipe.vocabulary_size,
        recipe.embedding_size,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1),
        name="embedding",
    )
    pair_embedding = layers.Embedding(
        BUCKETS + 1,
        pair_size(recipe),
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.05),
        name="pair_embedding",
    )
    reverse, both = Reversed(name="reversed"), layers.Concatenate(name="read")
    drop = layers.SpatialDropout1D(dropout, name="word_dropout")
    pool = PoolTokens(name="pool")
    ahead = both([embedding(ids), pair_embedding(pairs)])  # (B, T, 3 E / 2)
    back = both([embedding(reverse(ids, ids)), pair_embedding(reverse(ids, pairs))])
    features = [
        pool(SegmentedLSTM(recipe.units, name=direction)(drop(read)), is_token)  # (B, 2 H)
        for direction, read in (("forward", ahead), ("backward", back))
    ]
    features.append(MeanEmbedding(name="mean_embedding")(ahead, is_token))  # (B, 3 E / 2)
    features = layers.Dropout(dropout, name="dropout")(layers.Concatenate(name="features")(features))
    logit = layers.Dense(1, name="dense")(features)  # (B, 1)
    if not topics:
        return keras.Model(ids, logit, name=recipe.name)
    topic = layers.Dense(topics, name="topics")(features)
    return keras.Model(ids, layers.Concatenate(name="targets")([logit, topic]), name=recipe.name)


def _mean(ops: Any, values: Any, is_token: Any) -> Any:
    """Mean over the tokens: values (B, T, F) and is_token (B, T, 1) to (B, F)."""
    return ops.sum(values * is_token, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1.0)
