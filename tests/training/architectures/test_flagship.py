from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.training.architectures.small import padded, random_texts

pytest.importorskip("keras", reason="keras is not installed in the light environment")
import keras

from imdbsent.training.word_pairs import BUCKETS, NO_KEY
from tests.training.architectures.networks import grown, pooled, read_and_states


@pytest.fixture(scope="module")
def network():
    return grown()


def rows(*lengths: int) -> list[list[int]]:
    texts = random_texts(lengths)
    return [texts.ids[start:end].tolist() for start, end in itertools.pairwise(texts.starts)]


def said(network, ids) -> np.ndarray:
    return np.array(network(ids))[:, 0]


def test_padding_behind_a_text_never_changes_its_logit(network) -> None:
    texts = rows(0, 1, 5, 40, 62, 63)
    narrow, wide = (said(network, padded(texts, width)) for width in (64, 192))
    np.testing.assert_allclose(narrow, wide, atol=1e-5)
    assert np.ptp(narrow) > 0.2  # it tells texts apart, so agreeing means something


@pytest.mark.parametrize("words", [1, 40, 63, 64, 100, 150])
def test_what_is_pooled_is_keras_own_bidirectional_lstm_over_each_segment_without_padding(network, words: int) -> None:
    ids = padded(rows(words), 192)
    features = keras.Model(network.input, network.get_layer("features").output)
    read, states = read_and_states(network, ids[0, : words + 1])
    np.testing.assert_allclose(np.array(features(ids))[0], pooled(read, states), atol=1e-5)
    assert np.abs(states[:, :3] - states[:, 3:]).max() > 0.1  # the directions differ


def test_the_order_of_words_matters_even_where_no_pair_is_known(network) -> None:
    (text,) = rows(20)
    pairs = network.get_layer("pairs")
    table = pairs.get_weights()
    try:
        pairs.set_weights([np.full(BUCKETS + 1, NO_KEY, np.int32)])
        one, other = said(network, padded([text, text[::-1]], 64))
    finally:
        pairs.set_weights(table)
    assert abs(one - other) > 1e-3


def test_a_pair_that_is_known_changes_the_logit(network) -> None:
    ids = padded(rows(20), 64)
    with_pairs = said(network, ids)
    pairs = network.get_layer("pairs")
    table = pairs.get_weights()
    try:
        pairs.set_weights([np.full(BUCKETS + 1, NO_KEY, np.int32)])
        assert abs(said(network, ids) - with_pairs).item() > 1e-3
    finally:
        pairs.set_weights(table)
