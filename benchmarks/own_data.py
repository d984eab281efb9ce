"""A user's own file, from nothing to an answer: train, evaluate and predict on 2,000 rows, by the README's commands.

python -m benchmarks.own_data [--data PATH] [--rows 2000] [--keep FOLDER] [-- OPTION...]

The files are made of the archive's reviews, whole films at a time: of the training split to train on, of the test split
to evaluate on, with the columns body, stars and title. Options after `--` are added to `imdbsent train`.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import data_argument, labeled_reviews, machine

if TYPE_CHECKING:
    from imdbsent.dataset.aclimdb import Review

COLUMNS = ["--text-column", "body", "--label-column", "stars", "--positive", ">=7"]
TRAIN = ["--group-column", "title", "--recipe", "bucketed", "--batch-size", "32", "--name", "mine"]
COMMANDS = (
    ["train", "mine.csv", *COLUMNS, *TRAIN],
    ["evaluate", "other.csv", *COLUMNS, "--model", "mine"],
    ["predict", "--model", "mine", "one of the best films of the year", "a waste of two hours"],
)


def choose(reviews: list[Review], number: int, seed: int) -> list[Review]:
    """So many reviews, of films in random order, all of a film but perhaps of the last."""
    films: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        films[review.title].append(review)
    generator = random.Random(seed)
    titles = generator.sample(sorted(films), len(films))
    chosen = [review for title in titles for review in films[title]][:number]
    generator.shuffle(chosen)
    return chosen


def write(path: Path, reviews: list[Review]) -> None:
    """The reviews as a person's own file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["body", "stars", "title"])
        writer.writerows([review.text, review.stars, review.title] for review in reviews)


def run(arguments: list[str], folder: Path) -> float:
    """Run a command in a folder; minutes of wall time."""
    print(f"\n$ imdbsent {shlex.join(arguments)}", flush=True)
    environment = {**os.environ, "IMDBSENT_HOME": str(folder / "home"), "PYTHONPATH": str(Path.cwd())}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "imdbsent", *arguments], cwd=folder, env=environment, check=True)
    return (time.perf_counter() - started) / 60


def main() -> int:
    """Print what the commands print, then the minutes of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--rows", type=int, default=2_000, help="rows of each of the two files")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for the files and the model")
    parser.add_argument("options", nargs="*", metavar="OPTION", help="more options of `imdbsent train`")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for name, split in (("mine.csv", "train"), ("other.csv", "test")):
            write(folder / name, choose(labeled_reviews(arguments.data, split), arguments.rows, seed=7))
        minutes = [
            run([*command, *arguments.options] if command[0] == "train" else command, folder) for command in COMMANDS
        ]
    print(f"\n{machine()}\n{arguments.rows:,} rows")
    for command, taken in zip(COMMANDS, minutes):
        print(f"{command[0]:9} {taken:5.2f} minutes")
    print(f"{'together':9} {sum(minutes):5.2f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
