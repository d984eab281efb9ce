"""Bars of progress on standard error: a download, a count of things. Nothing is drawn off a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imdbsent.cli.console import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import Progress, TaskID


class DownloadBar:
    """A bar that follows a download; `imdbsent.download.DownloadProgress`. It is drawn once bytes come.

    Args:
        console: where it is drawn; nothing is drawn off a terminal.
    """

    def __init__(self, console: Console) -> None:
        self.total = 0
        self._console = console
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def update(self, size: int) -> None:
        """So many more bytes have come."""
        if self._bar is None and can_animate(self._console):
            self._start()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=size, total=self.total or None)

    def reset(self) -> None:
        """Start again from 0: the whole file comes once more, or what is there of it is told next."""
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console)
        self._task = self._bar.add_task("", total=self.total or None)
        self._bar.start()


@contextmanager
def counting_bar(console: Console, name: str, total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show how many of something are done, and the time left.

    Args:
        console: where it is drawn; nothing is drawn off a terminal.
        name: stands before the bar.
        total: how many there are.
        quiet: whether nothing is drawn.

    Yields:
        What is to be called after each.
    """
    if quiet or not can_animate(console):  # Rich 13.8 ends a bar that is switched off with an empty line
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
    """Whether a console can be drawn over."""
    return console.is_terminal and not console.is_dumb_terminal
