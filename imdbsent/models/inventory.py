"""The inventory of models: list them, choose the default, remove one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.bundle.bundle import Bundle, write_settings
from imdbsent.errors import BundleInvalid, ModelMissing, ModelsUnwritable, UsageProblem
from imdbsent.models import publish, store

if TYPE_CHECKING:
    from imdbsent.bundle.card import ModelCard
    from imdbsent.classify.classifier import Classifier
    from imdbsent.models.store import Choice
    from imdbsent.records import Prediction


class Status(str, Enum):
    """Where a model is, and whether it is usable."""

    WHEEL = "wheel"
    """It comes with the package, and is installed on first use."""
    INSTALLED = "installed"
    DAMAGED = "damaged"
    """Its card or one of its files is damaged."""


@dataclass(frozen=True)
class Entry:
    """One model.

    Attributes:
        name: its name.
        status: where it is, and whether it is usable.
        shipped: whether it comes with the package.
        version: the version in its card; None if the card is damaged.
        size: bytes of its folder.
        accuracy: share of correct labels on the test split, 0 to 1; None if not measured.
        reviews: number of test reviews; None if not measured.
        is_default: whether it is the default model.
        directory: its folder.
        problem: what is damaged; None if nothing is.
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
    """All models, with every file checked against its hash.

    Args:
        choice: the default model.
    """
    found = []
    for name in store.names():
        with contextlib.suppress(ModelMissing):  # another process has just removed it
            found.append(entry(name, is_default=name == choice.name))
    return found


def entry(name: str, *, is_default: bool) -> Entry:
    """One model of `imdbsent.models.store.names`.

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


KNOWN: Final = (("great movie", "positive"), ("terrible movie", "negative"))
"""Texts whose labels every model of the package must get right."""


def check(model: str | None = None) -> Classifier:
    """Check a model: the hash of every file, the graph, and its answers to texts whose labels are known.

    Args:
        model: name of a model, or path of its folder; None for the default. It is not installed.

    Returns:
        A classifier with it.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: it is damaged, or answers wrongly.
    """
    from imdbsent.classify.classifier import Classifier  # noqa: PLC0415 (it loads ONNX Runtime)

    bundle = store.locate(model)
    _verify(bundle)
    classifier = Classifier(bundle)
    check_answers(classifier)
    return classifier


def check_answers(classifier: Classifier) -> list[Prediction]:
    """Check the answers to `KNOWN`; a model of the user's own may label them as it likes, but must answer.

    Raises:
        BundleInvalid: an answer is wrong.
    """
    bundle = classifier.bundle
    found = classifier.predict([text for text, _ in KNOWN], threshold=bundle.card.threshold)
    if store.is_shipped(bundle.card.name):
        for prediction, (text, label) in zip(found, KNOWN):
            if prediction.label != label:
                reason = f"it labels {text!r} {prediction.label}"
                raise store.damaged(BundleInvalid(bundle.directory, reason))
    return found


def folder_size(directory: Path) -> int:
    """Bytes of the files in a folder; a file without access counts as 0."""
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


@dataclass(frozen=True)
class Removal:
    """What removing a model removes.

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
    """Plan the removal of a model.

    Raises:
        ModelMissing: there is no such model.
        UsageProblem: it is only in the package, or is given by its folder.
    """
    if store.is_path(name):
        raise UsageProblem(f"{name!r} is a path, not the name of a model. Type: imdbsent models list")
    if store.is_installed(name):
        directory = store.directory_of(name)
        return Removal(name, directory, folder_size(directory), store.is_shipped(name))
    if store.is_shipped(name):
        raise UsageProblem(
            f"the model {name!r} comes with imdbsent and is not installed, so there is nothing to remove. "
            "Type: imdbsent models list"
        )
    raise ModelMissing(name, store.names(), trainable=False)


def remove(removal: Removal) -> bool:
    """Remove a model.

    Returns:
        Whether it was the user's default model; the default is then the built-in one.

    Raises:
        ModelMissing: another process has removed it.
        ModelsUnwritable: the folder cannot be changed.
    """
    with publish.changing(), publish.locked():
        models = settings.models_directory()
        publish.sweep(models)
        if not store.is_installed(removal.name):
            raise ModelMissing(removal.name, store.names(), trainable=False)
        with publish.removing(models) as folder:
            removal.directory.rename(folder / removal.name)
            was_default = not removal.shipped and store.stored_default() == removal.name
            if was_default:
                store.forget_default()
        return was_default


def use(name: str) -> None:
    """Make a model the default, after checking all of its files.

    Raises:
        UsageProblem: it is given by its folder.
        ModelMissing: there is no such model.
        BundleInvalid: it is damaged.
        ModelsUnwritable: the choice cannot be stored.
    """
    if store.is_path(name):
        raise UsageProblem(f"{name!r} is a path, not the name of a model. Type: imdbsent models install {name}")
    if name not in store.names():
        raise ModelMissing(name, store.names(), trainable=False)
    with publish.changing(), publish.locked():
        try:
            store.locate(name).verify()
        except BundleInvalid as error:
            raise store.damaged(error) from error
        store.choose_default(name)


def set_threshold(model: str, threshold: float | None) -> Bundle:
    """Set the threshold of a model, in a file beside its card. A model of the package is installed first.

    Args:
        model: its name, or path of its folder.
        threshold: probability of positive from which the label is "positive", 0 to 1; None for that of the card.

    Returns:
        The model with it.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: it is damaged.
        ModelsUnwritable: its folder cannot be changed.
    """
    from imdbsent.models.resolve import resolve  # noqa: PLC0415 (it imports the store, too)

    bundle = resolve(model)
    if bundle.directory.parent == store.PRETRAINED:
        raise ModelsUnwritable(settings.models_directory(), "the model could not be installed there")
    is_installed = bundle.directory.parent == settings.models_directory()
    with publish.changing(), publish.locked() if is_installed else contextlib.nullcontext():
        write_settings(bundle.directory, threshold)
    return replace(bundle, set_threshold=threshold)


def reset() -> None:
    """Make the built-in model the default again.

    Raises:
        ModelsUnwritable: the choice cannot be removed.
    """
    with publish.changing(), publish.locked():
        store.forget_default()
