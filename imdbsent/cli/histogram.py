"""A histogram of lengths drawn with characters, eighths of a character high."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.dataset.statistics import Bin

HEIGHT: Final = 8  # lines
_LABEL: Final = 6  # characters of a number on either axis
_WIDEST_COLUMN: Final = 6  # characters
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_KEPT: Final = "cyan"
CUT: Final = "yellow"
"""Colour of what is cut."""


def histogram(columns: Sequence[Bin], limit: int, width: int, *, ascii_only: bool = False) -> Text:
    """Draw a histogram, what is cut in another colour, with an axis of reviews and one of ids.

    Args:
        columns: of one width; the last may have no end.
        limit: ids that are kept; a column that begins at it or beyond has another colour.
        width: characters there are; columns are as wide as fits, and joined in pairs where they do not fit.
        ascii_only: whether it is drawn in whole characters.
    """
    room = width - 2 * _LABEL
    while len(columns) > max(room, 1):
        columns = _joined(columns)
    most = max(column.reviews for column in columns)
    margin = len(f"{most:,}") + 2
    each = min(_WIDEST_COLUMN, max(1, room // len(columns)))
    picture = Text(no_wrap=True)
    for row in range(HEIGHT, 0, -1):
        label = f"{most:,}" if row == HEIGHT else ""
        picture.append(f"{label:>{margin - 2}} {'|' if ascii_only else '┤' if label else '│'}", style="dim")
        for column in columns:
            eighths = _eighths(column.reviews, most, ascii_only=ascii_only)
            character = _character(eighths - (row - 1) * 8, ascii_only=ascii_only)
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
    """Height of a column in eighths of a line; one that is not empty can be seen."""
    if not reviews:
        return 0
    step = 8 if ascii_only else 1
    return max(step, round(reviews / most * HEIGHT * 8 / step) * step)


def _character(eighths: int, *, ascii_only: bool) -> str:
    filled = max(0, min(8, eighths))
    return (" ", "#")[filled == 8] if ascii_only else _EIGHTHS[filled]  # noqa: PLR2004 (eighths)


def _rule(columns: int, each: int, marked: int | None, *, ascii_only: bool) -> str:
    """The line below the columns, with a tick where the cut is."""
    corner, line, tick = "+-|" if ascii_only else "└─┴"
    rule = line * (each * columns)
    return corner + (rule if marked is None else rule[: marked * each] + tick + rule[marked * each + 1 :])


def _axis(columns: Sequence[Bin], each: int, marked: int | None) -> str:
    """Where columns begin, as many as have room, the cut among them; the last column's end may be open."""
    line = ""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if step * each >= 10)  # noqa: PLR2004 (characters a label)
    end = len(columns) - 1
    for i, column in enumerate(columns):
        is_open = i == end and column.last is None
        if (i % step == 0 or i == marked or is_open) and len(line) + bool(line) <= i * each:
            line = line.ljust(i * each) + f"{column.first:,}{'+' if is_open else ''}"
    return line
