"""A few kills of each command, always at the same points; `python -m benchmarks.faults --kills 200` makes many."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults import scenarios
from tests.faults.killing import download_scenario, kill_after, kill_at_change, unbroken
from tests.faults.scenarios import Scenario

pytestmark = pytest.mark.slow

HAS_TENSORFLOW = all(importlib.util.find_spec(name) for name in ("tensorflow", "onnx"))


@pytest.fixture
def download() -> Iterator[Scenario]:
    with ExitStack() as stack:
        yield stack.enter_context(download_scenario())


def survives(scenario: Scenario, base: Path, kills: int, parts: int | None = None) -> None:
    """Kill a command at points that lie evenly among its changes of files, the last one among them.

    Of a command whose changes are not always as many, more `parts` than kills leave out the last ones.
    """
    changes = unbroken(scenario, base).changes
    assert changes >= kills
    for i in range(1, kills + 1):
        outcome = kill_at_change(scenario, base, changes * i // (parts or kills))
        assert not outcome.half, outcome
        assert not outcome.problem, outcome


def test_a_download_survives_kills(download: Scenario, tmp_path: Path) -> None:
    survives(download, tmp_path, 3)


def test_a_download_that_is_killed_while_bytes_come_goes_on(download: Scenario, tmp_path: Path) -> None:
    seconds = unbroken(download, tmp_path).seconds
    # On a busy machine the second may be that much faster than the first, and end before it is killed.
    tries = (kill_after(download, tmp_path, seconds * share) for share in (0.7, 0.5, 0.3))
    outcome = next(outcome for outcome in tries if outcome is not None)
    assert not outcome.half
    assert not outcome.problem, outcome


@pytest.mark.parametrize(
    ("scenario", "kills"),
    [
        (scenarios.Replace("install"), 6),
        (scenarios.FirstRun("first run"), 2),
        (scenarios.Remove("remove"), 3),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_command_survives_kills(scenario: Scenario, kills: int, tmp_path: Path) -> None:
    survives(scenario, tmp_path, kills)


@pytest.mark.parametrize("kind", [scenarios.Predict, scenarios.PredictGzip, scenarios.Resume])
def test_an_output_survives_a_kill_before_each_change_of_files(kind: type[Scenario], tmp_path: Path) -> None:
    scenario = kind("predict")
    survives(scenario, tmp_path, unbroken(scenario, tmp_path).changes)


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="TensorFlow or onnx is not installed in the light environment")
def test_a_training_survives_kills(tmp_path: Path) -> None:
    survives(scenarios.Train("train"), tmp_path, 1, parts=2)  # TensorFlow's own files are not always as many
