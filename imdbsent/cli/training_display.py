"""A training run on standard error: bars and a row an epoch on a terminal, plain lines off one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imdbsent.cli.progress import can_animate

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress
    from typing_extensions import Self

    from imdbsent.bundle import Epoch
    from imdbsent.training.progress import Position
    from imdbsent.training.recipes import Recipe

_REFRESHES = 4  # a second


class TrainingDisplay:
    """Shows a training run; `imdbsent.training.progress.TrainingProgress`.

    On a terminal a row stays for each epoch, above a bar of the run, a bar of the epoch, and the figures of the moment.

    Args:
        console: standard error.
        quiet: whether nothing is shown.
        split: what is looked at after each epoch.
    """

    def __init__(self, console: Console, *, quiet: bool, split: str = "test") -> None:
        self._console = console
        self._quiet = quiet
        self._split = split
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Start drawing once training has begun."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the terminal back, whatever happened."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training begins, or goes on."""
        if self._live is not None:  # the next network of a ladder
            self._live.stop()
            self._live = None
        self._bars, self._figures = _bars(self._console), ""
        self._recipe, self._train_batches, self._test_batches = recipe, train_batches, test_batches
        # A batch of the test split takes about as long as one of training, so both count one.
        self._an_epoch = train_batches + test_batches
        done = (position.epoch - 1) * self._an_epoch + position.batch
        self._begun = self._epoch_begun = time.perf_counter()
        self._first_batch = position.batch
        self._run = self._bars.add_task("run", total=recipe.epochs * self._an_epoch, completed=done, where="")
        self._epoch = self._bars.add_task("epoch", total=self._an_epoch, completed=position.batch, where="")
        self._show_epoch(min(position.epoch, recipe.epochs))
        self._say(self._beginning(position))
        if not self._quiet and can_animate(self._console):
            self._start_live()

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        now = time.perf_counter()
        rate = (batch - self._first_batch) * self._recipe.batch_size / max(now - self._epoch_begun, 1e-9)
        self._figures = f"loss {loss:.4f}  accuracy {accuracy:.2%}  {rate:,.0f} reviews/s"
        self._advance(epoch, f"batch {batch}/{self._train_batches}")

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the test split is done."""
        self._advance(epoch, f"{self._split} {batch}/{self._test_batches}")

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._epoch_begun = time.perf_counter()
        self._first_batch = 0
        self._bars.reset(self._epoch, where="")
        self._show_epoch(min(epoch.number + 1, self._recipe.epochs))
        self._say(self._row(epoch) if self._live else self._line(epoch))

    def _advance(self, epoch: int, where: str) -> None:
        self._bars.advance(self._run)
        self._bars.update(self._epoch, advance=1, where=where)
        self._show_epoch(epoch)

    def _show_epoch(self, epoch: int) -> None:
        self._bars.update(self._run, where=f"epoch {epoch}/{self._recipe.epochs}")

    def _beginning(self, position: Position) -> str:
        """A line about a run that goes on; nothing about one that begins."""
        if (position.epoch, position.batch) == (1, 0):
            return ""
        if position.epoch > self._recipe.epochs:
            return f"goes on after the last of {self._recipe.epochs} epochs"
        place = (
            f", after batch {position.batch} of {self._train_batches}"
            if 0 < position.batch < self._train_batches
            else f", with the {self._split} split"
            if position.batch
            else ""
        )
        return f"goes on with epoch {position.epoch} of {self._recipe.epochs}{place}"

    def _heading(self) -> str:
        loss, accuracy = f"{self._split} loss", f"{self._split} acc."
        return f"{'epoch':>9}{'loss':>9}{'accuracy':>10}{loss:>17}{accuracy:>17}{'time':>9}"

    def _row(self, epoch: Epoch) -> str:
        number = f"{epoch.number}/{self._recipe.epochs}"
        return (
            f"{number:>9}{epoch.loss:9.4f}{epoch.accuracy:10.2%}{epoch.test_loss:17.4f}{epoch.test_accuracy:17.2%}"
            f"{_duration(epoch.seconds):>9}"
        )

    def _line(self, epoch: Epoch) -> str:
        return (
            f"epoch {epoch.number:2}/{self._recipe.epochs}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
            f"  {self._split} loss {epoch.test_loss:.4f}  {self._split} accuracy {epoch.test_accuracy:.4f}"
            f"  {epoch.seconds:.0f} s"
        )

    def _say(self, line: str) -> None:
        if line and not self._quiet:
            self._console.print(line, soft_wrap=True, markup=False)

    def _start_live(self) -> None:
        from rich.live import Live

        self._say(self._heading())
        self._live = Live(
            get_renderable=self._view, console=self._console, transient=True, refresh_per_second=_REFRESHES
        )
        self._live.start(refresh=True)

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        so_far = _duration(time.perf_counter() - self._begun)
        figures = Text(f"{self._figures or 'the first batch takes longest'}  {so_far} so far", no_wrap=True)
        return Group(self._bars, figures)


def _bars(console: Console) -> Progress:
    """The bars of the run and of the epoch: drawn as a part of the live view, never by themselves."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description:5}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[where]:>16}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        expand=True,
    )


def _duration(seconds: float) -> str:
    """As 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
