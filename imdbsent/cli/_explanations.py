"""`imdbsent predict --explain`: which words moved the verdict, on the terminal, as JSON, and as a page.

An explanation on the terminal: the text with its words coloured, the strongest words and sentences, the sum.
"""

from __future__ import annotations

import logging
from contextlib import closing
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from imdbsent.cli._console import check_place, new_page, stdout_console
from imdbsent.cli._predictions import LABEL_STYLES
from imdbsent.cli._streams import visible
from imdbsent.errors import UsageProblem
from imdbsent.explain.explain import strength
from imdbsent.reading.inputs import UntilError
from imdbsent.records import Record
from imdbsent.writing.output import open_output
from imdbsent.writing.text import Format, output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from rich.console import Console, RenderableType

    from imdbsent.cli._predict_run import Target, Work
    from imdbsent.explain.explain import Breakdown, ExplainedToken, Explanation
    from imdbsent.records import Prediction

logger = logging.getLogger(__name__)


WORDS: Final = 8  # strongest words shown towards each side
SENTENCES: Final = 4  # strongest sentences shown

_BAR: Final = 8  # cells
_NUMBER: Final = 7  # cells of a contribution
_WORD: Final = 30  # cells of a word
_FOR: Final = ("", "green", "bold green", "reverse green", "bold reverse green")
_AGAINST: Final = ("", "red", "bold underline red", "reverse underline red", "bold reverse underline red")
"""Styles by strength: the terminal's own colours, which suit a dark and a light one; without them the rest says it."""
_UNREAD: Final = "dim strike"


def explanation_view(explanation: Explanation, console: Console) -> RenderableType:
    """An explanation as wide as the console."""
    parts = explanation.breakdown
    ascii_only = console.options.ascii_only
    if parts is None:
        prediction = explanation.prediction
        return Text.assemble(_identifier(prediction), (f"[{prediction.problem}] ", "yellow"), visible(prediction.text))
    blocks: list[RenderableType] = [coloured_text(parts), Text(), _verdict(explanation), sum_table(parts)]
    blocks += [Text(), _words(parts, ascii_only=ascii_only)]
    if len(parts.sentences) > 1:
        blocks += [Text(), _sentences(parts, console.width, ascii_only=ascii_only)]
    blocks += [Text(line, style="dim") for line in _remarks(parts)]
    return Group(*blocks)


def coloured_text(parts: Breakdown) -> Text:
    """The text as it was written, each word in the colour of what it added; what was not read is struck out."""
    text = Text()
    after = 0
    for token in parts.tokens:
        text.append(_shown(parts.text[after : token.start]))
        text.append(_shown(parts.text[token.start : token.end]), style=_style(token, parts.largest))
        after = token.end
    return text.append(_shown(parts.text[after:]))


def sum_table(parts: Breakdown) -> Table:
    """How the probability comes about, a term a line."""
    divided = "" if parts.temperature == 1 else f" / {parts.temperature:g}"
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_row("", _number(parts.of_words), "the words")
    table.add_row("", _number(parts.before), "what stands before them")
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
    room = max(1, width - _NUMBER - _BAR - 4)  # two blanks between columns
    for sentence in ranked:
        # Of a long sentence no more is laid out than can be seen.
        shown = Text(" ".join(visible(parts.text[sentence.start : sentence.end][: 2 * width]).split()))
        shown.truncate(room, overflow="ellipsis")
        table.add_row(
            _number(sentence.contribution), _bar(sentence.contribution, largest, ascii_only=ascii_only), shown
        )
    return table


