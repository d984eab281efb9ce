"""A nightly job that is killed three times, beside one that is not: the same bytes, and logs that a machine can read?

python -m benchmarks.night [--data PATH] [--rows 200000] [--model flagship]

`imdbsent predict` with `--resume`, `--log-format json` and `--summary`, as cron would start it: no terminal, no HOME,
LANG=C, an empty PATH, the folder `/`. It reads `reviews.csv.gz`: reviews of all lengths, and a blank one from time to
time. After a quarter and a half of the rows it gets SIGTERM, after three quarters SIGKILL; each time the same command
resumes it. The run that is not killed also shows how good its time left is.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import data_argument, machine
from benchmarks.bulk import all_texts, group_members

if TYPE_CHECKING:
    from collections.abc import Sequence

KILLS = ((0.25, signal.SIGTERM), (0.5, signal.SIGTERM), (0.75, signal.SIGKILL))
"""After which share of the rows the job is killed, and how."""
BLANK_EVERY = 1_000
LEFT_BAR = 0.25
"""How far off the time left may be, as a share of it, after the first tenth of the job."""
_FIRST = 0.1
_LEAST = 2.0  # seconds that are always right
_SAMPLES = 0.05  # seconds between two looks at the log
_SECONDS_TO_END = 10  # in which workers notice that the process is gone


@dataclass
class Night:
    """One job: its files, what was checked, and what did not hold.

    Attributes:
        folder: holds the input and everything that is written.
        rows: number of rows of the input.
        model: the model that answers.
        interval: seconds between two lines of progress.
    """

    folder: Path
    rows: int
    model: str
    interval: float
    failures: list[str] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """The input."""
        return self.folder / "reviews.csv.gz"

    def write_source(self, texts: Sequence[str]) -> None:
        """Write the rows: the texts again and again, now and then a blank one."""
        with gzip.open(self.source, "wb", compresslevel=6) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(["id", "text"])
            for number, review in enumerate(islice(cycle(texts), self.rows)):
                writer.writerow([number, " " if number % BLANK_EVERY == BLANK_EVERY // 2 else review])

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start the job that writes `NAME.jsonl`, its log after what `NAME.log` has."""
        command = [sys.executable, "-m", "imdbsent", "predict", str(self.source), "--id-column", "id", "--resume"]
        command += ["-o", str(self.folder / f"{name}.jsonl"), "--summary", str(self.folder / f"{name}.json")]
        command += ["--log-format", "json", "--progress-interval", str(self.interval), "--model", self.model]
        environment = {"LANG": "C", "PATH": "", "IMDBSENT_HOME": str(self.folder / "home")}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd="/", env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def run(self, name: str) -> int:
        """Run the job to its end; its exit code."""
        with self.start(name) as process:
            return process.wait()

    def kill_after(self, name: str, rows: int, number: int) -> int:
        """Run the job until so many rows are answered, then send it a signal; its exit code.

        Raises:
            RuntimeError: it ended before.
        """
        with self.start(name) as process:
            while answered(self.lines(name)) < rows:
                time.sleep(_SAMPLES)
                if process.poll() is not None:
                    raise RuntimeError(f"the job ended with {process.returncode} before {rows:,} rows were answered")
            process.send_signal(number)
            code = process.wait()
        deadline = time.monotonic() + _SECONDS_TO_END
        while (left := group_members(process.pid)) and time.monotonic() < deadline:
            time.sleep(_SAMPLES)
        self.check(not left, "no process is left behind")
        return code

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The log, an object per line.

        Raises:
            ValueError: a line is not JSON.
        """
        path = self.folder / f"{name}.log"
        whole = path.read_text("utf-8").rpartition("\n")[0] if path.exists() else ""
        return [json.loads(line) for line in whole.splitlines()]

    def summary(self, name: str) -> dict[str, Any]:
        """What `--summary` wrote."""
        return dict(json.loads((self.folder / f"{name}.json").read_text("utf-8")))

    def check(self, is_right: bool, what: str) -> None:
        """Print what was checked, and whether it holds."""
        print(f"{'ok    ' if is_right else 'FAILED'} {what}", flush=True)
        if not is_right:
            self.failures.append(what)

    def check_counts(self, name: str, code: int) -> dict[str, Any]:
        """Check that the numbers of a summary add up; the summary."""
        summary = self.summary(name)
        rows, labels = summary["rows"], summary["labels"]
        adds_up = (
            rows["read"] == rows["answered"] + rows["failed"] == rows["written"]
            and sum(labels.values()) == rows["answered"]
            and sum(rows["failed_by_reason"].values()) == rows["failed"]
            and summary["exit_code"] == code
        )
        counts = f"{rows['read']:,} read, {rows['answered']:,} answered, {rows['failed']:,} failed"
        self.check(adds_up, f"the summary adds up: {counts}, {rows['answered_before']:,} in an earlier run")
        return summary


def answered(lines: Sequence[dict[str, Any]]) -> int:
    """How many rows the last line of progress says are answered."""
    return max((line["answered"] for line in lines if line["event"] == "progress"), default=0)


def errors_of_time_left(lines: Sequence[dict[str, Any]], ended: str) -> list[float]:
    """How far off the time left was, as a share of what was really left, in each line after the first tenth.

    Args:
        lines: the log of a run that was not stopped.
        ended: when it ended, as the summary says.
    """
    end = datetime.fromisoformat(ended.replace("Z", "+00:00"))
    found = []
    for line in lines:
        if line["event"] == "progress" and (line["share"] or 0) >= _FIRST:
            left = (end - datetime.fromisoformat(line["time"].replace("Z", "+00:00"))).total_seconds()
            if line["seconds_left"] is not None:
                off = abs(line["seconds_left"] - left)
                found.append(0.0 if off <= _LEAST else off / left)
    return found


def unsteadiness(lines: Sequence[dict[str, Any]]) -> float:
    """How many times as long the slowest tenth of a job took as the fastest; the first and the last do not count."""
    reached: dict[int, float] = {}
    for line in lines:
        if line["event"] == "progress" and line["share"] is not None:
            moment = datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()
            reached.setdefault(int(10 * line["share"]), moment)
    seconds = [reached[k + 1] - reached[k] for k in range(1, 9) if k in reached and k + 1 in reached]
    return max(seconds, default=1.0) / max(min(seconds, default=1.0), 1e-9)


def sha256(path: Path) -> str:
    """The hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def unbroken(night: Night) -> None:
    """The job that nobody stops: its log, its summary, its time left."""
    code = night.run("unbroken")
    night.check(code == 0, f"unbroken run: exit code {code}")
    summary = night.check_counts("unbroken", 0)
    lines = night.lines("unbroken")
    print(f"       {summary['seconds']:.0f} s, {summary['rows_per_second']:,.0f} rows/s, {summary['workers']} workers, "
          f"peak memory {(summary['peak_memory_bytes'] or 0) / 2**20:,.0f} MiB")  # fmt: skip
    found = errors_of_time_left(lines, summary["ended"])
    if found:
        wrong = sum(error > LEFT_BAR for error in found)
        print(f"       time left, {len(found)} lines after the first tenth: median {statistics.median(found):.1%} off, "
              f"at most {max(found):.1%}, {wrong} of them more than {LEFT_BAR:.0%}; "
              f"the speed of the machine varied by a factor of {unsteadiness(lines):.1f}")  # fmt: skip


