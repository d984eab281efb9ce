"""What a person sees of `imdbsent predict`: tables and explanations on standard output, progress on standard error."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import typer

from imdbsent.cli._console import LABEL_STYLES, stdout_console
from imdbsent.cli._streams import LOGGER, visible
from imdbsent.errors import ModelMissing
from imdbsent.predict_job import Screen
from imdbsent.records import as_field
from imdbsent.writing.text import NO_COLUMNS, kept_values, output_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from imdbsent.classify.classifier import Classifier
    from imdbsent.cli._signals import StopSignals
    from imdbsent.predict_job import Progress
    from imdbsent.reading.streams import Meter, RowsMeter
    from imdbsent.records import Prediction, Record
    from imdbsent.writing.output import Writer
    from imdbsent.writing.text import ResultColumns

_CODES: Final = {"green": "32", "red": "31", "yellow": "33"}  # of a terminal, SGR
_BOLD: Final = "1"
_LABEL_WIDTH: Final = 8
_PROBABILITY: Final = "P(positive)"
_SHORT_PROBABILITY: Final = "P"
_NUMBER_WIDTH: Final = 6
_BAR_WIDTH: Final = 10
_KEPT_WIDTH: Final = 16  # characters of a column that is carried through
_LEAST_TEXT: Final = 16  # characters of the text for which a narrow terminal gives up the rest
_TRAINING_TIME: Final = {"flagship": "minutes on a GPU, a day without"}


class TerminalScreen(Screen):
    """The screen of the command line.

    Args:
        console: makes the console on standard error, for progress.
        signals: what ends the reading.
        no_color: whether standard output has no colors.
        interval: seconds between progress lines when not on a terminal; 0 for none.
    """

    has_tables = True

    def __init__(
        self, console: Callable[[], Console], signals: StopSignals, *, no_color: bool, interval: float
    ) -> None:
        self._console = console
        self._signals = signals
        self._no_color = no_color
        self._interval = interval

    @property
    def is_terminal(self) -> bool:  # type: ignore[override]
        """Whether standard output is a terminal, or is to be treated as one."""
        if _is_plain_terminal():
            return sys.stdout is not None and sys.stdout.isatty()
        return stdout_console(no_color=self._no_color).is_terminal

    @property
    def is_typing(self) -> bool:  # type: ignore[override]
        """Whether standard input is a terminal."""
        return sys.stdin is not None and sys.stdin.isatty()

    def load(self, model: str | None, workers: int | None) -> Classifier:
        """Load a model. If it is missing but can be trained, offer that to a person at a terminal."""
        import imdbsent
        from imdbsent.cli._progress import DownloadBar

        try:
            return imdbsent.load(model, threads=workers, progress=DownloadBar(self._console))
        except ModelMissing as error:
            if not error.trainable or not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise
            duration = _TRAINING_TIME.get(error.name, "about a quarter of an hour")
            if not typer.confirm(f"There is no model {error.name!r}. Train it now ({duration})?", err=True):
                raise
            from imdbsent.cli._training import train_on_console
            from imdbsent.training.recipes import RECIPES
            from imdbsent.training.request import TrainingRequest

            train_on_console(TrainingRequest(RECIPES[error.name], name=error.name), self._console())
            return imdbsent.load(model, threads=workers)

    def until_stopped(self, records: Iterable[Record]) -> Iterable[Record]:
        """The records until Ctrl-C, SIGTERM or SIGHUP."""
        return self._signals.until_stopped(records)

    @contextmanager
    def progress(self, meter: Meter | RowsMeter) -> Iterator[Progress | None]:
        """Draw a bar on a terminal, else log a line from time to time; None if neither is wanted."""
        from imdbsent.cli._progress import ProgressLog, RecordsBar, can_animate

        console = self._console()
        if can_animate(console):
            with RecordsBar(console, meter, is_hidden=False) as bar:
                yield bar
        elif self._interval and not console.is_terminal and LOGGER.isEnabledFor(logging.INFO):
            with ProgressLog(meter, self._interval) as log:
                yield log
        else:
            yield None

    def predictions(self, columns: ResultColumns, *, paged: bool, typed: bool) -> Writer:
        """A table on standard output."""
        if paged or typed or columns != NO_COLUMNS or not _is_plain_terminal():
            return TablePrinter(stdout_console(no_color=self._no_color), columns, paged=paged, typed=typed)
        return _SmallTable(no_color=self._no_color)

    def explanations(self) -> Writer:
        """Explanations on standard output."""
        from imdbsent.cli._explanations import ExplanationWriter

        return ExplanationWriter(stdout_console(no_color=self._no_color))


class TablePrinter:
    """Prints predictions as tables.

    Args:
        console: where they go.
        columns: columns other than the usual ones.
        paged: whether there may be many: they are printed page by page, so that the first appear at once.
        typed: whether a person types the texts: each prediction is printed as one row, without a frame.
    """

    def __init__(
        self, console: Console, columns: ResultColumns = NO_COLUMNS, *, paged: bool, typed: bool = False
    ) -> None:
        self.written = 0
        self._console = console
        self._columns = columns
        self._paged = paged
        self._typed = typed
        self._size = 1 if typed else max(1, console.height - 4) if paged else None
        self._page: list[Prediction] = []

    def write(self, predictions: Iterable[Prediction]) -> None:
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

    def close(self) -> None:
        """Nothing to finish."""

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


class _SmallTable:
    """Prints the predictions of a few texts as one table, without Rich if possible: importing it takes 40 ms.

    Args:
        no_color: whether the table has no colors.
    """

    def __init__(self, *, no_color: bool) -> None:
        self.written = 0
        self._no_color = no_color

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Print predictions.

        Raises:
            OutputClosed: the reader is gone.
            OutputFailed: the system refuses.
        """
        page = list(predictions)
        lines = small_table(page, no_color=self._no_color)
        if lines is None:
            TablePrinter(stdout_console(no_color=self._no_color), paged=False).write(page)
            return
        with output_errors():
            sys.stdout.write(lines)
            sys.stdout.flush()

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing to finish."""


def small_table(predictions: Sequence[Prediction], *, no_color: bool) -> str | None:
    """The table of a few predictions, exactly as `TablePrinter` prints it on standard output.

    Args:
        predictions: its rows.
        no_color: whether it has no colors.

    Returns:
        The lines; None for a table that only Rich can lay out: one that is too wide, has a text in other characters
        than ASCII or a text without a verdict, or is for an unusual terminal.
    """
    texts = [visible(prediction.text) for prediction in predictions]
    widths = (_LABEL_WIDTH, len(_PROBABILITY), _BAR_WIDTH, max(map(len, ("text", *texts))))
    is_plain = all(map(str.isascii, texts)) and sys.stdout.encoding.lower() == "utf-8"
    width_of_terminal = _terminal_width()
    if not is_plain or not _has_bar(width_of_terminal) or sum(widths) + 3 * len(widths) + 1 > width_of_terminal:
        return None
    is_styled = sys.stdout.isatty()
    has_color = is_styled and not no_color and not os.environ.get("NO_COLOR")
    blank = _styled(" ", _BOLD * is_styled)
    names = zip(("verdict", _PROBABILITY, "confidence", "text"), widths)
    rules = ["━" * (width + 2) for width in widths]
    header = [blank + _styled(name.ljust(width), _BOLD * is_styled) + blank for name, width in names]
    lines = ["┏" + "┳".join(rules) + "┓", "┃" + "┃".join(header) + "┃", "┡" + "╇".join(rules) + "┩"]
    for prediction, text in zip(predictions, texts):
        if prediction.label is None or prediction.probability is None:
            return None
        color = _CODES[LABEL_STYLES[prediction.label]] * has_color
        cells = (
            _styled(prediction.label.ljust(_LABEL_WIDTH), color),
            f"{prediction.probability:.4f}".rjust(len(_PROBABILITY)),
            _styled(_bar(prediction.probability, ascii_only=False), color),
            text.ljust(widths[-1]),
        )
        lines.append("│ " + " │ ".join(cells) + " │")
    lines.append("└" + "┴".join("─" * (width + 2) for width in widths) + "┘")
    return "\n".join(lines) + "\n"


def _styled(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _is_plain_terminal() -> bool:
    """Whether standard output is what `isatty` says, and a terminal has the usual codes: no variable says otherwise."""
    unusual = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS", "DATABRICKS_RUNTIME_VERSION")
    if sys.stdout is None or os.name != "posix" or any(name in os.environ for name in unusual):
        return False
    return not sys.stdout.isatty() or os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def _terminal_width() -> int:
    """The width that Rich finds for standard output, in characters."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit():
        return int(columns)
    terminal = next(filter(os.isatty, range(3)), None)  # standard input, output or error
    return (terminal is not None and os.get_terminal_size(terminal).columns) or 80


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
        columns: columns other than these: the id comes first, what is carried through before the text.
        width: of the terminal, in characters.
        one_line: whether a long text is cut, instead of wrapped.
        framed: whether the table has a frame and a header.
        ascii_only: whether the bar has no block characters.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=one_line, header_style="bold", box=box.HEAVY_HEAD if framed else None, show_header=framed)
    width -= _width_of_kept(predictions, columns)
    has_bar = _has_bar(width)
    is_short = _rest(width) < _LEAST_TEXT
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


