"""Streams of bytes: files, pipes and standard input, decompressed and in UTF-8, with a bound on the length of a record.

A pipe is read as it comes: `PipeStream` hands on what is there, and says whether another line can be read without
waiting. gzip, bzip2, xz and zip come from the standard library. zstd comes from pyarrow, which is the optional library
for Parquet already; it reads files of several frames, as `cat a.zst b.zst` makes them.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import shutil
import sys
import zlib
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, AnyStr, BinaryIO, Final, TypeVar, cast

from imdbsent.errors import ExtraMissing, InputUnreadable, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Buffer

T = TypeVar("T")

STDIN: Final = "-"
"""The name of standard input where a path is expected."""

READ_ERRORS: Final = (OSError, EOFError, zlib.error, ValueError, OverflowError)
"""What reading a damaged, truncated or unreadable file raises, once the errors of optional libraries are converted.
OverflowError: a date in Parquet that Python cannot hold."""

LARGEST_RECORD: Final = 2**28
"""Longest line, or file that is one text, in bytes."""

HEAD: Final = 2**15
"""Bytes at the start of a file that decide what it is."""

UTF_8: Final = "utf-8"

_GZIP_LEVEL: Final = 6  # that of the gzip command; 9, Python's default, takes twice the time for one percent
INVALID: Final = "imdbsent.invalid"  # error handler: one invalid UTF-8 byte for whatever cannot be decoded
_INVALID_BYTE: Final = b"\xff"


class Compression(str, Enum):
    """How the bytes of a file are compressed; the value is the suffix."""

    NONE = ""
    GZIP = "gz"
    ZSTD = "zst"
    BZIP2 = "bz2"
    XZ = "xz"
    ZIP = "zip"


class Damaged(OSError):
    """The content of a file is damaged or incomplete.

    Args:
        problem: what is wrong with it.

    Attributes:
        next_step: what to do about it.
    """

    def __init__(
        self,
        problem: str,
        next_step: str = "The file is damaged or incomplete: copy or download it again, then type the same command",
    ) -> None:
        super().__init__(problem)
        self.next_step = next_step


def unreadable(file: str, error: Exception, command: str = "predict", before: str = "") -> InputUnreadable:
    """The error that a file cannot be read.

    Args:
        file: its path.
        error: one of `READ_ERRORS`.
        command: the command whose help it names if it is not known what to do.
        before: see `place`.
    """
    return InputUnreadable(file, before + reason(error), command, getattr(error, "next_step", ""))


def reason(error: Exception) -> str:
    """Why a file cannot be read, in one line, in the words of the system or the library."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(words.split())


def place(unit: str, number: int) -> str:
    """How far a file could be read, as the start of a sentence; "" if nothing could be read."""
    return f"after {unit} {number:,}: " if number else ""


