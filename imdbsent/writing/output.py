"""Where predictions go and in which format: standard output, or a file that has its name only once it is whole.

A file that has its name only once it is whole.

Where results go: a stream whose errors are those of the output, told once.

How much of some files has been read, for whoever shows the time left.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from imdbsent.errors import OutputClosed, OutputFailed, UsageProblem
from imdbsent.reading.detect import STDIN, Compression, compressing, compression_of_name, pyarrow
from imdbsent.writing.text import Format, ResultColumns, TextLayout, TextWriter, text_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


_ABANDONED: Final = 24 * 3600
"""Seconds after which a temporary file that nobody has written to is that of a process that was killed."""


@contextmanager
def new_file(path: Path, *, replace: bool = True, held: Path | None = None) -> Iterator[Path]:
    """Give a temporary name beside a path, which takes the path's name after the block.

    What is there and is no plain file, as a named pipe is, is given as it is. Where the block raises, nothing changes.
    A process that is killed leaves a hidden file beside the path; the next one to write there takes it away, once it
    is a day old; or at once, where the file is named after something that one process alone may write.

    Args:
        path: the file's name; a file of that name is replaced, the one behind a link rather than the link.
        replace: whether a file of that name may be replaced.
        held: a path beside it whose lock the caller holds: the temporary file is named after it, and what else is was
            left by a process that was killed.

    Yields:
        The path to write to.

    Raises:
        FileExistsError: there is a file of that name, even if it came a moment ago, and it may not be replaced.
        OSError: the place cannot be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    if replace:
        path = path.resolve()
    prefix = f".{(held or path).name}.imdbsent-"  # no name that anyone else gives: what bears it is taken away
    _sweep(path.parent, prefix, _ABANDONED if held is None else 0)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp's own mode is for its owner alone
        if replace:
            temporary.replace(path)
        else:
            _rename_to_free(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Give a file another name, and never take that of another file."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.rename(path)


def _sweep(folder: Path, prefix: str, seconds: float) -> None:
    """Remove the temporary files of processes that were killed: those that nobody has written to for so long."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and (not seconds or time.time() - entry.stat().st_mtime > seconds):
                Path(entry.path).unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Sink(io.RawIOBase):
    """Writes to a stream that it does not close.

    Only the first error is raised. Whatever compresses, pyarrow above all, writes what it still holds when it goes
    away, and would report on standard error that this failed, too: what is written after an error, or after `drop`,
    goes nowhere.

    Args:
        stream: takes the bytes.
        name: what it is called in an error; "" for standard output.
    """

    def __init__(self, stream: BinaryIO, name: str = "") -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._dropped = False

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: Any) -> int:
        """Write all of some bytes.

        Raises:
            OutputClosed: the reader has gone, as `head -1` does.
            OutputFailed: the system refuses: a full disk, say.
        """
        self._attempt(lambda: self._stream.write(content))
        return len(content)

    def flush(self) -> None:
        """Flush the stream; raises what `write` raises."""
        if not self.closed and not self._stream.closed:  # Python 3.13 flushes once more when it lets go of us
            self._attempt(self._stream.flush)

    def drop(self) -> None:
        """Let what is still written go nowhere."""
        self._dropped = True

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._dropped:
            return
        self._dropped = True
        try:
            work()
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            raise OutputFailed((self._name and f"{self._name}: ") + (error.strerror or str(error))) from error
        self._dropped = False


class Meter:
    """Follows the reading of files, one after the other.

    Args:
        files: their paths, in the order in which they are read.

    Attributes:
        total: bytes of all of them; None where one is no plain file, so that nobody knows.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self.total = _total(files)
        self._before = 0
        self._stream: BinaryIO | None = None
        self._size = 0

    def watch(self, stream: BinaryIO) -> None:
        """A file was opened; those before it have been read to their ends."""
        self._before += self._size
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size

    def position(self) -> int:
        """Bytes that have come from the system so far, what waits in buffers included; compressed, if they were."""
        if self._stream is None or self._stream.closed:
            return self._before + self._size
        return self._before + os.lseek(self._stream.fileno(), 0, os.SEEK_CUR)


class RowsMeter:
    """Follows work that is done elsewhere, in rows.

    Args:
        total: how many there are; None where nobody knows.

    Attributes:
        total: the same.
        rows: how many are done.
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.rows = 0

    def position(self) -> int:
        """How many are done."""
        return self.rows


def _total(files: Iterable[str]) -> int | None:
    paths = [Path(file) for file in files]
    try:
        if all(str(path) != STDIN and path.is_file() for path in paths):
            return sum(path.stat().st_size for path in paths)
    except (OSError, ValueError):  # a NUL in the path
        pass
    return None


_OF_SUFFIX: Final = {chosen.value: chosen for chosen in Format if chosen is not Format.TABLE} | {"ndjson": Format.JSONL}


class Writer(Protocol):
    """Takes predictions as they come."""

    written: int

    def write(self, predictions: Iterable[Any]) -> None:
        """Write predictions behind those that were written before."""

    def close(self) -> None:
        """Write what stands behind the last; the stream stays open."""


def format_of_output(path: Path) -> Format:
    """The format that the name of a file says.

    Raises:
        UsageProblem: it says none.
    """
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if compression_of_name(path) is not Compression.NONE:
        suffixes.pop()
    chosen = _OF_SUFFIX.get(suffixes[-1]) if suffixes else None
    if chosen is None:
        raise UsageProblem(
            f"the name of '{path}' does not say its format. Type: -o FILE.csv, .tsv, .jsonl, .json or .parquet, "
            "or --format with it"
        )
    return chosen


def check_output(path: Path, chosen: Format) -> None:
    """Find out that a file cannot be written before the work, rather than after it.

    Raises:
        UsageProblem: it cannot be written, or not in this format.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    compression = compression_of_name(path)
    if chosen is Format.TABLE:
        raise UsageProblem("a table is for the terminal, not for a file. Type: --format csv")
    if chosen is Format.PARQUET and compression is not Compression.NONE:
        raise UsageProblem(f"Parquet is compressed inside, not as a whole. Type: -o '{path.with_suffix('')}'")
    if chosen is Format.PARQUET or compression is Compression.ZSTD:
        pyarrow("Parquet" if chosen is Format.PARQUET else "zstd")
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: -o '{path / 'verdicts'}.{chosen.value}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    is_device = path.exists() and not path.is_file()  # or a named pipe: it is written as it is
    place = path if is_device else path.parent
    if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        what = "" if is_device else "the folder "
        raise UsageProblem(f"{what}'{place}' cannot be written. Type: -o with another FILE")


@contextmanager
def open_output(
    path: Path | None,
    chosen: Format,
    columns: ResultColumns,
    types: Mapping[str, Any] | None = None,
    layout: TextLayout | None = None,
) -> Iterator[Writer]:
    """Open what predictions are written to.

    Args:
        path: the file, which has its name after the block, once it is whole; where the block raises, nothing has
            changed. None for standard output.
        chosen: any format but the table.
        columns: those beside the usual ones.
        types: see `ParquetWriter`.
        layout: of what is written, where that is no prediction; None for that of predictions in the format.

    Yields:
        What writes predictions.

    Raises:
        OutputClosed: the reader has gone, as `head -1` does.
        OutputFailed: the place cannot be written, or is full.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if path is None:
        with _dropping(Sink(sys.stdout.buffer)) as sink:
            writer = new_writer(sink, chosen, columns, types, layout)
            yield writer
            writer.close()
        return
    try:
        with new_file(path) as place, place.open("wb") as stream, _dropping(Sink(stream, str(path))) as sink:
            packed = compressing(cast("BinaryIO", sink), compression_of_name(path))
            writer = new_writer(packed, chosen, columns, types, layout)
            yield writer
            writer.close()
            packed.close()
            stream.flush()
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


@contextmanager
def _dropping(sink: Sink) -> Iterator[Sink]:
    """Context whose failure leaves what was written as it is: no half file gets an end that makes it look whole."""
    try:
        yield sink
    except BaseException:
        sink.drop()
        raise


def new_writer(
    stream: Any,
    chosen: Format,
    columns: ResultColumns,
    types: Mapping[str, Any] | None = None,
    layout: TextLayout | None = None,
) -> Writer:
    """What writes predictions to a stream in a format; see `open_output`."""
    if chosen is Format.PARQUET:
        from imdbsent.writing.parquet import ParquetWriter  # noqa: PLC0415 (Parquet alone needs it)

        return ParquetWriter(stream, columns, types)
    return TextWriter(stream, layout or text_layout(chosen, columns))
