from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imdbsent.training.flagship.beginning import Beginning, beginning, mean_vectors, shortened
from imdbsent.training.flagship.ladder import Ladder
from imdbsent.training.flagship.texts import Reviews
from imdbsent.training.word_pairs import BUCKETS, NO_KEY, bucket_of
from tests.training.flagship.small import SMALL, encoded

sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed in the light environment")

LADDER = Ladder(fewest_texts_of_pair=10)
EACH = 20


def two_kinds() -> tuple[Reviews, np.ndarray]:
    """Texts of two kinds with vectors that say the kind, and a held-out one of another with a word of its own."""
    texts = [f"{first} thing number{i % 5}" for i in range(EACH) for first in ("great", "superb", "awful", "dull")]
    reviews = encoded([*texts, "strange"], [i % 4 < 2 for i in range(4 * EACH)] + [1], held_out=[4 * EACH])
    generator = np.random.default_rng(1)
    vectors = generator.normal(0, 0.1, (4 * EACH + 1, 6)).astype(np.float32)
    vectors[:, 0] += [3 if i % 4 < 2 else -3 for i in range(4 * EACH)] + [50]
    return reviews, vectors


def begun(reviews: Reviews, vectors: np.ndarray, ladder: Ladder = LADDER) -> Beginning:
    return beginning(reviews, vectors, SMALL, ladder)


def id_of(reviews: Reviews, word: str) -> int:
    return reviews.vocabulary.ranks[word.encode()] + 3


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_words_of_like_texts_begin_alike_and_those_of_others_opposite() -> None:
    reviews, vectors = two_kinds()
    great, superb, awful = (begun(reviews, vectors).words[id_of(reviews, w)] for w in ("great", "superb", "awful"))
    assert cosine(great, superb) > 0.9
    assert cosine(great, awful) < -0.9


def test_pairs_begin_like_the_texts_that_hold_them_and_those_that_are_not_kept_at_nothing() -> None:
    reviews, vectors = two_kinds()
    first = begun(reviews, vectors)
    great, superb, awful = (
        first.pairs[bucket_of(id_of(reviews, word), id_of(reviews, "thing"))] for word in ("great", "superb", "awful")
    )
    assert cosine(great, superb) > 0.9
    assert cosine(great, awful) < -0.9
    assert np.count_nonzero(first.pair_table != NO_KEY) == np.count_nonzero(first.pairs.any(axis=1)) == 9
    assert first.pairs.shape == (BUCKETS + 1, 2)
    assert first.words.shape == (60, 4)
    assert not first.words[0].any()


def test_a_held_out_review_does_not_count() -> None:
    reviews, vectors = two_kinds()
    first = begun(reviews, vectors)
    vectors[-1] = -70
    np.testing.assert_array_equal(begun(reviews, vectors).words, first.words)
    assert not first.words[id_of(reviews, "strange")].any()


def test_a_mean_vector_has_the_direction_of_the_texts_and_is_shorter_for_what_few_hold() -> None:
    presence = sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0]], np.float32))
    found = mean_vectors(presence, np.array([[0.03, 0], [0, 0.04], [0.03, 0]], np.float32))
    assert found[0, 0] / found[0, 1] == pytest.approx(0.06 / 0.04, rel=1e-5)
    mean = np.hypot(0.06, 0.04) / (3 + 5)
    assert np.linalg.norm(found[0]) == pytest.approx(mean / (mean + 0.01), rel=1e-5)
    assert np.linalg.norm(found[1]) < np.linalg.norm(found[0]) < 1
    assert not found[2].any()


def test_shortened_vectors_keep_the_directions_in_which_they_differ_most() -> None:
    generator = np.random.default_rng(3)
    wide = generator.normal(size=(300, 5)).astype(np.float32) * np.array([0.01, 5, 0.01, 2, 0.01], np.float32)
    wide[7] = 0
    kept = shortened(wide, 2)
    assert not kept[7].any()
    assert kept[np.arange(300) != 7].std() == pytest.approx(0.1, rel=1e-3)
    assert abs(np.corrcoef(kept[:, 0], wide[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(kept[:, 1], wide[:, 3])[0, 1]) > 0.99


def test_zeros_stand_behind_where_more_numbers_are_asked_for_than_there_are() -> None:
    kept = shortened(np.array([[1, 2], [3, 5], [0, 1]], np.float32), 4)
    assert kept.shape == (3, 4)
    assert not kept[:, 2:].any()
    assert kept[:, :2].any()


def test_where_no_pair_is_frequent_enough_all_begin_at_nothing() -> None:
    first = begun(*two_kinds(), replace(LADDER, fewest_texts_of_pair=1_000))
    assert (first.pair_table == NO_KEY).all()
    assert not first.pairs.any()  # nor is any of them "not a number"
    assert first.words.any()


def test_a_network_is_given_all_of_it() -> None:
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.training.architectures.flagship import flagship_network

    first, network = begun(*two_kinds()), flagship_network(SMALL)
    first.give_to(network)
    for name, given in (("embedding", first.words), ("pair_embedding", first.pairs), ("pairs", first.pair_table)):
        np.testing.assert_array_equal(network.get_layer(name).get_weights()[0], given)
