"""`imdbsent predict`: is a text positive or negative?"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli._console import NoColor, Quiet, Verbose, show_messages
from imdbsent.cli._explanations import check_explaining, check_html, explain_all
from imdbsent.cli._predict_options import (
    AddressOption,
    ConcurrencyOption,
    Engine,
    EngineOption,
    NeutralOption,
    OnlyOption,
    ReverseOption,
    SortOption,
    TopOption,
    check_engine,
    neutral_of,
    selection_of,
    uncertain_of,
)
from imdbsent.cli._predict_run import target_of
from imdbsent.errors import ModelMissing, RecordsFailed, UsageProblem
from imdbsent.reading.detect import STDIN, format_of_name, parse_format
from imdbsent.reading.inputs import Inputs, names_a_table
from imdbsent.reading.tables import TEXT_COLUMN, Columns
from imdbsent.wording import counted
from imdbsent.writing.text import Format  # noqa: TC001 (Typer reads annotations)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from imdbsent.classify.classifier import Classifier
    from imdbsent.cli._predict_run import Tally

logger = logging.getLogger(__name__)

_HOW_LONG = {"flagship": "minutes on a GPU, a day without"}


def predict(
    context: typer.Context,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...",
            help="Texts; '-' reads standard input, and a name as FILE.csv is read where there is such a file.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            "-f",
            metavar="PATH",
            help="Read a file: .csv, .tsv, .jsonl, .parquet, any other a text a line, each also with .gz or .zst "
            "behind it. May be repeated.",
        ),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            "--input-format",
            metavar="FORMAT",
            help="What files and standard input are, whatever their names: txt, csv, tsv, jsonl or parquet, with .gz "
            "or .zst behind it or not.",
        ),
    ] = None,
    text_column: Annotated[
        str | None, typer.Option("--text-column", metavar="NAME", help="Column with the text. Left out: text.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option("--id-column", metavar="NAME", help="Column that tells records apart; it must not repeat."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="NAME", help="Carry a column through to the results. May be repeated."),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Go on past a row that breaks its format; it gets a row with the reason."),
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="A file, or standard input, is one text.")] = False,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME|PATH", help="The model, by name or by its folder."),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Left out: what the name of -o ends in, else a table on a terminal and for TEXT arguments, TSV into "
            "a pipe.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to a file, which has its name only once it is whole; .gz or .zst behind it compresses it. With "
            "--engine ray: a folder, which may be an address as s3://bucket/verdicts.",
        ),
    ] = None,
    safe_csv: Annotated[
        bool,
        typer.Option("--safe-csv", help="CSV and TSV for spreadsheets: an apostrophe before what they would compute."),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Positive from this probability on. Left out: the model's own."),
    ] = None,
    neutral: NeutralOption = None,
    only: OnlyOption = None,
    sort: SortOption = None,
    reverse: ReverseOption = False,
    top: TopOption = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Texts a run of the network; it moves the speed only.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=1024, help="Cores to use. Left out: all that this process may use. It moves the speed only."
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where a run that was making the file of -o was stopped, or killed."),
    ] = False,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
    concurrency: ConcurrencyOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which words moved the verdict, and how far. 'jsonl' has every word.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="PATH", help="With --explain: write a page of it, too; for any browser."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 5 when a text got no verdict.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Tell whether texts are positive or negative.

    imdbsent predict "great movie"

    imdbsent predict --file reviews.txt --format csv > verdicts.csv

    imdbsent predict --file reviews.parquet --id-column id --keep stars -o verdicts.parquet --resume

    cat reviews.txt | imdbsent predict - | cut -f1 | sort | uniq -c

    imdbsent predict --file reviews.csv --neutral 0.4:0.6 --only negative --sort confidence --top 20

    imdbsent predict 'reviews/*.parquet' --engine ray --text-column body -o verdicts/

    imdbsent predict --explain "not a great movie" --html why.html

    imdbsent predict -- "-- and then it got worse"
    """
    texts, files = texts or [], file or []
    if not texts and not files:
        if sys.stdin is None or sys.stdin.isatty():
            typer.echo(context.get_help())
            return
        texts = [STDIN]
    check_engine(
        engine,
        {"--address": address, "--concurrency": concurrency},
        {"--whole": whole, "--only": only, "--sort": sort, "--top": top, "--reverse": reverse, "--explain": explain,
         "--html": html, "--resume": resume, "--workers": workers},
    )  # fmt: skip
    check_html(html, explain=explain)
    bounds = neutral_of(neutral, threshold)
    selection = selection_of(only, sort, top, reverse=reverse, resume=resume)
    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    if engine is Engine.RAY:
        from imdbsent.cli._predict_run import Request, predict_on_ray

        request = Request(
            [*texts, *files], output, output_format, input_format, text_column, id_column, tuple(keep or ()), skip_bad,
            threshold, bounds, batch_size, address, concurrency,
        )  # fmt: skip
        tally = predict_on_ray(request, lambda: _load(model, 1, console).bundle, console)
        _report(tally, tally.summary(has_neutral=bounds is not None), output, strict=strict)
        return
    columns = None
    if text_column is not None or id_column is not None or keep:
        columns = Columns(text_column or TEXT_COLUMN, id_column, tuple(keep or ()))
    inputs = Inputs(
        texts,
        files,
        columns,
        file_format=None if input_format is None else parse_format(input_format),
        whole=whole,
        skip_bad=skip_bad,
    )
    is_typed = _is_typed(texts, files)
    path = None if output is None else Path(output)
    target = target_of(
        inputs,
        path,
        output_format,
        explain=explain,
        is_partial=selection.is_partial,
        safe_csv=safe_csv,
        no_color=no_color,
    )
    check_explaining(explain=explain, resume=resume)
    if resume and not target.is_resumable:
        raise UsageProblem("--resume goes on with a file. Type: -o FILE with it, as -o verdicts.csv")
    _hint_at_files(texts)
    classifier = _load(model, workers, console)
    from imdbsent.cli._predict_run import Work, answer
    from imdbsent.cli._progress import RecordsBar

    uncertain = uncertain_of(classifier.bundle.card, threshold, bounds)
    selection = replace(selection, uncertain=uncertain)
    is_hidden = quiet or is_typed or not inputs.are_bulk or target.is_on_terminal
    with RecordsBar(console, inputs.meter, is_hidden=is_hidden) as bar:
        work = Work(classifier, inputs, target, threshold, bounds, batch_size, selection, is_typed, bar)
        if explain:
            explain_all(work, html, no_color=no_color)
        else:
            answer(work, resume=resume, no_color=no_color)
    summary = None
    if inputs.are_bulk or selection.is_partial:
        summary = work.tally.summary(has_neutral=bounds is not None, is_partial=selection.is_partial)
    _report(work.tally, summary, target.path, strict=strict)


