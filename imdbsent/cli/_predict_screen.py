"""What a person sees of `imdbsent predict`: tables and explanations on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from imdbsent.cli._console import stdout_console
from imdbsent.errors import ModelMissing
from imdbsent.predict_job import Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from imdbsent.classify.classifier import Classifier
    from imdbsent.cli._signals import StopSignals
    from imdbsent.predict_job import Progress
    from imdbsent.reading.streams import Meter, RowsMeter
    from imdbsent.records import Record
    from imdbsent.writing.output import Writer
    from imdbsent.writing.text import ResultColumns

_TRAINING_TIME = {"flagship": "minutes on a GPU, a day without"}


class TerminalScreen(Screen):
    """The screen of the command line.

    Args:
        console: on standard error, for progress.
        signals: what ends the reading.
        no_color: whether standard output has no colors.
    """

    has_tables = True

    def __init__(self, console: Console, signals: StopSignals, *, no_color: bool) -> None:
        self._console = console
        self._signals = signals
        self._no_color = no_color

    @property
    def is_terminal(self) -> bool:  # type: ignore[override]
        """Whether standard output is a terminal, or is to be treated as one."""
        is_forced = any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
        if not is_forced and not (sys.stdout is not None and sys.stdout.isatty()):
            return False  # Rich would say the same, but need not be set up
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

            train_on_console(TrainingRequest(RECIPES[error.name], name=error.name), self._console)
            return imdbsent.load(model, threads=workers)

    def until_stopped(self, records: Iterable[Record]) -> Iterable[Record]:
        """The records until Ctrl-C or SIGTERM."""
        return self._signals.until_stopped(records)

    @contextmanager
    def progress(self, meter: Meter | RowsMeter) -> Iterator[Progress | None]:
        """Draw a bar during a block; None if nothing can be drawn."""
        from imdbsent.cli._progress import RecordsBar

        with RecordsBar(self._console, meter, is_hidden=False) as bar:
            yield bar if bar.is_drawn else None

    def predictions(self, columns: ResultColumns, *, paged: bool, typed: bool) -> Writer:
        """A table on standard output."""
        return _TableWriter(stdout_console(no_color=self._no_color), columns, paged=paged, typed=typed)

    def explanations(self) -> Writer:
        """Explanations on standard output."""
        from imdbsent.cli._explanations import ExplanationWriter

        return ExplanationWriter(stdout_console(no_color=self._no_color))


class _TableWriter:
    """Prints predictions as tables; see `imdbsent.cli._predictions.TablePrinter`."""

    written = 0

    def __init__(self, console: Console, columns: ResultColumns, *, paged: bool, typed: bool) -> None:
        from imdbsent.cli._predictions import TablePrinter

        self._printer = TablePrinter(console, columns, paged=paged, typed=typed)

    def write(self, predictions: Iterable[Any]) -> None:
        """Print predictions."""
        self._printer.print(predictions)

    def flush(self) -> None:
        """Print the page that is not full, without a frame: the next prediction may take a while."""
        self._printer.flush()

    def close(self) -> None:
        """Nothing to finish."""
