"""Parquet files of real reviews to verdicts: `--engine ray` beside the local engine, and what a million reviews cost.

python -m benchmarks.scale [--data PATH] [--reviews 200000] [--files 20] [--rounds 3] [--model flagship]
                         [--core-hour 0.04]
python -m benchmarks.scale --lose [--reviews 200000]

The same files, whole commands, in turn: the local engine with `--workers 1` and `2`, Ray with `--concurrency 1` and
`2`. Ray's own time to start, measured with one review, is printed, and subtracted in the column `net`. `--lose` runs a
cluster of three nodes on this machine, kills one of them and a process that answers half way, and compares every row
with the local engine. It needs `pip install 'imdbsent[ray]'`, and 2 GB in the temporary folder for 200,000 reviews.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks import data_argument, machine
from benchmarks.bulk import all_texts, proportional_size
from benchmarks.losing import lose, title

OVERHEAD_BAR = 0.25
CORES = (1, 2)
_SAMPLES = 0.5  # seconds between two looks at the memory


@dataclass(frozen=True)
class Run:
    """One command.

    Attributes:
        seconds: wall time of it.
        actor: peak memory of a process that answers, in MiB; what it shares with others is shared out (PSS).
    """

    seconds: float
    actor: float


def write_files(folder: Path, texts: list[str], files: int) -> None:
    """Write texts as Parquet files of like size, with an id."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    size = -(-len(texts) // files)
    for number in range(files):
        part = range(number * size, min(len(texts), (number + 1) * size))
        rows = pa.table({"rid": pa.array(part, pa.int64()), "body": [texts[place] for place in part]})
        pq.write_table(rows, folder / f"{number:03}.parquet")


def command(engine: str, cores: int, source: Path, target: Path, model: str) -> list[str]:
    """The command that is measured."""
    predict = [sys.executable, "-m", "imdbsent", "predict", "--quiet", "--model", model, "--text-column", "body"]
    if engine == "ray":
        pattern = str(source / "*.parquet")
        return [*predict, pattern, "--engine", "ray", "--concurrency", str(cores), "-o", str(target)]
    files = [str(path) for path in sorted(source.iterdir())]
    return [*predict, *files, "--keep", "rid", "--workers", str(cores), "-o", f"{target}.parquet"]


def measure(words: list[str], environment: dict[str, str]) -> Run:
    """Run a command, and look at the processes that answer meanwhile."""
    peak = 0
    ended = threading.Event()

    def look() -> None:
        nonlocal peak
        while not ended.wait(_SAMPLES):
            peak = max([peak, *map(proportional_size, answering())])

    watcher = threading.Thread(target=look)
    watcher.start()
    started = time.perf_counter()
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
        seconds = time.perf_counter() - started
    finally:
        ended.set()
        watcher.join()
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return Run(seconds, peak / 1024)


def answering() -> list[Path]:
    """The places in /proc of the actors that answer, which Ray gives titles."""
    return [place for place in Path("/proc").glob("[0-9]*") if b"MapWorker" in title(place)]


def differences(ray: Path, local: Path) -> tuple[int, float]:
    """Rows that are not the same in both, labels and ids, and the largest difference of probabilities."""
    import pyarrow.parquet as pq

    ours, theirs = pq.read_table(ray), pq.read_table(local)
    pairs = [(table.column("rid").to_pylist(), table.column("label").to_pylist()) for table in (ours, theirs)]
    same = sum(one == other for one, other in zip(zip(*pairs[0]), zip(*pairs[1])))
    probabilities = zip(ours.column("probability").to_pylist(), theirs.column("probability").to_pylist())
    largest = max((abs(one - other) for one, other in probabilities if None not in (one, other)), default=0.0)
    return max(len(ours), len(theirs)) - same, largest


def cost(seconds: float, cores: int, reviews: int, core_hour: float) -> tuple[float, float]:
    """Core-seconds and dollars per million reviews.

    Args:
        seconds: wall time of a run.
        cores: that it kept busy.
        reviews: that it answered.
        core_hour: dollars per core-hour.
    """
    core_seconds = seconds * cores / reviews * 1e6
    return core_seconds, core_seconds / 3600 * core_hour


