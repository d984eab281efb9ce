"""The reader: a teacher network that knows the language before it is told a verdict, and that does not waver.

It is the network of Miyato, Dai & Goodfellow ("Adversarial training methods for semi-supervised text classification",
ICLR 2017), read in both directions. Its embeddings and its LSTMs come from a language model of the same reviews
(`imdbsent.training.flagship.language`). It learns from labels alone, and from every review, labelled or not, that a
small disturbance of the embeddings must not change what it says: the one that changes it most, which one gradient
finds. It is as large as it is useful, for it does not ship; the student learns from what it says.

Shapes: B texts a batch, T tokens a text, V ids, E numbers a word, H units of either direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from imdbsent.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.flagship.gradient import gradient
from imdbsent.training.flagship.two_way import two_way_lstm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float32]

_TINY: Final = 1e-6
_NOTHING: Final = 1e-30  # added to a length that may be 0 before it divides


def normalised_embedding(recipe: Recipe, frequencies: Floats) -> Any:
    """An embedding whose numbers have mean 0 and variance 1 over the words as often as they are read.

    So that a network cannot make a disturbance of a given length small by making its embeddings large (Miyato et al.,
    section 3). Padding is read as zeros.

    Args:
        recipe: its sizes.
        frequencies: share of the tokens that each id is, shape (V,).

    Returns:
        A Keras layer from ids (B, T) to (B, T, E), whose method `table` gives all words, (V, E).
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops

    class NormalisedEmbedding(layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, ids_shape: tuple[int | None, ...]) -> None:
            del ids_shape
            shape = (recipe.vocabulary_size, recipe.embedding_size)
            self.words = self.add_weight(shape=shape, initializer=keras.initializers.RandomNormal(0.0, 1.0))
            self.frequencies = ops.convert_to_tensor(frequencies[:, None])

        def table(self) -> Any:
            mean = ops.sum(self.frequencies * self.words, axis=0, keepdims=True)
            variance = ops.sum(self.frequencies * ops.square(self.words - mean), axis=0, keepdims=True)
            return (self.words - mean) * ops.rsqrt(variance + _TINY)

        def call(self, ids: Any) -> Any:
            is_token = ops.cast(ops.not_equal(ids, PAD_ID), "float32")
            return ops.take(self.table(), ids, axis=0) * is_token[..., None]

    return NormalisedEmbedding(name="embedding")


