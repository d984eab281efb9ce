from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent import settings
from imdbsent.errors import CheckpointInvalid, CheckpointMissing, TrainingBusy, TrainingUnfinished
from imdbsent.training import checkpoint
from imdbsent.training.checkpoint import write_checkpoint
from tests.training.test_checkpoint import CHECKPOINT


@pytest.fixture
def stopped(home: Path):
    """Give a function that leaves the checkpoint of a run of that name."""

    def leave(name: str) -> None:
        settings.training_directory().mkdir(parents=True, exist_ok=True)
        request = replace(CHECKPOINT.head.request, name=name)
        head = replace(CHECKPOINT.head, request=request)
        write_checkpoint(checkpoint.checkpoint_of(name), replace(CHECKPOINT, head=head))

    return leave


def test_the_only_run_that_can_go_on_needs_no_name(stopped) -> None:
    stopped("mine")
    assert checkpoint.find(None).head.request.name == "mine"
    assert checkpoint.find("mine").head.request.name == "mine"


def test_where_there_are_several_the_error_names_each(stopped) -> None:
    stopped("one")
    stopped("two")
    with pytest.raises(CheckpointMissing, match="2 unfinished.*--name one or imdbsent train --resume --name two"):
        checkpoint.find(None)
    assert checkpoint.find("two").head.request.name == "two"


def test_where_there_is_none_the_error_says_so(stopped) -> None:
    with pytest.raises(CheckpointMissing, match="no unfinished training. Type: imdbsent train$"):
        checkpoint.find(None)
    stopped("mine")
    with pytest.raises(CheckpointMissing, match="of 'other'. Type: imdbsent train --resume --name mine"):
        checkpoint.find("other")


def test_a_new_run_does_not_take_the_place_of_one_that_can_go_on(stopped) -> None:
    checkpoint.check_none("mine")
    stopped("mine")
    with pytest.raises(TrainingUnfinished, match=r"epoch 2 and can be resumed\. .*--resume --name mine, or --replace"):
        checkpoint.check_none("mine")
    checkpoint.checkpoint_of("mine").write_bytes(b"")
    with pytest.raises(CheckpointInvalid):
        checkpoint.check_none("mine")


def test_two_processes_do_not_train_one_model(home: Path) -> None:
    code = (
        "from imdbsent.training import checkpoint\n"
        "with checkpoint.claimed('mine'):\n"
        "    print('held', flush=True)\n"
        "    input()\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(TrainingBusy, match="another process is training 'mine'"), checkpoint.claimed("mine"):
        pass
    with checkpoint.claimed("other"):
        pass
    holder.kill()  # a lock that a killed process left does not block
    holder.communicate()
    with checkpoint.claimed("mine") as path:
        assert path == home / "training" / "mine.npz"
    assert checkpoint.names() == []


@pytest.mark.parametrize("clears", ["the next checkpoint", "the end of the run"])
def test_what_a_killed_training_left_of_a_checkpoint_goes_at_once(clears: str, stopped) -> None:
    stopped("mine")
    killed, others = (settings.training_directory() / f".{name}.npz.imdbsent-1" for name in ("mine", "other"))
    killed.write_bytes(b"half")
    others.write_bytes(b"half")
    if clears == "the next checkpoint":
        stopped("mine")
    else:
        checkpoint.forget("mine")
    assert not killed.exists()
    assert others.exists()
