"""Install a model from a tar, a folder, standard input or a URL; it appears under its name only after it was checked.

The second half packs a bundle into a tar, with the same bytes each time, and unpacks one without trusting its contents.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent import settings
from imdbsent.bundle.bundle import HISTORY, LARGEST_FILE, NETWORK, Bundle, read_bundle
from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from imdbsent.bundle.safety import read_graph
from imdbsent.errors import BundleInvalid, DownloadFailed, InputUnreadable, UsageProblem
from imdbsent.files import file_sha256
from imdbsent.models import publish, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from tarfile import TarInfo

    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)



FILES: Final = (CARD, MODEL, VOCABULARY, NETWORK, HISTORY)
"""The files that a bundle may have, in the order in which they are packed."""

_MOST_MEMBERS: Final = 64
_LONGEST_NAME: Final = 100  # characters of a name that an error shows
_LARGEST_READ: Final = 2**20  # bytes; tarfile reads a file in blocks, but an extended header at once
_MOST_HEADERS: Final = 2**16  # bytes between two files: names, times, owners
_MODE: Final = 0o644
_LEVEL: Final = 9  # of gzip
_OPENERS: Final = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "lzma"}
STDIN: Final = "-"
_COMMAND: Final = "models install"
_LARGEST_ARCHIVE: Final = len(FILES) * LARGEST_FILE
_DOWNLOAD: Final = "model-"
"""Prefix of the downloads in the cache."""
_ABANDONED: Final = 7 * 24 * 3600
"""Seconds after which an unfinished download is removed."""


def install(
    source: str,
    *,
    name: str | None = None,
    sha256: str | None = None,
    replace: bool = False,
    stdin: BinaryIO | None = None,
    progress: DownloadProgress | None = None,
) -> Bundle:
    """Install a model in the user's data directory.

    Args:
        source: a tar of a bundle, a bundle's folder, an http(s) address of a tar, or `-` for a tar on standard input.
        name: new name of the model; None for the name in its card.
        sha256: hash of the tar; an address needs it, here or after `#sha256=`.
        replace: whether a model of that name may be replaced.
        stdin: the stream that `-` reads.
        progress: receives the progress of a download.

    Returns:
        The installed bundle, with all files checked. If this raises, nothing has changed.

    Raises:
        UsageProblem: an address without a hash, an invalid hash, or an invalid name.
        NameTaken: there is a model of that name.
        InputUnreadable: the source cannot be read.
        BundleInvalid: the source does not match its hash, or is not a complete bundle.
        DownloadFailed: the download failed.
        ModelsUnwritable: the data directory cannot be written.
    """
    if name is not None:
        store.check_name(name, replace=replace)
    if "://" in source:
        address, sha256 = _address(source, sha256)
        next_step = "Check the address and the hash, then type the same command again"
        with downloaded(address, sha256, progress, next_step) as archive:
            return install_archive(archive, address, name=name, replace=replace)
    _check_hash(sha256)
    if source == STDIN:
        with _spooled(stdin) as archive:
            return _install_file(archive, "standard input", sha256, name=name, replace=replace)
    path = Path(source).expanduser()
    if path.is_fifo():  # <(a command) of the shell
        with path.open("rb") as stream, _spooled(stream) as archive:
            return _install_file(archive, source, sha256, name=name, replace=replace)
    if not path.is_dir():
        return _install_file(path, source, sha256, name=name, replace=replace)
    if sha256 is not None:
        raise UsageProblem(f"'{source}' is a folder, which has no SHA-256. Type: imdbsent {_COMMAND} '{source}'")
    return _install(lambda fresh: _copy(path, fresh), source, name=name, replace=replace)


def install_archive(
    archive: Path,
    source: str,
    *,
    name: str | None = None,
    replace: bool = False,
    expected: str | None = None,
) -> Bundle:
    """Install the bundle in a tar, whose hash has been checked if there is one.

    Args:
        archive: the tar.
        source: where the tar came from, for errors.
        name: new name of the model; None for the name in its card.
        replace: whether a model of that name may be replaced.
        expected: the name that its card must have; None for any.

    Raises:
        BundleInvalid: it is not a complete bundle, or that of another model.
        UsageProblem: the name in the card is invalid.
        NameTaken: there is a model of that name.
        InputUnreadable: the tar cannot be read.
        ModelsUnwritable: the data directory cannot be written.
    """
    return _install(
        lambda fresh: unpack(archive, fresh, source), source, name=name, replace=replace, expected=expected
    )


@contextlib.contextmanager
def downloaded(
    address: str, sha256: str, progress: DownloadProgress | None, next_step: str
) -> Iterator[Path]:
    """Download a tar to the cache and check its hash; it is removed after the block.

    The bytes of a download that fails or is killed stay there under their hash, and the next download resumes.

    Raises:
        DownloadFailed: no connection, the wrong bytes, a full disk, or IMDBSENT_OFFLINE is set.
    """
    from imdbsent.fetch import downloaded as fetched  # noqa: PLC0415 (a local file needs no HTTP client)

    if settings.is_offline():
        raise DownloadFailed(address, "IMDBSENT_OFFLINE is set", next_step)
    logger.info(f"downloading a model from {address}")
    cache, sha256 = settings.cache_directory(), sha256.lower()
    _remove_abandoned(cache)
    target = cache / f"{_DOWNLOAD}{sha256}.tar"
    with fetched(
        address, target, sha256, largest=_LARGEST_ARCHIVE, progress=progress, next_step=next_step
    ) as archive:
        try:
            yield archive
        finally:
            with contextlib.suppress(OSError):
                archive.unlink(missing_ok=True)


def _remove_abandoned(cache: Path) -> None:
    """Remove unfinished downloads that nobody has resumed."""
    with contextlib.suppress(OSError):
        for file in cache.glob(f"{_DOWNLOAD}*"):
            if time.time() - file.stat().st_mtime > _ABANDONED:
                file.unlink()


def _install_file(
    archive: Path, source: str, sha256: str | None, *, name: str | None, replace: bool
) -> Bundle:
    _compare(archive, sha256, source)
    return install_archive(archive, source, name=name, replace=replace)


def _install(
    fill: Callable[[Path], None],
    source: str,
    *,
    name: str | None,
    replace: bool,
    expected: str | None = None,
) -> Bundle:
    with publish.changing(), publish.staging(settings.models_directory()) as fresh:
        fill(fresh)
        try:
            card = read_bundle(fresh).verify().card
            read_graph(fresh / MODEL)
        except BundleInvalid as error:
            raise BundleInvalid(source, error.reason) from error
        if expected is not None and card.name != expected:
            reason = f"it holds the model {card.name!r}, not {expected!r}. Type: --model {card.name}"
            raise BundleInvalid(source, reason)
        if name is not None and name != card.name:
            _rename(fresh, name)
        final_name = name or card.name
        with publish.locked():
            store.check_name(final_name, replace=replace)
            publish.swap(fresh, store.directory_of(final_name))
            installed = read_bundle(store.directory_of(final_name))
    logger.info(f"installed the model '{final_name}' in {installed.directory}")
    return installed


def _rename(fresh: Path, name: str) -> None:
    """Write another name into a card, and leave the rest as it is."""
    card = json.loads((fresh / CARD).read_bytes())
    content = json.dumps({**card, "name": name}, indent=2, ensure_ascii=False) + "\n"
    (fresh / CARD).write_text(content, encoding="utf-8", newline="\n")


def _copy(folder: Path, fresh: Path) -> None:
    for file in (CARD, *read_bundle(folder).card.files):
        source = folder / file
        if file not in FILES:
            raise BundleInvalid(folder, f"{file!r} does not belong in a bundle")
        try:
            size = source.stat().st_size
        except OSError as error:
            raise BundleInvalid(folder, f"{file}: {error.strerror}") from error
        if not source.is_file() or size > LARGEST_FILE:
            raise BundleInvalid(folder, f"{file} is not a plain file, or larger than {LARGEST_FILE:,} bytes")
        shutil.copyfile(source, fresh / file)


def _address(source: str, sha256: str | None) -> tuple[str, str]:
    """An address and its hash, given after `#` or separately."""
    address, _, fragment = source.partition("#")
    in_address = fragment.removeprefix("sha256=") if fragment else None
    if not address.startswith(("http://", "https://")):
        raise UsageProblem(f"cannot download '{address}'. Type: imdbsent {_COMMAND} https://… --sha256 <64 digits>")
    _check_hash(in_address)
    _check_hash(sha256)
    if in_address and sha256 and in_address.lower() != sha256.lower():
        raise UsageProblem("the SHA-256 in the address and that of --sha256 differ. Type: only one of them")
    chosen = in_address or sha256
    if not chosen:
        raise UsageProblem(
            f"a download needs the SHA-256 of its file. Type: imdbsent {_COMMAND} {address} --sha256 <64 digits>"
        )
    return address, chosen


def _check_hash(sha256: str | None) -> None:
    if sha256 is not None and not store.is_sha256(sha256):
        raise UsageProblem(f"{sha256!r} is not a SHA-256. Type: --sha256 <64 hexadecimal digits>")


def _compare(archive: Path, sha256: str | None, source: str) -> None:
    """Compare a file with its expected hash; without one, check that it can be read."""
    try:
        if sha256 is None:
            archive.open("rb").close()
            return
        actual = file_sha256(archive)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputUnreadable(source, getattr(error, "strerror", None) or str(error), _COMMAND) from error
    if actual != sha256.lower():
        raise BundleInvalid(source, f"its SHA-256 is {actual}, not {sha256.lower()}")


@contextlib.contextmanager
def _spooled(stdin: BinaryIO | None) -> Iterator[Path]:
    """Copy standard input to a temporary file: reading a tar seeks."""
    if stdin is None:
        raise UsageProblem(f"standard input is closed. Type: imdbsent {_COMMAND} FILE")
    with tempfile.TemporaryDirectory(prefix="imdbsent-") as folder:
        archive = Path(folder) / "bundle.tar"
        with publish.changing(), archive.open("wb") as out:
            size = 0
            while block := stdin.read(2**20):
                size += len(block)
                if size > _LARGEST_ARCHIVE:
                    raise BundleInvalid("standard input", f"it is larger than {_LARGEST_ARCHIVE:,} bytes")
                out.write(block)
        yield archive


def pack(files: Iterable[tuple[str, bytes]], folder: str, stream: BinaryIO, *, compressed: bool) -> None:
    """Write a tar of a bundle; its bytes depend only on the files and the name of the folder.

    Args:
        files: name and content of each.
        folder: the folder that contains them.
        stream: receives the tar; need not be seekable.
        compressed: whether to compress the tar with gzip.

    Raises:
        OSError: the stream cannot be written.
    """
    import gzip  # noqa: PLC0415 (answering needs none of these)
    import io  # noqa: PLC0415
    import tarfile  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        if compressed:
            # The header of gzip has no name and no time, either.
            packed = gzip.GzipFile("", "wb", _LEVEL, stream, mtime=0)
            stream = cast("BinaryIO", stack.enter_context(packed))
        tar = stack.enter_context(tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT))
        for name, content in files:
            member = tarfile.TarInfo(f"{folder}/{name}")  # owner 0, no owner's name, time 0
            member.size, member.mode = len(content), _MODE
            tar.addfile(member, io.BytesIO(content))


def unpack(archive: Path, directory: Path, source: str | Path) -> None:
    """Extract the files of a bundle from a tar by their names: no path in the tar is ever used to write.

    Args:
        archive: a tar, plain or compressed with gzip, bzip2 or xz.
        directory: the folder for the files.
        source: where the tar came from, for the error.

    Raises:
        BundleInvalid: it is not a tar, is damaged, or has a link, a path that leads outside, or a file that does not
            belong in a bundle.
        OSError: the archive cannot be read, or the folder cannot be written.
    """
    with _damage_as_invalid(source), archive.open("rb") as stream:
        for member, content in _members(stream):
            path = PurePosixPath(member.name)
            leads_out = path.is_absolute() or ".." in path.parts
            if member.isdir() and not leads_out:
                continue
            target = directory / path.name
            if content is None or leads_out or path.name not in FILES or target.exists():
                raise BundleInvalid(source, f"{member.name[:_LONGEST_NAME]!r} does not belong in a bundle")
            if member.size > LARGEST_FILE:
                raise BundleInvalid(source, f"{member.name!r} is larger than {LARGEST_FILE:,} bytes")
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)


def _members(stream: BinaryIO) -> Iterator[tuple[TarInfo, Any]]:
    """Each entry of a tar, with a stream of its content if it is a plain file."""
    import tarfile  # noqa: PLC0415 (as in pack)

    bounded = _Bounded(_decompressed(stream))
    with tarfile.open(fileobj=cast("BinaryIO", bounded), mode="r:") as tar:
        for number, member in enumerate(tar):
            if number == _MOST_MEMBERS:
                raise tarfile.ReadError(f"it has more than {_MOST_MEMBERS} entries")
            is_plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)  # isreg() is true for sparse files
            bounded.allow(member.size)
            yield member, tar.extractfile(member) if is_plain else None
            bounded.allow(0)


class _Bounded:
    """A stream that reads at most a mebibyte at once, and at most 64 kibibytes of headers between two files.

    A header that claims gigabytes is refused, and so is an endless map of a sparse file: tarfile reads all of it before
    the name of the file is known, and compressed it takes a thousandth of its size.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = _MOST_HEADERS
        self.seek, self.tell = stream.seek, stream.tell

    def allow(self, content: int) -> None:
        """Allow the content of a file, and the headers after it."""
        self._left = content + _MOST_HEADERS

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= min(self._left, _LARGEST_READ):
            raise ValueError("one of its headers is too large")
        self._left -= size
        return self._stream.read(size)


def _decompressed(stream: BinaryIO) -> BinaryIO:
    import importlib  # noqa: PLC0415 (as in pack)

    start = stream.read(max(map(len, _OPENERS)))
    stream.seek(0)
    for magic, library in _OPENERS.items():
        if start.startswith(magic):
            return cast("BinaryIO", importlib.import_module(library).open(stream))
    return stream


@contextlib.contextmanager
def _damage_as_invalid(source: str | Path) -> Iterator[None]:
    """Turn whatever the libraries raise about a damaged tar into BundleInvalid."""
    import lzma  # noqa: PLC0415 (as in pack)
    import tarfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    of_libraries = (tarfile.TarError, zlib.error, lzma.LZMAError)
    damage = (*of_libraries, EOFError, ValueError, OverflowError, RecursionError, IndexError)  # all from tarfile
    try:
        yield
    except damage as error:
        raise BundleInvalid(source, f"it is not a tar of a bundle ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise BundleInvalid(source, f"it is not a tar of a bundle ({error})") from error  # from gzip and bz2
