"""Training with progress on a console: from the beginning, or from a checkpoint. The work behind `imdbsent train`.

A training run on standard error: bars and a row an epoch on a terminal, plain lines off one.

What `imdbsent train` prints at its end: loss and accuracy, the learning curves, where the model is.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from imdbsent.cli._charts import learning_curves
from imdbsent.cli._console import stdout_console
from imdbsent.cli._progress import can_animate
from imdbsent.cli._streams import visible
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.writing.text import output_errors

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress
    from typing_extensions import Self

    from imdbsent.bundle.bundle import Epoch
    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.progress import Position, TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import OwnData, TrainingRequest
    from imdbsent.training.run import TrainingReport


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


def show_report(report: TrainingReport, *, no_color: bool) -> None:
    """Print what came of a training run, on standard output.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    console = stdout_console(no_color=no_color)
    card = report.bundle.card
    curves = learning_curves(card.history, card.shown_split, console.width, ascii_only=console.options.ascii_only)
    with output_errors():
        if curves is not None:
            console.print(curves)
        console.print(report_table(report))
        place = f"{report.seconds / 60:.1f} minutes · the model is in {report.bundle.directory}"
        next_command = f'imdbsent predict --model {_argument(report)} "great movie"'
        for line in (place, next_command):
            console.print(Text(visible(line)), soft_wrap=True)


