"""A job on Ray Data: from files to a folder of verdicts, on all cores of any number of machines.

The folder is complete, and marked so, or it is not there.
"""

from __future__ import annotations

import contextlib
import logging
import posixpath
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ray.data
from ray.exceptions import RayError

from imdbsent import settings
from imdbsent.classify.options import DEFAULTS
from imdbsent.cluster.batches import BatchClassifier
from imdbsent.cluster.paths import locate
from imdbsent.cluster.ray_io import PROBLEM, TEXT, RecordSource, VerdictSink
from imdbsent.errors import ImdbsentError, JobFailed, OutputFailed, StorageUnreachable, UsageProblem
from imdbsent.reading.options import Kind
from imdbsent.reading.streams import reason
from imdbsent.writing.text import Format

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from imdbsent.classify.options import PredictOptions
    from imdbsent.cluster.batches import PackedModel
    from imdbsent.cluster.paths import InputFiles, TableHead
    from imdbsent.reading.options import Columns
    from imdbsent.writing.output import OutputSpec


logger = logging.getLogger(__name__)

COMPLETE: Final = "_SUCCESS"
"""The empty file that marks a folder as complete, as Hadoop and Spark write it; readers of folders ignore names that
start with an underscore."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder for the results of one job.

    Attributes:
        location: as the user typed it.
        filesystem: a pyarrow filesystem.
        path: its path there.
        was_there: whether the empty folder already exists.
    """

    location: str
    filesystem: Any
    path: str
    was_there: bool

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[Any, str]]:
        """Mark the folder as complete after a block that writes it; if the block raises, remove the results.

        Yields:
            The filesystem and the path.

        Raises:
            OutputFailed: the folder is not writable.
        """
        try:
            self.filesystem.create_dir(self.path, recursive=True)
            yield self.filesystem, self.path
            self.filesystem.open_output_stream(posixpath.join(self.path, COMPLETE)).close()
        except BaseException as error:
            self._empty()
            if isinstance(error, OSError):
                raise OutputFailed(f"{self.location}: {reason(error)}") from error
            if not isinstance(error, Exception):  # Ctrl-C or a signal
                logger.info(
                    f"stopped; the results in '{self.location}' were not complete and are removed; "
                    "to start again, run the same command"
                )
            raise

    def _empty(self) -> None:
        """Remove the content of the folder, all of which this job has written."""
        with contextlib.suppress(OSError):
            self.filesystem.delete_dir_contents(self.path, missing_dir_ok=True)
            if not self.was_there:
                self.filesystem.delete_dir(self.path)


def output_folder(location: str) -> OutputFolder:
    """A folder for results, which is created when they are written.

    Raises:
        UsageProblem: it is a file, or not empty.
        StorageUnreachable: its filesystem does not answer.
        InputUnreadable: pyarrow does not know the address.
    """
    from pyarrow import fs  # noqa: PLC0415 (only this engine needs it)

    filesystem, path = locate(location.rstrip("/") or location)
    try:
        there = filesystem.get_file_info(path).type
        if there == fs.FileType.File:
            raise UsageProblem(f"'{location}' is a file, but --engine ray writes a folder. Type: -o FOLDER/")
        if there == fs.FileType.Directory and filesystem.get_file_info(fs.FileSelector(path)):
            raise UsageProblem(f"the folder '{location}' is not empty. Type: -o with another FOLDER")
    except OSError as error:
        raise StorageUnreachable(location, reason(error)) from error
    return OutputFolder(location, filesystem, path, there == fs.FileType.Directory)


BATCH_ROWS: Final = 1024
"""Rows per call of an actor: enough to make batches of similar length."""
_ACTOR_CORES: Final = 0.4
_TASK_CORES: Final = 0.2
"""Reading and writing cost little compared to the network. Shares of a core allow an actor and tasks on each core; with
whole cores, actors on all of them would leave none for reading. An actor has less than half a core, so that one whose
machine is lost can start again next to another: its rows wait for it forever."""
_LOOK_EVERY: Final = 0.25  # seconds


@dataclass(frozen=True)
class Job:
    """What a cluster is asked to do.

    Attributes:
        files: the files to read.
        head: their columns.
        columns: the columns to read.
        output: the folder for the results.
        spec: how the results are written.
        model: the model.
        options: how to label.
        skip_bad: whether a row that breaks its format becomes a record without a verdict, instead of an error.
        concurrency: number of actors that classify, one core each; None for one on each core of the cluster.
    """

    files: InputFiles
    head: TableHead
    columns: Columns
    output: OutputFolder
    spec: OutputSpec
    model: PackedModel
    options: PredictOptions = DEFAULTS
    skip_bad: bool = False
    concurrency: int | None = None

    @property
    def is_parquet(self) -> bool:
        """Whether the input is Parquet, whose columns have types."""
        return self.files.format.kind is Kind.PARQUET

    def classifier(self) -> BatchClassifier:
        """What the actors run."""
        return BatchClassifier(
            self.model,
            text_column=self.columns.text if self.is_parquet else TEXT,
            id_column=self.columns.id,
            keep=self.columns.kept,
            problem_column=None if self.is_parquet else PROBLEM,
            options=self.options,
        )


