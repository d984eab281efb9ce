"""The figures of each epoch as columns, for notebooks and plots: `history.json` of a bundle."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from imdbsent.bundle import Epoch


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