def pyarrow(what: str) -> Any:
    """Import the library for Parquet and zstd.

    Args:
        what: what needs it, for the message.

    Raises:
        ExtraMissing: it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 (few files need it)
    except ImportError as error:
        raise ExtraMissing(what, "pyarrow") from error
    return pa


def name_of(file: str) -> str:
    """A file in a message: its path in quotation marks, or "standard input"."""
    return "standard input" if file == STDIN else repr(file)


# Files and pipes


def open_bytes(file: str, command: str = "predict") -> BinaryIO:
    """Open a file or standard input to read bytes.

    Args:
        file: its path; `-` is standard input, which stays open when the stream is closed.
        command: the command whose help an error names.

    Raises:
        InputUnreadable: it cannot be opened.
        UsageProblem: standard input is closed.
    """
    if file == STDIN:
        if sys.stdin is None:
            raise UsageProblem(f"standard input is closed. See: imdbsent {command} --help")
        buffer: Any = sys.stdin.buffer
        return cast("BinaryIO", PipeStream(getattr(buffer, "raw", buffer), keep_open=True))
    try:
        path = Path(file)
        if is_pipe(file):
            return cast("BinaryIO", PipeStream(path.open("rb", buffering=0)))
        return path.open("rb", buffering=HEAD)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(file, error, command) from error


def is_pipe(file: str) -> bool:
    """Whether a path is a named pipe, for example `<(command)` in a shell."""
    try:
        return Path(file).is_fifo()
    except (OSError, ValueError):  # a NUL in the path
        return False


class PipeStream(io.BufferedIOBase):
    """A pipe, read without waiting for more than what is there.

    Args:
        raw: an unbuffered stream: its `read` returns as soon as there is something.
        keep_open: whether closing this leaves `raw` open, as for standard input: later code may ask whether it is a
            terminal.
    """

    def __init__(self, raw: Any, *, keep_open: bool = False) -> None:
        self._raw = raw
        self._keep_open = keep_open
        self._buffer = b""
        self._at = 0
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The file descriptor."""
        return int(self._raw.fileno())

    def close(self) -> None:
        """Close it, unless it is to stay open."""
        if not self._keep_open:
            self._raw.close()
            super().close()

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come than what was looked at."""
        return self._ended

    @property
    def may_wait(self) -> bool:
        """Whether the next read may have to wait, since all that was looked at is read."""
        return not self._ended and self._at == len(self._buffer)

    def head(self, size: int = HEAD) -> bytes:
        """What is there, without consuming it: at least one complete line, or `size` bytes, or all there is."""
        while not self._ended and len(self._buffer) - self._at < size:
            if self._at < len(self._buffer) and b"\n" in self._buffer and not self._is_ready():
                break
            self._append()
        return self._buffer[self._at : self._at + size]

    def is_line_waiting(self) -> bool:
        """Whether a line, or the end of the stream, can be read without waiting."""
        while True:
            unread = len(self._buffer) - self._at
            if self._ended or unread > HEAD or self._buffer.find(b"\n", self._at) >= 0:
                return True
            if not self._is_ready():
                return False
            self._append()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes, fewer if no more are there; all of them if it is negative."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(HEAD), b""))
        if self._at == len(self._buffer) and size:
            self._fill()
        block = self._buffer[self._at : self._at + size]
        self._at += len(block)
        return block

    def read1(self, size: int = -1, /) -> bytes:
        """Read what one call of the system gives, up to `size` bytes."""
        return self.read(HEAD if size < 0 else size)

    def readinto(self, buffer: Buffer, /) -> int:
        """Read into a buffer; fewer bytes than it holds if no more are there."""
        view = memoryview(buffer).cast("B")
        block = self.read(len(view))
        view[: len(block)] = block
        return len(block)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line, up to `size` bytes of it."""
        at = self._at
        end = self._buffer.find(b"\n", at) + 1
        if end and (size is None or size < 0 or end - at <= size):
            self._at = end
            return self._buffer[at:end]
        return self._readline_of_parts(sys.maxsize if size is None or size < 0 else size)

    def _readline_of_parts(self, limit: int) -> bytes:
        """Read a line that is longer than the buffer, or than `limit`."""
        parts: list[bytes] = []
        while True:
            end = self._buffer.find(b"\n", self._at) + 1
            stop = min(end or len(self._buffer), self._at + limit)
            part = self._buffer[self._at : stop]
            self._at = stop
            parts.append(part)
            limit -= len(part)
            if (end and stop == end) or not limit or not self._fill():
                return b"".join(parts)

    def _fill(self) -> bool:
        """Replace the buffer, which is used up; False at the end of the stream."""
        self._buffer, self._at = b"", 0
        return self._append()

    def _append(self) -> bool:
        block = None
        while block is None and not self._ended:
            block = self._raw.read(HEAD)
            if block is None:  # whoever started us made it non-blocking
                select.select([self._raw], [], [])
        self._ended = not block
        if block:
            self._buffer, self._at = self._buffer[self._at :] + block, 0
        return bool(block)

    def _is_ready(self) -> bool:
        """Whether a read would not wait; where the system cannot tell, it would not."""
        try:
            return bool(select.select([self._raw], [], [], 0)[0])
        except (OSError, ValueError, TypeError):  # not a descriptor; Windows has select for sockets only
            return True


