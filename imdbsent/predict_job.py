"""`imdbsent predict` without a terminal: a `PredictJob` says what to do, `run_predict` does it.

>>> from imdbsent.predict_job import PredictJob, run_predict
>>> counts = run_predict(PredictJob(files=("reviews.csv",), output="verdicts.csv"))

Records are read, classified and written in order, one window at a time, in bounded memory.
"""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from imdbsent import __version__
from imdbsent.classify.options import DEFAULTS, PredictOptions, check_choice, check_flag, member, whole_number
from imdbsent.errors import OutputFailed, UsageProblem, counted
from imdbsent.job_report import Counts
from imdbsent.option_fields import EngineName, deciding_options, option, options_of_other_engine
from imdbsent.reading.inputs import Inputs, UntilError, check_apart, find_sources
from imdbsent.reading.options import ALL, TEXT_COLUMN, Columns, ReadOptions
from imdbsent.reading.streams import STDIN, RowsMeter, pyarrow
from imdbsent.writing.output import MODEL_COLUMNS, OutputSpec, check_output, format_of_output, open_output
from imdbsent.writing.text import Format, result_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.classifier import Classifier
    from imdbsent.cluster.job import Job
    from imdbsent.explain.explain import Explanation
    from imdbsent.job_report import JobReport
    from imdbsent.reading.streams import Meter
    from imdbsent.records import Prediction, Record
    from imdbsent.writing.output import Writer
    from imdbsent.writing.resume import Plan
    from imdbsent.writing.text import ResultColumns


logger = logging.getLogger(__name__)

_EXPLAINED: Final = (Format.TABLE, Format.JSONL, Format.JSON)
"""The formats that can hold explanations."""
_OF_FILES: Final = {one.metadata.get("option") for one in fields(ReadOptions)}
"""Options without which files cannot be read, so that only the engine can be another one."""


@dataclass(frozen=True, kw_only=True)
class PredictJob:
    """What `imdbsent predict` is asked to do.

    Attributes:
        arguments: what a person types without an option: texts, names of files, folders and patterns, and "-" for
            standard input; see `imdbsent.reading.inputs.sources_of_argument`. With Ray, also addresses.
        files: files, folders and patterns to classify. With Ray, also addresses.
        texts: texts to classify, whatever they look like.
        read: how to read them.
        options: how to label, and what to select.
        output: the file to write, with Ray the folder; None for standard output.
        format: of the results; None for the one that the name of the output implies.
        safe_csv: whether to escape what a spreadsheet would compute.
        added: columns about the model to add; see `imdbsent.writing.output.MODEL_COLUMNS`.
        explain: whether to write explanations.
        html: a page of explanations to write, too.
        resume: whether to resume the run that was making the output.
        model: name or folder of the model; None for the default.
        workers: cores to use; None for all that this process may use.
        engine: where the predictions are made.
        address: the Ray cluster; None for RAY_ADDRESS, else this machine only.
        concurrency: processes that classify on the cluster; None for one per core.

    Raises:
        InvalidOptions: an option has no such value; it is a ValueError.
        TypeError: an option has a value of another type, for example one text instead of a tuple of texts.
        UsageProblem: two options exclude each other.
    """

    arguments: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = field(default=(), metadata=option("--text", engine=EngineName.LOCAL))
    read: ReadOptions = ReadOptions()  # noqa: RUF009 (it is frozen)
    options: PredictOptions = DEFAULTS
    output: str | None = None
    format: Format | None = None
    safe_csv: bool = False
    added: tuple[str, ...] = field(default=(), metadata=option("--add-columns", engine=EngineName.LOCAL))
    explain: bool = field(default=False, metadata=option("--explain", engine=EngineName.LOCAL))
    html: Path | None = field(default=None, metadata=option("--html", engine=EngineName.LOCAL))
    resume: bool = field(default=False, metadata=option("--resume", engine=EngineName.LOCAL))
    model: str | None = None
    workers: int | None = field(default=None, metadata=option("--workers", engine=EngineName.LOCAL))
    engine: EngineName = EngineName.LOCAL
    address: str | None = field(default=None, metadata=option("--address", engine=EngineName.RAY))
    concurrency: int | None = field(default=None, metadata=option("--concurrency", engine=EngineName.RAY))

    def __post_init__(self) -> None:
        self._check_types()
        for name in options_of_other_engine(self.engine, self, self.options, self.read):
            if self.engine is EngineName.RAY:
                needed = "--engine ray" if name in _OF_FILES else name
                raise UsageProblem(f"{name} cannot be combined with --engine ray. Type: the command without {needed}")
            raise UsageProblem(f"{name} requires --engine ray. Type: {name} and --engine ray")
        if self.html is not None and not self.explain:
            raise UsageProblem("--html requires --explain. Type: imdbsent predict --explain --html PATH TEXT")
        if self.resume and self.options.sort is not None:
            raise UsageProblem("--sort cannot be combined with --resume. Type: one of the two")
        if self.resume and self.explain:
            raise UsageProblem("--explain cannot be combined with --resume. Type: the command without --resume")

    def _check_types(self) -> None:
        """Check what a caller in Python gives; paths become texts, and names of formats and engines members."""
        set_field = object.__setattr__
        for name, kind in (("arguments", os.PathLike), ("files", os.PathLike), ("texts", str), ("added", str)):
            set_field(self, name, _texts(name, getattr(self, name), kind))
        for name in self.added:
            check_choice(MODEL_COLUMNS, name)
        if not isinstance(self.read, ReadOptions) or not isinstance(self.options, PredictOptions):
            raise TypeError("read must be ReadOptions, and options PredictOptions")
        if self.output is not None:
            set_field(self, "output", os.fsdecode(self.output))
        if self.html is not None:
            set_field(self, "html", Path(self.html))
        if self.format is not None:
            set_field(self, "format", member(Format, self.format))
        set_field(self, "engine", member(EngineName, self.engine))
        for name in ("safe_csv", "explain", "resume"):
            check_flag(name, getattr(self, name))
        for name, called in (("workers", "number of workers"), ("concurrency", "number of processes")):
            if (number := getattr(self, name)) is not None:
                set_field(self, name, whole_number(called, number))

    @property
    def reads_stdin(self) -> bool:
        """Whether standard input is read."""
        return STDIN in (*self.arguments, *self.files)

    @property
    def columns(self) -> Columns | None:
        """The columns that are named; None if none is."""
        read = self.read
        kept = () if ALL in read.kept else read.kept
        return Columns(read.text_column or TEXT_COLUMN, read.id_column, kept) if read.names_columns else None


