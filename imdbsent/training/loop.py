"""The training loop: batch by batch and epoch by epoch, from anywhere in a run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from imdbsent.bundle import Epoch
from imdbsent.errors import TrainingStopped
from imdbsent.training.progress import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe


class Source(Protocol):
    """Texts in batches: `imdbsent.training.batches.Split`, or the spans of the flagship's ladder."""

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
