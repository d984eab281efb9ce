"""`imdbsent predict --engine ray`: what is asked for, the job on the cluster, what came of it.

What came of the records of a run, in numbers.

Where the results of `imdbsent predict` go, and how: decided before the work.

The work of `imdbsent predict`: records to predictions to where they go, in order, a window at a time.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from imdbsent import __version__
from imdbsent.classify.classifier import classify_windows, windows
from imdbsent.classify.verdicts import is_mostly_unknown
from imdbsent.cli._console import stdout_console
from imdbsent.cli._predictions import print_tables
from imdbsent.cli._progress import RecordsBar
from imdbsent.cluster.batches import pack
from imdbsent.cluster.connect import connected, ray_library
from imdbsent.errors import UsageProblem
from imdbsent.explain.layout import EXPLANATION
from imdbsent.reading.detect import STDIN, parse_format, pyarrow
from imdbsent.reading.inputs import UntilError
from imdbsent.reading.tables import TEXT_COLUMN, Columns
from imdbsent.wording import counted
from imdbsent.writing.output import RowsMeter, check_output, format_of_output, open_output
from imdbsent.writing.selection import RECORD, shown
from imdbsent.writing.text import NO_COLUMNS, Format, ResultColumns, result_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.classifier import Classifier
    from imdbsent.cluster.job import Job
    from imdbsent.reading.inputs import Inputs
    from imdbsent.records import Prediction, Record
    from imdbsent.writing.resume import Plan
    from imdbsent.writing.selection import Selection


_COUNTS: Final = ("positive", "negative", "neutral", "failed", "unfamiliar", "shown")


@dataclass
class Tally:
    """Counts predictions as they pass.

    Attributes:
        positive: how many were positive.
        negative: how many were negative.
        neutral: how many were neutral.
        failed: how many have no verdict.
        unfamiliar: how many texts have mostly words that the model does not know.
        shown: how many of them are in the results.
        before: how many of them an earlier run has answered, which this one goes on from.
        seconds: from the beginning to the last prediction counted.
    """

    positive: int = 0
    negative: int = 0
    neutral: int = 0
    failed: int = 0
    unfamiliar: int = 0
    shown: int = 0
    before: int = 0
    seconds: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def add(self, predictions: Iterable[Prediction]) -> None:
        """Count predictions."""
        for prediction in predictions:
            self.positive += prediction.label == "positive"
            self.negative += prediction.label == "negative"
            self.neutral += prediction.label == "neutral"
            self.failed += prediction.label is None
            self.unfamiliar += is_mostly_unknown(prediction)
        self.seconds = time.perf_counter() - self._started

    def showing(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """Pass on predictions that are shown, counted."""
        for prediction in predictions:
            self.shown += 1
            yield prediction

    @property
    def counts(self) -> dict[str, int]:
        """What an earlier run hands to the one that goes on."""
        return {name: getattr(self, name) for name in _COUNTS}

    def go_on(self, counts: Mapping[str, int]) -> None:
        """Begin with what an earlier run has counted."""
        for name in _COUNTS:
            setattr(self, name, counts.get(name, 0))
        self.before = self.total
        self._started = time.perf_counter()

    @property
    def total(self) -> int:
        """Predictions counted."""
        return self.positive + self.negative + self.neutral + self.failed

    def summary(self, *, has_neutral: bool = False, is_partial: bool = False) -> str:
        """The counts in a line.

        Args:
            has_neutral: whether there is a label "neutral".
            is_partial: whether results are not all of them, or not in order.
        """
        if not self.total:
            return "no texts came in"
        judged = self.total - self.failed
        share = f" ({self.positive / judged:.1%})" if judged else ""
        neutral = f", {self.neutral:,} neutral" if has_neutral else ""
        failed = f", {self.failed:,} without a verdict" if self.failed else ""
        rate = f"{(self.total - self.before) / self.seconds:,.0f}" if self.seconds else "?"
        before = f", {self.before:,} of them before" if self.before else ""
        shown = f" · {self.shown:,} of {self.total:,} shown" if is_partial else ""
        return (
            f"{counted(self.total, 'text')}{before}: {self.positive:,} positive{share}, {self.negative:,} negative"
            f"{neutral}{failed}{shown} · {self.seconds:.1f} s, {rate} texts/s"
        )

    def warning(self) -> str | None:
        """What to say of texts that the model can make little of; None where there are none."""
        if not self.unfamiliar:
            return None
        if self.total == 1:
            return "most words of the text are unknown to the model; is it English?"
        return (
            f"{self.unfamiliar:,} of {self.total:,} texts: most of their words are unknown to the model; "
            f"{'is it' if self.unfamiliar == 1 else 'are they'} English?"
        )

_EXPLAINED: Final = (Format.TABLE, Format.JSONL, Format.JSON)
"""The formats that have room for the words of a text."""


@dataclass(frozen=True)
class Target:
    """Where results go, and how.

    Attributes:
        path: the file; None for standard output.
        format: in which format.
        columns: columns beside the usual ones.
        types: pyarrow's types of those columns, where they have types.
        is_on_terminal: whether they are seen on a terminal.
        is_numbered: whether the first of those columns is the place of the record among all that came in.
    """

    path: Path | None
    format: Format
    columns: ResultColumns
    types: dict[str, Any]
    is_on_terminal: bool = False
    is_numbered: bool = False

    @property
    def is_resumable(self) -> bool:
        """Whether it is a file with a name of its own: not standard output, nor a pipe or device that has a name."""
        return self.path is not None and (not self.path.exists() or self.path.is_file())


def target_of(
    inputs: Inputs,
    path: Path | None,
    chosen: Format | None,
    *,
    explain: bool,
    is_partial: bool = False,
    safe_csv: bool = False,
    no_color: bool,
) -> Target:
    """Decide where results go, and find out that they cannot before the work.

    Args:
        inputs: what is read.
        path: the file; None for standard output.
        chosen: the format; None for what the name of the file says, else a table, or for many into a pipe a plain one.
        explain: whether results are explanations.
        is_partial: whether they are not those of all records in order, so that they say which record they are of.
        safe_csv: whether what a spreadsheet would compute is made text.
        no_color: whether the terminal has no colour.

    Raises:
        UsageProblem: they cannot.
        ExtraMissing: they need pyarrow, which is not installed.
    """
    own, is_terminal = inputs.columns, stdout_console(no_color=no_color).is_terminal
    is_numbered = is_partial and own.id is None
    taken = (*(EXPLANATION if explain else ()), *((RECORD,) if is_numbered else ()))
    columns = result_columns(own.kept, has_id=own.id is not None, taken=taken)
    if path is not None:
        chosen = chosen or format_of_output(path)
        _check_room(chosen, explain=explain)  # before what the format needs: it is not needed
        check_output(path, chosen)
    chosen = chosen or (Format.TABLE if is_terminal or not inputs.are_bulk else Format.JSONL if explain else Format.TSV)
    _check_room(chosen, explain=explain)
    if chosen is Format.TSV and columns != NO_COLUMNS:
        raise UsageProblem(
            "TSV has label, probability and text alone, with no place for --id-column or --keep. Type: --format csv"
        )
    if safe_csv and chosen not in (Format.CSV, Format.TSV):
        raise UsageProblem(
            f"--safe-csv is for what spreadsheets open, not for {chosen.value}. Type: --format csv --safe-csv"
        )
    columns = replace(columns, safe_csv=safe_csv)
    if chosen is Format.PARQUET and path is None and is_terminal:
        raise UsageProblem("standard output is a terminal. Type: -o FILE.parquet, or a pipe behind it")
    names = dict(zip(own.kept, columns.kept))
    types = {names[column]: kind for column, kind in inputs.types.items() if column in names}
    if own.id in inputs.types:
        types["id"] = inputs.types[own.id]
    if is_numbered:
        columns = replace(columns, kept=(RECORD, *columns.kept))
        if chosen is Format.PARQUET:
            types[RECORD] = pyarrow("Parquet").int64()
    return Target(path, chosen, columns, types, path is None and is_terminal, is_numbered)


def _check_room(chosen: Format, *, explain: bool) -> None:
    if explain and chosen not in _EXPLAINED:
        raise UsageProblem(
            f"{chosen.value} has a row a text, and no room for its words. "
            "Type: imdbsent predict --explain --format jsonl TEXT"
        )


@dataclass(frozen=True)
class Work:
    """What is to be done.

    Attributes:
        classifier: the model.
        inputs: what is read.
        target: where results go.
        threshold: as `Classifier.predict`.
        neutral: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        selection: which results are shown, and in which order.
        is_typed: whether a person types the texts, and wants to see each verdict at once.
        bar: shows how far it has come.
        tally: counts what comes of it.
    """

    classifier: Classifier
    inputs: Inputs
    target: Target
    threshold: float | None
    neutral: tuple[float, float] | None
    batch_size: int | None
    selection: Selection
    is_typed: bool
    bar: RecordsBar
    tally: Tally = field(default_factory=Tally)

    def windows(self, records: Iterable[Record]) -> Iterator[Sequence[Record]]:
        """The records as they are classified together."""
        for window in windows(records, 1 if self.is_typed else None):
            self.bar.has_read(len(window))
            yield window

    def answers(self, records: Iterator[Sequence[Record]]) -> Generator[list[Prediction], None, None]:
        """The predictions of each window, counted; closing the generator ends the processes that make them."""
        answered = classify_windows(
            self.classifier,
            records,
            threshold=self.threshold,
            neutral=self.neutral,
            batch_size=self.batch_size,
            workers=1 if self.is_typed else self.classifier.engine.threads,
        )
        with closing(answered):
            for predictions in answered:
                self.tally.add(predictions)
                self.bar.has_answered(len(predictions))
                yield predictions

    def shown(self, predictions: Iterable[Prediction], after: int = 0) -> Iterator[Prediction]:
        """Those of the predictions that are results, counted; `after` so many records that came before."""
        target = self.target
        kept = len(target.columns.kept) - target.is_numbered
        return self.tally.showing(
            shown(predictions, self.selection, kept=kept, is_numbered=target.is_numbered, after=after)
        )


def answer(work: Work, *, resume: bool, no_color: bool) -> None:
    """Do the work.

    Args:
        work: what is to be done.
        resume: whether to go on where a run with the same file and options was stopped.
        no_color: whether a table has no colour.

    Raises:
        ImdbsentError: of many kinds.
    """
    if work.target.is_resumable and work.selection.sort is None:
        _answer_into_file(work, resume=resume)
        return
    records, target = UntilError(work.inputs.records()), work.target
    with closing(work.answers(work.windows(records))) as answers:
        predictions = work.shown(chain.from_iterable(answers))
        if target.format is Format.TABLE:
            console = stdout_console(no_color=no_color)
            print_tables(predictions, console, target.columns, paged=work.inputs.are_bulk, typed=work.is_typed)
            records.raise_error()
        else:
            with open_output(target.path, target.format, target.columns, target.types) as writer:
                writer.write(predictions)
                records.raise_error()


def _answer_into_file(work: Work, *, resume: bool) -> None:
    from imdbsent.writing.resume import Output, open_resumable

    target = work.target
    assert target.path is not None
    output = Output(target.path, target.format, target.columns, target.types)
    with open_resumable(output, _plan(work), resume=resume) as file:
        records = work.windows(work.inputs.records())
        file.skip(records)
        work.tally.go_on(file.done.counts)
        work.bar.goes_on(file.done.records)
        with closing(work.answers(records)) as answers:
            for predictions in answers:
                results = list(work.shown(predictions, after=file.reached.records))
                file.write(predictions, work.tally.counts, results)


def _plan(work: Work) -> Plan:
    """What decides the bytes of the results, beside the records."""
    import onnxruntime

    from imdbsent.writing.resume import Plan

    target, columns = work.target, work.inputs.columns
    versions = {"imdbsent": __version__, "onnxruntime": onnxruntime.__version__}
    if target.format is Format.PARQUET:
        import pyarrow as pa

        versions["pyarrow"] = pa.__version__
    return Plan(
        model=hashlib.sha256(work.classifier.bundle.card.to_json().encode()).hexdigest(),
        options={
            "--format": target.format.value,
            "--safe-csv": "yes" if target.columns.safe_csv else "",
            "--threshold": _typed(work.threshold),
            "--neutral": "" if work.neutral is None else ":".join(map(str, work.neutral)),
            "--only": work.selection.only.value if work.selection.only else "",
            "--batch-size": _typed(work.batch_size),
            "--id-column": columns.id or "",
            "--keep": ", ".join(columns.kept),
            "columns of the types": ", ".join(f"{name} {kind}" for name, kind in sorted(target.types.items())),
        },
        versions=versions,
    )


def _typed(number: float | None) -> str:
    return "" if number is None else str(number)


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
        skip_bad: as `imdbsent.reading.inputs.Inputs`.
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


def predict_on_ray(request: Request, load: Callable[[], Bundle], console: Console) -> Tally:
    """Do what is asked for.

    Args:
        request: what is asked for.
        load: finds the model, once all else is known to be right.
        console: where the bar is drawn.

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
    with connected(request.address), RecordsBar(console, meter, is_hidden=False) as bar:

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
    from imdbsent.cluster.job import Job, output_folder
    from imdbsent.cluster.paths import columns_read, find_files, read_head

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
    from imdbsent.cluster.transfer import FORMATS

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
