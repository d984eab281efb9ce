"""A job on Ray Data: files in, verdicts out, as many processes as there are cores on however many machines.

The folder of results of a job: complete, and marked so, or not there.
"""

from __future__ import annotations

import contextlib
import posixpath
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ray.data
from ray.exceptions import RayError

from imdbsent import settings
from imdbsent.cluster.batches import BatchClassifier
from imdbsent.cluster.paths import locate
from imdbsent.cluster.transfer import PROBLEM, TEXT, RecordSource, VerdictSink
from imdbsent.errors import ImdbsentError, JobFailed, OutputFailed, StorageUnreachable, UsageProblem
from imdbsent.reading.detect import Kind, reason
from imdbsent.writing.text import Format

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from imdbsent.cluster.batches import PackedModel
    from imdbsent.cluster.paths import Head, InputFiles
    from imdbsent.reading.tables import Columns


COMPLETE: Final = "_SUCCESS"
"""The empty file that says that a folder is complete, as Hadoop's and Spark's jobs write it; readers of folders pass
over names that begin so."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder for the results of one job.

    Attributes:
        location: as it was typed.
        filesystem: pyarrow's.
        path: its path there.
        was_there: whether it was there, empty.
    """

    location: str
    filesystem: Any
    path: str
    was_there: bool

    @contextlib.contextmanager
    def whole(self) -> Iterator[tuple[Any, str]]:
        """Context of the writing. At its end the folder is marked as complete; where it raises, the results are gone.

        Yields:
            The filesystem and the path.

        Raises:
            OutputFailed: the folder cannot be written.
        """
        try:
            self.filesystem.create_dir(self.path, recursive=True)
            yield self.filesystem, self.path
            self.filesystem.open_output_stream(posixpath.join(self.path, COMPLETE)).close()
        except BaseException as error:
            self._empty()
            if isinstance(error, OSError):
                raise OutputFailed(f"{self.location}: {reason(error)}") from error
            raise

    def _empty(self) -> None:
        """Take away what is there, all of which this job has written."""
        with contextlib.suppress(OSError):
            self.filesystem.delete_dir_contents(self.path, missing_dir_ok=True)
            if not self.was_there:
                self.filesystem.delete_dir(self.path)


def output_folder(location: str) -> OutputFolder:
    """A folder for results; it is made when they are written.

    Raises:
        UsageProblem: there is a file of that name, or something in the folder.
        StorageUnreachable: its filesystem cannot be reached.
        InputUnreadable: it is no address that pyarrow knows.
    """
    from pyarrow import fs  # noqa: PLC0415 (this engine alone needs it)

    filesystem, path = locate(location.rstrip("/") or location)
    try:
        there = filesystem.get_file_info(path).type
        if there == fs.FileType.File:
            raise UsageProblem(f"'{location}' is a file, and results of --engine ray are a folder. Type: -o FOLDER/")
        if there == fs.FileType.Directory and filesystem.get_file_info(fs.FileSelector(path)):
            raise UsageProblem(f"the folder '{location}' is not empty. Type: -o with another FOLDER")
    except OSError as error:
        raise StorageUnreachable(location, reason(error)) from error
    return OutputFolder(location, filesystem, path, there == fs.FileType.Directory)

BATCH_ROWS: Final = 1024
"""Rows that an actor is given at a time: enough to make batches of like length of."""
_ACTOR_CORES: Final = 0.4
_TASK_CORES: Final = 0.2
"""Reading and writing take little beside the network. Shares of a core let each core have an actor, and tasks beside
it: with whole cores, actors on all of them would leave none to read with. An actor has less than half of one, so that
one which is lost with its machine finds a place beside another: what it was given waits for it, without end."""
_LOOK_EVERY: Final = 0.25  # seconds


@dataclass(frozen=True)
class Job:
    """What is to be done.

    Attributes:
        files: what is read.
        head: what their columns are.
        columns: the columns that are read of tables.
        output: where the results go.
        format: in which format.
        model: what answers.
        skip_bad: whether a row that breaks its format is a record without a verdict, and not the end.
        threshold: as `Classifier.predict`.
        neutral: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        concurrency: actors that classify, a core each; None for one on each core of the cluster.
    """

    files: InputFiles
    head: Head
    columns: Columns
    output: OutputFolder
    format: Format
    model: PackedModel
    skip_bad: bool = False
    threshold: float | None = None
    neutral: tuple[float, float] | None = None
    batch_size: int | None = None
    concurrency: int | None = None

    @property
    def is_parquet(self) -> bool:
        """Whether Parquet is read, whose columns have types."""
        return self.files.format.kind is Kind.PARQUET

    def classifier(self) -> BatchClassifier:
        """What the actors do, but for the model."""
        return BatchClassifier(
            self.model,
            text_column=self.columns.text if self.is_parquet else TEXT,
            id_column=self.columns.id,
            keep=self.columns.kept,
            problem_column=None if self.is_parquet else PROBLEM,
            threshold=self.threshold,
            neutral=self.neutral,
            batch_size=self.batch_size,
        )


