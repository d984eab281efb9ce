"""`predict -` fed at full speed for an hour, with a reader that stalls and resumes: is anything lost, does it grow?

python -m benchmarks.load [--minutes 60] [--model NAME] [--write]

Each record has its number in it, and the reader holds every row to the next number: none lost, none twice, in order.
Memory is that of all processes of the command. The reader stalls at the same times in each sixth of the run, so that
the sixths can be compared. While it stalls, and the command waits for it, the reader classifies the same texts itself:
how fast the machine does that says whether a change of throughput is the command's, or of whoever shares the machine.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imdbsent
from benchmarks import machine, reliability_page

SIXTHS = 6
_LARGEST_CHANGE = 0.1
"""Of throughput between the first and the last sixth."""
_LARGEST_GROWTH = 0.05
"""Of memory between the second and the last sixth; in the first one it fills what it keeps."""
_STALLS = (0.5, 3.0)
"""Seconds of a stall, from ... to; between two of them the reader reads as long, times four."""
_TEXTS = (
    "a great movie with a fine cast",
    "awful: dull, and far too long; not worth the money",
    "I had high hopes for this one, and for the first half hour it kept them. Then came the plot. " * 3,
    "",
    "not a great movie \u2014 but the music! \U0001f3b5",
)


@dataclass(frozen=True)
class Sixth:
    """A sixth of the run.

    Attributes:
        seconds: its wall time.
        records: rows that came in it.
        memory: median of the memory of all processes, in bytes.
        beside: texts a second that the reader classified while it stalled, the median of its stalls.
    """

    seconds: float
    records: int
    memory: float
    beside: float

    @property
    def speed(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def ratio(self) -> float:
        """Records a second beside the texts a second of the reader."""
        return self.speed / self.beside


@dataclass(frozen=True)
class Load:
    """What came of a run.

    Attributes:
        sixths: its parts.
        sent: records that were sent.
        received: rows that came.
        wrong: rows that were not the next one.
        code: exit code of the command.
        errors: what it wrote on standard error.
    """

    sixths: tuple[Sixth, ...]
    sent: int
    received: int
    wrong: int
    code: int
    errors: str

    @property
    def change(self) -> float:
        """Throughput of the last sixth beside that of the first, as a share more or less, of a machine as fast."""
        return self.sixths[-1].ratio / self.sixths[0].ratio - 1

    @property
    def growth(self) -> float:
        """Memory of the last sixth beside that of the second, as a share more or less."""
        return self.sixths[-1].memory / self.sixths[1].memory - 1

    @property
    def is_whole(self) -> bool:
        """Whether every record that was sent came back once, in order."""
        return self.code == 0 and self.sent == self.received and not self.wrong


def record(number: int) -> bytes:
    """The line of a record."""
    return f"{_TEXTS[number % len(_TEXTS)]} #{number}\n".encode()


def stalls(seconds: float, seed: int) -> Iterator[tuple[float, float]]:
    """When the reader stalls, from the start of a sixth, and for how long, in seconds."""
    chance = random.Random(seed)
    now = 0.0
    while True:
        length = min(chance.uniform(*_STALLS), seconds / 10)
        now += length * 4
        if now + length >= seconds:
            return
        yield now, length
        now += length


class _Feeder(threading.Thread):
    """Writes records as fast as they are read, until `stop` is set; then ends the input."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        assert process.stdin
        self._stream = process.stdin
        self.stop = threading.Event()
        self.sent = 0

    def run(self) -> None:
        while not self.stop.is_set():
            self._stream.write(b"".join(record(number) for number in range(self.sent, self.sent + 1000)))
            self.sent += 1000
        self._stream.close()


