"""The training loop: batch by batch and epoch by epoch, from any point of a run.

The order of the batches follows from the seed and the epoch alone, so that a run can resume in the middle of an epoch.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from imdbsent.bundle.card import Epoch
from imdbsent.errors import TrainingStopped
from imdbsent.text.tokenizer import PAD_ID
from imdbsent.training.progress import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized

    import numpy.typing as npt

    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe

    Indices = npt.NDArray[np.int64]
    Step = Callable[..., Mapping[str, Any]]
    """From the arrays of a batch (see `BatchSource.batch`) to its metrics by name."""

SECONDS_BETWEEN_CHECKPOINTS: Final = 240.0
"""A run that is killed loses a few minutes of work at most."""
_COSTS_BETWEEN: Final = 20
"""The time from one checkpoint to that of the end of an epoch is at least so many times what the first one took: to
save each of 48 epochs took half the time of a fine-tuning on 85 texts."""

EVALUATION_BATCH: Final = 256
"""Reviews per batch of a validation; affects speed only."""

_MOST_TOKENS: Final = 2**17
"""Tokens per batch of a validation at most, padding included: long texts would take gigabytes."""

_POOL: Final = 50
"""Batches that are sorted by length together. With 64 reviews per batch, pools of 3,200 leave 2% padding, and the
batches still differ from epoch to epoch."""
_LENGTH_STEP: Final = 8
"""Batches of similar length are padded to multiples of this. A backend that compiles a program for each length, such as
JAX, then compiles 63 of them, not 500."""


class BatchSource(Protocol):
    """Texts in batches, such as `Split`."""

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, from 1, in training order; the `len` of a batch is its number of texts."""

    def in_order(self) -> Sequence[Any]:
        """The batches of a validation, which covers every text."""

    def batch(self, batch: Any) -> tuple[Any, ...]:
        """Ids (B, T) and labels (B, 1) of a batch, and perhaps the weight (B,) of each text in the loss."""

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:
        """The largest number of batches in one of these epochs."""


