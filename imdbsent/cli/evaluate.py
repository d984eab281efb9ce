"""`imdbsent evaluate`: measure models on labeled texts.

From top to bottom: the command, the work, the tables.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from imdbsent.cli._console import (
    NARROW,
    Data,
    FigureFormat,
    NoColor,
    Quiet,
    Verbose,
    check_place,
    complete_models,
    new_page,
    new_table,
    probability_text,
    show,
    show_messages,
    stdout_console,
    write_text,
)
from imdbsent.cli._input_options import (
    NONE_GIVEN,
    EvaluationFile,
    InputOptions,
    check_sources,
    check_subject,
    with_input_options,
)
from imdbsent.cli._streams import visible
from imdbsent.errors import UsageProblem, counted
from imdbsent.writing.text import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from imdbsent.classify.classifier import Classifier
    from imdbsent.evaluation.report import ModelReport, Report
    from imdbsent.fetch import DownloadProgress
    from imdbsent.reading.labeled import Examples, LabelRules
    from imdbsent.reading.options import ReadOptions

    Counting = Callable[[str, int], AbstractContextManager[Callable[[], None]]]

logger = logging.getLogger(__name__)

COMMAND: Final = "evaluate"
_INPUT: Final = "Input"
_OUTPUT: Final = "Output"


class EvaluationSplit(str, Enum):
    """The splits of the IMDB reviews that have labels."""

    TEST = "test"
    TRAIN = "train"


@with_input_options(rules=True)
def evaluate(
    file: EvaluationFile = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            autocompletion=complete_models,
            help="Name or folder of a model. Repeat to compare models. Default: the model of `imdbsent models use`.",
            rich_help_panel="Model",
        ),
    ] = None,
    data: Data = None,
    split: Annotated[
        EvaluationSplit | None,
        typer.Option("--split", help="Split of the IMDB reviews. Default: test.", rich_help_panel=_INPUT),
    ] = None,
    given: InputOptions = NONE_GIVEN,
    output_format: Annotated[
        FigureFormat, typer.Option("--format", help="Output format.", rich_help_panel=_OUTPUT)
    ] = FigureFormat.TABLE,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="PATH", help="Also write an HTML page with the curves.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    mistakes: Annotated[
        int, typer.Option(min=0, max=1_000, help="Surest mistakes to list per model.", rich_help_panel=_OUTPUT)
    ] = 5,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Measure models on labeled texts: accuracy, F1, ROC AUC, log loss, calibration, mistakes.

    imdbsent evaluate --html report.html

    imdbsent evaluate --model classic --model mine --format json | jq .comparisons

    imdbsent evaluate reviews.csv --text-column body --label-column stars --positive ">=7"

    imdbsent evaluate tweets.json --positive positive --negative negative --skip-bad

    zcat test.fasttext.gz | imdbsent evaluate - --positive __label__2 --negative __label__1

    imdbsent evaluate --format csv | grep accuracy_of_length
    """
    check_subject(COMMAND, file, {"--data": data, "--split": split}, given.given)
    if file is not None:
        check_sources([file], given.given)
    if html is not None:
        check_place(html)
    from imdbsent.cli._progress import DownloadBar, counting_bar

    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    report = evaluate_models(
        model or [None],
        file,
        data=data,
        split=(split or EvaluationSplit.TEST).value,
        read=given.read(COMMAND),
        rules=given.rules(),
        mistakes=mistakes,
        progress=DownloadBar(lambda: console),
        counting=partial(counting_bar, console),
    )
    if html is not None:
        _write_page(report, html)
    _show(report, output_format, no_color=no_color)


def _write_page(report: Report, path: Path) -> None:
    from imdbsent.evaluation.html import as_html

    with new_page(path) as stream:
        write(as_html(report), stream)
    logger.info(f"wrote the page to {path}")


def _show(report: Report, output_format: FigureFormat, *, no_color: bool) -> None:
    from imdbsent.evaluation.report import as_csv, as_json

    if output_format is FigureFormat.TABLE:
        console = stdout_console(no_color=no_color)
        show(console, *report_tables(report, console.width))
        if report.split is not None:
            show(console, *chosen_lines(report), soft_wrap=True)
    else:
        write_text((as_json if output_format is FigureFormat.JSON else as_csv)(report))


