from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from imdbsent.errors import TrainingStopped
from imdbsent.text.tokenizer import Vocabulary
from imdbsent.training.distill import label
from imdbsent.training.distill.label import Labels, correct_understatements, label_texts, principal_components

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imdbsent.training.distill.teacher import Teacher

    Logits = np.ndarray[Any, np.dtype[np.float16]]


class Lengths:
    """A teacher whose logit is the length of a text, and which counts what it was asked."""

    def __init__(self, most: int = 1_000) -> None:
        self.asked = 0
        self.most = most

    def logits(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        if self.asked >= self.most:
            raise KeyboardInterrupt
        self.asked += len(texts)
        return np.array([len(text) for text in texts], np.float32)


TEXTS = ["x" * length for length in range(100)]


def labeled(teacher: Lengths, folder: Path, known: Logits | None = None) -> Logits:
    return label_texts(cast("Teacher", teacher), TEXTS, folder, known=known)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label, "CHUNK", 10)


def test_logits_come_in_the_order_of_the_texts(tmp_path: Path) -> None:
    assert labeled(Lengths(), tmp_path).tolist() == list(range(100))


def test_a_run_that_was_stopped_labels_only_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        labeled(Lengths(most=30), tmp_path)
    again = Lengths()
    assert labeled(again, tmp_path).tolist() == list(range(100))
    assert again.asked == 70


def test_what_an_earlier_run_knows_is_not_labeled_again(tmp_path: Path) -> None:
    known = np.full(100, np.nan, np.float16)
    known[0::10] = np.arange(0, 100, 10)
    teacher = Lengths()
    assert labeled(teacher, tmp_path, known).tolist() == list(range(100))
    assert teacher.asked == 90


def test_a_run_that_is_asked_to_stop_keeps_what_is_labeled(tmp_path: Path) -> None:
    with pytest.raises(TrainingStopped):
        label_texts(cast("Teacher", Lengths()), TEXTS, tmp_path, lambda: len(list(tmp_path.iterdir())) == 4)
    again = Lengths()
    assert labeled(again, tmp_path).tolist() == list(range(100))
    assert again.asked == 60


def test_a_damaged_chunk_is_labeled_again(tmp_path: Path) -> None:
    labeled(Lengths(), tmp_path)
    (tmp_path / "00003.npz").write_bytes(b"PK")
    again = Lengths()
    assert labeled(again, tmp_path).tolist() == list(range(100))
    assert again.asked == 10


def test_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    half = np.float16
    words = Vocabulary((b"the", "é".encode(), "😀".encode()))
    labels = Labels("ab" * 32, np.array([1.5, np.nan], half), np.array([-2.0], half), words, np.ones((3, 2), half))
    labels.write(tmp_path / "labels.npz")
    read = Labels.read(tmp_path / "labels.npz")
    assert (read.sha256, read.vocabulary) == (labels.sha256, words)
    assert read.content_sha256() == labels.content_sha256()
    assert read.content_sha256() != replace(labels, texts=np.zeros(2, half)).content_sha256()
    for name in ("texts", "reviews", "words"):
        assert np.array_equal(getattr(read, name), getattr(labels, name), equal_nan=True)


def test_the_first_component_is_the_direction_in_which_vectors_differ_most() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(200, 5)).astype(np.float32) * np.array([1, 9, 1, 1, 1], np.float32)
    found = principal_components(vectors, 2)
    assert found.shape == (200, 2)
    assert abs(np.corrcoef(found[:, 0], vectors[:, 1])[0, 1]) > 0.99
    assert found.std() == pytest.approx(1, abs=1e-5)


def test_an_understatement_that_says_nothing_else_is_mild_praise() -> None:
    raised = ["Not bad.", "The soup isn\u2019t half bad", "not the worst hotel in town", "I have no complaints"]
    kept = ["It is bad", "Not bad, but the soup was cold", "one of, if not the worst", "Not bad. I want my money back"]
    texts = [*raised, *kept, "This is " + "very " * 12 + "long and not bad"]
    corrected = correct_understatements(texts, np.full(len(texts), -2.0, np.float16))
    assert (corrected[: len(raised)] > 0).all()
    assert (corrected[len(raised) :] == -2).all()
    assert correct_understatements(["not bad"], np.array([3.0], np.float16)).tolist() == [3]
    assert correct_understatements(["not bad", "bad"], np.full(2, np.nan)).tolist()[0] > 0