@dataclass(frozen=True)
class Split:
    """Encoded texts and their labels.

    Attributes:
        ids: the ids of each text as the network reads them, 1 to `maximum_length`, shape (length,), int32.
        labels: 1 positive, 0 negative, shape (texts,), float32.
        maximum_length: number of ids that a text is cut to, and padded to unless `bucketed`.
        bucketed: whether batches hold texts of similar length; see `imdbsent.training.recipes.Recipe`.
        segment: tokens that the network reads as one (`imdbsent.training.architectures.Architecture`); 0 for none.
        weights: weight of each text in the loss, shape (texts,), float32; None if all count the same.
    """

    ids: tuple[npt.NDArray[np.int32], ...]
    labels: npt.NDArray[np.float32]
    maximum_length: int
    bucketed: bool
    segment: int = 0
    weights: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.ids)

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[Indices]:
        """The batches of an epoch, in training order.

        Args:
            batch_size: texts per batch; the very last one may have fewer.
            seed: decides the order, together with the epoch.
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
        """The batches of a validation: by length if `bucketed`."""
        order = np.arange(len(self))
        if not self.bucketed:
            return _cut(order, batch_size)
        batches, first = [], 0
        order = self._by_length(order)
        while first < len(order):
            longest = len(self.ids[order[min(first + batch_size, len(order)) - 1]])
            size = max(1, min(batch_size, _MOST_TOKENS // longest))
            batches.append(order[first : first + size])
            first += size
        return batches

    def batch(self, batch: Indices) -> tuple[npt.NDArray[Any], ...]:
        """The ids and labels of a batch, and the weights if there are any.

        Args:
            batch: indices of its texts, shape (B,).

        Returns:
            Ids, shape (B, T), and labels, shape (B, 1). If `bucketed`, padding follows a text, and T is the length of
            the longest text, rounded up to a multiple of 8, or of `segment` if it is longer than one; if not, padding
            precedes a text, and T is `maximum_length`.
        """
        texts = [self.ids[index] for index in batch]
        if self.bucketed:
            longest = max(map(len, texts))
            step = self.segment if self.segment and longest > self.segment else _LENGTH_STEP
            width = -(-longest // step) * step
            width = width if self.segment else min(width, self.maximum_length)
        else:
            width = self.maximum_length
        padded = np.full((len(texts), width), PAD_ID, np.int32)
        for row, text in zip(padded, texts):
            span = slice(0, len(text)) if self.bucketed else slice(width - len(text), width)
            row[span] = text
        labels = self.labels[batch, None]
        return (padded, labels) if self.weights is None else (padded, labels, self.weights[batch])

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:  # noqa: ARG002 (other sources need them)
        """The number of batches in an epoch."""
        return batches_of(len(self), batch_size)

    def _by_length(self, indices: Indices) -> Indices:
        lengths = np.fromiter((len(self.ids[index]) for index in indices), np.int64, len(indices))
        return indices[np.argsort(lengths, kind="stable")]


def batches_of(texts: int, batch_size: int) -> int:
    """The number of batches that texts make."""
    return -(-texts // batch_size)


def cut_to(ids: Sequence[int], maximum_length: int) -> npt.NDArray[np.int32]:
    """The last ids of a text, as an array."""
    return np.array(ids[-maximum_length:], np.int32)


def _cut(order: npt.NDArray[Any], size: int) -> list[Indices]:
    return [order[start : start + size] for start in range(0, len(order), size)]


@dataclass(frozen=True)
class Means:
    """Loss and accuracy over the batches so far, as sums, so that batches can be added.

    Attributes:
        loss: sum over the texts of the binary cross-entropy, in nats.
        right: texts with the right label.
        texts: texts seen.
    """

    loss: float = 0.0
    right: float = 0.0
    texts: int = 0

    def add(self, loss: float, accuracy: float, texts: int) -> Means:
        """Add a batch with these means."""
        return Means(self.loss + loss * texts, self.right + accuracy * texts, self.texts + texts)

    @property
    def mean_loss(self) -> float:
        """Loss per text."""
        return self.loss / self.texts

    @property
    def accuracy(self) -> float:
        """Share of right labels, 0 to 1."""
        return self.right / self.texts


@dataclass(frozen=True)
class State:
    """The state of a run, apart from the variables of its network and optimizer.

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


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch with the lowest validation loss; of equal ones the first, and never one that diverged if it can be.

    Args:
        history: at least one epoch.
    """
    return min(history, key=lambda epoch: epoch.test_loss if math.isfinite(epoch.test_loss) else math.inf)


def on_batches(network: Any) -> tuple[Step, Step]:
    """What learns a batch, and what measures one: the network's own functions.

    Args:
        network: a compiled `keras.Model`.
    """
    return partial(network.train_on_batch, return_dict=True), partial(network.test_on_batch, return_dict=True)


class Loop:
    """Trains a network on one split and validates it on another after each epoch.

    Without `patience`, nothing is chosen by the validation: all epochs are trained, and the last one is kept.

    Args:
        network: a compiled `keras.Model` whose metrics are the loss and "accuracy".
        recipe: epochs and batch size.
        seed: decides the order of the batches.
        train: what it learns from.
        validation: what it is validated on.
        progress: called after each batch and epoch.
        save: saves a state; called after an epoch, before a stop, and every `seconds_between` seconds. Epochs that take
            a fraction of a second are saved less often: no more than a twentieth of the time goes into it.
        stop: whether someone asked to stop; called after each batch.
        seconds_between: seconds from one saved state to the next.
        patience: epochs without a lower validation loss after which training stops; the network then has the weights of
            the best epoch. The network as it was given is epoch 0. None: see above.
        best: the weights of the best epoch so far, in a run that resumes.
        steps: what learns a batch, and what measures one; None for `on_batches`.

    Attributes:
        best: the weights of the best epoch so far, in Keras's order; empty without `patience`.
    """

    def __init__(
        self,
        network: Any,
        recipe: Recipe,
        seed: int,
        train: BatchSource,
        validation: BatchSource,
        *,
        progress: TrainingProgress,
        save: Callable[[State], None],
        stop: Callable[[], bool],
        seconds_between: float = SECONDS_BETWEEN_CHECKPOINTS,
        patience: int | None = None,
        best: Sequence[npt.NDArray[Any]] = (),
        steps: tuple[Step, Step] | None = None,
    ) -> None:
        self._learn, self._measure = steps or on_batches(network)
        self._patience, self.best = patience, tuple(best)
        self._seconds_between, self._saved, self._cost = seconds_between, time.monotonic(), 0.0
        self._network, self._recipe, self._seed = network, recipe, seed
        self._train, self._validation = train, validation
        self._progress, self._save, self._stop = progress, save, stop

    def run(self, state: State) -> tuple[Epoch, ...]:
        """Train from a state to the last epoch, or until `patience` is exhausted.

        Args:
            state: of the network; `State()` for a new one.

        Returns:
            Every epoch of the run, including those done before.

        Raises:
            TrainingStopped: it was asked to; the state has been saved.
        """
        batches = self._train.steps(self._recipe.batch_size, self._seed, self._recipe.epochs)
        self._progress.started(self._recipe, batches, len(self._validation.in_order()), state.position)
        if self._patience is not None and not state.history:
            state = self._measure_start(state)
        while state.position.epoch <= self._recipe.epochs and not self._is_exhausted(state):
            state = self._run_epoch(state)
            self._save_after(_COSTS_BETWEEN * self._cost, state)
        if self.best:
            self._network.set_weights(list(self.best))
        return state.history

    def _measure_start(self, state: State) -> State:
        """Measure the network as it was given, as epoch 0."""
        started = time.perf_counter()
        learned = Means()
        for indices in self._train.in_order():
            learned = learned.add(*self._step(self._measure, self._train, indices))
        return self._with_epoch(state, 0, learned, started)

    def _is_exhausted(self, state: State) -> bool:
        """Whether so many epochs have brought no lower loss that training stops."""
        if self._patience is None:
            return False
        return state.history[-1].number - best_epoch(state.history).number >= self._patience

    def _run_epoch(self, state: State) -> State:
        """Finish the current epoch; returns the state after it."""
        started = time.perf_counter() - state.seconds
        number = state.position.epoch
        order = self._train.shuffled(self._recipe.batch_size, self._seed, number)
        for batch in range(state.position.batch, len(order)):
            means = state.means.add(*self._step(self._learn, self._train, order[batch]))
            state = replace(
                state, position=Position(number, batch + 1), means=means, seconds=time.perf_counter() - started
            )
            self._progress.batch_done(number, batch + 1, means.mean_loss, means.accuracy)
            self._stop_if_asked(state)
            self._save_after(self._seconds_between, state)
        return self._with_epoch(state, number, state.means, started)

    def _with_epoch(self, state: State, number: int, learned: Means, started: float) -> State:
        """The state after the validation of an epoch whose training is done."""
        validation = self._validate(state)
        epoch = Epoch(
            number=number,
            seconds=round(time.perf_counter() - started, 1),
            loss=learned.mean_loss,
            accuracy=learned.accuracy,
            test_loss=validation.mean_loss,
            test_accuracy=validation.accuracy,
        )
        self._progress.epoch_done(epoch)
        history = (*state.history, epoch)
        if self._patience is not None and best_epoch(history) is epoch:
            self.best = tuple(self._network.get_weights())
        return State(Position(number + 1), history=history)

    def _validate(self, state: State) -> Means:
        """Loss and accuracy on the validation split. A validation that is stopped starts over."""
        means = Means()
        for batch, indices in enumerate(self._validation.in_order(), start=1):
            means = means.add(*self._step(self._measure, self._validation, indices))
            self._progress.evaluation_done(state.position.epoch, batch)
            self._stop_if_asked(state)
        return means

    def _step(self, step: Step, source: BatchSource, batch: Sized) -> tuple[float, float, int]:
        """Loss, accuracy and number of texts of one batch. Without a reset, Keras would give means, in float32."""
        self._network.reset_metrics()
        logs = step(*source.batch(batch))
        return float(logs["loss"]), float(logs["accuracy"]), len(batch)

    def _save_after(self, seconds: float, state: State) -> None:
        """Save a state if the last one was saved so many seconds ago."""
        started = time.monotonic()
        if started - self._saved >= seconds:
            self._save(state)
            self._saved = time.monotonic()
            self._cost = self._saved - started

    def _stop_if_asked(self, state: State) -> None:
        if self._stop():
            self._save(state)
            raise TrainingStopped(state.position.epoch, state.position.batch)