def head_of(stream: BinaryIO) -> bytes:
    """The first bytes of a stream, which are read again afterwards.

    Args:
        stream: a `PipeStream`, or buffered with at least `HEAD` bytes.
    """
    if isinstance(stream, PipeStream):
        return stream.head()
    peek: Callable[[int], bytes] = stream.peek  # type: ignore[attr-defined]
    return peek(HEAD)[:HEAD]


def is_whole(stream: BinaryIO, head: bytes) -> bool:
    """Whether the head of a stream is all of it, as far as can be told without waiting."""
    if isinstance(stream, PipeStream):
        return stream.is_ended and len(head) < HEAD
    raw = getattr(stream, "raw", None)
    return len(head) < HEAD and not (isinstance(raw, _Recoded) and raw.may_wait)


def seekable(stream: BinaryIO, *, copy: bool) -> BinaryIO:
    """A stream that can go to its end, where Parquet and zip say what they hold.

    Args:
        stream: the bytes of a file.
        copy: whether to copy it to a temporary file in any case: going back in a decompressed stream would decompress
            everything again.

    Raises:
        OSError: it cannot be read or copied.
    """
    if not copy and stream.seekable():
        return stream
    import tempfile  # noqa: PLC0415 (few files need it)

    copied = cast("BinaryIO", tempfile.TemporaryFile(buffering=HEAD))  # noqa: SIM115 (the caller closes it)
    try:
        shutil.copyfileobj(stream, copied, 2**20)
        copied.seek(0)
    except BaseException:
        copied.close()
        raise
    return copied


# How much has been read, for a progress bar


class Meter:
    """Follows files as they are read, one after the other.

    Args:
        files: their paths, in the order of reading.

    Attributes:
        total: bytes of all files; None if it is unknown, because one is not a plain file.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self.total = _total(files)
        self._before = 0
        self._stream: BinaryIO | None = None
        self._size = 0
        self._rows = 0
        self._row = 0

    def watch(self, stream: BinaryIO) -> None:
        """Follow a file that was just opened; the ones before it have been read."""
        self._before += self._size
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        self._rows = 0

    def counting(self, rows: Iterable[T], total: int) -> Iterator[T]:
        """The rows of the file that is followed, which now counts rows, not bytes.

        Args:
            rows: of a file that is read out of order, or as a whole, before its first row comes.
            total: how many there are.
        """
        self._rows = max(1, total)
        for self._row, row in enumerate(rows, start=1):
            yield row

    def is_at_end(self) -> bool:
        """Whether everything has been read from the system."""
        return self.total is not None and self.position() >= self.total

    def position(self) -> int:
        """Bytes read from the system so far, including buffers; of a compressed file, compressed bytes."""
        if self._stream is None or self._stream.closed:
            return self._before + self._size
        if self._rows:
            return self._before + self._size * self._row // self._rows
        return self._before + os.lseek(self._stream.fileno(), 0, os.SEEK_CUR)


class RowsMeter:
    """Follows work that is done elsewhere, in rows.

    Args:
        total: number of rows; None if it is unknown.

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


# Bounds


def bounded_lines(readline: Callable[[int], AnyStr]) -> Iterator[AnyStr]:
    """The lines of a stream.

    Args:
        readline: reads a line, up to the given length: that of any stream of bytes or characters.

    Raises:
        ValueError: a line is longer than `LARGEST_RECORD`; the message says which.
    """
    number = 0
    while line := readline(LARGEST_RECORD + 1):
        number += 1
        if len(line) > LARGEST_RECORD:
            raise ValueError(f"line {number:,} is longer than {LARGEST_RECORD:,} bytes")
        yield line


