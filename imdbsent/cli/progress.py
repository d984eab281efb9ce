"""Bars of progress on standard error: a download, a training run, many records. Off a terminal, plain lines."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress, TaskID
    from typing_extensions import Self

    from imdbsent.bundle import Epoch
    from imdbsent.records.meter import Meter
    from imdbsent.training.progress import Position
    from imdbsent.training.recipes import Recipe


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
        if self._bar is None:
            self._start()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=size, total=self.total or None)

    def reset(self) -> None:
        """Start again from 0: pooch calls this at the end, too, before it tells the whole at once."""
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
        self._bar = Progress(*columns, console=self._console, disable=not _can_animate(self._console))
        self._task = self._bar.add_task("", total=self.total or None)
        self._bar.start()


class TrainingDisplay:
    """Shows a training run: epoch, batch, rate, time left, loss and accuracy; a line stays for each epoch.

    Args:
        console: standard error.
        quiet: whether nothing is shown.
    """

    def __init__(self, console: Console, *, quiet: bool) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._console = console
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[batch]}"),
            TextColumn("{task.fields[rate]:,.0f} reviews/s"),
            TextColumn("loss {task.fields[loss]:.4f} accuracy {task.fields[accuracy]:.4f}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            expand=True,
            transient=True,
            disable=quiet or not _can_animate(console),
        )
        self._task = self._bar.add_task("", epoch="", batch="", rate=0.0, loss=0.0, accuracy=0.0)

    def __enter__(self) -> Self:
        """Start drawing once training has begun."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the terminal back, whatever happened."""
        self._bar.stop()

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training begins."""
        self._recipe, self._train_batches, self._test_batches = recipe, train_batches, test_batches
        self._epoch_started = time.perf_counter()
        # A batch of the test split takes about as long as one of training, so both count one.
        an_epoch = train_batches + test_batches
        done = (position.epoch - 1) * an_epoch + position.batch
        self._bar.update(self._task, total=recipe.epochs * an_epoch, completed=done)
        self._bar.start()

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        seconds = time.perf_counter() - self._epoch_started
        self._bar.update(
            self._task,
            advance=1,
            epoch=f"{epoch}/{self._recipe.epochs}",
            batch=f"batch {batch}/{self._train_batches}",
            rate=batch * self._recipe.batch_size / seconds,
            loss=loss,
            accuracy=accuracy,
        )

    def evaluation_done(self, epoch: int, batch: int) -> None:  # noqa: ARG002 (the protocol's)
        """A batch of the test split is done."""
        self._bar.update(self._task, advance=1, batch=f"test {batch}/{self._test_batches}")

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._epoch_started = time.perf_counter()
        if not self._quiet:
            self._console.print(
                f"epoch {epoch.number:2}/{self._recipe.epochs}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
                f"  test loss {epoch.test_loss:.4f}  test accuracy {epoch.test_accuracy:.4f}  {epoch.seconds:.0f} s",
                soft_wrap=True,
            )


class RecordsBar:
    """Shows how many records are answered, how fast, and the time left where it is known how much there is to read.

    Args:
        console: where it is drawn; nothing is drawn off a terminal.
        meter: follows the reading.
        is_hidden: whether nothing is drawn.
    """

    def __init__(self, console: Console, meter: Meter, *, is_hidden: bool) -> None:
        self._console = console
        self._meter = meter
        self._is_hidden = is_hidden or not _can_animate(console)
        self._bar: Progress | None = None
        self._read = self._answered = self._before = 0

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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    is_hidden = quiet or not _can_animate(console)
    with Progress(*columns, console=console, transient=True, disable=is_hidden) as bar:
        task = bar.add_task(name, total=total)
        yield lambda: bar.advance(task)


def _can_animate(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal
