"""`imdbsent stats`: what is in the reviews, in figures."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import Data, NoColor, Notes, Quiet, stderr_console, stdout_console
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from imdbsent.dataset.statistics import SplitStatistics


class Split(str, Enum):
    """The labelled splits of the IMDB reviews."""

    ALL = "all"
    TRAIN = "train"
    TEST = "test"


class Layout(str, Enum):
    """The formats of figures."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def stats(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="Your own texts: .csv, .tsv, .jsonl or .parquet with the columns text and label (which may be "
            "missing), or .txt, a text a line, also with .gz or .zst behind it; '-' reads standard input. "
            "Left out: the IMDB reviews.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[Split, typer.Option("--split", help="Which of the IMDB reviews.")] = Split.ALL,
    num_words: Annotated[
        int, typer.Option("--num-words", min=5, max=10_000_000, help="Ids from this one on are out of the vocabulary.")
    ] = 10_000,
    top: Annotated[int, typer.Option("--top", min=0, max=1_000, help="Words a list.")] = 10,
    output_format: Annotated[Layout, typer.Option("--format", help="How to write the figures.")] = Layout.TABLE,
    data: Data = None,
    text_column: Annotated[str, typer.Option("--text-column", help="Column of FILE that holds the text.")] = "text",
    label_column: Annotated[
        str | None,
        typer.Option("--label-column", help="Column of FILE that holds the class. Left out: label, if there."),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Count anew, and compare with the figures that came with imdbsent."),
    ] = False,
    export_figures: Annotated[
        Path | None,
        typer.Option("--export-figures", metavar="PATH", hidden=True, help="Write the figures that imdbsent ships."),
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show what is in the reviews: classes, words, lengths, stars, titles, and the words that tell classes apart.

    imdbsent stats --num-words 10000

    imdbsent stats --split train --format csv | grep ^reviews_of_stars

    imdbsent stats --format json | jq .lengths.mean

    imdbsent stats my-texts.csv --text-column review --label-column sentiment
    """
    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    if file is not None:
        _check_file_options(split, data, recompute or export_figures is not None)
    if export_figures is not None:
        _export_figures(export_figures, data, notes)
        return
    statistics = _statistics(
        file, split, num_words, top, data, text_column, label_column, recompute=recompute, notes=notes
    )
    _show(statistics, output_format, no_color=no_color)


def _check_file_options(split: Split, data: Path | None, is_about_reviews: bool) -> None:
    for option, is_given in (
        (f"--split {split.value}", split is not Split.ALL),
        ("--data", data is not None),
        ("--recompute", is_about_reviews),
    ):
        if is_given:
            raise UsageProblem(f"{option} is about the IMDB reviews, not about FILE. Type one of the two")


def _statistics(
    file: str | None,
    split: Split,
    num_words: int,
    top: int,
    data: Path | None,
    text_column: str,
    label_column: str | None,
    *,
    recompute: bool,
    notes: Notes,
) -> SplitStatistics:
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.dataset import describe

    question = describe.Question(split.value, num_words, top)
    if file is not None:
        return describe.describe_file(file, question, text_column, label_column)
    answer = describe.recompute if recompute else describe.describe_reviews
    return answer(question, data, notes, None if notes.quiet else DownloadBar(notes.console))


def _show(statistics: SplitStatistics, layout: Layout, *, no_color: bool) -> None:
    """Write statistics to standard output.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    if layout is Layout.TABLE:
        from imdbsent.cli.stats_tables import statistics_page

        console = stdout_console(no_color=no_color)
        with output_errors():
            console.print(statistics_page(statistics, console.width, ascii_only=console.options.ascii_only))
        return
    from imdbsent.dataset.statistics_writing import as_csv, as_json

    write((as_json if layout is Layout.JSON else as_csv)(statistics), sys.stdout.buffer)


def _export_figures(path: Path, data: Path | None, notes: Notes) -> None:
    from imdbsent.dataset.describe import figures_to_ship
    from imdbsent.dataset.figures import to_json

    text = to_json(figures_to_ship(data, notes))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error
