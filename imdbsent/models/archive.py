"""A bundle as a tar: packed to the same bytes each time, unpacked without trusting anything in it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent.bundle import CARD, HISTORY, LARGEST_FILE, MODEL, NETWORK, VOCABULARY
from imdbsent.errors import BundleInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from tarfile import TarInfo

FILES: Final = (CARD, MODEL, VOCABULARY, NETWORK, HISTORY)
"""The files that a bundle may have, in the order in which they are packed."""

_MOST_MEMBERS: Final = 64
_LONGEST_NAME: Final = 100  # characters of one that an error shows
_LARGEST_READ: Final = 2**20  # bytes; tarfile reads a file piece by piece, but an extended header at once
_MOST_HEADERS: Final = 2**16  # bytes between two files: their names, times and owners, whatever wrote them
_MODE: Final = 0o644
_LEVEL: Final = 9  # of gzip
_OPENERS: Final = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "lzma"}


def pack(files: Iterable[tuple[str, bytes]], folder: str, stream: BinaryIO, *, compressed: bool) -> None:
    """Write a tar of a bundle; its bytes depend on the files and the folder's name alone.

    Args:
        files: name and content of each.
        folder: the folder that they lie in.
        stream: where the tar goes; it need not be seekable.
        compressed: whether the tar goes through gzip.

    Raises:
        OSError: the stream refuses.
    """
    import gzip  # noqa: PLC0415 (answering needs none of these)
    import io  # noqa: PLC0415
    import tarfile  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        if compressed:
            # No name and no time in the header of gzip, either.
            packed = gzip.GzipFile("", "wb", _LEVEL, stream, mtime=0)
            stream = cast("BinaryIO", stack.enter_context(packed))
        tar = stack.enter_context(tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT))
        for name, content in files:
            member = tarfile.TarInfo(f"{folder}/{name}")  # owner 0, no owner's name, time 0
            member.size, member.mode = len(content), _MODE
            tar.addfile(member, io.BytesIO(content))


def unpack(archive: Path, directory: Path, source: str | Path) -> None:
    """Take the files of a bundle out of a tar, by name: no path in it is ever used to write.

    Args:
        archive: a tar, plain or packed by gzip, bzip2 or xz.
        directory: the folder that the files go to.
        source: where the tar came from, for the error.

    Raises:
        BundleInvalid: it is no tar, is damaged, or has a link, a path that leads out of it, or any file that a bundle
            does not have.
        OSError: the archive cannot be read, or the folder cannot be written.
    """
    with _damage(source), archive.open("rb") as stream:
        for member, content in _members(stream):
            path = PurePosixPath(member.name)
            leads_out = path.is_absolute() or ".." in path.parts
            if member.isdir() and not leads_out:
                continue
            target = directory / path.name
            if content is None or leads_out or path.name not in FILES or target.exists():
                raise BundleInvalid(source, f"{member.name[:_LONGEST_NAME]!r} has no place in a bundle")
            if member.size > LARGEST_FILE:
                raise BundleInvalid(source, f"{member.name!r} is larger than {LARGEST_FILE:,} bytes")
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)


def _members(stream: BinaryIO) -> Iterator[tuple[TarInfo, Any]]:
    """Each entry of a tar, with a stream of its content where it is a plain file."""
    import tarfile  # noqa: PLC0415 (answering needs none)

    bounded = _Bounded(_decompressed(stream))
    with tarfile.open(fileobj=cast("BinaryIO", bounded), mode="r:") as tar:
        for number, member in enumerate(tar):
            if number == _MOST_MEMBERS:
                raise tarfile.ReadError(f"it has more than {_MOST_MEMBERS} entries")
            is_plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)  # isreg() takes sparse files for plain
            bounded.allow(member.size)
            yield member, tar.extractfile(member) if is_plain else None
            bounded.allow(0)


class _Bounded:
    """A stream that gives no more than a mebibyte at once, and no more than 64 kibibytes of headers between two files.

    A header that claims to have gigabytes is refused, and so is the map of a sparse file that goes on and on: tarfile
    reads it all before anybody sees the file's name, and a thousandth of it is enough where it is compressed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = _MOST_HEADERS
        self.seek, self.tell = stream.seek, stream.tell

    def allow(self, content: int) -> None:
        """Let so many bytes of content be read, and the headers behind them."""
        self._left = content + _MOST_HEADERS

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= min(self._left, _LARGEST_READ):
            raise ValueError("one of its headers is too large")
        self._left -= size
        return self._stream.read(size)


def _decompressed(stream: BinaryIO) -> BinaryIO:
    import importlib  # noqa: PLC0415 (as tarfile)

    start = stream.read(max(map(len, _OPENERS)))
    stream.seek(0)
    for magic, library in _OPENERS.items():
        if start.startswith(magic):
            return cast("BinaryIO", importlib.import_module(library).open(stream))
    return stream


@contextlib.contextmanager
def _damage(source: str | Path) -> Iterator[None]:
    """Context in which whatever a damaged tar makes the libraries raise is an error of the bundle."""
    import lzma  # noqa: PLC0415 (as tarfile)
    import tarfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    of_libraries = (tarfile.TarError, zlib.error, lzma.LZMAError)
    damage = (*of_libraries, EOFError, ValueError, OverflowError, RecursionError, IndexError)  # all from tarfile
    try:
        yield
    except damage as error:
        raise BundleInvalid(source, f"it is no tar of a bundle ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise BundleInvalid(source, f"it is no tar of a bundle ({error})") from error  # gzip and bz2 say so