def bounded_content(read: Callable[[int], bytes]) -> bytes:
    """All of a stream.

    Raises:
        ValueError: it is longer than `LARGEST_RECORD`.
    """
    blocks = []
    size = 0
    while block := read(2**20):
        size += len(block)
        if size > LARGEST_RECORD:
            raise ValueError(f"it is longer than {LARGEST_RECORD:,} bytes, too long for one text")
        blocks.append(block)
    return b"".join(blocks)


# Compression


def decompressed(stream: BinaryIO, compression: Compression) -> BinaryIO:
    """What a stream of compressed bytes holds.

    Raises:
        ExtraMissing: zstd, and pyarrow is not installed.
        Damaged: a zip archive is.
        ValueError: a zip archive that does not hold exactly one file.
    """
    if compression is Compression.GZIP:
        import gzip  # noqa: PLC0415 (few files need it)

        unpacking = gzip.GzipFile(fileobj=stream, mode="rb")
        return io.BufferedReader(_Converted(unpacking), HEAD)
    if compression is Compression.ZSTD:
        arrow = pyarrow("zstd")
        return io.BufferedReader(_Converted(arrow.CompressedInputStream(arrow.PythonFile(stream, "r"), "zstd")), HEAD)
    if compression is Compression.BZIP2:
        import bz2  # noqa: PLC0415 (few files need it)

        return io.BufferedReader(_Converted(bz2.BZ2File(stream, "rb")), HEAD)
    if compression is Compression.XZ:
        import lzma  # noqa: PLC0415 (few files need it)

        return io.BufferedReader(_Converted(lzma.LZMAFile(stream, "rb"), lzma.LZMAError), HEAD)
    if compression is Compression.ZIP:
        return _only_member(stream)
    return stream


def compressing(stream: BinaryIO, compression: Compression) -> BinaryIO:
    """A stream that compresses what is written; closing it ends the compressed data, and may close `stream`.

    The same bytes in give the same bytes out: a gzip header holds no time and no name.

    Raises:
        ExtraMissing: zstd, and pyarrow is not installed.
        UsageProblem: zip, which is an archive.
    """
    if compression is Compression.GZIP:
        import gzip  # noqa: PLC0415 (few files need it)

        return cast("BinaryIO", gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0))
    if compression is Compression.ZSTD:
        arrow = pyarrow("zstd")
        return cast("BinaryIO", arrow.CompressedOutputStream(arrow.PythonFile(stream, "w"), "zstd"))
    if compression is Compression.BZIP2:
        import bz2  # noqa: PLC0415 (few files need it)

        return cast("BinaryIO", bz2.BZ2File(stream, "wb"))
    if compression is Compression.XZ:
        import lzma  # noqa: PLC0415 (few files need it)

        return cast("BinaryIO", lzma.LZMAFile(stream, "wb"))
    if compression is Compression.ZIP:
        raise UsageProblem("results cannot be zipped. Type: -o with a name that ends in .gz")
    return stream


class _Converted(io.RawIOBase):
    """A decompressed stream, which fills what it reads into: a head that is not full is all there is.

    The errors of its library become `Damaged`, raised once what came before them has been read.

    Args:
        stream: what a library gives.
        errors: those of the library.
    """

    def __init__(self, stream: Any, *errors: type[Exception]) -> None:
        self._stream = stream
        self._errors: tuple[type[Exception], ...] = (*errors, RuntimeError, *READ_ERRORS)
        self._error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        size = 0
        while size < len(view) and self._error is None:
            try:
                block = self._stream.read(len(view) - size)
            except self._errors as error:
                self._error = error
                break
            if not block:
                break
            view[size : size + len(block)] = block
            size += len(block)
        if self._error is not None and not size:
            is_of_the_system = getattr(self._error, "errno", None) is not None
            raise (OSError if is_of_the_system else Damaged)(reason(self._error)) from self._error
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


