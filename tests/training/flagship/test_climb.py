from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import read_reviews
from imdbsent.errors import TrainingStopped
from imdbsent.training import checkpoint
from imdbsent.training.progress import Position
from imdbsent.training.recipes import Recipe
from imdbsent.training.request import TrainingRequest
from tests.training.flagship.trees import EACH, TINY, asked, write_tree

pytest.importorskip("keras", reason="keras is not installed in the light environment")
pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
pytest.importorskip("scipy", reason="scipy is not installed in the light environment")
pytest.importorskip("numba", reason="numba is not installed in the light environment")
import numba

from benchmarks import students
from imdbsent.training.checkpoint import Checkpoint
from imdbsent.training.flagship import climb, reader
from imdbsent.training.flagship.climb import topics_of
from imdbsent.training.flagship.ladder import SMOKE
from imdbsent.training.flagship.teaching import teach
from imdbsent.training.run import train_bundle


class Listener(logging.Handler):
    """Follows a run, and stops it at a certain message, or at a batch (name, units, epoch, batch) of a network."""

    def __init__(self, line: str | None = None, batch: tuple[str, int, int, int] | None = None) -> None:
        super().__init__()
        self.line = line
        self.batch = batch
        self.messages: list[str] = []
        self.network = ("", 0)

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        if self.line is not None and self.line in record.getMessage():
            raise KeyboardInterrupt

    def started(self, recipe: Recipe, _train: int, _test: int, _position: Position) -> None:
        self.network = recipe.name, recipe.units

    def batch_done(self, epoch: int, batch: int, _loss: float, _accuracy: float) -> None:
        if (*self.network, epoch, batch) == self.batch:
            os.kill(os.getpid(), signal.SIGINT)

    def evaluation_done(self, *_: object) -> None: ...

    def epoch_done(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Climbed:
    tree: Path
    bundle: Bundle
    messages: list[str]
    learned_from: dict[str, Any]


def run(request: TrainingRequest, listener: Listener, start: Checkpoint | None = None) -> Bundle:
    logger = logging.getLogger("imdbsent")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)
    try:
        return train_bundle(request, progress=listener, start=start).bundle
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """The threads of the document vectors do not wait for each other: only one of them gives the same every time."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Climbed:
    """A run that nothing stops."""
    tree = write_tree(tmp_path_factory.mktemp("aclImdb"))
    learned_from: dict[str, Any] = {}

    def watched(network: Any, recipe: Recipe, seed: int, train: Any, shown: Any, **others: Any) -> Any:
        learned_from[f"{recipe.name} of {recipe.units}"] = train
        return teach(network, recipe, seed, train, shown, **others)

    home = tmp_path_factory.mktemp("home")
    listener = Listener()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMDBSENT_HOME", str(home))
        patch.setattr(climb, "teach", watched)
        patch.setattr(reader, "teach", watched)
        bundle = run(asked(tree, "whole"), listener)
        assert not list((home / "training").glob("[!.]*"))  # no checkpoint and no stage is left
    return Climbed(tree, bundle, listener.messages, learned_from)


def test_a_bundle_comes_of_it_that_loads_and_answers(whole: Climbed) -> None:
    classifier = Classifier(whole.bundle.verify())
    good, bad = classifier.predict(["so great , really superb .", "so awful , really dull ."])
    assert bad.probability is not None
    assert 0 < bad.probability < 1
    assert good.probability != bad.probability


def test_the_card_says_how_it_was_made(whole: Climbed) -> None:
    card = whole.bundle.card
    assert (card.tokenizer, card.num_words, card.seed) == ("words", TINY.vocabulary_size, 7)
    assert [metrics.split for metrics in card.metrics] == ["validation", "test"]
    assert [metrics.n for metrics in card.metrics] == [round(SMOKE.held_out * 2 * EACH), 2 * EACH]
    assert len(card.history) == TINY.epochs
    assert card.recipe["units"] == TINY.units
    assert card.recipe["teacher_units"] == SMOKE.teacher_units
    assert card.recipe["fewest_texts"] == "1 1 1"
    assert card.temperature == 1  # 20 texts are too few to fit one on


def test_each_stage_says_what_it_gives_on_held_out_titles(whole: Climbed) -> None:
    linear = ("n-gram teacher", "document teacher", "linear teachers together")
    for stage in (*linear, "network teacher 1", "reader", "all teachers together"):
        assert sum(m.startswith(stage) and "right on 20 reviews" in m for m in whole.messages) == 1, stage


def test_no_network_learns_from_a_review_of_a_held_out_title(whole: Climbed) -> None:
    titles = [review.title for review in read_reviews(whole.tree) if review.split == "train"]
    labelled = range(2 * EACH)  # whichever class comes first: both have the same titles in the same order
    assert list(whole.learned_from) == ["flagship of 4", "language model of 5", "reader of 5", "flagship of 3"]
    for name, spans in whole.learned_from.items():
        if name.startswith("language"):
            continue
        reviews = [int(place) for place in spans.places if place < len(titles)]
        held_out = {titles[place] for place in labelled} - {titles[place] for place in reviews}
        assert len(held_out) == 2
        assert len(set(reviews)) == len(titles) - sum(title in held_out for title in titles)  # each title whole
        assert 2 * EACH <= max(reviews) < 3 * EACH  # the unlabelled ones are among them
        if name.startswith("reader"):  # the labelled ones several times
            times = [reviews.count(place) for place in set(reviews)]
            assert set(times) == {1, SMOKE.labelled_times}
            continue
        assert spans.sentences == len(spans.places) - len(set(reviews)) > 100


def test_teacher_and_student_read_sentences_of_the_reviews_too(whole: Climbed) -> None:
    for name in ("flagship of 4", "flagship of 3"):
        spans = whole.learned_from[name]
        cut = [piece for batch in spans.shuffled(16, 7, 1) for piece in batch.pieces]
        borders = set(spans.borders.tolist())
        first = [int(spans.texts.starts[piece.text]) + piece.start for piece in cut]
        parts = [at for at, piece in zip(first, cut) if piece.is_span and piece.start > 0]
        sentences = [at for at, piece in zip(first, cut) if piece.is_span and {at, at + piece.length} <= borders]
        assert len(set(sentences) & set(parts)) > 10
        assert len(cut) > len(spans)


STOPS = (
    Listener(line="document vectors: epoch 1"),
    Listener(line="8 numbers each"),
    Listener(line="n-gram teacher"),
    Listener(line="document teacher"),
    Listener(batch=("flagship", SMOKE.teacher_units, 1, 2)),
    Listener(batch=("language model", SMOKE.reader_units, 1, 1)),
    Listener(line="weights"),
    Listener(batch=("reader", SMOKE.reader_units, 1, 2)),
    Listener(batch=("flagship", TINY.units, 1, 3)),
    Listener(batch=("flagship", TINY.units, 2, 1)),
)


@pytest.fixture(scope="module")
def stopped(whole: Climbed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a run that was stopped in each stage, and gone on with after each but the last."""
    home, request, start = tmp_path_factory.mktemp("stopped"), asked(whole.tree, "stopped"), None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMDBSENT_HOME", str(home))
        for stop in STOPS:
            with pytest.raises(KeyboardInterrupt if stop.line else TrainingStopped) as caught:
                run(request, stop, start)
            assert stop.line or "imdbsent train --resume" in str(caught.value)
            start = checkpoint.find("stopped")
            assert start.head.request == request
    return home


