"""Choosing the model that answers where none is named."""

from __future__ import annotations

from imdbsent import store
from imdbsent.errors import BundleInvalid, ModelMissing, UsageProblem
from imdbsent.models import default, publishing


def use(name: str) -> None:
    """Make a model the default, once all of its files have been compared with their hashes.

    Raises:
        UsageProblem: it is named by its folder.
        ModelMissing: there is no such model.
        BundleInvalid: it is damaged.
        ModelsUnwritable: the choice cannot be stored.
    """
    if store.is_path(name):
        raise UsageProblem(f"a default model has a name, and {name!r} is a path. Type: imdbsent models install {name}")
    if name not in store.names():
        raise ModelMissing(name, store.names(), trainable=False)
    with publishing.changing(), publishing.locked():
        try:
            store.locate(name).verify()
        except BundleInvalid as error:
            raise store.damaged(error) from error
        default.choose(name)


def reset() -> None:
    """Make the built-in model the default again.

    Raises:
        ModelsUnwritable: the choice cannot be removed.
    """
    with publishing.changing(), publishing.locked():
        default.forget()
