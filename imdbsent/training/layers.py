"""The Keras layers that the architectures are built from; they run on every backend of Keras 3.

Shapes: B texts per batch, T tokens per text, S tokens per segment, E size of an embedding, H units of an LSTM.
Padding always follows a text's tokens.
"""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import ops

from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training.word_pairs import BUCKETS, NO_KEY, bucket_of, key_of

_OUT_OF_RANGE: Final = 4.0
"""Moves padding below every state when the maximum is taken: states are between -1 and 1."""


class LastState(keras.layers.Layer):
    """The hidden state after the last token: states (B, T, H) and ids (B, T) to (B, H).

    The state does not depend on the padding that follows, and no gradient comes from there. So no LSTM step needs a
    mask, which would cost half of the time that batches of similar length save.
    """

    def call(self, states: Any, ids: Any) -> Any:
        """Select the states."""
        lengths = ops.sum(ops.cast(ops.not_equal(ids, PAD_ID), "int32"), axis=1)  # (B,)
        last = ops.reshape(lengths - 1, (-1, 1, 1))
        last = ops.broadcast_to(last, (ops.shape(states)[0], 1, states.shape[-1]))  # (B, 1, H)
        return ops.squeeze(ops.take_along_axis(states, last, axis=1), axis=1)


class IsToken(keras.layers.Layer):
    """1 for a token and 0 for padding: ids (B, T) to (B, T)."""

    def call(self, ids: Any) -> Any:
        """Compare with the id of padding."""
        return ops.cast(ops.not_equal(ids, PAD_ID), "float32")


class WordPairs(keras.layers.Layer):
    """The bucket of the pair of words that each token completes, 0 if the pair is not in the table: (B, T) to (B, T).

    Args:
        vocabulary_size: all ids are below it.
    """

    def __init__(self, vocabulary_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

    def build(self, ids_shape: tuple[int | None, ...]) -> None:
        """Make the table of keys; it is counted, not trained (`imdbsent.training.word_pairs.frequent_pairs`)."""
        del ids_shape
        shape, empty = (BUCKETS + 1,), keras.initializers.Constant(NO_KEY)
        self.table = self.add_weight(shape=shape, initializer=empty, dtype="int32", trainable=False, name="table")

    def call(self, ids: Any) -> Any:
        """Look the pairs up."""
        previous = ops.pad(ids, [[0, 0], [1, 0]])[:, :-1]
        bucket = bucket_of(previous, ids)
        found = ops.equal(ops.take(self.table, bucket), key_of(previous, ids, self.vocabulary_size))
        return ops.where(found, bucket, 0)


class ReverseSegments(keras.layers.Layer):
    """The values of each segment's tokens in reverse order: ids and values (B, T) to (B, T).

    Args:
        segment: S, tokens per segment.
    """

    def __init__(self, segment: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segment = segment

    def call(self, ids: Any, values: Any) -> Any:
        """Reverse the tokens; padding stays at the end of its segment."""
        size = _segment_size(ids, self.segment)
        segments = ops.reshape(ids, (-1, size))  # (B T / S, S)
        lengths = ops.sum(ops.cast(ops.not_equal(segments, PAD_ID), "int32"), axis=1, keepdims=True)
        indices = ops.reshape(ops.arange(size, dtype="int32"), (1, -1))
        reverse = ops.where(indices < lengths, lengths - 1 - indices, indices)
        values = ops.take_along_axis(ops.reshape(values, (-1, size)), reverse, axis=1)
        return ops.reshape(values, ops.shape(ids))

    def compute_output_spec(self, ids: Any, values: Any) -> Any:
        """The shape of the values; JAX cannot divide an unknown length."""
        del ids
        return keras.KerasTensor(values.shape, values.dtype)


class SegmentedLSTM(keras.layers.Layer):
    """The states of an LSTM that starts over in each segment: (B, T, E) to (B, T, H).

    All segments run side by side as one batch. Padding follows a segment's tokens, so no state of a token depends on
    it, and no mask is needed, which would double the time.

    Args:
        units: H.
        segment: S, tokens per segment.
    """

    def __init__(self, units: int, segment: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.segment = segment
        self.lstm = keras.layers.LSTM(units, return_sequences=True, name="lstm")

    def build(self, embedded_shape: tuple[int | None, ...]) -> None:
        """Make the weights of the LSTM."""
        self.lstm.build((None, self.segment, embedded_shape[-1]))

    def call(self, embedded: Any) -> Any:
        """Run the LSTM over each segment."""
        size = _segment_size(embedded, self.segment)
        segments = ops.reshape(embedded, (-1, size, embedded.shape[-1]))  # (B T / S, S, E)
        return ops.reshape(self.lstm(segments), (ops.shape(embedded)[0], -1, self.units))

    def compute_output_spec(self, embedded: Any) -> Any:
        """The shape of the states; JAX cannot divide an unknown length."""
        return keras.KerasTensor((*embedded.shape[:2], self.units))


def _segment_size(values: Any, segment: int) -> Any:
    """Tokens per segment: those of the batch if it is shorter than a segment, so that short texts have little padding.

    Args:
        values: of each token, shape (B, T, ...).
        segment: S.
    """
    return ops.minimum(ops.shape(values)[1], segment)


class MeanAndMaximum(keras.layers.Layer):
    """Mean and maximum over the tokens: states (B, T, H) and is_token (B, T) to (B, 2 H).

    Neither depends on the order of the tokens, so backward states need not be put back into order.
    """

    def call(self, states: Any, is_token: Any) -> Any:
        """Pool the states."""
        is_token = is_token[..., None]
        maximum = ops.max(states + _OUT_OF_RANGE * (is_token - 1.0), axis=1)
        return ops.concatenate([_mean(states, is_token), maximum], axis=-1)


class ScaledMean(keras.layers.Layer):
    """Mean over the tokens times a factor: embedded (B, T, E) and is_token (B, T) to (B, E).

    Args:
        factor: multiplies the mean.
    """

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, embedded: Any, is_token: Any) -> Any:
        """Pool the embeddings."""
        return self.factor * _mean(embedded, is_token[..., None])


def _mean(values: Any, is_token: Any) -> Any:
    """Mean over the tokens: values (B, T, F) and is_token (B, T, 1) to (B, F)."""
    return ops.sum(values * is_token, axis=1) / ops.maximum(ops.sum(is_token, axis=1), 1.0)
