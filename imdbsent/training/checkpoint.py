"""The runs that can go on: where their checkpoints are, and whose they are while a process trains.

A checkpoint: one file that a training run goes on from, bit for bit. It has its name only once it is whole.
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
from imdbsent.bundle.bundle import from_json
from imdbsent.errors import CheckpointInvalid, CheckpointMissing, TrainingBusy, TrainingUnfinished
from imdbsent.files import write_arrays
from imdbsent.training.loop import State  # noqa: TC001 (from_json reads the annotations)
from imdbsent.training.request import TrainingRequest  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Arrays = tuple[npt.NDArray[Any], ...]


FORMAT: Final = 1
"""The format that this version writes; it reads no other."""

_HEAD: Final = "head.json"


DAMAGE: Final = (
    *(OSError, EOFError, zipfile.BadZipFile, ValueError, TypeError, LookupError, AttributeError),
    # One flipped bit makes a zip file "encrypted", of a version that zipfile does not know, compressed, or huge.
    *(RuntimeError, MemoryError, zlib.error),
)
"""What reading a damaged file of NumPy raises."""


@dataclass(frozen=True)
class Head:
    """What a checkpoint says in words and numbers.

    Attributes:
        request: what was asked for, all of it.
        data_sha256: hash of the texts and labels that it is trained on.
        versions: the Python and the libraries that train it.
        state: where the run is.
        format: format of the checkpoint.
    """

    request: TrainingRequest
    data_sha256: str
    versions: dict[str, str]
    state: State
    format: int = FORMAT


@dataclass(frozen=True)
class Variables:
    """The numbers of a network and of its optimizer, in Keras's order.

    Attributes:
        network: weights, and the state of random numbers where a network draws any.
        optimizer: the step, the learning rate, and its moments.
    """

    network: Arrays
    optimizer: Arrays


@dataclass(frozen=True)
class Checkpoint:
    """A run that can go on.

    Attributes:
        head: everything but the arrays.
        variables: the arrays.
    """

    head: Head
    variables: Variables


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in the place of the last one; whatever happens, one of the two is there, whole.

    Raises:
        OSError: it cannot be written.
    """
    head = np.frombuffer(json.dumps(asdict(checkpoint.head)).encode(), np.uint8)
    arrays: dict[str, Any] = {
        f"{kind}-{number}": array
        for kind, arrays in vars(checkpoint.variables).items()
        for number, array in enumerate(arrays)
    }
    write_arrays(path, {_HEAD: head, **arrays})


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is executed or unpickled.

    Raises:
        CheckpointInvalid: it is damaged, or of another version.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            head = json.loads(file[_HEAD].tobytes())
            if head.get("format") != FORMAT:
                raise ValueError(f"its format is {head.get('format')}, not {FORMAT}")
            typed = cast("Head", from_json(head, Head, "checkpoint"))
            variables = Variables(_arrays(file, "network"), _arrays(file, "optimizer"))
    except DAMAGE as error:
        raise CheckpointInvalid(path, str(error)) from error
    return Checkpoint(typed, variables)


def _arrays(file: Any, kind: str) -> Arrays:
    count = sum(name.startswith(f"{kind}-") for name in file.files)
    return tuple(file[f"{kind}-{number}"] for number in range(count))

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
