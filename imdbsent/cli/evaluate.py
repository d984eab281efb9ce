"""`imdbsent evaluate`: measure models on labeled texts.

From top to bottom: the command, the work, the tables.
"""

from __future__ import annotations

import logging
import math
import shlex
import sys
from contextlib import nullcontext
from dataclasses import replace
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
    from imdbsent.evaluation.metrics import ThresholdGoal
    from imdbsent.evaluation.report import BestThreshold, Mistake, ModelReport, Report
    from imdbsent.fetch import DownloadProgress
    from imdbsent.reading.labeled import Examples, LabelRules
    from imdbsent.reading.options import ReadOptions
    from imdbsent.records import Side

    Counting = Callable[[str, int], AbstractContextManager[Callable[[], None]]]

logger = logging.getLogger(__name__)

COMMAND: Final = "evaluate"
_USUAL_THRESHOLD: Final = 0.5  # of every model that training writes
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
            help="Name or folder of a model. Repeat to compare models. Default: IMDBSENT_MODEL, else the model of "
            "`imdbsent models use`.",
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
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=1_000,
            help="Most confident mistakes to list per model.",
            rich_help_panel=_OUTPUT,
        ),
    ] = 5,
    mistakes_file: Annotated[
        Path | None,
        typer.Option(
            "--mistakes-file",
            metavar="FILE",
            help="Also write all mistakes to a file, to correct their labels and train on them.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    best_threshold: Annotated[
        str | None,
        typer.Option(
            "--best-threshold",
            metavar="GOAL",
            help="Find the threshold that is best for f1, balanced (accuracy), precision=P or recall=R.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Measure models on labeled texts: accuracy, F1, ROC AUC, log loss, calibration, mistakes.

    # the default model on the 25,000 IMDB test reviews, also as a page
    imdbsent evaluate --html report.html

    imdbsent evaluate --model classic --model mine --format json | jq .comparisons

    # your own texts: 4 stars or more are positive
    imdbsent evaluate reviews.csv --text-column body --label-column stars --positive ">=4"

    imdbsent evaluate tweets.json --positive positive --negative negative --skip-bad

    zcat test.fasttext.gz | imdbsent evaluate - --positive __label__2 --negative __label__1

    imdbsent evaluate --format csv | grep accuracy_of_length

    # from which probability on are 95 of 100 positive verdicts right?
    imdbsent evaluate mine.csv --best-threshold precision=0.95

    imdbsent evaluate mine.csv --mistakes-file mistakes.csv
    """
    check_subject(COMMAND, file, {"--data": data, "--split": split}, given.given)
    if file is not None:
        check_sources([file], given.given)
    if html is not None:
        check_place(html)
        _check_apart(html, file, "--html with another name")
    if mistakes_file is not None:
        _check_mistakes_file(mistakes_file, model or [])
        _check_apart(mistakes_file, file, "--mistakes-file with another name")
    goal = None if best_threshold is None else _goal(best_threshold)
    from imdbsent.cli._progress import DownloadBar, counting_bar

    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    report = evaluate_models(
        model or [None],
        file,
        data=data,
        split=(split or EvaluationSplit.TEST).value,
        read=given.read(COMMAND),
        rules=given.rules(),
        mistakes=mistakes if mistakes_file is None else sys.maxsize,
        goal=goal,
        progress=DownloadBar(lambda: console),
        counting=partial(counting_bar, console),
    )
    if mistakes_file is not None:
        write_mistakes(report.models[0].mistakes, mistakes_file)
        report = replace(
            report, models=tuple(replace(one, mistakes=one.mistakes[:mistakes]) for one in report.models)
        )
    if html is not None:
        _write_page(report, html)
    _show(report, output_format, no_color=no_color)
    _check_reached(report)


def _goal(text: str) -> ThresholdGoal:
    from imdbsent.evaluation.metrics import parse_goal

    return parse_goal(text)


def _check_reached(report: Report) -> None:
    """Check that a threshold was found, if one was asked for.

    Raises:
        UsageProblem: no threshold has the precision.
    """
    for model in report.models:
        best = model.best_threshold
        if best is not None and best.threshold is None and best.reached is not None:
            least = best.goal.partition("=")[2]
            raise UsageProblem(
                f"no threshold of {model.model} has a precision of {least} on these texts; the highest is "
                f"{best.reached:.4f}. Type: --best-threshold precision={math.floor(best.reached * 1000) / 1000:g}"
            )


def _check_mistakes_file(path: Path, models: Sequence[str]) -> None:
    from imdbsent.writing.output import check_output, format_of_output

    if len(models) > 1:
        raise UsageProblem("--mistakes-file is for one model. Type: the command with one --model")
    option = "--mistakes-file"
    check_output(path, format_of_output(path, option), option)


def _check_apart(path: Path, file: str | None, hint: str) -> None:
    from imdbsent.reading.inputs import check_apart, sources_of_file

    if file is not None:
        check_apart(path, sources_of_file(file, command=COMMAND), hint)


def write_mistakes(mistakes: Sequence[Mistake], path: Path) -> None:
    """Write mistakes to a file that `imdbsent train` reads: label, text, verdict, probability, where.

    Args:
        mistakes: of one model; those with a blank text are left out.
        path: the file; its suffix says its format. It appears only when complete.

    Raises:
        UsageProblem: the file cannot be written.
        OutputFailed: the disk is full, for example.
    """
    from imdbsent.records import Prediction
    from imdbsent.writing.output import OutputSpec, format_of_output, open_output
    from imdbsent.writing.text import ResultColumns

    names: tuple[Side, Side] = ("negative", "positive")
    rows = [
        Prediction(each.text, names[not each.label], each.probability, kept=(names[each.label], each.where))
        for each in mistakes
        if each.text.strip()
    ]
    spec = OutputSpec(path, format_of_output(path), ResultColumns(kept=("label", "where"), to_label=True))
    with open_output(spec) as writer:
        writer.write(rows)
    logger.info(f"wrote {counted(len(rows), 'mistake')} to {path}")
    if rows:
        logger.info("correct the column 'label' where it is wrong, and add the rows to the file that you train on")


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
        if lines := threshold_lines(report):
            show(console, *lines, soft_wrap=True)
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
    goal: ThresholdGoal | None = None,
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
        goal: what to find the best threshold for; None for nothing.
        progress: follows a download.
        counting: given the name of a model and the number of texts, opens what is called after each answer.

    Raises:
        ImdbsentError: a model or the texts are missing or damaged.
    """
    from imdbsent.evaluation.report import NO_VERDICT, answer, notes_of_one_class, report

    classifiers = _load(models, progress)
    examples = _reviews(data, split, progress) if file is None else _own_texts(file, read, rules)
    if goal is not None and len({example.label for example in examples.items}) == 1:
        raise UsageProblem(f"all labels of {examples.source} are of one class: --best-threshold takes both classes")
    _note_memory(classifiers, examples)
    answers = []
    for name, classifier in classifiers.items():
        with counting(name, len(examples.items)) as advance:
            answers.append(answer(name, classifier, examples.items, advance))
        if unanswered := answers[-1].unanswered:
            logger.info(f"{name}: {counted(unanswered, 'text')} without a verdict, counted as P(positive) {NO_VERDICT}")
    found = report(examples, answers, mistakes=mistakes, goal=goal)
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
    from imdbsent.reading.labeled import (
        EVALUATION,
        Examples,
        LabelRules,
        find_held_out_folder,
        is_folder,
        read_examples,
    )
    from imdbsent.reading.options import ReadOptions
    from imdbsent.reading.streams import STDIN

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
    return splits[:1] != ["validation"] or "test" in splits


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


def threshold_lines(report: Report) -> list[Text]:
    """What the best threshold of each model is, how it was found, and how to keep it."""
    from rich.text import Text

    lines = []
    for model in report.models:
        best = model.best_threshold
        if best is None or best.threshold is None:
            continue
        if best.threshold == model.threshold:
            now = f"{best.threshold:g}, which it has"
            lines.append(f"{model.model}: the best threshold for {best.goal} on these texts is {now}.")
            continue
        source = f"It was chosen on these same {report.n:,} texts, so expect a little less on others."
        lines.append(f"{model.model}: the best threshold for {best.goal} is {best.threshold:g}. {source}")
        lines.append(f"To keep it, type: imdbsent models set {shlex.quote(model.model)} --threshold {best.threshold:g}")
    return [Text(visible(line)) for line in lines]


def _thresholds(model: ModelReport, best: BestThreshold, width: int) -> Table:
    """The present threshold of a model, and the best one."""
    from imdbsent.evaluation.metrics import percent

    found = "none" if best.threshold is None else f"{best.threshold:g}"
    table = _table(f"{model.model}: threshold for {best.goal}", width, "", "now", "best")
    table.add_row("positive from", f"{model.threshold:g}", found)
    for name in ("accuracy", "balanced_accuracy", "precision", "recall", "f1"):
        label = {"f1": "F1"}.get(name, name.replace("_", " "))
        now, then = (percent(getattr(confusion, name)) for confusion in (model.confusion, best.confusion))
        table.add_row(label, now, then if best.threshold is not None else "")
    return table


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
    yield from (_thresholds(model, best, width) for model in models if (best := model.best_threshold) is not None)


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
    if any(model.threshold != _USUAL_THRESHOLD for model in models):
        table.add_row("positive from", *(f"{model.threshold:g}" for model in models))
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

    title = f"most confident mistakes of {model.model}"
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
