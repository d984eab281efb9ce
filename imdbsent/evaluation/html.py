"""A report as one HTML page that needs nothing else: no script, no request, readable by day, by night, on a phone.

The curves of a report as inline SVG: no script, no font, no picture from anywhere.

A chart is 360 units wide, so that its text can be read on a phone. Models differ by colour and by the dashes of their
line. Colours are classes (`s0` to `s5`); the page's style sheet says what they are by day and by night.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.evaluation.metrics import BINS, p_value_text
from imdbsent.html_page import data_table, folded, page_end, page_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.evaluation.metrics import Interval, Mistake
    from imdbsent.evaluation.report import ModelReport, Report


COLOURS: Final = 6
"""Classes of colour there are; the seventh model has the colour of the first."""

_WIDTH, _HEIGHT = 360, 300
_LEFT, _RIGHT, _TOP = 48, 350, 12
_TENTHS: Final = tuple(i / 10 for i in range(11))
_FIFTHS: Final = _TENTHS[::2]


@dataclass(frozen=True)
class _Frame:
    """The rectangle of a chart, and what its sides stand for.

    Attributes:
        bottom: where the horizontal axis is.
        low: the value at the bottom; that at the top is 1.
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
        _line(frame, list(zip(model.roc.false_positive_rate, model.roc.true_positive_rate)), place)
        for place, model in enumerate(models)
        if model.roc is not None
    ]
    areas = ", ".join(f"{model.model} {model.roc.area:.4f}" for model in models if model.roc is not None)
    axes = _axes(frame, _FIFTHS, "false positive rate", "true positive rate")
    return _chart("ROC curves", f"Area under the curve: {areas}.", [*axes, _diagonal(frame), *curves])


def calibration_chart(models: Sequence[ModelReport]) -> str:
    """The calibration curves: share of positives over the mean probability of each bin."""
    frame = _Frame()
    marks: list[str] = []
    for place, model in enumerate(models):
        points = [(part.probability, part.positive) for part in model.calibration]
        marks.append(_line(frame, points, place))
        for part, (x, y) in zip(model.calibration, points):
            tip = f"{model.model}: {part.n:,} with P {x:.3f} on average, {y:.1%} positive"
            marks.append(_dot(frame.x(x), frame.y(y), place, tip))
    axes = _axes(frame, _FIFTHS, "probability of positive", "share that is positive")
    return _chart(
        "Calibration curves", "A calibrated model lies on the diagonal.", [*axes, _diagonal(frame), *marks]
    )


def length_chart(models: Sequence[ModelReport]) -> str:
    """Accuracy by number of words, with its 95 % interval."""
    names = [group.name for group in models[0].by_length]
    lowest = min((group.interval.low for model in models for group in model.by_length), default=0.0)
    frame = _Frame(bottom=226, low=min(int(lowest * 10) / 10, 0.9))
    marks = [
        f'<text class="tick" text-anchor="end" transform="translate({_column(frame, i, len(names)) + 5:.1f} '
        f'{frame.bottom + 14:.1f}) rotate(-35)">{escape(name)}</text>'
        for i, name in enumerate(names)
    ]
    for place, model in enumerate(models):
        shift = (place - (len(models) - 1) / 2) * min(9, 28 / len(models))
        for i, group in enumerate(model.by_length):
            x = _column(frame, i, len(names)) + shift
            low, high = frame.y(group.interval.low), frame.y(group.interval.high)
            tip = (
                f"{model.model}, {group.name} words: {group.accuracy:.1%} of {group.n:,} "
                f"(95 %: {group.interval.low:.1%} to {group.interval.high:.1%})"
            )
            marks.append(f'<path class="line s{place % COLOURS}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
            marks.append(_dot(x, frame.y(group.accuracy), place, tip))
    ticks = [value for value in _TENTHS if value >= frame.low - 1e-9]
    return _chart(
        "Accuracy by length", "Each dot is a bin of lengths.", [*_axes(frame, ticks, "words", "accuracy", ()), *marks]
    )


def legend(models: Sequence[ModelReport]) -> str:
    """Which line is which model."""
    items = "".join(
        '<li><svg class="key" viewBox="0 0 34 12" aria-hidden="true">'
        f'<path class="line s{place % COLOURS}" d="M1 6H33"/></svg> <bdi>{escape(model.model)}</bdi></li>'
        for place, model in enumerate(models)
    )
    return f'<ul class="legend">{items}</ul>'


def _chart(title: str, description: str, parts: Sequence[str]) -> str:
    name = f"{title}. {description}"
    start = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">'
    return f"{start}{''.join(parts)}</svg>"


def _axes(
    frame: _Frame, ticks: Sequence[float], x_name: str, y_name: str, x_ticks: Sequence[float] = _FIFTHS
) -> Iterator[str]:
    """Grid, numbers and names of both axes."""
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


def _line(frame: _Frame, points: Sequence[tuple[float, float]], place: int) -> str:
    """A line through the points; those that fall on one spot of the picture are drawn once."""
    spots = dict.fromkeys((round(frame.x(x) * 2) / 2, round(frame.y(y) * 2) / 2) for x, y in points)
    path = "L".join(f"{x:g} {y:g}" for x, y in spots)
    return f'<path class="line s{place % COLOURS}" d="M{path}"/>' if path else ""


def _dot(x: float, y: float, place: int, tip: str) -> str:
    title = f"<title>{escape(tip)}</title>"
    return f'<circle class="dot s{place % COLOURS}" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'


def _column(frame: _Frame, place: int, columns: int) -> float:
    return frame.x((place + 0.5) / columns)

_STYLE_SHEET: Final = Path(__file__).parent / "html.css"
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
