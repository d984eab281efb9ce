"""A report as one HTML page that needs nothing else: no script, no request, readable by day, by night, on a phone.

The curves are inline SVG. A chart is 360 units wide, so that its text can be read on a phone. Models differ by color
and by the dashes of their line. Colors are classes (`s0` to `s5`); the style sheet defines them for day and night.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import counted
from imdbsent.evaluation.metrics import REPORTED, percent_interval
from imdbsent.html_page import data_table, folded, page_end, page_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.evaluation.report import Mistake, ModelReport, Report


_STYLE_SHEET: Final = Path(__file__).parent / "html.css"
_EXCERPT: Final = 90  # characters of a mistake that are visible while it is folded
_COLORS: Final = 6  # classes of color; the seventh model has the color of the first

_WIDTH, _HEIGHT = 360, 300
_LEFT, _RIGHT, _TOP = 48, 350, 12
_TENTHS: Final = tuple(i / 10 for i in range(11))
_FIFTHS: Final = _TENTHS[::2]


def as_html(report: Report) -> Iterator[str]:
    """Yield the page in chunks. Every text in it is escaped.

    Args:
        report: at least one model.
    """
    title = f"{', '.join(model.model for model in report.models)} on {report.source}"
    yield page_start(title, _STYLE_SHEET, ("figures", "the figures"))
    size = f"{counted(report.n, 'text')}, {report.positive:,} positive"
    yield f"<header><h1><bdi>{escape(title)}</bdi></h1><p>{size}.</p>{_chosen(report)}</header>\n"
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
        sections.append(("mistakes", "Most confident mistakes", "".join(map(_mistakes, models))))
    return sections


def _chosen(report: Report) -> str:
    if report.split is None:
        return ""
    items = "".join(
        f"<li><bdi>{escape(model.model)}</bdi>: <bdi>{escape(model.chosen_by)}</bdi></li>" for model in report.models
    )
    seen = "<p>Models are trained on these reviews: the figures show what they remember.</p>"
    return f"{seen if report.split == 'train' else ''}<p>How the weights were chosen:</p><ul>{items}</ul>"


def _figures(models: Sequence[ModelReport]) -> str:
    rows = [(metric.label, *(metric.show(model.metrics[metric.key]) for model in models)) for metric in REPORTED]
    rows.append(("positive from", *(f"{model.threshold:g}" for model in models)))
    rows.append(("without a verdict", *(f"{model.unanswered:,}" for model in models)))
    return data_table("Figures of each model", ["figure", *(model.model for model in models)], rows)


def _confusion(models: Sequence[ModelReport]) -> str:
    rows = []
    for model in models:
        counts = model.confusion
        rows.append((f"{model.model}: negative", f"{counts.true_negative:,}", f"{counts.false_positive:,}"))
        rows.append((f"{model.model}: positive", f"{counts.false_negative:,}", f"{counts.true_positive:,}"))
    return data_table("Confusion matrix", ["label", "predicted negative", "predicted positive"], rows)


def _calibration_table(models: Sequence[ModelReport]) -> str:
    rows = [
        (
            model.model,
            f"{each.low:g} to {each.high:g}",
            f"{each.n:,}",
            f"{each.probability:.4f}",
            f"{each.positive:.4f}",
        )
        for model in models
        for each in model.calibration
    ]
    header = ["model", "bin", "texts", "mean probability", "share positive"]
    return folded("The numbers", data_table("Calibration", header, rows))


def _group_table(models: Sequence[ModelReport], what: str) -> str:
    groups = [model.by_stars if what == "stars" else model.by_length for model in models]
    rows = [
        (same[0].name, f"{same[0].n:,}", *(f"{g.accuracy:.2%} ({percent_interval(g.interval, 1)})" for g in same))
        for same in zip(*groups)
    ]
    table = data_table(f"Accuracy by {what}", [what, "texts", *(model.model for model in models)], rows)
    return table if what == "stars" else folded("The numbers", table)


def _comparisons(report: Report) -> str:
    rows = [
        (
            f"{pair.first} / {pair.second}",
            f"{pair.only_first_right:,} / {pair.only_second_right:,}",
            pair.test,
            pair.p_value_text,
        )
        for pair in report.comparisons
    ]
    explanation = "<p>McNemar's test on the texts that only one of the two models judged right.</p>"
    return explanation + data_table("McNemar", ["models", "only one is right", "test", "p"], rows)


def _mistakes(model: ModelReport) -> str:
    return f"<h3><bdi>{escape(model.model)}</bdi></h3>" + "".join(map(_mistake, model.mistakes))


def _mistake(mistake: Mistake) -> str:
    label = "positive" if mistake.label else "negative"
    text = " ".join(mistake.text.split())
    excerpt = text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip()}…"
    summary = f"{mistake.where}: {label}, P(positive) {mistake.probability:.4f}"
    return (
        f"<details><summary>{escape(summary)} <bdi>{escape(excerpt)}</bdi></summary>"
        f'<p dir="auto">{escape(mistake.text)}</p></details>'
    )


@dataclass(frozen=True)
class _Frame:
    """The rectangle of a chart, and the values at its edges.

    Attributes:
        bottom: position of the horizontal axis.
        low: the value at the bottom; the one at the top is 1.
    """

    bottom: float = 252
    low: float = 0.0

    def x(self, share: float) -> float:
        return _LEFT + share * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (1 - self.low) * (self.bottom - _TOP)


def roc_chart(models: Sequence[ModelReport]) -> str:
    """The ROC curves of the models that have one."""
    frame = _Frame()
    curves = [
        _line(frame, list(zip(model.roc.false_positive_rate, model.roc.true_positive_rate)), index)
        for index, model in enumerate(models)
        if model.roc is not None
    ]
    areas = ", ".join(f"{model.model} {model.roc.area:.4f}" for model in models if model.roc is not None)
    axes = _axes(frame, _FIFTHS, "false positive rate", "true positive rate")
    return _chart("ROC curves", f"Area under the curve: {areas}.", [*axes, _diagonal(frame), *curves])


def calibration_chart(models: Sequence[ModelReport]) -> str:
    """The calibration curves: share of positives over the mean probability of each bin."""
    frame = _Frame()
    marks: list[str] = []
    for index, model in enumerate(models):
        points = [(each.probability, each.positive) for each in model.calibration]
        marks.append(_line(frame, points, index))
        for each, (x, y) in zip(model.calibration, points):
            tip = f"{model.model}: {each.n:,} with P {x:.3f} on average, {y:.1%} positive"
            marks.append(_dot(frame.x(x), frame.y(y), index, tip))
    axes = _axes(frame, _FIFTHS, "probability of positive", "share of positive")
    return _chart(
        "Calibration curves", "A calibrated model lies on the diagonal.", [*axes, _diagonal(frame), *marks]
    )


def length_chart(models: Sequence[ModelReport]) -> str:
    """Accuracy by number of words, with its 95% interval."""
    names = [group.name for group in models[0].by_length]
    lowest = min((group.interval.low for model in models for group in model.by_length), default=0.0)
    frame = _Frame(bottom=226, low=min(int(lowest * 10) / 10, 0.9))
    marks = [
        f'<text class="tick" text-anchor="end" transform="translate({_column(frame, i, len(names)) + 5:.1f} '
        f'{frame.bottom + 14:.1f}) rotate(-35)">{escape(name)}</text>'
        for i, name in enumerate(names)
    ]
    for index, model in enumerate(models):
        shift = (index - (len(models) - 1) / 2) * min(9, 28 / len(models))
        for i, group in enumerate(model.by_length):
            x = _column(frame, i, len(names)) + shift
            low, high = frame.y(group.interval.low), frame.y(group.interval.high)
            tip = (
                f"{model.model}, {group.name} words: {group.accuracy:.1%} of {group.n:,} "
                f"(95%: {group.interval.low:.1%} to {group.interval.high:.1%})"
            )
            marks.append(f'<path class="line s{index % _COLORS}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
            marks.append(_dot(x, frame.y(group.accuracy), index, tip))
    ticks = [value for value in _TENTHS if value >= frame.low - 1e-9]
    return _chart(
        "Accuracy by length", "Each dot is a bin of lengths.", [*_axes(frame, ticks, "words", "accuracy", ()), *marks]
    )


def legend(models: Sequence[ModelReport]) -> str:
    """The line of each model."""
    items = "".join(
        '<li><svg class="key" viewBox="0 0 34 12" aria-hidden="true">'
        f'<path class="line s{index % _COLORS}" d="M1 6H33"/></svg> <bdi>{escape(model.model)}</bdi></li>'
        for index, model in enumerate(models)
    )
    return f'<ul class="legend">{items}</ul>'


def _chart(title: str, description: str, marks: Sequence[str]) -> str:
    name = f"{title}. {description}"
    start = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">'
    return f"{start}{''.join(marks)}</svg>"


def _axes(
    frame: _Frame, ticks: Sequence[float], x_name: str, y_name: str, x_ticks: Sequence[float] = _FIFTHS
) -> Iterator[str]:
    """Grid, tick labels and names of both axes."""
    for value in ticks:
        y = frame.y(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield f'<text class="tick" text-anchor="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{value:.1f}</text>'
    for value in x_ticks:
        x = frame.x(value)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{frame.bottom}"/>'
        yield f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{frame.bottom + 17}">{value:.1f}</text>'
    name = '<text class="name" text-anchor="middle"'
    yield f'{name} x="{(_LEFT + _RIGHT) / 2}" y="{_HEIGHT - 8}">{escape(x_name)}</text>'
    yield f'{name} transform="translate(13 {(_TOP + frame.bottom) / 2}) rotate(-90)">{escape(y_name)}</text>'


def _diagonal(frame: _Frame) -> str:
    return f'<path class="diagonal" d="M{_LEFT} {frame.bottom}L{_RIGHT} {_TOP}"/>'


def _line(frame: _Frame, points: Sequence[tuple[float, float]], index: int) -> str:
    """A line through the points; points that fall on the same spot are drawn once."""
    spots = dict.fromkeys((round(frame.x(x) * 2) / 2, round(frame.y(y) * 2) / 2) for x, y in points)
    path = "L".join(f"{x:g} {y:g}" for x, y in spots)
    return f'<path class="line s{index % _COLORS}" d="M{path}"/>' if path else ""


def _dot(x: float, y: float, index: int, tip: str) -> str:
    title = f"<title>{escape(tip)}</title>"
    return f'<circle class="dot s{index % _COLORS}" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'


def _column(frame: _Frame, index: int, columns: int) -> float:
    return frame.x((index + 0.5) / columns)
