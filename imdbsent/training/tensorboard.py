"""Event files for TensorBoard: the scalars of a training run, with training and validation as two runs.

TensorBoard's own code writes only the format of the files (its protocol buffers and its `RecordWriter`). Its
`EventFileWriter` imports TensorFlow if that is installed, whatever the backend, and writes from a thread, so that a
full disk is noticed late.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import ExtraMissing, OutputFailed, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from imdbsent.bundle.card import Epoch
    from imdbsent.training.progress import Position
    from imdbsent.training.recipes import Recipe

_VERSION: Final = "brain.Event:2"  # format of event files; the first one in which restarts are recognized


def check(directory: Path) -> None:
    """Check that event files can be written, before any work is done.

    Raises:
        ExtraMissing: tensorboard is not installed.
        UsageProblem: the path is not a folder.
    """
    if directory.exists() and not directory.is_dir():
        raise UsageProblem(f"'{directory}' is not a folder. Type: --tensorboard OTHER")
    try:
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError as error:
        raise ExtraMissing("--tensorboard", "tensorboard") from error


class TensorBoardLog:
    """Writes the progress of a training run; `imdbsent.training.progress.TrainingProgress`.

    `epoch_loss` and `epoch_accuracy` of both runs are plotted by epoch; `batch_loss` and `batch_accuracy` of training
    (means over the epoch so far) by batch since the run started. The names are Keras's.

    A resumed run writes to a new file in the same folder, and so does another run; the file says from which step on its
    events replace earlier ones. Every event is written at once.

    Args:
        directory: the folder; created if missing, with a folder for each run: "train", and the name of the split.
        split: what the network is validated on.

    Raises:
        ExtraMissing: tensorboard is not installed.
        UsageProblem: the path is not a folder.
    """

    def __init__(self, directory: Path, split: str = "test") -> None:
        check(directory)
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._directory = directory
        self._split = split
        self._proto, self._summary, self._record_writer = event_pb2, summary_pb2, RecordWriter
        self._files: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open a file for each run.

        Raises:
            OutputFailed: the folder cannot be written.
        """
        name = f"events.out.tfevents.{time.time_ns()}"  # TensorBoard reads files in order of their names
        with self._errors(), contextlib.ExitStack() as stack:
            for run in ("train", self._split):
                (self._directory / run).mkdir(parents=True, exist_ok=True)
                stream = stack.enter_context((self._directory / run / name).open("xb", buffering=0))
                self._files[run] = self._record_writer(stream)
                self._write(run, self._proto.Event(wall_time=time.time(), file_version=_VERSION))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the files."""
        self._stack.close()

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:  # noqa: ARG002
        """Training starts or resumes: earlier events from this step on become void."""
        self._train_batches = train_batches
        steps = ((position.epoch - 1) * train_batches + position.batch + 1, position.epoch)
        for run, step in zip(("train", self._split), steps):
            start = self._proto.SessionLog(status=self._proto.SessionLog.START)
            # A new run voids everything from step 0 on.
            first = 0 if step == 1 else step
            self._write(run, self._proto.Event(wall_time=time.time(), step=first, session_log=start))

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        """A training batch is done."""
        step = (epoch - 1) * self._train_batches + batch
        self._scalars("train", step, {"batch_loss": loss, "batch_accuracy": accuracy})

    def evaluation_done(self, epoch: int, batch: int) -> None:
        """A batch of the validation is done; it has no figures of its own."""

    def epoch_done(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._scalars("train", epoch.number, {"epoch_loss": epoch.loss, "epoch_accuracy": epoch.accuracy})
        self._scalars(self._split, epoch.number, {"epoch_loss": epoch.test_loss, "epoch_accuracy": epoch.test_accuracy})

    def _scalars(self, run: str, step: int, values: dict[str, float]) -> None:
        summary = self._summary.Summary(
            value=[self._summary.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        )
        self._write(run, self._proto.Event(wall_time=time.time(), step=step, summary=summary))

    def _write(self, run: str, event: Any) -> None:
        with self._errors():
            self._files[run].write(event.SerializeToString())

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputFailed(f"{self._directory}: {error.strerror or error}") from error