def members_of(stream: BinaryIO) -> list[str]:
    """The names of the files in a zip archive, folders and what systems add by themselves left out.

    Raises:
        Damaged: the archive is.
    """
    import zipfile  # noqa: PLC0415 (few files need it)

    with _zip_errors("not a valid zip archive"):
        names = zipfile.ZipFile(stream).namelist()
    stream.seek(0)
    return [name for name in names if not name.endswith("/") and not _is_by_system(name)]


def _is_by_system(name: str) -> bool:
    """Whether a file in an archive was added by macOS or Windows, beside what a person put there."""
    base = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or base.startswith("._") or base in (".DS_Store", "Thumbs.db", "desktop.ini")


def head_of_member(stream: BinaryIO, name: str) -> bytes:
    """The first 80 bytes of a file in a zip archive.

    Raises:
        Damaged: the archive is.
    """
    import zipfile  # noqa: PLC0415 (few files need it)

    with _zip_errors(f"{name!r} in the zip archive"):
        head = zipfile.ZipFile(stream).open(name).read(80)  # noqa: SIM115 (the stream is the caller's)
    stream.seek(0)
    return head


@contextmanager
def _zip_errors(what: str) -> Iterator[None]:
    """Context in which the errors that reading a damaged archive raises are `Damaged`."""
    import zipfile  # noqa: PLC0415 (few files need it)

    try:
        yield
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OverflowError, EOFError) as error:
        raise Damaged(f"{what} ({reason(error)})") from error


def _only_member(stream: BinaryIO) -> BinaryIO:
    import zipfile  # noqa: PLC0415 (few files need it)

    names = members_of(stream)
    if len(names) != 1:
        raise ValueError(several_members(names))
    with _zip_errors(f"{names[0]!r} in the zip archive"):
        member = zipfile.ZipFile(stream).open(names[0])  # noqa: SIM115 (it is what is returned)
    return io.BufferedReader(_Converted(member, zipfile.BadZipFile, EOFError), HEAD)


def several_members(names: list[str], next_step: str = "unzip it and name the file to read") -> str:
    """Why an archive that does not hold exactly one file cannot be read, and what to do about it."""
    if not names:
        return "the zip archive holds no file"
    some = ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")  # noqa: PLR2004
    return f"the zip archive holds {len(names):,} files ({some}); {next_step}"


# Encodings


def in_utf_8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """The text of a stream, encoded in UTF-8 again; bytes that cannot be decoded become a byte that is not UTF-8.

    Args:
        stream: its bytes.
        encoding: one of Python's codecs.
    """
    if encoding == UTF_8:
        return stream
    return io.BufferedReader(_Recoded(stream, encoding), HEAD)


class _Recoded(io.RawIOBase):
    """A stream in UTF-8, which fills what it reads into, unless it comes from a pipe.

    It begins with a byte order mark, which its readers drop: a second one is text.
    """

    def __init__(self, stream: Any, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(INVALID)
        self._waiting = b""
        self._ended = False
        self._is_first = True
        self._has_mark = encoding not in ("utf-16", "utf-32")  # whose codecs drop it

    @property
    def may_wait(self) -> bool:
        """Whether a read may have to wait for a pipe."""
        return isinstance(self._stream, PipeStream) and not self._ended and self._stream.may_wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        size = 0
        while size < len(view):
            if not self._waiting:
                if self._ended or (size and self.may_wait):
                    break
                block = self._stream.read(HEAD // 4)
                self._ended = not block
                text = self._decoder.decode(block, self._ended)
                if text and self._is_first:
                    text = "\ufeff" + (text.removeprefix("\ufeff") if self._has_mark else text)
                    self._is_first = False
                self._waiting = text.encode(UTF_8, INVALID)
                continue
            block = self._waiting[: len(view) - size]
            self._waiting = self._waiting[len(block) :]
            view[size : size + len(block)] = block
            size += len(block)
        return size


def _invalid(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError):
        return _INVALID_BYTE, error.end
    if isinstance(error, UnicodeDecodeError):
        return _INVALID_BYTE.decode(UTF_8, "surrogateescape"), error.end
    raise error


codecs.register_error(INVALID, _invalid)
