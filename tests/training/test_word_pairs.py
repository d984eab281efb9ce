from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from imdbsent.text.tokenizer import OOV_ID
from imdbsent.training.recipes import problem_of_size
from imdbsent.training.word_pairs import (
    BUCKETS,
    LARGEST_VOCABULARY,
    NO_KEY,
    bucket_of,
    frequent_pairs,
    key_of,
    pairs_in,
)
from tests.training.architectures.small import SMALL, padded, random_texts, texts_of

SIZE = 600
LAST = LARGEST_VOCABULARY - 1


def collision() -> tuple[tuple[int, int], tuple[int, int]]:
    """Two pairs of words of a vocabulary of 600 that fall into one bucket."""
    seen: dict[int, tuple[int, int]] = {}
    for first in range(4, SIZE):
        for second in range(4, SIZE):
            other = seen.setdefault(bucket_of(first, second), (first, second))
            if other != (first, second):
                return other, (first, second)
    raise AssertionError


def kept(table) -> set[tuple[int, int]]:
    return {divmod(int(key), SIZE) for key in table[table != NO_KEY]}


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_pairs_in_one_bucket_the_more_frequent_stays(swapped: bool) -> None:
    often, seldom = collision()[:: -1 if swapped else 1]
    texts = texts_of(*[list(seldom)] * 2, *[list(often)] * 3)
    table = frequent_pairs(texts, np.arange(5), SIZE, 2)
    assert kept(table) == {often}
    assert table[bucket_of(*often)] == key_of(*often, SIZE)
    marked = pairs_in(texts_of(list(often), list(seldom)), table, SIZE)
    assert marked.ids.tolist() == [0, bucket_of(*often), 0, 0]  # what only falls into the bucket is no pair


def test_a_pair_counts_once_a_text_and_only_in_texts_that_are_counted() -> None:
    texts = texts_of([4, 5, 4, 5], [6, 7], [6, 7], [8, 9], [8, 9])
    assert kept(frequent_pairs(texts, np.array([0, 1, 2, 3]), SIZE, 2)) == {(6, 7)}
    everything = kept(frequent_pairs(texts, np.arange(5), SIZE, 1))
    assert everything == {(4, 5), (5, 4), (6, 7), (8, 9)}


def test_an_unknown_word_makes_no_pair() -> None:
    texts = texts_of([4, OOV_ID, 5, 6])
    assert kept(frequent_pairs(texts, np.array([0]), SIZE, 1)) == {(5, 6)}


def test_no_pair_crosses_from_one_text_into_the_next() -> None:
    texts = texts_of([5, 6], [], [7, 8], [])
    assert kept(frequent_pairs(texts, np.arange(4), SIZE, 1)) == {(5, 6), (7, 8)}
    table = frequent_pairs(texts_of([6, 7], [7, 8]), np.arange(2), SIZE, 1)
    marked = pairs_in(texts, table, SIZE)
    assert marked.ids.tolist() == [0, 0, 0, bucket_of(7, 8)]
    assert marked.lengths.tolist() == [2, 0, 2, 0]


def test_keys_and_buckets_of_the_largest_vocabulary_fit_into_int32_and_no_larger_one_would() -> None:
    last = np.array([LAST], np.int32)
    assert key_of(last, last, LARGEST_VOCABULARY).item() == LAST * LARGEST_VOCABULARY + LAST < 2**31
    assert bucket_of(last, last).item() == bucket_of(LAST, LAST)
    assert key_of(LAST + 1, LAST + 1, LARGEST_VOCABULARY + 1) >= 2**31
    words = [LAST, LAST, LAST - 1, 4, LAST]
    table = frequent_pairs(texts_of(words), np.array([0]), LARGEST_VOCABULARY, 1)
    assert np.count_nonzero(table != NO_KEY) == 4
    marked = pairs_in(texts_of(words), table, LARGEST_VOCABULARY).ids.tolist()
    assert marked == [0, *(bucket_of(one, two) for one, two in itertools.pairwise(words))]


def test_no_recipe_has_more_ids_than_their_pairs_can_be_numbered() -> None:
    assert problem_of_size(replace(SMALL, vocabulary_size=LARGEST_VOCABULARY)) is None
    problem = problem_of_size(replace(SMALL, vocabulary_size=LARGEST_VOCABULARY + 1))
    assert problem is not None
    assert problem.startswith("vocabulary_size is 46,341, more than the 46,340 ids")


def test_the_network_finds_the_pairs_that_the_arrays_have() -> None:
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.training.architectures.flagship import flagship_network

    texts = random_texts([60, 1, 33, 63])
    size = SMALL.vocabulary_size
    table = frequent_pairs(texts, np.array([0, 2]), size, 1)
    layer = flagship_network(SMALL).get_layer("pairs")
    layer.set_weights([table])
    rows = [texts.ids[start:end].tolist() for start, end in itertools.pairwise(texts.starts)]
    found = np.array(layer(padded(rows, 64)))
    marked = pairs_in(texts, table, size)
    pairs = [marked.ids[start:end].tolist() for start, end in itertools.pairwise(marked.starts)]
    for row, expected in zip(found, pairs):
        assert row[1 : len(expected) + 1].tolist() == expected
        assert not row[len(expected) + 1 :].any()
    assert not found[:, :2].any()  # the start mark and the first word end none
    assert 0 < np.count_nonzero(pairs[3]) < 62  # of a text that was not counted, some are in the table
    assert np.count_nonzero(pairs[0]) == 59  # of one that was, all


def test_the_network_finds_the_pair_of_the_two_last_words_of_the_largest_vocabulary() -> None:
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.training.architectures.flagship import flagship_network

    words = [LAST, LAST, LAST - 1, 4, LAST]
    layer = flagship_network(replace(SMALL, vocabulary_size=LARGEST_VOCABULARY, embedding_size=1)).get_layer("pairs")
    layer.set_weights([frequent_pairs(texts_of(words), np.array([0]), LARGEST_VOCABULARY, 1)])
    found = np.array(layer(padded([words], 64)))[0]
    assert found[2:6].tolist() == [bucket_of(one, two) for one, two in itertools.pairwise(words)]
    assert 0 < found.max() <= BUCKETS
