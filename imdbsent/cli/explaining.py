"""`imdbsent predict --explain`: which words moved the verdict, on the terminal, as JSON, and as a page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imdbsent.cli.console import stdout_console
from imdbsent.cli.pages import check_place, new_page
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import Format, output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from imdbsent.classifier import Classifier
    from imdbsent.cli.console import Notes
    from imdbsent.explanation.explain import Explainer, Explanation

_FORMATS = (None, Format.TABLE, Format.JSONL, Format.JSON)


def check_options(*, explain: bool, html: Path | None, output_format: Format | None) -> None:
    """Check the options of an explanation, before any work is done.

    Raises:
        UsageProblem: they do not go together, or the page cannot be written there.
    """
    if html is not None and not explain:
        raise UsageProblem("--html is a page of explanations. Type: imdbsent predict --explain --html PATH TEXT")
    if explain and output_format not in _FORMATS:
        raise UsageProblem(
            f"--format {output_format.value} has a row a text, and no room for its words. "
            "Type: imdbsent predict --explain --format jsonl TEXT"
        )
    if html is not None:
        check_place(html)


def explainer(classifier: Classifier) -> Explainer:
    """What explains the verdicts of a classifier.

    Raises:
        ModelUnexplainable: its network does not show what they are made of.
    """
    from imdbsent.explanation.explain import Explainer

    return Explainer(classifier)


def show_explanations(
    explanations: Iterable[Explanation],
    model: str,
    output_format: Format | None,
    html: Path | None,
    notes: Notes,
    *,
    is_bulk: bool,
    no_color: bool,
) -> None:
    """Write explanations to standard output, and to a page.

    Args:
        explanations: in order; one is held at a time.
        model: name of the model, for the page.
        output_format: None for the terminal's, but for JSONL where many go into a pipe.
        html: where the page goes, if there is to be one.
        notes: is told where it went.
        is_bulk: whether there may be many.
        no_color: whether the terminal has no colour.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    if html is None:
        _show(explanations, output_format, is_bulk=is_bulk, no_color=no_color)
        return
    with new_page(html) as stream:
        _show(_onto_page(explanations, model, stream), output_format, is_bulk=is_bulk, no_color=no_color)
    notes(f"the page is in {html}")


def _onto_page(explanations: Iterable[Explanation], model: str, stream: BinaryIO) -> Iterator[Explanation]:
    """Pass explanations on, each written to the page."""
    from imdbsent.explanation.page import article, closing, opening

    write([opening(model)], stream)
    for number, explanation in enumerate(explanations, 1):
        write([article(number, explanation)], stream)
        yield explanation
    write([closing()], stream)


def _show(
    explanations: Iterable[Explanation], output_format: Format | None, *, is_bulk: bool, no_color: bool
) -> None:
    console = stdout_console(no_color=no_color)
    chosen = output_format or (Format.TABLE if console.is_terminal or not is_bulk else Format.JSONL)
    if chosen is not Format.TABLE:
        from imdbsent.explanation.writing import FORMATTERS

        write(FORMATTERS[chosen](explanations), sys.stdout.buffer)
        return
    from imdbsent.cli.explanation_view import explanation_view

    for number, explanation in enumerate(explanations):
        with output_errors():
            if number:
                console.rule(style="dim")
            console.print(explanation_view(explanation, console))
