"""The user's models: find, install, verify and lock bundles.

A model is looked for in the data directory; else it is installed there from the wheel's own bundles; else from the URL
in IMDBSENT_MODEL_URL. A bundle appears under its name by one rename, whole and verified, or not at all.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.bundle import CARD, MODEL, NETWORK, VOCABULARY, Bundle, read_bundle
from imdbsent.errors import BundleInvalid, DownloadFailed, ModelMissing, NameTaken, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imdbsent.download import DownloadProgress

    Note = Callable[[str], None]

DEFAULT_MODEL: Final = "classic"
TRAINABLE: Final = ("classic",)
"""Models that `imdbsent train` can make under their own name; a test holds that these are the recipes."""
URL_VARIABLE: Final = "IMDBSENT_MODEL_URL"
PRETRAINED: Final = Path(__file__).parent / "pretrained"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_FILES: Final = (CARD, MODEL, VOCABULARY, NETWORK)
_LARGEST_FILE: Final = 2**30  # bytes of one file in a downloaded bundle
_LOCK_TIMEOUT: Final = 120  # seconds; installing takes well under one


def _silent(_message: str) -> None:
    """The note that nobody reads."""


def resolve(model: str | None = None, note: Note = _silent, progress: DownloadProgress | None = None) -> Bundle:
    """Find a model, installing it first where it is not installed yet.

    Args:
        model: name of a model, or path of a bundle's folder; None for IMDBSENT_MODEL, else `DEFAULT_MODEL`.
        note: is told, in one line, of each step that a user should know of.
        progress: is told of the bytes of a download.

    Returns:
        A bundle whose card has been read; the classifier checks the files it reads.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
        DownloadFailed: it could not be fetched from IMDBSENT_MODEL_URL.
        UsageProblem: IMDBSENT_MODEL_URL has no hash.
    """
    name = model or os.environ.get(settings.MODEL) or DEFAULT_MODEL
    if is_path(name):
        folder = Path(name).expanduser()
        if not _is_folder(folder):
            raise ModelMissing(name, names(), trainable=False)
        return read_bundle(folder)
    if not _NAME.fullmatch(name):
        raise ModelMissing(name, names(), trainable=False)
    shipped = PRETRAINED / name
    installed = directory_of(name)
    if _is_folder(shipped):
        return _from_wheel(name, note)
    if _is_folder(installed):
        return _read_installed(installed)
    if os.environ.get(URL_VARIABLE):
        return _from_url(os.environ[URL_VARIABLE], name, note, progress)
    raise ModelMissing(name, names(), trainable=name in TRAINABLE)


def is_path(model: str) -> bool:
    """Whether a model is named by its folder: a name has no separator and is not `.` or `..`."""
    return model.startswith((".", "~")) or "/" in model or os.sep in model


def names() -> list[str]:
    """Names of the models there are: those in the wheel, then the user's own."""
    shipped = _folders(PRETRAINED)
    return shipped + [name for name in _folders(settings.models_directory()) if name not in shipped]


def check_name(name: str, *, replace: bool) -> None:
    """Check that a new model may be installed under a name, before any work is done for it.

    Raises:
        UsageProblem: the name has characters that a name of a model cannot have.
        NameTaken: a model of that name is there.
    """
    if not _NAME.fullmatch(name):
        raise UsageProblem(f"{name!r} cannot be the name of a model. Type: --name with letters, digits, . _ -")
    if name in _folders(PRETRAINED):
        raise NameTaken(name, shipped=True)
    if not replace and directory_of(name).exists():
        raise NameTaken(name, shipped=False)


def directory_of(name: str) -> Path:
    """Where a model of that name is installed."""
    return settings.models_directory() / name