def _rest(width: int) -> int:
    """The characters that the label and its probability leave to other columns."""
    return width - (_LABEL_WIDTH + 3) - (len(_PROBABILITY) + 3) - 4


def _has_bar(width: int) -> bool:
    """Whether a terminal has room for the bar."""
    return _rest(width) - (_BAR_WIDTH + 3) >= _LEAST_TEXT


def _width_of_kept(predictions: Sequence[Prediction], columns: ResultColumns) -> int:
    """About how many characters the id and the carried columns take."""
    names = [*(["id"] if columns.id else []), *columns.kept]
    rows = [(*([row.id] if columns.id else []), *kept_values(row, columns)) for row in predictions]
    widths = [max(map(len, (name, *map(as_field, values)))) for name, *values in zip(names, *rows)]
    return sum(min(width, _KEPT_WIDTH) + 3 for width in widths)


def _add_kept_column(table: Table, name: str, *, one_line: bool) -> None:
    """Add a column of the user's. Long values are cut or wrapped, so that the text keeps its column."""
    from rich.text import Text

    table.add_column(
        Text(visible(name)),
        no_wrap=one_line,
        overflow="ellipsis" if one_line else "fold",
        max_width=_KEPT_WIDTH if one_line else None,
    )


def _cell(value: Any) -> Text:
    from rich.text import Text

    return Text(visible(as_field(value)))


def _bar(probability: float, *, ascii_only: bool) -> str:
    """The distance of the probability from one half, as a bar that is full at 0 and at 1."""
    filled = round(abs(probability - 0.5) * 2 * _BAR_WIDTH)
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    return full * filled + empty * (_BAR_WIDTH - filled)
