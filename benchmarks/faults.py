"""Kills commands at random points, and tries the other faults of tests/faults: what survives, and what is lost?

python -m benchmarks.faults [--kills 200] [--seed 0] [--write]

Half of the kills come just before a change of files, half after a random time. After each: is anything half under its
final name? Does the next command end as documented, with all that was there before and all that is to be there now?
Where a kill lost anything, its folder stays and is named.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine, reliability_page
from tests.faults import scenarios
from tests.faults.fork_server import close_fork_server
from tests.faults.killing import ROOT, Outcome, Whole, download_scenario, kill_after, kill_at_change, unbroken

if TYPE_CHECKING:
    from tests.faults.scenarios import Scenario

_LIGHT_SHARE = 0.97
"""Of the kills, where there is something to train with: a training takes as long as twenty other commands."""
_OTHER_FAULTS = {
    "test_downloads.py": "a server that truncates, stalls, resets, lies or is busy",
    "test_proxies.py": "a proxy between, and one that is not there",
    "test_disk.py": "a full disk, a read-only one",
    "test_at_once.py": "16 processes at once, locks of killed processes",
    "test_offline.py": "no network allowed",
}


@dataclass(frozen=True)
class Row:
    """What came of one kind of fault.

    Attributes:
        fault: what was tried.
        tried: how often.
        half: how often something was half under its final name.
        lost: how often something was lost, or the next command did not end as documented.
    """

    fault: str
    tried: int
    half: int
    lost: int


@contextmanager
def light_scenarios() -> Iterator[list[Scenario]]:
    """The commands that need no TensorFlow."""
    with download_scenario() as download:
        yield [
            download,
            scenarios.Replace("install --replace"),
            scenarios.FirstRun("first run"),
            scenarios.Remove("remove"),
            scenarios.Predict("predict -o csv"),
            scenarios.PredictGzip("predict -o jsonl.gz"),
            scenarios.Resume("predict --resume"),
        ]


def kill(scenario: Scenario, base: Path, whole: Whole, chance: random.Random) -> Outcome:
    """Kill a command at a random point."""
    if chance.choice((True, False)):
        return kill_at_change(scenario, base, chance.randint(1, whole.changes))
    while True:
        outcome = kill_after(scenario, base, chance.uniform(0, whole.seconds))
        if outcome is not None:
            return outcome


def tried(scenario: Scenario, base: Path, kills: int, seed: int) -> Row:
    """Kill a command that often; tell what went wrong as it does."""
    chance = random.Random(f"{seed} {scenario.name}")
    whole = unbroken(scenario, base)
    outcomes = [kill(scenario, base, whole, chance) for _ in range(kills)]
    for outcome in outcomes:
        if outcome.half or outcome.problem:
            print(f"  {outcome}", flush=True)
    half = sum(bool(outcome.half) for outcome in outcomes)
    lost = sum(bool(outcome.problem) for outcome in outcomes)
    print(f"{scenario.name}: {kills} kills, {half} half files, {lost} lost", flush=True)
    return Row(f"kill -9: {scenario.name}", kills, half, lost)


def other_faults() -> list[Row]:
    """Run the tests of the other faults, and count them."""
    rows = []
    for file, fault in _OTHER_FAULTS.items():
        with tempfile.NamedTemporaryFile(suffix=".xml") as report:
            command = [sys.executable, "-m", "pytest", f"--junit-xml={report.name}", f"tests/faults/{file}"]
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            tried, failed = counted(Path(report.name).read_text())
        print(f"{file}: {tried - failed} passed, {failed} failed", flush=True)
        if not tried:
            raise SystemExit(f"{file}: no test ran\n{result.stdout}{result.stderr}")
        rows.append(Row(fault, tried, 0, failed))
    return rows


def counted(report: str) -> tuple[int, int]:
    """The tests that ran and those that failed, of pytest's report in JUnit's XML."""
    found = [dict(re.findall(r'(\w+)="(\d+)"', suite)) for suite in re.findall(r"<testsuite [^>]*>", report)]
    tests, skipped, failures, errors = (
        sum(int(suite[key]) for suite in found) for key in ("tests", "skipped", "failures", "errors")
    )
    return tests - skipped, failures + errors


def shares(kills: int, parts: int) -> list[int]:
    """A number in nearly equal parts."""
    return [kills // parts + (i < kills % parts) for i in range(parts)]


def main() -> int:
    """Print the table; 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    can_train = all(importlib.util.find_spec(name) for name in ("tensorflow", "onnx"))
    light = round(arguments.kills * _LIGHT_SHARE) if can_train else arguments.kills
    base = Path(tempfile.mkdtemp(prefix="imdbsent-faults-"))
    with light_scenarios() as chosen:
        rows = [
            tried(scenario, base, kills, arguments.seed)
            for scenario, kills in zip(chosen, shares(light, len(chosen)), strict=True)
        ]
    close_fork_server()
    if can_train:
        rows.append(tried(scenarios.Train("train"), base, arguments.kills - light, arguments.seed))
    else:
        print("no training is killed: TensorFlow or onnx is not installed", flush=True)
    rows += other_faults()
    total = Row("all", *(sum(getattr(row, name) for row in rows) for name in ("tried", "half", "lost")))
    text = reliability_page.table(
        ("fault", "tried", "survived", "incomplete files seen", "data lost"),
        [(row.fault, row.tried, row.tried - max(row.half, row.lost), row.half, row.lost) for row in [*rows, total]],
    )
    command = f"`python -m benchmarks.faults --kills {arguments.kills} --seed {arguments.seed}`"
    text += f"\n\n{command}, {machine()}."
    print(f"\n{text}")
    if arguments.write:
        reliability_page.write("faults", text)
    return int(total.half + total.lost > 0)


if __name__ == "__main__":
    sys.exit(main())
