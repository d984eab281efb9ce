"""An output whose run can be stopped and resumed: the partial output, its checkpoint log, and its lock.

While `out.csv` is made, there are `out.csv.part`, what is done; `out.csv.part.checkpoints`, the checkpoint log; and
`out.csv.part.lock`, which only one run holds. A run that ends removes all three. One that is stopped, in any way,
leaves the first two.

The first line of the checkpoint log is the `Plan`, what the run was; each line after it an `OutputCheckpoint`, how far
it got, window by window. A line is written after the bytes that it describes. What a killed process or a power failure
leaves behind is checked: a checkpoint counts if the bytes before it have its checksum, and if the records before it are
the ones that are read again.

A partial output only ever grows, so that it can be continued after a kill. A plain text is its own partial output, and
is renamed at the end. A file that cannot be appended to, because its bytes depend on those before (a compressed text)
or on all of it (Parquet), has a partial output in another form, and is made from it at the end. So an output is the
same, byte for byte, whether its run was stopped or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import shutil
import zlib
from dataclasses import asdict, dataclass, replace
from io import FileIO
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from imdbsent.errors import InputChanged, OutputBusy, OutputFailed, PlanDiffers, counted
from imdbsent.files import mode_of, new_file, temporary_lock
from imdbsent.reading.options import compression_of_name
from imdbsent.reading.streams import Compression, compressing
from imdbsent.typed_json import from_json
from imdbsent.writing.output import Sink
from imdbsent.writing.text import Format, TextWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction, Record
    from imdbsent.writing.output import OutputSpec


LOG_FORMAT: Final = 2
_BLOCK: Final = 2**20  # bytes


@dataclass(frozen=True)
class Plan:
    """What decides the bytes of an output, apart from its records. A run can only be resumed with the same plan.

    Attributes:
        model: SHA-256 of the model's card, which has the hashes of its files.
        options: values of the command-line options; "" for one that was not given.
        versions: of the libraries that compute and write.
        format: of the log.
    """

    model: str
    options: dict[str, str]
    versions: dict[str, str]
    format: int = LOG_FORMAT

    def difference(self, now: Plan) -> str | None:
        """How a run with this plan started, if another plan differs, in words; None if they are equal."""
        if self.format != now.format:
            return "was started by another version of imdbsent"
        if self.model != now.model:
            return "was started with another model"
        for option in sorted({*self.options, *now.options}):
            then = self.options.get(option, "")
            if then != now.options.get(option, ""):
                return f"was started with {option} {then}" if then else f"was started without {option}"
        for name in sorted({*self.versions, *now.versions}):
            then, here = self.versions.get(name, ""), now.versions.get(name, "")
            if then != here:
                return f"was started with {name} {then or 'absent'}; here it is {here or 'absent'}"
        return None


@dataclass(frozen=True)
class OutputCheckpoint:
    """How far a run got, after a window.

    Attributes:
        windows: number of windows written.
        records: number of records in them.
        written: number of results written for them.
        size: bytes of the partial output.
        crc32: checksum of those bytes.
        digest: of those records; see `RecordsDigest`.
        counts: counts for the summary, by name.
    """

    windows: int
    records: int
    written: int
    size: int
    crc32: int
    digest: str
    counts: dict[str, int]


class RecordsDigest:
    """Tells records from others by their texts, ids and carried values, in order.

    The time and size of a file do not matter. A copy or a download has another time and the same records. A file that
    has grown has the same records up to the ones already answered. Standard input has neither. A resumed run reads the
    answered records again anyway, so all of them can be compared.
    """

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, records: Sequence[Record | Prediction]) -> None:
        """Add the records of a window, or the predictions on them. Other windows give another digest."""
        others = repr([(len(record.text), record.id, record.kept) for record in records])
        self._hash.update(f"{len(others)} {others}".encode("utf-8", "surrogatepass"))
        for record in records:  # not joined: copying a whole window takes longer than hashing it
            self._hash.update(record.text.encode("utf-8", "surrogatepass"))

    def value(self) -> str:
        """The digest of what was added, in hexadecimal."""
        return self._hash.copy().hexdigest()


START: Final = OutputCheckpoint(
    windows=0, records=0, written=0, size=0, crc32=0, digest=RecordsDigest().value(), counts={}
)
"""How far a run is that has just started."""


def log_line(entry: Plan | OutputCheckpoint) -> bytes:
    """A line of a checkpoint log."""
    return json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def read_log(path: Path) -> tuple[Plan, list[OutputCheckpoint]]:
    """Read a checkpoint log as far as it is readable. An incomplete last line is ignored.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a checkpoint log.
    """
    first, *others = path.read_bytes().split(b"\n")[:-1] or [b""]
    plan = json.loads(first)
    if isinstance(plan, dict) and plan.get("format") != LOG_FORMAT:
        return Plan("", {}, {}, format=0), []
    return cast("Plan", from_json(plan, Plan, "plan")), list(_checkpoints(others))


def _checkpoints(lines: Iterable[bytes]) -> Iterator[OutputCheckpoint]:
    with contextlib.suppress(ValueError):
        for content in lines:
            yield cast("OutputCheckpoint", from_json(json.loads(content), OutputCheckpoint, "checkpoint"))


def last_good(partial: Path, checkpoints: Sequence[OutputCheckpoint]) -> OutputCheckpoint | None:
    """The last checkpoint up to which a partial output has the bytes that were written; None if there is none.

    Raises:
        OSError: the partial output cannot be read.
    """
    good, crc32, position = None, 0, 0
    with partial.open("rb") as stream:
        for checkpoint in checkpoints:
            while position < checkpoint.size:
                block = stream.read(min(_BLOCK, checkpoint.size - position))
                if not block:
                    return good
                crc32 = zlib.crc32(block, crc32)
                position += len(block)
            if crc32 != checkpoint.crc32:
                return good
            good = checkpoint
    return good


logger = logging.getLogger(__name__)


@contextlib.contextmanager
def open_resumable(spec: OutputSpec, plan: Plan, *, resume: bool) -> Iterator[ResumableOutput]:
    """Open a file whose run can be stopped.

    Args:
        spec: a file, not standard output. It appears after the block; if the block raises, what is done stays in the
            partial output.
        plan: what decides its bytes, apart from its records.
        resume: whether to resume a stopped run that had the same plan.

    Yields:
        What takes the predictions; call its `skip` first.

    Raises:
        OutputBusy: another run is making the same file.
        PlanDiffers: the stopped run had another plan. Nothing has changed.
        OutputFailed: the folder is not writable, or the disk is full.
    """
    assert spec.path is not None
    path = spec.path.resolve()
    spec = replace(spec, path=path)
    partial_path, log_path = _beside(path, ""), _beside(path, ".checkpoints")
    with _only_run(path), contextlib.ExitStack() as files:
        good = _checkpoints_to_resume(path, plan, resume=resume)
        done = good[-1] if good else START
        partial = _partial_output(spec, done.written)
        with _output_errors(path):
            replace_content(log_path, b"".join([log_line(plan), *map(log_line, good)]))
            stream = files.enter_context(FileIO(partial_path, "r+" if good else "w"))
            stream.truncate(done.size)
            stream.seek(done.size)
            log = files.enter_context(FileIO(log_path, "a"))
        run, reached = ResumableOutput(path, partial, stream, log, done), done
        try:
            try:
                yield run
                run.end()
            finally:
                reached = run.reached  # the log tells it, while that is open
            files.close()
            with _output_errors(path):
                partial.publish(partial_path, path)
        except BaseException:
            files.close()
            _report_stop(path, done, reached)
            raise
        _remove(partial_path, log_path)


class ResumableOutput:
    """Takes predictions window by window, and logs how far it got; see `open_resumable`.

    Args:
        path: the file that is made.
        partial: what is appended.
        stream: the file of the partial output, unbuffered, at its end.
        log: the file of the checkpoint log, unbuffered, at its end.
        done: how far the stopped run got that this one resumes.

    Attributes:
        done: the same.
    """

    def __init__(self, path: Path, partial: PartialOutput, stream: FileIO, log: FileIO, done: OutputCheckpoint) -> None:
        self.done = done
        self._last = done, done, 0
        self._path = path
        self._partial = partial
        self._stream = stream
        self._log = log
        self._digest = RecordsDigest()

    @property
    def reached(self) -> OutputCheckpoint:
        """How far this run has got: the last checkpoint whose line is in the log, since a signal comes at any point."""
        before, latest, end = self._last
        return latest if self._log.tell() >= end else before

    def skip(self, windows: Iterator[Sequence[Record]]) -> None:
        """Read the windows that are already answered. Call it once, before any `write`.

        Raises:
            InputChanged: they are not the records that were answered.
        """
        records = 0
        for window in islice(windows, self.done.windows):
            self._digest.add(window)
            records += len(window)
        if (records, self._digest.value()) != (self.done.records, self.done.digest):
            raise InputChanged(_beside(self._path, ""), self.done.records)
        if records:
            fields = {"rows": records}
            logger.info(f"resuming after {counted(records, 'record')}", extra={"event": "resumed", "fields": fields})

    def write(
        self, predictions: Sequence[Prediction], counts: Mapping[str, int], results: Sequence[Prediction] | None = None
    ) -> None:
        """Write the results of a window, and log it.

        Args:
            predictions: on its records, in order.
            counts: the counts so far, including this window.
            results: the predictions that are written; None for all.

        Raises:
            OutputFailed: the disk is full.
        """
        content = self._partial.bytes_of(predictions if results is None else results)
        self._digest.add(predictions)
        self._append(self._stream, content)
        before = self.reached
        latest = OutputCheckpoint(
            windows=before.windows + 1,
            records=before.records + len(predictions),
            written=self._partial.written,
            size=before.size + len(content),
            crc32=zlib.crc32(content, before.crc32),
            digest=self._digest.value(),
            counts=dict(counts),
        )
        line = log_line(latest)
        self._last = before, latest, self._log.tell() + len(line)
        self._append(self._log, line)

    def end(self) -> None:
        """Write what follows the last prediction.

        Raises:
            OutputFailed: the disk is full.
        """
        self._append(self._stream, self._partial.end())

    def _append(self, stream: FileIO, content: bytes) -> None:
        with _output_errors(self._path):
            rest = memoryview(content)
            while rest:
                rest = rest[stream.write(rest) :]


def _checkpoints_to_resume(path: Path, plan: Plan, *, resume: bool) -> list[OutputCheckpoint]:
    """The checkpoints of a stopped run that are still good; none if the run is to start from the first record."""
    partial, log = _beside(path, ""), _beside(path, ".checkpoints")
    if not partial.exists():
        if resume:
            logger.info(f"there is no unfinished '{path.name}': starting with the first record")
        return []
    try:
        then, checkpoints = read_log(log)
        difference = then.difference(plan)
    except (OSError, ValueError):
        checkpoints, difference = [], "has no readable checkpoint log"
    if not resume:
        if checkpoints:
            logger.info(
                f"starting over: '{partial.name}', with {counted(checkpoints[-1].records, 'record')} of a run that was "
                "interrupted, is replaced; --resume would have resumed that run"
            )
        return []
    if difference is not None:
        raise PlanDiffers(partial, difference)
    with _output_errors(path):
        last = last_good(partial, checkpoints)
    good = checkpoints[: checkpoints.index(last) + 1] if last is not None else []
    if len(good) < len(checkpoints):
        logger.info(f"'{partial.name}' is damaged after {counted(good[-1].records if good else 0, 'record')}")
    return good


def _report_stop(path: Path, done: OutputCheckpoint, reached: OutputCheckpoint) -> None:
    """Say what a run that is stopped leaves; if it has written nothing, remove its files."""
    if not reached.records:
        _remove(_beside(path, ""), _beside(path, ".checkpoints"))
    elif reached is not done:
        logger.info(
            f"stopped after {counted(reached.records, 'record')}; the results are in '{_beside(path, '').name}'; "
            "to resume, run the same command with --resume",
            extra={"event": "stopped", "fields": {"rows": reached.records}},
        )


def _beside(path: Path, ending: str) -> Path:
    """The partial output of a file, or with an ending, what belongs to it."""
    return path.with_name(f"{path.name}.part{ending}")


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def replace_content(path: Path, content: bytes) -> None:
    """Replace the content of a file at once: a process that dies leaves the old one or the new one."""
    with new_file(path, held=path) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def _only_run(path: Path) -> Iterator[None]:
    """Hold the lock of an output."""
    from filelock import Timeout  # noqa: PLC0415 (20 ms of start-up that other runs need not pay)

    lock = _beside(path, ".lock")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(temporary_lock(lock, timeout=0))
        except Timeout as error:
            raise OutputBusy(path) from error
        except OSError as error:
            raise OutputFailed(f"{lock}: {error.strerror or error}") from error
        yield


@contextlib.contextmanager
def _output_errors(path: Path) -> Iterator[None]:
    """Raise errors of the operating system as errors of an output."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


