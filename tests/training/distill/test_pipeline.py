"""The recipe from labels to a bundle, with labels that a rule gives in the transformer's place."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import DatasetInvalid, TrainingStopped
from imdbsent.text.tokenizer import INDEX_FROM
from imdbsent.training import checkpoint
from imdbsent.training.distill import pipeline
from imdbsent.training.distill.config import SMOKE
from imdbsent.training.distill.data import UNLABELED, student_vocabulary
from imdbsent.training.distill.label import Labels
from imdbsent.training.distill.pipeline import packaged_labels
from imdbsent.training.progress import CompositeProgress, Position
from imdbsent.training.recipes import FLAGSHIP
from imdbsent.training.request import TrainingRequest
from tests.training.distill.trees import EACH, write_tree

pytest.importorskip("keras", reason="keras is not installed in the light environment")
pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
from imdbsent.training.run import train_bundle

TINY = replace(
    FLAGSHIP, vocabulary_size=3_000, embedding_size=8, units=6, epochs=2, batch_size=16, learning_rate=0.02
)
PRAISE = ("great", "superb", "lovely", "moving", "charming", "brilliant")


class StopAt(CompositeProgress):
    """Asks the run to stop, as Ctrl-C does, after a batch of an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.at = epoch, batch

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        if (epoch, batch) == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp("aclImdb"))


@pytest.fixture(scope="module")
def labels(tree: Path) -> Labels:
    """Positive if a word of praise occurs; a tenth of the texts is not labeled."""
    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    vocabulary = student_vocabulary(data, [], TINY.vocabulary_size)

    def logits(texts: list[str]) -> np.ndarray:
        return np.array([3 if any(word in text.lower() for word in PRAISE) else -3 for text in texts], np.float16)

    of_texts = logits(data.texts)
    of_texts[::10] = np.nan
    of_reviews = logits([data.reviews[index].text for index in np.flatnonzero(~data.held_out)])
    words = np.random.default_rng(1).normal(size=(len(vocabulary.words), 6)).astype(np.float16)
    return Labels(data.sha256(), of_texts, of_reviews, vocabulary, words)


