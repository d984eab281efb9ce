"""How much of the flagship's figures is chance: students of other seeds, taught by the stages of one run.

python -m benchmarks.students --seeds 8 9 [--run my-flagship] [--keep FOLDER]

The run is one of `imdbsent train --recipe flagship` that was stopped (Ctrl-C) when its student had begun: its teachers
are done, and kept. Each student reads the same soft labels from the beginning, with weights, batches and cuts of its
own seed; its bundle is made, calibrated and measured as `imdbsent train` does it, and stays in FOLDER, where that is
named. A student that was killed goes on from its last epoch. The run itself can be gone on with afterwards.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import machine
from imdbsent.bundle.bundle import read_bundle
from imdbsent.errors import ImdbsentError
from imdbsent.training import checkpoint
from imdbsent.training.flagship.run import climb_of, taught
from imdbsent.training.progress import CompositeProgress
from imdbsent.training.run import read_data, write_measured

if TYPE_CHECKING:
    from imdbsent.bundle.card import Epoch, Metrics
    from imdbsent.training.data import TrainingData
    from imdbsent.training.request import TrainingRequest


class Epochs(CompositeProgress):
    """Prints a line an epoch; `TrainingProgress`."""

    def __init__(self) -> None:
        super().__init__()

    def epoch_done(self, epoch: Epoch) -> None:
        """Print its figures."""
        held_out = f"held out: {epoch.test_accuracy:.2%}, loss {epoch.test_loss:.4f}"
        print(f"  epoch {epoch.number}: {epoch.seconds:.0f} s, loss {epoch.loss:.4f}; {held_out}", flush=True)


def train_student(request: TrainingRequest, data: TrainingData, seed: int, directory: Path) -> dict[str, Metrics]:
    """Train one student and write its bundle; its figures by split."""
    directory.mkdir(parents=True)
    climb = climb_of(request, data, progress=Epochs(), stop=lambda: False)
    write_measured(directory, taught(climb, seed), data, request.name)
    return {metrics.split: metrics for metrics in read_bundle(directory).card.metrics}


def main() -> int:
    """Print the figures of each student, and their mean and spread."""
    logging.basicConfig(level=logging.INFO, format="  %(message)s", stream=sys.stdout)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--run", default="my-flagship", help="name of the run that was stopped")
    parser.add_argument("--keep", type=Path, help="where the bundles stay, each in a folder that is not there yet")
    arguments = parser.parse_args()
    kept = [arguments.keep / f"{seed}" for seed in arguments.seeds] if arguments.keep else []
    if taken := [folder for folder in kept if folder.exists()]:
        parser.error(f"'{taken[0]}' is there already: name another folder with --keep")
    try:
        request = checkpoint.find(arguments.run).head.request
    except ImdbsentError as error:
        parser.error(str(error))
    print(f"{request.recipe.name}, run with seed {request.seed}, on {machine()}", flush=True)
    data = read_data(request)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in arguments.seeds:
            print(f"student of seed {seed}:", flush=True)
            started = time.perf_counter()
            found.append(train_student(request, data, seed, (arguments.keep or Path(folder)) / f"{seed}"))
            figures = (f"{name} {each.accuracy:.2%}, log loss {each.loss:.4f}" for name, each in found[-1].items())
            print(f"student of seed {seed}: {'; '.join(figures)}; {(time.perf_counter() - started) / 60:.0f} min")
    for split in found[0]:
        accuracies = np.array([each[split].accuracy for each in found])
        spread = f", standard deviation {accuracies.std(ddof=1):.2%}" if len(found) > 1 else ""
        print(f"{split}: mean {accuracies.mean():.2%}{spread}, of {len(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
