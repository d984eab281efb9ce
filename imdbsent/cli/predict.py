"""`imdbsent predict`: is a text positive or negative?"""

# No `from __future__ import annotations`: Typer would compile and evaluate forty annotations, twice, in 15 ms.

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from imdbsent.classify.options import Only, PredictOptions, SortKey, parse_neutral
from imdbsent.cli._console import NoColor, Quiet, Verbose, check_distinct, check_place, complete_models, messages
from imdbsent.cli._input_options import (
    DelimiterOption,
    EncodingOption,
    EscapeOption,
    IdColumnOption,
    InputFormatOption,
    KeepOption,
    NoHeaderOption,
    QuotingOption,
    SheetOption,
    SkipBadOption,
    TextColumnOption,
    TextOption,
    WholeOption,
    read_options,
)
from imdbsent.cli._signals import StopSignals
from imdbsent.cli._streams import LogFormat
from imdbsent.errors import ImdbsentError, RecordsFailed
from imdbsent.job_report import Counts, JobReport, writing_summary
from imdbsent.option_fields import EngineName
from imdbsent.predict_job import PredictJob, run_predict
from imdbsent.reading.inputs import Source, check_apart, find_sources
from imdbsent.reading.streams import STDIN
from imdbsent.writing.output import parse_columns
from imdbsent.writing.text import Format

PROGRESS_INTERVAL = 30
"""Seconds between progress lines when not on a terminal."""
_input = partial(typer.Option, rich_help_panel="Input")
_output = partial(typer.Option, rich_help_panel="Output")
_model = partial(typer.Option, rich_help_panel="Model")
_speed = partial(typer.Option, rich_help_panel="Speed")
_log = partial(typer.Option, rich_help_panel="Logs")
_cluster = partial(typer.Option, rich_help_panel="Cluster")


def predict(
    context: typer.Context,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT|FILE...",
            help="Texts, and files, folders or patterns of files to read; '-' reads standard input.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        list[str] | None,
        _input("--file", "-f", metavar="PATH", help="File, folder or pattern to read. May be repeated."),
    ] = None,
    text: TextOption = None,
    input_format: InputFormatOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    quoting: QuotingOption = None,
    escape: EscapeOption = None,
    no_header: NoHeaderOption = False,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    keep: KeepOption = None,
    sheet: SheetOption = None,
    skip_bad: SkipBadOption = False,
    whole: WholeOption = False,
    output: Annotated[
        str | None,
        _output(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; appears only when complete. Default: -, standard output. With Ray: a folder or a URL.",
        ),
    ] = None,
    output_format: Annotated[
        Format | None, _output("--format", help="Default: by the suffix of FILE, else a table; TSV in a pipe.")
    ] = None,
    safe_csv: Annotated[
        bool, _output("--safe-csv", help="Escape spreadsheet formulas with a leading apostrophe.")
    ] = False,
    add_columns: Annotated[
        str | None,
        _output("--add-columns", metavar="NAMES", help="Columns to add, with commas: model, version, sha256."),
    ] = None,
    only: Annotated[Only | None, _output("--only", help="Show only these.")] = None,
    sort: Annotated[
        SortKey | None, _output("--sort", help="Sort by this, largest first. uncertain: the texts to label next.")
    ] = None,
    reverse: Annotated[bool, _output("--reverse", help="Sort smallest first.")] = False,
    top: Annotated[
        int | None, _output("--top", metavar="N", min=1, help="Show only the first N; requires --sort.")
    ] = None,
    explain: Annotated[bool, _output("--explain", help="Show which words moved the verdict, and by how much.")] = False,
    html: Annotated[
        Path | None, _output("--html", metavar="PATH", help="Also write the explanations to an HTML page.")
    ] = None,
    resume: Annotated[bool, _output("--resume", help="Resume the interrupted run that was writing FILE.")] = False,
    strict: Annotated[bool, _output("--strict", help="Exit with code 5 if any text gets no verdict.")] = False,
    model: Annotated[
        str | None,
        _model(
            "--model", "-m", metavar="NAME|PATH", autocompletion=complete_models, help="Model, by name or folder."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        _model(metavar="P", min=0, max=1, help="Minimum probability for 'positive'. Default: the model's own."),
    ] = None,
    neutral: Annotated[
        str | None,
        _model("--neutral", metavar="LOW:HIGH", help="Probability range labeled 'neutral', for example 0.4:0.6."),
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
    summary: Annotated[
        Path | None, _log("--summary", metavar="FILE", help="Write counts, seconds, memory and model to a JSON file.")
    ] = None,
    log_format: Annotated[
        LogFormat, _log("--log-format", help="Format of messages, progress and errors.")
    ] = LogFormat.TEXT,
    progress_interval: Annotated[
        float,
        _log(
            "--progress-interval",
            metavar="SECONDS",
            min=0,
            help="Time between progress lines when not on a terminal; 0 for none.",
        ),
    ] = PROGRESS_INTERVAL,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Tell whether texts are positive or negative.

    imdbsent predict "great movie"

    # the complaints in a table, the most confident first
    imdbsent predict reviews.csv --keep id --only negative --sort confidence -o worst.csv

    # how many lines of a file are positive?
    cat reviews.txt | imdbsent predict - | cut -f1 | sort | uniq -c

    # the texts that a person should label next
    imdbsent predict pool.csv --sort uncertain --top 50 -o to_label.csv
    """
    if not texts and not file and not text:
        if sys.stdin is None or sys.stdin.isatty():
            typer.echo(context.get_help())
            return
        texts = [STDIN]
    job = PredictJob(
        arguments=tuple(texts or ()),
        files=tuple(file or ()),
        texts=tuple(text or ()),
        read=read_options(
            command="predict",
            input_format=input_format,
            delimiter=delimiter,
            encoding=encoding,
            quoting=quoting,
            escape=escape,
            no_header=no_header,
            text_column=text_column,
            id_column=id_column,
            keep=keep,
            sheet=sheet,
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
        output=None if output == "-" else output,
        format=output_format,
        safe_csv=safe_csv,
        added=() if add_columns is None else parse_columns(add_columns),
        explain=explain,
        html=html,
        resume=resume,
        model=model,
        workers=workers,
        engine=engine,
        address=address,
        concurrency=concurrency,
    )
    written = {"-o": None if output is None else Path(output), "--html": html, "--summary": summary}
    check_distinct(written)
    if html is not None:
        check_place(html)
    if summary is not None:
        check_place(summary, "--summary", "summary.json")
        check_apart(summary, _sources(job), "--summary with another name")
    console = messages(no_color=no_color, quiet=quiet, verbose=verbose, log_format=log_format)
    from imdbsent.cli._predict_screen import TerminalScreen

    def run(report: "JobReport | None" = None) -> None:
        with StopSignals() as signals:
            screen = TerminalScreen(console, signals, no_color=no_color, interval=progress_interval)
            counts = run_predict(job, screen, report)
        if strict and counts.failed:
            raise RecordsFailed(counts.failed, counts.total)

    if summary is None:
        run()
        return
    report = JobReport(Counts())
    with writing_summary(summary, report):
        run(report)


def _sources(job: PredictJob) -> list[Source]:
    """What a job on this machine reads; nothing if that is an error, which the run reports, and its summary as well."""
    try:
        return find_sources(job.arguments, job.files) if job.engine is EngineName.LOCAL else []
    except ImdbsentError:
        return []