@pytest.fixture(scope="module")
def packaged(
    tree: Path, labels: Labels, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainingRequest]:
    """A run with these labels instead of those of the package, and the texts of a smoke run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMDBSENT_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(pipeline, "FULL", SMOKE)
        patch.setattr(pipeline, "packaged_labels", lambda _data, _source: labels)
        yield TrainingRequest(TINY, 7, "mine", data=str(tree))


@dataclass(frozen=True)
class Run:
    bundle: Bundle
    logits: np.ndarray


def trained(request: TrainingRequest, progress: CompositeProgress | None = None, *, resume: bool = False) -> Run:
    start = checkpoint.find(request.name) if resume else None
    bundle = train_bundle(request, progress=progress, start=start).bundle.verify()
    classifier = Classifier(bundle)
    ids = [classifier.tokenizer.encode(text) for text in ("a great film", "awful and dull", "so lovely 😀 5/10")]
    return Run(bundle, np.array(classifier.engine.logits(ids)))


@pytest.fixture(scope="module")
def whole(packaged: TrainingRequest) -> Run:
    """A run that nothing stops."""
    return trained(packaged)


@pytest.mark.slow
def test_the_student_learns_what_the_labels_say_and_its_card_how(whole: Run) -> None:
    assert whole.logits[0] > 0 > whole.logits[1]
    card = whole.bundle.card
    assert (card.tokenizer, card.architecture, card.num_words) == ("corrected", "flagship", TINY.vocabulary_size)
    assert [metrics.split for metrics in card.metrics] == ["validation", "test"]
    assert [metrics.n for metrics in card.metrics] == [round(SMOKE.held_out * 2 * EACH), 2 * EACH]
    assert card.recipe["teacher_rank"] == SMOKE.teacher.rank
    assert card.recipe["student_label_weight"] == SMOKE.student.label_weight
    assert len(str(card.recipe["labels_sha256"])) == 64
    assert card.recipe["data_seed"] == SMOKE.seed
    assert len(card.history) == TINY.epochs


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(packaged: TrainingRequest, whole: Run, home: Path) -> None:
    request = replace(packaged, name="stopped")
    for at in ((1, 2), (2, 1)):
        with pytest.raises(TrainingStopped, match="imdbsent train --resume"):
            trained(request, StopAt(*at), resume=at[0] > 1)
        assert checkpoint.find("stopped").head.state.position == Position(*at)
    again = trained(request, resume=True)
    assert np.array_equal(whole.logits, again.logits)
    assert not list((home / "training").glob("[!.]*"))  # no checkpoint is left


def test_nothing_learns_from_held_out_reviews_or_from_texts_without_labels(tree: Path, labels: Labels) -> None:
    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    train, validation = pipeline.training_inputs(data, labels, SMOKE, TINY.vocabulary_size)
    assert not set(train.chosen) & set(validation.chosen)
    assert validation.chosen.tolist() == np.flatnonzero(data.held_out).tolist()
    assert set(validation.targets[validation.chosen].tolist()) == {0.0, 1.0}
    short = train.chosen[train.chosen >= len(data.reviews)] - len(data.reviews)
    taught = short[short < len(data.texts)]
    assert taught.tolist() == np.flatnonzero(np.isfinite(labels.texts)).tolist()
    ruled = np.array([*data.ruled.values()])
    assert len(short) - len(taught) == len(ruled) > 20
    np.testing.assert_allclose(train.targets[-len(ruled) :], 1 / (1 + np.exp(-ruled)), rtol=1e-5)
    shares = SMOKE.student.review_share, SMOKE.student.text_share, 1.0
    assert train.shares[[0, len(data.reviews), -1]] == pytest.approx(shares)
    soft = float(1 / (1 + np.exp(-3)))
    of_unlabeled = train.targets[np.flatnonzero(data.labels == UNLABELED)]
    assert set(np.round(of_unlabeled.astype(float), 4).tolist()) == {round(soft, 4), round(1 - soft, 4)}
    of_labeled = train.targets[np.flatnonzero((data.labels == 1) & ~data.held_out)]
    assert of_labeled == pytest.approx(0.5 + soft / 2, abs=1e-4)


def test_a_text_that_has_a_label_by_rule_has_no_other(tree: Path, labels: Labels) -> None:
    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    data = replace(data, ruled={data.texts[3]: 2.0})
    train, _ = pipeline.training_inputs(data, labels, SMOKE, TINY.vocabulary_size)
    assert train.targets[len(data.reviews) + 3] == train.targets[-1] == pytest.approx(1 / (1 + np.exp(-2)))
    assert train.targets[len(data.reviews) + 4] != train.targets[-1]


def test_a_review_without_a_logit_has_its_label_alone(tree: Path, labels: Labels) -> None:
    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    unknown = replace(labels, reviews=np.full_like(labels.reviews, np.nan))
    train, _ = pipeline.training_inputs(data, unknown, SMOKE, TINY.vocabulary_size)
    reviews = train.chosen[train.chosen < len(data.reviews)]
    assert reviews.tolist() == np.flatnonzero((data.labels != UNLABELED) & ~data.held_out).tolist()
    assert train.targets[reviews].tolist() == data.labels[reviews].astype(float).tolist()


def test_the_words_begin_with_the_vectors_of_the_labels(packaged: TrainingRequest, labels: Labels, tree: Path) -> None:
    from imdbsent.training.distill.student import student_network

    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    train, _ = pipeline.training_inputs(data, labels, SMOKE, TINY.vocabulary_size)
    network = student_network(packaged.recipe, 7, labels.words, train, SMOKE.student)
    rows = network.get_layer("embedding").get_weights()[0]
    first = INDEX_FROM + 1
    expected = SMOKE.student.embedding_spread * labels.words[:, : TINY.embedding_size].astype(np.float32)
    np.testing.assert_allclose(rows[first : first + len(expected), : expected.shape[1]], expected, rtol=1e-6)


def test_the_labels_of_the_package_are_refused_for_other_reviews(tree: Path) -> None:
    data = pipeline.flagship_data(tree, SMOKE).distillation
    assert data is not None
    with pytest.raises(DatasetInvalid, match="belong to the complete archive"):
        packaged_labels(data, str(tree))
