"""The training loop: batch by batch and epoch by epoch, from anywhere in a run.

Adam, as its paper has it, on every backend.

Batches of a split: their order follows from the seed and the epoch alone, so that a run can go on in the middle.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from imdbsent.bundle.bundle import Epoch
from imdbsent.errors import TrainingStopped
from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training import import_library
from imdbsent.training.progress import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    import numpy.typing as npt

    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe

    Indices = npt.NDArray[np.int64]


def adam(learning_rate: Any, *, beta_2: float = 0.999, clip_norm: float | None = None) -> Any:
    """Keras's Adam, that sums the gradient of a word over its places in a batch before it squares it.

    On TensorFlow the gradient of an embedding comes as one slice for each place, and Keras 3 squares the slices one by
    one: the second moment of a word that stands in a batch a hundred times, as padding does, is the sum of a hundred
    squares and not the square of the sum (Kingma & Ba 2015, algorithm 1). On JAX and PyTorch the gradient comes summed.
    So one recipe would train two different networks; tests/training/test_backends.py holds that it does not.

    Args:
        learning_rate: the step size, or a Keras schedule of it.
        beta_2: decay of the second moment.
        clip_norm: the longest gradient, over all weights together; a longer one is shortened. None for any length.

    Returns:
        A `keras.optimizers.Adam`.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")

    class Adam(keras.optimizers.Adam):  # type: ignore[name-defined]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            # Slices plus an array are an array, in which the slices of one word have been added up.
            summed = keras.ops.add(gradient, keras.ops.zeros(variable.shape, variable.dtype))
            super().update_step(summed, variable, learning_rate)

    return Adam(learning_rate, beta_2=beta_2, global_clipnorm=clip_norm)

EVALUATION_BATCH: Final = 256  # reviews; only the speed depends on it

_POOL: Final = 50
"""Batches that are sorted by length together: 3,200 reviews of 64 a batch make 2 % padding, and a batch of like
length still differs from epoch to epoch."""
_LENGTH_STEP: Final = 8
"""Batches of like length are padded to multiples of this: a backend that compiles a program for each length, as JAX
does, compiles 63 of them and not 500."""