def _texts(name: str, values: object, kind: type) -> tuple[str, ...]:
    """The values of an option that takes several texts, or several of another kind that can be texts."""
    if not isinstance(values, (tuple, list)):
        example = f": {name}=({values!r},)" if isinstance(values, (str, kind)) else ""
        raise TypeError(f"{name} must be a tuple, not {type(values).__name__}{example}")
    for value in values:
        if not isinstance(value, (str, kind)):
            raise TypeError(f"each of {name} must be a text, not {type(value).__name__}")
    return tuple(map(os.fsdecode, values))


class Progress(Protocol):
    """Follows a run."""

    def has_read(self, records: int) -> None:
        """So many more records were read."""

    def resume_after(self, records: int) -> None:
        """So many of the records that were read are already answered; the work starts now."""

    def changes(self) -> None:
        """From now on the work is faster or slower."""

    def has_answered(self, records: int) -> None:
        """So many more records are answered."""


class _NoProgress:
    def has_read(self, records: int) -> None: ...

    def resume_after(self, records: int) -> None: ...

    def changes(self) -> None: ...

    def has_answered(self, records: int) -> None: ...


class Screen:
    """What a person sees of a run: nothing. The command line has one that draws on the terminal.

    Attributes:
        has_tables: whether it can show tables.
        is_terminal: whether standard output is seen by a person.
        is_typing: whether a person types on standard input.
    """

    has_tables = False
    is_terminal = False
    is_typing = False

    def load(self, model: str | None, workers: int | None) -> Classifier:
        """Load a model; see `imdbsent.load`."""
        from imdbsent import load  # noqa: PLC0415 (it loads ONNX Runtime)

        return load(model, threads=workers)

    def until_stopped(self, records: Iterable[Record]) -> Iterable[Record]:
        """The records, until a person or the system asks the run to stop: what was read until then is answered."""
        return records

    def progress(self, _meter: Meter | RowsMeter) -> AbstractContextManager[Progress | None]:
        """Show progress during a block; None shows nothing."""
        return nullcontext()

    def predictions(self, _columns: ResultColumns, *, paged: bool, typed: bool) -> Writer:
        """A table to write predictions to.

        Args:
            paged: whether there may be many, so that they are shown page by page.
            typed: whether a person types the texts, so that each is shown at once.
        """
        raise NotImplementedError

    def explanations(self) -> Writer:
        """A view to write explanations to."""
        raise NotImplementedError


