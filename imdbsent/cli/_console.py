"""A page beside the results: whether it can be written, and the file that has its name only once it is whole.

The terminal: consoles, notes on standard error, the table of predictions, bars of progress.

Standard output and error as a terminal has them: whatever their encoding, a character never ends a command.
"""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.records import as_field
from imdbsent.writing.text import NO_COLUMNS, kept_values, output_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from imdbsent.records import Prediction
    from imdbsent.writing.text import ResultColumns


NoColor = Annotated[bool, typer.Option("--no-color", help="Do not colour the terminal. NO_COLOR=1 does the same.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="aclImdb_v1.tar.gz, or the folder aclImdb. Left out: IMDBSENT_ACLIMDB, else the cache, else downloaded.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on standard error but errors.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show debugging messages.")]

LABEL_STYLES: Final = {"positive": "green", "negative": "red", "neutral": "yellow"}
_BAR_WIDTH = 10
_OWN_WIDTH = 16  # characters of a column that is carried through
_KEPT_TOGETHER = "\u200d"  # joins emoji into one
_LOGGER = logging.getLogger("imdbsent")


def stdout_console(*, no_color: bool = False) -> Console:
    """A console on standard output: for people, never for data."""
    return Console(no_color=no_color or None, highlight=False)


def print_error(message: str) -> None:
    """Print an error as one line of plain text on standard error, however wide the terminal is."""
    if sys.stderr is not None:
        sys.stderr.write(f"imdbsent: {visible(message)}\n")


def show_messages(*, no_color: bool = False, quiet: bool = False, verbose: bool = False) -> Console:
    """Show what the package logs on standard error, one line per message, until `hide_messages`.

    Args:
        no_color: whether the console has no colors.
        quiet: whether nothing is shown; wins over `verbose`.
        verbose: whether messages for debugging are shown, too.

    Returns:
        The console that the messages go to. Draw progress bars on it, so that messages appear above them; it draws
        nothing if `quiet`.
    """
    hide_messages()
    console = Console(stderr=True, no_color=no_color or None, highlight=False, quiet=quiet)
    _LOGGER.addHandler(_ConsoleHandler(console))
    _LOGGER.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    _LOGGER.propagate = False  # TensorFlow's handler on the root logger would show each message again
    return console


def hide_messages() -> None:
    """Undo `show_messages`."""
    for handler in list(_LOGGER.handlers):
        if isinstance(handler, _ConsoleHandler):
            _LOGGER.removeHandler(handler)
            _LOGGER.setLevel(logging.NOTSET)
            _LOGGER.propagate = True


class _ConsoleHandler(logging.Handler):
    """Writes each message as dim, plain text: on a terminal wrapped between words, else on one line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        message = visible(record.getMessage())
        if self._console.is_terminal:
            message = fill(message, self._console.width, break_long_words=False, break_on_hyphens=False)
        self._console.print(Text(message, style="dim"), soft_wrap=True)


def visible(text: str) -> str:
    r"""A text that cannot steer a terminal: blanks as spaces, control and direction characters as `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c == _KEPT_TOGETHER
        else " "
        if c.isspace()
        else c.encode("unicode_escape").decode()
        for c in text
    )


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
        _add_own_column(table, "id", one_line=one_line)
    table.add_column("verdict", no_wrap=True, width=8)
    table.add_column("P(positive)", justify="right", no_wrap=True, width=11)
    table.add_column("confidence", no_wrap=True, width=_BAR_WIDTH)
    for name in columns.kept:
        _add_own_column(table, name, one_line=one_line)
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


def _add_own_column(table: Table, name: str, *, one_line: bool) -> None:
    """Add a column of the user's, which leaves room for the text however long its values are."""
    table.add_column(
        Text(visible(name)),
        no_wrap=one_line,
        overflow="ellipsis" if one_line else "fold",
        max_width=_OWN_WIDTH if one_line else None,
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


def counted(number: int, thing: str) -> str:
    """How many of something, as "1 text" and "2,000 texts"."""
    return f"{number:,} {thing}{'s' * (number != 1)}"

_HANDLER: Final = "imdbsent.cells"
_STANDS_FOR: Final = {"\u2026": "."}  # what Rich puts at the end of what is cut
_UNKNOWN: Final = "?"


def show_what_can_be_shown() -> None:
    """Let the standard streams write `?` for a character that their encoding has not, as ASCII has no é.

    Rich lays a table out before it is encoded, so what stands for a character is as wide as it: two for a Chinese one,
    none for an accent that stands above another. Data formats are bytes in UTF-8, and know nothing of this.
    """
    codecs.register_error(_HANDLER, _as_wide)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not None, and nobody's own
            stream.reconfigure(errors=_HANDLER)


def _as_wide(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_STANDS_FOR.get(c, _UNKNOWN * cell_len(c)) for c in characters), error.end


def check_place(path: Path) -> None:
    """Find out that a page cannot be written before the work, rather than after it.

    Raises:
        UsageProblem: it cannot.
    """
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: --html '{path / 'report.html'}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UsageProblem(f"the folder '{path.parent}' cannot be written. Type: --html with another PATH")


@contextmanager
def new_page(path: Path) -> Iterator[BinaryIO]:
    """Give a stream to write a page to; the file has its name only once it is whole.

    Raises:
        OutputFailed: the system refuses.
    """
    from imdbsent.writing.output import new_file

    try:
        with new_file(path) as place, place.open("wb") as stream:
            yield stream
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error
