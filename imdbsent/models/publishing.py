"""How a bundle gets its place: written out of sight, verified, then renamed under the lock of the user's models."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.bundle import read_bundle
from imdbsent.errors import ModelsUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK_TIMEOUT: Final = 120  # seconds; what is done under the lock takes well under one


@contextlib.contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """Give an empty folder, out of sight in the directory where a bundle will be; it is removed after the block.

    Raises:
        OSError: the place cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".new-") as parent:
        fresh = Path(parent) / "bundle"
        fresh.mkdir()
        yield fresh


def publish(fresh: Path, final: Path) -> None:
    """Verify a staged bundle and rename it to where it belongs; one that is there already is replaced.

    Raises:
        BundleInvalid: it is not a whole bundle.
        OSError: the place cannot be written.
    """
    read_bundle(fresh).verify()
    with locked() if final.parent == settings.models_directory() else contextlib.nullcontext():
        swap(fresh, final)


def swap(fresh: Path, final: Path) -> None:
    """Give a staged bundle its place; the one that was there goes with the staging folder.

    Raises:
        OSError: the place cannot be written.
    """
    if final.exists():
        final.rename(fresh.parent / ".replaced")
    fresh.rename(final)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of the user's models; whoever holds it must not take it again.

    Raises:
        OSError: the data directory cannot be written, or another process holds the lock for two minutes.
    """
    from filelock import FileLock  # noqa: PLC0415 (20 ms of start-up that only a first run needs)

    directory = settings.models_directory()
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock", timeout=_LOCK_TIMEOUT):
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
