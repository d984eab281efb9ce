"""A job on Ray that is stopped by a signal, as a scheduler or Ctrl-C does it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode

pytest.importorskip("ray.data", reason="ray is not installed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("IMDBSENT_CLUSTER_TESTS" not in os.environ, reason="minutes of Ray: type make cluster"),
]
SECONDS_TO_START = 300  # of Ray, on a busy machine


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.TERMINATED), (signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGHUP, ExitCode.HUNG_UP)],
)
def test_a_job_that_is_stopped_under_load_leaves_nothing_and_says_so(
    number: signal.Signals, code: ExitCode, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    for file in range(8):
        with (tmp_path / f"in{file}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([["id", "text"], *([row, "great awful movie " * 60] for row in range(20_000))])
    log = tmp_path / "log"
    arguments = ("predict", "in*.csv", "--engine", "ray", "-o", "verdicts/", "--progress-interval", "1")
    with log.open("w") as stream:
        job = subprocess.Popen(
            [sys.executable, "-m", "imdbsent", *arguments, "--model", str(tiny_bundle.directory)],
            cwd=tmp_path, stdout=stream, stderr=stream, env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        )  # fmt: skip
    ends = time.monotonic() + SECONDS_TO_START
    while "answered" not in log.read_text():  # rows were written: the job is under load
        assert job.poll() is None, log.read_text()
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.1)
    assert (tmp_path / "verdicts").is_dir()
    job.send_signal(number)
    assert job.wait(60) == code
    assert "to start again, run the same command" in log.read_text()
    assert not (tmp_path / "verdicts").exists()
