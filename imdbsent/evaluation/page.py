"""A report as one HTML page that needs nothing else: no script, no request, readable by day, by night, on a phone."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.evaluation.charts import calibration_chart, legend, length_chart, roc_chart
from imdbsent.evaluation.curves import BINS
from imdbsent.evaluation.mcnemar import p_value_text
from imdbsent.html_page import data_table, folded, page_end, page_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.evaluation.groups import Mistake
    from imdbsent.evaluation.metrics import Interval
    from imdbsent.evaluation.report import ModelReport, Report

_STYLE_SHEET: Final = Path(__file__).parent / "page.css"
_EXCERPT: Final = 90  # characters of a mistake that are seen while it is folded


def as_html(report: Report) -> Iterator[str]:
    """The page, piece by piece. Every text in it is escaped.

    Args:
        report: of at least one model.
    """
    title = f"{', '.join(model.model for model in report.models)} on {report.source}"
    yield page_start(title, _STYLE_SHEET, ("figures", "the figures"))
    yield f"<header><h1><bdi>{escape(title)}</bdi></h1><p>{report.n:,} texts, {report.positive:,} of them positive.</p>"
    yield f"{_chosen(report)}</header>\n"
    sections = _sections(report)
    links = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name, _ in sections)
    yield f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main>\n'
    for key, name, content in sections:
        yield f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{name}</h2>{content}</section>\n'
    yield "</main>" + page_end()


def _sections(report: Report) -> list[tuple[str, str, str]]:
    """Key, name and content of each section."""
    models = report.models
    key = legend(models) if len(models) > 1 else ""
    sections = [
        ("figures", "Figures", _figures(models)),
        ("confusion", "Confusion", _confusion(models)),
        ("roc", "ROC", key + roc_chart(models)),
        ("calibration", "Calibration", key + calibration_chart(models) + _calibration_table(models)),
        ("length", "Accuracy by length", key + length_chart(models) + _group_table(models, "words")),
    ]
    if models[0].by_stars:
        sections.append(("stars", "Accuracy by stars", _group_table(models, "stars")))
    if report.comparisons:
        sections.append(("mcnemar", "Side by side", _comparisons(report)))
    if any(model.mistakes for model in models):
        sections.append(("mistakes", "Surest mistakes", "".join(map(_mistakes, models))))
    return sections


def _chosen(report: Report) -> str:
    if report.split is None:
        return ""
    items = "".join(
        f"<li><bdi>{escape(model.model)}</bdi>: <bdi>{escape(model.chosen_by)}</bdi></li>" for model in report.models
    )
    seen = " These reviews train models: the figures say what is remembered." if report.split == "train" else ""
    return f"<p>How the weights were chosen:{seen}</p><ul>{items}</ul>"


def _figures(models: Sequence[ModelReport]) -> str:
    rows = [
        ("accuracy", [_percent(model.accuracy) for model in models]),
        ("95 % interval", [_interval(model) for model in models]),
        ("precision", [_percent(model.precision) for model in models]),
        ("recall", [_percent(model.recall) for model in models]),
        ("F1", [_percent(model.f1) for model in models]),
        ("ROC AUC", [_decimal(model.roc_auc) for model in models]),
        ("log loss (nats)", [_decimal(model.log_loss) for model in models]),
        ("Brier score", [_decimal(model.brier) for model in models]),
        (f"calibration error ({BINS} bins)", [_decimal(model.calibration_error) for model in models]),
        ("positive from", [f"{model.threshold:g}" for model in models]),
        ("without a verdict", [f"{model.unanswered:,}" for model in models]),
    ]
    return data_table("Figures of each model", ["figure", *(model.model for model in models)], _flat(rows))


def _confusion(models: Sequence[ModelReport]) -> str:
    rows = []
    for model in models:
        table = model.confusion
        rows.append((f"{model.model}: negative", [f"{table.true_negative:,}", f"{table.false_positive:,}"]))
        rows.append((f"{model.model}: positive", [f"{table.false_negative:,}", f"{table.true_positive:,}"]))
    return data_table("Confusion table", ["text is", "called negative", "called positive"], _flat(rows))


def _calibration_table(models: Sequence[ModelReport]) -> str:
    rows = [
        (
            model.model,
            f"{part.low:g} to {part.high:g}",
            f"{part.n:,}",
            f"{part.probability:.4f}",
            f"{part.positive:.4f}",
        )
        for model in models
        for part in model.calibration
    ]
    header = ["model", "bin", "texts", "mean probability", "share positive"]
    return folded("The numbers", data_table("Calibration", header, rows))


def _group_table(models: Sequence[ModelReport], what: str) -> str:
    groups = [model.by_stars if what == "stars" else model.by_length for model in models]
    rows = [
        (same[0].name, f"{same[0].n:,}", *(f"{g.accuracy:.2%} ({_between(g.interval)})" for g in same))
        for same in zip(*groups)
    ]
    table = data_table(f"Accuracy by {what}", [what, "texts", *(model.model for model in models)], rows)
    return table if what == "stars" else folded("The numbers", table)


def _comparisons(report: Report) -> str:
    rows = [
        (
            f"{pair.first} / {pair.second}",
            f"{pair.only_first_right:,} / {pair.only_second_right:,}",
            "exact" if pair.statistic is None else f"{pair.statistic:.3f}",
            p_value_text(pair.p_value),
        )
        for pair in report.comparisons
    ]
    header = ["models", "only one is right", "chi-squared", "p"]
    return "<p>McNemar's test on the texts that one model alone judged right.</p>" + data_table("McNemar", header, rows)


def _mistakes(model: ModelReport) -> str:
    return f"<h3><bdi>{escape(model.model)}</bdi></h3>" + "".join(map(_mistake, model.mistakes))


def _mistake(mistake: Mistake) -> str:
    label = "positive" if mistake.label else "negative"
    excerpt = " ".join(mistake.text[: 2 * _EXCERPT].split())[:_EXCERPT]
    summary = f"{mistake.where}: {label}, P(positive) {mistake.probability:.4f}"
    return (
        f"<details><summary>{escape(summary)} <bdi>{escape(excerpt)}…</bdi></summary>"
        f'<p dir="auto">{escape(mistake.text)}</p></details>'
    )


def _flat(rows: Iterable[tuple[str, Sequence[str]]]) -> Iterator[Sequence[str]]:
    return ((name, *cells) for name, cells in rows)


def _interval(model: ModelReport) -> str:
    interval = model.accuracy_interval
    return "undefined" if interval is None else f"{interval.low:.2%} to {interval.high:.2%}"


def _between(interval: Interval) -> str:
    return f"{interval.low:.1%} to {interval.high:.1%}"


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2%}"


def _decimal(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
