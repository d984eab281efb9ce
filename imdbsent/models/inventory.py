"""What models there are, where from, how large, how good, and which answers where none is named."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from imdbsent import store
from imdbsent.bundle import Bundle
from imdbsent.errors import BundleInvalid, ModelMissing

if TYPE_CHECKING:
    from imdbsent.bundle import ModelCard
    from imdbsent.models.default import Choice


class Status(str, Enum):
    """Where a model is, and whether it can be used."""

    WHEEL = "wheel"
    """It comes with the package, and is installed when it is first used."""
    INSTALLED = "installed"
    DAMAGED = "damaged"
    """It is installed, but its card or one of its files is not what it was."""


@dataclass(frozen=True)
class Entry:
    """One model.

    Attributes:
        name: its name.
        status: where it is, and whether it can be used.
        shipped: whether it comes with the package.
        version: the version in its card; None where that cannot be read.
        size: bytes of its folder.
        accuracy: share of right labels on the test split, 0 to 1; None where it was not measured.
        reviews: test reviews measured; None as accuracy.
        is_default: whether it answers where no model is named.
        directory: its folder.
        problem: what is damaged; None where nothing is.
    """

    name: str
    status: Status
    shipped: bool
    version: int | None
    size: int
    accuracy: float | None
    reviews: int | None
    is_default: bool
    directory: Path
    problem: str | None


def entries(choice: Choice) -> list[Entry]:
    """The models there are, every file of each compared with its hash.

    Args:
        choice: which one is the default.
    """
    found = []
    for name in store.names():
        with contextlib.suppress(ModelMissing):  # another process has removed it meanwhile
            found.append(entry(name, is_default=name == choice.name))
    return found


def entry(name: str, *, is_default: bool) -> Entry:
    """One model of `imdbsent.store.names`.

    Raises:
        ModelMissing: there is no such model.
    """
    card: ModelCard | None = None
    problem: str | None = None
    directory = store.directory_of(name)
    try:
        bundle = store.locate(name)
        directory, card = bundle.directory, bundle.card
        _verify(bundle)
    except BundleInvalid as error:
        directory, problem = Path(error.path), error.reason
    measured = next((metrics for metrics in card.metrics if metrics.split == "test"), None) if card else None
    return Entry(
        name=name,
        status=_status(directory, problem),
        shipped=store.is_shipped(name),
        version=card.version if card else None,
        size=folder_size(directory),
        accuracy=measured.accuracy if measured else None,
        reviews=measured.n if measured else None,
        is_default=is_default,
        directory=directory,
        problem=problem,
    )


def _verify(bundle: Bundle) -> None:
    try:
        bundle.verify()
    except BundleInvalid as error:
        store.undisturbed(error, Bundle.verify)


def folder_size(directory: Path) -> int:
    """Bytes of the files in a folder; those that cannot be seen count none."""
    size = 0
    with contextlib.suppress(OSError):
        for file in directory.iterdir():
            with contextlib.suppress(OSError):
                size += file.stat().st_size if file.is_file() else 0
    return size


def _status(directory: Path, problem: str | None) -> Status:
    if problem is not None:
        return Status.DAMAGED
    return Status.WHEEL if directory.parent == store.PRETRAINED else Status.INSTALLED
