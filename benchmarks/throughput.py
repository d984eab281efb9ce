"""Texts to verdicts with both models, classic beside Keras from ids, and the memory of `imdbsent predict -`.

python -m benchmarks.throughput [--data PATH] [--reviews 5000] [--rounds 3]

Keras gets the easier half of the work, ids already made and padded; imdbsent goes from texts to predictions. They
take turns, and the medians are compared. The memory is that of the default model, as the input grows.
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
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data_argument, labeled_reviews, machine
from imdbsent.bundle.bundle import NETWORK, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.models import store
from imdbsent.training.backend import import_library

if TYPE_CHECKING:
    from collections.abc import Callable

SPEED_BAR = 4  # times Keras, classic
FLAGSHIP_BAR = 1_000  # whole reviews/s
MEMORY_BAR = 0.10
SIZES = (10_000, 200_000)  # lines


def rate(work: Callable[[], object], count: int) -> float:
    """Reviews a second of one run."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def compare_speed(texts: list[str], rounds: int) -> tuple[float, float, float]:
    """Median reviews a second of Keras, classic and the flagship, run in turn after one round that does not count."""
    bundle = read_bundle(store.PRETRAINED / "classic")
    classifier, flagship = Classifier(bundle), Classifier(read_bundle(store.PRETRAINED / "flagship"))
    keras = import_library("keras")
    network = keras.saving.load_model(bundle.directory / NETWORK, safe_mode=True)
    encoded = [classifier.tokenizer.encode(text) for text in texts]
    ids = keras.utils.pad_sequences(encoded, maxlen=classifier.tokenizer.maximum_length)
    keras_rates, our_rates, flagship_rates = [], [], []
    for _ in range(rounds + 1):
        keras_rates.append(rate(lambda: network.predict(ids, batch_size=256, verbose=0), len(texts)))
        our_rates.append(rate(lambda: classifier.predict(texts), len(texts)))
        flagship_rates.append(rate(lambda: flagship.predict(texts), len(texts)))
    keras_probabilities = network.predict(ids, batch_size=256, verbose=0)[:, 0]
    ours = np.array([prediction.probability for prediction in classifier.predict(texts)], float)
    print(f"largest difference of a probability, classic: {np.abs(ours - keras_probabilities).max():.1e}")
    keras_rate, our_rate, flagship_rate = (
        statistics.median(rates[1:]) for rates in (keras_rates, our_rates, flagship_rates)
    )
    return keras_rate, our_rate, flagship_rate


def peak_memory(lines: Path) -> int:
    """Peak resident memory of `imdbsent predict -` over a file of lines, in MiB."""
    program = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'imdbsent', 'predict', '-', '-q'], stdin=open(sys.argv[1], 'rb'), "
        "stdout=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "IMDBSENT_HOME": home}
        result = subprocess.run(
            [sys.executable, "-c", program, str(lines)], check=True, capture_output=True, env=environment
        )
    return int(result.stdout)


def main() -> int:
    """Print the figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    data_argument(parser)
    parser.add_argument("--reviews", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    texts = [review.text for review in labeled_reviews(arguments.data, "test")]
    print(machine())
    some = texts[:: max(1, len(texts) // arguments.reviews)]
    keras_rate, our_rate, flagship_rate = compare_speed(some, arguments.rounds)
    print(f"classic in Keras, predict(batch_size=256), ids ready: {keras_rate:7,.0f} reviews/s")
    print(f"classic in imdbsent, texts to verdicts:               {our_rate:7,.0f} reviews/s")
    print(f"ratio: {our_rate / keras_rate:.2f} (target: {SPEED_BAR})")
    print(f"flagship in imdbsent, texts to verdicts: {flagship_rate:,.0f} reviews/s (target: {FLAGSHIP_BAR:,})")
    peaks = []
    for size in SIZES:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as lines:
            lines.writelines(texts[i % len(texts)] + "\n" for i in range(size))
            lines.flush()
            peaks.append(peak_memory(Path(lines.name)))
        print(f"peak memory of imdbsent predict - on {size:,} reviews: {peaks[-1]} MiB")
    growth = peaks[1] / peaks[0] - 1
    print(f"growth: {growth:+.1%} (target: {MEMORY_BAR:.0%})")
    is_slow = our_rate < SPEED_BAR * keras_rate or flagship_rate < FLAGSHIP_BAR
    return int(is_slow or abs(growth) > MEMORY_BAR)


if __name__ == "__main__":
    sys.exit(main())
