"""The models there are: their names and folders, and how to find one without changing anything.

A model is either installed in the user's data directory, or comes with the package and is installed on first use
(`imdbsent.models.resolve`). The user can also name a folder.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent import settings
from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.errors import BundleInvalid, DefaultMissing, ModelMissing, NameTaken, UsageProblem
from imdbsent.models import default, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT_MODEL: Final = default.DEFAULT_MODEL
TRAINABLE: Final = ("classic", "bucketed", "flagship")
"""Models that `imdbsent train` can make under their own names; a test checks that these are the recipes."""
PRETRAINED: Final = Path(__file__).parent.parent / "pretrained"
"""The bundles that come with the package."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_Read = TypeVar("_Read")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a model: letters, digits, `.`, `_` and `-`, at most 64."""
    return _NAME.fullmatch(text) is not None


def is_path(model: str) -> bool:
    """Whether a model is given by its folder: a name has no separator and is not `.` or `..`."""
    return model.startswith((".", "~")) or "/" in model or os.sep in model


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256: 64 hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None


def is_folder(path: Path) -> bool:
    """Whether a path is a folder that this user can see."""
    try:
        return path.is_dir()
    except OSError:  # no permission for a folder above it
        return False


def names() -> list[str]:
    """Names of all models: those of the package, then the user's own."""
    shipped = _models(PRETRAINED, _listing(PRETRAINED))
    return shipped + [name for name in installed() if name not in shipped]


def installed() -> list[str]:
    """Names of the models in the data directory, damaged ones and one that is being replaced included."""
    directory = settings.models_directory()
    listing = _listing(directory)
    if publish.is_unsettled(listing):
        publish.settle(directory)
        listing = _listing(directory)
    return _models(directory, listing)


def is_shipped(name: str) -> bool:
    """Whether a model comes with the package."""
    return name in _models(PRETRAINED, _listing(PRETRAINED))


def is_installed(name: str) -> bool:
    """Whether a model, damaged or not, is in the data directory."""
    return name in installed()


def directory_of(name: str) -> Path:
    """The folder where a model of that name is installed."""
    return settings.models_directory() / name


def check_name(name: str, *, replace: bool) -> None:
    """Check before the work that a new model may be installed under a name.

    Args:
        name: the name.
        replace: whether an installed model of that name may be replaced.

    Raises:
        UsageProblem: the name has characters that a name cannot have.
        NameTaken: there is a model of that name.
    """
    if not is_name(name):
        raise UsageProblem(f"{name!r} cannot be the name of a model. Type: --name with letters, digits, . _ -")
    if is_shipped(name):
        raise NameTaken(name, shipped=True)
    if not replace and directory_of(name).exists():
        raise NameTaken(name, shipped=False)


def locate(model: str | None) -> Bundle:
    """Find a model and change nothing: one that is only in the package is not installed.

    Args:
        model: name of a model, or path of its folder; None for `imdbsent.models.default.choice`.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user chose as the default is gone.
        BundleInvalid: the model is damaged.
    """
    return find(model, locate_named)


def find(model: str | None, find_named: Callable[[str], Bundle]) -> Bundle:
    """Find a model, or the default one, with a function.

    Args:
        model: name of a model, or path of its folder; None for `imdbsent.models.default.choice`.
        find_named: finds a model by its name or path.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user chose as the default is gone.
    """
    choice = default.Choice(model, "--model") if model else default.choice()
    try:
        return find_named(choice.name)
    except ModelMissing as error:
        if choice.source != default.USE or error.trainable:
            raise
        raise DefaultMissing(choice.name) from error


def locate_named(name: str) -> Bundle:
    """Find a model by its name or path, and change nothing.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    if is_path(name):
        folder = Path(name).expanduser()
        if not is_folder(folder):
            raise ModelMissing(name, names(), trainable=False)
        return read_bundle(folder)
    is_in_package = is_name(name) and is_folder(PRETRAINED / name)
    if not is_in_package and not (is_name(name) and is_installed(name)):
        raise ModelMissing(name, names(), trainable=name in TRAINABLE)
    if not is_in_package:
        return _read_installed(directory_of(name))
    shipped = read_bundle(PRETRAINED / name)
    return current_copy(shipped) or shipped


def current_copy(shipped: Bundle) -> Bundle | None:
    """The installed copy of a model of the package: None if there is none, or only one of an older version.

    Args:
        shipped: the bundle in the package.

    Raises:
        BundleInvalid: the copy is damaged.
    """
    directory = directory_of(shipped.directory.name)
    if not directory.is_dir():
        return None
    try:
        bundle = _read_installed(directory)
    except ModelMissing:  # another process has just removed it
        return None
    return bundle if bundle.card == shipped.card or bundle.card.version > shipped.card.version else None


def _read_installed(directory: Path) -> Bundle:
    try:
        return read_bundle(directory)
    except BundleInvalid as error:
        bundle = undisturbed(error, lambda bundle: bundle)
        if bundle is None:
            raise ModelMissing(directory.name, names(), trainable=directory.name in TRAINABLE) from error
        return bundle


def undisturbed(error: BundleInvalid, read: Callable[[Bundle], _Read]) -> _Read | None:
    """Read a model that seems damaged once more, while no other process can replace or remove it.

    Args:
        error: what reading it has raised.
        read: reads it.

    Returns:
        What `read` returns; None if the model was removed.

    Raises:
        BundleInvalid: the model is really damaged.
    """
    directory = Path(error.path)
    if directory.parent != settings.models_directory():
        raise error
    try:
        return publish.undisturbed(directory, read)
    except BundleInvalid as again:
        raise damaged(again) from again


def damaged(error: BundleInvalid) -> BundleInvalid:
    """The same error, with the next command if the bundle is in the data directory."""
    path = Path(error.path)
    if path.parent != settings.models_directory():
        return error
    again = "the same command again" if is_shipped(path.name) else "install or train it again"
    return BundleInvalid(path, error.reason, f"Type: imdbsent models remove {path.name}, then {again}")


@contextlib.contextmanager
def new_bundle(final: Path) -> Iterator[Path]:
    """Create a bundle: give an empty folder to write into; after the block, verify it and rename it.

    Args:
        final: the folder of the bundle; an existing one is replaced.

    Yields:
        The folder to write into. If the block raises, it is removed and nothing has changed.

    Raises:
        BundleInvalid: what was written is not a complete bundle.
        OSError: the folder cannot be written.
    """
    with publish.staging(final.parent) as fresh:
        yield fresh
        publish.publish(fresh, final)


def _models(directory: Path, listing: list[str]) -> list[str]:
    return [name for name in listing if is_name(name) and is_folder(directory / name)]


def _listing(directory: Path) -> list[str]:
    """The names in a directory; none if it cannot be read."""
    try:
        return sorted(path.name for path in directory.iterdir())
    except OSError:
        return []
