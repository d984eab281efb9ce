from __future__ import annotations

import json
import math
from pathlib import Path

from imdbsent.bundle.card import Epoch
from imdbsent.training.progress import write_history


def test_each_figure_is_a_column_under_the_name_that_keras_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    write_history(path, iter([Epoch(1, 61.2, 0.5, 0.75, 0.4, 0.8125), Epoch(2, 59.0, 0.25, 0.9, 0.45, 0.8)]))
    assert json.loads(path.read_text("utf-8")) == {
        "epoch": [1, 2],
        "loss": [0.5, 0.25],
        "accuracy": [0.75, 0.9],
        "val_loss": [0.4, 0.45],
        "val_accuracy": [0.8125, 0.8],
        "seconds": [61.2, 59.0],
    }


def test_the_loss_of_a_training_that_diverged_is_null(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    write_history(path, [Epoch(1, 1.0, math.nan, 0.5, math.inf, 0.5)])
    columns = json.loads(path.read_text("utf-8"), parse_constant=lambda name: f"JSON has no {name}")
    assert columns["loss"] == columns["val_loss"] == [None]
