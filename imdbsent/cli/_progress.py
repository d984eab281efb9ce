"""Progress bars on standard error: a download, a count, the records of a run. Only a terminal shows them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imdbsent.cli._streams import visible

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
    """Shows how many records are done, how fast, and the time left if the size of the input is known.

    Args:
        console: the console to draw on, if it is a terminal.
        meter: measures the reading.
        is_hidden: whether to draw nothing.
    """

    def __init__(self, console: Console, meter: Meter | RowsMeter, *, is_hidden: bool) -> None:
        self._console = console
        self._meter = meter
        self._is_hidden = is_hidden or not can_animate(console)
        self._bar: Progress | None = None
        self._read = self._answered = self._before = 0

    @property
    def is_drawn(self) -> bool:
        """Whether anything is drawn."""
        return not self._is_hidden

    def __enter__(self) -> Self:
        """Start drawing."""
        if not self._is_hidden:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop drawing."""
        if self._bar is not None:
            self._bar.stop()

    def has_read(self, records: int) -> None:
        """Add records that were read."""
        self._read += records
        self._update()

    def resume_after(self, records: int) -> None:
        """So many of the records that were read are already answered; the work starts now."""
        self._answered = self._before = records
        self._started = time.perf_counter()
        if self._bar is not None:
            self._bar.reset(self._task, total=self._meter.total, completed=int(self._position()))

    def has_answered(self, records: int) -> None:
        """Add records that are done."""
        self._answered += records
        self._update()

    def _position(self) -> float:
        """Bytes whose records are done: reading is ahead."""
        return self._meter.position() * self._answered / self._read if self._read and self._meter.total else 0

    def _update(self) -> None:
        if self._bar is None:
            return
        rate = (self._answered - self._before) / max(1e-9, time.perf_counter() - self._started)
        self._bar.update(self._task, completed=int(self._position()), records=self._answered or self._read, rate=rate)

    def _start(self) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        known = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("left"))
        self._bar = Progress(
            TextColumn("{task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            *(known if self._meter.total else ()),
            console=self._console,
            transient=True,
        )
        self._started = time.perf_counter()
        self._task = self._bar.add_task("", total=self._meter.total, records=0, rate=0.0)
        self._bar.start()
