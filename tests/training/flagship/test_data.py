from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from imdbsent.dataset.aclimdb import read_reviews
from imdbsent.training.data import TrainingData
from imdbsent.training.flagship.data import flagship_data
from imdbsent.training.flagship.ladder import SMOKE
from imdbsent.training.flagship.texts import Reviews
from tests.training.flagship.trees import EACH, TINY, write_tree


def titles(tree: Path) -> np.ndarray:
    return np.array([review.title for review in read_reviews(tree) if review.split == "train"])


def read(tree: Path, reviews: int = 0) -> tuple[TrainingData, Reviews]:
    data = flagship_data(tree, TINY, replace(SMOKE, reviews=reviews), 7)
    assert data.reviews is not None
    return data, data.reviews


def test_titles_are_held_out_whole_of_both_classes_and_nothing_of_them_can_be_learned_from(tmp_path: Path) -> None:
    data, reviews = read(write_tree(tmp_path))
    held_out = set(titles(tmp_path)[reviews.validation])
    assert len(reviews.validation) == len(data.validation) == round(SMOKE.held_out * 2 * EACH)
    assert not held_out & set(titles(tmp_path)[reviews.readable])
    assert np.bincount(reviews.labels[reviews.validation]).min() >= 2
    assert len(data.train) == len(reviews.labelled) == 2 * EACH - len(reviews.validation)


def test_the_vocabulary_has_no_word_that_only_held_out_or_test_reviews_hold(tmp_path: Path) -> None:
    _, before = read(write_tree(tmp_path))
    place = int(np.flatnonzero(before.held_out)[0])
    folder, number = ("neg", place) if place < EACH else ("pos", place - EACH)
    (tmp_path / "train" / folder / f"{number}_{2 if folder == 'neg' else 9}.txt").write_text("heldoutword", "utf-8")
    (tmp_path / "test" / "pos" / "0_9.txt").write_text("testword", "utf-8")
    (tmp_path / "train" / "unsup" / "0_0.txt").write_text("unlabelledword", "utf-8")
    words = read(tmp_path)[1].vocabulary.words
    assert b"heldoutword" not in words
    assert b"testword" not in words
    assert b"unlabelledword" in words


def test_no_title_is_in_two_parts(tmp_path: Path) -> None:
    _, reviews = read(write_tree(tmp_path))
    for title in set(titles(tmp_path)):
        assert len(set(reviews.folds[titles(tmp_path) == title].tolist())) == 1
    assert set(reviews.folds.tolist()) == set(range(SMOKE.folds))


def test_the_test_reviews_are_handed_on_but_not_encoded(tmp_path: Path) -> None:
    data, reviews = read(write_tree(tmp_path))
    assert len(data.test) == 2 * EACH
    assert len(reviews.texts) == 3 * EACH
    assert data.split == "validation"


def test_a_ladder_may_read_the_first_reviews_of_each_folder_only(tmp_path: Path) -> None:
    data, reviews = read(write_tree(tmp_path), reviews=12)
    assert len(reviews.texts) == 36
    assert len(data.test) == 24
    assert data.sha256 != read(tmp_path)[0].sha256
