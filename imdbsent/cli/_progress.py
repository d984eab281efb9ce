"""Progress on standard error: bars on a terminal, and off one a line from time to time."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from imdbsent.cli._streams import LOGGER, visible
from imdbsent.errors import counted
from imdbsent.job_report import Pace, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress, TaskID
    from typing_extensions import Self

    from imdbsent.reading.streams import Meter, RowsMeter


class DownloadBar:
    """A bar that follows a download, an `imdbsent.fetch.DownloadProgress`; it is drawn when the first bytes arrive.

    Args:
        console: makes the console to draw on, if it is a terminal.
    """

    def __init__(self, console: Callable[[], Console]) -> None:
        self.total = 0
        self._console = console
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def update(self, size: int) -> None:
        """Add bytes to the count."""
        if self._bar is None and can_animate(self._console()):
            self._start()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=size, total=self.total or None)

    def reset(self) -> None:
        """Restart the count from 0."""
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console())
        self._task = self._bar.add_task("", total=self.total or None)
        self._bar.start()


@contextmanager
def counting_bar(console: Console, name: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how many of something are done, and the time left.

    Args:
        console: the console to draw on, if it is a terminal.
        name: label before the bar.
        total: how many there are.

    Yields:
        A function to call after each.
    """
    if not can_animate(console):  # Rich 13.8 prints an empty line for a disabled bar
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(visible(name), total=total)
        yield lambda: bar.advance(task)


def can_animate(console: Console) -> bool:
    """Whether a console can show animation."""
    return console.is_terminal and not console.is_dumb_terminal and not console.quiet


class RecordsBar:
    """Shows how many records are answered, how fast, and the time left if the size of the input is known.

    Args:
        console: the console to draw on, if it is a terminal.
        meter: measures the reading.
        is_hidden: whether to draw nothing.
        delay: seconds before it is drawn. What is over by then needs no bar, and in a pipe such as `| head` the
            results would come out in the middle of it.
    """

    def __init__(
        self, console: Console, meter: Meter | RowsMeter, *, is_hidden: bool, delay: float = 1.0
    ) -> None:
        self._console = console
        self._total = meter.total
        self._is_hidden = is_hidden or not can_animate(console)
        self._pace = Pace(meter)
        self._bar: Progress | None = None
        self._drawn_from = time.monotonic() + delay

    @property
    def is_drawn(self) -> bool:
        """Whether anything is drawn."""
        return not self._is_hidden

    def __enter__(self) -> Self:
        """Draw from now on, after the delay."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop drawing."""
        if self._bar is not None:
            self._bar.stop()

    def has_read(self, records: int) -> None:
        """Add records that were read."""
        self._pace.has_read(records)
        self._update()

    def resume_after(self, records: int) -> None:
        """So many of the records that were read are already answered; the work starts now."""
        self._pace.resume_after(records)
        self._update()

    def changes(self) -> None:
        """From now on the work is faster or slower."""
        self._pace.changes()

    def has_answered(self, records: int) -> None:
        """Add records that are answered."""
        self._pace.has_answered(records)
        self._update()

    def _update(self) -> None:
        if self._bar is None and not self._is_hidden and time.monotonic() >= self._drawn_from:
            self._start()
        if self._bar is not None:
            pace = self._pace
            self._bar.update(
                self._task,
                completed=pace.share or 0.0,
                records=pace.answered or pace.read,
                rate=pace.rate,
                left=duration(pace.seconds_left),
            )

    def _start(self) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        known = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[left]} left"))
        self._bar = Progress(
            TextColumn("{task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            *(known if self._total else ()),
            console=self._console,
            transient=True,
        )
        total = 1.0 if self._total else None
        self._task = self._bar.add_task("", total=total, records=0, rate=0.0, left=duration(None))
        self._bar.start()


_LAST_LINE: Final = 1.0
"""Seconds that the end of a job waits for a line that is being written."""


class ProgressLog:
    """Logs from time to time how many records are answered, how fast, and the time left: for jobs nobody watches.

    A line is written only if something has changed since the last one. The thread that writes them shares no lock with
    the one that counts: a signal can stop that one when it has just taken a lock, and nobody would release it.

    Args:
        meter: measures the reading.
        interval: seconds between two lines.
    """

    def __init__(self, meter: Meter | RowsMeter, interval: float) -> None:
        self._pace = Pace(meter)
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._logged = (0, 0)

    def __enter__(self) -> Self:
        """Start logging."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop logging."""
        self._ended.set()
        self._thread.join(_LAST_LINE)

    def has_read(self, records: int) -> None:
        """Add records that were read."""
        self._pace.has_read(records)

    def resume_after(self, records: int) -> None:
        """So many of the records that were read are already answered; the work starts now."""
        self._pace.resume_after(records)

    def changes(self) -> None:
        """From now on the work is faster or slower."""
        self._pace.changes()

    def has_answered(self, records: int) -> None:
        """Add records that are answered."""
        self._pace.has_answered(records)

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            pace = self._pace
            reached = pace.read, pace.answered
            share, left = pace.share, pace.seconds_left
            fields = {
                "read": pace.read,
                "answered": pace.answered,
                "rows_per_second": round(pace.rate, 1),
                "share": None if share is None else round(share, 4),
                "seconds_left": None if left is None else round(left),
            }
            if reached != self._logged:
                self._logged = reached
                LOGGER.info(_progress_line(fields), extra={"event": "progress", "fields": fields})


def _progress_line(fields: dict[str, Any]) -> str:
    if not fields["answered"]:
        return f"{counted(fields['read'], 'text')} read"
    share = "" if fields["share"] is None else f", {fields['share']:.1%}"
    left = "" if fields["seconds_left"] is None else f", {duration(fields['seconds_left'])} left"
    return f"{counted(fields['answered'], 'text')} answered, {fields['rows_per_second']:,.0f}/s{share}{left}"
