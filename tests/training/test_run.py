"""A run as a user's process makes it: stopped, killed, and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.errors import CheckpointInvalid, ExitCode, TrainingStopped
from imdbsent.training import checkpoint as unfinished
from imdbsent.training.recipes import CLASSIC
from imdbsent.training.request import TrainingRequest
from tests.tiny import write_tiny_tree

pytest.importorskip("keras", reason="keras is not installed in the light environment")
pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
from imdbsent.training.run import train_bundle

SMALL = replace(CLASSIC, vocabulary_size=60, maximum_length=12, embedding_size=4, units=5, epochs=4, batch_size=4)


class At:
    """Calls something when a batch is done; position (3, 2) is the second batch of the third epoch."""

    def __init__(self, position: tuple[int, int] | None = None, action=lambda: None) -> None:
        self.position, self.action = position, action

    def started(self, *_: object) -> None: ...

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        if (epoch, batch) == self.position:
            self.action()

    def evaluation_done(self, epoch: int, batch: int) -> None:
        if (epoch, -batch) == self.position:
            self.action()

    def epoch_done(self, *_: object) -> None: ...


def request(tiny_tree: Path, name: str, *, bucketed: bool = False) -> TrainingRequest:
    return TrainingRequest(replace(SMALL, bucketed=bucketed), 7, name, data=str(tiny_tree))


def run(asked: TrainingRequest, progress: At | None = None) -> Bundle:
    return train_bundle(asked, progress=progress or At()).bundle


def resume(name: str) -> Bundle:
    checkpoint = unfinished.find(name)
    return train_bundle(checkpoint.head.request, progress=At(), start=checkpoint).bundle


def same_weights(one: Bundle, other: Bundle) -> bool:
    return one.card.files["model.onnx"] == other.card.files["model.onnx"]


def figures(bundle: Bundle) -> list[object]:
    return [replace(epoch, seconds=0.0) for epoch in bundle.card.history]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bundle]:
    """What a run that nothing stops gives, on a tree like those of the tests."""

    @cache
    def bundle(*, bucketed: bool = False) -> Bundle:
        tree = write_tiny_tree(tmp_path_factory.mktemp("tree") / "aclImdb")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IMDBSENT_HOME", str(tmp_path_factory.mktemp("home")))
            return run(request(tree, "whole", bucketed=bucketed))

    return bundle


@pytest.mark.parametrize(
    ("bucketed", "position"),
    [
        (False, (3, 2)),
        *(pytest.param(False, position, marks=pytest.mark.slow) for position in [(1, 1), (4, -1)]),
        *(pytest.param(True, position, marks=pytest.mark.slow) for position in [(2, 3), (4, -1)]),
    ],
)
def test_a_run_that_is_stopped_goes_on_to_the_weights_of_one_that_never_was(
    tiny_tree: Path,
    home: Path,
    unbroken: Callable[..., Bundle],
    position: tuple[int, int],
    bucketed: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = unbroken(bucketed=bucketed)
    stop = At(position, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(TrainingStopped, match=f"epoch {position[0]} .*imdbsent train --resume"):
        run(request(tiny_tree, "stopped", bucketed=bucketed), stop)
    assert any("stopping after this batch" in note for note in caplog.messages)
    assert {path.name for path in (home / "models").glob("*")} - {".lock"} == set()
    again = resume("stopped")
    assert same_weights(whole, again)
    assert figures(whole) == figures(again)
    assert unfinished.names() == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.training.test_run import At, request, run
run(request(Path(sys.argv[1]), "killed"), At((3, 2), lambda: os.kill(os.getpid(), signal.SIGKILL)))
"""


@pytest.mark.slow
def test_kill_9_in_the_middle_of_an_epoch_then_resume_ends_with_the_same_weights(
    tiny_tree: Path, home: Path, unbroken: Callable[..., Bundle]
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tiny_tree)], capture_output=True, env={**os.environ}, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    left = {path.name for path in (home / "models").glob("*")}
    assert left - {".lock"} == set()  # not even a hidden half of a bundle
    position = unfinished.find("killed").head.state.position
    assert position.epoch in (2, 3)  # such short ones do not all have a checkpoint
    assert position.batch == 0  # from a whole epoch on
    result = subprocess.run(
        [sys.executable, "-m", "imdbsent", "train", "--resume"], capture_output=True, check=False, env={**os.environ}
    )
    assert result.returncode == ExitCode.DONE, result.stderr.decode()
    assert same_weights(unbroken(), read_bundle(home / "models" / "killed").verify())
    assert list((home / "training").glob("*.npz")) == []


@pytest.mark.slow
def test_ctrl_c_twice_stops_at_once_and_the_last_epoch_is_kept(
    tiny_tree: Path, unbroken: Callable[..., Bundle]
) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(request(tiny_tree, "mine"), At((2, 2), twice))
    position = unfinished.find("mine").head.state.position
    assert (position.epoch, position.batch) == (2, 0)
    assert same_weights(resume("mine"), unbroken())


def test_a_run_does_not_go_on_with_other_texts(tiny_tree: Path) -> None:
    with pytest.raises(TrainingStopped):
        run(request(tiny_tree, "mine"), At((2, 1), lambda: os.kill(os.getpid(), signal.SIGTERM)))
    before = unfinished.checkpoint_of("mine").read_bytes()
    (tiny_tree / "train" / "pos" / "0_9.txt").write_text("Another one.", encoding="utf-8")
    with pytest.raises(CheckpointInvalid, match="the texts have changed.*the original command with --replace"):
        resume("mine")
    assert unfinished.checkpoint_of("mine").read_bytes() == before


@pytest.mark.slow
def test_a_run_that_goes_on_with_other_libraries_says_so(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TrainingStopped):
        run(request(tiny_tree, "mine"), At((2, 1), lambda: os.kill(os.getpid(), signal.SIGTERM)))
    from imdbsent.training import run as module
    from imdbsent.training.export import versions

    here = versions()
    monkeypatch.setattr(module, "versions", lambda: {**here, "keras": "0.1"})
    resume("mine")
    assert any(note.startswith("the version of keras has changed") for note in caplog.messages)


@pytest.mark.slow
def test_a_disk_that_fills_leaves_the_last_checkpoint_and_no_half_bundle(
    tiny_tree: Path, home: Path, unbroken: Callable[..., Bundle]
) -> None:
    """RLIMIT_FSIZE is a disk of that size for each file; it is lowered after the second epoch."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails instead of ending the process
    try:
        with pytest.raises(OSError, match="File too large"):
            run(
                request(tiny_tree, "mine"),
                At((3, 1), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))),
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert {path.name for path in (home / "models").iterdir()} - {".lock"} == set()
    assert [path.name for path in (home / "training").iterdir() if path.name[0] != "."] == ["mine.npz"]
    assert unfinished.find("mine").head.state.position.epoch in (2, 3)
    assert same_weights(resume("mine"), unbroken())


def test_on_the_reviews_nothing_is_chosen_by_the_test_split(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imdbsent.training import run as module

    monkeypatch.setattr(module, "calibrate", lambda *_: pytest.fail("the test split was looked at"))
    card = run(request(tiny_tree, "mine")).card
    assert (card.temperature, card.chosen_by) == (1.0, "the last epoch; nothing was chosen")
