"""The curves of a report as inline SVG: no script, no font, no picture from anywhere.

A chart is 360 units wide, so that its text can be read on a phone. Models differ by colour and by the dashes of their
line. Colours are classes (`s0` to `s5`); the page's style sheet says what they are by day and by night.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.evaluation.report import ModelReport

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
