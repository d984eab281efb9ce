"""The figures of each epoch as columns, for notebooks and plots: `history.json` of a bundle.

What a training run tells while it works, and where in the run it is.

Ctrl-C once ends a run cleanly, twice at once.
"""

from __future__ import annotations

import json
import logging
import math
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from imdbsent.bundle.bundle import Epoch
    from imdbsent.training.recipes import Recipe

logger = logging.getLogger(__name__)


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

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Catch the first Ctrl-C, or the first SIGTERM of a job scheduler; the second does what it does elsewhere.

    Yields:
        Whether one has come. Outside the main thread, where Python gives no signal, none ever does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    received: list[int] = []

    def first(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        restore()
        logger.info("stopping after this batch; Ctrl-C again stops at once, and loses what came after the last epoch")

    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            # None: set outside Python. A shell's background job ignores Ctrl-C; so does this run, then.
            if handler is not None:
                signal.signal(number, handler)

    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, first)
    try:
        yield lambda: bool(received)
    finally:
        restore()


def write_history(path: Path, epochs: Iterable[Epoch]) -> None:
    """Write the epochs as columns under the names that Keras's `History.history` has.

    Args:
        path: the file.
        epochs: of one run, in order.

    Raises:
        OSError: it cannot be written.
    """
    path.write_text(history_json(epochs), encoding="utf-8", newline="\n")


def history_json(epochs: Iterable[Epoch]) -> str:
    """The text of `history.json`: `epoch` (from 1), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `seconds`.

    Keras's `val_` is the split looked at after each epoch: the test split of IMDB, held-out texts of a user's own. What
    is no number, as the loss of a training that diverged, is null: JSON has no NaN.
    """
    epochs = list(epochs)
    columns = {
        "epoch": [epoch.number for epoch in epochs],
        "loss": [_number(epoch.loss) for epoch in epochs],
        "accuracy": [_number(epoch.accuracy) for epoch in epochs],
        "val_loss": [_number(epoch.test_loss) for epoch in epochs],
        "val_accuracy": [_number(epoch.test_accuracy) for epoch in epochs],
        "seconds": [epoch.seconds for epoch in epochs],
    }
    return json.dumps(columns, indent=2) + "\n"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
