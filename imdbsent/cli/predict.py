"""`imdbsent predict`: is a text positive or negative?"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from imdbsent.classify.options import Only, PredictOptions, SortKey, parse_neutral
from imdbsent.cli._console import NoColor, Quiet, Verbose, check_place, show_messages
from imdbsent.errors import RecordsFailed
from imdbsent.option_fields import EngineName
from imdbsent.predict_job import PredictJob, run_predict
from imdbsent.reading.detect import STDIN
from imdbsent.reading.options import ReadOptions
from imdbsent.writing.text import Format  # noqa: TC001 (Typer reads annotations)

_input = partial(typer.Option, rich_help_panel="Input")
_output = partial(typer.Option, rich_help_panel="Output")
_model = partial(typer.Option, rich_help_panel="Model")
_speed = partial(typer.Option, rich_help_panel="Speed")
_cluster = partial(typer.Option, rich_help_panel="Cluster")


def predict(
    context: typer.Context,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...",
            help="Texts; '-' reads standard input, the name of an existing FILE.csv reads it.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[list[str] | None, _input("--file", "-f", metavar="PATH", help="File to read; repeatable.")] = None,
    input_format: Annotated[
        str | None,
        _input(
            "--input-format",
            metavar="FORMAT",
            help="txt, csv, tsv, jsonl or parquet, also .gz or .zst. Default: by file name.",
        ),
    ] = None,
    text_column: Annotated[
        str | None, _input("--text-column", metavar="NAME", help="Column with the text. Default: text.")
    ] = None,
    id_column: Annotated[
        str | None, _input("--id-column", metavar="NAME", help="Column with a unique id for each record.")
    ] = None,
    keep: Annotated[
        list[str] | None, _input("--keep", metavar="NAME", help="Column to copy to the results; repeatable.")
    ] = None,
    skip_bad: Annotated[
        bool, _input("--skip-bad", help="Report a malformed row in the results instead of stopping.")
    ] = False,
    whole: Annotated[bool, _input("--whole", help="Treat each file as one text.")] = False,
    output: Annotated[
        str | None,
        _output(
            "--output",
            "-o",
            metavar="FILE",
            help="File, appears only when complete. With Ray: folder or address.",
        ),
    ] = None,
    output_format: Annotated[
        Format | None, _output("--format", help="Default: by name of FILE; table; TSV in a pipe.")
    ] = None,
    safe_csv: Annotated[
        bool, _output("--safe-csv", help="Escape spreadsheet formulas with a leading apostrophe.")
    ] = False,
    only: Annotated[Only | None, _output("--only", help="Show only these.")] = None,
    sort: Annotated[SortKey | None, _output("--sort", help="Sort by, largest first.")] = None,
    reverse: Annotated[bool, _output("--reverse", help="Sort smallest first.")] = False,
    top: Annotated[
        int | None, _output("--top", metavar="N", min=1, help="Show only the first N; requires --sort.")
    ] = None,
    explain: Annotated[bool, _output("--explain", help="Show which words moved the verdict, and how far.")] = False,
    html: Annotated[
        Path | None, _output("--html", metavar="PATH", help="Also write the explanations to a page.")
    ] = None,
    resume: Annotated[bool, _output("--resume", help="Resume the stopped run that was writing the file.")] = False,
    strict: Annotated[bool, _output("--strict", help="Exit with code 5 if a text has no verdict.")] = False,
    model: Annotated[str | None, _model("--model", "-m", metavar="NAME|PATH", help="Model, by name or folder.")] = None,
    threshold: Annotated[
        float | None,
        _model(metavar="P", min=0, max=1, help="Lowest probability of 'positive'. Default: the model's own."),
    ] = None,
    neutral: Annotated[
        str | None,
        _model("--neutral", metavar="LOW:HIGH", help="Range of a third label, 'neutral', for example 0.4:0.6."),
    ] = None,
    batch_size: Annotated[
        int | None, _speed(metavar="N", min=1, max=4096, help="Batch size; affects speed only.")
    ] = None,
    workers: Annotated[
        int | None, _speed(metavar="N", min=1, max=1024, help="Cores to use; affects speed only. Default: all.")
    ] = None,
    engine: Annotated[
        EngineName, _cluster("--engine", show_default=False, help="Run locally or on a Ray cluster.")
    ] = EngineName.LOCAL,
    address: Annotated[
        str | None,
        _cluster("--address", metavar="HOST:PORT|auto", help="Ray cluster. Default: RAY_ADDRESS, else this machine."),
    ] = None,
    concurrency: Annotated[
        int | None, _cluster("--concurrency", metavar="N", min=1, help="Ray processes. Default: one per core.")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Tell whether texts are positive or negative.

    imdbsent predict "great movie"

    imdbsent predict --file reviews.csv --keep id --only negative --sort confidence -o worst.csv

    cat reviews.txt | imdbsent predict - | cut -f1 | sort | uniq -c
    """
    if not texts and not file:
        if sys.stdin is None or sys.stdin.isatty():
            typer.echo(context.get_help())
            return
        texts = [STDIN]
    job = PredictJob(
        texts=tuple(texts or ()),
        files=tuple(file or ()),
        read=ReadOptions(
            input_format=input_format,
            text_column=text_column,
            id_column=id_column,
            kept=tuple(keep or ()),
            skip_bad=skip_bad,
            whole=whole,
        ),
        options=PredictOptions(
            threshold=threshold,
            neutral=None if neutral is None else parse_neutral(neutral),
            batch_size=batch_size,
            only=only,
            sort=sort,
            reverse=reverse,
            top=top,
        ),
        output=output,
        format=output_format,
        safe_csv=safe_csv,
        explain=explain,
        html=html,
        resume=resume,
        model=model,
        workers=workers,
        engine=engine,
        address=address,
        concurrency=concurrency,
    )
    if html is not None:
        check_place(html)
    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    from imdbsent.cli._predict_screen import TerminalScreen

    counts = run_predict(job, TerminalScreen(console, no_color=no_color))
    if strict and counts.failed:
        raise RecordsFailed(counts.failed, counts.total)