def test_a_run_that_is_stopped_in_each_stage_goes_on_to_the_weights_of_one_that_never_was(
    whole: Climbed, stopped: Path, home: Path
) -> None:
    shutil.copytree(stopped, home)
    start = checkpoint.find("stopped")
    last = Listener()
    bundle = run(start.head.request, last, start)
    assert bundle.card.files["model.onnx"] == whole.bundle.card.files["model.onnx"]
    again = [message for message in last.messages if "done before" in message]
    assert len(again) == 5  # both teachers, the vectors, the network and the reader: nothing is done twice
    assert [replace(epoch, seconds=0.0) for epoch in bundle.card.history] == [
        replace(epoch, seconds=0.0) for epoch in whole.bundle.card.history
    ]
    assert checkpoint.names() == []
    assert not checkpoint.stages_of("stopped").exists()


def test_students_of_other_seeds_are_taught_by_the_stages_of_a_stopped_run(
    whole: Climbed,
    stopped: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copytree(stopped, home)
    words = ["--seeds", "7", "8", "--run", "stopped", "--keep", str(tmp_path / "kept")]
    monkeypatch.setattr(sys, "argv", ["students", *words])
    assert students.main() == 0
    of_run, of_other = (read_bundle(tmp_path / "kept" / seed).verify().card for seed in ("7", "8"))
    assert of_run.files["model.onnx"] == whole.bundle.card.files["model.onnx"]
    assert (of_other.seed, of_other.recipe) == (8, of_run.recipe)
    assert of_other.files["model.onnx"] != of_run.files["model.onnx"]
    out = capsys.readouterr().out
    accuracies = [card.metrics[-1].accuracy for card in (of_run, of_other)]
    assert f"test: mean {sum(accuracies) / 2:.2%}, standard deviation " in out
    assert sum(message.startswith("n-gram teacher: done before") for message in caplog.messages) == 2
    assert checkpoint.names() == ["stopped"]  # the run can still be gone on with


def test_topics_are_directions_from_the_mean() -> None:
    vectors = np.array([[2, 0], [4, 0], [3, 1], [3, -1]], np.float32)
    np.testing.assert_allclose(topics_of(vectors), [[-1, 0], [1, 0], [0, 1], [0, -1]], atol=0.011)
