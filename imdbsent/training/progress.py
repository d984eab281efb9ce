"""How a training run reports its progress, how it is stopped, and how its history is stored."""

from __future__ import annotations

import json
import logging
import math
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from imdbsent.errors import TrainingStopped, TrainingTerminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from imdbsent.bundle.card import Epoch
    from imdbsent.training.recipes import Recipe

logger = logging.getLogger(__name__)

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Position:
    """How far a run is.

    Attributes:
        epoch: the current epoch, from 1; one more than the last when all are done.
        batch: batches of it that are done. If all are done, its validation is still to come.
    """

    epoch: int = 1
    batch: int = 0


class TrainingProgress(Protocol):
    """Receives the progress of a training run; a display implements it. Epochs and batches count from 1."""

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training starts or resumes at a position, with these batches per epoch and per validation."""

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done; loss and accuracy are means over the epoch so far."""

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the validation is done."""

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch and its validation are done."""


class CompositeProgress:
    """Passes progress on to several receivers; `TrainingProgress`.

    Args:
        receivers: called in this order; none by default.
    """

    def __init__(self, receivers: Sequence[TrainingProgress] = ()) -> None:
        self._receivers = receivers

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training starts or resumes."""
        for receiver in self._receivers:
            receiver.started(recipe, train_batches, test_batches, position)

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        for receiver in self._receivers:
            receiver.batch_done(epoch, batch, loss, accuracy)

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the validation is done."""
        for receiver in self._receivers:
            receiver.evaluation_done(epoch, batch)

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        for receiver in self._receivers:
            receiver.epoch_done(epoch)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Catch the first Ctrl-C, or the first SIGTERM of a job scheduler; the second one has its usual effect.

    Yields:
        A function that says whether one was received. Outside the main thread, where Python delivers no signals, it
        always returns false.

    Raises:
        TrainingTerminated: the block has raised `TrainingStopped`, and SIGTERM was received.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    received: list[int] = []

    def first(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        restore()
        logger.info("stopping after this batch; press Ctrl-C again to stop now and lose this epoch")

    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            # None: set outside Python. A background job of a shell ignores Ctrl-C, and then so does this run.
            if handler is not None:
                signal.signal(number, handler)

    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, first)
    try:
        yield lambda: bool(received)
    except TrainingStopped as error:
        if received == [signal.SIGTERM]:
            raise TrainingTerminated(error.epoch, error.batch) from error
        raise
    finally:
        restore()


def write_history(path: Path, epochs: Iterable[Epoch]) -> None:
    """Write the epochs as columns, with the names of Keras's `History.history`.

    Args:
        path: the file.
        epochs: of one run, in order.

    Raises:
        OSError: it cannot be written.
    """
    path.write_text(history_json(epochs), encoding="utf-8", newline="\n")


def history_json(epochs: Iterable[Epoch]) -> str:
    """The text of `history.json`: `epoch` (from 1), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `seconds`.

    Epoch 0 is the model before fine-tuning.
    Keras's `val_` is the split that is validated on: the test split of IMDB, or held-out texts. A loss that is not
    finite, as after a training run that diverged, is null: JSON has no NaN.
    """
    epochs = list(epochs)
    columns = {
        "epoch": [epoch.number for epoch in epochs],
        "loss": [_finite(epoch.loss) for epoch in epochs],
        "accuracy": [_finite(epoch.accuracy) for epoch in epochs],
        "val_loss": [_finite(epoch.test_loss) for epoch in epochs],
        "val_accuracy": [_finite(epoch.test_accuracy) for epoch in epochs],
        "seconds": [epoch.seconds for epoch in epochs],
    }
    return json.dumps(columns, indent=2) + "\n"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
