from __future__ import annotations

import io

import pytest
from rich.console import Console

from imdbsent.bundle import Epoch
from imdbsent.cli.progress import DownloadBar, TrainingDisplay, counting_bar
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=140, color_system=None, _environ={})


def printed(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


def train_two_batches(display: TrainingDisplay) -> None:
    with display:
        display.started(CLASSIC, 391, 98, Position())
        display.batch_done(1, 1, 0.69, 0.5)
        display.batch_done(1, 2, 0.68, 0.6)
        display.evaluation_done(1, 1)
        display.epoch_done(Epoch(1, 98.0, 0.47, 0.76, 0.35, 0.8512))


def test_on_a_terminal_training_shows_epoch_batch_rate_time_left_loss_and_accuracy() -> None:
    target = console(terminal=True)
    display = TrainingDisplay(target, quiet=False)
    with display:
        display.started(CLASSIC, 391, 98, Position())
        display.batch_done(1, 1, 0.69, 0.5)
        display.batch_done(1, 2, 0.68, 0.6)
    for part in ("epoch 1/10", "batch 2/391", "reviews/s", "left", "loss 0.6800", "accuracy 0.6000"):
        assert part in printed(target)


def test_the_look_at_the_test_split_moves_the_bar_too() -> None:
    target = console(terminal=True)
    train_two_batches(TrainingDisplay(target, quiet=False))
    assert "test 1/98" in printed(target)
    assert "test accuracy 0.8512" in printed(target)


def test_off_a_terminal_training_is_a_line_an_epoch() -> None:
    target = console(terminal=False)
    train_two_batches(TrainingDisplay(target, quiet=False))
    assert printed(target).strip() == (
        "epoch  1/10  loss 0.4700  accuracy 0.7600  test loss 0.3500  test accuracy 0.8512  98 s"
    )


def test_quiet_training_shows_nothing() -> None:
    target = console(terminal=True)
    train_two_batches(TrainingDisplay(target, quiet=True))
    assert "epoch" not in printed(target)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_download_shows_how_much_has_come_on_a_terminal_only(terminal: bool) -> None:
    target = console(terminal=terminal)
    bar = DownloadBar(target)
    bar.total = 84_000_000
    bar.update(42_000_000)
    bar.reset()
    bar.update(84_000_000)
    bar.close()
    assert ("84.0/84.0 MB" in printed(target)) == terminal


@pytest.mark.parametrize(
    ("terminal", "quiet", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_counting_bar_is_drawn_on_a_terminal_alone(terminal: bool, quiet: bool, shown: bool) -> None:
    target = console(terminal=terminal)
    with counting_bar(target, "[red]mine", 3, quiet=quiet) as advance:
        advance()
        advance()
    assert ("[red]mine" in printed(target) and "2/3" in printed(target)) == shown
    assert bool(printed(target).strip()) == shown
