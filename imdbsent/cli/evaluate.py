"""`imdbsent evaluate`: how good is a model?

The tables of `imdbsent evaluate`: models side by side, a column each.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from imdbsent.cli._console import (
    Data,
    NoColor,
    Quiet,
    Verbose,
    check_place,
    new_page,
    show_messages,
    stdout_console,
    visible,
)
from imdbsent.cli._own_data import EvaluationFile, LabelColumn, Positive, TextColumn, check_subject, columns_and_rule
from imdbsent.cli.stats import Layout
from imdbsent.errors import UsageProblem
from imdbsent.evaluation.metrics import REPORTED, percent_interval
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from imdbsent.classify.classifier import Classifier
    from imdbsent.evaluation.report import ModelReport, Report
    from imdbsent.reading.labelled import Examples

logger = logging.getLogger(__name__)


def report_page(report: Report) -> RenderableType:
    """All the figures, a table a subject."""
    models = report.models
    tables: list[RenderableType] = [_figures(report), _confusion(models)]
    tables.append(_groups(models, "words"))
    if models[0].by_stars:
        tables.append(_groups(models, "stars"))
    if report.comparisons:
        tables.append(_comparisons(report))
    tables += [_mistakes(model) for model in models if model.mistakes]
    return Group(*_spaced(tables))


def chosen_lines(report: Report) -> list[str]:
    """How the weights of each model were chosen: whether the test split had a part in it."""
    return [visible(f"{model.model}: how the weights were chosen: {model.chosen_by}") for model in report.models]


def _spaced(tables: list[RenderableType]) -> Iterator[RenderableType]:
    for table in tables:
        yield table
        yield ""


def _table(title: str, *columns: str) -> Table:
    """A table whose first column names the row."""
    table = Table(title=Text(visible(title)), title_justify="left", title_style="bold", header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(Text(visible(column)), justify="right" if i else "left", overflow="fold")
    return table


def _figures(report: Report) -> Table:
    models = report.models
    title = f"{report.source}: {report.n:,} texts, {report.positive:,} positive"
    table = _table(title, "", *(model.model for model in models))
    for metric in REPORTED:
        table.add_row(metric.label, *(metric.show(model.metrics[metric.key]) for model in models))
    if any(model.unanswered for model in models):
        table.add_row("without a verdict", *(f"{model.unanswered:,}" for model in models))
    return table


def _confusion(models: tuple[ModelReport, ...]) -> Table:
    table = _table("confusion", "text is", "called negative", "called positive")
    for model in models:
        prefix = f"{visible(model.model)}: " if len(models) > 1 else ""
        counts = model.confusion
        table.add_row(Text(f"{prefix}negative"), f"{counts.true_negative:,}", f"{counts.false_positive:,}")
        table.add_row(Text(f"{prefix}positive"), f"{counts.false_negative:,}", f"{counts.true_positive:,}")
    return table


def _groups(models: tuple[ModelReport, ...], what: str) -> Table:
    table = _table(f"accuracy by {what}", what, "texts", *(model.model for model in models))
    for same in zip(*(model.by_stars if what == "stars" else model.by_length for model in models)):
        accuracies = (f"{g.accuracy:.2%} ({percent_interval(g.interval, 1)})" for g in same)
        table.add_row(same[0].name, f"{same[0].n:,}", *accuracies)
    return table


def _comparisons(report: Report) -> Table:
    table = _table("McNemar's test", "models", "only one is right", "test", "p")
    for pair in report.comparisons:
        table.add_row(
            Text(visible(f"{pair.first} / {pair.second}")),
            f"{pair.only_first_right:,} / {pair.only_second_right:,}",
            pair.test,
            pair.p_value_text,
        )
    return table


def _mistakes(model: ModelReport) -> Table:
    table = Table(
        title=Text(visible(f"surest mistakes of {model.model}")),
        title_justify="left",
        title_style="bold",
        header_style="bold",
        expand=True,
    )
    table.add_column("where", overflow="fold")
    table.add_column("is", no_wrap=True)
    table.add_column("P(positive)", justify="right", no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for mistake in model.mistakes:
        label, style = ("positive", "green") if mistake.label else ("negative", "red")
        where, text = (Text(visible(content)) for content in (mistake.where, mistake.text))
        table.add_row(where, Text(label, style=style), f"{mistake.probability:.4f}", text)
    return table


class EvaluationSplit(str, Enum):
    """The splits of the IMDB reviews that have labels."""

    TEST = "test"
    TRAIN = "train"


def evaluate(
    file: EvaluationFile = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="Name or folder of a model; several times for several side by side. "
            "Left out: the default, as `imdbsent models use` prints it.",
        ),
    ] = None,
    data: Data = None,
    split: Annotated[
        EvaluationSplit | None, typer.Option("--split", help="Which of the IMDB reviews. Left out: test.")
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    positive: Positive = None,
    output_format: Annotated[Layout, typer.Option("--format", help="How to write the figures.")] = Layout.TABLE,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="PATH", help="Write a page with the curves, too; one file, for any browser."),
    ] = None,
    mistakes: Annotated[int, typer.Option(min=0, max=1_000, help="Surest mistakes to show of each model.")] = 5,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Measure models on labelled texts: accuracy, F1, ROC AUC, log loss, calibration, where they fail.

    imdbsent evaluate --html report.html

    imdbsent evaluate --model classic --model mine --format json | jq .comparisons

    imdbsent evaluate reviews.csv --text-column body --label-column stars --positive ">=7"

    imdbsent evaluate --format csv | grep accuracy_of_length
    """
    check_subject(
        "evaluate",
        file,
        {"--data": data, "--split": split},
        {"--text-column": text_column, "--label-column": label_column, "--positive": positive},
    )
    if html is not None:
        check_place(html)
    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    classifiers = _load(model or [None], console)
    if file is None:
        examples = _reviews(data, split or EvaluationSplit.TEST, console)
    else:
        examples = _own_texts(file, text_column, label_column, positive)
    report = _measure(classifiers, examples, mistakes, console)
    if html is not None:
        from imdbsent.evaluation.html import as_html

        with new_page(html) as stream:
            write(as_html(report), stream)
        logger.info(f"the page is in {html}")
    _show(report, output_format, no_color=no_color)


