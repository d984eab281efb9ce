"""`imdbsent evaluate`: how good is a model?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import Data, NoColor, Notes, Quiet, stderr_console, stdout_console
from imdbsent.cli.own_data import (
    EvaluationFile,
    LabelColumn,
    Positive,
    TextColumn,
    check_subject,
    columns_and_rule,
)
from imdbsent.cli.pages import check_place, new_page
from imdbsent.cli.stats import Layout
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from imdbsent.classifier import Classifier
    from imdbsent.evaluation.report import Report
    from imdbsent.records.examples import Examples


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
    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    classifiers = _load(model or [None], notes)
    if file is None:
        examples = _reviews(data, split or EvaluationSplit.TEST, notes)
    else:
        examples = _own_texts(file, text_column, label_column, positive)
    report = _measure(classifiers, examples, mistakes, notes)
    if html is not None:
        from imdbsent.evaluation.page import as_html

        with new_page(html) as stream:
            write(as_html(report), stream)
        notes(f"the page is in {html}")
    _show(report, output_format, no_color=no_color)


def _load(models: Sequence[str | None], notes: Notes) -> dict[str, Classifier]:
    """The models by what they were called; the default one by its own name."""
    import imdbsent
    from imdbsent.cli.progress import DownloadBar

    classifiers: dict[str, Classifier] = {}
    for model in models:
        progress = None if notes.quiet else DownloadBar(notes.console)
        classifier = imdbsent.load(model, note=notes, progress=progress)
        name = model or classifier.bundle.card.name
        if name in classifiers:
            raise UsageProblem(f"--model {name} is there twice. Type each model once")
        classifiers[name] = classifier
    return classifiers


def _reviews(data: Path | None, split: EvaluationSplit, notes: Notes) -> Examples:
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.dataset.aclimdb import incomplete_folders, read_reviews
    from imdbsent.dataset.examples import from_reviews
    from imdbsent.dataset.fetching import find_or_fetch
    from imdbsent.records.examples import Examples

    source = find_or_fetch(data, notes, None if notes.quiet else DownloadBar(notes.console))
    reviews = read_reviews(source, (f"{split.value}/neg", f"{split.value}/pos"))
    for shortfall in incomplete_folders(reviews):
        notes(f"{source}: {shortfall} reviews; figures will not be comparable")
    if split is EvaluationSplit.TRAIN:
        notes("these reviews train models: of a model that saw them, the figures say what it remembers")
    return Examples(from_reviews(reviews), f"IMDB reviews, {split.value}", split.value)


def _own_texts(file: str, text_column: str | None, label_column: str | None, positive: str | None) -> Examples:
    from imdbsent.records.examples import Examples
    from imdbsent.records.sources import read_examples
    from imdbsent.records.trees import EVALUATION, find_held_out_folder, is_folder

    columns, rule = columns_and_rule([file], text_column, label_column, positive)
    source, path = file, Path(file)
    if is_folder(file):
        folder = find_held_out_folder(path, EVALUATION, "evaluate")
        source, path = str(folder), path.resolve() / folder.relative_to(path)
    return Examples(read_examples(source, rule, columns, command="evaluate", allow_blank=True), path.name)


def _measure(classifiers: dict[str, Classifier], examples: Examples, mistakes: int, notes: Notes) -> Report:
    from imdbsent.cli.progress import counting_bar
    from imdbsent.evaluation.report import NO_VERDICT, answer, report

    answers = []
    for name, classifier in classifiers.items():
        with counting_bar(notes.console, name, len(examples.items), quiet=notes.quiet) as advance:
            answers.append(answer(name, classifier, examples.items, advance))
        if answers[-1].unanswered:
            count = answers[-1].unanswered
            notes(f"{name}: {count:,} without a verdict, counted with a probability of {NO_VERDICT}")
    return report(examples, answers, mistakes=mistakes)


def _show(report: Report, layout: Layout, *, no_color: bool) -> None:
    """Write a report to standard output.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    if layout is Layout.TABLE:
        from imdbsent.cli.evaluate_tables import chosen_lines, report_page

        console = stdout_console(no_color=no_color)
        with output_errors():
            console.print(report_page(report))
            if report.split is not None:
                for line in chosen_lines(report):
                    console.print(line, soft_wrap=True, markup=False)
        return
    from imdbsent.evaluation.writing import as_csv, as_json

    write((as_json if layout is Layout.JSON else as_csv)(report), sys.stdout.buffer)
