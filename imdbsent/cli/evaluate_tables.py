"""The tables of `imdbsent evaluate`: models side by side, a column each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from imdbsent.cli.console import visible
from imdbsent.evaluation.curves import BINS
from imdbsent.evaluation.mcnemar import p_value_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from imdbsent.evaluation.report import ModelReport, Report

_UNDEFINED = "undefined"


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
    table.add_row("accuracy", *(_percent(model.accuracy) for model in models))
    table.add_row("  95 % interval", *(_interval(model) for model in models))
    table.add_row("precision", *(_percent(model.precision) for model in models))
    table.add_row("recall", *(_percent(model.recall) for model in models))
    table.add_row("F1", *(_percent(model.f1) for model in models))
    table.add_row("ROC AUC", *(_decimal(model.roc_auc) for model in models))
    table.add_row("log loss", *(_decimal(model.log_loss) for model in models))
    table.add_row("Brier score", *(_decimal(model.brier) for model in models))
    table.add_row(f"calibration error, {BINS} bins", *(_decimal(model.calibration_error) for model in models))
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
        accuracies = (f"{g.accuracy:.2%} ({g.interval.low:.1%} to {g.interval.high:.1%})" for g in same)
        table.add_row(same[0].name, f"{same[0].n:,}", *accuracies)
    return table


def _comparisons(report: Report) -> Table:
    table = _table("McNemar's test", "models", "only one is right", "chi-squared", "p")
    for pair in report.comparisons:
        table.add_row(
            Text(visible(f"{pair.first} / {pair.second}")),
            f"{pair.only_first_right:,} / {pair.only_second_right:,}",
            "exact" if pair.statistic is None else f"{pair.statistic:.3f}",
            p_value_text(pair.p_value),
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


def _interval(model: ModelReport) -> str:
    interval = model.accuracy_interval
    return _UNDEFINED if interval is None else f"{interval.low:.2%} to {interval.high:.2%}"


def _percent(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.2%}"


def _decimal(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.4f}"
