"""Checkpoints: one file that a training run resumes from, bit for bit, and the folder that holds them.

A checkpoint appears under its name only when it is complete. While a process trains a model, it holds a lock on its
name.
"""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from imdbsent import settings
from imdbsent.errors import (
    CheckpointInvalid,
    CheckpointMissing,
    InvalidOptions,
    TrainingBusy,
    TrainingUnfinished,
    UsageProblem,
)
from imdbsent.files import remove_abandoned, write_arrays
from imdbsent.training.loop import State  # noqa: TC001 (from_json reads the annotations)
from imdbsent.training.request import TrainingRequest  # noqa: TC001
from imdbsent.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Arrays = tuple[npt.NDArray[Any], ...]

FORMAT: Final = 4
"""The format that this version writes."""
_WITHOUT_TUNING: Final = 3
"""The format before there was fine-tuning; this version reads it, too, and no other."""

DAMAGE: Final = (
    *(OSError, EOFError, zipfile.BadZipFile, ValueError, TypeError, LookupError, AttributeError),
    # One flipped bit makes a zip file "encrypted", of a version that zipfile does not know, compressed, or huge.
    *(RuntimeError, MemoryError, zlib.error),
)
"""What reading a damaged NumPy file raises."""

_HEAD: Final = "head.json"
_SUFFIX: Final = ".npz"


@dataclass(frozen=True)
class Head:
    """Everything in a checkpoint but the arrays.

    Attributes:
        request: the whole training request.
        data_sha256: SHA-256 of the texts and labels it trains on.
        versions: versions of Python and of the libraries that train it.
        state: how far the run is.
        format: format of the checkpoint.
    """

    request: TrainingRequest
    data_sha256: str
    versions: dict[str, str]
    state: State
    format: int = FORMAT


@dataclass(frozen=True)
class Variables:
    """The variables of a network and of its optimizer, in Keras's order.

    Attributes:
        network: weights, and the state of random generators if a network has any.
        optimizer: step, learning rate, and moments.
        best: the weights of the best epoch so far; empty in a run that keeps the last one.
    """

    network: Arrays
    optimizer: Arrays
    best: Arrays = ()

    @classmethod
    def of(cls, network: Any, best: Arrays = ()) -> Variables:
        """The variables of a compiled `keras.Model`, and the weights of the best epoch so far."""
        return cls(_values(network.variables), _values(network.optimizer.variables), best)

    def assign_to(self, network: Any) -> None:
        """Give a compiled `keras.Model` these variables.

        Raises:
            ValueError: they have other shapes.
        """
        pairs = ((network.variables, self.network), (network.optimizer.variables, self.optimizer))
        for variables, values in pairs:
            if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
                raise ValueError("it belongs to another network")
            for variable, value in zip(variables, values):
                variable.assign(value)


def _values(variables: Iterable[Any]) -> Arrays:
    from keras import ops

    return tuple(np.array(ops.convert_to_numpy(variable)) for variable in variables)


@dataclass(frozen=True)
class Checkpoint:
    """A run that can resume.

    Attributes:
        head: everything but the arrays.
        variables: the arrays.
    """

    head: Head
    variables: Variables


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace a checkpoint; whatever happens, either the old or the new one is there, complete.

    Args:
        path: of the checkpoint, which the caller has `claimed`.
        checkpoint: the new one.

    Raises:
        OSError: it cannot be written.
    """
    head = np.frombuffer(json.dumps(asdict(checkpoint.head)).encode(), np.uint8)
    arrays: dict[str, Any] = {
        f"{kind}-{number}": array
        for kind, arrays in vars(checkpoint.variables).items()
        for number, array in enumerate(arrays)
    }
    write_arrays(path, {_HEAD: head, **arrays}, held=path)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is executed or unpickled.

    Raises:
        CheckpointInvalid: it is damaged, or has another format.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            head = json.loads(file[_HEAD].tobytes())
            if head.get("format") == _WITHOUT_TUNING:
                head = {**head, "format": FORMAT, "request": {"tuning": None, **head["request"]}}
            if head.get("format") != FORMAT:
                raise ValueError(
                    f"another version of imdbsent wrote it (its format is {head.get('format')}, not {FORMAT})"
                )
            typed = cast("Head", from_json(head, Head, "checkpoint"))
            variables = Variables(*(_arrays(file, kind) for kind in ("network", "optimizer", "best")))
    except (*DAMAGE, UsageProblem, InvalidOptions) as error:  # the last two: options that no command line can give
        raise CheckpointInvalid(path, str(error)) from error
    return Checkpoint(typed, variables)


def _arrays(file: Any, kind: str) -> Arrays:
    count = sum(name.startswith(f"{kind}-") for name in file.files)
    return tuple(file[f"{kind}-{number}"] for number in range(count))


def checkpoint_of(name: str) -> Path:
    """The path of the checkpoint of a model, whether it exists or not."""
    return settings.training_directory() / f"{name}{_SUFFIX}"


def stages_of(name: str) -> Path:
    """The folder where a training run in several stages keeps their results."""
    return settings.training_directory() / f"{name}.stages"


def forget(name: str) -> None:
    """Remove the checkpoint and the stages of a finished run that the caller has `claimed`.

    Raises:
        OSError: the checkpoint cannot be removed.
    """
    checkpoint_of(name).unlink(missing_ok=True)
    remove_abandoned(checkpoint_of(name))
    shutil.rmtree(stages_of(name), ignore_errors=True)


def names() -> list[str]:
    """The names of the models whose training can resume."""
    return sorted(path.stem for path in settings.training_directory().glob(f"*{_SUFFIX}") if path.name[0] != ".")


def find(name: str | None) -> Checkpoint:
    """Find the run to resume.

    Args:
        name: name of the model; None if there is only one run.

    Raises:
        CheckpointMissing: there is no such run, or a name is needed.
        CheckpointInvalid: it cannot be read.
    """
    unfinished = names()
    if name is None and len(unfinished) == 1:
        name = unfinished[0]
    if name not in unfinished:
        raise CheckpointMissing(name, unfinished)
    return read_checkpoint(checkpoint_of(name))


def check_none(name: str) -> None:
    """Check that a new run does not replace an unfinished one of the same name.

    Raises:
        TrainingUnfinished: there is one.
        CheckpointInvalid: there is one, and it cannot be read.
    """
    if name in names():
        head = read_checkpoint(checkpoint_of(name)).head
        raise TrainingUnfinished(name, head.state.position.epoch)


@contextmanager
def claimed(name: str) -> Iterator[Path]:
    """Hold the lock on a model's training, so that no other process trains a model of that name.

    Yields:
        The path of its checkpoint.

    Raises:
        TrainingBusy: another process holds the lock.
        OSError: the data directory cannot be written.
    """
    from filelock import FileLock, Timeout  # takes 20 ms

    directory = settings.training_directory()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(directory / f".{name}.lock", timeout=0):
            yield checkpoint_of(name)
    except Timeout as error:
        raise TrainingBusy(name) from error
