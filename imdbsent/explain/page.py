"""Explanations as one HTML page that needs no other file: the words of each text colored, and the sum.

The page has an article for each text, so that only one is held in memory. An inline SVG shows how the sum grows from
word to word; the style sheet colors it.
"""

from __future__ import annotations

from contextlib import contextmanager
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from imdbsent.errors import OutputFailed, counted
from imdbsent.explain.explain import strength
from imdbsent.files import new_file
from imdbsent.html_page import Html, data_table, page_end, page_start
from imdbsent.writing.text import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imdbsent.explain.explain import Breakdown, ExplainedToken, Explanation
    from imdbsent.records import Prediction, Side


WORDS: Final = 10  # strongest words shown towards each side
SENTENCES: Final = 6  # strongest sentences shown
OPEN: Final = 20  # articles that are unfolded
SIDES: Final[tuple[Side, ...]] = ("positive", "negative")
_EXCERPT: Final = 70  # characters of a text shown while it is folded
_STYLE_SHEET: Final = Path(__file__).parent / "page.css"
_BAR: Final = 80  # units


@contextmanager
def open_page(path: Path, model: str) -> Iterator[PageWriter]:
    """Open a page. It appears after the block, when it is complete; if the block raises, nothing changes.

    Args:
        path: the file.
        model: name of the model.

    Raises:
        OutputFailed: it cannot be written.
    """
    try:
        with new_file(path) as temporary, temporary.open("wb") as stream:
            write([opening(model)], stream)
            yield PageWriter(stream)
            write([closing()], stream)
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


