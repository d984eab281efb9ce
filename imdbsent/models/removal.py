"""Removing a model from the data directory: under the lock, by one rename, and with it the choice of it as default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent import settings, store
from imdbsent.errors import ModelMissing, UsageProblem
from imdbsent.models import default, publishing
from imdbsent.models.inventory import folder_size

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Removal:
    """What removing a model takes away.

    Attributes:
        name: its name.
        directory: the folder in the data directory.
        size: bytes of that folder.
        shipped: whether a copy stays in the package.
    """

    name: str
    directory: Path
    size: int
    shipped: bool


def plan(name: str) -> Removal:
    """See what removing a model would take away.

    Raises:
        ModelMissing: there is no such model.
        UsageProblem: it is in the package alone, or is named by its folder.
    """
    if store.is_path(name):
        raise UsageProblem(f"a model is removed by its name, and {name!r} is a path. Type: imdbsent models list")
    if store.is_installed(name):
        directory = store.directory_of(name)
        return Removal(name, directory, folder_size(directory), store.is_shipped(name))
    if store.is_shipped(name):
        raise UsageProblem(
            f"the model {name!r} comes with imdbsent and no copy of it is installed, so there is nothing to remove. "
            "Type: imdbsent models list"
        )
    raise ModelMissing(name, store.names(), trainable=False)


def remove(removal: Removal) -> bool:
    """Remove a model.

    Returns:
        Whether it was the user's default model, which is the built-in one again.

    Raises:
        ModelMissing: another process has removed it.
        ModelsUnwritable: the system refuses.
    """
    with publishing.changing(), publishing.locked():
        models = settings.models_directory()
        publishing.sweep(models)
        if not store.is_installed(removal.name):
            raise ModelMissing(removal.name, store.names(), trainable=False)
        with publishing.removing(models) as folder:
            removal.directory.rename(folder / removal.name)
            was_default = not removal.shipped and default.stored() == removal.name
            if was_default:
                default.forget()
        return was_default
