"""The language model: what word comes next, and what word came before, learned from all reviews without their labels.

Two LSTMs read windows of the reviews, one of each direction, and say each next word. Their weights are what the reader
begins with (Dai & Le, "Semi-supervised sequence learning", NeurIPS 2015). The next word is found among 8,192 drawn
ones, not among all 30,000 (sampled softmax; Jean et al., ACL 2015): frequent words are drawn more often, which the
logits are corrected for.

Shapes: B windows a batch, W tokens a window, K words drawn, V ids, E numbers a word, H units of either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.tokenizer import START_ID
from imdbsent.training import import_library
from imdbsent.training.flagship.reader import normalised_embedding
from imdbsent.training.flagship.two_way import two_way_lstm

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.texts import Texts
    from imdbsent.training.recipes import Recipe

    Ids = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

_HIT = -1e9
"""Added to the logit of a word that is drawn and is the right one, too: it counts once."""


@dataclass(frozen=True)
class Windows:
    """Reviews one behind another, cut into windows; what `imdbsent.training.loop.Loop` goes through.

    Attributes:
        stream: ids of the reviews, a start mark before each, int32 (tokens,).
        ladder: tokens of a window, words drawn a batch.
        chances: chance of each id at each draw, float64 (V,).
        seed: with the epoch and the batch, it decides the cuts and the draws.
    """

    stream: Ids
    ladder: Ladder
    chances: npt.NDArray[np.float64]
    seed: int

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[tuple[int, ...]]:
        """First tokens of the windows of each batch, behind the epoch and its number."""
        generator = np.random.default_rng([seed, epoch])
        window = self.ladder.window
        first = generator.integers(window)  # another epoch, other borders
        starts = generator.permutation(np.arange(first, len(self.stream) - window + 1, window))
        count = max(1, len(starts) // batch_size)
        batches = [starts[at * batch_size : (at + 1) * batch_size] for at in range(count)]
        return [(epoch, number, *batch.tolist()) for number, batch in enumerate(batches)]

    def in_order(self) -> list[tuple[int, ...]]:
        """One batch to look at: how well each epoch ends is known from its training loss."""
        starts = np.arange(self.ladder.language_batch) * self.ladder.window
        return [(0, 0, *starts[starts + self.ladder.window <= len(self.stream)].tolist())]

    def batch(self, batch: tuple[int, ...]) -> tuple[tuple[Ids, Ids], Floats]:
        """Ids (B, W) and the words drawn (K,), and nothing that matters, (B, 1)."""
        epoch, number, *starts = batch
        ids = self.stream[np.array(starts)[:, None] + np.arange(self.ladder.window)]
        generator = np.random.default_rng([self.seed, epoch, number])
        drawn = generator.choice(len(self.chances), self.ladder.drawn_words, p=self.chances).astype(np.int32)
        return (ids, np.broadcast_to(drawn, (len(ids), len(drawn)))), np.zeros((len(ids), 1), np.float32)

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:
        """Batches an epoch."""
        return max(len(self.shuffled(batch_size, seed, epoch)) for epoch in range(1, epochs + 1))


def stream_of(texts: Texts, places: npt.NDArray[np.int64]) -> Ids:
    """Some texts one behind another, a start mark before each."""
    parts = [part for place in places.tolist() for part in ([START_ID], texts[place])]
    return np.concatenate(parts).astype(np.int32)


def frequencies_of(stream: Ids, vocabulary_size: int) -> npt.NDArray[np.float64]:
    """Share of the tokens that each id is, shape (V,)."""
    counts = np.bincount(stream, minlength=vocabulary_size).astype(np.float64)
    return np.asarray(counts / counts.sum(), np.float64)


def chances_of(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Chance of each id to be drawn: frequencies to the power of 3/4, as those of word2vec (Mikolov et al. 2013)."""
    flattened = frequencies**0.75
    return np.asarray(flattened / flattened.sum(), np.float64)


