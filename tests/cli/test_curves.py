from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from imdbsent.bundle.card import Epoch
from imdbsent.cli._charts import HEIGHT, learning_curves

EPOCHS = tuple(Epoch(i, 60.0, 0.5 - i / 20, 0.75 + i / 50, 0.45 + i / 100, 0.85) for i in range(1, 6))
BLANKS = dict.fromkeys(range(0x2800, 0x2900), "x")


def drawn(epochs: tuple[Epoch, ...], width: int, *, ascii_only: bool = False) -> list[str]:
    target = Console(file=io.StringIO(), width=width, color_system=None, _environ={})
    target.print(learning_curves(epochs, "test", width, ascii_only=ascii_only))
    assert isinstance(target.file, io.StringIO)
    return [line.rstrip() for line in target.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [20, 40, 80, 99])
def test_on_a_narrow_terminal_accuracy_stands_under_loss(width: int) -> None:
    lines = drawn(EPOCHS, width)
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("loss")
    assert lines[HEIGHT + 3].startswith("accuracy")


@pytest.mark.parametrize("width", [100, 140, 300])
def test_on_a_wide_terminal_they_stand_beside_each_other(width: int) -> None:
    lines = drawn(EPOCHS, width)
    assert len(lines) == HEIGHT + 3
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("loss")
    assert "accuracy" in lines[0]


def test_the_axes_have_the_lowest_and_the_highest_value_and_the_epochs() -> None:
    text = "\n".join(drawn(EPOCHS, 80))
    for label in ("0.500 ┤", "0.375 ┤", "0.250 ┤", "85.0% ┤", "77.0% ┤", "epoch 5"):
        assert label in text


def test_in_ascii_each_line_is_where_its_values_are() -> None:
    lines = drawn(EPOCHS, 47, ascii_only=True)
    assert "".join(lines).isascii()
    picture = [line.partition("|" if "|" in line else "+")[2].ljust(40) for line in lines[1 : HEIGHT + 1]]
    ends = {mark: ([row[0] for row in picture].index(mark), [row[39] for row in picture].index(mark)) for mark in "*o"}
    # the loss of training falls from 0.45 to 0.25, that of the test split grows from 0.46 to 0.50
    assert ends == {"*": (2, 8), "o": (1, 0)}


def test_without_color_the_lines_are_told_apart_by_their_dots() -> None:
    flat = tuple(Epoch(i, 1.0, 0.2, 0.9, 0.4, 0.8) for i in (1, 2, 3))
    rows = drawn(flat, 60)[1 : HEIGHT + 1]
    dots = [sum((ord(c) - 0x2800).bit_count() for c in row if 0x2800 <= ord(c) < 0x2900) for row in rows]
    assert dots[0] * 2 < dots[-1]  # test at the top, one dot in three; train at the bottom, unbroken
    assert [row.translate(BLANKS).count("x") > 0 for row in rows] == [True, *[False] * (HEIGHT - 2), True]


def test_one_epoch_is_no_curve() -> None:
    assert learning_curves(EPOCHS[:1], "test", 80) is None
    assert learning_curves((), "test", 80) is None


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_training_that_diverged_is_drawn_as_far_as_there_are_numbers(ascii_only: bool) -> None:
    diverged = (*EPOCHS, Epoch(6, 60.0, math.nan, 0.5, math.inf, 0.5))
    assert "epoch 6" in "\n".join(drawn(diverged, 80, ascii_only=ascii_only))
    lost = tuple(Epoch(i, 60.0, math.nan, 0.5, math.nan, 0.5) for i in (1, 2, 3))
    assert "diverged" in drawn(lost, 80, ascii_only=ascii_only)[1]


def test_a_line_that_never_moves_is_drawn() -> None:
    flat = tuple(Epoch(i, 1.0, 0.5, 0.5, 0.5, 0.5) for i in (1, 2))
    assert any(0x2800 < ord(c) < 0x2900 for line in drawn(flat, 80)[1:] for c in line)
