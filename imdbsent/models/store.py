"""The models there are: their names and folders, which one is the default, and how to find one.

A model is either installed in the user's data directory, or comes with the package and is installed on first use
(`imdbsent.models.resolve`). The user can also name a folder. The default model is that of IMDBSENT_MODEL, else the one
in the file that `imdbsent models use` writes, else built in.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from imdbsent import settings
from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.errors import BundleInvalid, DefaultMissing, ImdbsentError, ModelMissing, NameTaken, UsageProblem
from imdbsent.files import new_file
from imdbsent.models import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


DEFAULT_MODEL: Final = "flagship"
TRAINABLE: Final = ("classic", "bucketed", "flagship")
"""Models that `imdbsent train` can make under their own names; a test checks that these are the recipes."""
PRETRAINED: Final = Path(__file__).parent.parent / "pretrained"
"""The bundles that come with the package."""

_FILE: Final = "default-model"
_LONGEST: Final = 256  # bytes; a name has 64 at most
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_Read = TypeVar("_Read")

logger = logging.getLogger(__name__)


class Choice(NamedTuple):
    """The default model.

    Attributes:
        name: its name, or the path of its folder.
        source: what set it: a variable, a command, or "the built-in default".
        sha256: what its content must be; see `imdbsent.bundle.bundle.Bundle`. None for any.
    """

    name: str
    source: str
    sha256: str | None = None


BUILT_IN: Final = Choice(DEFAULT_MODEL, "the built-in default")
TUTORIAL: Final = Choice("classic", "the model of the tutorials")
"""What the commands that follow a tutorial show if nothing was chosen: it has the ids and states of the tutorials."""
USE: Final = "imdbsent models use"
"""The source of a `Choice` that the user made."""


_PIN: Final = "@sha256:"


def parse_choice(model: str, source: str) -> Choice:
    """The model that a person names: NAME, NAME@sha256:HEX, or a folder instead of a name.

    Raises:
        UsageProblem: what follows `@sha256:` is not a SHA-256.
    """
    name, pin, sha256 = model.rpartition(_PIN)
    if not pin:
        return Choice(model, source)
    if not is_sha256(sha256):
        raise UsageProblem(
            f"{sha256!r} is not a SHA-256, which has 64 hexadecimal digits. Type: imdbsent models verify {name}"
        )
    return Choice(name, source, sha256.lower())


def pinned(bundle: Bundle) -> str:
    """How to name a model so that no other content is accepted: NAME@sha256:HEX."""
    folder = bundle.directory
    name = folder.name if folder.parent in (PRETRAINED, settings.models_directory()) else folder
    return f"{name}{_PIN}{bundle.sha256}"


def model_named(model: str | os.PathLike[str] | None) -> str | None:
    """How a model is written that a caller in Python names: a path is a folder, even if it looks like a name.

    Raises:
        TypeError: it is neither a text nor a path.
    """
    if model is None or isinstance(model, str):
        return model
    path = os.fsdecode(model)
    return path if is_path(path) else f".{os.sep}{path}"


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
        raise UsageProblem(f"{name!r} is not a valid name for a model. Type: --name with letters, digits, . _ -")
    if is_shipped(name):
        raise NameTaken(name, shipped=True)
    if not replace and directory_of(name).exists():
        raise NameTaken(name, shipped=False)


def locate(model: str | None) -> Bundle:
    """Find a model and change nothing: one that is only in the package is not installed.

    Args:
        model: name of a model, or path of its folder, perhaps with `@sha256:HEX`; None for `default_model`.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user chose as the default is gone.
        BundleInvalid: the model is damaged.
    """
    return find(model, locate_named)


def find(model: str | None, find_named: Callable[[str], Bundle]) -> Bundle:
    """Find a model, or the default one, with a function.

    Args:
        model: name of a model, or path of its folder, perhaps with `@sha256:HEX`; None for `default_model`.
        find_named: finds a model by its name or path.

    Raises:
        ModelMissing: there is no such model.
        DefaultMissing: the model that the user chose as the default is gone.
        BundleInvalid: its content is not the one that was asked for.
        UsageProblem: what follows `@sha256:` is not a SHA-256.
    """
    choice = parse_choice(model, "--model") if model else default_model()
    try:
        bundle = find_named(choice.name)
    except ModelMissing as error:
        if choice.source != USE or error.trainable:
            raise
        raise DefaultMissing(choice.name) from error
    if choice.sha256 not in (None, bundle.sha256):
        raise BundleInvalid(
            bundle.directory,
            f"its SHA-256 is {bundle.sha256}, not the {choice.sha256} of {choice.source}",
            f"Install that model, or type: --model {choice.name}{_PIN}{bundle.sha256}",
        )
    return bundle


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
    if not is_folder(directory):
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
    if path.parent != settings.models_directory() or error.next_step:
        return error
    again = "the same command again" if is_shipped(path.name) else "install or train it again"
    return BundleInvalid(path, error.reason, f"Type: imdbsent models remove {path.name}, then {again}")


def diagnosed(error: BundleInvalid) -> ImdbsentError:
    """Why a model could not be read: it is damaged, or another process has replaced or removed it meanwhile."""
    name = Path(error.path).name
    try:
        if undisturbed(error, Bundle.verify) is None:
            return ModelMissing(name, names(), trainable=name in TRAINABLE)
    except BundleInvalid as again:
        return again
    return BundleInvalid(error.path, "another process has just replaced it", "Type: the same command again")


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


def default_model(built_in: Choice = BUILT_IN) -> Choice:
    """The default model: IMDBSENT_MODEL, else the user's choice, else a built-in one.

    Args:
        built_in: the model if nothing was chosen.

    Raises:
        UsageProblem: IMDBSENT_MODEL has an `@sha256:` that no SHA-256 follows.
    """
    if variable := os.environ.get(settings.MODEL):
        return parse_choice(variable, settings.MODEL)
    try:
        name = stored_default()
    except OSError as error:
        logger.info(f"cannot read {default_file()} ({error.strerror}); the model is '{built_in.name}'")
        return built_in
    return Choice(name, USE) if name else built_in


def default_file() -> Path:
    """The file with the name of the default model."""
    return settings.config_directory() / _FILE


def stored_default() -> str | None:
    """The stored name of the default model; None if there is none.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with default_file().open("rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def choose_default(name: str) -> None:
    """Store the name of the default model.

    Raises:
        OSError: the file cannot be written.
    """
    target = default_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    with new_file(target) as place:
        place.write_text(name + "\n", encoding="utf-8")


def forget_default() -> None:
    """Remove the stored name of the default model.

    Raises:
        OSError: the file cannot be removed.
    """
    default_file().unlink(missing_ok=True)
