"""What `imdbsent train` shows: the progress of the run on standard error, and its result on standard output.

On a terminal, the progress is bars and one row per epoch; elsewhere, one plain line per epoch.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from imdbsent.cli._charts import learning_curves
from imdbsent.cli._console import stdout_console
from imdbsent.cli._progress import DownloadBar, can_animate, counting_bar
from imdbsent.cli._streams import visible
from imdbsent.errors import OutputFailed
from imdbsent.writing.text import output_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress
    from typing_extensions import Self

    from imdbsent.bundle.card import Epoch, ModelCard
    from imdbsent.evaluation.report import Comparison
    from imdbsent.training.base import Rival
    from imdbsent.training.checkpoint import Checkpoint
    from imdbsent.training.progress import Position, TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import TrainingRequest
    from imdbsent.training.run import Assessment, Standing, TrainingReport

_REFRESHES: Final = 4  # per second
_CURVE: Final = (0.25, 0.5, 1.0)
"""Shares of the labels."""
_PARTS: Final = 5
"""Parts of a cross-validation for the learning curve."""
UNTOUCHED: Final = "before"
"""The row of the model before fine-tuning, instead of the number of an epoch."""
_SIGNIFICANT: Final = 0.05
_FEW: Final = 100
"""Texts; with fewer, a comparison shows little."""


def train_on_console(
    request: TrainingRequest, console: Console, *, start: Checkpoint | None = None, tensorboard: Path | None = None
) -> TrainingReport:
    """Train with progress on a console.

    Args:
        request: what to train.
        console: standard error; a quiet one shows nothing.
        start: the checkpoint to resume from; None to start a run.
        tensorboard: folder for event files; None for none.

    Returns:
        The result.

    Raises:
        OutputFailed: the bundle or the checkpoint cannot be written.
        ImdbsentError: the others of `train_bundle`.
    """
    from imdbsent.training.progress import CompositeProgress
    from imdbsent.training.run import check_request, train_bundle
    from imdbsent.training.tensorboard import TensorBoardLog

    split = request.validation_split
    try:
        if start is None:
            check_request(request)  # before a folder for event files is made
        with contextlib.ExitStack() as stack:
            display = stack.enter_context(TrainingDisplay(console, split=split))
            receivers: list[TrainingProgress] = [display]
            if tensorboard is not None:
                receivers.append(stack.enter_context(TensorBoardLog(tensorboard, split)))
            download = None if console.quiet else DownloadBar(lambda: console)

            def counting(models: int) -> AbstractContextManager[Callable[[], None]]:
                display.close()
                return counting_bar(console, "models for the comparison", models)

            return train_bundle(
                request,
                progress=CompositeProgress(receivers),
                download=download,
                start=start,
                counting=counting,
            )
    except OSError as error:
        raise OutputFailed(f"{error.filename or request.output or request.name}: {error.strerror or error}") from error


class TrainingDisplay:
    """Shows a training run; `imdbsent.training.progress.TrainingProgress`.

    On a terminal, finished epochs are rows above a bar of the run, a bar of the epoch, and the current figures.

    Args:
        console: standard error; a quiet one shows nothing.
        split: what the network is validated on.
    """

    def __init__(self, console: Console, *, split: str = "test") -> None:
        self._console = console
        self._split = split
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Return itself; drawing starts when training does."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restore the terminal, whatever happened."""
        self.close()

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        """Training starts or resumes."""
        self.close()  # of the network before, if the run trains several
        self._bars, self._figures = _bars(self._console), ""
        self._recipe, self._train_batches, self._test_batches = recipe, train_batches, test_batches
        # A batch of the validation takes about as long as one of training, so each counts as one.
        per_epoch = train_batches + test_batches
        done = (position.epoch - 1) * per_epoch + position.batch
        self._started = self._epoch_started = time.perf_counter()
        self._first_batch = position.batch
        self._run = self._bars.add_task("run", total=recipe.epochs * per_epoch, completed=done, where="")
        self._epoch = self._bars.add_task("epoch", total=per_epoch, completed=position.batch, where="")
        self._show_epoch(min(position.epoch, recipe.epochs))
        self._print(self._resumed_line(position))
        if not self._console.quiet and can_animate(self._console):
            self._start_live()

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        now = time.perf_counter()
        rate = (batch - self._first_batch) * self._recipe.batch_size / max(now - self._epoch_started, 1e-9)
        self._figures = f"loss {loss:.4f}  accuracy {accuracy:.2%}  {rate:,.0f} reviews/s"
        self._advance(epoch, f"batch {batch}/{self._train_batches}")

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the validation is done."""
        self._advance(epoch, f"{self._split} {batch}/{self._test_batches}")

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._epoch_started = time.perf_counter()
        self._first_batch = 0
        self._bars.reset(self._epoch, where="")
        self._show_epoch(min(epoch.number + 1, self._recipe.epochs))
        self._print(self._row(epoch) if self._live else self._line(epoch))

    def _advance(self, epoch: int, where: str) -> None:
        self._bars.advance(self._run)
        self._bars.update(self._epoch, advance=1, where=where)
        self._show_epoch(epoch)

    def _show_epoch(self, epoch: int) -> None:
        self._bars.update(self._run, where=f"epoch {epoch}/{self._recipe.epochs}")

    def _resumed_line(self, position: Position) -> str:
        """Where a resumed run continues; nothing for a new run."""
        if (position.epoch, position.batch) == (1, 0):
            return ""
        if position.epoch > self._recipe.epochs:
            return f"resuming after the last of {self._recipe.epochs} epochs"
        epoch = f"epoch {position.epoch} of {self._recipe.epochs}"
        if position.batch == 0:
            return f"resuming at {epoch}"
        if position.batch == self._train_batches:
            return f"resuming at the {self._split} split of {epoch}"
        return f"resuming at {epoch}, after batch {position.batch} of {self._train_batches}"

    def _heading(self) -> str:
        loss, accuracy = f"{self._split} loss", f"{self._split} acc."
        return f"{'epoch':>9}{'loss':>9}{'accuracy':>10}{loss:>17}{accuracy:>17}{'time':>9}"

    def _row(self, epoch: Epoch) -> str:
        number = f"{epoch.number}/{self._recipe.epochs}" if epoch.number else UNTOUCHED
        return (
            f"{number:>9}{epoch.loss:9.4f}{epoch.accuracy:10.2%}{epoch.test_loss:17.4f}{epoch.test_accuracy:17.2%}"
            f"{_duration(epoch.seconds):>9}"
        )

    def _line(self, epoch: Epoch) -> str:
        number = f"epoch {epoch.number:2}/{self._recipe.epochs}" if epoch.number else "before fine-tuning"
        return (
            f"{number}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
            f"  {self._split} loss {epoch.test_loss:.4f}  {self._split} accuracy {epoch.test_accuracy:.4f}"
            f"  {epoch.seconds:.0f} s"
        )

    def _print(self, line: str) -> None:
        if line:
            self._console.print(line, soft_wrap=True, markup=False)

    def _start_live(self) -> None:
        from rich.live import Live

        self._print(self._heading())
        self._live = Live(
            get_renderable=self._view, console=self._console, transient=True, refresh_per_second=_REFRESHES
        )
        self._live.start(refresh=True)

    def close(self) -> None:
        """Stop drawing; the rows of the epochs stay."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _view(self) -> RenderableType:
        from rich.console import Group

        so_far = _duration(time.perf_counter() - self._started)
        figures = Text(f"{self._figures or 'the first batch takes longest'}  {so_far} so far", no_wrap=True)
        return Group(self._bars, figures)


