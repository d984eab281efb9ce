"""A training run that is killed in the middle of an epoch and resumed, and one that never was: the same weights?

python -m benchmarks.resume [--data PATH] [--recipe bucketed] [--epochs 3]

Two commands of a user's, with a kill -9 half an epoch after the first, and `imdbsent train --resume`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import data_argument, machine
from imdbsent.bundle.bundle import read_bundle
from imdbsent.bundle.card import MODEL, ModelCard
from imdbsent.dataset.aclimdb import find

IMDBSENT = (sys.executable, "-m", "imdbsent", "train")


def kill_in_an_epoch(command: list[str], environment: dict[str, str]) -> float:
    """Start a run, and kill -9 it half an epoch after its first; seconds from its start to its end."""
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            print(line, end="", flush=True)
            if line.startswith("epoch"):
                break
        time.sleep(float(line.split()[-2]) / 2)
        process.kill()
    return time.perf_counter() - started


def figures(card: ModelCard) -> list[tuple[float, ...]]:
    """Each epoch's losses and accuracies, which a resumed run must match to the last bit."""
    return [(each.loss, each.accuracy, each.test_loss, each.test_accuracy) for each in card.history]


def main() -> int:
    """Print what came of both; 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    data_argument(parser)
    parser.add_argument("--recipe", default="bucketed")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    source = find(arguments.data)
    if source is None:
        parser.error("the IMDB reviews are not on this machine: --data PATH")
    print(machine())
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "IMDBSENT_HOME": home}
        asked = [*IMDBSENT, "--recipe", arguments.recipe, "--epochs", str(arguments.epochs), "--data", str(source)]
        subprocess.run([*asked, "--name", "whole"], check=True, env=environment)
        seconds = kill_in_an_epoch([*asked, "--name", "killed"], environment)
        models = Path(home) / "models"
        left = sorted(path.name for path in models.iterdir() if path.name != ".lock")
        print(f"killed after {seconds:.0f} s; models that can be seen: {', '.join(left)}", flush=True)
        subprocess.run([*IMDBSENT, "--resume"], check=True, env=environment)
        whole, killed = (read_bundle(models / name).verify().card for name in ("whole", "killed"))
    is_same = whole.files[MODEL] == killed.files[MODEL] and figures(whole) == figures(killed)
    print(f"unbroken {whole.files[MODEL]}")
    print(f"resumed  {killed.files[MODEL]}")
    print(f"{'the same' if is_same else 'ANOTHER'} weights, losses and accuracies, bit for bit")
    return int(not is_same or left != ["whole"])


if __name__ == "__main__":
    sys.exit(main())
