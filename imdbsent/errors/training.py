"""Training that cannot begin, was stopped, or cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.errors.base import ExitCode, ImdbsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class RecipeInvalid(ImdbsentError):
    """A recipe does not exist, or has a value that makes no sense."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str, command: str) -> None:
        super().__init__(f"{problem}. Type: {command}")


class TrainingStopped(ImdbsentError):
    """A training run was asked to stop, and has written a checkpoint."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(f"stopped in epoch {epoch} after batch {batch:,}. To go on, type: imdbsent train --resume")


class TrainingUnfinished(ImdbsentError):
    """A new run would take the place of one that can still go on."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, epoch: int, epochs: int) -> None:
        super().__init__(
            f"the training of {name!r} stopped in epoch {epoch} of {epochs} and can go on. "
            f"Type: imdbsent train --resume --name {name}, or --replace to start anew"
        )


class TrainingBusy(ImdbsentError):
    """Another process is training a model of that name."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str) -> None:
        super().__init__(f"another process is training {name!r}. Type: imdbsent train --name OTHER")


class CheckpointMissing(ImdbsentError):
    """There is no run that can go on, or there are several."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str | None, unfinished: Sequence[str]) -> None:
        what = f"there is no unfinished training of {name!r}" if name else "there is no unfinished training"
        if unfinished and not name:
            what = f"there are {len(unfinished)} unfinished trainings"
        next_step = " or ".join(f"imdbsent train --resume --name {one}" for one in unfinished) or "imdbsent train"
        super().__init__(f"{what}. Type: {next_step}")


class CheckpointInvalid(ImdbsentError):
    """A checkpoint is damaged, or of another version, or of other data."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"training cannot go on from '{path}': {reason}. "
            f"Type: imdbsent train --name {path.stem} --replace to start anew"
        )


_PACKAGES = {"onnx": "onnx", "numba": "'imdbsent[flagship]'", "scipy": "'imdbsent[flagship]'"}


class TrainingUnavailable(ImdbsentError):
    """A library that training, or writing a network, needs is not installed."""

    exit_code = ExitCode.MISSING

    def __init__(self, library: str) -> None:
        packages = _PACKAGES.get(library, "tensorflow onnx")  # without Keras or its backend, onnx may be missing too
        super().__init__(f"this needs {library}, which is not installed. Type: pip install {packages}")
