"""The user's models: find, install, verify and lock bundles.

A model is looked for in the data directory; else it is installed there from the wheel's own bundles; else from the URL
in IMDBSENT_MODEL_URL. A bundle appears under its name by one rename, whole and verified, or not at all.

The folders that are models, by their names.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent import settings
from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.bundle.card import CARD
from imdbsent.errors import (
    BundleInvalid,
    DefaultMissing,
    DownloadFailed,
    ModelMissing,
    ModelsUnwritable,
    NameTaken,
    UsageProblem,
)
from imdbsent.models import default, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)



_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a model: letters, digits, `.`, `_` and `-`, 64 at most."""
    return _NAME.fullmatch(text) is not None


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder that we can see."""
    try:
        return path.is_dir()
    except OSError:  # a folder above it may not be entered
        return False


def models_in(directory: Path) -> list[str]:
    """Names of the models, whole or damaged, in a directory; none where it cannot be read."""
    return _models(directory, _listing(directory))


def installed() -> list[str]:
    """Names of the models in the data directory, that of a model which is just being replaced among them."""
    directory = settings.models_directory()
    names = _listing(directory)
    if publish.is_unsettled(names):
        publish.settle(directory)
        names = _listing(directory)
    return _models(directory, names)


def _models(directory: Path, names: list[str]) -> list[str]:
    return [name for name in names if is_name(name) and is_folder(directory / name)]


def _listing(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir())
    except OSError:
        return []

_Read = TypeVar("_Read")

DEFAULT_MODEL: Final = default.DEFAULT_MODEL
TRAINABLE: Final = ("classic", "bucketed", "flagship")
"""Models that `imdbsent train` can make under their own name; a test holds that these are the recipes."""
URL_VARIABLE: Final = "IMDBSENT_MODEL_URL"
PRETRAINED: Final = Path(__file__).parent.parent / "pretrained"

_TRIES: Final = 5
"""Times that a model of the wheel is installed, where other processes remove it as often."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def resolve(model: str | None = None, progress: DownloadProgress | None = None) -> Bundle:
    """Find a model, installing it first where it is not installed yet.

    Args:
        model: name of a model, or path of a bundle's folder; None for that of `imdbsent.models.default.choice`.
        progress: is told of the bytes of a download.

    Returns:
        A bundle whose card has been read; the classifier checks the files it reads.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user made the default is not there any more.
        BundleInvalid: the model is damaged.
        DownloadFailed: it could not be fetched from IMDBSENT_MODEL_URL.
        UsageProblem: IMDBSENT_MODEL_URL has no hash.
    """
    bundle = _named(model, lambda name: _resolve(name, progress))
    logger.debug(f"the model is '{bundle.card.name}' in {bundle.directory}")
    return bundle


def locate(model: str | None) -> Bundle:
    """Find a model as `resolve` does, but change nothing: one that is in the wheel alone stays there.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user made the default is not there any more.
        BundleInvalid: the model is damaged.
    """
    return _named(model, _locate)


def _named(model: str | None, find: Callable[[str], Bundle]) -> Bundle:
    """The model that `find` finds by the name given, or by that of the default."""
    choice = default.Choice(model, "--model") if model else default.choice()
    try:
        return find(choice.name)
    except ModelMissing as error:
        if choice.source != default.USE or error.trainable:
            raise
        raise DefaultMissing(choice.name) from error


def _resolve(name: str, progress: DownloadProgress | None) -> Bundle:
    if is_name(name):
        if is_folder(PRETRAINED / name):
            return _from_wheel(name)
        if os.environ.get(URL_VARIABLE) and not is_installed(name):
            return _from_url(os.environ[URL_VARIABLE], name, progress)
    return _locate(name)


def _locate(name: str) -> Bundle:
    if is_path(name):
        return _read_folder(name)
    shipped, installed = PRETRAINED / name, directory_of(name)
    if not is_name(name) or not (is_folder(shipped) or is_installed(name)):
        raise ModelMissing(name, names(), trainable=name in TRAINABLE)
    if not is_folder(shipped):
        return _read_installed(installed)
    in_wheel = read_bundle(shipped)
    return _current(installed, in_wheel) or in_wheel


