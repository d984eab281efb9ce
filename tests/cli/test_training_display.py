from __future__ import annotations

import io

import pytest
from rich.console import Console

from imdbsent.bundle.card import Epoch
from imdbsent.cli._training import TrainingDisplay
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC

EPOCH = Epoch(1, 98.0, 0.47, 0.76, 0.35, 0.8512)


def console(*, terminal: bool, width: int = 140, quiet: bool = False) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, _environ={}, quiet=quiet
    )


def printed(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


def train_an_epoch(display: TrainingDisplay) -> None:
    with display:
        display.started(CLASSIC, 391, 98, Position())
        display.batch_done(1, 1, 0.69, 0.5)
        display.batch_done(1, 2, 0.68, 0.6)
        display.evaluation_done(1, 1)
        display.epoch_done(EPOCH)


@pytest.mark.parametrize("width", [80, 140])
def test_on_a_terminal_training_shows_epoch_batch_rate_time_left_loss_and_accuracy(width: int) -> None:
    target = console(terminal=True, width=width)
    with TrainingDisplay(target) as display:
        display.started(CLASSIC, 391, 98, Position())
        display.batch_done(1, 1, 0.69, 0.5)
        display.batch_done(1, 2, 0.68, 0.6)
    for part in ("epoch 1/10", "batch 2/391", "reviews/s", "left", "so far", "loss 0.6800", "accuracy 60.00%"):
        assert part in printed(target)


def test_the_look_at_the_test_split_moves_the_bars_too() -> None:
    target = console(terminal=True)
    with TrainingDisplay(target) as display:
        display.started(CLASSIC, 391, 98, Position())
        display.evaluation_done(1, 1)
    assert "test 1/98" in printed(target)


def test_on_a_terminal_a_row_stays_for_each_epoch_under_a_heading() -> None:
    target = console(terminal=True)
    train_an_epoch(TrainingDisplay(target))
    lines = [line.rpartition("\x1b[2K")[2].rstrip() for line in printed(target).split("\n")]
    assert "    epoch     loss  accuracy        test loss        test acc.     time" in lines
    assert "     1/10   0.4700    76.00%           0.3500           85.12%     1:38" in lines


def test_the_terminal_is_given_back_when_training_fails() -> None:
    target = console(terminal=True)
    display = TrainingDisplay(target)
    with pytest.raises(KeyboardInterrupt), display:
        display.started(CLASSIC, 391, 98, Position())
        raise KeyboardInterrupt
    assert printed(target).rindex("\x1b[?25h") > printed(target).rindex("\x1b[?25l")  # the cursor is shown again


def test_off_a_terminal_training_is_a_line_an_epoch() -> None:
    target = console(terminal=False)
    train_an_epoch(TrainingDisplay(target))
    assert printed(target) == (
        "epoch  1/10  loss 0.4700  accuracy 0.7600  test loss 0.3500  test accuracy 0.8512  98 s\n"
    )


def test_what_is_looked_at_has_its_own_name() -> None:
    target = console(terminal=True, width=80)
    with TrainingDisplay(target, split="validation") as display:
        display.started(CLASSIC, 391, 98, Position())
        display.evaluation_done(1, 1)
    assert "validation acc." in printed(target)
    assert "validation 1/98" in printed(target)
    assert "test" not in printed(target)
    target = console(terminal=False)
    train_an_epoch(TrainingDisplay(target, split="validation"))
    assert "validation accuracy 0.8512" in printed(target)


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_training_shows_nothing(terminal: bool) -> None:
    target = console(terminal=terminal, quiet=True)
    train_an_epoch(TrainingDisplay(target))
    assert printed(target) == ""


@pytest.mark.parametrize(
    ("position", "beginning"),
    [
        (Position(), ""),
        (Position(3, 0), "resuming at epoch 3 of 10\n"),
        (Position(3, 120), "resuming at epoch 3 of 10, after batch 120 of 391\n"),
        (Position(3, 391), "resuming at the test split of epoch 3 of 10\n"),
        (Position(11, 0), "resuming after the last of 10 epochs\n"),
    ],
)
def test_a_run_that_goes_on_says_where(position: Position, beginning: str) -> None:
    target = console(terminal=False)
    with TrainingDisplay(target) as display:
        display.started(CLASSIC, 391, 98, position)
    assert printed(target) == beginning


def test_the_bars_of_a_run_that_goes_on_begin_where_it_was() -> None:
    target = console(terminal=True)
    with TrainingDisplay(target) as display:
        display.started(CLASSIC, 391, 98, Position(6, 100))
        display.batch_done(6, 101, 0.5, 0.75)
    lines = printed(target).splitlines()
    run, epoch = (next(line for line in reversed(lines) if where in line) for where in ("epoch 6/10", "batch 101/391"))
    # of the bar, which has the same length in both
    assert run.count("━") / epoch.count("━") == pytest.approx(((5 * 489 + 101) / 4890) / (101 / 489), rel=0.05)
