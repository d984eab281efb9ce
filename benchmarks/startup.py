"""Whole-process time of imdbsent commands next to that of importing a library they need.

python -m benchmarks.startup [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import machine

IMDBSENT = [sys.executable, "-m", "imdbsent"]
TENSORFLOW = "import tensorflow"
COMMANDS = {
    "import typer": [sys.executable, "-c", "import typer"],
    "import onnxruntime": [sys.executable, "-c", "import onnxruntime"],
    TENSORFLOW: [sys.executable, "-c", "import tensorflow"],
    "imdbsent --version": [*IMDBSENT, "--version"],
    "imdbsent --help": [*IMDBSENT, "--help"],
    'imdbsent predict "great movie"': [*IMDBSENT, "predict", "great movie"],
    'imdbsent predict -m classic "great movie"': [*IMDBSENT, "predict", "-m", "classic", "great movie"],
    "imdbsent check": [*IMDBSENT, "check"],
}
BARS = {
    "imdbsent --version": ("import typer", 1.5),
    "imdbsent --help": (TENSORFLOW, 1 / 12),
    'imdbsent predict "great movie"': ("import onnxruntime", 1.8),
    'imdbsent predict -m classic "great movie"': ("import onnxruntime", 1.8),
    "imdbsent check": ('imdbsent predict "great movie"', 1.3),
}
"""The command to compare with, and the largest ratio."""


def measure(rounds: int) -> dict[str, float]:
    """Median seconds of each command.

    The commands take turns in random order, after one round that does not count. TensorFlow comes after all of them: it
    uses every processor for seconds, and what follows it is slower for a while.

    Args:
        rounds: runs of each command; TensorFlow has a third of them.
    """
    order = random.Random(0)
    others = {name: command for name, command in COMMANDS.items() if name != TENSORFLOW}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IMDBSENT_HOME": folder, "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has bytecode
        seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(rounds + 1):
            for name in order.sample(list(others), len(others)):
                seconds[name].append(seconds_of(others[name], environment))
        for _ in range(rounds // 3 + 2):
            seconds[TENSORFLOW].append(seconds_of(COMMANDS[TENSORFLOW], environment))
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def seconds_of(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def main() -> int:
    """Print the medians and their ratios; 1 if one is over its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    medians = measure(parser.parse_args().rounds)
    print(machine())
    is_over = False
    for name, median in medians.items():
        line = f"{name:42} {median * 1000:7.0f} ms"
        if name in BARS:
            base, bar = BARS[name]
            ratio = median / medians[base]
            is_over |= ratio > bar
            line += f"  {ratio:.2f} x {base} (target: {bar:.2f})"
        print(line)
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