class Answering:
    """An actor: the classifier, loaded once, out of what the driver has put into the object store once.

    Args:
        classifier: a reference to a `BatchClassifier`, model and all.
    """

    def __init__(self, classifier: list[Any]) -> None:
        self._classify: BatchClassifier = ray.get(classifier[0])

    def __call__(self, batch: Any) -> Any:
        """Classify a batch."""
        return self._classify(batch)


class Written:
    """An actor that counts rows as they are written, for whoever watches.

    It is no count of results: a task that is done again, since its machine was lost, tells it twice.
    """

    def __init__(self) -> None:
        self._rows = 0

    def add(self, rows: int) -> None:
        """So many more rows are written."""
        self._rows += rows

    def rows(self) -> int:
        """Rows that are written."""
        return self._rows


def run(job: Job, watch: Callable[[int], None] | None = None) -> Counter[str]:
    """Do a job on the cluster that Ray is connected to.

    What is lost with a process or a machine is done again, elsewhere. Results are complete or, after an error, gone.

    Args:
        job: what is to be done.
        watch: is told from time to time how many rows are written.

    Returns:
        How many rows had each label, how many none ("failed"), and how many mostly unknown words ("unfamiliar").

    Raises:
        RowUnreadable: a row breaks its format, and is not to be skipped.
        InputUnreadable: a file cannot be read.
        OutputFailed: the results cannot be written.
        JobFailed: whatever else.
    """
    counter = ray.remote(num_cpus=0, max_restarts=-1)(Written).remote() if watch else None
    with _errors(), job.output.whole() as (filesystem, path), _context():
        sink = VerdictSink(
            path,
            filesystem,
            job.format,
            job.classifier().columns_of(job.columns.kept),
            is_json=_is_json(job),
            progress=counter,
        )
        verdicts = _verdicts(job)
        with _watched(counter, watch):
            verdicts.write_datasink(sink, ray_remote_args={"num_cpus": _TASK_CORES})
    return sink.counts


def _verdicts(job: Job) -> Any:
    """The dataset of results."""
    actors = job.concurrency or max(1, int(ray.cluster_resources().get("CPU", 1)))
    classifier = ray.put(job.classifier())
    return _records(job).map_batches(
        Answering,
        fn_constructor_args=[[classifier]],  # in a list, or Ray would fetch it for the driver
        compute=ray.data.ActorPoolStrategy(size=actors),
        batch_size=BATCH_ROWS,
        batch_format="pyarrow",
        zero_copy_batch=True,
        num_cpus=_ACTOR_CORES,
        scheduling_strategy="SPREAD",  # over the machines, though two would fit where one is
    )  # actors that are lost are started again, and their tasks done again, without end, unless Ray is told otherwise


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
    """Whether values are carried as JSON: those of Parquet have types of their own."""
    return job.format is Format.JSONL and not job.is_parquet


@contextlib.contextmanager
def _context() -> Iterator[None]:
    """Ray Data as this job needs it: in the order of the input, and without bars and messages of its own.

    Its newer reader of Parquet lists files in a task that asks for a whole core, which the actors have.
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
    """Tell a watcher, from a thread of its own, how many rows are written while the block runs."""
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
    """Context in which what Ray raises is what a person can read."""
    try:
        yield
    except Exception as error:
        ours = [cause for cause in _causes(error) if isinstance(cause, ImdbsentError)]
        if ours and ours[-1] is error:
            raise
        if ours:  # the last: those before it are of classes that Ray makes of ours, and tell tracebacks
            ours[-1].args = tuple(str(ours[-1]).splitlines()[:1])  # behind our line Ray has put its own
            raise ours[-1] from error
        if settings.is_debug():
            raise
        raise JobFailed(_told(error)) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of: Ray wraps it once for the task, and once for Ray Data."""
    seen: list[BaseException] = []
    while error is not None and not any(error is other for other in seen):
        seen.append(error)
        yield error
        error = getattr(error, "cause", None) or error.__cause__


def _told(error: BaseException) -> str:
    """The last line of the innermost error that says something: before it stands its traceback."""
    said = [str(cause).strip() for cause in _causes(error)]
    innermost = [text for text in said if text] or [type(error).__name__]
    return innermost[-1].splitlines()[-1]
