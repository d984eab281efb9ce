"""An output that a run can be stopped at, and that another goes on with: the part, its journal, and its lock.

Beside `out.csv` stand, while it is made, `out.csv.part`, what is done; `out.csv.part.journal`, see `journal`; and
`out.csv.part.lock`, which only one run holds. A run that ends takes all three away; one that is stopped, in whatever
way, leaves the first two.

The journal beside an unfinished output: what the run was, and how far it has come, window by window.

The first line is the `Plan`, each line after it a `Checkpoint`, all of them JSON. A line is written after the bytes
that it speaks of. What a killed process or a machine without power leaves behind is not believed but checked: a
checkpoint counts if the bytes before it have its checksum, and the records before it are those that come again.

What an unfinished output holds, in a form to which a killed run can be added: bytes that are only appended.

A plain text is its own part, and gets its name at the end. What cannot be added to, because its bytes depend on those
before (a compressed text) or on all of it (Parquet), is a part of another form, and is written at the end from that.
So an output is the same, byte for byte, whether its run was stopped or not.

The part of a Parquet file: rows of Arrow, a message a window, without an end.

Ids that must not come twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import logging
import shutil
import sqlite3
import zlib
from dataclasses import asdict, dataclass, field, replace
from io import FileIO
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from imdbsent.bundle.bundle import from_json
from imdbsent.errors import InputChanged, OutputBusy, OutputFailed, PlanDiffers
from imdbsent.files import passing_lock
from imdbsent.reading.detect import Compression, compressing, compression_of_name
from imdbsent.writing.output import Sink, new_file
from imdbsent.writing.parquet import ResultRows, open_parquet
from imdbsent.writing.text import Format, ResultColumns, TextWriter, text_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction, Record

logger = logging.getLogger(__name__)


JOURNAL_FORMAT: Final = 1
_BLOCK: Final = 2**20  # bytes


@dataclass(frozen=True)
class Plan:
    """What decides the bytes of an output, beside its records: it must be the same for a run to go on.

    Attributes:
        model: SHA-256 of the model's card, which holds those of its files.
        options: what was asked for, by the options of the command line; "" for what was left out.
        versions: of what computes and writes.
        format: of the journal.
    """

    model: str
    options: dict[str, str]
    versions: dict[str, str]
    format: int = JOURNAL_FORMAT

    def difference(self, now: Plan) -> str | None:
        """How a run with this plan began, where that differs from another plan, in words; None where nothing does."""
        if self.format != now.format:
            return "was begun by another version of imdbsent"
        if self.model != now.model:
            return "was begun with another model"
        for option in sorted({*self.options, *now.options}):
            then = self.options.get(option, "")
            if then != now.options.get(option, ""):
                return f"was begun {f'with {option} {then}' if then else f'without {option}'}"
        for name in sorted({*self.versions, *now.versions}):
            then, here = self.versions.get(name, ""), now.versions.get(name, "")
            if then != here:
                return f"was begun with {name} {then or 'absent'}, and here is {here or 'none'}"
        return None


@dataclass(frozen=True)
class Checkpoint:
    """How far a run has come: after a window.

    Attributes:
        windows: windows written.
        records: records in them.
        written: predictions written for them.
        size: bytes of the part.
        crc32: checksum of those bytes.
        digest: of those records; see `RecordsDigest`.
        counts: what is counted for the summary, by name.
    """

    windows: int
    records: int
    written: int
    size: int
    crc32: int
    digest: str
    counts: dict[str, int]


class RecordsDigest:
    """Tells records from others: their texts, ids and kept values, in order.

    Neither the time nor the size of a file is looked at. A copy or a download has another time and the same records; a
    file that has grown has the same records as far as they were answered; and standard input has neither. Going on
    reads the answered records again in any case, so that it can compare all of them.
    """

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, records: Sequence[Record | Prediction]) -> None:
        """Add the records of a window, or the predictions on them: other windows give another digest."""
        others = repr([(len(record.text), record.id, record.kept) for record in records])
        self._hash.update(f"{len(others)} {others}".encode("utf-8", "surrogatepass"))
        for record in records:  # not joined: a copy of a whole window takes longer than its hash
            self._hash.update(record.text.encode("utf-8", "surrogatepass"))

    def value(self) -> str:
        """The digest of what was added, in hexadecimal."""
        return self._hash.copy().hexdigest()


def line(entry: Plan | Checkpoint) -> bytes:
    """A line of a journal."""
    return json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def read_journal(path: Path) -> tuple[Plan, list[Checkpoint]]:
    """Read a journal as far as it can be read: a last line that was not written to its end is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no journal.
    """
    first, *others = path.read_bytes().split(b"\n")[:-1] or [b""]
    plan = json.loads(first)
    if isinstance(plan, dict) and plan.get("format") != JOURNAL_FORMAT:
        return Plan("", {}, {}, format=0), []
    return cast("Plan", from_json(plan, Plan, "plan")), list(_checkpoints(others))


def _checkpoints(lines: Iterable[bytes]) -> Iterator[Checkpoint]:
    with contextlib.suppress(ValueError):
        for content in lines:
            yield cast("Checkpoint", from_json(json.loads(content), Checkpoint, "checkpoint"))


def last_good(part: Path, checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """The last checkpoint up to which the part is as it was written; None where there is none.

    Raises:
        OSError: the part cannot be read.
    """
    good, crc32, position = None, 0, 0
    with part.open("rb") as stream:
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

_COPY_BLOCK = 2**20  # bytes


class Part(Protocol):
    """Predictions as bytes to append, and the output made of them."""

    @property
    def written(self) -> int:
        """Predictions in it."""

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """What is to be appended for some predictions."""

    def end(self) -> bytes:
        """What is to be appended after the last."""

    def publish(self, part: Path, path: Path) -> None:
        """Make the output of the whole part; its name appears once it is whole.

        Raises:
            OSError, OutputFailed: it cannot be written.
        """


def new_part(chosen: Format, columns: ResultColumns, types: Mapping[str, Any], written: int) -> Part:
    """The part of an output.

    Args:
        chosen: its format, not the table.
        columns: those beside the usual ones.
        types: as `ParquetWriter`.
        written: predictions that are in the part already.

    Raises:
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if chosen is Format.PARQUET:

        return ParquetPart(columns, types, written)
    return TextPart(chosen, columns, written)