def _report(tally: Tally, summary: str | None, path: Path | str | None, *, strict: bool) -> None:
    """Say what came of it.

    Raises:
        RecordsFailed: some texts got no verdict, and that is to be a failure.
    """
    if summary is not None:
        logger.info(summary)
    if path is not None:
        logger.info(f"wrote {counted(tally.shown, 'row')} to {path}")
    if warning := tally.warning():
        logger.info(warning)
    if strict and tally.failed:
        raise RecordsFailed(tally.failed, tally.total)


def _load(model: str | None, workers: int | None, console: Console) -> Classifier:
    """Load the model; where there is none but it can be trained, offer that on a terminal."""
    import imdbsent
    from imdbsent.cli._progress import DownloadBar

    try:
        return imdbsent.load(model, threads=workers, progress=DownloadBar(console))
    except ModelMissing as error:
        if not error.trainable or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        how_long = _HOW_LONG.get(error.name, "about a quarter of an hour")
        question = f"There is no model {error.name!r}. Train it now ({how_long})?"
        if not typer.confirm(question, err=True):
            raise
        from imdbsent.cli._training import train_model
        from imdbsent.training.recipes import RECIPES

        train_model(RECIPES[error.name], name=error.name, console=console)
        return imdbsent.load(model, threads=workers)


def _hint_at_files(texts: Iterable[str]) -> None:
    for text in texts:
        if text == STDIN or names_a_table(text):
            continue
        if _is_file(text):
            logger.info(f"'{text}' is taken as a text; to read the file: imdbsent predict --file '{text}'")
        elif format_of_name(text) is not None and " " not in text:
            logger.info(f"'{text}' is taken as a text; there is no such file")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


def _is_typed(texts: list[str], files: list[str]) -> bool:
    """Whether a person types the texts, and wants to see each verdict at once."""
    return STDIN in [*texts, *files] and sys.stdin is not None and sys.stdin.isatty()
