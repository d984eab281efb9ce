"""What a training run tells while it works, and where in the run it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.bundle import Epoch
    from imdbsent.training.recipes import Recipe


@dataclass(frozen=True)
class Position:
    """How far a run is.

    Attributes:
        epoch: the epoch that is being trained, from 1; one more than the last when all are done.
        batch: batches of it that are done. All of them: its look at the test split is still to come.
    """

    epoch: int = 1
    batch: int = 0


class TrainingProgress(Protocol):
    """What a trainer tells while it works; a display implements it. Epochs and batches count from 1."""

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training begins, or goes on from a position: so many batches an epoch, and so many of the test split."""

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done; loss and accuracy are means over the epoch so far."""

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the test split is done."""

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch and its look at the test split are done."""


class Several:
    """Several that are told the same, one after another; `TrainingProgress`.

    Args:
        listeners: who is told, in this order.
    """

    def __init__(self, listeners: Sequence[TrainingProgress]) -> None:
        self._listeners = listeners

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training begins, or goes on."""
        for listener in self._listeners:
            listener.started(recipe, train_batches, test_batches, position)

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        for listener in self._listeners:
            listener.batch_done(epoch, batch, loss, accuracy)

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the test split is done."""
        for listener in self._listeners:
            listener.evaluation_done(epoch, batch)

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        for listener in self._listeners:
            listener.epoch_done(epoch)