def broken(night: Night) -> None:
    """The job that is killed three times, and resumed each time by the same command."""
    reached = 0
    for share, number in KILLS:
        name = signal.Signals(number).name
        code = night.kill_after("broken", int(night.rows * share), number)
        expected = 143 if number == signal.SIGTERM else -signal.SIGKILL
        night.check(code == expected, f"{name} after {share:.0%} of the rows: exit code {code}")
        if number == signal.SIGTERM:
            summary = night.check_counts("broken", code)
            rows = summary["rows"]
            night.check(rows["answered_before"] == reached, f"it resumed after {reached:,} rows")
            reached = rows["read"]
            night.check(0 < reached < night.rows, f"it kept {reached:,} rows")
        night.check(not (night.folder / "broken.jsonl").exists(), "no output under its final name")
    code = night.run("broken")
    night.check(code == 0, f"the same command again: exit code {code}")
    summary = night.check_counts("broken", 0)
    night.check(summary["rows"]["answered_before"] > reached, "it resumed after what the killed run had written")
    night.check(summary["resumed"] is True, "the summary says that it resumed")


def compare(night: Night) -> None:
    """Are the outputs, the counts and the logs as they should be?"""
    hashes = [sha256(night.folder / f"{name}.jsonl") for name in ("unbroken", "broken")]
    night.check(hashes[0] == hashes[1], f"the same bytes: sha256 {hashes[0][:16]}… and {hashes[1][:16]}…")
    with (night.folder / "broken.jsonl").open("rb") as stream:
        night.check(sum(1 for _ in stream) == night.rows, f"{night.rows:,} rows in, as many out")
    one, other = (night.summary(name) for name in ("unbroken", "broken"))
    same = [one["labels"], one["rows"]["failed_by_reason"]] == [other["labels"], other["rows"]["failed_by_reason"]]
    night.check(same and one["model"] == other["model"], "the same counts and the same model in both summaries")
    blank = len(range(BLANK_EVERY // 2, night.rows, BLANK_EVERY))
    night.check(one["rows"]["failed"] == blank, f"{blank:,} blank rows have no verdict")
    for name in ("unbroken", "broken"):
        lines = night.lines(name)
        has_fields = all({"time", "level", "event", "message"} <= line.keys() for line in lines)
        events = {line["event"] for line in lines}
        night.check(has_fields and {"progress", "summary", "wrote"} <= events, f"{name}.log: {len(lines)} JSON lines")
    ours = {f"{name}.{suffix}" for name in ("unbroken", "broken") for suffix in ("jsonl", "json", "log")}
    left = {path.name for path in night.folder.iterdir()} - ours - {night.source.name, "home"}
    night.check(not left, "no partial file is left" if not left else f"left: {', '.join(sorted(left))}")


def main() -> int:
    """Print what was checked; 1 if anything does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--model", default="flagship")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two lines of progress")
    arguments = parser.parse_args()
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        night = Night(Path(folder), arguments.rows, arguments.model, arguments.interval)
        night.write_source(all_texts(arguments.data))
        print(f"{night.rows:,} rows, {night.source.stat().st_size / 1e6:.0f} MB", flush=True)
        unbroken(night)
        broken(night)
        compare(night)
    print("a night as it should be" if not night.failures else f"{len(night.failures)} checks failed")
    return int(bool(night.failures))


if __name__ == "__main__":
    sys.exit(main())