def reader_network(recipe: Recipe, ladder: Ladder, frequencies: Floats) -> Any:  # noqa: C901 (one class)
    """The network, not compiled.

    Args:
        recipe: size of the vocabulary and of the embedding, and units of the LSTM of each direction.
        ladder: dropout, and length and weight of the disturbance.
        frequencies: share of the tokens that each id is, shape (V,).

    Returns:
        A `keras.Model` from ids (B, T), padding behind the words, to logits (B, 1). Its loss is the cross-entropy of
        the texts whose target is not negative, and what the disturbance changes.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops

    class Reader(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name=recipe.name)
            self.embedding = normalised_embedding(recipe, frequencies)
            self.lstm = two_way_lstm(recipe.units)
            self.word_dropout = layers.Dropout(ladder.reader_dropout, name="word_dropout")
            self.dropout = layers.Dropout(ladder.reader_dropout, name="dropout")
            self.dense = layers.Dense(1, name="dense")
            self.noise = keras.random.SeedGenerator(recipe.units)

        def build(self, ids_shape: tuple[int | None, ...]) -> None:
            self.embedding.build(ids_shape)
            self.lstm.build(recipe.embedding_size)
            self.dense.build((None, 4 * recipe.units))
            self.built = True

        def call(self, ids: Any, training: bool = False) -> Any:
            """Logits (B, 1); in training (B, 3): with dropout, as it answers, and with the worst disturbance."""
            embedded = self.embedding(ids)
            is_token = ops.cast(ops.not_equal(ids, PAD_ID), "float32")
            if not training:
                return self.dense(self.features(embedded, is_token))
            # What must not waver has to be what is learned from: with dropout in the one and not in the other, the
            # network learned to tell them apart, and said the same of every text without it (docs/training.md).
            dropped = self.word_dropout(embedded, training=True)
            disturbance, said = self.worst(dropped, is_token)
            # Both at once: half of the steps, which are what takes time.
            features = self.features(ops.concatenate([dropped, dropped + disturbance]), _twice(is_token))
            learning, disturbed = ops.split(features, 2)
            logits = self.dense(self.dropout(learning, training=True)), said, self.dense(disturbed)
            return ops.concatenate(logits, axis=1)

        def features(self, embedded: Any, is_token: Any) -> Any:
            """Mean and maximum of the states of both directions, (B, 4 H): of words (B, T, E), is_token (B, T)."""
            words = ops.stack([embedded, ops.flip(embedded, axis=1)])
            there = ops.stack([is_token, ops.flip(is_token, axis=1)])  # (D, B, T)
            states = self.lstm(words, there)  # (D, B, T, H)
            there = there[..., None]
            mean = ops.sum(states * there, axis=2) / ops.maximum(ops.sum(there, axis=2), 1.0)
            # States are within -1 and 1, so that padding, moved down by 4, is never the largest.
            largest = ops.max(states + 4.0 * (there - 1.0), axis=2)
            return ops.concatenate([mean[0], largest[0], mean[1], largest[1]], axis=-1)

        def worst(self, embedded: Any, is_token: Any) -> tuple[Any, Any]:
            """The disturbance (B, T, E) that changes the verdict most, and the verdict (B, 1) without it.

            A verdict is one number, so that what it says changes most along the gradient of its logit, up or down: the
            divergence is a multiple of the square of the logit's change, and no other direction changes that.
            """

            def verdicts(embedded: Any) -> tuple[Any, Any]:
                said = self.dense(self.features(embedded, is_token))
                return ops.sum(said), said

            direction, said = gradient(verdicts, embedded)
            direction = direction / (ops.max(ops.abs(direction), axis=(1, 2), keepdims=True) + _NOTHING)
            length = ops.sqrt(ops.sum(ops.square(direction), axis=(1, 2), keepdims=True))
            tokens = ops.sum(is_token, axis=1)[:, None, None]
            up_or_down = ops.sign(keras.random.uniform(ops.shape(tokens), -1.0, 1.0, seed=self.noise))
            size = ladder.adversarial_norm * up_or_down * ops.sqrt(tokens)
            return direction * is_token[..., None] * size / (length + _NOTHING), said

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            del x, sample_weight
            labelled = ops.cast(y >= 0, "float32")
            losses = ops.binary_crossentropy(ops.maximum(y, 0.0), y_pred[:, :1], from_logits=True)
            loss = ops.sum(labelled * losses) / ops.maximum(ops.sum(labelled), 1.0)
            if not training:
                return loss
            return loss + ladder.adversarial_weight * divergence(ops, y_pred[:, 1:2], y_pred[:, 2:])

    def _twice(values: Any) -> Any:
        return ops.concatenate([values, values])

    return Reader()


def divergence(ops: Any, first: Any, second: Any) -> Any:
    """Mean Kullback-Leibler divergence of two verdicts, of logits (B, 1): KL(first || second), in nats."""
    positive = ops.sigmoid(first)
    change = positive * (ops.softplus(-second) - ops.softplus(-first))
    return ops.mean(change + (1.0 - positive) * (ops.softplus(second) - ops.softplus(first)))


def compile_reader(network: Any, optimizer: Any) -> None:
    """Give the reader its optimizer, and the metric that is looked at."""
    keras = import_library("keras")
    ops = keras.ops

    def accuracy(targets: Any, said: Any) -> Any:
        """Share of right verdicts on texts that have a target."""
        labelled = ops.cast(targets >= 0, "float32")
        right = ops.cast(ops.equal(targets > 0.5, said[:, :1] > 0), "float32")  # noqa: PLR2004 (probability)
        return ops.sum(labelled * right) / ops.maximum(ops.sum(labelled), 1.0)

    network.compile(optimizer=optimizer, metrics=[accuracy], jit_compile=keras.backend.backend() == "jax")
    network.optimizer.build(network.trainable_variables)
