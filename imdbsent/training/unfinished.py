"""The runs that can go on: where their checkpoints are, and whose they are while a process trains."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imdbsent import settings
from imdbsent.errors import CheckpointMissing, TrainingBusy, TrainingUnfinished
from imdbsent.training.checkpoint import Checkpoint, read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".npz"


def checkpoint_of(name: str) -> Path:
    """Where the checkpoint of a model's training is, if there is one."""
    return settings.training_directory() / f"{name}{_SUFFIX}"


def stages_of(name: str) -> Path:
    """Where a training in several stages keeps what each of them gave."""
    return settings.training_directory() / f"{name}.stages"


def forget(name: str) -> None:
    """Remove what an ended training leaves.

    Raises:
        OSError: the checkpoint cannot be removed.
    """
    checkpoint_of(name).unlink(missing_ok=True)
    shutil.rmtree(stages_of(name), ignore_errors=True)


def names() -> list[str]:
    """Names of the models whose training can go on."""
    return sorted(path.stem for path in settings.training_directory().glob(f"*{_SUFFIX}") if path.name[0] != ".")


def find(name: str | None) -> Checkpoint:
    """The run to go on with.

    Args:
        name: the model's name; None where only one run can be meant.

    Raises:
        CheckpointMissing: there is none, or the name is needed.
        CheckpointInvalid: it cannot be read.
    """
    unfinished = names()
    if name is None and len(unfinished) == 1:
        name = unfinished[0]
    if name not in unfinished:
        raise CheckpointMissing(name, unfinished)
    return read_checkpoint(checkpoint_of(name))


def check_none(name: str) -> None:
    """Check that no run of that name can go on, before a new one takes its place.

    Raises:
        TrainingUnfinished: one can.
        CheckpointInvalid: one cannot be read.
    """
    if name in names():
        head = read_checkpoint(checkpoint_of(name)).head
        raise TrainingUnfinished(name, head.state.position.epoch, head.request.recipe.epochs)


@contextmanager
def claimed(name: str) -> Iterator[Path]:
    """Hold the training of a model: no other process trains one of that name meanwhile.

    Yields:
        The path of its checkpoint.

    Raises:
        TrainingBusy: another process holds it.
        OSError: the data directory cannot be written.
    """
    from filelock import FileLock, Timeout  # 20 ms, as in models/publishing.py

    directory = settings.training_directory()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(directory / f".{name}.lock", timeout=0):
            yield checkpoint_of(name)
    except Timeout as error:
        raise TrainingBusy(name) from error
