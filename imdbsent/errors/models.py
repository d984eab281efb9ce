"""Models that are missing, damaged or in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.errors.base import ExitCode, ImdbsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ModelMissing(ImdbsentError):
    """No model of that name in the data directory, in the wheel, or at a URL."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str, known: Sequence[str], trainable: bool) -> None:
        self.name = name
        self.trainable = trainable
        next_step = (
            f"Train it: imdbsent train --recipe {name} --name {name}"
            if trainable
            else f"Type: imdbsent predict --model {known[0]} TEXT"
            if known
            else "Train one: imdbsent train --recipe classic"
        )
        there = f" (there are: {', '.join(known)})" if known else ""
        super().__init__(f"there is no model {name!r}{there}. {next_step}")


class DefaultMissing(ImdbsentError):
    """The model that `imdbsent models use` made the default is not there any more."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the default model {name!r}, chosen with `imdbsent models use`, is not there any more. "
            "Type: imdbsent models use --reset"
        )


class ModelsUnwritable(ImdbsentError):
    """The user's models, or the choice among them, cannot be changed."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"cannot change the models: '{path}': {reason}. Check its rights and the space there, "
            "or set IMDBSENT_HOME=FOLDER"
        )


class BundleInvalid(ImdbsentError):
    """A bundle is damaged, or is not a bundle, or was made by a newer imdbsent."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path | str, reason: str, next_step: str = "") -> None:
        self.path, self.reason = path, reason
        super().__init__(f"the model in '{path}' cannot be used: {reason}{next_step and '. ' + next_step}")


class ModelUnexplainable(ImdbsentError):
    """The network of a model does not show what its verdicts are made of."""

    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__(
            "the network of this model does not show what its verdicts are made of. "
            "Type: imdbsent predict --explain --model classic TEXT"
        )


class LayersHidden(ImdbsentError):
    """The graph of a model does not show what happens inside of it: it is not of the tutorials' kind."""

    exit_code = ExitCode.USAGE

    def __init__(self, model: str, next_step: str = "the same command with --model classic") -> None:
        self.model = model
        super().__init__(f"the network of {model!r} does not show its weights and states. Type: {next_step}")


class NameTaken(ImdbsentError):
    """A model of that name is there already, or the name is that of a model in the wheel."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, *, shipped: bool) -> None:
        super().__init__(
            f"the name {name!r} belongs to a model that comes with imdbsent. Type: --name my-{name}"
            if shipped
            else f"there is a model {name!r} already. Type: --name OTHER, or --replace"
        )


class DownloadFailed(ImdbsentError):
    """A download failed, or what came has the wrong hash."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, url: str, reason: str, next_step: str, *, connected: bool = True) -> None:
        self.connected = connected
        super().__init__(f"could not download {url}: {reason}. {next_step}")
