"""Wall time of `imdbsent stats` on the archive, cold and from the counts in the cache, beside tarfile alone.

python -m benchmarks.stats --data aclImdb_v1.tar.gz [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine

COLD_BAR, WARM_BAR = 15.0, 2.0  # seconds


def seconds_of(command: list[str], home: str) -> float:
    """Wall time of a command whose caches are in a folder."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "IMDBSENT_HOME": home})
    return time.perf_counter() - started


def main() -> int:
    """Print the medians; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the archive of the IMDB reviews")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    data = str(arguments.data.resolve())
    stats = [sys.executable, "-m", "imdbsent", "stats", "--num-words", "10000", "--data", data]
    reading = "import sys, tarfile; sum(1 for _ in tarfile.open(sys.argv[1], 'r|gz'))"
    cold, warm, alone = [], [], []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as home:
            alone.append(seconds_of([sys.executable, "-c", reading, data], home))
            cold.append(seconds_of(stats, home))
            warm.append(seconds_of(stats, home))
    print(machine())
    print(f"going through the archive with tarfile, nothing read: {statistics.median(alone):5.2f} s")
    print(f"imdbsent stats, cold:                              {statistics.median(cold):5.2f} s (target: {COLD_BAR:g})")
    print(f"imdbsent stats, the second time:                   {statistics.median(warm):5.2f} s (target: {WARM_BAR:g})")
    return int(statistics.median(cold) > COLD_BAR or statistics.median(warm) > WARM_BAR)


if __name__ == "__main__":
    sys.exit(main())