def evaluate_models(
    models: Sequence[str | None],
    file: str | None = None,
    *,
    data: Path | None = None,
    split: str = "test",
    read: ReadOptions | None = None,
    rules: LabelRules | None = None,
    mistakes: int = 5,
    progress: DownloadProgress | None = None,
    counting: Counting = lambda _name, _total: nullcontext(lambda: None),
) -> Report:
    """Measure models on labeled texts.

    Args:
        models: names or folders of models; None for the default.
        file: the user's own texts, a file or a folder, or `-` for standard input; None for the IMDB reviews.
        data: archive or folder of the IMDB reviews; None for the usual places.
        split: "train" or "test" of the IMDB reviews.
        read: how to read the file; None to detect everything.
        rules: which labels are positive, and which negative; None for the labels that need no rule.
        mistakes: mistakes to list for each model, at most.
        progress: follows a download.
        counting: given the name of a model and the number of texts, opens what is called after each answer.

    Raises:
        ImdbsentError: a model or the texts are missing or damaged.
    """
    from imdbsent.evaluation.report import NO_VERDICT, answer, notes_of_one_class, report

    classifiers = _load(models, progress)
    examples = _reviews(data, split, progress) if file is None else _own_texts(file, read, rules)
    _note_memory(classifiers, examples)
    answers = []
    for name, classifier in classifiers.items():
        with counting(name, len(examples.items)) as advance:
            answers.append(answer(name, classifier, examples.items, advance))
        if unanswered := answers[-1].unanswered:
            logger.info(f"{name}: {counted(unanswered, 'text')} without a verdict, counted as P(positive) {NO_VERDICT}")
    found = report(examples, answers, mistakes=mistakes)
    for note in notes_of_one_class(found):
        logger.info(note)
    return found


def _load(models: Sequence[str | None], progress: DownloadProgress | None) -> dict[str, Classifier]:
    """The models by the names they were given; the default one by its own name."""
    import imdbsent

    classifiers: dict[str, Classifier] = {}
    for model in models:
        classifier = imdbsent.load(model, progress=progress)
        name = model or classifier.bundle.card.name
        if name in classifiers:
            raise UsageProblem(f"--model {name} is given twice. Type each model once")
        classifiers[name] = classifier
    return classifiers


def _reviews(data: Path | None, split: str, progress: DownloadProgress | None) -> Examples:
    from imdbsent.dataset.aclimdb import from_reviews, incomplete_folders, read_reviews
    from imdbsent.dataset.download import find_or_fetch
    from imdbsent.reading.labeled import Examples

    source = find_or_fetch(data, progress)
    reviews = read_reviews(source, (f"{split}/neg", f"{split}/pos"))
    for shortfall in incomplete_folders(reviews):
        logger.info(f"{source}: {shortfall} reviews; the figures are not comparable with others")
    return Examples(from_reviews(reviews), f"IMDB reviews, {split}", split)


def _own_texts(file: str, read: ReadOptions | None, rules: LabelRules | None) -> Examples:
    from imdbsent.reading.detect import STDIN
    from imdbsent.reading.labeled import (
        EVALUATION,
        Examples,
        LabelRules,
        find_held_out_folder,
        is_folder,
        read_examples,
    )
    from imdbsent.reading.options import ReadOptions

    source, path = file, Path(file)
    if is_folder(file):
        folder = find_held_out_folder(path, EVALUATION, COMMAND)
        source, path = str(folder), path.resolve() / folder.relative_to(path)
    examples = read_examples(
        source,
        rules or LabelRules(),
        read or ReadOptions(command=COMMAND),
        allow_blank=True,
        allow_one_class=True,
        must_have_label=True,
    )
    return Examples(examples, "standard input" if file == STDIN else path.name)


def _note_memory(classifiers: Mapping[str, Classifier], examples: Examples) -> None:
    """Say which models were trained on these texts, as far as their cards tell."""
    if examples.split == "test":
        return
    if examples.split == "train":
        names = [name for name, classifier in classifiers.items() if _learned_from_reviews(classifier)]
    else:
        from imdbsent.training.own_data import is_trained_on

        own = {name: one for name, one in classifiers.items() if not _learned_from_reviews(one)}
        names = [name for name, one in own.items() if is_trained_on(one.bundle.card, examples.items)]
    for name in names:
        logger.info(f"{name} was trained on these texts: its figures show what it remembers")


def _learned_from_reviews(classifier: Classifier) -> bool:
    """Whether a model was trained on the IMDB reviews: one of a user's own texts was measured on these only."""
    splits = [metrics.split for metrics in classifier.bundle.card.metrics]
    return splits != ["validation"]


