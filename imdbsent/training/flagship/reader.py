"""The stages of the reader: the language model that it begins with, its training, and what it says.

The gradient of a number with respect to an array, on whichever backend Keras has.

Two LSTMs side by side, one for each direction: the layer of the language model and of the reader.

Keras's own LSTMs run one after the other, and multiply the input step by step. Here both directions take each step
together, and the product with the input stands before the loop, for all steps at once: on a GPU, whose time such a loop
is, five times as fast (docs/training.md).

Shapes: D = 2 directions, B texts a batch, T tokens a text, E numbers a word, H units of either direction.

The language model: what word comes next, and what word came before, learned from all reviews without their labels.

Two LSTMs read windows of the reviews, one of each direction, and say each next word. Their weights are what the reader
begins with (Dai & Le, "Semi-supervised sequence learning", NeurIPS 2015). The next word is found among 8,192 drawn
ones, not among all 30,000 (sampled softmax; Jean et al., ACL 2015): frequent words are drawn more often, which the
logits are corrected for.

Shapes: B windows a batch, W tokens a window, K words drawn, V ids, E numbers a word, H units of either direction.

The reader: a teacher network that knows the language before it is told a verdict, and that does not waver.

It is the network of Miyato, Dai & Goodfellow ("Adversarial training methods for semi-supervised text classification",
ICLR 2017), read in both directions. Its embeddings and its LSTMs come from a language model of the same reviews
(`imdbsent.training.flagship.reader`). It learns from labels alone, and from every review, labelled or not, that a
small disturbance of the embeddings must not change what it says: the one that changes it most, which one gradient
finds. It is as large as it is useful, for it does not ship; the student learns from what it says.

Shapes: B texts a batch, T tokens a text, V ids, E numbers a word, H units of either direction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.text.tokenizer import PAD_ID, START_ID
from imdbsent.training.backend import import_library
from imdbsent.training.flagship.batches import Spans
from imdbsent.training.flagship.ladder import of_reader
from imdbsent.training.flagship.teaching import logits_of, optimizer_of, teach

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.run import Workspace
    from imdbsent.training.flagship.teaching import Run
    from imdbsent.training.flagship.texts import Reviews, Texts
    from imdbsent.training.recipes import Recipe

    Ids = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

logger = logging.getLogger(__name__)


def gradient(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    """How a number changes with each number of an array. Nothing is learned through it: it is a constant to training.

    Args:
        function: from an array of that shape to a number, and whatever else it finds on the way.
        at: where, a tensor of the backend.

    Returns:
        The gradient, of the shape of `at`; and what else was found, a constant as well.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    found, besides = _BACKENDS[keras.backend.backend()](function, keras.ops.stop_gradient(at))
    return keras.ops.stop_gradient(found), keras.ops.stop_gradient(besides)


