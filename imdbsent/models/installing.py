"""Installing a model: from a tar, a bundle's folder, standard input or a URL, verified before it has its name."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from imdbsent import settings, store
from imdbsent.bundle import CARD, LARGEST_FILE, MODEL, Bundle, file_sha256, read_bundle
from imdbsent.errors import BundleInvalid, DownloadFailed, InputUnreadable, UsageProblem
from imdbsent.graph import read_graph
from imdbsent.models import publishing
from imdbsent.models.archive import FILES, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imdbsent.download import DownloadProgress

    Note = Callable[[str], None]

STDIN: Final = "-"
_COMMAND: Final = "models install"
_LARGEST_ARCHIVE: Final = len(FILES) * LARGEST_FILE
_DOWNLOAD: Final = "model-"
"""What the names of downloads in the cache begin with."""
_ABANDONED: Final = 7 * 24 * 3600
"""Seconds after which what has come of a download is taken away."""


def install(
    source: str,
    note: Note,
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
        note: is told, in one line, of each step that a user should know of.
        name: the model's name from now on; None for the one in its card.
        sha256: hash of the tar; an address needs it, here or after `#sha256=`.
        replace: whether a model of that name may be replaced.
        stdin: what `-` reads.
        progress: is told of the bytes of a download.

    Returns:
        The installed bundle, all of its files checked. Where this raises, nothing has changed.

    Raises:
        UsageProblem: an address without a hash, a hash that is none, or a name that cannot be one.
        NameTaken: a model of that name is there.
        InputUnreadable: the source cannot be read.
        BundleInvalid: the source is not what its hash says, or not a whole bundle.
        DownloadFailed: the address gives nothing, or something else.
        ModelsUnwritable: the data directory cannot be written.
    """
    if name is not None:
        store.check_name(name, replace=replace)
    if "://" in source:
        address, sha256 = _address(source, sha256)
        next_step = "Check the address and the hash, then type the same command again"
        with downloaded(address, sha256, note, progress, next_step) as archive:
            return install_archive(archive, address, note, name=name, replace=replace)
    _check_hash(sha256)
    if source == STDIN:
        with _spooled(stdin) as archive:
            return _install_file(archive, "standard input", sha256, note, name=name, replace=replace)
    path = Path(source).expanduser()
    if path.is_fifo():  # <(a command) of the shell
        with path.open("rb") as stream, _spooled(stream) as archive:
            return _install_file(archive, source, sha256, note, name=name, replace=replace)
    if not path.is_dir():
        return _install_file(path, source, sha256, note, name=name, replace=replace)
    if sha256 is not None:
        raise UsageProblem(f"'{source}' is a folder, which has no SHA-256. Type: imdbsent {_COMMAND} '{source}'")
    return _install(lambda fresh: _copy(path, fresh), source, note, name=name, replace=replace)


def install_archive(
    archive: Path,
    source: str,
    note: Note,
    *,
    name: str | None = None,
    replace: bool = False,
    expected: str | None = None,
) -> Bundle:
    """Install the bundle in a tar, whose hash has been compared where there is one.

    Args:
        archive: the tar.
        source: where it came from, for errors.
        note: is told what was installed and where.
        name: the model's name from now on; None for the one in its card.
        replace: whether a model of that name may be replaced.
        expected: the name that its card must have, where there is one.

    Raises:
        BundleInvalid: it is not a whole bundle, or that of another model.
        UsageProblem: the card's name cannot be one.
        NameTaken: a model of that name is there.
        InputUnreadable: the tar cannot be read.
        ModelsUnwritable: the data directory cannot be written.
    """
    return _install(
        lambda fresh: unpack(archive, fresh, source), source, note, name=name, replace=replace, expected=expected
    )


@contextlib.contextmanager
def downloaded(
    address: str, sha256: str, note: Note, progress: DownloadProgress | None, next_step: str
) -> Iterator[Path]:
    """Download a tar, checked by its hash, to the cache; it is removed after the block.

    What has come of a download that fails or is killed stays there, by its hash, and the next one goes on with it.

    Raises:
        DownloadFailed: no connection, the wrong bytes, a full disk, or IMDBSENT_OFFLINE is set.
    """
    from imdbsent.download import downloaded as fetched  # noqa: PLC0415 (a local file needs no HTTP client)

    if settings.is_offline():
        raise DownloadFailed(address, "IMDBSENT_OFFLINE is set", next_step)
    note(f"downloading a model from {address}")
    cache, sha256 = settings.cache_directory(), sha256.lower()
    _sweep(cache)
    target = cache / f"{_DOWNLOAD}{sha256}.tar"
    with fetched(
        address, target, sha256, largest=_LARGEST_ARCHIVE, progress=progress, next_step=next_step
    ) as archive:
        try:
            yield archive
        finally:
            with contextlib.suppress(OSError):
                archive.unlink(missing_ok=True)


