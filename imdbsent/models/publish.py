"""Put a bundle in place: write it to a hidden folder, verify it, and rename it under the lock of the models.

A folder `.new-*` next to the models holds a bundle that is being written. Its writer holds the lock `owner` in it, so a
folder whose lock nobody holds was left by a process that was killed. A replacement takes two renames: the old bundle
out, the new one in. A kill between the two leaves the new bundle, verified, in such a folder with the name of its
place; the next process that looks there finishes the replacement.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent import settings
from imdbsent.bundle.bundle import SETTINGS, read_bundle
from imdbsent.errors import ModelsUnwritable
from imdbsent.files import temporary_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imdbsent.bundle.bundle import Bundle


_Read = TypeVar("_Read")

logger = logging.getLogger(__name__)

_LOCK_TIMEOUT: Final = 120  # seconds; work under the lock takes well under one
_NEW: Final = ".new-"
_REMOVED: Final = ".removed-"
_OWNER: Final = "owner"
_BUNDLE: Final = "bundle"
_REPLACED: Final = "replaced"
_PLACE: Final = "place"


@contextlib.contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """Create an empty hidden folder in a directory of bundles; it is removed after the block.

    Raises:
        OSError: the directory cannot be written.
    """
    import tempfile  # noqa: PLC0415 (as the next)

    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that only changing the models needs)

    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory):  # so that nobody sweeps between creating the folder and locking it
        sweep(directory)
        parent = Path(tempfile.mkdtemp(dir=directory, prefix=_NEW))
        owner = FileLock(parent / _OWNER, timeout=0)
        owner.acquire()
    try:
        fresh = parent / _BUNDLE
        fresh.mkdir()
        yield fresh
    finally:
        with contextlib.suppress(OSError), locked(directory):  # nor between releasing the lock and removing the folder
            owner.release()
            shutil.rmtree(parent, ignore_errors=True)


@contextlib.contextmanager
def removing(directory: Path) -> Iterator[Path]:
    """Create a hidden folder next to the models; it is removed after the block with everything moved there.

    The caller holds the lock.

    Raises:
        OSError: the directory cannot be written.
    """
    import tempfile  # noqa: PLC0415 (as above)

    with tempfile.TemporaryDirectory(dir=directory, prefix=_REMOVED) as folder:
        yield Path(folder)


def publish(fresh: Path, final: Path) -> None:
    """Verify a staged bundle and rename it to its final place; an existing bundle is replaced.

    Raises:
        BundleInvalid: it is not a complete bundle.
        OSError: the directory cannot be written.
    """
    read_bundle(fresh).verify()
    with locked(final.parent):
        swap(fresh, final)


def swap(fresh: Path, final: Path) -> None:
    """Rename a staged bundle to its final place; an existing bundle goes with the staging folder.

    The caller holds the lock.

    Raises:
        OSError: the directory cannot be written; the old bundle is back in place.
    """
    if not final.exists():
        fresh.rename(final)
        return
    replaced = fresh.parent / _REPLACED
    if (final / SETTINGS).exists():
        logger.info(f"the threshold that was set for '{final.name}' is gone, with the model that it was set for")
    (fresh.parent / _PLACE).write_text(final.name, encoding="utf-8")
    try:
        final.rename(replaced)
        fresh.rename(final)
    except BaseException:  # Ctrl-C included: the staging folder will be removed, with both in it
        if os.path.lexists(replaced) and not os.path.lexists(final):
            replaced.rename(final)
        raise


def settle(directory: Path) -> None:
    """Wait for a replacement in progress, and finish one that was killed half-way.

    A directory that cannot be locked or changed is left as it is.
    """
    if directory.is_dir():
        with contextlib.suppress(OSError), locked(directory):
            sweep(directory)


def undisturbed(directory: Path, read: Callable[[Bundle], _Read]) -> _Read | None:
    """Read an installed bundle while no other process can replace or remove it.

    Args:
        directory: its folder.
        read: reads it; without a lock if the data directory is not writable.

    Returns:
        What `read` returns; None if there is no bundle.

    Raises:
        BundleInvalid: it is damaged.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(locked())
        return read(read_bundle(directory)) if directory.is_dir() else None


def is_unsettled(names: list[str]) -> bool:
    """Whether a listing of a directory of models shows bundles in the making."""
    return any(name.startswith(_NEW) for name in names)


def sweep(directory: Path) -> None:
    """Remove what killed processes left next to the models, and finish their replacements.

    The caller holds the lock, so no replacement and no removal is in progress.
    """
    for left in directory.glob(f"{_REMOVED}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in directory.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError, ValueError):  # no permission: it belongs to somebody else
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
    """Rename the new bundle to its final place, if only the old one was moved."""
    if not os.path.lexists(left / _REPLACED):
        return
    name = (left / _PLACE).read_text(encoding="utf-8")
    if name == Path(name).name and name not in ("", "..") and not os.path.lexists(directory / name):
        (left / _BUNDLE).rename(directory / name)


@contextlib.contextmanager
def locked(directory: Path | None = None) -> Iterator[None]:
    """Hold the lock of a directory of bundles; the lock of the user's models is reentrant.

    Args:
        directory: None for the user's models; in any other directory the lock file is removed afterwards.

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
    """Turn an OSError while the models or the default are changed into ModelsUnwritable.

    Raises:
        ModelsUnwritable: the models cannot be changed.
    """
    try:
        yield
    except OSError as error:
        place = error.filename or settings.models_directory()
        raise ModelsUnwritable(str(place), error.strerror or str(error)) from error