class ClassifyingActor:
    """An actor with the classifier, which it gets from the object store once.

    Args:
        classifier: a list of one reference to a `BatchClassifier`, which includes its model.
    """

    def __init__(self, classifier: list[Any]) -> None:
        self._classify: BatchClassifier = ray.get(classifier[0])

    def __call__(self, batch: Any) -> Any:
        """Classify a batch."""
        return self._classify(batch)


class RowCounter:
    """An actor that counts rows as they are written, for a progress bar.

    It does not count results: a task that runs again, because its machine was lost, counts twice.
    """

    def __init__(self) -> None:
        self._rows = 0

    def add(self, rows: int) -> None:
        """Count rows that were written."""
        self._rows += rows

    def rows(self) -> int:
        """Number of rows written."""
        return self._rows


def run(job: Job, watch: Callable[[int], None] | None = None) -> Counter[str]:
    """Run a job on the cluster that Ray is connected to.

    Work that is lost with a process or a machine is repeated elsewhere. Results are complete or, after an error, gone.

    Args:
        job: what to do.
        watch: called from time to time with the number of rows written.

    Returns:
        The counts of the rows by name; see `imdbsent.job_report.Counts`.

    Raises:
        RowUnreadable: a row breaks its format, and bad rows are not skipped.
        InputUnreadable: a file cannot be read.
        OutputFailed: the results cannot be written.
        JobFailed: anything else went wrong.
    """
    counter = ray.remote(num_cpus=0, max_restarts=-1)(RowCounter).remote() if watch else None
    with _errors(), job.output.writing() as (filesystem, path), _context():
        sink = VerdictSink(path, filesystem, job.spec, is_json=_is_json(job), progress=counter)
        verdicts = _verdicts(job)
        with _watched(counter, watch):
            verdicts.write_datasink(sink, ray_remote_args={"num_cpus": _TASK_CORES})
    return sink.counts


def _verdicts(job: Job) -> Any:
    """The dataset of results."""
    actors = job.concurrency or max(1, int(ray.cluster_resources().get("CPU", 1)))
    classifier = ray.put(job.classifier())
    return _records(job).map_batches(
        ClassifyingActor,
        fn_constructor_args=[[classifier]],  # in a list: Ray would fetch a bare reference for the driver
        compute=ray.data.ActorPoolStrategy(size=actors),
        batch_size=BATCH_ROWS,
        batch_format="pyarrow",
        zero_copy_batch=True,
        num_cpus=_ACTOR_CORES,
    )  # by default, Ray spreads actors over the machines, restarts lost ones and repeats their tasks, without limit


def _records(job: Job) -> Any:
    files, paths = job.files, list(job.files.paths)
    if job.is_parquet:
        wanted = list(dict.fromkeys(job.columns.wanted))
        return ray.data.read_parquet(
            paths,
            filesystem=files.filesystem,
            columns=wanted,
            partitioning=None,
            file_extensions=None,
            num_cpus=_TASK_CORES,
        )
    source = RecordSource(
        paths, files.filesystem, files.format, job.columns, skip_bad=job.skip_bad, as_json=_is_json(job)
    )
    return ray.data.read_datasource(source, num_cpus=_TASK_CORES)


def _is_json(job: Job) -> bool:
    """Whether values are carried as JSON; those of Parquet keep their types."""
    return job.spec.format is Format.JSONL and not job.is_parquet


@contextlib.contextmanager
def _context() -> Iterator[None]:
    """Set up Ray Data for a job: results in the order of the input, no bars or messages of its own.

    Its newer Parquet reader lists files in a task that needs a whole core, and the actors occupy them all.
    """
    context = ray.data.DataContext.get_current()
    needed = {
        "enable_progress_bars": settings.is_debug(),
        "print_on_execution_start": settings.is_debug(),
        "use_datasource_v2": False,
    }
    before = {name: getattr(context, name) for name in needed if hasattr(context, name)}
    in_order = context.execution_options.preserve_order
    try:
        for name in before:
            setattr(context, name, needed[name])
        context.execution_options.preserve_order = True
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)
        context.execution_options.preserve_order = in_order


@contextlib.contextmanager
def _watched(counter: Any, watch: Callable[[int], None] | None) -> Iterator[None]:
    """During a block, call `watch` from another thread with the number of rows written."""
    if watch is None:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY):
            with contextlib.suppress(RayError):
                watch(ray.get(counter.rows.remote(), timeout=10))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Raise errors of Ray as errors that a person can read."""
    try:
        yield
    except Exception as error:
        ours = [cause for cause in _causes(error) if isinstance(cause, ImdbsentError)]
        if ours and ours[-1] is error:
            raise
        if ours:  # the last one: Ray derives the classes of the others from ours, and adds tracebacks
            ours[-1].args = tuple(str(ours[-1]).splitlines()[:1])  # Ray has put its own lines after ours
            raise ours[-1] from error
        if settings.is_debug():
            raise
        raise JobFailed(_reason(error)) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes: Ray wraps it once for the task, and once for Ray Data."""
    seen: list[BaseException] = []
    while error is not None and not any(error is other for other in seen):
        seen.append(error)
        yield error
        error = getattr(error, "cause", None) or error.__cause__


def _reason(error: BaseException) -> str:
    """The last line of the innermost error that has a message; the lines before it are its traceback."""
    messages = [str(cause).strip() for cause in _causes(error)]
    innermost = [message for message in messages if message] or [type(error).__name__]
    return innermost[-1].splitlines()[-1]
