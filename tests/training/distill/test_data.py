from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from imdbsent.dataset.aclimdb import read_reviews
from imdbsent.text.everyday import EverydayTokenizer, emoji_characters
from imdbsent.training.data import TrainingData
from imdbsent.training.distill.config import SMOKE, DistillationConfig
from imdbsent.training.distill.data import (
    UNLABELED,
    DistillationData,
    exclusion_hash,
    labeled_spans,
    student_vocabulary,
    without_excluded,
)
from imdbsent.training.distill.pipeline import flagship_data, stage_texts
from tests.training.distill.trees import EACH, write_tree


def read(tree: Path, config: DistillationConfig = SMOKE) -> tuple[TrainingData, DistillationData]:
    data = flagship_data(tree, config)
    assert data.distillation is not None
    return data, data.distillation


def test_titles_are_held_out_whole_and_of_both_classes(tmp_path: Path) -> None:
    data, distillation = read(write_tree(tmp_path))
    titles = np.array([review.title for review in read_reviews(tmp_path) if review.split == "train"])
    held_out = distillation.held_out
    assert held_out.sum() == len(data.validation) == round(SMOKE.held_out * 2 * EACH)
    assert not set(titles[held_out]) & set(titles[~held_out])
    assert np.bincount(distillation.labels[held_out]).min() >= 2


def test_no_text_and_no_word_comes_from_held_out_or_test_reviews(tmp_path: Path) -> None:
    _, before = read(write_tree(tmp_path))
    index = int(np.flatnonzero(before.held_out)[0])
    folder, number = ("neg", index) if index < EACH else ("pos", index - EACH)
    (tmp_path / "train" / folder / f"{number}_{2 if folder == 'neg' else 9}.txt").write_text("heldoutword", "utf-8")
    (tmp_path / "test" / "pos" / "0_9.txt").write_text("testword", "utf-8")
    (tmp_path / "train" / "unsup" / "0_0.txt").write_text("unlabeledword", "utf-8")
    _, data = read(tmp_path)
    assert not [text for text in data.texts if "heldoutword" in text or "testword" in text]
    words = student_vocabulary(data, [], 4_000).words
    assert b"heldoutword" not in words
    assert b"testword" not in words
    assert b"unlabeledword" in words


def test_a_lengthened_word_has_no_id_of_its_own_if_its_plain_spelling_occurs(tmp_path: Path) -> None:
    _, data = read(write_tree(tmp_path))
    data.families["sentences"][:2] = ["sooooo goood, so good", "zzzap"]
    words = student_vocabulary(data, [], 4_000).words
    assert {b"so", b"good", b"zzzap"} <= set(words)
    assert not {b"sooooo", b"goood"} & set(words)


def test_the_test_reviews_are_only_for_the_last_line(tmp_path: Path) -> None:
    data, distillation = read(write_tree(tmp_path))
    assert len(data.test) == 2 * EACH
    assert len(distillation.reviews) == 3 * EACH
    assert data.split == "validation"
    assert data.train == ()


def test_a_run_may_read_the_first_reviews_of_each_folder_only(tmp_path: Path) -> None:
    data, distillation = read(write_tree(tmp_path), replace(SMOKE, most_reviews=12))
    assert len(distillation.reviews) == 36
    assert len(data.test) == 24


def test_the_same_reviews_give_the_same_texts_and_other_ones_another_hash(tmp_path: Path) -> None:
    _, one = read(write_tree(tmp_path))
    _, again = read(tmp_path)
    assert one.texts == again.texts
    assert one.sha256() == again.sha256()
    (tmp_path / "train" / "unsup" / "0_0.txt").write_text("another review", "utf-8")
    assert read(tmp_path)[1].sha256() != one.sha256()


def test_the_vocabulary_has_signs_the_words_of_the_teacher_and_then_the_most_frequent(tmp_path: Path) -> None:
    _, data = read(write_tree(tmp_path))
    size = len(emoji_characters()) + 40
    vocabulary = student_vocabulary(data, ["router", "invoice"], size)
    assert len(vocabulary.words) == size - 4
    assert {b"router", b"invoice", b"7/10", *(sign.encode() for sign in emoji_characters())} <= {*vocabulary.words}
    assert b"the" in vocabulary.words[:10]
    tokenizer = EverydayTokenizer(vocabulary, size, 100)
    (_, router) = tokenizer.encode_whole("Router")
    assert vocabulary.word(router - 3) == "router"


def test_texts_that_measure_the_model_are_left_out() -> None:
    from imdbsent.training.distill import data

    excluded = (Path(data.__file__).parent / "excluded.txt").read_text("ascii").split()
    texts = ["Not bad", "a text that nobody ever measured anything with"]
    assert exclusion_hash("Not bad") in excluded
    assert without_excluded(texts) == texts[1:]
    assert exclusion_hash("Not bad!") == exclusion_hash("not  bad")
    assert exclusion_hash("not bad") != exclusion_hash("bad not")


def test_spans_are_sentences_of_their_review_with_its_label() -> None:
    texts = ["One is fine. Two is fine. Three is fine. Four is fine.", "It is bad. It is so bad."]
    spans, labels = labeled_spans(texts, [1, 0], 2, seed=1)
    assert sorted(labels) == [0, 1]
    for span, label in zip(spans, labels):
        assert span in texts[1 - label]
        assert span.endswith(".")


def test_a_stage_of_the_teacher_reads_reviews_and_spans_that_are_labeled_and_not_held_out(tmp_path: Path) -> None:
    _, data = read(write_tree(tmp_path))
    stage = SMOKE.teacher.stages[1]
    texts, labels = stage_texts(data, stage, 3)
    known = [
        review.text
        for review, label, held in zip(data.reviews, data.labels, data.held_out)
        if label != UNLABELED and not held
    ]
    assert len(texts) == len(labels) == stage.reviews + min(stage.spans, len(known))
    assert set(labels) == {0, 1}
    assert all(any(text in review for review in known) for text in texts)
