"""The ladder as a part of a training run: its workspace, and what it hands over to be exported."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from imdbsent.training import import_library
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, write_checkpoint
from imdbsent.training.export import versions
from imdbsent.training.flagship.climb import Climb
from imdbsent.training.flagship.export import round_embeddings
from imdbsent.training.flagship.ladder import ladder_of
from imdbsent.training.flagship.stages import Workspace
from imdbsent.training.flagship.teaching import Run
from imdbsent.training.loop import State
from imdbsent.training.trainer import Trained
from imdbsent.training.unfinished import stages_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imdbsent.training.data import TrainingData
    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.request import TrainingRequest


def climb(
    request: TrainingRequest,
    data: TrainingData,
    checkpoint: Path,
    *,
    progress: TrainingProgress,
    note: Callable[[str], None],
    stop: Callable[[], bool],
) -> Trained:
    """Climb the flagship's ladder, from where an earlier run of the same name stopped.

    Args:
        request: what was asked for.
        data: the reviews; its `reviews` must be there.
        checkpoint: is written at once, so that the run can go on whenever it is killed.
        progress: is told of each batch and epoch of each network.
        note: is told a line of each stage.
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
    return taught(climb_of(request, data, progress=progress, note=note, stop=stop))


def climb_of(
    request: TrainingRequest,
    data: TrainingData,
    *,
    progress: TrainingProgress,
    note: Callable[[str], None],
    stop: Callable[[], bool],
) -> Climb:
    """The ladder that was asked for, in the workspace of the run's name; the arguments are those of `climb`."""
    assert data.reviews is not None
    ladder, recipe = ladder_of(request), request.recipe
    common = (data.sha256, request.seed, recipe.scheme, recipe.vocabulary_size, ladder.held_out, ladder.folds)
    run = Run(request, data.sha256, versions(), progress, stop)
    workspace = Workspace(stages_of(request.name), common, note)
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
