"""Batches of like length beside a plain Keras `fit` of the same network, every review padded to 500: time and accuracy.

python -m benchmarks.training [--data PATH] [--epochs 3] [--seeds 3]

An epoch of each in turn, from the same first weights, so that whatever else the machine does meets both. The test
split is looked at after each epoch; nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import data_argument, machine
from imdbsent.bundle.card import MODEL
from imdbsent.classify.engine import Engine
from imdbsent.dataset.aclimdb import find
from imdbsent.dataset.keras_ids import rank_words
from imdbsent.text.tokenizer import KerasTokenizer
from imdbsent.training.architectures.classic import ARCHITECTURE, classic_to_onnx, exported_network
from imdbsent.training.backend import import_library
from imdbsent.training.data import imdb_data
from imdbsent.training.loop import Loop, State
from imdbsent.training.recipes import BUCKETED, CLASSIC
from imdbsent.training.run import encode

if TYPE_CHECKING:
    from imdbsent.bundle.card import Epoch
    from imdbsent.training.data import TrainingData
    from imdbsent.training.loop import Split
    from imdbsent.training.recipes import Recipe

SPEED_BAR = 2


class Silent:
    """Progress that nobody watches."""

    def started(self, *_: object) -> None:
        """Nothing."""

    def batch_done(self, *_: object) -> None:
        """Nothing."""

    def evaluation_done(self, *_: object) -> None:
        """Nothing."""

    def epoch_done(self, epoch: Epoch) -> None:
        """Nothing."""


class Plain:
    """What a user would write: `pad_sequences(maxlen=500)`, then `fit`."""

    def __init__(self, train: Split, seed: int) -> None:
        keras = import_library("keras")
        keras.utils.set_random_seed(seed)
        self.network = exported_network(CLASSIC)
        self.network.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
        self._ids = keras.utils.pad_sequences(train.ids, CLASSIC.maximum_length)
        self._labels = train.labels

    def epoch(self) -> None:
        """Train on every review once."""
        self.network.fit(self._ids, self._labels, batch_size=CLASSIC.batch_size, epochs=1, verbose=0)

    def answering(self) -> Any:
        """The network to measure."""
        return ARCHITECTURE.without_training_parts(self.network, CLASSIC)


class Bucketed:
    """`imdbsent train --recipe bucketed`, an epoch at a time and without its look at the test split."""

    def __init__(self, train: Split, seed: int) -> None:
        import_library("keras").utils.set_random_seed(seed)
        from imdbsent.training.optimizer import compile_classifier

        self.network = ARCHITECTURE.build(BUCKETED)
        compile_classifier(self.network, BUCKETED.learning_rate)
        self._train, self._seed = train, seed
        self._states: list[State] = [State()]

    def epoch(self) -> None:
        """Train on every review once."""
        recipe = replace(BUCKETED, epochs=self._states[-1].position.epoch)
        one_text = replace(self._train, ids=self._train.ids[:1], labels=self._train.labels[:1])
        Loop(
            self.network, recipe, self._seed, self._train, one_text,
            progress=Silent(), save=self._states.append, stop=lambda: False,
        ).run(self._states[-1])  # fmt: skip

    def answering(self) -> Any:
        """The network to measure."""
        return ARCHITECTURE.without_training_parts(self.network, BUCKETED)


@dataclass(frozen=True)
class Turn:
    """One epoch of each.

    Attributes:
        seconds: of the plain one and of the bucketed one.
        accuracies: on the test split, after it.
    """

    seconds: tuple[float, float]
    accuracies: tuple[float, float]


def accuracy(network: Any, recipe: Recipe, test: Split) -> float:
    """Share of right verdicts on the test split, by the engine that answers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL
        import_library("onnx").save(classic_to_onnx(network, recipe.maximum_length), str(path))
        logits = Engine(path).logits([ids.tolist() for ids in test.ids])
    return float(np.mean((logits >= 0) == (test.labels == 1)))


def take_turns(data: TrainingData, seed: int, epochs: int) -> list[Turn]:
    """Epochs of each, in turn."""
    tokenizer = KerasTokenizer(
        rank_words(example.text for example in data.train), CLASSIC.vocabulary_size, CLASSIC.maximum_length
    )
    train, test = encode(tokenizer, CLASSIC, data.train), encode(tokenizer, CLASSIC, data.validation)
    both: tuple[Plain | Bucketed, ...] = (Plain(train, seed), Bucketed(replace(train, bucketed=True), seed))
    turns = []
    for epoch in range(1, epochs + 1):
        seconds = []
        for one in both:
            started = time.perf_counter()
            one.epoch()
            seconds.append(time.perf_counter() - started)
        accuracies = [accuracy(one.answering(), recipe, test) for one, recipe in zip(both, (CLASSIC, BUCKETED))]
        turns.append(Turn((seconds[0], seconds[1]), (accuracies[0], accuracies[1])))
        print(
            f"seed {seed}, epoch {epoch}: plain {seconds[0]:5.1f} s, {accuracies[0]:.2%}; "
            f"bucketed {seconds[1]:5.1f} s, {accuracies[1]:.2%}; ratio {seconds[0] / seconds[1]:.2f}",
            flush=True,
        )
    return turns


def main() -> int:
    """Print the figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    data_argument(parser)
    parser.add_argument("--epochs", type=int, default=3, help="the plain network is at its best after its third")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    source = find(arguments.data)
    if source is None:
        parser.error("the IMDB reviews are not on this machine: --data PATH")
    data = imdb_data(source)
    print(machine())
    runs = [take_turns(data, seed, arguments.epochs) for seed in range(1, arguments.seeds + 1)]
    ratio = statistics.median(turn.seconds[0] / turn.seconds[1] for turns in runs for turn in turns)
    print(f"bucketed: {ratio:.2f} times as fast, median of {sum(map(len, runs))} epochs (target: {SPEED_BAR})")
    last = [[turns[-1].accuracies[side] for turns in runs] for side in (0, 1)]
    for name, figures in zip(("plain", "bucketed"), last):
        print(
            f"{name:8}: {statistics.mean(figures):.2%} on the test reviews after epoch {arguments.epochs}, "
            f"mean of {len(figures)} seeds ({', '.join(f'{figure:.2%}' for figure in figures)})"
        )
    return int(ratio < SPEED_BAR or statistics.mean(last[1]) < statistics.mean(last[0]))


if __name__ == "__main__":
    sys.exit(main())