def report_table(report: TrainingReport) -> Table:
    """Loss and accuracy of a training run."""
    card = report.bundle.card
    last = card.history[-1]
    parameters = sum(layer.parameters for layer in card.layers)
    table = Table(title=Text(visible(f"{card.name}, {parameters:,} parameters")), title_justify="left")
    table.add_column("")
    table.add_column("loss", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_row("train, mean of the last epoch", f"{last.loss:.4f}", f"{last.accuracy:.2%}")
    table.add_row(Text(visible(f"{card.shown_split}, Keras")), f"{last.test_loss:.4f}", f"{last.test_accuracy:.2%}")
    divided = "" if card.temperature == 1 else f", temperature {card.temperature:g}"
    for metrics in card.metrics:
        name = Text(visible(f"{metrics.split}, ONNX as it answers{divided}"))
        table.add_row(name, f"{metrics.loss:.4f}", f"{metrics.accuracy:.2%}")
    return table


def _argument(report: TrainingReport) -> str:
    """How `--model` names the model that was trained."""
    from imdbsent.models import store

    directory = report.bundle.directory
    return directory.name if directory == store.directory_of(directory.name) else f"'{directory.absolute()}'"

DEFAULT_SEED = 7


def train_model(
    recipe: Recipe,
    *,
    name: str,
    console: Console,
    data: Path | None = None,
    own: OwnData | None = None,
    base: str | None = None,
    output: Path | None = None,
    replace: bool = False,
    seed: int = DEFAULT_SEED,
    quiet: bool = False,
    tensorboard: Path | None = None,
    smoke: bool = False,
    reader: bool = True,
) -> TrainingReport:
    """Train a recipe, showing progress on a console.

    Args:
        recipe: how to train.
        name: the model's name.
        console: where progress is drawn.
        data: archive or folder of the reviews; None to find or download them.
        own: the user's own texts; None for the reviews.
        base: name or folder of the model to start from; None to start from random weights.
        output: folder to write the bundle to; None to install it under its name.
        replace: whether a model that is there may be replaced.
        seed: seed of the weights and of the order of the batches.
        quiet: whether nothing is shown but errors.
        tensorboard: folder for event files; None for none.
        smoke: whether to climb the flagship's ladder on a few reviews only.
        reader: whether the flagship's largest teacher is a part of it.

    Returns:
        What came of it.

    Raises:
        UsageProblem: the name or the folder cannot be used, or the recipe is not for such texts.
        ImdbsentError: the others of `train_bundle` and `find_or_fetch`.
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.download import find_or_fetch
    from imdbsent.training.base import of_model
    from imdbsent.training.flagship.ladder import small
    from imdbsent.training.request import TrainingRequest
    from imdbsent.training.tensorboard import check

    _check_place(name, output, replace=replace)
    _check_ladder(recipe, own=own, base=base, smoke=smoke, reader=reader)
    if tensorboard is not None:
        check(tensorboard)
    starts_from, recipe = of_model(base, recipe) if base else (None, recipe)
    source = None if own else find_or_fetch(data, None if quiet else DownloadBar(console))
    request = TrainingRequest(
        small(recipe) if smoke else recipe,
        seed,
        name,
        output=str(output.absolute()) if output else None,
        data=str(source.absolute()) if source else None,
        own=own,
        base=starts_from,
        smoke=smoke,
        reader=reader,
    )
    return run_request(request, console, quiet=quiet, tensorboard=tensorboard)


def resume(
    name: str | None, console: Console, *, quiet: bool = False, tensorboard: Path | None = None
) -> TrainingReport:
    """Go on with a run that was stopped.

    Args:
        name: the model's name; None where only one run can be meant.
        console: where progress is drawn.
        quiet: whether nothing is shown but errors.
        tensorboard: folder for event files; None for none.

    Returns:
        What came of it.

    Raises:
        CheckpointMissing: no run can go on, or the name is needed.
        ImdbsentError: the others of `train_bundle`.
    """
    from imdbsent.training import checkpoint as unfinished

    checkpoint = unfinished.find(name)
    return run_request(checkpoint.head.request, console, quiet=quiet, start=checkpoint, tensorboard=tensorboard)


def run_request(
    request: TrainingRequest,
    console: Console,
    *,
    quiet: bool,
    start: Checkpoint | None = None,
    tensorboard: Path | None = None,
) -> TrainingReport:
    """Train what was asked for, showing progress on a console.

    Args:
        request: what to train.
        console: where progress is drawn.
        quiet: whether nothing is shown but errors.
        start: the checkpoint to go on from; None to begin.
        tensorboard: folder for event files; None for none.

    Raises:
        ImdbsentError: those of `train_bundle`.
    """
    from imdbsent.training.progress import Several
    from imdbsent.training.run import train_bundle
    from imdbsent.training.tensorboard import TensorBoardLog

    split = "test" if request.own is None and request.recipe.scheme == "keras" else "validation"
    try:
        with contextlib.ExitStack() as stack:
            told: list[TrainingProgress] = [stack.enter_context(TrainingDisplay(console, quiet=quiet, split=split))]
            if tensorboard is not None:
                told.append(stack.enter_context(TensorBoardLog(tensorboard, split)))
            return train_bundle(request, progress=Several(told), start=start)
    except OSError as error:
        raise OutputFailed(f"{error.filename or request.output or request.name}: {error.strerror or error}") from error


def _check_ladder(recipe: Recipe, *, own: OwnData | None, base: str | None, smoke: bool, reader: bool) -> None:
    """Check that the flagship is asked for what its ladder can do."""
    if recipe.scheme == "keras":
        for option, is_given in (("--smoke", smoke), ("--no-reader", not reader)):
            if is_given:
                raise UsageProblem(
                    f"{option} is of the flagship's stages. Type: imdbsent train --recipe flagship {option}"
                )
        return
    if own is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} learns from the unlabelled reviews of IMDB, too, and not from a file. "
            "Type the same command with --recipe bucketed"
        )
    if base is not None:
        raise UsageProblem(
            f"the recipe {recipe.name!r} starts from its own teachers. Type the same command without --from"
        )


def _check_place(name: str, output: Path | None, *, replace: bool) -> None:
    """Check that the new bundle's place is free, and that no run that can go on would be lost."""
    from imdbsent.models import store
    from imdbsent.training import checkpoint as unfinished

    if output is None:
        store.check_name(name, replace=replace)
    elif output.exists() and not replace and not (output.is_dir() and not any(output.iterdir())):
        raise UsageProblem(f"'{output}' is there already. Type: --output OTHER, or --replace")
    if not replace:
        unfinished.check_none(name)