def _load(models: Sequence[str | None], console: Console) -> dict[str, Classifier]:
    """The models by what they were called; the default one by its own name."""
    import imdbsent
    from imdbsent.cli._progress import DownloadBar

    classifiers: dict[str, Classifier] = {}
    for model in models:
        classifier = imdbsent.load(model, progress=DownloadBar(console))
        name = model or classifier.bundle.card.name
        if name in classifiers:
            raise UsageProblem(f"--model {name} is there twice. Type each model once")
        classifiers[name] = classifier
    return classifiers


def _reviews(data: Path | None, split: EvaluationSplit, console: Console) -> Examples:
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.aclimdb import from_reviews, incomplete_folders, read_reviews
    from imdbsent.dataset.download import find_or_fetch
    from imdbsent.reading.labelled import Examples

    source = find_or_fetch(data, DownloadBar(console))
    reviews = read_reviews(source, (f"{split.value}/neg", f"{split.value}/pos"))
    for shortfall in incomplete_folders(reviews):
        logger.info(f"{source}: {shortfall} reviews; figures will not be comparable")
    if split is EvaluationSplit.TRAIN:
        logger.info("these reviews train models: of a model that saw them, the figures say what it remembers")
    return Examples(from_reviews(reviews), f"IMDB reviews, {split.value}", split.value)


def _own_texts(file: str, text_column: str | None, label_column: str | None, positive: str | None) -> Examples:
    from imdbsent.reading.labelled import Examples, read_examples
    from imdbsent.reading.trees import EVALUATION, find_held_out_folder, is_folder

    columns, rule = columns_and_rule([file], text_column, label_column, positive)
    source, path = file, Path(file)
    if is_folder(file):
        folder = find_held_out_folder(path, EVALUATION, "evaluate")
        source, path = str(folder), path.resolve() / folder.relative_to(path)
    return Examples(read_examples(source, rule, columns, command="evaluate", allow_blank=True), path.name)


def _measure(classifiers: dict[str, Classifier], examples: Examples, mistakes: int, console: Console) -> Report:
    from imdbsent.cli._progress import counting_bar
    from imdbsent.evaluation.report import NO_VERDICT, answer, report

    answers = []
    for name, classifier in classifiers.items():
        with counting_bar(console, name, len(examples.items)) as advance:
            answers.append(answer(name, classifier, examples.items, advance))
        if answers[-1].unanswered:
            count = answers[-1].unanswered
            logger.info(f"{name}: {count:,} without a verdict, counted with a probability of {NO_VERDICT}")
    return report(examples, answers, mistakes=mistakes)


def _show(report: Report, layout: Layout, *, no_color: bool) -> None:
    """Write a report to standard output.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    if layout is Layout.TABLE:

        console = stdout_console(no_color=no_color)
        with output_errors():
            console.print(report_page(report))
            if report.split is not None:
                for line in chosen_lines(report):
                    console.print(line, soft_wrap=True, markup=False)
        return
    from imdbsent.evaluation.report import as_csv, as_json

    write((as_json if layout is Layout.JSON else as_csv)(report), sys.stdout.buffer)