def _read_folder(path: str) -> Bundle:
    folder = Path(path).expanduser()
    if not is_folder(folder):
        raise ModelMissing(path, names(), trainable=False)
    return read_bundle(folder)


def is_path(model: str) -> bool:
    """Whether a model is named by its folder: a name has no separator and is not `.` or `..`."""
    return model.startswith((".", "~")) or "/" in model or os.sep in model


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256: 64 hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None


def is_shipped(name: str) -> bool:
    """Whether a model of that name comes with the wheel."""
    return name in models_in(PRETRAINED)


def is_installed(name: str) -> bool:
    """Whether a model of that name, whole or damaged, is in the data directory."""
    return name in installed()


def names() -> list[str]:
    """Names of the models there are: those in the wheel, then the user's own."""
    shipped = models_in(PRETRAINED)
    return shipped + [name for name in installed() if name not in shipped]


def check_name(name: str, *, replace: bool) -> None:
    """Check that a new model may be installed under a name, before any work is done for it.

    Raises:
        UsageProblem: the name has characters that a name of a model cannot have.
        NameTaken: a model of that name is there.
    """
    if not is_name(name):
        raise UsageProblem(f"{name!r} cannot be the name of a model. Type: --name with letters, digits, . _ -")
    if is_shipped(name):
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
    with publish.staging(final.parent) as fresh:
        yield fresh
        publish.publish(fresh, final)


def _from_wheel(name: str) -> Bundle:
    shipped = read_bundle(PRETRAINED / name)
    installed = directory_of(name)
    try:
        for _ in range(_TRIES):
            if (bundle := _current(installed, shipped)) is not None:
                return bundle
            _install(shipped, installed)
    except OSError as error:
        reason = error.strerror or str(error)
        logger.info(f"could not keep a copy of the model in {installed.parent} ({reason}); answering from the package")
    return shipped


def _install(shipped: Bundle, installed: Path) -> None:
    with publish.staging(installed.parent) as fresh:
        for file in (CARD, *shipped.card.files):
            shutil.copyfile(shipped.directory / file, fresh / file)
        read_bundle(fresh).verify()
        with publish.locked():
            if _current(installed, shipped) is not None:
                return  # another first run was faster
            publish.swap(fresh, installed)
    logger.info(f"installed the model '{installed.name}' in {installed}")


def _current(installed: Path, shipped: Bundle) -> Bundle | None:
    """The installed copy, where it is there and is the wheel's, or newer."""
    if not installed.is_dir():
        return None
    try:
        bundle = _read_installed(installed)
    except ModelMissing:  # another process has removed it meanwhile
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
    """Read a model again that seems damaged, while no other process can replace or remove it.

    Args:
        error: what its reading has raised.
        read: reads it.

    Returns:
        What `read` gives; None where the model has been removed.

    Raises:
        BundleInvalid: it is damaged, indeed.
    """
    directory = Path(error.path)
    if directory.parent != settings.models_directory():
        raise error
    try:
        return publish.undisturbed(directory, read)
    except BundleInvalid as again:
        raise damaged(again) from again


def damaged(error: BundleInvalid) -> BundleInvalid:
    """The same error, with the next command where the bundle lies in the data directory."""
    path = Path(error.path)
    if path.parent != settings.models_directory():
        return error
    again = "the same command again" if is_shipped(path.name) else "install or train it again"
    return BundleInvalid(path, error.reason, f"Type: imdbsent models remove {path.name}, then {again}")


def _from_url(url: str, name: str, progress: DownloadProgress | None) -> Bundle:
    address, _, fragment = url.partition("#")
    sha256 = fragment.removeprefix("sha256=")
    if not is_sha256(sha256):
        raise UsageProblem(f"{URL_VARIABLE} needs the hash of the file: {URL_VARIABLE}={address}#sha256=<64 digits>")
    from imdbsent.models import install  # noqa: PLC0415 (as filelock)

    next_step = f"Check {URL_VARIABLE}, or type: imdbsent predict --model {DEFAULT_MODEL} TEXT"
    with install.downloaded(address, sha256, progress, next_step) as archive:
        try:
            return install.install_archive(archive, address, replace=True, expected=name)
        except ModelsUnwritable as error:
            raise DownloadFailed(address, f"cannot install it: {error.reason}", next_step) from error