@contextlib.contextmanager
def new_bundle(final: Path) -> Iterator[Path]:
    """Give an empty folder to write a bundle into; after the block it is verified and gets its name by a rename.

    Args:
        final: the bundle's folder; one that is there already is replaced.

    Yields:
        The folder to write into. Where the block raises, it is removed and nothing has changed.

    Raises:
        BundleInvalid: what was written is not a whole bundle.
        OSError: the place cannot be written.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".new-") as parent:
        fresh = Path(parent) / final.name
        fresh.mkdir()
        yield fresh
        read_bundle(fresh).verify()
        if final.exists():
            final.rename(Path(parent) / ".replaced")
        fresh.rename(final)


def _from_wheel(name: str, note: Note) -> Bundle:
    shipped = read_bundle(PRETRAINED / name)
    installed = directory_of(name)
    try:
        if not _is_current(installed, shipped):
            _install(shipped, installed, note)
    except OSError as error:
        reason = error.strerror or str(error)
        note(f"could not keep a copy of the model in {installed.parent} ({reason}); answering from the package")
        return shipped
    return _read_installed(installed)


def _install(shipped: Bundle, installed: Path, note: Note) -> None:
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that only a first run needs)

    installed.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(installed.parent / ".lock", timeout=_LOCK_TIMEOUT):
        if _is_current(installed, shipped):
            return  # another first run did it while we waited
        with new_bundle(installed) as fresh:
            for file in (CARD, *shipped.card.files):
                shutil.copyfile(shipped.directory / file, fresh / file)
    note(f"installed the model '{installed.name}' in {installed}")


def _is_current(installed: Path, shipped: Bundle) -> bool:
    """Whether the installed copy is there and is no older than the wheel's."""
    return installed.is_dir() and _read_installed(installed).card.version >= shipped.card.version


def _read_installed(directory: Path) -> Bundle:
    try:
        return read_bundle(directory)
    except BundleInvalid as error:
        raise damaged(error) from error


def damaged(error: BundleInvalid) -> BundleInvalid:
    """The same error, with the next command where the bundle lies in the data directory."""
    if error.path.parent != settings.models_directory():
        return error
    return BundleInvalid(error.path, error.reason, f"Type: rm -r '{error.path}', then the same command again")


def _from_url(url: str, name: str, note: Note, progress: DownloadProgress | None) -> Bundle:
    address, _, fragment = url.partition("#")
    sha256 = fragment.removeprefix("sha256=")
    if not _SHA256.fullmatch(sha256):
        raise UsageProblem(f"{URL_VARIABLE} needs the hash of the file: {URL_VARIABLE}={address}#sha256=<64 digits>")
    from imdbsent.download import download  # noqa: PLC0415 (as filelock)

    next_step = f"Check {URL_VARIABLE}, or type: imdbsent predict --model {DEFAULT_MODEL} TEXT"
    if settings.is_offline():
        raise DownloadFailed(address, "IMDBSENT_OFFLINE is set", next_step)
    note(f"downloading the model '{name}' from {address}")
    archive = settings.cache_directory() / f"{name}-{sha256[:16].lower()}.tar"
    download(address, archive, sha256.lower(), progress, next_step)
    try:
        with new_bundle(directory_of(name)) as directory:
            _unpack(archive, directory)
            found = read_bundle(directory).card.name
            if found != name:
                raise BundleInvalid(archive, f"it holds the model {found!r}, not {name!r}. Type: --model {found}")
    except OSError as error:
        raise DownloadFailed(address, f"cannot install it: {error.strerror or error}", next_step) from error
    archive.unlink(missing_ok=True)
    note(f"installed the model '{name}' in {directory_of(name)}")
    return read_bundle(directory_of(name))


def _unpack(archive: Path, directory: Path) -> None:
    """Take the files of a bundle out of a tar, by name: no path in it is ever used to write."""
    import tarfile  # noqa: PLC0415 (as filelock)
    import zlib  # noqa: PLC0415

    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                file = Path(member.name).name
                if member.isdir():
                    continue
                stream = tar.extractfile(member) if member.isreg() and file in _FILES else None
                if stream is None or member.size > _LARGEST_FILE or (directory / file).exists():
                    raise BundleInvalid(archive, f"{member.name!r} has no place in a bundle")
                with (directory / file).open("wb") as out:
                    shutil.copyfileobj(stream, out)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BundleInvalid(archive, f"it is no tar of a bundle ({error})") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above it may not be entered
        return False


def _folders(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())
    except OSError:
        return []
