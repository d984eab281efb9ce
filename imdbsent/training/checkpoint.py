"""A checkpoint: one file that a training run goes on from, bit for bit. It has its name only once it is whole."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from imdbsent.errors import CheckpointInvalid
from imdbsent.records.arrays import write_arrays
from imdbsent.training.loop import State  # noqa: TC001 (from_json reads the annotations)
from imdbsent.training.request import TrainingRequest  # noqa: TC001
from imdbsent.typed_json import from_json

if TYPE_CHECKING:
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
