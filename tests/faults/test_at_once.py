"""Sixteen processes at once on an empty home: each answers right, one copy is there, and nobody waits for ever."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import read_bundle
from tests.faults.child import Instructions
from tests.faults.killing import environment, run_command
from tests.faults.scenarios import Train, half_models, reviews, write_tar
from tests.tiny import TINY

pytestmark = pytest.mark.slow

HAS_TENSORFLOW = all(importlib.util.find_spec(name) for name in ("tensorflow", "onnx"))
LONGEST = 300
"""Seconds; the locks of the models give up after 120."""


@dataclass(frozen=True)
class Ran:
    """A process that ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    errors: str


def at_once(folder: Path, *commands: tuple[str, ...]) -> list[Ran]:
    """Start commands at the same time, and wait for all."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "imdbsent", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(folder),
        )
        for arguments in commands
    ]
    ended = []
    for arguments, process in zip(commands, processes, strict=True):
        out, errors = process.communicate(timeout=LONGEST)
        ended.append(Ran(arguments, process.returncode, out, errors))
    return ended


def left(folder: Path) -> set[str]:
    return {path.name for path in (folder / "home" / "models").iterdir()} - {".lock"}


def test_sixteen_processes_on_an_empty_home_all_answer_right_and_leave_one_copy(tmp_path: Path) -> None:
    tar = tmp_path / "tiny.tar"
    write_tar(read_bundle(TINY), tar)
    answer = ("predict", "great movie", "--format", "csv")
    install = ("models", "install", str(tar), "--replace")
    theirs = ("predict", "great movie", "--format", "csv", "--model", "tiny")
    remove = ("models", "remove", "tiny", "--yes")
    listing = ("models", "list", "--format", "json")
    commands = [*[answer] * 5, *[install] * 4, *[theirs] * 3, *[remove] * 2, *[listing] * 2]
    if HAS_TENSORFLOW:
        Train("train").set_up(tmp_path)
        commands[0] = Train("train").command(tmp_path)
    assert len(commands) == 16
    for ran in at_once(tmp_path, *commands):
        assert "Traceback" not in ran.errors
        assert "cannot be used" not in ran.errors, ran  # what is replaced or removed while it is read is not damaged
        assert ran.code in {theirs: (0, 3), remove: (0, 3)}.get(ran.arguments, (0,)), ran
        if ran.arguments in (answer, theirs) and ran.code == 0:
            (row,) = csv.DictReader(io.StringIO(ran.out))
            assert row["label"] == "positive"
        if ran.arguments == listing:
            assert {entry["problem"] for entry in json.loads(ran.out)} == {None}
    assert half_models(tmp_path) == ""
    assert left(tmp_path) - {"tiny"} == {"flagship"} | ({"mine"} if HAS_TENSORFLOW else set())


def test_of_processes_that_write_one_file_one_does_and_the_others_say_so(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(reviews())
    out = tmp_path / "out.csv"
    command = ("predict", "--model", str(TINY), "-f", str(tmp_path / "reviews.csv"), "-o", str(out))
    ended = at_once(tmp_path, *[command] * 4)
    assert {ran.code for ran in ended} <= {0, 2}
    assert 0 in {ran.code for ran in ended}
    assert all("another run is writing" in ran.errors for ran in ended if ran.code == 2)
    assert len(out.read_text().splitlines()) == len(reviews().splitlines())
    assert {path.name for path in tmp_path.iterdir() if "out" in path.name} == {"out.csv"}


@pytest.mark.parametrize("lock", ["models/.lock", "cache/aclImdb_v1.tar.gz.lock"])
def test_a_lock_that_a_killed_process_held_holds_nobody_up(lock: str, tmp_path: Path) -> None:
    path = tmp_path / "home" / lock
    path.parent.mkdir(parents=True)
    program = f"""
import os, signal
from filelock import FileLock
with FileLock({str(path)!r}):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert path.exists()
    started = time.monotonic()
    arguments = ("models", "install", str(TINY)) if lock.startswith("models") else ("dataset", "download")
    nowhere = Instructions(url="http://127.0.0.1:9/a", sha256="0" * 64, size=10)
    instructions = Instructions() if lock.startswith("models") else nowhere
    result = run_command(instructions, environment(tmp_path), *arguments)
    assert result.returncode == (0 if lock.startswith("models") else 3), result
    assert time.monotonic() - started < 100
