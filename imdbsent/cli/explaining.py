"""`imdbsent predict --explain`: which words moved the verdict, on the terminal, as JSON, and as a page."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

from imdbsent.cli.console import stdout_console
from imdbsent.cli.pages import check_place, new_page
from imdbsent.errors import UsageProblem
from imdbsent.records import Record
from imdbsent.records.inputs import UntilError
from imdbsent.records.output import open_output
from imdbsent.records.writing import Format, output_errors, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from rich.console import Console

    from imdbsent.cli.answering import Work
    from imdbsent.cli.target import Target
    from imdbsent.explanation.explain import Explanation
    from imdbsent.records import Prediction


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


def explain_all(work: Work, html: Path | None, *, no_color: bool, note: Callable[[str], None]) -> None:
    """Explain what a run reads, and write it where results go, and to a page.

    Args:
        work: what is to be done; one explanation is held at a time.
        html: where the page goes, if there is to be one.
        no_color: whether the terminal has no colour.
        note: is told, in one line, where the page went.

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
    note(f"the page is in {html}")


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
    from imdbsent.classifier import windows
    from imdbsent.explanation.explain import WINDOW, Explainer

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
    from imdbsent.explanation.page import article, closing, opening

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
    from imdbsent.explanation.writing import explanation_layout

    layout = explanation_layout(target.format, target.columns)
    with open_output(target.path, target.format, target.columns, layout=layout) as writer:
        writer.write(explanations)
        records.raise_error()


def _print(explanations: Iterable[Explanation], console: Console) -> None:
    from imdbsent.cli.explanation_view import explanation_view

    for number, explanation in enumerate(explanations):
        with output_errors():
            if number:
                console.rule(style="dim")
            console.print(explanation_view(explanation, console))
