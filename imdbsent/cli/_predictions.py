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
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from imdbsent.records import Prediction
    from imdbsent.writing.text import ResultColumns

LABEL_STYLES: Final = {"positive": "green", "negative": "red", "neutral": "yellow"}
_LABEL_WIDTH: Final = 8
_PROBABILITY: Final = "P(positive)"
_SHORT_PROBABILITY: Final = "P"
_NUMBER_WIDTH: Final = 6
_BAR_WIDTH: Final = 10
_KEPT_WIDTH: Final = 16  # characters of a column that is carried through
_LEAST_TEXT: Final = 16  # characters of the text for which a narrow terminal gives up the rest


class TablePrinter:
    """Prints predictions as tables.

    Args:
        console: where they go.
        columns: columns besides the usual ones.
        paged: whether there may be many: they are printed page by page, so that the first appear at once.
        typed: whether a person types the texts: each prediction is printed as one row, without a frame.
    """

    def __init__(
        self, console: Console, columns: ResultColumns = NO_COLUMNS, *, paged: bool, typed: bool = False
    ) -> None:
        self._console = console
        self._columns = columns
        self._paged = paged
        self._typed = typed
        self._size = 1 if typed else max(1, console.height - 4) if paged else None
        self._page: list[Prediction] = []

    def print(self, predictions: Iterable[Prediction]) -> None:
        """Print predictions.

        Raises:
            OutputClosed: the reader is gone.
            OutputFailed: the system refuses.
        """
        for prediction in predictions:
            self._page.append(prediction)
            if len(self._page) == self._size:
                self._print_page(framed=not self._typed)
        self._print_page(framed=not self._typed)

    def flush(self) -> None:
        """Print the page that is not full, without a frame.

        Raises:
            OutputClosed: the reader is gone.
            OutputFailed: the system refuses.
        """
        self._print_page(framed=False)
        with output_errors():
            self._console.file.flush()

    def _print_page(self, *, framed: bool) -> None:
        if not self._page:
            return
        page, self._page = self._page, []
        table = prediction_table(
            page,
            self._columns,
            width=self._console.width,
            one_line=self._paged,
            framed=framed,
            ascii_only=self._console.options.ascii_only,
        )
        with output_errors():
            self._console.print(table)


def prediction_table(
    predictions: Sequence[Prediction],
    columns: ResultColumns = NO_COLUMNS,
    *,
    width: int,
    one_line: bool,
    framed: bool = True,
    ascii_only: bool = False,
) -> Table:
    """The table of predictions: label, probability of positive, a bar for the confidence, and the text.

    In a narrow one the text keeps its column, and the bar is left out.

    Args:
        predictions: its rows.
        columns: columns besides these: the id comes first, what is carried through before the text.
        width: of the terminal, in characters.
        one_line: whether a long text is cut, instead of wrapped.
        framed: whether the table has a frame and a header.
        ascii_only: whether the bar has no block characters.
    """
    table = Table(expand=one_line, header_style="bold", box=box.HEAVY_HEAD if framed else None, show_header=framed)
    rest = width - _width_of_kept(predictions, columns) - (_LABEL_WIDTH + 3) - (len(_PROBABILITY) + 3) - 4
    has_bar = rest - (_BAR_WIDTH + 3) >= _LEAST_TEXT
    is_short = rest < _LEAST_TEXT
    if columns.id:
        _add_kept_column(table, "id", one_line=one_line)
    table.add_column("verdict", no_wrap=True, width=_LABEL_WIDTH)
    table.add_column(
        _SHORT_PROBABILITY if is_short else _PROBABILITY,
        justify="right",
        no_wrap=True,
        width=_NUMBER_WIDTH if is_short else len(_PROBABILITY),
    )
    if has_bar:
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
            table.add_row(*identifier, "", "", *[""] * has_bar, *kept, problem)
            continue
        style = LABEL_STYLES[prediction.label]
        bar = [Text(_bar(prediction.probability, ascii_only=ascii_only), style=style)] if has_bar else []
        table.add_row(
            *identifier, Text(prediction.label, style=style), f"{prediction.probability:.4f}", *bar, *kept, text
        )
    return table


def _width_of_kept(predictions: Sequence[Prediction], columns: ResultColumns) -> int:
    """About how many characters the id and the carried columns take."""
    names = [*(["id"] if columns.id else []), *columns.kept]
    rows = [(*([row.id] if columns.id else []), *kept_values(row, columns)) for row in predictions]
    widths = [max(map(len, (name, *map(as_field, values)))) for name, *values in zip(names, *rows)]
    return sum(min(width, _KEPT_WIDTH) + 3 for width in widths)


def _add_kept_column(table: Table, name: str, *, one_line: bool) -> None:
    """Add a column of the user's. Long values are cut or wrapped, so that the text keeps its column."""
    table.add_column(
        Text(visible(name)),
        no_wrap=one_line,
        overflow="ellipsis" if one_line else "fold",
        max_width=_KEPT_WIDTH if one_line else None,
    )


def _cell(value: Any) -> Text:
    return Text(visible(as_field(value)))


def _bar(probability: float, *, ascii_only: bool) -> str:
    """The distance of the probability from one half, as a bar that is full at 0 and at 1."""
    filled = round(abs(probability - 0.5) * 2 * _BAR_WIDTH)
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    return full * filled + empty * (_BAR_WIDTH - filled)