def compare(folder: Path, texts: list[str], asked: argparse.Namespace) -> bool:
    """Print the speed of each; whether Ray's overhead is below its target."""
    files, rounds, core_hour, model = asked.files, asked.rounds, asked.core_hour, asked.model
    environment = {**os.environ, "IMDBSENT_HOME": str(folder / "home")}
    source, one = folder / "reviews", folder / "one"
    write_files(source, texts, files)
    write_files(one, texts[:1], 1)
    runs: dict[tuple[str, int], list[Run]] = {}
    starts = [measure(command("ray", 1, one, folder / f"start-{i}", model), environment).seconds for i in range(rounds)]
    for turn in range(rounds):
        for engine in ("local", "ray"):
            for cores in CORES:
                target = folder / f"{engine}-{cores}-{turn}"
                run = measure(command(engine, cores, source, target, model), environment)
                runs.setdefault((engine, cores), []).append(run)
    start = statistics.median(starts)
    print(f"{model}, {len(texts):,} reviews in {files} files of Parquet, whole commands, median of {rounds}:")
    print(f"a cluster started on this machine, one review, and ended: {start:.1f} s")
    reached = True
    for cores in CORES:
        seconds = {engine: statistics.median(run.seconds for run in runs[engine, cores]) for engine in ("local", "ray")}
        actor = max(run.actor for run in runs["ray", cores])
        whole = seconds["ray"] / seconds["local"] - 1
        net = max(0.0, seconds["ray"] - start) / seconds["local"] - 1
        reached = reached and whole <= OVERHEAD_BAR
        print(f"local --workers {cores}:   {seconds['local']:7.1f} s {len(texts) / seconds['local']:7,.0f} reviews/s")
        print(
            f"ray --concurrency {cores}: {seconds['ray']:7.1f} s {len(texts) / seconds['ray']:7,.0f} reviews/s  "
            f"overhead {whole:+.1%} (target: {OVERHEAD_BAR:.0%}), net {net:+.1%}; {actor:.0f} MiB per actor"
        )
        for engine in ("local", "ray"):
            core_seconds, dollars = cost(seconds[engine], cores, len(texts), core_hour)
            print(f"  {engine}, per million reviews: {core_seconds:,.0f} core-s, ${dollars:.4f} at ${core_hour}/h")
    last = rounds - 1
    other, largest = differences(folder / f"ray-{CORES[0]}-{last}", folder / f"local-{CORES[0]}-{last}.parquet")
    print(f"rows that differ in place or label: {other}; largest difference of probabilities: {largest:.1e}")
    return reached


def main() -> int:
    """Print the figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--reviews", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="flagship")
    parser.add_argument("--core-hour", type=float, default=0.04, help="dollars per core-hour")
    parser.add_argument("--lose", action="store_true", help="a cluster that loses a node and a process, in its place")
    arguments = parser.parse_args()
    texts = list(islice(cycle(all_texts(arguments.data)), arguments.reviews))
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if not arguments.lose:
            return int(not compare(folder, texts, arguments))
        write_files(folder / "reviews", texts, arguments.files)
        environment = {**os.environ, "IMDBSENT_HOME": str(folder / "home")}
        local = measure(command("local", 1, folder / "reviews", folder / "local", "classic"), environment)
        loss = lose(folder / "reviews", folder / "ray", len(texts))
        other, largest = differences(folder / "ray", folder / "local.parquet")
        print(f"{len(texts):,} reviews in {arguments.files} files, 3 nodes; local engine: {local.seconds:.1f} s")
        print(json.dumps(loss))
        print(f"rows that differ in place or label: {other}; largest difference of probabilities: {largest:.1e}")
        return int(other > 0 or largest > 1.001e-6)  # noqa: PLR2004 (both are rounded to the sixth decimal)


if __name__ == "__main__":
    sys.exit(main())