_NO_SCREEN: Final = Screen()


def run_predict(job: PredictJob, screen: Screen = _NO_SCREEN, report: JobReport | None = None) -> Counts:
    """Read, classify and write.

    Args:
        job: what to do.
        screen: what a person sees of it.
        report: collects the facts about the job, even if it fails.

    Returns:
        The counts of the predictions.

    Raises:
        ImdbsentError: of many kinds. What came before an error in the input is written, except to a file that appears
            only when complete.
    """
    run = _run_on_ray if job.engine is EngineName.RAY else _run_here
    counts = run(job, screen, report)
    if job.output is not None:
        fields = {"rows": counts.results, "output": job.output}
        logger.info(
            f"wrote {counted(counts.results, 'row')} to {job.output}", extra={"event": "wrote", "fields": fields}
        )
        if job.options.is_for_labeling and counts.results:
            logger.info(
                "write positive or negative into the column 'label', "
                f"then type: imdbsent train {shlex.quote(job.output)}"
            )
    if warning := counts.warning():
        logger.info(warning)
    return counts


def _run_here(job: PredictJob, screen: Screen, report: JobReport | None) -> Counts:
    sources = find_sources(job.arguments, job.files, job.texts)
    if job.output is not None and not _keeps_all(job):
        check_apart(Path(job.output), sources, "-o with another name, or --keep all")
    if job.html is not None:
        check_apart(job.html, sources, "--html with another name")
    inputs = Inputs(sources, job.read)
    spec = output_spec(job, inputs, screen)
    if job.resume and not spec.is_resumable:
        raise UsageProblem("--resume requires a file. Type: -o FILE with it, for example -o verdicts.csv")
    classifier = screen.load(job.model, job.workers)
    job = _with_set_threshold(job, classifier.bundle)
    if report is not None:
        report.bundle, report.workers = classifier.bundle, classifier.engine.threads
    spec = spec.of_model(classifier.bundle, _given_options(job))
    is_typed = job.reads_stdin and screen.is_typing
    is_shown = inputs.are_bulk and not is_typed and not (spec.path is None and screen.is_terminal)
    with screen.progress(inputs.meter) if is_shown else nullcontext() as progress:
        run = _Run(job, classifier, inputs, spec, screen, progress or _NoProgress(), is_typed=is_typed)
        if report is not None:
            report.counts = run.counts
        if job.explain:
            run.explain()
        elif spec.is_resumable and job.options.sort is None:
            run.predict_into_file()
        else:
            run.predict()
    if inputs.are_bulk or job.options.is_selective:
        logger.info(
            run.counts.summary(
                has_neutral=job.options.neutral is not None, is_selective=job.options.is_selective
            ),
            extra={"event": "summary", "fields": run.counts.by_row | {"seconds": round(run.counts.seconds, 3)}},
        )
    return run.counts


def _keeps_all(job: PredictJob) -> bool:
    """Whether the results have what a person has put into the rows that are read, so that they may replace them."""
    if job.options.is_for_labeling:
        return bool({"label", ALL} & {*job.read.kept})
    return ALL in job.read.kept and not job.options.is_selective


def _with_set_threshold(job: PredictJob, bundle: Bundle) -> PredictJob:
    """The job with the threshold of `imdbsent models set`, so that the results and a resumed run know of it."""
    options = job.options
    if bundle.set_threshold is None or options.threshold is not None or options.neutral is not None:
        return job
    return replace(job, options=replace(options, threshold=bundle.set_threshold))


def _given_options(job: PredictJob) -> dict[str, str]:
    """The options that decide the labels, for whoever finds the results."""
    return {name: value for name, value in deciding_options(job.options).items() if value}


