"""An explanation on the terminal: the text with its words colored, the strongest words and sentences, and the sum."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from imdbsent.cli._console import LABEL_STYLES
from imdbsent.cli._streams import visible
from imdbsent.errors import counted
from imdbsent.explain.explain import strength
from imdbsent.writing.text import output_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from imdbsent.explain.explain import Breakdown, ExplainedToken, Explanation
    from imdbsent.records import Prediction


WORDS: Final = 8  # strongest words towards each side
SENTENCES: Final = 4  # strongest sentences

_BAR: Final = 8  # cells
_NUMBER: Final = 7  # cells of a contribution
_WORD: Final = 30  # cells of a word
_FOR: Final = ("", "green", "bold green", "reverse green", "bold reverse green")
_AGAINST: Final = ("", "red", "bold underline red", "reverse underline red", "bold reverse underline red")
"""Styles by strength, in the terminal's own colors, which suit dark and light ones, and readable without colors."""
_UNREAD: Final = "dim strike"


class ExplanationWriter:
    """Prints explanations.

    Args:
        console: where they go.
    """

    def __init__(self, console: Console) -> None:
        self.written = 0
        self._console = console

    def write(self, explanations: Iterable[Explanation]) -> None:
        """Print explanations, with a rule between them.

        Raises:
            OutputClosed: the reader is gone.
            OutputFailed: the system refuses.
        """
        for explanation in explanations:
            with output_errors():
                if self.written:
                    self._console.rule(style="dim")
                self._console.print(explanation_view(explanation, self._console))
            self.written += 1

    def flush(self) -> None:
        """Let what was printed be seen."""
        with output_errors():
            self._console.file.flush()

    def close(self) -> None:
        """Nothing to finish."""


def explanation_view(explanation: Explanation, console: Console) -> RenderableType:
    """An explanation that fits the width of the console."""
    parts = explanation.breakdown
    ascii_only = console.options.ascii_only
    if parts is None:
        prediction = explanation.prediction
        return Text.assemble(_identifier(prediction), (f"[{prediction.problem}] ", "yellow"), visible(prediction.text))
    blocks: list[RenderableType] = [colored_text(parts), Text(), _verdict(explanation), sum_table(parts)]
    blocks += [Text(), _words(parts, ascii_only=ascii_only)]
    if len(parts.sentences) > 1:
        blocks += [Text(), _sentences(parts, console.width, ascii_only=ascii_only)]
    blocks += [Text(line, style="dim") for line in _remarks(parts)]
    return Group(*blocks)


def colored_text(parts: Breakdown) -> Text:
    """The text as it was written, each word colored by its contribution; words that were not read are struck out."""
    text = Text()
    after = 0
    for token in parts.tokens:
        text.append(_visible_lines(parts.text[after : token.start]))
        text.append(_visible_lines(parts.text[token.start : token.end]), style=_style(token, parts.largest))
        after = token.end
    return text.append(_visible_lines(parts.text[after:]))


def sum_table(parts: Breakdown) -> Table:
    """How the probability is computed, one term per line."""
    divided = "" if parts.temperature == 1 else f" / {parts.temperature:g}"
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_row("", _number(parts.of_words), "the words")
    table.add_row("", _number(parts.before), "the start")
    table.add_row("", _number(parts.bias), "the bias")
    table.add_row("=", _number(parts.logit), f"the logit; P = sigmoid({parts.logit:.3f}{divided})")
    return table


def _verdict(explanation: Explanation) -> Text:
    prediction = explanation.prediction
    label = prediction.label or ""
    verdict = (label, f"bold {LABEL_STYLES[label]}")
    return Text.assemble(_identifier(prediction), verdict, f"  P(positive) {prediction.probability:.4f}")


def _identifier(prediction: Prediction) -> str:
    return "" if prediction.id is None else f"{visible(str(prediction.id))}: "


def _words(parts: Breakdown, *, ascii_only: bool) -> Table:
    """The strongest words towards either side, side by side."""
    sides = [parts.strongest("positive", WORDS), parts.strongest("negative", WORDS)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("towards positive", "towards negative"):
        table.add_column("adds", justify="right", min_width=_NUMBER)
        table.add_column("", width=_BAR)
        table.add_column(heading, no_wrap=True, overflow="ellipsis", min_width=len(heading), max_width=_WORD)
    for tokens in zip_longest(*sides):
        table.add_row(*(cell for token in tokens for cell in _word_cells(parts, token, ascii_only=ascii_only)))
    return table


def _word_cells(parts: Breakdown, token: ExplainedToken | None, *, ascii_only: bool) -> tuple[Text, Text, Text]:
    if token is None:
        return Text(), Text(), Text()
    word = Text(visible(parts.text[token.start : token.end]))
    return _number(token.contribution), _bar(token.contribution, parts.largest, ascii_only=ascii_only), word


def _sentences(parts: Breakdown, width: int, *, ascii_only: bool) -> Table:
    """The strongest sentences."""
    ranked = parts.strongest_sentences(SENTENCES)
    largest = abs(ranked[0].contribution)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("adds", justify="right", min_width=_NUMBER)
    table.add_column("", width=_BAR)
    table.add_column("strongest sentences", no_wrap=True, overflow="ellipsis")
    available = max(1, width - _NUMBER - _BAR - 4)  # two blanks between columns
    for sentence in ranked:
        # Lay out no more of a long sentence than fits.
        excerpt = Text(" ".join(visible(parts.text[sentence.start : sentence.end][: 2 * width]).split()))
        excerpt.truncate(available, overflow="ellipsis")
        table.add_row(
            _number(sentence.contribution), _bar(sentence.contribution, largest, ascii_only=ascii_only), excerpt
        )
    return table


def _remarks(parts: Breakdown) -> list[str]:
    """What a reader of the colors must know about this text."""
    cut, unseen, rare = (parts.count(status) for status in ("cut", "unseen", "rare"))
    return [
        *([""] if cut or unseen or rare else []),
        *([f"{counted(cut, 'word')} at the start not read: the network reads the end of a long text"] if cut else []),
        *([f"{counted(unseen, 'word')} not read, and struck out: in no training review"] if unseen else []),
        *([f"{counted(rare, 'word')} read as [OOV]: not in the network's vocabulary"] if rare else []),
    ]


def _style(token: ExplainedToken, strongest: float) -> str:
    if token.status in ("cut", "unseen"):
        return _UNREAD
    return (_FOR if token.contribution > 0 else _AGAINST)[strength(token.contribution, strongest)]


def _number(contribution: float) -> Text:
    return Text(f"{contribution:+.3f}", style=_side(contribution))


def _side(contribution: float) -> str:
    return "green" if contribution > 0 else "red" if contribution < 0 else ""


def _bar(contribution: float, largest: float, *, ascii_only: bool) -> Text:
    filled = round(abs(contribution) / largest * _BAR) if largest else 0
    return Text(("#" if ascii_only else "█") * filled, style=_side(contribution))


def _visible_lines(text: str) -> str:
    """A text that cannot control the terminal, with its line breaks."""
    return "\n".join(map(visible, text.split("\n")))