def _sweep(cache: Path) -> None:
    """Remove what came of downloads that nobody has gone on with."""
    with contextlib.suppress(OSError):
        for file in cache.glob(f"{_DOWNLOAD}*"):
            if time.time() - file.stat().st_mtime > _ABANDONED:
                file.unlink()


def _install_file(
    archive: Path, source: str, sha256: str | None, note: Note, *, name: str | None, replace: bool
) -> Bundle:
    _compare(archive, sha256, source)
    return install_archive(archive, source, note, name=name, replace=replace)


def _install(
    fill: Callable[[Path], None],
    source: str,
    note: Note,
    *,
    name: str | None,
    replace: bool,
    expected: str | None = None,
) -> Bundle:
    with publishing.changing(), publishing.staging(settings.models_directory()) as fresh:
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
        with publishing.locked():
            store.check_name(final_name, replace=replace)
            publishing.swap(fresh, store.directory_of(final_name))
            installed = read_bundle(store.directory_of(final_name))
    note(f"installed the model '{final_name}' in {installed.directory}")
    return installed


def _rename(fresh: Path, name: str) -> None:
    """Write another name into a card, and leave whatever else it says."""
    card = json.loads((fresh / CARD).read_bytes())
    content = json.dumps({**card, "name": name}, indent=2, ensure_ascii=False) + "\n"
    (fresh / CARD).write_text(content, encoding="utf-8", newline="\n")


def _copy(folder: Path, fresh: Path) -> None:
    for file in (CARD, *read_bundle(folder).card.files):
        source = folder / file
        if file not in FILES:
            raise BundleInvalid(folder, f"{file!r} has no place in a bundle")
        try:
            size = source.stat().st_size
        except OSError as error:
            raise BundleInvalid(folder, f"{file}: {error.strerror}") from error
        if not source.is_file() or size > LARGEST_FILE:
            raise BundleInvalid(folder, f"{file} is no plain file, or larger than {LARGEST_FILE:,} bytes")
        shutil.copyfile(source, fresh / file)


def _address(source: str, sha256: str | None) -> tuple[str, str]:
    """An address and its hash, which stands behind it or beside it."""
    address, _, fragment = source.partition("#")
    behind = fragment.removeprefix("sha256=") if fragment else None
    if not address.startswith(("http://", "https://")):
        raise UsageProblem(f"cannot fetch '{address}'. Type: imdbsent {_COMMAND} https://… --sha256 <64 digits>")
    _check_hash(behind)
    _check_hash(sha256)
    if behind and sha256 and behind.lower() != sha256.lower():
        raise UsageProblem("the SHA-256 behind the address and that of --sha256 differ. Type: one of them")
    chosen = behind or sha256
    if not chosen:
        raise UsageProblem(
            f"a download needs the SHA-256 of its file. Type: imdbsent {_COMMAND} {address} --sha256 <64 digits>"
        )
    return address, chosen


def _check_hash(sha256: str | None) -> None:
    if sha256 is not None and not store.is_sha256(sha256):
        raise UsageProblem(f"{sha256!r} is no SHA-256. Type: --sha256 <64 hexadecimal digits>")


def _compare(archive: Path, sha256: str | None, source: str) -> None:
    """Compare a file with the hash it must have, or see whether it can be read."""
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
    """Standard input in a temporary file: a tar is read there and back."""
    if stdin is None:
        raise UsageProblem(f"standard input is closed. Type: imdbsent {_COMMAND} FILE")
    with tempfile.TemporaryDirectory(prefix="imdbsent-") as folder:
        archive = Path(folder) / "bundle.tar"
        with publishing.changing(), archive.open("wb") as out:
            size = 0
            while block := stdin.read(2**20):
                size += len(block)
                if size > _LARGEST_ARCHIVE:
                    raise BundleInvalid("standard input", f"it is larger than {_LARGEST_ARCHIVE:,} bytes")
                out.write(block)
        yield archive
