"""`imdbsent predict --engine ray`: what is asked for, the job on the cluster, what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent.cli.records_bar import RecordsBar
from imdbsent.cli.tally import Tally
from imdbsent.cluster.connecting import connected, ray_library
from imdbsent.errors import UsageProblem
from imdbsent.integrations.packing import pack
from imdbsent.records.columns import TEXT_COLUMN, Columns
from imdbsent.records.formats import parse_format
from imdbsent.records.meter import RowsMeter
from imdbsent.records.opening import STDIN
from imdbsent.records.writing import Format, result_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imdbsent.bundle import Bundle
    from imdbsent.cli.console import Notes
    from imdbsent.cluster.job import Job


@dataclass(frozen=True)
class Request:
    """What a command line asks for.

    Attributes:
        locations: files, folders and patterns, on any filesystem that pyarrow knows.
        output: the folder of the results; None where it was left out.
        format: of the results; None for Parquet.
        input_format: what the files are; None for what their names say.
        text_column: the column with the texts; None for "text".
        id_column: the one that tells records apart.
        keep: the columns that are carried through; none of them for all.
        skip_bad: as `imdbsent.records.inputs.Inputs`.
        threshold: as `Classifier.predict`.
        neutral: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        address: the cluster; None for RAY_ADDRESS, else this machine.
        concurrency: actors; None for one a core.
    """

    locations: Sequence[str]
    output: str | None
    format: Format | None
    input_format: str | None
    text_column: str | None
    id_column: str | None
    keep: tuple[str, ...]
    skip_bad: bool
    threshold: float | None
    neutral: tuple[float, float] | None
    batch_size: int | None
    address: str | None
    concurrency: int | None

    @property
    def columns(self) -> Columns | None:
        """The columns that the command line names; None where it names none."""
        if self.text_column is None and self.id_column is None and not self.keep:
            return None
        return Columns(self.text_column or TEXT_COLUMN, self.id_column, self.keep)


def predict_on_ray(request: Request, load: Callable[[], Bundle], notes: Notes) -> Tally:
    """Do what is asked for.

    Args:
        request: what is asked for.
        load: finds the model, once all else is known to be right.
        notes: has the console that the progress is drawn on.

    Returns:
        What came of it.

    Raises:
        ExtraMissing: Ray is not installed.
        ClusterUnreachable: no cluster answers.
        ImdbsentError: of many kinds.
    """
    ray_library(request.address)
    from imdbsent.cluster.job import run

    job = job_of(request, load)
    meter = RowsMeter(job.head.rows)
    with connected(request.address), RecordsBar(notes.console, meter, is_hidden=notes.quiet) as bar:

        def watch(rows: int) -> None:
            more = rows - meter.rows
            meter.rows = rows
            bar.has_read(more)
            bar.has_answered(more)

        started = time.perf_counter()
        counts = run(job, watch if bar.is_drawn else None)
        return _tally_of(counts, time.perf_counter() - started)


def job_of(request: Request, load: Callable[[], Bundle]) -> Job:
    """The job that a command line asks for.

    Raises:
        UsageProblem: it cannot be done as typed.
        InputUnreadable: there is no such file, or the first cannot be read.
        StorageUnreachable: a filesystem cannot be reached.
        ModelMissing: there is no such model.
    """
    from imdbsent.cluster.head import columns_read, read_head
    from imdbsent.cluster.job import Job
    from imdbsent.cluster.output import output_folder
    from imdbsent.cluster.paths import find_files

    if STDIN in request.locations:
        raise UsageProblem("--engine ray reads files, not standard input. Type: imdbsent predict - without --engine")
    chosen = _format_of(request)
    if request.output is None:
        raise UsageProblem("--engine ray writes a folder of files. Type: -o FOLDER/ with it")
    file_format = None if request.input_format is None else parse_format(request.input_format)
    files = find_files(request.locations, file_format)
    head = read_head(files)
    columns = columns_read(files, head, request.columns, keep_all=not request.keep)
    result_columns(columns.kept, has_id=columns.id is not None)  # names that collide
    output = output_folder(request.output)
    return Job(
        files,
        head,
        columns,
        output,
        chosen,
        pack(load()),
        skip_bad=request.skip_bad,
        threshold=request.threshold,
        neutral=request.neutral,
        batch_size=request.batch_size,
        concurrency=request.concurrency,
    )


def _format_of(request: Request) -> Format:
    from imdbsent.cluster.sink import FORMATS

    chosen = request.format or Format.PARQUET
    if chosen not in FORMATS:
        known = ", ".join(one.value for one in FORMATS)
        raise UsageProblem(
            f"--engine ray writes many files of {known}, and {chosen.value} is none. Type: --format jsonl"
        )
    return chosen


def _tally_of(counts: Mapping[str, int], seconds: float) -> Tally:
    names = ("positive", "negative", "neutral", "failed", "unfamiliar")
    tally = Tally(**{name: counts.get(name, 0) for name in names}, seconds=seconds)
    tally.shown = tally.total
    return tally