def _with_tensorflow(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    tensorflow = import_library("tensorflow")
    with tensorflow.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        value, besides = function(at)
    return tape.gradient(value, at), besides


def _with_jax(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    found, besides = import_library("jax").grad(function, has_aux=True)(at)
    return found, besides


def _with_torch(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    torch = import_library("torch")
    with torch.enable_grad():
        here = at.detach().requires_grad_()
        value, besides = function(here)
        (found,) = torch.autograd.grad(value, here)
    return found, besides


_BACKENDS = {"tensorflow": _with_tensorflow, "jax": _with_jax, "torch": _with_torch}


def two_way_lstm(units: int) -> Any:
    """A layer from words (D, B, T, E), those of the second direction in reverse, and is_token (D, B, T), to states.

    The gates are Keras's: input, forget, candidate, output. Where no token is, the state stays as it was.

    Args:
        units: H.

    Returns:
        A Keras layer, which gives the states (D, B, T, H).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops, initializers = keras.layers, keras.ops, keras.initializers

    def stacked(weights: Any) -> Any:
        return ops.stack([weight.value for weight in weights])  # TensorFlow stacks none of Keras's own

    class TwoWayLSTM(layers.Layer):  # type: ignore[name-defined]
        def build(self, size: int) -> None:
            def weights(name: str, shape: tuple[int, int], initializer: Any) -> Any:
                return [self.add_weight(shape=shape, initializer=initializer, name=f"{name}_{way}") for way in (0, 1)]

            self.kernels = weights("kernel", (size, 4 * units), initializers.GlorotUniform())
            self.recurrent = weights("recurrent", (units, 4 * units), initializers.Orthogonal())
            self.biases = weights("bias", (1, 4 * units), initializers.Zeros())
            self.built = True

        def call(self, words: Any, is_token: Any) -> Any:
            _, batch, length, size = ops.shape(words)
            seen = ops.matmul(ops.reshape(words, (2, batch * length, size)), stacked(self.kernels))
            seen = ops.reshape(seen + stacked(self.biases), (2, batch, length, 4 * units))
            recurrent = stacked(self.recurrent)  # (D, H, 4 H)

            def step(state: tuple[Any, Any], inputs: Any) -> tuple[tuple[Any, Any], Any]:
                hidden, cell = state  # (D, B, H)
                of_input, is_here = inputs[..., :-1], inputs[..., -1:]
                gates = ops.split(of_input + ops.matmul(hidden, recurrent), 4, axis=-1)
                # 1 is added to the forget gate, so that a new network remembers (Jozefowicz et al., ICML 2015).
                new_cell = ops.sigmoid(gates[1] + 1.0) * cell + ops.sigmoid(gates[0]) * ops.tanh(gates[2])
                new_hidden = ops.sigmoid(gates[3]) * ops.tanh(new_cell)
                state = tuple(old + is_here * (new - old) for old, new in zip(state, (new_hidden, new_cell)))
                return state, state  # Keras on TensorFlow can give nothing of another structure than the state's

            start = ops.zeros((2, batch, units), dtype=words.dtype)
            # One array, for on TensorFlow Keras cannot take two apart whose length it does not know.
            inputs = ops.concatenate([seen, is_token[..., None]], axis=-1)
            _, (states, _) = ops.scan(step, (start, start), ops.transpose(inputs, (2, 0, 1, 3)))
            return ops.transpose(states, (1, 2, 0, 3))

    return TwoWayLSTM(name="lstm")

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

    class LanguageModel(keras.Model):  # type: ignore[name-defined]
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

    class NormalisedEmbedding(layers.Layer):  # type: ignore[name-defined]
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

    class Reader(keras.Model):  # type: ignore[name-defined]
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

LONGEST_GRADIENT: Final = 1.0
"""Of both networks, through hundreds of steps; Miyato et al. have it as well."""
_SMALLEST_DEVIATION: Final = 1e-9
_WIDTHS: Final = (1, 2, 4, 8, 16, 32)
"""Segments of the reader's batches: few, because its training compiles for long."""


@dataclass(frozen=True)
class Reading:
    """The stages of the reader in one run of the ladder.

    Attributes:
        reviews: what it reads.
        recipe: of the student; the sizes are the ladder's.
        ladder: its settings.
        seed: of everything that is drawn.
        run: what the networks share.
        workspace: where the stages are kept.
        words: makes what the embedding of the language model begins with, for each id, (V, any size up to its own); the
            rest of its numbers are drawn.
    """

    reviews: Reviews
    recipe: Recipe
    ladder: Ladder
    seed: int
    run: Run
    workspace: Workspace
    words: Callable[[], Floats]

    def verdicts(self, figure: Callable[[Any], str]) -> npt.NDArray[np.float64]:
        """What the reader says.

        Args:
            figure: says in a clause how good logits of the reviews are.

        Returns:
            Logits of the reviews, shape (texts,).

        Raises:
            TrainingStopped: it was asked to stop; what is done is kept.
            TrainingUnavailable: Keras or its backend is not installed.
        """
        return self.workspace.stage("reader", self._settings, self._read, figure)

    @property
    def _settings(self) -> tuple[object, ...]:
        """What the reader depends on."""
        return (self._recipe, of_reader(self._batches))

    @property
    def _recipe(self) -> Recipe:
        return replace(
            self.recipe,
            name="reader",
            embedding_size=self.ladder.reader_embedding,
            units=self.ladder.reader_units,
            epochs=self.ladder.reader_epochs,
            learning_rate=self.ladder.reader_rate,
        )

    def _language(self) -> Floats:
        """The weights of the language model."""
        ladder = self.ladder
        recipe = replace(
            self._recipe,
            name="language model",
            epochs=ladder.language_epochs,
            batch_size=ladder.language_batch,
            learning_rate=ladder.language_rate,
        )
        of_words = (ladder.fewest_texts, ladder.document_size, ladder.document_epochs, ladder.document_rate)
        settings = (recipe, ladder.window, ladder.drawn_words, ladder.language_dropout, *of_words)

        def work() -> Floats:
            stream = self._stream()
            frequencies = frequencies_of(stream, recipe.vocabulary_size)
            windows = Windows(stream, ladder, chances_of(frequencies), self.seed)
            import_library("keras").utils.set_random_seed(self.seed)
            network = language_model(recipe, ladder, frequencies)
            network.build([(None, ladder.window), (None, ladder.drawn_words)])
            self._begin(network.embedding)
            steps = windows.steps(recipe.batch_size, self.seed, recipe.epochs)
            compile_language_model(network, optimizer_of(recipe, steps, clip_norm=LONGEST_GRADIENT))
            checkpoint = self.workspace.checkpoint("language model", settings)
            history = teach(network, recipe, self.seed, windows, windows, run=self.run, checkpoint=checkpoint)
            logger.info(f"language model: {history[-1].loss:.3f} nats a word, among those drawn")
            return weights_of(network)

        return self.workspace.stage("language model", settings, work, lambda found: f"{len(found):,} weights")

    def _begin(self, embedding: Any) -> None:
        """Give the first numbers of each word, with the spread of those that are drawn."""
        (drawn,) = embedding.get_weights()
        known = self.words()[:, : drawn.shape[1]]
        drawn[:, : known.shape[1]] = known / max(float(known.std()), _SMALLEST_DEVIATION)
        embedding.set_weights([drawn])

    def _read(self) -> npt.NDArray[np.float64]:
        """Train the reader; what it says to the reviews."""
        language, recipe = self._language(), self._recipe
        train = self._train()
        import_library("keras").utils.set_random_seed(self.seed)
        frequencies = frequencies_of(self._stream(), recipe.vocabulary_size).astype(np.float32)
        network = reader_network(recipe, self.ladder, frequencies)
        network.build((None, None))
        give_weights(network, language)
        steps = train.steps(recipe.batch_size, self.seed, recipe.epochs)
        compile_reader(network, optimizer_of(recipe, steps, clip_norm=LONGEST_GRADIENT))
        checkpoint = self.workspace.checkpoint("reader", self._settings)
        teach(network, recipe, self.seed, train, self._shown(), run=self.run, checkpoint=checkpoint)
        return logits_of(network, replace(self._shown(), places=np.arange(len(self.reviews.texts))))

    @property
    def _batches(self) -> Ladder:
        """The ladder with the reader's own cuts and batches: whole reviews, or long parts of them."""
        ladder = self.ladder
        return replace(
            ladder, longest=ladder.reader_longest, segments=ladder.reader_segments, span_share=0.0, sentence_share=0.0
        )

    def _stream(self) -> npt.NDArray[np.int32]:
        return stream_of(self.reviews.texts, self.reviews.readable)

    def _train(self) -> Spans:
        """All reviews, with their labels where they have one."""
        reviews = self.reviews
        again = np.tile(reviews.labelled, self.ladder.labelled_times - 1)
        places = np.concatenate([reviews.readable, again])
        return Spans(reviews.texts, places, reviews.labels.astype(np.float32), self._batches, widths=_WIDTHS)

    def _shown(self) -> Spans:
        """Reviews of held-out titles, with their labels."""
        targets = np.maximum(self.reviews.labels, 0).astype(np.float32)
        return Spans(self.reviews.texts, self.reviews.validation, targets, self._batches, widths=_WIDTHS)