class TextPart:
    """The text itself."""

    def __init__(self, chosen: Format, columns: ResultColumns, written: int) -> None:
        self._buffer = io.BytesIO()
        self._writer = TextWriter(self._buffer, text_layout(chosen, columns), written)

    @property
    def written(self) -> int:
        """Predictions in it."""
        return self._writer.written

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """Their rows."""
        self._writer.write(predictions)
        return self._taken()

    def end(self) -> bytes:
        """What ends the text."""
        self._writer.close()
        return self._taken()

    def publish(self, part: Path, path: Path) -> None:
        """Rename it, or compress it."""
        compression = compression_of_name(path)
        if compression is Compression.NONE:
            part.replace(path)
            return
        with new_file(path, held=part) as place, part.open("rb") as content, place.open("wb") as stream:
            sink: BinaryIO = Sink(stream, str(path))  # type: ignore[assignment]
            packed = compressing(sink, compression)
            shutil.copyfileobj(content, packed, _COPY_BLOCK)
            packed.close()
            stream.flush()

    def _taken(self) -> bytes:
        content = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return content

_GROUP_ROWS: Final = 10_000
_GROUP_BYTES: Final = 2**25


class ParquetPart:
    """Messages of Arrow, of which the Parquet file is written at the end.

    A footer at its end says where everything in a Parquet file is, so that nothing can be added to one. The messages
    are written behind each other without what makes them a stream of Arrow: the schema at its head is known.
    """

    def __init__(self, columns: ResultColumns, types: Mapping[str, Any], written: int) -> None:
        self.written = written
        self._rows = ResultRows(columns, types)

    def bytes_of(self, predictions: Sequence[Prediction]) -> bytes:
        """A message with their rows."""
        if not predictions:
            return b""
        self.written += len(predictions)
        return cast("bytes", self._rows.batch(predictions).serialize().to_pybytes())

    def end(self) -> bytes:
        """Nothing: the messages tell where they end."""
        return b""

    def publish(self, part: Path, path: Path) -> None:
        """Write the Parquet file, a group of rows at a time."""
        with new_file(path, held=part) as place, part.open("rb") as messages, place.open("wb") as stream:
            sink = cast("BinaryIO", Sink(stream, str(path)))
            writer = open_parquet(sink, self._rows)
            for group in _groups(self._batches(messages)):
                rows = self._rows.arrow.Table.from_batches(group)
                writer.write_table(rows, row_group_size=len(rows))
            writer.close()
            stream.flush()

    def _batches(self, messages: BinaryIO) -> Iterator[Any]:
        ipc = importlib.import_module("pyarrow.ipc")
        source = self._rows.arrow.PythonFile(messages, "r")
        size = messages.seek(0, 2)
        messages.seek(0)
        while messages.tell() < size:
            yield ipc.read_record_batch(ipc.read_message(source), self._rows.schema)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Batches together, as long as they have so few rows and bytes; one batch at least."""
    group: list[Any] = []
    for batch in batches:
        together = [*group, batch]
        if group and (sum(map(len, together)) > _GROUP_ROWS or sum(b.nbytes for b in together) > _GROUP_BYTES):
            yield group
            group = []
        group.append(batch)
    if group:
        yield group


class SeenIds:
    """The ids that have come, and where: exact, and in bounded memory however many they are.

    They are in a table that SQLite keeps in a temporary file of its own, 4 millionths of a second an id; a set of a
    million ids would take a hundred megabytes.
    """

    def __init__(self) -> None:
        # Predictions may be drawn from another thread than the one that opened the files; never from two at once.
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def add(self, identifier: str, place: str) -> str | None:
        """Add an id.

        Args:
            identifier: the id.
            place: where it stands.

        Returns:
            Where it stood before; None where it is new.

        Raises:
            OutputFailed: there is no space for the temporary file.
        """
        try:
            self._table.execute("INSERT INTO seen VALUES (?, ?)", (identifier, place))
        except sqlite3.IntegrityError:
            (first,) = self._table.execute("SELECT place FROM seen WHERE id = ?", (identifier,)).fetchone()
            return str(first)
        except sqlite3.Error as error:
            raise OutputFailed(f"the temporary table of ids: {error}") from error
        return None

    def close(self) -> None:
        """Drop the table."""
        self._table.close()

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
    ) -> None:
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
            logger.info(f"going on after {records:,} records")

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
def open_resumable(output: Output, plan: Plan, *, resume: bool) -> Iterator[ResumableOutput]:
    """Open a file to be made by a run that can be stopped.

    Args:
        output: the file; after the block it has its name. Where the block raises, what is done stays beside it.
        plan: what decides its bytes, beside its records.
        resume: whether to go on where a run with the same plan was stopped.

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
        good = _to_go_on_with(output, plan, resume=resume)
        done = good[-1] if good else _NOTHING
        part = new_part(output.format, output.columns, output.types, done.written)
        with _failing(output.path):
            _replace_content(journal_path, b"".join([line(plan), *map(line, good)]))
            stream = files.enter_context(FileIO(part_path, "r+" if good else "w"))
            stream.truncate(done.size)
            stream.seek(done.size)
            journal = files.enter_context(FileIO(journal_path, "a"))
        run = ResumableOutput(output, part, stream, journal, done)
        try:
            yield run
            run.end()
            files.close()
            with _failing(output.path):
                part.publish(part_path, output.path)
        except BaseException:
            files.close()
            _keep(output, run)
            raise
        _remove(journal_path, part_path)


def _to_go_on_with(output: Output, plan: Plan, *, resume: bool) -> list[Checkpoint]:
    """The checkpoints of a stopped run that hold; none where the run is to begin anew."""
    part_path, journal_path = output.beside(""), output.beside(".journal")
    if not (part_path.exists() and journal_path.exists()):
        if resume:
            logger.info(f"there is no unfinished '{output.path.name}': beginning with the first record")
        return []
    try:
        then, checkpoints = read_journal(journal_path)
        difference = then.difference(plan)
    except (OSError, ValueError):
        checkpoints, difference = [], "has no journal that can be read"
    if not resume:
        if checkpoints:
            logger.info(
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
        logger.info(f"'{part_path.name}' is damaged beyond {good[-1].records if good else 0:,} records")
    return good


def _keep(output: Output, run: ResumableOutput) -> None:
    """Say what a run that is stopped leaves behind; where that is nothing, leave nothing."""
    if not run.reached.records:
        _remove(output.beside(".journal"), output.beside(""))
    elif run.reached is not run.done:
        logger.info(
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