class _Reader:
    """Counts the rows of an output, and holds each to the number that must come next."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        self._stream = process.stdout
        self.received = self.wrong = 0

    def read_until(self, deadline: float) -> bool:
        """Read rows until a time of `time.monotonic`; False where the output ends before."""
        while time.monotonic() < deadline:
            line = self._stream.readline()
            if not line:
                return False
            self.wrong += not line.endswith(f"#{self.received}\n".encode())
            self.received += 1
        return True


class _Beside:
    """Classifies the texts of the records, to see how fast the machine is at the moment."""

    def __init__(self) -> None:
        self._classifier = imdbsent.load("classic", threads=1)
        self._texts = [record(number).decode() for number in range(256)]

    def speed(self, seconds: float) -> float:
        """Texts a second, over about so many seconds."""
        started, done = time.monotonic(), 0
        while (passed := time.monotonic() - started) < seconds:
            self._classifier.predict(self._texts)
            done += len(self._texts)
        return done / passed


def memory(pid: int) -> int:
    """Bytes that a process and those that it started hold, each shared page shared out."""
    rollups = [_content(Path(f"/proc/{process}/smaps_rollup")) for process in (pid, *_children(pid))]
    lines = [line for rollup in rollups for line in rollup.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) * 1024 for line in lines)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for path in tasks for child in _content(path).split()]
    return found + [grandchild for child in found for grandchild in _children(child)]


def _content(path: Path) -> str:
    """The content of a file of /proc; "" where the process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def run(seconds: float, arguments: Sequence[str] = (), seed: int = 0) -> Load:
    """Feed `imdbsent predict -` for some time.

    Args:
        seconds: how long.
        arguments: more of the command.
        seed: of the stalls.
    """
    command = [sys.executable, "-m", "imdbsent", "predict", "-", "--format", "tsv", "-q", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr
        feeder, reader, beside = _Feeder(process), _Reader(process), _Beside()
        feeder.start()
        reader.read_until(time.monotonic() + 0.001)  # the first row: the start is no part of the first sixth
        sixths = [_sixth(seconds / SIXTHS, reader, beside, process.pid, seed) for _ in range(SIXTHS)]
        feeder.stop.set()
        reader.read_until(float("inf"))
        feeder.join()
        errors = process.stderr.read().decode()
        process.wait()
    return Load(tuple(sixths), feeder.sent, reader.received, reader.wrong, process.returncode, errors)


def _sixth(seconds: float, reader: _Reader, beside: _Beside, pid: int, seed: int) -> Sixth:
    started, before, sizes, speeds = time.monotonic(), reader.received, [memory(pid)], []
    for moment, length in stalls(seconds, seed):
        reader.read_until(started + moment)
        time.sleep(length / 2)  # the command fills the pipe, and then waits
        speeds.append(beside.speed(length / 2))
        sizes.append(memory(pid))
    reader.read_until(started + seconds)
    sizes.append(memory(pid))
    passed = time.monotonic() - started
    return Sixth(passed, reader.received - before, statistics.median(sizes), statistics.median(speeds))


def main() -> int:
    """Print the table; 1 where a record was lost, memory grew, or the throughput changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--model", default="flagship")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    load = run(arguments.minutes * 60, ["--model", arguments.model])
    rows = [
        (
            f"{i + 1} of {SIXTHS}",
            f"{sixth.records:,}",
            f"{sixth.speed:,.0f}",
            f"{sixth.beside:,.0f}",
            f"{sixth.ratio:.2f}",
            f"{sixth.memory / 1e6:.0f} MB",
        )
        for i, sixth in enumerate(load.sixths)
    ]
    header = ("sixth", "records", "records per second", "reading process", "ratio", "memory")
    text = reliability_page.table(header, rows)
    text += (
        f"\n\n{arguments.minutes:g} minutes: {load.sent:,} records sent, {load.received:,} rows came, {load.wrong:,} "
        f"of them out of place; exit code {load.code}. From the first sixth to the last, the ratio changed by "
        f"{load.change:+.1%}; memory by {load.growth:+.1%} from the second.\n\n"
        f"`python -m benchmarks.load --minutes {arguments.minutes:g} --model {arguments.model}`, {machine()}."
    )
    print(f"\n{text}\n{load.errors}")
    if arguments.write:
        reliability_page.write("load", text)
    return int(not load.is_whole or abs(load.change) > _LARGEST_CHANGE or load.growth > _LARGEST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
