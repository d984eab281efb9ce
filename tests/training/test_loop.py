"""The loop, with a network of numbers that are known: it answers each batch with the sum of its ids."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from imdbsent.bundle.card import Epoch
from imdbsent.errors import TrainingStopped
from imdbsent.training.loop import Loop, Means, Split, State
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC

RECIPE = replace(CLASSIC, maximum_length=3, epochs=2, batch_size=2)
TEXTS = Split(
    tuple(np.full(1, i, np.int32) for i in (1, 2, 3, 4, 5)), np.array([1, 0, 1, 0, 1], np.float32), 3, bucketed=False
)


class Network:
    """Its loss is the batch's largest id, its accuracy the share of odd ids."""

    def __init__(self) -> None:
        self.trained: list[list[int]] = []

    def reset_metrics(self) -> None:
        pass

    def train_on_batch(self, ids: Any, labels: Any, *, return_dict: bool) -> dict[str, float]:
        self.trained.append(ids.max(axis=1).tolist())
        return self.test_on_batch(ids, labels, return_dict=return_dict)

    def test_on_batch(self, ids: Any, labels: Any, *, return_dict: bool) -> dict[str, float]:
        assert labels.shape == (len(ids), 1)
        return {"loss": float(ids.max()), "accuracy": float(np.mean(ids.max(axis=1) % 2))}


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def started(self, recipe: Any, train_batches: int, test_batches: int, position: Position) -> None:
        self.lines.append(("started", train_batches, test_batches, position))

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        self.lines.append(("batch", epoch, batch))

    def evaluation_done(self, epoch: int, batch: int) -> None:
        self.lines.append(("test", epoch, batch))

    def epoch_done(self, epoch: Epoch) -> None:
        self.lines.append(("epoch", epoch.number))


def run(state: State, stop_after: int | None = None) -> tuple[Network, Log, list[State], tuple[Epoch, ...] | None]:
    """Train from a state; ask to stop after so many batches, training and test."""
    network, log = Network(), Log()
    saved: list[State] = []
    done = iter(range(10**6))
    loop = Loop(
        network, RECIPE, 7, TEXTS, TEXTS,
        progress=log, save=saved.append, stop=lambda: next(done) + 1 == stop_after,
    )  # fmt: skip
    try:
        return network, log, saved, loop.run(state)
    except TrainingStopped:
        return network, log, saved, None


def figures(history: tuple[Epoch, ...] | None) -> list[Epoch]:
    return [replace(epoch, seconds=0.0) for epoch in history or ()]


def test_an_epoch_is_its_batches_then_the_look_at_the_test_split_then_a_checkpoint() -> None:
    network, log, saved, history = run(State())
    an_epoch = [("batch", 1), ("batch", 2), ("batch", 3), ("test", 1)]
    assert log.lines == [
        ("started", 3, 1, Position(1, 0)),
        *[(kind, 1, number) for kind, number in an_epoch], ("epoch", 1),
        *[(kind, 2, number) for kind, number in an_epoch], ("epoch", 2),
    ]  # fmt: skip
    assert sorted(itertools.chain(*network.trained[:3])) == [1, 2, 3, 4, 5]
    assert network.trained[:3] != network.trained[3:]
    assert [state.position for state in saved] == [Position(2, 0), Position(3, 0)]
    assert history == saved[-1].history


def test_epochs_that_are_shorter_than_a_checkpoint_do_not_each_have_one() -> None:
    saved: list[State] = []

    def save_slowly(state: State) -> None:
        saved.append(state)
        time.sleep(0.2)

    loop = Loop(
        Network(), replace(RECIPE, epochs=40), 7, TEXTS, TEXTS, progress=Log(), save=save_slowly, stop=lambda: False
    )
    started = time.monotonic()
    loop.run(State())
    assert saved[0].position == Position(2, 0)
    assert len(saved) <= 1 + (time.monotonic() - started) / (20 * 0.2)


def test_the_means_of_an_epoch_count_each_text_once() -> None:
    network, _, _, history = run(State())
    assert history is not None
    expected = sum(max(batch) * len(batch) for batch in network.trained[:3]) / 5
    assert history[0].loss == pytest.approx(expected, abs=1e-12)
    assert history[0].accuracy == pytest.approx(3 / 5, abs=1e-12)
    assert history[0].test_loss == 5
    assert Means().add(2.0, 0.5, 4).add(4.0, 1.0, 2) == Means(16.0, 4.0, 6)


@pytest.mark.parametrize("after", range(1, 9))
def test_a_run_that_is_stopped_anywhere_and_goes_on_trains_the_same_batches(after: int) -> None:
    whole, _, _, history = run(State())
    first, _, saved, nothing = run(State(), stop_after=after)
    assert nothing is None
    second, log, _, rest = run(saved[-1])
    assert first.trained + second.trained == whole.trained
    assert figures(rest) == figures(history)
    assert log.lines[0] == ("started", 3, 1, saved[-1].position)


def test_a_run_that_was_done_only_gives_its_history() -> None:
    _, _, saved, history = run(State())
    network, _, _, again = run(saved[-1])
    assert network.trained == []
    assert again == history
