"""`imdbsent predict --explain`: which words moved the verdict, on the terminal, as JSON, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.cli.console import stdout_console
from imdbsent.cli.pages import check_place, new_page
from imdbsent.errors import UsageProblem
from imdbsent.records.output import open_output
from imdbsent.records.writing import Format, output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from rich.console import Console

    from imdbsent.classifier import Classifier
    from imdbsent.cli.console import Notes
    from imdbsent.cli.target import Target
    from imdbsent.explanation.explain import Explainer, Explanation
    from imdbsent.records.inputs import UntilError

_FORMATS: Final = (Format.TABLE, Format.JSONL, Format.JSON)


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


def piped_format(*, explain: bool) -> Format:
    """The format of many results into a pipe."""
    return Format.JSONL if explain else Format.TSV


def check_explaining(target: Target, *, explain: bool) -> None:
    """Check that the format of the results can hold explanations, if there are to be any.

    Raises:
        UsageProblem: it cannot.
    """
    if explain and target.format not in _FORMATS:
        raise UsageProblem(
            f"{target.format.value} has a row a text, and no room for its words. "
            "Type: imdbsent predict --explain --format jsonl TEXT"
        )


def explainer_of(classifier: Classifier) -> Explainer:
    """What explains the verdicts of a classifier.

    Raises:
        ModelUnexplainable: its network does not show what they are made of.
    """
    from imdbsent.explanation.explain import Explainer

    return Explainer(classifier)


def show_explanations(
    explanations: Iterable[Explanation],
    records: UntilError,
    target: Target,
    html: Path | None,
    model: str,
    notes: Notes,
    *,
    no_color: bool,
) -> None:
    """Write explanations where results go, and to a page.

    Args:
        explanations: in order; one is held at a time.
        records: what they explain.
        target: where they go, and how.
        html: where the page goes, if there is to be one.
        model: name of the model, for the page.
        notes: is told where the page went.
        no_color: whether the terminal has no colour.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
        ImdbsentError: the error that ended the records; what is before it is out, but on no page.
    """
    if html is None:
        _show(explanations, records, target, no_color=no_color)
        return
    with new_page(html) as stream:
        _show(_onto_page(explanations, model, stream), records, target, no_color=no_color)
    notes(f"the page is in {html}")


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
