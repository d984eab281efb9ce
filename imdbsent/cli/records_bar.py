"""The bar of many records on standard error: how many, how fast, and the time left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imdbsent.cli.progress import can_animate

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress
    from typing_extensions import Self

    from imdbsent.records.meter import Meter, RowsMeter


class RecordsBar:
    """Shows how many records are answered, how fast, and the time left where it is known how much there is to read.

    Args:
        console: where it is drawn; nothing is drawn off a terminal.
        meter: follows the reading.
        is_hidden: whether nothing is drawn.
    """

    def __init__(self, console: Console, meter: Meter | RowsMeter, *, is_hidden: bool) -> None:
        self._console = console
        self._meter = meter
        self._is_hidden = is_hidden or not can_animate(console)
        self._bar: Progress | None = None
        self._read = self._answered = self._before = 0

    @property
    def is_drawn(self) -> bool:
        """Whether anything is drawn: else nobody need tell it anything."""
        return not self._is_hidden

    def __enter__(self) -> Self:
        """Start drawing."""
        if not self._is_hidden:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the terminal back, whatever happened."""
        if self._bar is not None:
            self._bar.stop()

    def has_read(self, records: int) -> None:
        """So many more records have been read."""
        self._read += records
        self._update()

    def goes_on(self, records: int) -> None:
        """So many records of those read were answered before; now begins what takes time."""
        self._answered = self._before = records
        self._started = time.perf_counter()
        if self._bar is not None:
            self._bar.reset(self._task, total=self._meter.total, completed=int(self._position()))

    def has_answered(self, records: int) -> None:
        """So many more records are answered."""
        self._answered += records
        self._update()

    def _position(self) -> float:
        """Bytes whose records are answered: reading is ahead."""
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
