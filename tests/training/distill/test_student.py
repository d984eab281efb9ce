from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.training.distill.config import StudentConfig
from imdbsent.training.distill.data import EncodedTexts
from imdbsent.training.recipes import FLAGSHIP

pytest.importorskip("keras", reason="training needs TensorFlow")

from imdbsent.training.architectures.flagship import flagship_network
from imdbsent.training.distill.student import SoftLabeled, soft_targets, student_network, width_of

RECIPE = replace(FLAGSHIP, vocabulary_size=50, embedding_size=8, units=5, epochs=2, batch_size=16, learning_rate=0.02)
CONFIG = StudentConfig(tokens=1_024, most_texts=16, fewest_texts_of_pair=2, word_dropout=0.0, dropout=0.0)
LENGTHS = (100, 70, 3, 1, 5, 5, 12, 30, 63, 64, 200)


def some_texts() -> EncodedTexts:
    generator = np.random.default_rng(0)
    ids = [generator.integers(4, 50, length) for length in LENGTHS]
    return EncodedTexts(np.concatenate(ids).astype(np.int32), np.cumsum([0, *LENGTHS]))


def source(config: StudentConfig = CONFIG, reviews: int = 2, share: float = 1.0) -> SoftLabeled:
    texts = some_texts()
    targets = np.linspace(0, 1, len(texts)).astype(np.float32)
    shares = np.ones(len(texts), np.float32)
    shares[:reviews] = share
    return SoftLabeled(texts, targets, shares, reviews, np.arange(len(texts)), config)


def test_a_look_at_every_text_reads_each_whole_with_its_target() -> None:
    found = {}
    train = source()
    for batch in train.in_order():
        ids, targets = train.batch(batch)
        for text, row, target in zip(batch.texts, ids, targets[:, 0]):
            found[int(text)] = ([int(i) for i in row if i], float(target))
    texts = some_texts()
    for text in range(len(texts)):
        whole = texts.ids[texts.starts[text] : texts.starts[text + 1]].tolist()
        read, target = found[text]
        assert read == [1, *whole]
        assert target == pytest.approx(text / (len(texts) - 1))


def test_an_epoch_has_every_text_once_and_cuts_reviews_alone() -> None:
    train = source(replace(CONFIG, part_share=1.0))
    seen = {}
    for batch in train.shuffled(4, 7, 1):
        assert len(batch) <= 4
        for text, length in zip(batch.texts, batch.lengths):
            assert int(text) not in seen
            seen[int(text)] = int(length)
    assert sorted(seen) == list(range(len(LENGTHS)))
    assert all(seen[text] == min(LENGTHS[text], CONFIG.longest) for text in range(2, len(LENGTHS)))
    assert all(LENGTHS[text] / 2 <= seen[text] <= LENGTHS[text] for text in range(2))


def test_an_epoch_has_the_share_of_each_text() -> None:
    train = source(reviews=8, share=0.5)
    epochs = [{int(text) for batch in train.shuffled(4, 7, epoch) for text in batch.texts} for epoch in range(1, 40)]
    assert all({8, 9, 10} <= read for read in epochs)
    assert set.union(*epochs) == set(range(len(LENGTHS)))
    assert 3 < np.mean([len(read) - 3 for read in epochs]) < 5


def test_an_epoch_follows_from_its_seed_and_number() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        return [batch.texts.tolist() for batch in source().shuffled(4, seed, epoch)]

    assert order(7, 1) == order(7, 1)
    assert order(7, 1) != order(7, 2)
    assert order(7, 1) != order(8, 1)


def test_words_are_dropped_from_reviews_alone() -> None:
    train = source(replace(CONFIG, word_dropout=1.0))
    for batch in train.shuffled(4, 7, 1):
        ids, _ = train.batch(batch)
        for text, row in zip(batch.texts, ids):
            words = row[(row != 0) & (row != 1)]
            assert bool((words == 2).all()) == (text < train.reviews)


def test_short_texts_have_narrow_batches_and_reviews_whole_segments() -> None:
    lengths = np.array([1, 8, 9, 33, 64, 65, 128, 129])
    assert width_of(lengths).tolist() == [8, 8, 16, 48, 64, 128, 128, 192]


def test_a_label_counts_half_and_no_target_is_surer_than_the_largest_logit() -> None:
    targets = soft_targets(np.array([0.0, 100.0, -100.0, 0.0]), np.array([1, -1, 0, -1], np.int8), CONFIG)
    certain = 1 / (1 + np.exp(-CONFIG.most_certain))
    assert targets == pytest.approx([0.75, certain, (1 - certain) / 2, 0.5])


def test_padding_to_another_width_changes_no_logit() -> None:
    network = flagship_network(RECIPE)
    ids = np.zeros((1, 64), np.int32)
    ids[0, :6] = [1, 5, 9, 20, 33, 4]
    logits = [float(np.asarray(network(ids[:, :width]))[0, 0]) for width in (8, 16, 48, 64)]
    assert logits == pytest.approx([logits[0]] * 4, abs=1e-6)


@pytest.mark.slow
def test_the_student_begins_with_the_words_it_is_given_and_learns() -> None:
    words = np.random.default_rng(1).normal(size=(46, 6)).astype(np.float16)
    train = source()
    network = student_network(RECIPE, 7, words, train, CONFIG)
    rows = network.get_layer("embedding").get_weights()[0]
    assert rows[4:50, :6] == pytest.approx(0.1 * words.astype(np.float32), abs=1e-6)
    losses = []
    for epoch in range(1, 9):
        logs = [network.train_on_batch(*train.batch(batch), return_dict=True) for batch in train.shuffled(8, 7, epoch)]
        losses.append(np.mean([log["loss"] for log in logs]))
    assert losses[-1] < losses[0]