@dataclass(frozen=True)
class Split:
    """Encoded texts and their labels.

    Attributes:
        ids: the ids of each text as the network reads them, 1 to `maximum_length` of them, shape (length,), int32.
        labels: 1 positive, 0 negative, shape (texts,), float32.
        maximum_length: ids that a text is cut to, and padded to where batches are not of like length.
        bucketed: whether batches are of like length; see `imdbsent.training.recipes.Recipe`.
    """

    ids: tuple[npt.NDArray[np.int32], ...]
    labels: npt.NDArray[np.float32]
    maximum_length: int
    bucketed: bool

    def __len__(self) -> int:
        """Texts."""
        return len(self.ids)

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[Indices]:
        """The batches of an epoch in the order in which they are trained on.

        Args:
            batch_size: texts a batch; the last one of all may have fewer.
            seed: with the epoch, it decides the order.
            epoch: from 1.

        Returns:
            Indices of the texts of each batch.
        """
        generator = np.random.default_rng([seed, epoch])
        order = generator.permutation(len(self))
        if not self.bucketed:
            return _cut(order, batch_size)
        pools = (self._by_length(pool) for pool in _cut(order, batch_size * _POOL))
        batches = [batch for pool in pools for batch in _cut(pool, batch_size)]
        return [batches[i] for i in generator.permutation(len(batches))]

    def in_order(self, batch_size: int = EVALUATION_BATCH) -> list[Indices]:
        """The batches of a look at every text; by length where they are to be of like length."""
        order = np.arange(len(self))
        return _cut(self._by_length(order) if self.bucketed else order, batch_size)

    def batch(self, batch: Indices) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The ids and labels of a batch.

        Args:
            batch: indices of its texts, shape (B,).

        Returns:
            Ids, shape (B, T), and labels, shape (B, 1). Of like length, padding stands behind a text and T is the
            longest one's length, rounded up to a multiple of 8; else it stands in front and T is `maximum_length`.
        """
        texts = [self.ids[index] for index in batch]
        if self.bucketed:
            longest = max(map(len, texts))
            width = min(-(-longest // _LENGTH_STEP) * _LENGTH_STEP, self.maximum_length)
        else:
            width = self.maximum_length
        padded = np.full((len(texts), width), PAD_ID, np.int32)
        for row, text in zip(padded, texts):
            place = slice(0, len(text)) if self.bucketed else slice(width - len(text), width)
            row[place] = text
        return padded, self.labels[batch, None]

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:  # noqa: ARG002 (other sources need them)
        """How many batches an epoch has."""
        return batches_of(len(self), batch_size)

    def _by_length(self, indices: Indices) -> Indices:
        lengths = np.fromiter((len(self.ids[index]) for index in indices), np.int64, len(indices))
        return indices[np.argsort(lengths, kind="stable")]


def _cut(order: npt.NDArray[Any], size: int) -> list[Indices]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def batches_of(texts: int, batch_size: int) -> int:
    """How many batches a number of texts makes."""
    return -(-texts // batch_size)


def cut_to(ids: Sequence[int], maximum_length: int) -> npt.NDArray[np.int32]:
    """The last ids of a text, as an array."""
    return np.array(ids[-maximum_length:], np.int32)


class Source(Protocol):
    """Texts in batches: `imdbsent.training.loop.Split`, or the spans of the flagship's ladder."""

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, from 1, in the order in which they are trained on; their `len` is their texts."""

    def in_order(self) -> Sequence[Any]:
        """The batches of a look at every text."""

    def batch(self, batch: Any) -> tuple[Any, Any]:
        """Ids (B, T) and labels (B, 1) of a batch."""

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:
        """The most batches that one of so many epochs has."""


@dataclass(frozen=True)
class Means:
    """Loss and accuracy over the batches so far, as sums, so that batches can be added.

    Attributes:
        loss: sum over the texts of the binary cross-entropy, in nats.
        right: texts whose label was right.
        texts: texts seen.
    """

    loss: float = 0.0
    right: float = 0.0
    texts: int = 0

    def add(self, loss: float, accuracy: float, texts: int) -> Means:
        """The same with a batch more, whose means these are."""
        return Means(self.loss + loss * texts, self.right + accuracy * texts, self.texts + texts)

    @property
    def mean_loss(self) -> float:
        """Loss a text."""
        return self.loss / self.texts

    @property
    def accuracy(self) -> float:
        """Share of right labels, 0 to 1."""
        return self.right / self.texts


@dataclass(frozen=True)
class State:
    """Where a run is, but for the numbers of its network and optimizer.

    Attributes:
        position: epoch and batch.
        means: over the training batches of this epoch so far.
        seconds: wall time spent in this epoch so far.
        history: the epochs that are done.
    """

    position: Position = field(default_factory=Position)
    means: Means = field(default_factory=Means)
    seconds: float = 0.0
    history: tuple[Epoch, ...] = ()


class Loop:
    """Trains a network on one split, and looks at another after each epoch; nothing is chosen by it.

    Args:
        network: a compiled `keras.Model` whose metrics are the loss and "accuracy".
        recipe: epochs and batch size.
        seed: decides the order of the batches.
        train: what it learns from.
        shown: what it looks at.
        progress: is told of each batch and epoch.
        save: keeps a state; it is called after each epoch, and before a stop.
        stop: whether someone has asked to stop; it is asked after each batch.
    """

    def __init__(
        self,
        network: Any,
        recipe: Recipe,
        seed: int,
        train: Source,
        shown: Source,
        *,
        progress: TrainingProgress,
        save: Callable[[State], None],
        stop: Callable[[], bool],
    ) -> None:
        self._network, self._recipe, self._seed = network, recipe, seed
        self._train, self._shown = train, shown
        self._progress, self._save, self._stop = progress, save, stop

    def run(self, state: State) -> tuple[Epoch, ...]:
        """Train from a state on to the last epoch.

        Args:
            state: where the network is; `State()` for a new one.

        Returns:
            Every epoch of the run, those that were done before among them.

        Raises:
            TrainingStopped: it was asked to; the state has been saved.
        """
        batches = self._train.steps(self._recipe.batch_size, self._seed, self._recipe.epochs)
        looks = len(self._shown.in_order())
        self._progress.started(self._recipe, batches, looks, state.position)
        while state.position.epoch <= self._recipe.epochs:
            state = self._epoch(state)
            self._save(state)
        return state.history

    def _epoch(self, state: State) -> State:
        """The state after the epoch that a state is in."""
        started = time.perf_counter() - state.seconds
        number = state.position.epoch
        order = self._train.shuffled(self._recipe.batch_size, self._seed, number)
        for batch in range(state.position.batch, len(order)):
            means = state.means.add(*self._step(self._network.train_on_batch, self._train, order[batch]))
            state = replace(
                state, position=Position(number, batch + 1), means=means, seconds=time.perf_counter() - started
            )
            self._progress.batch_done(number, batch + 1, means.mean_loss, means.accuracy)
            self._stop_if_asked(state)
        shown = self._look(state)
        epoch = Epoch(
            number=number,
            seconds=round(time.perf_counter() - started, 1),
            loss=state.means.mean_loss,
            accuracy=state.means.accuracy,
            test_loss=shown.mean_loss,
            test_accuracy=shown.accuracy,
        )
        self._progress.epoch_done(epoch)
        return State(Position(number + 1), history=(*state.history, epoch))

    def _look(self, state: State) -> Means:
        """Loss and accuracy on the split that is shown. One that is stopped is looked at anew."""
        means = Means()
        for batch, indices in enumerate(self._shown.in_order(), start=1):
            means = means.add(*self._step(self._network.test_on_batch, self._shown, indices))
            self._progress.evaluation_done(state.position.epoch, batch)
            self._stop_if_asked(state)
        return means

    def _step(self, step: Callable[..., Any], source: Source, batch: Sized) -> tuple[float, float, int]:
        """Loss, accuracy and texts of one batch. Keras would give means since the last reset, in float32."""
        ids, labels = source.batch(batch)
        self._network.reset_metrics()
        logs = step(ids, labels, return_dict=True)
        return float(logs["loss"]), float(logs["accuracy"]), len(batch)

    def _stop_if_asked(self, state: State) -> None:
        if self._stop():
            self._save(state)
            raise TrainingStopped(state.position.epoch, state.position.batch)
