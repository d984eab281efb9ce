"""From a user's own file to a model that was trained on it, evaluated and asked."""

from __future__ import annotations

import csv
import importlib.util
import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.card import Epoch, ModelCard
from imdbsent.errors import CheckpointInvalid, ImdbsentError, TrainingStopped
from imdbsent.reading.options import ReadOptions
from imdbsent.training.progress import Position
from imdbsent.training.recipes import BUCKETED, Recipe
from imdbsent.training.request import OwnData, TrainingRequest

TINY = replace(
    BUCKETED,
    name="tiny",
    vocabulary_size=200,
    maximum_length=40,
    embedding_size=8,
    units=8,
    epochs=12,
    batch_size=16,
    learning_rate=0.02,
)
COLUMNS = ReadOptions(text_column="body", label_column="stars", command="train")
GOOD, BAD = ("great", "superb", "funny", "moving"), ("awful", "dull", "boring", "poor")

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None or importlib.util.find_spec("onnx") is None,
    reason="keras is not installed in the light environment",
)


class Silent:
    """Hears of the training, and says nothing."""

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None: ...
    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None: ...
    def evaluation_done(self, epoch: int, batch: int) -> None: ...
    def epoch_done(self, epoch: Epoch) -> None: ...


def table(path: Path, rows: int, start: int = 0) -> Path:
    """A file of reviews, 25 to a film; the words of the film tell nothing of the class."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["title", "stars", "body"])
        for i in range(start, start + rows):
            words, stars = (GOOD, 8 + i % 3) if i % 2 else (BAD, 1 + i % 4)
            film = f"film{i // 25}"
            body = f"{film} number {i} was {words[i % 3]},\nreally {words[(i // 3) % 4]} and {words[(i // 2) % 4]}"
            writer.writerow([film, stars, body])
    return path


def asked(path: Path) -> TrainingRequest:
    own = OwnData(str(path), COLUMNS, (">=7",), group_column="title")
    return TrainingRequest(TINY, 7, "mine", own=own)


@needs_keras
def test_a_file_of_200_rows_is_trained_on_evaluated_and_asked(
    run, tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from imdbsent.training.run import train_bundle

    report = train_bundle(asked(table(tmp_path / "mine.csv", 200)), progress=Silent())
    assert caplog.messages[0] == (
        "175 texts to learn from (50 % positive), 25 to validate on (48 %), held out, no 'title' in both"
    )
    card = report.bundle.card
    assert [(metrics.split, metrics.n) for metrics in card.metrics] == [("validation", 25)]
    assert card.metrics[0].accuracy >= 0.9
    assert card.temperature == 1  # 25 texts are too few to choose it by
    assert report.bundle.directory == home / "models" / "mine"

    other = table(tmp_path / "other.csv", 100, start=1_000)
    columns = ["--text-column", "body", "--label-column", "stars", "--positive", ">=7"]
    result = run("evaluate", str(other), *columns, "--model", "mine", "--format", "json")
    value = json.loads(result.out)
    assert (value["n"], value["positive"]) == (100, 50)
    assert value["models"][0]["accuracy"] >= 0.9

    result = run("predict", "--model", "mine", "a great and funny film", "a dull and boring film", "--format", "tsv")
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["positive", "negative"]


@pytest.mark.slow
@needs_keras
def test_the_temperature_is_fitted_on_the_texts_that_were_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imdbsent.training import run as module

    path = tmp_path / "noisy.csv"
    lines = ["body,stars"]
    for i in range(300):  # every fourth label is wrong, and can only be learned by heart
        stars = 9 if i % 2 == (i % 8 > 1) else 1
        lines.append(f"number {i} was {(GOOD if i % 2 else BAD)[i % 4]} and word{i},{stars}")
    path.write_text("\n".join(lines))
    own = OwnData(str(path), COLUMNS, (">=7",), validation_fraction=0.3)
    request = TrainingRequest(replace(TINY, vocabulary_size=400), 7, "noisy", own=own)

    def trained(name: str) -> ModelCard:
        asked = replace(request, name=name)
        return module.train_bundle(asked, progress=Silent()).bundle.card

    card = trained("noisy")
    assert card.temperature > 1.2
    assert card.chosen_by == "the last epoch; the temperature on the 90 validation texts"
    monkeypatch.setattr(module, "calibrate", lambda *_: None)
    without = trained("other")
    assert (without.temperature, without.chosen_by) == (1.0, "the last epoch; nothing was chosen")
    assert card.metrics[0].loss < without.metrics[0].loss  # measured with the temperature
    assert card.metrics[0].accuracy == without.metrics[0].accuracy


@pytest.mark.slow
@needs_keras
def test_a_run_goes_on_with_its_own_file_and_not_with_another(tmp_path: Path) -> None:
    from imdbsent.training import checkpoint as unfinished
    from imdbsent.training.run import train_bundle

    class Interrupting(Silent):
        def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
            if epoch == 2:
                signal.raise_signal(signal.SIGINT)

    path = table(tmp_path / "mine.csv", 100)
    request = replace(asked(path), recipe=replace(TINY, epochs=3))
    with pytest.raises(TrainingStopped):
        train_bundle(request, progress=Interrupting())
    checkpoint = unfinished.find("mine")
    assert checkpoint.head.request == request

    written = path.read_text()
    path.write_text(written.replace(",8,", ",9,"))  # the same class
    path.write_text(path.read_text().replace("awful", "horrid", 1))
    with pytest.raises(CheckpointInvalid, match="the texts have changed since the run started"):
        train_bundle(checkpoint.head.request, progress=Silent(), start=checkpoint)
    path.write_text(written.replace(",8,", ",9,"))
    report = train_bundle(checkpoint.head.request, progress=Silent(), start=checkpoint)
    assert len(report.bundle.card.history) == 3


def test_what_is_wrong_with_the_file_is_told_before_anything_is_made(tmp_path: Path, home: Path) -> None:
    from imdbsent.training.run import train_bundle

    (tmp_path / "work").mkdir()
    path = table(tmp_path / "work" / "mine.csv", 30)
    path.write_text(path.read_text().replace(",8,", ",many,", 1))
    with pytest.raises(ImdbsentError, match=r"the label 'many' is not a number"):
        train_bundle(asked(path), progress=Silent())
    assert list(path.parent.iterdir()) == [path]
    assert not home.exists()
