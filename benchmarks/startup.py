"""Whole-process time of `imdbsent predict`, with both models, and `imdbsent --help` beside `import tensorflow`.

python -m benchmarks.startup [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import machine

COMMANDS = {
    "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    'imdbsent predict "great movie"': [sys.executable, "-m", "imdbsent", "predict", "great movie"],
    'imdbsent predict -m classic "great movie"': [
        *(sys.executable, "-m", "imdbsent", "predict"),
        *("-m", "classic", "great movie"),
    ],
    "imdbsent --help": [sys.executable, "-m", "imdbsent", "--help"],
}
BARS = {'imdbsent predict "great movie"': 6, 'imdbsent predict -m classic "great movie"': 6, "imdbsent --help": 12}


def measure(rounds: int) -> dict[str, float]:
    """Median seconds of each command; the commands take turns, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "IMDBSENT_HOME": home}
        for _ in range(rounds + 1):
            for name, command in COMMANDS.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, env=environment)
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def main() -> int:
    """Print the medians and their ratios; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    medians = measure(parser.parse_args().rounds)
    print(machine())
    base = medians["import tensorflow"]
    missed = False
    for name, median in medians.items():
        bar = BARS.get(name)
        note = f"1/{base / median:.1f} of it (bar: 1/{bar})" if bar else ""
        missed |= bar is not None and median > base / bar
        print(f"{name:42} {median * 1000:7.0f} ms  {note}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