class PageWriter:
    """Writes explanations to a page."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def passing(self, explanations: Iterable[Explanation]) -> Iterator[Explanation]:
        """Write explanations as they pass."""
        for number, explanation in enumerate(explanations, 1):
            write([article(number, explanation)], self._stream)
            yield explanation


def opening(model: str) -> str:
    """The page before the first text.

    Args:
        model: name of the model.
    """
    title = f"Which words moved the verdict of {model}"
    key = "".join(f'<p class="key">Towards {side}: {_key(side)}</p>' for side in SIDES)
    return (
        page_start(title, _STYLE_SHEET, ("texts", "the texts"))
        + f"<header><h1><bdi>{escape(title)}</bdi></h1>"
        "<p>The network reads a text word by word. A word's number is what it adds to the logit: above 0 towards "
        "positive, below 0 towards negative. The numbers add up: the start (a mark, and in some networks padding), the "
        "words, and the bias of the last layer sum to the logit, and the sigmoid of the logit is P, the probability of "
        "positive.</p>"
        f'{key}<p class="key">Strength is relative to the other words of the text. <span class="unread">Struck '
        'out</span>: not read. <span class="rare">Slanted</span>: read like any word outside the vocabulary.</p>'
        "</header>\n"
        '<main id="texts">\n'
    )


def article(number: int, explanation: Explanation) -> str:
    """The article on one text.

    Args:
        number: of the text, from 1.
        explanation: of the text, which will be escaped.
    """
    prediction, parts = explanation.prediction, explanation.breakdown
    if parts is None or prediction.probability is None:
        content = _without_verdict(prediction)
    else:
        content = _reasons(parts, prediction.probability)
    name = f"{number}." if prediction.id is None else f"<bdi>{_escaped(str(prediction.id))}</bdi>:"
    return (
        f'<article aria-labelledby="t{number}"><details{" open" if number <= OPEN else ""}>'
        f'<summary><h2 id="t{number}">{name} {_verdict(prediction)}</h2> {_excerpt(prediction.text)}</summary>'
        f"{content}</details></article>\n"
    )


def closing() -> str:
    """The page after the last text."""
    return "</main>" + page_end()


def _key(side: Side) -> str:
    names = enumerate(("faint", "weak", "strong", "strongest"), 1)
    return " ".join(f'<span class="{side[0]}{strong}">{name}</span>' for strong, name in names)


def _verdict(prediction: Prediction) -> str:
    if prediction.label is None:
        return f"no verdict: {escape(prediction.problem or '')}"
    return f'<span class="{prediction.label}">{prediction.label}</span>, P {prediction.probability:.4f}'


def _excerpt(text: str) -> str:
    start = " ".join(text[: 2 * _EXCERPT].split())
    return f"<bdi>{escape(start[:_EXCERPT])}{'…' if len(start) > _EXCERPT else ''}</bdi>"


def _without_verdict(prediction: Prediction) -> str:
    return f'<p class="text" dir="auto">{escape(prediction.text)}</p>'


def _reasons(parts: Breakdown, probability: float) -> str:
    sides = "".join(_words(parts, side) for side in SIDES)
    return (
        f'<p class="text" dir="auto">{"".join(_colored(parts))}</p>{_sum(parts, probability)}'
        f"<figure>{running_chart(parts)}<figcaption>The sum as it grows from the first word that is read to the last; "
        f'above the dashed line it is positive.</figcaption></figure><div class="sides">{sides}</div>'
        f"{_sentences(parts)}{_remarks(parts)}"
    )


def _colored(parts: Breakdown) -> Iterator[str]:
    """The text, with an element for each word."""
    after = 0
    for token in parts.tokens:
        yield _escaped(parts.text[after : token.start])
        yield _word(parts.text[token.start : token.end], token, parts.largest)
        after = token.end
    yield _escaped(parts.text[after:])


def _word(text: str, token: ExplainedToken, largest: float) -> str:
    if token.status in ("cut", "unseen"):
        return f'<span class="unread" title="not read">{_escaped(text)}</span>'
    strong = strength(token.contribution, largest)
    kinds = [f"{'p' if token.contribution > 0 else 'n'}{strong}"] if strong else []
    kinds += ["rare"] if token.status == "rare" else []
    style = f' class="{" ".join(kinds)}"' if kinds else ""
    return f'<span{style} title="{token.contribution:+.3f}">{_escaped(text)}</span>'


def _escaped(text: str) -> str:
    """A text as HTML; browsers drop a NUL."""
    return escape(text.replace("\0", "\ufffd"))


def _sum(parts: Breakdown, probability: float) -> str:
    divided = "" if parts.temperature == 1 else f" / {parts.temperature:g}"
    terms = [
        (f"{parts.of_words:+.3f}", "the words"),
        (f"{parts.before:+.3f}", "before them"),
        (f"{parts.bias:+.3f}", "bias"),
        (f"= {parts.logit:+.3f}", "logit"),
        (f"sigmoid({parts.logit:.3f}{divided}) = {probability:.4f}", "P"),
    ]
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for value, name in terms)
    return f'<dl class="sum">{items}</dl>'


def _words(parts: Breakdown, side: Side) -> str:
    rows = [
        (parts.text[token.start : token.end], f"{token.contribution:+.3f}", _bar(token.contribution, parts.largest))
        for token in parts.strongest(side, WORDS)
    ]
    return f"<div><h3>Towards {side}</h3>{data_table(f'Towards {side}', ['word', 'adds', ''], rows)}</div>"


def _bar(contribution: float, largest: float) -> Html:
    width = abs(contribution) / largest * _BAR if largest else 0
    return Html(
        f'<svg class="bar" viewBox="0 0 {_BAR} 12" aria-hidden="true">'
        f'<rect class="{"p" if contribution > 0 else "n"}" width="{width:.1f}" height="12"/></svg>'
    )


def _sentences(parts: Breakdown) -> str:
    if len(parts.sentences) == 1:
        return ""
    items = "".join(
        f'<li><span class="{"positive" if sentence.contribution > 0 else "negative"}">{sentence.contribution:+.3f}'
        f'</span> <bdi>{escape(parts.text[sentence.start : sentence.end].strip())}</bdi></li>'
        for sentence in parts.strongest_sentences(SENTENCES)
    )
    return f'<h3>Strongest sentences</h3><ul class="sentences">{items}</ul>'


def _remarks(parts: Breakdown) -> str:
    remarks = [
        (parts.count("cut"), "", "at the start not read: the network reads the end of a long text"),
        (parts.count("unseen"), "", "not read: in no training review"),
        (parts.count("rare"), "rare ", "read like any word outside the network's vocabulary"),
    ]
    return "".join(
        f'<p class="remark">{counted(count, f"{kind}word")} {what}.</p>' for count, kind, what in remarks if count
    )


_WIDTH: Final = 720
_HEIGHT: Final = 120
_MARGIN: Final = 4  # units between the line and the edges


def running_chart(parts: Breakdown) -> str:
    """A line that starts at bias + before, moves with each word that is read, and ends at the logit; 0 is dashed.

    Args:
        parts: of a text.
    """
    read = [token.contribution for token in parts.tokens if token.status in ("known", "rare")]
    sums = list(accumulate(read, initial=parts.bias + parts.before))
    highest, lowest = max(sums), min(sums)
    top, bottom = max(0.0, highest), min(0.0, lowest)
    scale = (_HEIGHT - 2 * _MARGIN) / (top - bottom or 1.0)

    def y(value: float) -> float:
        return _MARGIN + (top - value) * scale

    step = (_WIDTH - 2 * _MARGIN) / max(1, len(read))
    line = "L".join(f"{_MARGIN + i * step:.1f} {y(value):.1f}" for i, value in enumerate(sums))
    name = (
        f"The sum from word to word: it starts at {sums[0]:+.3f}, is {highest:+.3f} at most and {lowest:+.3f} at "
        f"least, and ends at {sums[-1]:+.3f}"
    )
    return (
        f'<svg class="run" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f'<path class="zero" d="M0 {y(0):.1f}H{_WIDTH}"/><path class="line" d="M{line}"/></svg>'
    )
