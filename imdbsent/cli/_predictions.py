"""The table of predictions on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from imdbsent.cli._streams import visible
from imdbsent.records import as_field
from imdbsent.writing.text import NO_COLUMNS, kept_values, output_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from imdbsent.records import Prediction
    from imdbsent.writing.text import ResultColumns

LABEL_STYLES: Final = {"positive": "green", "negative": "red", "neutral": "yellow"}
_BAR_WIDTH: Final = 10
_KEPT_WIDTH: Final = 16  # characters of a column that is carried through


def print_tables(
    predictions: Iterable[Prediction],
    console: Console,
    columns: ResultColumns = NO_COLUMNS,
    *,
    paged: bool,
    typed: bool = False,
) -> None:
    """Print predictions as a table.

    Args:
        predictions: its rows.
        console: where it goes.
        columns: columns beside the usual ones.
        paged: whether there are many: they are printed page by page, so that the first are seen at once.
        typed: whether a person types the texts: each verdict is a row of its own, without a frame.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    size = 1 if typed else max(1, console.height - 4) if paged else None
    for page in _pages(predictions, size):
        with output_errors():
            console.print(
                prediction_table(page, columns, one_line=paged, framed=not typed, ascii_only=console.options.ascii_only)
            )


def prediction_table(
    predictions: Iterable[Prediction],
    columns: ResultColumns = NO_COLUMNS,
    *,
    one_line: bool,
    framed: bool = True,
    ascii_only: bool = False,
) -> Table:
    """The table of predictions: label, probability of positive, a bar of how sure that is, and the text.

    Args:
        predictions: its rows.
        columns: columns beside these: the id stands first, what is carried through before the text.
        one_line: whether a long text is cut, rather than wrapped.
        framed: whether it has a frame and a header.
        ascii_only: whether the bar is drawn without block characters.
    """
    table = Table(expand=one_line, header_style="bold", box=box.HEAVY_HEAD if framed else None, show_header=framed)
    if columns.id:
        _add_kept_column(table, "id", one_line=one_line)
    table.add_column("verdict", no_wrap=True, width=8)
    table.add_column("P(positive)", justify="right", no_wrap=True, width=11)
    table.add_column("confidence", no_wrap=True, width=_BAR_WIDTH)
    for name in columns.kept:
        _add_kept_column(table, name, one_line=one_line)
    table.add_column(
        "text", ratio=1 if one_line else None, no_wrap=one_line, overflow="ellipsis" if one_line else "fold"
    )
    for prediction in predictions:
        identifier = [_cell(prediction.id)] if columns.id else []
        kept = [_cell(value) for value in kept_values(prediction, columns)]
        text = Text(visible(prediction.text))
        if prediction.label is None or prediction.probability is None:
            problem = Text(f"[{prediction.problem}] ", style="yellow").append_text(text)
            table.add_row(*identifier, "", "", "", *kept, problem)
            continue
        style = LABEL_STYLES[prediction.label]
        table.add_row(
            *identifier,
            Text(prediction.label, style=style),
            f"{prediction.probability:.4f}",
            Text(_bar(prediction.probability, ascii_only=ascii_only), style=style),
            *kept,
            text,
        )
    return table


def _add_kept_column(table: Table, name: str, *, one_line: bool) -> None:
    """Add a column of the user's, which leaves room for the text however long its values are."""
    table.add_column(
        Text(visible(name)),
        no_wrap=one_line,
        overflow="ellipsis" if one_line else "fold",
        max_width=_KEPT_WIDTH if one_line else None,
    )


def _cell(value: Any) -> Text:
    return Text(visible(as_field(value)))


def _bar(probability: float, *, ascii_only: bool) -> str:
    """How far the probability is from one half, as a bar that is full at 0 and at 1."""
    filled = round(abs(probability - 0.5) * 2 * _BAR_WIDTH)
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    return full * filled + empty * (_BAR_WIDTH - filled)


def _pages(predictions: Iterable[Prediction], size: int | None) -> Iterator[list[Prediction]]:
    page = []
    for prediction in predictions:
        page.append(prediction)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
