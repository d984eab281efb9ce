"""Killing a command with SIGKILL, at a chosen change of files or at a moment, and looking at what comes of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.child import Instructions, command
from tests.faults.fork_server import Ended, Fork, fork_server
from tests.faults.scenarios import Download, Scenario
from tests.faults.site import Site
from tests.server import serving

ROOT = Path(__file__).parents[2]
_TIMEOUT = 1800  # seconds


@dataclass(frozen=True)
class Whole:
    """An unbroken run of a scenario.

    Attributes:
        changes: changes of files that it makes.
        seconds: its wall time.
    """

    changes: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What came of a kill.

    Attributes:
        scenario: its name.
        point: where it was killed, in words.
        half: what was half under its final name; "" for nothing.
        problem: what went wrong afterwards; "" for nothing.
    """

    scenario: str
    point: str
    half: str
    problem: str


def unbroken(scenario: Scenario, base: Path) -> Whole:
    """Run a scenario to its end, in `base/whole-...`, and see how many changes of files it makes."""
    name = getattr(scenario, "ending", scenario.name)
    folder = _new_folder(base / f"whole-{name}")
    scenario.set_up(folder)
    counts = folder / "changes"
    instructions = replace(scenario.instructions, count_to=str(counts))
    started = time.perf_counter()
    result = start(scenario, instructions, folder, *scenario.command(folder)).wait()
    seconds = time.perf_counter() - started
    if result.returncode != 0:
        raise AssertionError(result.errors)
    counted = int(counts.read_text())
    counts.unlink()
    return Whole(counted, seconds)


def kill_at_change(scenario: Scenario, base: Path, change: int) -> Outcome:
    """Kill a command before its n-th change of files.

    Args:
        scenario: the command.
        base: where its folder is made.
        change: n, from 1.
    """
    folder = _new_folder(base / f"{scenario.name}-{change}")
    scenario.set_up(folder)
    result = start(scenario, replace(scenario.instructions, kill_at=change), folder, *scenario.command(folder)).wait()
    if result.returncode != -signal.SIGKILL:
        raise AssertionError(f"{scenario.name} was not killed at change {change}: {result.errors}")
    return _look(scenario, folder, f"change {change}")


def kill_after(scenario: Scenario, base: Path, seconds: float) -> Outcome | None:
    """Kill a command some time after its start.

    Args:
        scenario: the command.
        base: where its folder is made.
        seconds: that time.

    Returns:
        What came of it; None where the command had ended before.
    """
    folder = _new_folder(base / f"{scenario.name}-moment")
    scenario.set_up(folder)
    process = start(scenario, scenario.instructions, folder, *scenario.command(folder))
    time.sleep(seconds)
    process.kill()
    if process.wait().returncode != -signal.SIGKILL:
        shutil.rmtree(folder)
        return None
    return _look(scenario, folder, f"after {seconds:.3f} s")


@contextmanager
def download_scenario() -> Iterator[Download]:
    """The scenario of a download, from a server that sends its file bit by bit."""
    site = Site(random.Random(0).randbytes(300_000), pace=0.005)
    with serving(site.whole) as address:
        yield Download("download", Instructions(url=f"{address}/a", sha256=site.sha256(), size=len(site.content)))


def _look(scenario: Scenario, folder: Path, point: str) -> Outcome:
    half = scenario.half(folder)
    problem = ""
    for following in scenario.following(folder):
        result = start(scenario, scenario.instructions, folder, *following.arguments).wait()
        is_clean = "Traceback" not in result.errors and "unexpected" not in result.errors
        if result.returncode not in following.codes or not is_clean:
            problem = f"{' '.join(following.arguments[:3])}: {result.returncode}, {result.errors.strip()}"
            break
    try:
        problem = problem or scenario.wrong(folder)
    except Exception as error:  # noqa: BLE001 (whatever is missing is a finding)
        problem = f"{type(error).__name__}: {error}"
    if not problem and not half:
        shutil.rmtree(folder)
    return Outcome(scenario.name, point, half, problem)


def _new_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The variables of a command: the caller's without ours, and the home in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMDBSENT_")}
    return {**kept, "IMDBSENT_HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


class _Fresh:
    """A command in a new process.

    Args:
        instructions: what it does in addition to the command.
        folder: has the home, and gets its standard error.
        arguments: of the command.
    """

    def __init__(self, instructions: Instructions, folder: Path, *arguments: str) -> None:
        self._errors = folder / "stderr"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command(instructions, *arguments),
                cwd=ROOT,
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def wait(self) -> Ended:
        """Wait until it ends."""
        return Ended(self._process.wait(_TIMEOUT), self._errors.read_text(errors="replace"))


def start(scenario: Scenario, instructions: Instructions, folder: Path, *arguments: str) -> _Fresh | Fork:
    """Start a command."""
    if scenario.is_forked:
        return fork_server().fork(instructions, environment(folder), folder / "stderr", arguments)
    return _Fresh(instructions, folder, *arguments)


def run_command(instructions: Instructions, variables: dict[str, str], *arguments: str) -> Ended:
    """Run a command to its end, in a fork.

    Args:
        instructions: what it does in addition to the command.
        variables: the environment, with IMDBSENT_HOME.
        arguments: of `imdbsent`.
    """
    errors = Path(variables["IMDBSENT_HOME"]).parent / "stderr"
    return fork_server().fork(instructions, variables, errors, arguments).wait()
