"""The ladder as a part of a training run: its workspace, and what it hands over to be exported.

Where a run of the ladder keeps what its stages gave, so that a stage that is done is never done again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.files import write_arrays
from imdbsent.training.architectures import architecture
from imdbsent.training.architectures.flagship import round_embeddings
from imdbsent.training.backend import import_library
from imdbsent.training.checkpoint import DAMAGE, Checkpoint, Head, Variables, stages_of, write_checkpoint
from imdbsent.training.export import Trained, versions
from imdbsent.training.flagship.climb import Climb
from imdbsent.training.flagship.ladder import ladder_of
from imdbsent.training.flagship.teaching import Run
from imdbsent.training.loop import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.data import TrainingData
    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.request import TrainingRequest

    Array = npt.NDArray[Any]

logger = logging.getLogger(__name__)


_KEY = "key"
_SECONDS = "seconds"
_VALUE = "value"


@dataclass(frozen=True)
class Workspace:
    """A folder with a file for each stage that is done.

    Attributes:
        directory: the folder.
        common: what every stage depends on: data, seed, and how the reviews are encoded and divided.
    """

    directory: Path
    common: tuple[object, ...]

    def stage(
        self, name: str, settings: tuple[object, ...], work: Callable[[], Array], figure: Callable[[Array], str]
    ) -> Array:
        """What a stage gives: read where it was done before with the same settings, else worked out and kept.

        Args:
            name: of the stage, and of its file.
            settings: what it depends on besides.
            work: does it.
            figure: says in a clause how good what it gives is.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self.directory / f"{name}.npz"
        key = self._key(settings)
        found = self._read(path, key)
        if found is not None:
            value, seconds = found
            logger.info(f"{name}: done before in {seconds:.0f} s, {figure(value)}")
            return value
        started = time.perf_counter()
        value = work()
        seconds = time.perf_counter() - started
        self.directory.mkdir(parents=True, exist_ok=True)
        write_arrays(path, {_VALUE: value, _SECONDS: seconds, _KEY: key})
        logger.info(f"{name}: {seconds:.0f} s, {figure(value)}")
        return value

    def checkpoint(self, name: str, settings: tuple[object, ...]) -> Path:
        """Where a network that is being trained with some settings keeps its checkpoint."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / f"{name} {self._key(settings)[:16]}.npz"

    def _key(self, settings: tuple[object, ...]) -> str:
        return hashlib.sha256(repr((self.common, settings)).encode()).hexdigest()

    def _read(self, path: Path, key: str) -> tuple[Array, float] | None:
        """The value and the seconds of a file; None where it is not there, of other settings, or damaged."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                if str(file[_KEY]) == key:
                    return file[_VALUE], float(file[_SECONDS])
        except DAMAGE:
            pass
        return None


def climb(
    request: TrainingRequest,
    data: TrainingData,
    checkpoint: Path,
    *,
    progress: TrainingProgress,
    stop: Callable[[], bool],
) -> Trained:
    """Climb the flagship's ladder, from where an earlier run of the same name stopped.

    Args:
        request: what was asked for.
        data: the reviews; its `reviews` must be there.
        checkpoint: is written at once, so that the run can go on whenever it is killed.
        progress: is told of each batch and epoch of each network.
        stop: whether someone has asked to stop.

    Returns:
        The student, its embedding rounded as its bundle will have it.

    Raises:
        TrainingStopped: it was asked to stop.
        TrainingUnavailable: a library that a stage needs is not installed; nothing has been written.
        CheckpointInvalid: a checkpoint is damaged.
    """
    for library in ("scipy", "numba"):  # told now, not when the stage that needs it is reached
        import_library(library)
    write_checkpoint(checkpoint, Checkpoint(Head(request, data.sha256, versions(), State()), Variables((), ())))
    return taught(climb_of(request, data, progress=progress, stop=stop))


def climb_of(
    request: TrainingRequest,
    data: TrainingData,
    *,
    progress: TrainingProgress,
    stop: Callable[[], bool],
) -> Climb:
    """The ladder that was asked for, in the workspace of the run's name; the arguments are those of `climb`."""
    assert data.reviews is not None
    ladder, recipe = ladder_of(request), request.recipe
    tokenizer = architecture(recipe.architecture).tokenizer
    common = (data.sha256, request.seed, tokenizer, recipe.vocabulary_size, ladder.held_out, ladder.folds)
    run = Run(request, data.sha256, versions(), progress, stop)
    workspace = Workspace(stages_of(request.name), common)
    return Climb(data.reviews, recipe, ladder, request.seed, run, workspace)


def taught(climb: Climb, seed: int | None = None) -> Trained:
    """Climb, and hand over the student.

    Args:
        climb: the ladder.
        seed: of the student alone; left out, that of the run.

    Returns:
        The student, its embedding rounded as its bundle will have it.

    Raises:
        TrainingStopped, TrainingUnavailable, CheckpointInvalid: as `climb` does.
    """
    network, history = climb.student(seed)
    round_embeddings(network)
    seed = climb.seed if seed is None else seed
    return Trained(climb.recipe, seed, network, climb.reviews.vocabulary, history, settings_of(climb.ladder))


def settings_of(ladder: Ladder) -> dict[str, str | int | float | bool]:
    """The ladder as a card has it: plain values under the names of its fields."""
    return {
        name: " ".join(map(str, value)) if isinstance(value, tuple) else value for name, value in asdict(ladder).items()
    }