def language_model(recipe: Recipe, ladder: Ladder, frequencies: npt.NDArray[np.float64]) -> Any:
    """The network, not compiled.

    Args:
        recipe: size of the vocabulary and of the embedding, and units of the LSTM of each direction.
        ladder: dropout, and words drawn a batch.
        frequencies: share of the tokens that each id is, shape (V,).

    Returns:
        A `keras.Model` from ids (B, W) and drawn words (B, K), the same for all, to (B, 2): the mean cross-entropy of
        the next words of both directions among those drawn, in nats, and the share of those that it finds.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops = keras.layers, keras.ops
    expected = np.log(np.maximum(ladder.drawn_words * chances_of(frequencies), 1e-12)).astype(np.float32)

    class LanguageModel(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="language_model")
            self.embedding = normalised_embedding(recipe, frequencies.astype(np.float32))
            self.lstm = two_way_lstm(recipe.units)
            self.say_next = layers.Dense(recipe.embedding_size, name="say_next")
            self.say_before = layers.Dense(recipe.embedding_size, name="say_before")
            self.dropout = layers.Dropout(ladder.language_dropout, name="dropout")
            self.expected = ops.convert_to_tensor(expected)

        def build(self, shapes: Any) -> None:
            self.embedding.build(shapes[0])
            self.lstm.build(recipe.embedding_size)
            for dense in (self.say_next, self.say_before):
                dense.build((None, None, recipe.units))
            self.bias = self.add_weight(shape=(recipe.vocabulary_size,), initializer="zeros", name="bias")
            self.built = True

        def call(self, inputs: Any, training: bool = False) -> Any:
            ids, drawn = inputs
            table, drawn = self.embedding.table(), drawn[0]
            candidates = ops.take(table, drawn, axis=0), ops.take(self.bias - self.expected, drawn)
            embedded = self.dropout(ops.take(table, ids, axis=0), training=training)
            read = ops.stack([embedded[:, :-1], ops.flip(embedded[:, 1:], axis=1)])
            states = self.dropout(self.lstm(read, ops.ones_like(read[..., 0])), training=training)
            of_next = self._found(self.say_next(states[0]), ids[:, 1:], table, drawn, candidates)
            words_before = ops.flip(ids[:, :-1], axis=1)
            of_before = self._found(self.say_before(states[1]), words_before, table, drawn, candidates)
            return (of_next + of_before) / 2.0

        def _found(self, said: Any, words: Any, table: Any, drawn: Any, candidates: tuple[Any, Any]) -> Any:
            """Mean loss and share found of each window, (B, 2): said (B, W - 1, E), words (B, W - 1)."""
            said = said * recipe.embedding_size**-0.5  # so that the first logits are small
            right = ops.sum(said * ops.take(table, words, axis=0), axis=-1)
            right = right + ops.take(self.bias - self.expected, words)  # (B, W - 1)
            others = ops.matmul(said, ops.transpose(candidates[0])) + candidates[1]  # (B, W - 1, K)
            others = others + _HIT * ops.cast(ops.equal(words[..., None], drawn), "float32")
            top = ops.maximum(right, ops.stop_gradient(ops.max(others, axis=-1)))
            total = ops.exp(right - top) + ops.sum(ops.exp(others - top[..., None]), axis=-1)
            loss = ops.log(total) + top - right
            is_found = ops.cast(right >= ops.max(others, axis=-1), "float32")
            return ops.stack([ops.mean(loss, axis=1), ops.mean(is_found, axis=1)], axis=1)

    return LanguageModel()


def compile_language_model(network: Any, optimizer: Any) -> None:
    """Give the language model its optimizer; loss and metric are what it gives."""
    keras = import_library("keras")
    ops = keras.ops

    def loss(_: Any, found: Any) -> Any:
        return ops.mean(found[:, 0])

    def accuracy(_: Any, found: Any) -> Any:
        return ops.mean(found[:, 1])

    network.compile(
        loss=loss, optimizer=optimizer, metrics=[accuracy], jit_compile=keras.backend.backend() == "jax"
    )
    network.optimizer.build(network.trainable_variables)


def weights_of(network: Any) -> Floats:
    """The embedding and the LSTMs of a language model or a reader, one behind another, float32 (numbers,)."""
    return np.concatenate([array.ravel() for layer in _shared(network) for array in layer.get_weights()])


def give_weights(network: Any, weights: Floats) -> None:
    """Set the embedding and the LSTMs of a reader to what `weights_of` gave of a language model of its sizes."""
    start = 0
    for layer in _shared(network):
        arrays = []
        for array in layer.get_weights():
            arrays.append(weights[start : start + array.size].reshape(array.shape))
            start += array.size
        layer.set_weights(arrays)


def _shared(network: Any) -> tuple[Any, ...]:
    return network.embedding, network.lstm
