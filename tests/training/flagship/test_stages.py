from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imdbsent.training.flagship.run import Workspace


class Work:
    """Counts how often it is done, and gives that number."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> np.ndarray:
        self.done += 1
        return np.array([self.done, 2.5])


def workspace(tmp_path: Path, common: tuple[object, ...] = ("data", 7)) -> Workspace:
    return Workspace(tmp_path / "stages", common)


def figure(value: np.ndarray) -> str:
    return f"figure {value[0]:.0f}"


def test_a_stage_that_is_done_is_not_done_again_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    for _ in range(2):
        value = workspace(tmp_path).stage("teacher", (1, "a"), work, figure)
        assert value.tolist() == [1, 2.5]
    assert work.done == 1
    assert caplog.messages == ["teacher: 0 s, figure 1", "teacher: done before in 0 s, figure 1"]


def test_other_settings_other_data_and_another_name_do_it_again(tmp_path: Path) -> None:
    work = Work()
    workspace(tmp_path).stage("teacher", (1,), work, figure)
    assert workspace(tmp_path).stage("teacher", (2,), work, figure).tolist() == [2, 2.5]
    assert workspace(tmp_path, ("other data", 7)).stage("teacher", (2,), work, figure).tolist() == [3, 2.5]
    assert workspace(tmp_path, ("other data", 7)).stage("another", (2,), work, figure).tolist() == [4, 2.5]
    assert workspace(tmp_path, ("other data", 7)).stage("teacher", (2,), work, figure).tolist() == [3, 2.5]


def test_a_damaged_file_does_it_again_wherever_it_is_damaged(tmp_path: Path) -> None:
    """Whichever byte is flipped, the value is that of the stage: read, or worked out again."""
    place = workspace(tmp_path)
    place.stage("teacher", (1,), lambda: np.array([1.0]), figure)
    path = tmp_path / "stages" / "teacher.npz"
    whole = path.read_bytes()
    done_again = 0
    for at in range(len(whole)):
        for flipped in (0x01, 0xFF):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flipped]) + whole[at + 1 :])
            found = place._read(path, place._key((1,)))
            if found is None:
                done_again += 1
            else:
                assert found[0].tolist() == [1.0]
    assert done_again > len(whole)  # more than half of all flips


@pytest.mark.parametrize("kept", [0, 1, 0.5, 0.99])
def test_a_file_that_is_cut_short_does_it_again(tmp_path: Path, kept: float) -> None:
    work = Work()
    workspace(tmp_path).stage("teacher", (1,), work, figure)
    path = tmp_path / "stages" / "teacher.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept) if kept != 1 else 1])
    assert workspace(tmp_path).stage("teacher", (1,), work, figure).tolist() == [2, 2.5]
    assert workspace(tmp_path).stage("teacher", (1,), work, figure).tolist() == [2, 2.5]  # and it is whole again


def test_a_stage_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    def stopped() -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace(tmp_path).stage("teacher", (1,), stopped, figure)
    assert not list(tmp_path.rglob("*.npz"))
    work = Work()
    workspace(tmp_path).stage("teacher", (1,), work, figure)
    assert work.done == 1


def test_a_network_of_other_settings_has_a_checkpoint_of_its_own(tmp_path: Path) -> None:
    one, same, other = (workspace(tmp_path).checkpoint("student", (number,)) for number in (1, 1, 2))
    assert one == same != other
    assert one.parent.is_dir()
    assert one != workspace(tmp_path, ("other data", 7)).checkpoint("student", (1,))
