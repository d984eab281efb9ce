"""How a bundle gets its place: written out of sight, verified, then renamed under the lock of the user's models.

A folder `.new-*` beside the models holds a bundle that is being written. Its writer holds the lock `owner` in it, so
that the folder of a process that was killed is known by a lock which nobody holds. A replacement takes two renames,
the old bundle out and the new one in; what a kill between the two leaves is the new bundle, verified, in such a
folder with the name of its place: whoever looks there next ends the work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent import settings
from imdbsent.bundle.bundle import read_bundle
from imdbsent.errors import ModelsUnwritable
from imdbsent.files import temporary_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imdbsent.bundle.bundle import Bundle


_Read = TypeVar("_Read")

_LOCK_TIMEOUT: Final = 120  # seconds; what is done under the lock takes well under one
_NEW: Final = ".new-"
_REMOVED: Final = ".removed-"
_OWNER: Final = "owner"
_BUNDLE: Final = "bundle"
_REPLACED: Final = "replaced"
_PLACE: Final = "place"


@contextlib.contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """Give an empty folder, out of sight in the directory where a bundle will be; it is removed after the block.

    Raises:
        OSError: the place cannot be written.
    """
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that only a change of the models needs)

    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory):  # nobody sweeps between the making of the folder and its lock
        sweep(directory)
        parent = Path(tempfile.mkdtemp(dir=directory, prefix=_NEW))
        owner = FileLock(parent / _OWNER, timeout=0)
        owner.acquire()
    try:
        fresh = parent / _BUNDLE
        fresh.mkdir()
        yield fresh
    finally:
        with contextlib.suppress(OSError), locked(directory):  # nor between its release and the end of the folder
            owner.release()
            shutil.rmtree(parent, ignore_errors=True)


@contextlib.contextmanager
def removing(directory: Path) -> Iterator[Path]:
    """Give a folder, out of sight beside the models, that is removed after the block with all that was moved there.

    The lock is held by the caller.

    Raises:
        OSError: the place cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=directory, prefix=_REMOVED) as folder:
        yield Path(folder)


def publish(fresh: Path, final: Path) -> None:
    """Verify a staged bundle and rename it to where it belongs; one that is there already is replaced.

    Raises:
        BundleInvalid: it is not a whole bundle.
        OSError: the place cannot be written.
    """
    read_bundle(fresh).verify()
    with locked(final.parent):
        swap(fresh, final)


def swap(fresh: Path, final: Path) -> None:
    """Give a staged bundle its place; the one that was there goes with the staging folder. The lock is held.

    Raises:
        OSError: the place cannot be written; what was there is there again.
    """
    if not final.exists():
        fresh.rename(final)
        return
    replaced = fresh.parent / _REPLACED
    (fresh.parent / _PLACE).write_text(final.name, encoding="utf-8")
    try:
        final.rename(replaced)
        fresh.rename(final)
    except BaseException:  # Ctrl-C, too: the staging folder goes, and would take both with it
        if os.path.lexists(replaced) and not os.path.lexists(final):
            replaced.rename(final)
        raise


def settle(directory: Path) -> None:
    """Wait for a replacement that is going on among the models, and end one that was killed half-way.

    A directory that cannot be locked or changed is left as it is.
    """
    if directory.is_dir():
        with contextlib.suppress(OSError), locked(directory):
            sweep(directory)


def undisturbed(directory: Path, read: Callable[[Bundle], _Read]) -> _Read | None:
    """Read an installed bundle while no other process can replace or remove it.

    Args:
        directory: its folder.
        read: reads it. Where the data directory cannot be written, and so not be locked, it is read as it is.

    Returns:
        What `read` gives; None where the bundle is not there.

    Raises:
        BundleInvalid: it is damaged.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(locked())
        return read(read_bundle(directory)) if directory.is_dir() else None


def is_unsettled(names: list[str]) -> bool:
    """Whether a listing of a directory of models shows that bundles are being written there, or were."""
    return any(name.startswith(_NEW) for name in names)


def sweep(directory: Path) -> None:
    """Take away what processes that were killed left beside the models, and end their replacements.

    The lock is held, so that no replacement and no removal is going on.
    """
    for left in directory.glob(f"{_REMOVED}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in directory.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError, ValueError):  # what we may not change is somebody else's
            if _is_abandoned(left):
                _end_replacement(left, directory)
                shutil.rmtree(left, ignore_errors=True)


def _is_abandoned(left: Path) -> bool:
    """Whether no living process holds a staging folder."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 (as above)

    try:
        with FileLock(left / _OWNER, timeout=0):
            return True
    except Timeout:
        return False


def _end_replacement(left: Path, directory: Path) -> None:
    """Give the new bundle its place, where the old one has left it and the new one has not come."""
    if not os.path.lexists(left / _REPLACED):
        return
    name = (left / _PLACE).read_text(encoding="utf-8")
    if name == Path(name).name and name not in ("", "..") and not os.path.lexists(directory / name):
        (left / _BUNDLE).rename(directory / name)


@contextlib.contextmanager
def locked(directory: Path | None = None) -> Iterator[None]:
    """Hold the lock of a directory of bundles; that of the user's models may be taken again by the one who holds it.

    Args:
        directory: None for that of the user's models. In any other the file of the lock goes with it.

    Raises:
        OSError: the directory cannot be written, or another process holds the lock for two minutes.
    """
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that only a first run needs)

    models = settings.models_directory()
    if directory is not None and directory != models:
        with temporary_lock(directory / ".imdbsent.lock", _LOCK_TIMEOUT):
            yield
        return
    models.mkdir(parents=True, exist_ok=True)
    with FileLock(models / ".lock", timeout=_LOCK_TIMEOUT, is_singleton=True):
        yield


@contextlib.contextmanager
def changing() -> Iterator[None]:
    """Context for a command that changes the models or the choice among them.

    Raises:
        ModelsUnwritable: the system refuses.
    """
    try:
        yield
    except OSError as error:
        place = error.filename or settings.models_directory()
        raise ModelsUnwritable(str(place), error.strerror or str(error)) from error