def output_spec(job: PredictJob, inputs: Inputs, screen: Screen) -> OutputSpec:
    """Decide where results go and how, and check before the work that this is possible.

    Raises:
        UsageProblem: it is not.
        OutputFailed: standard output is closed.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if job.output is None and getattr(sys.stdout, "buffer", None) is None:
        raise OutputFailed("standard output is closed")
    own, path = inputs.columns, None if job.output is None else Path(job.output)
    is_numbered = job.options.is_selective and own.id is None
    chosen = job.format or (_default_format(job, inputs, screen) if path is None else format_of_output(path))
    to_label = job.options.is_for_labeling and chosen is not Format.TABLE
    taken = _taken_names(job, is_numbered=is_numbered)
    columns = result_columns(own.kept, has_id=own.id is not None, taken=taken, to_label=to_label)
    columns = columns._replace(kept=(*columns.kept, *job.added), added=(None,) * len(job.added))
    if job.explain:
        _check_explained(chosen, to_label=to_label)
    if path is not None:
        check_output(path, chosen)
    elif chosen is Format.PARQUET and screen.is_terminal:
        raise UsageProblem("Parquet cannot be shown on a terminal. Type: -o FILE.parquet, or a pipe after the command")
    if chosen is Format.TABLE and not screen.has_tables:
        raise UsageProblem("--format table requires a terminal. Type: --format csv")
    names = dict(zip(own.kept, columns.kept))
    types = {names[column]: kind for column, kind in inputs.types.items() if column in names}
    if own.id in inputs.types:
        types["id"] = inputs.types[own.id]
    if chosen is Format.PARQUET and "version" in job.added:
        types["version"] = pyarrow("Parquet").int64()
    spec = OutputSpec(path, chosen, columns, types, job.safe_csv, is_numbered, job.added)
    if not is_numbered or (chosen is Format.TSV and not to_label):
        return spec
    from imdbsent.classify.options import RECORD  # noqa: PLC0415 (few runs select)

    if chosen is Format.PARQUET:
        types[RECORD] = pyarrow("Parquet").int64()
    return replace(spec, columns=columns._replace(kept=(RECORD, *columns.kept)), types=types)


def _check_explained(chosen: Format, *, to_label: bool) -> None:
    if chosen not in _EXPLAINED:
        raise UsageProblem(
            f"{chosen.value} cannot hold explanations. Type: imdbsent predict --explain --format jsonl TEXT"
        )
    if to_label:
        raise UsageProblem(
            "--sort uncertain writes rows to label, which cannot hold explanations. "
            "Type: the command without --explain, or with --format table"
        )


def _taken_names(job: PredictJob, *, is_numbered: bool) -> tuple[str, ...]:
    """Names of columns that explanations and the numbers of records have in the results."""
    names: tuple[str, ...] = job.added
    if job.explain:
        from imdbsent.explain.explain import EXPLANATION  # noqa: PLC0415 (few runs explain)

        names += EXPLANATION
    if is_numbered:
        from imdbsent.classify.options import RECORD  # noqa: PLC0415 (few runs select)

        names += (RECORD,)
    return names


def _default_format(job: PredictJob, inputs: Inputs, screen: Screen) -> Format:
    """The format on standard output: a table for a person or a few texts, else a plain one."""
    if screen.has_tables and (not inputs.are_bulk or screen.is_terminal):
        return Format.TABLE
    return Format.JSONL if job.explain else Format.TSV


class _Run:
    """A job on this machine, with everything open that it needs."""

    def __init__(
        self,
        job: PredictJob,
        classifier: Classifier,
        inputs: Inputs,
        spec: OutputSpec,
        screen: Screen,
        progress: Progress,
        *,
        is_typed: bool,
    ) -> None:
        self.counts = Counts()
        self._job = job
        self._classifier = classifier
        self._inputs = inputs
        self._spec = spec
        self._screen = screen
        self._progress = progress
        self._is_typed = is_typed
        self._is_waiting = inputs.is_waiting if inputs.may_wait and not is_typed else None
        self._writer: Writer | None = None

    def predict(self) -> None:
        """Write predictions as they come."""
        records = self._records()
        with closing(self._answers(self._windows(records))) as answers, self._predictions_writer() as self._writer:
            self._writer.write(self._results(chain.from_iterable(answers)))
            records.raise_error()

    def predict_into_file(self) -> None:
        """Write predictions to a file whose run can be stopped and resumed."""
        self._is_waiting = None  # a resumed run must find the same windows, and nobody reads the file before its end
        from imdbsent.writing.resume import open_resumable  # noqa: PLC0415 (only files need it)

        with open_resumable(self._spec, self._plan(), resume=self._job.resume) as file:
            windows = self._windows(self._inputs.records())
            file.skip(windows)
            self.counts.resume(file.done.counts)
            self._progress.resume_after(file.done.records)
            try:
                with closing(self._answers(windows)) as answers:
                    for predictions in answers:
                        results = list(self._results(predictions, after=file.reached.records))
                        file.write(predictions, self.counts.by_name, results)
            except BaseException:
                self.counts.restore(file.reached.counts)  # what was not written counts in the run that resumes this one
                raise

    def explain(self) -> None:
        """Write explanations as they come, and to a page if there is to be one."""
        records = self._records()
        explanations = self._explanations(records)
        with ExitStack() as stack:
            if self._job.html is not None:
                from imdbsent.explain.page import open_page  # noqa: PLC0415 (few runs have a page)

                page = stack.enter_context(open_page(self._job.html, self._classifier.bundle.card.name))
                explanations = page.passing(explanations)
            with self._explanations_writer() as self._writer:
                self._writer.write(explanations)
                records.raise_error()
        if self._job.html is not None:
            logger.info(f"wrote the page to {self._job.html}")

    def _records(self) -> UntilError:
        """The records until an error, or, if the output is not a file, which must be complete, until a signal."""
        records = self._inputs.records()
        return UntilError(records if self._spec.is_resumable else iter(self._screen.until_stopped(records)))

    def _windows(self, records: Iterable[Record], most: int | None = None) -> Iterator[Sequence[Record]]:
        """The records that are classified together. Before more input is waited for, all results are out."""
        from imdbsent.classify.classifier import windows  # noqa: PLC0415 (it loads ONNX Runtime)

        cut = windows(records, 1 if self._is_typed else most, self._is_waiting)
        while True:
            if self._writer is not None and self._is_waiting is not None and not self._is_waiting():
                self._writer.flush()
            window = next(cut, None)
            if window is None:
                return
            self._progress.has_read(len(window))
            yield window

    def _answers(self, windows: Iterator[Sequence[Record]]) -> Generator[list[Prediction], None, None]:
        """The predictions of each window, counted. Closing the generator ends the processes that make them."""
        from imdbsent.classify.workers import classify_windows  # noqa: PLC0415 (as above)

        workers = 1 if self._is_typed else self._classifier.engine.threads
        answered = classify_windows(
            self._classifier,
            windows,
            self._job.options,
            workers=workers,
            is_waiting=self._is_waiting,
            when_ready=self._progress.changes,
        )
        with closing(answered):
            for predictions in answered:
                self.counts.add(predictions)
                self._progress.has_answered(len(predictions))
                yield predictions

    def _results(self, predictions: Iterable[Prediction], after: int = 0) -> Iterator[Prediction]:
        """The predictions that are results, counted; so many records came before them."""
        options, is_numbered = self._job.options, self._spec.is_numbered
        if options.is_selective:
            from imdbsent.classify.options import select  # noqa: PLC0415 (few runs select)

            predictions = select(
                predictions,
                options,
                self._classifier.bundle.threshold,
                number_from=after + 1 if is_numbered else None,
                kept=len(self._inputs.columns.kept),
                label_at=self._spec.columns.label_at,
            )
        return self.counts.passing(predictions)

    def _predictions_writer(self) -> AbstractContextManager[Writer]:
        if self._spec.format is Format.TABLE:
            return nullcontext(
                self._screen.predictions(self._spec.columns, paged=self._inputs.are_bulk, typed=self._is_typed)
            )
        return open_output(self._spec)

    def _explanations_writer(self) -> AbstractContextManager[Writer]:
        if self._spec.format is Format.TABLE:
            return nullcontext(self._screen.explanations())
        from imdbsent.explain.explain import explanation_layout  # noqa: PLC0415 (few runs explain)

        return open_output(self._spec, explanation_layout(self._spec.format, self._spec.columns))

    def _explanations(self, records: Iterable[Record]) -> Iterator[Explanation]:
        """The explanations of all records, or of those that are selected; counted."""
        from imdbsent.classify.classifier import windows  # noqa: PLC0415 (it loads ONNX Runtime)
        from imdbsent.explain.explain import WINDOW  # noqa: PLC0415 (few runs explain)

        if self._job.options.is_selective:
            with closing(self._answers(self._windows(records))) as answers:
                selected = self._results(chain.from_iterable(answers))
                yield from self._explained(windows(map(self._record_of, selected), WINDOW, self._is_waiting))
            return
        for explanation in self._explained(self._windows(records, WINDOW)):
            self.counts.add([explanation.prediction])
            self._progress.has_answered(1)
            self.counts.results += 1
            yield explanation

    def _explained(self, windows: Iterable[Sequence[Record]]) -> Iterator[Explanation]:
        from imdbsent.explain.explain import Explainer  # noqa: PLC0415 (few runs explain)

        explainer = Explainer(self._classifier)
        for window in windows:
            yield from explainer.explain_window(window, self._job.options)

    def _record_of(self, result: Prediction) -> Record:
        """The record of a selected prediction; without an id it is called by its number."""
        from imdbsent.records import Record  # noqa: PLC0415 (only here)

        name = f"record {result.kept[0]:,}" if self._spec.is_numbered else result.id
        return Record(result.text, result.problem, name, result.number, result.kept)

    def _plan(self) -> Plan:
        """What decides the bytes of the file, apart from the records: derived from the fields of the options."""
        import hashlib  # noqa: PLC0415 (only files need it)

        import onnxruntime  # noqa: PLC0415 (as above)

        from imdbsent.writing.resume import Plan  # noqa: PLC0415 (as above)

        versions = {"imdbsent": __version__, "onnxruntime": onnxruntime.__version__}
        if self._spec.format is Format.PARQUET:
            versions["pyarrow"] = pyarrow("Parquet").__version__
        return Plan(
            model=hashlib.sha256(self._classifier.bundle.card.to_json().encode()).hexdigest(),
            options=deciding_options(self._job.options, self._spec, self._job.read),
            versions=versions,
        )


def _run_on_ray(job: PredictJob, screen: Screen, report: JobReport | None) -> Counts:
    """Classify on a cluster.

    Raises:
        ExtraMissing: Ray is not installed.
        ClusterUnreachable: no cluster answers.
    """
    from imdbsent.cluster.connect import connected, ray_library  # noqa: PLC0415 (only this engine needs it)

    ray_library(job.address)
    from imdbsent.cluster.job import run  # noqa: PLC0415 (as above)


    def load() -> Bundle:
        bundle = screen.load(job.model, 1).bundle
        if report is not None:
            report.bundle = bundle
        return bundle

    cluster_job = ray_job(job, load)
    meter = RowsMeter(cluster_job.head.rows)
    with connected(job.address), screen.progress(meter) as progress:

        def watch(rows: int) -> None:
            more = rows - meter.rows
            meter.rows = rows
            if progress is not None:
                progress.has_read(more)
                progress.has_answered(more)

        started = time.perf_counter()
        found = run(cluster_job, None if progress is None else watch)
    counts = Counts(seconds=time.perf_counter() - started)
    counts.restore(found)
    counts.results = counts.total
    if report is not None:
        report.counts = counts
    logger.info(
        counts.summary(has_neutral=job.options.neutral is not None),
        extra={"event": "summary", "fields": counts.by_row | {"seconds": round(counts.seconds, 3)}},
    )
    return counts


def ray_job(job: PredictJob, load: Callable[[], Bundle]) -> Job:
    """The job for a cluster.

    Args:
        job: what to do.
        load: finds the model; it is called last, after all checks.

    Raises:
        UsageProblem: it cannot be done as typed.
        InputUnreadable: there is no such file, or the first cannot be read.
        StorageUnreachable: a filesystem does not answer.
        ModelMissing: there is no such model.
    """
    from imdbsent.cluster.batches import pack  # noqa: PLC0415 (only this engine needs it)
    from imdbsent.cluster.job import Job, output_folder  # noqa: PLC0415 (as above)
    from imdbsent.cluster.paths import columns_read, find_files, read_head  # noqa: PLC0415 (as above)
    from imdbsent.cluster.ray_io import FORMATS  # noqa: PLC0415 (as above)

    if job.reads_stdin:
        raise UsageProblem("--engine ray reads files, not standard input. Type: imdbsent predict - without --engine")
    chosen = job.format or Format.PARQUET
    if chosen not in FORMATS:
        known = ", ".join(one.value for one in FORMATS)
        raise UsageProblem(f"--engine ray writes {known}, not {chosen.value}. Type: --format jsonl")
    OutputSpec(None, chosen, safe_csv=job.safe_csv)  # before files are looked for: is the format right?
    if job.output is None:
        raise UsageProblem("--engine ray writes a folder of files. Type: -o FOLDER/ with it")
    files = find_files((*job.arguments, *job.files), job.read.format)
    head = read_head(files)
    columns = columns_read(files, head, job.columns, keep_all=not job.read.kept or ALL in job.read.kept)
    names = result_columns(columns.kept, has_id=columns.id is not None)
    return Job(
        files,
        head,
        columns,
        output_folder(job.output),
        OutputSpec(None, chosen, names, safe_csv=job.safe_csv).of_model(
            bundle := load(), _given_options(job := _with_set_threshold(job, bundle))
        ),
        pack(bundle),
        options=job.options,
        skip_bad=job.read.skip_bad,
        concurrency=job.concurrency,
    )