def report_tables(report: Report, width: int) -> Iterator[RenderableType]:
    """All the figures, one table per subject, with a blank line after each.

    Args:
        report: at least one model.
        width: columns of the console.
    """
    for table in _tables(report, width):
        yield table
        yield ""


def chosen_lines(report: Report) -> list[Text]:
    """How the weights of each model were chosen: whether the test split played a part."""
    from rich.text import Text

    return [
        Text(visible(f"{model.model}: how the weights were chosen: {model.chosen_by}")) for model in report.models
    ]


def _tables(report: Report, width: int) -> Iterator[RenderableType]:
    models = report.models
    yield _figures(report, width)
    yield _confusion(models, width)
    yield _groups(models, "words", width)
    if models[0].by_stars:
        yield _groups(models, "stars", width)
    if report.comparisons:
        yield _comparisons(report, width)
    yield from (_mistakes(model, width) for model in models if model.mistakes)


def _table(title: str, width: int, *columns: str) -> Table:
    """A table whose first column names the row."""
    from rich.text import Text

    table = new_table(width, title)
    for i, column in enumerate(columns):
        table.add_column(Text(visible(column)), justify="right" if i else "left", overflow="fold")
    return table


def _figures(report: Report, width: int) -> Table:
    from imdbsent.evaluation.metrics import REPORTED

    models = report.models
    title = f"{report.source}: {counted(report.n, 'text')}, {report.positive:,} positive"
    table = _table(title, width, "", *(model.model for model in models))
    for metric in REPORTED:
        table.add_row(metric.label, *(metric.show(model.metrics[metric.key]) for model in models))
    if any(model.unanswered for model in models):
        table.add_row("without a verdict", *(f"{model.unanswered:,}" for model in models))
    return table


def _confusion(models: Sequence[ModelReport], width: int) -> Table:
    from rich.text import Text

    table = _table("confusion matrix", width, "label", "predicted negative", "predicted positive")
    for model in models:
        prefix = f"{visible(model.model)}: " if len(models) > 1 else ""
        counts = model.confusion
        table.add_row(Text(f"{prefix}negative"), f"{counts.true_negative:,}", f"{counts.false_positive:,}")
        table.add_row(Text(f"{prefix}positive"), f"{counts.false_negative:,}", f"{counts.true_positive:,}")
    return table


def _groups(models: Sequence[ModelReport], what: str, width: int) -> Table:
    from imdbsent.evaluation.metrics import percent_interval

    table = _table(f"accuracy by {what}", width, what, "texts", *(model.model for model in models))
    for same in zip(*(model.by_stars if what == "stars" else model.by_length for model in models)):
        accuracies = (f"{g.accuracy:.2%} ({percent_interval(g.interval, 1)})" for g in same)
        table.add_row(same[0].name, f"{same[0].n:,}", *accuracies)
    return table


def _comparisons(report: Report, width: int) -> Table:
    from rich.text import Text

    table = _table("McNemar's test", width, "models", "only one is right", "test", "p")
    for pair in report.comparisons:
        table.add_row(
            Text(visible(f"{pair.first} / {pair.second}")),
            f"{pair.only_first_right:,} / {pair.only_second_right:,}",
            pair.test,
            pair.p_value_text,
        )
    return table


def _mistakes(model: ModelReport, width: int) -> RenderableType:
    """One row per mistake; on a narrow console, two lines, so that there is room for the text."""
    from rich.console import Group
    from rich.text import Text

    title = f"surest mistakes of {model.model}"
    rows = [
        (
            Text(visible(mistake.where)),
            Text("positive", style="green") if mistake.label else Text("negative", style="red"),
            probability_text(mistake.probability),
            Text(visible(mistake.text), no_wrap=True, overflow="ellipsis"),
        )
        for mistake in model.mistakes
    ]
    if width < NARROW:
        heads = (Text(", ").join([where, label, Text("P(positive) ") + p]) for where, label, p, _ in rows)
        lines = (line for head, (*_, text) in zip(heads, rows) for line in (head, text))
        return Group(Text(visible(title), style="bold"), *lines)
    table = new_table(width, title)
    table.expand = True
    table.add_column("where", overflow="fold")
    table.add_column("label", no_wrap=True)
    table.add_column("P(positive)", justify="right", no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table