class PartialOutput(Protocol):
    """Predictions as bytes to append, and the output made from them."""

    @property
    def written(self) -> int:
        """Number of predictions in it."""

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """What to append for some predictions."""

    def end(self) -> bytes:
        """What to append after the last one."""

    def publish(self, partial: Path, path: Path) -> None:
        """Make the output from the whole partial output; it appears when complete.

        Raises:
            OSError, OutputFailed: it cannot be written.
        """


def _partial_output(spec: OutputSpec, written: int) -> PartialOutput:
    """The partial output for a format.

    Raises:
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    return PartialParquet(spec, written) if spec.format is Format.PARQUET else PartialText(spec, written)


_COPY_BLOCK: Final = 2**20  # bytes


class PartialText:
    """The text itself, without compression.

    Args:
        spec: of the output.
        written: number of predictions that are already in it.
    """

    def __init__(self, spec: OutputSpec, written: int) -> None:
        self._buffer = io.BytesIO()
        self._writer = TextWriter(self._buffer, spec.layout, written)

    @property
    def written(self) -> int:
        """Number of predictions in it."""
        return self._writer.written

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """Their rows."""
        self._writer.write(predictions)
        return self._take_buffer()

    def end(self) -> bytes:
        """The end of the text."""
        self._writer.close()
        return self._take_buffer()

    def publish(self, partial: Path, path: Path) -> None:
        """Rename it, or compress it."""
        compression = compression_of_name(path)
        if compression is Compression.NONE:
            partial.chmod(mode_of(path))
            partial.replace(path)
            return
        with new_file(path, held=partial) as temporary, partial.open("rb") as text, temporary.open("wb") as stream:
            sink: BinaryIO = Sink(stream, str(path))  # type: ignore[assignment]
            packed = compressing(sink, compression)
            shutil.copyfileobj(text, packed, _COPY_BLOCK)
            packed.close()
            stream.flush()

    def _take_buffer(self) -> bytes:
        content = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return content


_GROUP_ROWS: Final = 10_000
_GROUP_BYTES: Final = 2**25


class PartialParquet:
    """Arrow messages, one per window, from which the Parquet file is written at the end.

    The footer of a Parquet file has the positions of everything in it, so nothing can be appended to one. The messages
    follow each other without the frame of an Arrow stream, because its schema is known.

    Args:
        spec: of the output.
        written: number of predictions that are already in it.
    """

    def __init__(self, spec: OutputSpec, written: int) -> None:
        from imdbsent.writing.parquet import ResultRows  # noqa: PLC0415 (only Parquet needs it)

        self.written = written
        self._rows = ResultRows(spec.columns, spec.types, spec.metadata)

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """A message with their rows."""
        if not predictions:
            return b""
        self.written += len(predictions)
        return cast("bytes", self._rows.batch(predictions).serialize().to_pybytes())

    def end(self) -> bytes:
        """Nothing: each message has its length."""
        return b""

    def publish(self, partial: Path, path: Path) -> None:
        """Write the Parquet file, one row group at a time."""
        from imdbsent.writing.parquet import open_parquet  # noqa: PLC0415 (as above)

        with new_file(path, held=partial) as temporary, partial.open("rb") as messages, temporary.open("wb") as stream:
            sink = cast("BinaryIO", Sink(stream, str(path)))
            writer = open_parquet(sink, self._rows)
            for group in _groups(self._batches(messages)):
                rows = self._rows.arrow.Table.from_batches(group)
                writer.write_table(rows, row_group_size=len(rows))
            writer.close()
            stream.flush()

    def _batches(self, messages: BinaryIO) -> Iterator[Any]:
        from pyarrow import ipc  # noqa: PLC0415 (few files need it)

        source = self._rows.arrow.PythonFile(messages, "r")
        size = messages.seek(0, 2)
        messages.seek(0)
        while messages.tell() < size:
            yield ipc.read_record_batch(ipc.read_message(source), self._rows.schema)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Combine batches up to a number of rows and bytes; a group has at least one."""
    group: list[Any] = []
    for batch in batches:
        together = [*group, batch]
        if group and (sum(map(len, together)) > _GROUP_ROWS or sum(b.nbytes for b in together) > _GROUP_BYTES):
            yield group
            group = []
        group.append(batch)
    if group:
        yield group