def _remarks(parts: Breakdown) -> list[str]:
    """What a reader of the colours must know of this text."""
    cut, unseen, rare = (parts.count(status) for status in ("cut", "unseen", "rare"))
    return [
        *([""] if cut or unseen or rare else []),
        *([f"{cut:,} at the start not read, and struck out: the network reads the end of a long text"] if cut else []),
        *([f"{unseen:,} not read, and struck out: no training review holds them"] if unseen else []),
        *([f"{rare:,} read as [OOV]: they are not in the network's vocabulary"] if rare else []),
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


def _shown(piece: str) -> str:
    """A piece of text that cannot steer the terminal, with its lines."""
    return "\n".join(map(visible, piece.split("\n")))


def check_html(html: Path | None, *, explain: bool) -> None:
    """Check that a page is asked for where it can be made, before any work is done.

    Raises:
        UsageProblem: there are no explanations to be on it, or it cannot be written there.
    """
    if html is None:
        return
    if not explain:
        raise UsageProblem("--html is a page of explanations. Type: imdbsent predict --explain --html PATH TEXT")
    check_place(html)


def check_explaining(*, explain: bool, resume: bool) -> None:
    """Check that explanations are not to go on with a file, before any work is done.

    Raises:
        UsageProblem: they are.
    """
    if explain and resume:
        raise UsageProblem("--resume goes on with verdicts, not with explanations. Type the same without --resume")


def explain_all(work: Work, html: Path | None, *, no_color: bool) -> None:
    """Explain what a run reads, and write it where results go, and to a page.

    Args:
        work: what is to be done; one explanation is held at a time.
        html: where the page goes, if there is to be one.
        no_color: whether the terminal has no colour.

    Raises:
        ModelUnexplainable: the network does not show what its verdicts are made of.
        ImdbsentError: of many kinds; what came before an error in the records is out, but on no page.
    """
    records = UntilError(work.inputs.records())
    explanations = _explanations(work, records)
    if html is None:
        _show(explanations, records, work.target, no_color=no_color)
        return
    with new_page(html) as stream:
        paged = _onto_page(explanations, work.classifier.bundle.card.name, stream)
        _show(paged, records, work.target, no_color=no_color)
    logger.info(f"the page is in {html}")


def _explanations(work: Work, records: Iterable[Record]) -> Iterator[Explanation]:
    """The explanations of records, counted; where not all are shown, of those that are."""
    if work.selection.is_partial:
        with closing(work.answers(work.windows(records))) as answers:
            chosen = work.shown(chain.from_iterable(answers))
            yield from _explained(work, (_again(prediction, work.target) for prediction in chosen))
        return
    for explanation in _explained(work, _read(work, records)):
        work.tally.add([explanation.prediction])
        work.bar.has_answered(1)
        work.tally.shown += 1
        yield explanation


def _explained(work: Work, records: Iterable[Record]) -> Iterator[Explanation]:
    from imdbsent.classify.classifier import windows
    from imdbsent.explain.explain import WINDOW, Explainer

    explainer = Explainer(work.classifier)
    for window in windows(records, 1 if work.is_typed else WINDOW):
        yield from explainer.explain_window(
            window, threshold=work.threshold, neutral=work.neutral, batch_size=work.batch_size
        )


def _read(work: Work, records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        work.bar.has_read(1)
        yield record


def _again(prediction: Prediction, target: Target) -> Record:
    """The record of a prediction that is shown; on the terminal and on a page it is called by its place."""
    identifier = f"record {prediction.kept[0]:,}" if target.is_numbered else prediction.id
    return Record(prediction.text, prediction.problem, identifier, prediction.number, prediction.kept)


def _onto_page(explanations: Iterable[Explanation], model: str, stream: BinaryIO) -> Iterator[Explanation]:
    """Pass explanations on, each written to the page."""
    from imdbsent.explain.page import article, closing, opening

    write([opening(model)], stream)
    for number, explanation in enumerate(explanations, 1):
        write([article(number, explanation)], stream)
        yield explanation
    write([closing()], stream)


def _show(explanations: Iterable[Explanation], records: UntilError, target: Target, *, no_color: bool) -> None:
    if target.format is Format.TABLE:
        _print(explanations, stdout_console(no_color=no_color))
        records.raise_error()
        return
    from imdbsent.explain.layout import explanation_layout

    layout = explanation_layout(target.format, target.columns)
    with open_output(target.path, target.format, target.columns, layout=layout) as writer:
        writer.write(explanations)
        records.raise_error()


def _print(explanations: Iterable[Explanation], console: Console) -> None:

    for number, explanation in enumerate(explanations):
        with output_errors():
            if number:
                console.rule(style="dim")
            console.print(explanation_view(explanation, console))
