"""How a run with workers dies: killed, interrupted, left by its reader, or by a worker; and what is there then."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from tests.tiny import TINY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to count processes in"),
]
LINES = 40_000
FORMATS = ("csv", "tsv", "jsonl", "parquet")


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reviews") / "reviews.txt"
    path.write_text("".join(f"{('great', 'awful movie', '', 'rare')[i % 4]} {i}\n" for i in range(LINES)))
    return path


@pytest.fixture(scope="module")
def whole(reviews: Path) -> Callable[[str], bytes]:
    """What a run that nothing stops writes, by the ending of its output; each is made once."""

    @functools.cache
    def output(ending: str) -> bytes:
        out = reviews.with_name(f"whole.{ending}")
        command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(TINY), "-f", str(reviews)]
        subprocess.run([*command, "--workers", "2", "-o", str(out), "-q"], check=True, timeout=60)
        return out.read_bytes()

    return output


@pytest.fixture
def start(tiny_bundle: Bundle, reviews: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `imdbsent predict` over the reviews, with two workers, in a process group of its own."""
    started = []

    def start_predict(*options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(tiny_bundle.directory)]
        process = subprocess.Popen(
            [*command, "--file", str(reviews), "--workers", "2", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start_predict
    for process in started:
        process.communicate(timeout=60)
        assert ended(process)


def members(group: int) -> dict[int, str]:
    """The command lines of the processes of a group that have not ended, by their ids."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            state, _parent, of_group = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                found[int(place.name)] = (place / "cmdline").read_bytes().decode().replace("\0", " ")
    return found


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    return [number for number, command in members(process.pid).items() if "spawn_main" in command]


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process and all that it started are gone within ten seconds."""
    return until(lambda: not members(process.pid))


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.002)
    return holds()


def has_reached(checkpoints: int, log: Path, out: Path) -> bool:
    with contextlib.suppress(OSError):
        return log.read_bytes().count(b"\n") > checkpoints
    return out.exists()


def at_work(process: subprocess.Popen[bytes]) -> bool:
    """Wait until workers are there and have taken over."""
    return until(lambda: len(workers(process)) == 2, 60)


@pytest.mark.parametrize("name", FORMATS)
def test_killed_at_any_point_and_resumed_it_ends_with_the_bytes_of_an_unbroken_run(
    start, whole, tmp_path: Path, name: str
) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    out = tmp_path / f"out.{name}"
    log = out.with_name(f"{out.name}.part.checkpoints")
    chance = random.Random(name)
    killed = 0
    for checkpoints in sorted(chance.sample(range(1, 20), 3)):
        process = start("-o", str(out), "--resume")
        until(functools.partial(has_reached, checkpoints, log, out), 60)
        time.sleep(chance.random() / 100)
        process.kill()
        killed += process.wait(60) == -signal.SIGKILL
        assert ended(process)
        if out.exists():  # it was faster than the kill
            break
    assert killed
    process = start("-o", str(out), "--resume")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert out.read_bytes() == whole(name)
    assert not list(tmp_path.glob("*.part*"))


def test_ctrl_c_with_workers_exits_130_says_how_to_resume_and_leaves_no_process(start, tmp_path: Path) -> None:
    process = start("-o", str(tmp_path / "out.csv"))
    assert at_work(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.startswith(b"stopped after ")
    assert errors.count(b"\n") == 1
    assert ended(process)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_all_processes_stops_a_run_that_the_same_command_resumes(
    start, whole, tmp_path: Path, number: int, code: int
) -> None:
    out, summary = tmp_path / "out.csv", tmp_path / "summary.json"
    command = ["-o", str(out), "--resume", "--summary", str(summary), "--log-format", "json"]
    process = start(*command)
    assert at_work(process)
    os.killpg(process.pid, number)  # as a service manager does, or a terminal that is closed
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["event"] for line in lines] == ["message", "stopped", "error"]
    stopped = json.loads(summary.read_text())
    assert stopped["exit_code"] == code
    assert stopped["rows"]["read"] == lines[1]["rows"] == stopped["rows"]["written"]
    process = start(*command)
    assert process.wait(60) == 0
    assert out.read_bytes() == whole("csv")
    done = json.loads(summary.read_text())
    assert done["resumed"] is True
    assert done["rows"]["answered_before"] == stopped["rows"]["read"]
    assert done["rows"]["read"] == LINES
    assert sum(done["rows"]["failed_by_reason"].values()) == done["rows"]["failed"]


def test_a_terminated_run_leaves_no_worker(start, tmp_path: Path) -> None:
    process = start("-o", str(tmp_path / "out.csv"))
    assert at_work(process)
    process.terminate()
    assert process.wait(60) == 143
    assert ended(process)


def test_a_reader_that_goes_ends_the_workers_quietly(start) -> None:
    process = start("--format", "jsonl", "-q")
    assert process.stdout
    assert process.stdout.readline().startswith(b'{"label": "positive"')
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    assert ended(process)


def test_a_worker_that_dies_ends_the_run_with_one_line_and_what_is_done_is_kept(start, whole, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    process = start("-o", str(out), "-q")
    assert at_work(process)
    os.kill(workers(process)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == (
        b"imdbsent: a worker process was lost (killed by SIGKILL). Type: the same command with --workers 1\n"
    )
    assert ended(process)
    assert start("-o", str(out), "--resume", "--workers", "1").wait(60) == 0
    assert out.read_bytes() == whole("csv")


def test_a_disk_that_fills_is_one_line_and_what_is_done_is_gone_on_with(
    tiny_bundle: Bundle, reviews: Path, tmp_path: Path, start, whole
) -> None:
    out = tmp_path / "out.csv"
    predict = f"'{sys.executable}' -m imdbsent predict --model '{tiny_bundle.directory}' -f '{reviews}' -o '{out}' -q"
    result = subprocess.run(["bash", "-c", f"ulimit -f 300; {predict}"], capture_output=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith(b"imdbsent: cannot write the output: ")
    assert result.stderr.count(b"\n") == 1
    assert not out.exists()
    assert start("-o", str(out), "--resume").wait(60) == 0
    assert out.read_bytes() == whole("csv")
