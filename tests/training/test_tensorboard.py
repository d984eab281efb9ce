from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imdbsent.bundle.card import Epoch
from imdbsent.errors import ExtraMissing, OutputFailed, UsageProblem
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC
from imdbsent.training.tensorboard import TensorBoardLog

needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="tensorboard is not installed"
)


def scalars(run: Path) -> dict[str, list[tuple[int, Any]]]:
    """Step and value of every scalar, as TensorBoard's own reader gives them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator: Any = EventAccumulator(str(run))
    accumulator.Reload()
    return {
        tag: [(event.step, pytest.approx(event.value)) for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }


def epoch(number: int) -> Epoch:
    return Epoch(number, 1.0, 0.5 / number, 0.75, 0.25 / number, 0.875)


def train(folder: Path, position: Position, epochs: int, *, shift: float = 0.0) -> None:
    """Two batches an epoch, from a position on."""
    with TensorBoardLog(folder) as log:
        log.started(CLASSIC, 2, 1, position)
        for number in range(position.epoch, epochs + 1):
            for batch in range(position.batch + 1 if number == position.epoch else 1, 3):
                log.batch_done(number, batch, number + batch / 10 + shift, 0.5)
            log.evaluation_done(number, 1)
            log.epoch_done(epoch(number))


@pytest.mark.slow
@needs_tensorboard
def test_tensorboard_reads_two_runs_by_batch_and_by_epoch(tmp_path: Path) -> None:
    train(tmp_path / "new" / "folder", Position(), 2)
    assert scalars(tmp_path / "new" / "folder" / "train") == {
        "batch_loss": [(1, 1.1), (2, 1.2), (3, 2.1), (4, 2.2)],
        "batch_accuracy": [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5)],
        "epoch_loss": [(1, 0.5), (2, 0.25)],
        "epoch_accuracy": [(1, 0.75), (2, 0.75)],
    }
    assert scalars(tmp_path / "new" / "folder" / "test") == {
        "epoch_loss": [(1, 0.25), (2, 0.125)],
        "epoch_accuracy": [(1, 0.875), (2, 0.875)],
    }


@pytest.mark.slow
@needs_tensorboard
def test_events_can_be_read_while_training_goes_on(tmp_path: Path) -> None:
    with TensorBoardLog(tmp_path) as log:
        log.started(CLASSIC, 2, 1, Position())
        log.batch_done(1, 1, 0.5, 0.5)
        assert scalars(tmp_path / "train")["batch_loss"] == [(1, 0.5)]


@pytest.mark.slow
@needs_tensorboard
@pytest.mark.parametrize("position", [Position(2, 1), Position(2, 0), Position(1, 2), Position(3, 0)])
def test_a_run_that_goes_on_takes_the_place_of_what_came_after_its_checkpoint(
    tmp_path: Path, position: Position
) -> None:
    train(tmp_path, Position(), 2, shift=100)  # two epochs, the end of which was lost
    train(tmp_path, position, 3)
    runs = {run: scalars(tmp_path / run) for run in ("train", "test")}
    done = (position.epoch - 1) * 2 + position.batch
    values = [1.1, 1.2, 2.1, 2.2, 3.1, 3.2]
    assert runs["train"]["batch_loss"] == [(i, v + (100 if i <= done else 0)) for i, v in enumerate(values, 1)]
    assert runs["test"]["epoch_loss"] == [(1, 0.25), (2, 0.125), (3, 0.25 / 3)]


@pytest.mark.slow
@needs_tensorboard
def test_another_run_in_the_same_folder_takes_the_place_of_the_first(tmp_path: Path) -> None:
    train(tmp_path, Position(), 3, shift=100)
    train(tmp_path, Position(), 1)
    assert scalars(tmp_path / "train")["batch_loss"] == [(1, 1.1), (2, 1.2)]
    assert scalars(tmp_path / "train")["epoch_loss"] == [(1, 0.5)]
    assert scalars(tmp_path / "test")["epoch_loss"] == [(1, 0.25)]


@pytest.mark.slow
@needs_tensorboard
def test_a_folder_that_cannot_be_written_is_found_out_at_once(tmp_path: Path) -> None:
    (tmp_path / "test").touch()
    with pytest.raises(OutputFailed, match="Not a directory|File exists"), TensorBoardLog(tmp_path):
        pass


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(UsageProblem, match="Type: --tensorboard OTHER"):
        TensorBoardLog(tmp_path / "runs")


@pytest.mark.slow
@needs_tensorboard
def test_a_file_that_may_not_grow_is_an_error(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no limits of files")
    with TensorBoardLog(tmp_path) as log:
        log.started(CLASSIC, 2, 1, Position())
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))  # bytes, as on a disk that is full
        try:
            with pytest.raises(OutputFailed, match="File too large"):
                log.batch_done(1, 1, 0.5, 0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
@needs_tensorboard
def test_tensorflow_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from imdbsent.training.tensorboard import TensorBoardLog\n"
        f"with TensorBoardLog(Path({str(tmp_path)!r})): print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_where_tensorboard_is_not_installed_the_error_has_the_pip_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ExtraMissing, match="pip install tensorboard"):
        TensorBoardLog(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
