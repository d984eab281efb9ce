"""An output that a run can be stopped at, and that another goes on with: the part, its journal, and its lock.

Beside `out.csv` stand, while it is made, `out.csv.part`, what is done; `out.csv.part.journal`, see `journal`; and
`out.csv.part.lock`, which only one run holds. A run that ends takes all three away; one that is stopped, in whatever
way, leaves the first two.
"""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass, field, replace
from io import FileIO
from itertools import islice
from typing import TYPE_CHECKING, Any

from imdbsent.bulk.journal import Checkpoint, Plan, RecordsDigest, last_good, line, read_journal
from imdbsent.bulk.part import Part, new_part
from imdbsent.errors import InputChanged, OutputBusy, OutputFailed, PlanDiffers
from imdbsent.locking import passing_lock
from imdbsent.records.new_file import new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction, Record
    from imdbsent.records.writing import Format, ResultColumns

_NOTHING = Checkpoint(windows=0, records=0, written=0, size=0, crc32=0, digest=RecordsDigest().value(), counts={})


@dataclass(frozen=True)
class Output:
    """A file to be made.

    Attributes:
        path: its name.
        format: its format, not the table.
        columns: those beside the usual ones.
        types: as `ParquetWriter`.
    """

    path: Path
    format: Format
    columns: ResultColumns
    types: Mapping[str, Any] = field(default_factory=dict)

    def beside(self, ending: str) -> Path:
        """A file beside it."""
        return self.path.with_name(f"{self.path.name}.part{ending}")


class ResumableOutput:
    """Takes predictions window by window, and remembers how far it has come; see `open_resumable`.

    Args:
        output: what is made.
        part: what is appended.
        stream: the file of the part, unbuffered, at its end.
        journal: the file of the journal, unbuffered, at its end.
        done: how far the run had come from which this one goes on.
        note: is told where it goes on.

    Attributes:
        done: the same.
        reached: how far this run has come.
    """

    def __init__(
        self,
        output: Output,
        part: Part,
        stream: FileIO,
        journal: FileIO,
        done: Checkpoint,
        note: Callable[[str], None],
    ) -> None:
        self._note = note
        self.done = self.reached = done
        self._output = output
        self._part = part
        self._stream = stream
        self._journal = journal
        self._digest = RecordsDigest()

    def skip(self, windows: Iterator[Sequence[Record]]) -> None:
        """Read the windows that were answered before; call it once, before any `write`.

        Raises:
            InputChanged: they are not the records that were answered.
        """
        records = 0
        for window in islice(windows, self.done.windows):
            self._digest.add(window)
            records += len(window)
        if (records, self._digest.value()) != (self.done.records, self.done.digest):
            raise InputChanged(self._output.beside(""), self.done.records)
        if records:
            self._note(f"going on after {records:,} records")

    def write(
        self, predictions: Sequence[Prediction], counts: Mapping[str, int], results: Sequence[Prediction] | None = None
    ) -> None:
        """Write what came of a window, and remember it.

        Args:
            predictions: on its records, in order.
            counts: what has been counted so far, this window included.
            results: those that are written; None for all.

        Raises:
            OutputFailed: the place is full.
        """
        content = self._part.bytes_of(predictions if results is None else results)
        self._digest.add(predictions)
        self._append(self._stream, content)
        self.reached = Checkpoint(
            windows=self.reached.windows + 1,
            records=self.reached.records + len(predictions),
            written=self._part.written,
            size=self.reached.size + len(content),
            crc32=zlib.crc32(content, self.reached.crc32),
            digest=self._digest.value(),
            counts=dict(counts),
        )
        self._append(self._journal, line(self.reached))

    def end(self) -> None:
        """Write what stands behind the last prediction.

        Raises:
            OutputFailed: the place is full.
        """
        self._append(self._stream, self._part.end())

    def _append(self, stream: FileIO, content: bytes) -> None:
        with _failing(self._output.path):
            left = memoryview(content)
            while left:
                left = left[stream.write(left) :]


