"""What `imdbsent train` prints at its end: loss and accuracy, the learning curves, where the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from imdbsent.cli.console import stdout_console, visible
from imdbsent.cli.curves import learning_curves
from imdbsent.records.writing import output_errors

if TYPE_CHECKING:
    from imdbsent.training.run import TrainingReport


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
    from imdbsent import store

    directory = report.bundle.directory
    return directory.name if directory == store.directory_of(directory.name) else f"'{directory.absolute()}'"
