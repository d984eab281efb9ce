"""Charts drawn with characters: a histogram of lengths, and the learning curves of a training run.

They are Rich's text rather than the output of a plotting library, so that NO_COLOR, narrow terminals and ASCII work
like on every other page.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from imdbsent.cli._streams import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imdbsent.bundle.card import Epoch
    from imdbsent.dataset.statistics import Bin


HISTOGRAM_HEIGHT: Final = 8  # lines
_LABEL: Final = 6  # characters of a number on either axis
_WIDEST_COLUMN: Final = 6  # characters
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_KEPT: Final = "cyan"
CUT: Final = "yellow"
"""Color of lengths that are cut."""


def histogram(columns: Sequence[Bin], limit: int, width: int, *, ascii_only: bool = False) -> Text:
    """Draw a histogram with an axis of reviews and one of ids; lengths that are cut have another color.

    Args:
        columns: all of the same width; the last may have no end.
        limit: number of ids that are kept; a column that starts at it or after it has another color.
        width: columns of the console; pairs of bars are joined until all of them fit.
        ascii_only: whether to draw in whole characters.
    """
    space = width - 2 * _LABEL
    while len(columns) > max(space, 1):
        columns = _joined(columns)
    most = max(column.reviews for column in columns)
    margin = len(f"{most:,}") + 2
    each = min(_WIDEST_COLUMN, max(1, space // len(columns)))
    picture = Text(no_wrap=True)
    for row in range(HISTOGRAM_HEIGHT, 0, -1):
        label = f"{most:,}" if row == HISTOGRAM_HEIGHT else ""
        picture.append(f"{label:>{margin - 2}} {'|' if ascii_only else '┤' if label else '│'}", style="dim")
        for column in columns:
            eighths = _eighths(column.reviews, most, ascii_only=ascii_only)
            character = _bar_character(eighths - (row - 1) * 8, ascii_only=ascii_only)
            picture.append(character * each, style=CUT if column.first >= limit else _KEPT)
        picture.append("\n")
    picture.append(f"{'0':>{margin - 2}} ", style="dim")
    marked = next((i for i, column in enumerate(columns) if column.first == limit), None)
    picture.append(_rule(len(columns), each, marked, ascii_only=ascii_only) + "\n", style="dim")
    picture.append(" " * margin + _axis(columns, each, marked), style="dim")
    return picture


def _joined(columns: Sequence[Bin]) -> list[Bin]:
    """Half as many columns, each twice as wide."""
    pairs = [columns[i : i + 2] for i in range(0, len(columns), 2)]
    return [replace(pair[0], last=pair[-1].last, reviews=sum(column.reviews for column in pair)) for pair in pairs]


def _eighths(reviews: int, most: int, *, ascii_only: bool) -> int:
    """Height of a column in eighths of a line; a column that is not empty is visible."""
    if not reviews:
        return 0
    step = 8 if ascii_only else 1
    return max(step, round(reviews / most * HISTOGRAM_HEIGHT * 8 / step) * step)


def _bar_character(eighths: int, *, ascii_only: bool) -> str:
    filled = max(0, min(8, eighths))
    return (" ", "#")[filled == 8] if ascii_only else _EIGHTHS[filled]  # noqa: PLR2004 (eighths)


def _rule(columns: int, each: int, marked: int | None, *, ascii_only: bool) -> str:
    """The line below the columns, with a tick at the cut."""
    corner, line, tick = "+-|" if ascii_only else "└─┴"
    rule = line * (each * columns)
    return corner + (rule if marked is None else rule[: marked * each] + tick + rule[marked * each + 1 :])


def _axis(columns: Sequence[Bin], each: int, marked: int | None) -> str:
    """The starts of as many columns as fit, including the cut; the last column may have no end."""
    line = ""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if step * each >= 10)  # noqa: PLR2004 (characters per label)
    end = len(columns) - 1
    for i, column in enumerate(columns):
        is_open = i == end and column.last is None
        if (i % step == 0 or i == marked or is_open) and len(line) + bool(line) <= i * each:
            line = line.ljust(i * each) + f"{column.first:,}{'+' if is_open else ''}"
    return line


HEIGHT: Final = 9  # lines
_SIDE_BY_SIDE: Final = 100  # columns of the console from which on two charts are side by side
_WIDEST: Final = 72  # characters of one
_NARROWEST: Final = 10  # characters of the drawing alone
_STYLES: Final = ("cyan", "yellow")
_DASHES: Final = (1, 3)  # one dot in so many is drawn, so that the lines differ without color, too
_ASCII_MARKS: Final = ("*", "o", "#")  # of the first, of the second, of both
_BRAILLE: Final = 0x2800
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Unicode's bits, by column and row of a cell


@dataclass(frozen=True)
class _Chart:
    """Two curves over the epochs.

    Attributes:
        title: the metric.
        names: of the two curves: "train", and the split of the validation.
        values: of the two curves, by epoch; values that are not finite are left out.
        number: formats a value on the axis.
    """

    title: str
    names: tuple[str, str]
    values: tuple[Sequence[float], Sequence[float]]
    number: Callable[[float], str]


def learning_curves(epochs: Sequence[Epoch], split: str, width: int, *, ascii_only: bool = False) -> Table | None:
    """Draw the loss and the accuracy by epoch, side by side if they fit.

    Args:
        epochs: of one run.
        split: the split of the validation after each epoch, for example "test".
        width: columns of the console.
        ascii_only: whether to draw without Braille dots and box lines.

    Returns:
        The charts; None with fewer than two epochs, which make no curve.
    """
    if len(epochs) < 2:  # noqa: PLR2004 (points of a line)
        return None
    names = ("train", split)
    loss = _Chart("loss", names, ([e.loss for e in epochs], [e.test_loss for e in epochs]), "{:.3f}".format)
    accuracy = _Chart("accuracy", names, ([e.accuracy for e in epochs], [e.test_accuracy for e in epochs]), _percent)
    is_wide = width >= _SIDE_BY_SIDE
    each = min(_WIDEST, (width - 4) // 2 if is_wide else width)
    first, last = epochs[0].number, epochs[-1].number
    drawn = [_drawn(chart, first, last, each, ascii_only=ascii_only) for chart in (loss, accuracy)]
    grid = Table.grid(padding=(0, 4, 0, 0))
    if is_wide:
        grid.add_row(*drawn)
    else:
        for picture in drawn:
            grid.add_row(picture)
    return grid


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _drawn(chart: _Chart, first: int, last: int, width: int, *, ascii_only: bool) -> Text:
    finite = [value for series in chart.values for value in series if math.isfinite(value)]
    picture = _title(chart, ascii_only=ascii_only)
    if not finite:
        return picture.append("\nno value is finite: the training diverged", style="dim")
    low, high = min(finite), max(finite)
    labels = {0: chart.number(high), HEIGHT // 2: chart.number((low + high) / 2), HEIGHT - 1: chart.number(low)}
    margin = max(map(len, labels.values()))
    columns = max(_NARROWEST, width - margin - 2)
    cells = _cells(chart, low, high, columns, ascii_only=ascii_only)
    tick, line, corner, rule = "+|+-" if ascii_only else "┤│└─"
    for row in range(HEIGHT):
        label = labels.get(row, "")
        picture.append(f"\n{label:>{margin}} {tick if label else line}", style="dim")
        for column in range(columns):
            picture.append(*cells.get((column, row), (" ", "")))
    ends = f"{first}{f'epoch {last}':>{columns - len(str(first))}}"
    picture.append(f"\n{'':{margin}} {corner}{rule * columns}\n{'':{margin}}  {ends}", style="dim")
    return picture


def _title(chart: _Chart, *, ascii_only: bool) -> Text:
    """The metric, and the line of each curve."""
    samples = [mark * 2 for mark in _ASCII_MARKS[:2]] if ascii_only else ["⠒⠒⠒", "⠂⠐ ⠂"]
    picture = Text(no_wrap=True).append(chart.title, style="bold")
    for name, style, sample in zip(chart.names, _STYLES, samples):
        picture.append(f"  {sample} {visible(name)}", style=style)
    return picture


def _cells(
    chart: _Chart, low: float, high: float, columns: int, *, ascii_only: bool
) -> dict[tuple[int, int], tuple[str, str]]:
    """The characters that are not blank, by column and row, each with its style."""
    across, down = (1, 1) if ascii_only else (2, 4)  # dots of a character
    dots: dict[tuple[int, int], set[int]] = {}  # which series have a dot there
    for series, values in enumerate(chart.values):
        step = 1 if ascii_only else _DASHES[series]
        for number, (x, y) in enumerate(_line(values, low, high, columns * across, HEIGHT * down)):
            if number % step == 0:
                dots.setdefault((x, y), set()).add(series)
    cells: dict[tuple[int, int], tuple[int, set[int]]] = {}
    for (x, y), series_there in dots.items():
        bits, before = cells.get((x // across, y // down), (0, set()))
        cells[x // across, y // down] = bits | _DOTS[x % across][y % down], before | series_there
    return {cell: _character(bits, there, ascii_only=ascii_only) for cell, (bits, there) in cells.items()}


def _character(bits: int, series: set[int], *, ascii_only: bool) -> tuple[str, str]:
    """A character and its style. If both lines pass, it has the style of the second, which has fewer dots."""
    mark = _ASCII_MARKS[2 if len(series) > 1 else max(series)] if ascii_only else chr(_BRAILLE + bits)
    return mark, _STYLES[max(series)]


def _line(values: Sequence[float], low: float, high: float, columns: int, rows: int) -> Iterator[tuple[int, int]]:
    """The dots of a curve from left to right, at least one per column, more if it is steep; row 0 is at the top."""
    points = [
        (round(i * (columns - 1) / (len(values) - 1)), round((high - value) / (high - low or 1.0) * (rows - 1)))
        for i, value in enumerate(values)
        if math.isfinite(value)
    ]
    yield from points[:1]
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        steps = max(next_x - x, abs(next_y - y))
        for step in range(1, steps + 1):
            yield round(x + (next_x - x) * step / steps), round(y + (next_y - y) * step / steps)