def _bars(console: Console) -> Progress:
    """The bars of the run and of the epoch, to be drawn as part of the live view."""
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
    """A duration: 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_report(report: TrainingReport, *, no_color: bool) -> None:
    """Print the result of a training run on standard output: learning curves, loss and accuracy, and the next command.

    Raises:
        OutputClosed: the reader is gone.
        OutputFailed: standard output cannot be written.
    """
    console = stdout_console(no_color=no_color)
    card = report.bundle.card
    curves = learning_curves(card.history, card.validation_split, console.width, ascii_only=console.options.ascii_only)
    with output_errors():
        if curves is not None:
            console.print(curves)
        console.print(report_table(report))
        if report.standing is not None:
            is_installed = _argument(report) == card.name
            for line in standing_lines(card.name, report.standing, _use(report), is_replaced=is_installed):
                console.print(Text(visible(line)), soft_wrap=True)
            if more := more_epochs(card):
                console.print(Text(more), soft_wrap=True)
        place = f"{report.seconds / 60:.1f} minutes · the model is in {report.bundle.directory}"
        next_command = f'imdbsent predict --model {_argument(report)} "great movie"'
        for line in (place, next_command):
            console.print(Text(visible(line)), soft_wrap=True)


def assess_on_console(
    request: TrainingRequest, console: Console, parts: int | None, *, with_curve: bool, no_color: bool
) -> None:
    """Measure by cross-validation, with progress on a console and the figures on standard output.

    Args:
        request: what would be trained.
        console: standard error; a quiet one shows nothing.
        parts: number of parts; None for `_PARTS`.
        with_curve: whether to measure with a quarter and half of the labels, too.
        no_color: whether the figures have no color.

    Raises:
        OutputClosed: the reader is gone.
        OutputFailed: standard output cannot be written.
        ImdbsentError: the others of `imdbsent.training.run.assess`.
    """
    from imdbsent.training.run import assess

    shares = _CURVE if with_curve else (1.0,)
    options = ["--cross-validate"] * (parts is not None) + ["--learning-curve"] * with_curve
    parts = parts or _PARTS
    with counting_bar(console, "trainings", parts * len(shares)) as done:
        found = assess(request, parts, shares, done=done)
    stdout = stdout_console(no_color=no_color)
    with output_errors():
        stdout.print(assessment_table(found, parts))
        if found[-1].standing is not None:
            make = f"To train it, type: the same command without {' and '.join(options)}"
            for line in standing_lines(request.name, found[-1].standing, make):
                stdout.print(Text(visible(line)), soft_wrap=True)


def assessment_table(found: Sequence[Assessment], parts: int) -> Table:
    """One row per number of labels."""
    table = Table(title=Text(f"measured on texts that the model has not seen, {parts} parts"), title_justify="left")
    headings = ("labels", "accuracy", "lowest part", "highest part", "balanced accuracy")
    untouched = next((each.standing.pairs[0][1].other for each in found if each.standing), None)
    for heading in headings:
        table.add_column(heading, justify="right")
    if untouched is not None:
        table.add_row("0", f"{untouched.accuracy:.1%}", "", "", f"{untouched.balanced_accuracy:.1%}")
    for each in found:
        shares = each.model.accuracy, min(each.of_parts), max(each.of_parts), each.model.balanced_accuracy
        table.add_row(f"{each.labels:,}", *(f"{share:.1%}" for share in shares))
    return table


def more_epochs(card: ModelCard) -> str | None:
    """What to type if fine-tuning had not come to its end, as it often has not with few texts; else None."""
    from imdbsent.training.run import KEPT_EPOCH

    epochs = card.recipe.get("epochs")
    if not isinstance(epochs, int) or card.recipe.get(KEPT_EPOCH) != epochs:
        return None
    if card.history and card.history[-1].test_accuracy == 1.0:  # of the texts that choose the epoch
        return None
    return f"The last epoch was the best, so more may help. Type: the same command with --epochs {3 * epochs} --replace"


def standing_lines(new: str, standing: Standing, if_better: str, *, is_replaced: bool = False) -> list[str]:
    """Which model is better, by how much, whether that may be chance, and what follows; for people.

    Args:
        new: name of the fine-tuned model.
        standing: its comparison with others.
        if_better: what follows if it is better than the default model.
        is_replaced: whether it has replaced an installed model of that name.
    """
    from imdbsent.models import store

    if not standing.pairs:
        other = store.default_model().name
        command = f"imdbsent evaluate OTHER-FILE --model {new} --model {other}"
        return [f"Not compared with {other}: too few texts of one class. Type: {command}"]
    lines = [_comparison_line(new, rival, comparison, standing.parts) for rival, comparison in standing.pairs]
    default, comparison = standing.pairs[0]
    if is_replaced and default.is_default and default.name == new:
        return [*lines, f"The new {new} has replaced the old one, and is the default model now."]
    base = standing.pairs[-1][0]
    if _is_better(comparison) and comparison.new.balanced_accuracy < comparison.other.balanced_accuracy:
        lines.append(f"By balanced accuracy, in which both classes count the same, {default.name} is better.")
    if default is not base and default.is_tuned:
        lines.append(f"{default.name} may have learned from these texts, which makes it look better than it is.")
    if base.is_tuned:
        lines.append(
            f"{base.name} may have learned from these texts, which makes it and {new} look better than they are."
        )
    if _is_better(comparison) and default.is_default:
        lines.append(if_better)
    elif default.is_default:
        lines.append(f"{default.name} stays the default model.")
    return lines


def _is_better(comparison: Comparison) -> bool:
    return comparison.test.only_first_right > comparison.test.only_second_right


def _comparison_line(new: str, rival: Rival, comparison: Comparison, parts: int) -> str:
    ours, theirs, test = comparison.new, comparison.other, comparison.test
    role = "the default model" if rival.is_default else "which it was fine-tuned from"
    other = f"the old {new} ({role})" if rival.name == new else f"{rival.name} ({role})"
    where = f"{comparison.texts:,} texts that it has not seen"
    if parts:
        how = f"each judged by a model that had not seen it ({parts}-fold cross-validation)"
        where = f"{comparison.texts:,} texts, {how}"
    if test.only_first_right == test.only_second_right:
        return f"{new} is as good as {other}: both are right on {ours.accuracy:.1%} of {where}.{_few(comparison)}"
    points = 100 * abs(ours.accuracy - theirs.accuracy)
    verdict = f"{new} is {'better' if _is_better(comparison) else 'worse'} than {other} by {points:.1f} points"
    chance = "unlikely to be chance" if test.p_value < _SIGNIFICANT else "may be chance"
    figures = f"right on {ours.accuracy:.1%} against {theirs.accuracy:.1%} of {where}"
    if not comparison.is_balanced:
        figures += f"; balanced accuracy {ours.balanced_accuracy:.1%} against {theirs.balanced_accuracy:.1%}"
    return f"{verdict}: {figures}; {chance} (p = {_p_value(test.p_value)}).{_few(comparison)}"


def _few(comparison: Comparison) -> str:
    """What a reader must know of a figure from few texts."""
    few = comparison.texts < _FEW
    return f" With {comparison.texts} texts, only a large difference can be told from chance." if few else ""


def _p_value(p_value: float) -> str:
    return "1" if p_value >= 0.995 else f"{p_value:.1g}" if p_value < 0.1 else f"{p_value:.2f}"  # noqa: PLR2004


def report_table(report: TrainingReport) -> Table:
    """Loss and accuracy of a training run."""
    from imdbsent.training.run import KEPT_EPOCH

    card = report.bundle.card
    kept = card.recipe.get(KEPT_EPOCH, card.history[-1].number)
    last = next(epoch for epoch in card.history if epoch.number == kept)
    is_last = last is card.history[-1]
    origin = "" if is_last else f", from epoch {last.number}" if last.number else ", as before fine-tuning"
    parameters = sum(layer.parameters for layer in card.layers)
    table = Table(title=Text(visible(f"{card.name}, {parameters:,} parameters{origin}")), title_justify="left")
    table.add_column("")
    table.add_column("loss", justify="right")
    table.add_column("accuracy", justify="right")
    of_epoch = f"train, mean of {'the last epoch' if is_last else f'epoch {last.number}'}"
    of_epoch = of_epoch if last.number else "train, before fine-tuning"
    table.add_row(of_epoch, f"{last.loss:.4f}", f"{last.accuracy:.2%}")
    keras = Text(visible(f"{card.validation_split}, Keras"))
    table.add_row(keras, f"{last.test_loss:.4f}", f"{last.test_accuracy:.2%}")
    temperature = "" if card.temperature == 1 else f", temperature {card.temperature:g}"
    for metrics in card.metrics:
        name = Text(visible(f"{metrics.split}, ONNX (used to answer){temperature}"))
        table.add_row(name, f"{metrics.loss:.4f}", f"{metrics.accuracy:.2%}")
    return table


def _argument(report: TrainingReport) -> str:
    """The value of `--model` for the trained model."""
    from imdbsent.models import store

    directory = report.bundle.directory
    return directory.name if directory == store.directory_of(directory.name) else f"'{directory.absolute()}'"


def _use(report: TrainingReport) -> str:
    """The command that makes the trained model the default."""
    name, argument = report.bundle.card.name, _argument(report)
    if argument != name:
        return f"Make it the default: imdbsent models install {argument} && imdbsent models use {name}"
    return f"Make it the default: imdbsent models use {name}"
