"""The ladder as a part of a training run: its workspace, and what it hands over to be exported."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

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
        TrainingUnavailable: a library that a stage needs is not installed.
        CheckpointInvalid: a checkpoint is damaged.
    """
    assert data.reviews is not None
    ladder, recipe = ladder_of(request), request.recipe
    here = versions()
    head = Head(request, data.sha256, here, State())
    write_checkpoint(checkpoint, Checkpoint(head, Variables((), ())))
    common = (data.sha256, request.seed, recipe.scheme, recipe.vocabulary_size, ladder.held_out, ladder.folds)
    run = Run(request, data.sha256, here, progress, stop)
    workspace = Workspace(stages_of(request.name), common, note)
    network, history = Climb(data.reviews, recipe, ladder, request.seed, run, workspace).student()
    round_embeddings(network)
    return Trained(recipe, request.seed, network, data.reviews.vocabulary, history, settings_of(ladder))


def settings_of(ladder: Ladder) -> dict[str, str | int | float | bool]:
    """The ladder as a card has it: plain values under the names of its fields."""
    return {
        name: " ".join(map(str, value)) if isinstance(value, tuple) else value for name, value in asdict(ladder).items()
    }
