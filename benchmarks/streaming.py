"""A slow pipe and a fast one: after how long a line has its verdict, and how many lines a second there are.

python -m benchmarks.streaming [--model flagship] [--lines 100] [--pause 0.05] [--bulk 100000] [--rounds 3]

The slow pipe gets a line, and the next one a pause after the answer, as from `tail -f log | imdbsent predict -`. The
first line is not counted: it waits for the start. The fast pipe gets all lines at once, and the same lines as a file
show what the pipe costs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks import machine

BAR = 0.2  # seconds from a line to its verdict
LINES = (
    "a delight from start to finish",
    "the battery died after two days, do not buy this",
    "not bad at all",
    "slow service, cold food, and they charged us twice",
    "I have read the book three times and I would read it again",
)


def command(model: str, *options: str) -> list[str]:
    """The command that is measured."""
    return [sys.executable, "-m", "imdbsent", "predict", "--quiet", "--model", model, "--format", "tsv", *options]


def delays(model: str, lines: int, pause: float) -> list[float]:
    """Seconds from each line of a slow pipe to its verdict, the first line left out."""
    found = []
    with subprocess.Popen(command(model, "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin
        assert process.stdout
        for text in islice(cycle(LINES), lines + 1):
            started = time.perf_counter()
            process.stdin.write(f"{text}\n".encode())
            answer = process.stdout.readline()
            found.append(time.perf_counter() - started)
            assert text in answer.decode()
            time.sleep(pause)
        process.stdin.close()
        assert process.wait() == 0
    return found[1:]


def lines_a_second(model: str, path: Path, lines: int, *, piped: bool) -> float:
    """Lines of a file each second, start included; piped through `cat` or read from the file."""
    started = time.perf_counter()
    if piped:
        with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as source:
            done = subprocess.run(command(model, "-"), stdin=source.stdout, stdout=subprocess.PIPE, check=True)
    else:
        done = subprocess.run(command(model, str(path)), stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - started
    assert done.stdout.count(b"\n") == lines
    return lines / seconds


def main() -> None:
    """Print the delays and the speeds, and fail if a line is answered late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="flagship")
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--pause", type=float, default=0.05)
    parser.add_argument("--bulk", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(machine())
    found = sorted(delays(options.model, options.lines, options.pause))
    late = found[int(0.99 * (len(found) - 1))]
    print(f"slow pipe, {options.lines:,} lines: {statistics.median(found) * 1000:.1f} ms from a line to its verdict "
          f"(median), {late * 1000:.1f} ms (99 %), {found[-1] * 1000:.1f} ms (longest)")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines.txt")
        path.write_text("".join(f"{text}\n" for text in islice(cycle(LINES), options.bulk)))
        rates: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(options.rounds):
            for piped, some in rates.items():
                some.append(lines_a_second(options.model, path, options.bulk, piped=piped))
    fast, file = (statistics.median(rates[piped]) for piped in (True, False))
    print(f"fast pipe, {options.bulk:,} lines: {fast:,.0f} lines/s; the same as a file: {file:,.0f} lines/s "
          f"({fast / file:.2f})")  # fmt: skip
    if late > BAR:
        sys.exit(f"1 in 100 lines is answered after more than {BAR} s")


if __name__ == "__main__":
    main()
