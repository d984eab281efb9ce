from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.text.tokenizer import START_ID
from imdbsent.training.flagship.ladder import Ladder
from tests.training.flagship.small import SMALL, random_texts, texts_of

pytest.importorskip("keras", reason="keras is not installed in the light environment")
import keras

from imdbsent.training.flagship.reader import (
    Windows,
    chances_of,
    compile_language_model,
    frequencies_of,
    give_weights,
    language_model,
    reader_network,
    stream_of,
    weights_of,
)

LADDER = Ladder(window=8, drawn_words=30, language_batch=4, language_dropout=0.0)
RECIPE = replace(SMALL, vocabulary_size=40, embedding_size=6, units=5, learning_rate=0.03, epochs=10)
TEXTS = random_texts(np.random.default_rng(4).integers(0, 40, 30).tolist(), RECIPE.vocabulary_size)
STREAM = stream_of(TEXTS, np.arange(30))
CHANCES = chances_of(frequencies_of(STREAM, RECIPE.vocabulary_size))


def windows(stream: np.ndarray = STREAM) -> Windows:
    return Windows(stream, LADDER, chances_of(frequencies_of(stream, RECIPE.vocabulary_size)), seed=7)


def test_the_stream_is_the_texts_asked_for_a_start_mark_before_each() -> None:
    texts = texts_of([5, 6], [7], [], [8, 9])
    assert stream_of(texts, np.array([3, 0, 2])).tolist() == [START_ID, 8, 9, START_ID, 5, 6, START_ID]


def test_the_windows_of_an_epoch_cover_the_stream_once_but_for_its_borders() -> None:
    borders = set()
    for epoch in range(1, 13):
        starts = sorted(start for batch in windows().shuffled(1, 7, epoch) for start in batch[2:])
        assert np.diff(starts).tolist() == [LADDER.window] * (len(starts) - 1)
        assert 0 <= starts[0] < LADDER.window
        assert len(STREAM) - LADDER.window < starts[-1] + LADDER.window <= len(STREAM)
        borders.add(starts[0])
    assert len(borders) > 4  # another epoch, other borders


def test_a_batch_holds_windows_of_the_stream_and_words_that_are_the_same_for_all_of_them() -> None:
    source = windows()
    batches = source.shuffled(4, 7, 1)
    assert batches == source.shuffled(4, 7, 1) != source.shuffled(4, 7, 2)
    assert len(batches) == source.steps(4, 7, 1) > 5
    assert {len(batch) - 2 for batch in batches} == {4}
    for batch in (*batches, *source.in_order()):
        (ids, drawn), nothing = source.batch(batch)
        starts = batch[2:]
        assert ids.shape == (len(starts), LADDER.window)
        assert drawn.shape == (len(starts), LADDER.drawn_words)
        assert nothing.shape == (len(starts), 1)
        assert (drawn == drawn[0]).all()
        for row, start in zip(ids, starts, strict=True):
            assert row.tolist() == STREAM[start : start + LADDER.window].tolist()
    first, second = (source.batch(batch)[0][1][0].tolist() for batch in batches[:2])
    assert first != second


def test_a_stream_of_less_than_a_batch_is_one_batch() -> None:
    assert [len(batch) - 2 for batch in windows(STREAM[:30]).shuffled(100, 7, 1)] in ([2], [3])


def test_words_are_drawn_by_their_chances_which_sum_to_1() -> None:
    frequencies = frequencies_of(STREAM, RECIPE.vocabulary_size)
    assert frequencies.sum() == pytest.approx(1)
    assert CHANCES.sum() == pytest.approx(1)
    assert frequencies[START_ID] == pytest.approx(30 / len(STREAM))
    assert CHANCES[0] == frequencies[0] == 0  # padding is never drawn
    common, rare = START_ID, int(np.argmin(np.where(frequencies > 0, frequencies, 1)))
    assert CHANCES[common] / CHANCES[rare] == pytest.approx((frequencies[common] / frequencies[rare]) ** 0.75)
    source = windows()
    drawn = np.concatenate([source.batch(batch)[0][1][0] for batch in source.shuffled(1, 7, 1)])
    assert len(drawn) > 1_500
    assert np.mean(drawn == common) == pytest.approx(CHANCES[common], abs=0.03)


def test_a_word_is_told_from_those_drawn_and_counts_once_however_often_it_is_drawn() -> None:
    """With logits of zero, what remains are the chances that the words are drawn by."""
    network = language_model(RECIPE, LADDER, frequencies_of(STREAM, RECIPE.vocabulary_size))
    source = windows()
    inputs, _ = source.batch(source.in_order()[0])
    network.build([(None, LADDER.window), (None, LADDER.drawn_words)])
    for dense in (network.say_next, network.say_before):
        dense.set_weights([0 * weights for weights in dense.get_weights()])
    found = keras.ops.convert_to_numpy(network([keras.ops.convert_to_tensor(array) for array in inputs]))
    assert found.shape == (4, 2)
    ids, (drawn, *_) = inputs
    losses = []
    for word in ids[0].tolist():
        others = (1 / CHANCES[drawn[drawn != word]]).sum()
        losses.append(np.log(1 / CHANCES[word] + others) - np.log(1 / CHANCES[word]))
    assert any((drawn == word).any() for word in ids[0])
    expected = (np.mean(losses[1:]) + np.mean(losses[:-1])) / 2  # the next words, and the words before
    assert found[0, 0] == pytest.approx(expected, rel=1e-3)


def test_a_few_dozen_steps_teach_it_a_text_that_repeats() -> None:
    keras.utils.set_random_seed(3)
    stream = np.array([*range(4, 20)] * 40, np.int32)
    source = windows(stream)
    network = language_model(RECIPE, LADDER, frequencies_of(stream, RECIPE.vocabulary_size))
    network.build([(None, LADDER.window), (None, LADDER.drawn_words)])
    compile_language_model(network, keras.optimizers.Adam(0.1))
    losses, shares = [], []
    for epoch in range(1, 13):
        for batch in source.shuffled(16, 7, epoch):
            network.reset_metrics()
            logs = network.train_on_batch(*source.batch(batch), return_dict=True)
            losses.append(float(logs["loss"]))
            shares.append(float(logs["accuracy"]))
    assert 40 < len(losses) < 70
    assert losses[0] > 2
    assert losses[-1] < losses[0] / 2
    assert shares[0] < 0.4
    assert shares[-1] > 0.7


def test_the_reader_takes_over_the_embedding_and_the_lstms() -> None:
    frequencies = frequencies_of(STREAM, RECIPE.vocabulary_size)
    model = language_model(RECIPE, LADDER, frequencies)
    model.build([(None, LADDER.window), (None, LADDER.drawn_words)])
    reader = reader_network(RECIPE, LADDER, frequencies.astype(np.float32))
    reader.build((None, None))
    weights = weights_of(model)
    each = 6 * 20 + 5 * 20 + 20  # of either direction: from the input, from the state, bias
    assert weights.shape == (40 * 6 + 2 * each,)
    dense = [array.copy() for array in reader.dense.get_weights()]
    assert not np.array_equal(weights_of(reader), weights)
    give_weights(reader, weights)
    np.testing.assert_array_equal(weights_of(reader), weights)
    for mine, its in ((reader.embedding, model.embedding), (reader.lstm, model.lstm)):
        for first, second in zip(mine.get_weights(), its.get_weights(), strict=True):
            np.testing.assert_array_equal(first, second)
    for first, second in zip(dense, reader.dense.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