@contextlib.contextmanager
def open_resumable(
    output: Output, plan: Plan, *, resume: bool, note: Callable[[str], None]
) -> Iterator[ResumableOutput]:
    """Open a file to be made by a run that can be stopped.

    Args:
        output: the file; after the block it has its name. Where the block raises, what is done stays beside it.
        plan: what decides its bytes, beside its records.
        resume: whether to go on where a run with the same plan was stopped.
        note: is told, in one line, of what a user should know of.

    Yields:
        What takes the predictions; its `skip` comes first.

    Raises:
        OutputBusy: another run is making the same file.
        PlanDiffers: the stopped run had another plan. Nothing has changed.
        OutputFailed: the place cannot be written, or is full.
    """
    output = replace(output, path=output.path.resolve())
    part_path, journal_path = output.beside(""), output.beside(".journal")
    with _only_run(output), contextlib.ExitStack() as files:
        good = _to_go_on_with(output, plan, resume=resume, note=note)
        done = good[-1] if good else _NOTHING
        part = new_part(output.format, output.columns, output.types, done.written)
        with _failing(output.path):
            _replace_content(journal_path, b"".join([line(plan), *map(line, good)]))
            stream = files.enter_context(FileIO(part_path, "r+" if good else "w"))
            stream.truncate(done.size)
            stream.seek(done.size)
            journal = files.enter_context(FileIO(journal_path, "a"))
        run = ResumableOutput(output, part, stream, journal, done, note)
        try:
            yield run
            run.end()
            files.close()
            with _failing(output.path):
                part.publish(part_path, output.path)
        except BaseException:
            files.close()
            _keep(output, run, note)
            raise
        _remove(journal_path, part_path)


def _to_go_on_with(
    output: Output, plan: Plan, *, resume: bool, note: Callable[[str], None]
) -> list[Checkpoint]:
    """The checkpoints of a stopped run that hold; none where the run is to begin anew."""
    part_path, journal_path = output.beside(""), output.beside(".journal")
    if not (part_path.exists() and journal_path.exists()):
        if resume:
            note(f"there is no unfinished '{output.path.name}': beginning with the first record")
        return []
    try:
        then, checkpoints = read_journal(journal_path)
        difference = then.difference(plan)
    except (OSError, ValueError):
        checkpoints, difference = [], "has no journal that can be read"
    if not resume:
        if checkpoints:
            note(
                f"beginning anew: '{part_path.name}', {checkpoints[-1].records:,} records of a run that was stopped, "
                "is replaced; with --resume that run would have gone on"
            )
        return []
    if difference is not None:
        raise PlanDiffers(part_path, difference)
    with _failing(output.path):
        last = last_good(part_path, checkpoints)
    good = checkpoints[: checkpoints.index(last) + 1] if last is not None else []
    if len(good) < len(checkpoints):
        note(f"'{part_path.name}' is damaged beyond {good[-1].records if good else 0:,} records")
    return good


def _keep(output: Output, run: ResumableOutput, note: Callable[[str], None]) -> None:
    """Say what a run that is stopped leaves behind; where that is nothing, leave nothing."""
    if not run.reached.records:
        _remove(output.beside(".journal"), output.beside(""))
    elif run.reached is not run.done:
        note(
            f"stopped after {run.reached.records:,} records, which are in '{output.beside('').name}': "
            "the same command with --resume goes on"
        )


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _replace_content(path: Path, content: bytes) -> None:
    with new_file(path, held=path) as place:
        place.write_bytes(content)


@contextlib.contextmanager
def _only_run(output: Output) -> Iterator[None]:
    """Hold the lock of an output."""
    from filelock import Timeout  # noqa: PLC0415 (20 ms of start-up that other runs need not pay)

    path = output.beside(".lock")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(passing_lock(path, timeout=0))
        except Timeout as error:
            raise OutputBusy(output.path) from error
        except OSError as error:
            raise OutputFailed(f"{path}: {error.strerror or error}") from error
        yield


@contextlib.contextmanager
def _failing(path: Path) -> Iterator[None]:
    """Context in which errors of the operating system are errors of an output."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error
