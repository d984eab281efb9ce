from __future__ import annotations

import numpy as np
import pytest

from imdbsent.text.tokenizer import OOV_ID
from imdbsent.training.flagship.documents import presence_matrix, words_in
from tests.training.flagship.small import random_texts, texts_of

pytest.importorskip("scipy", reason="scipy is not installed in the light environment")


def test_each_ngram_of_up_to_three_words_has_a_column_of_ones_in_the_texts_that_hold_it() -> None:
    matrix = presence_matrix(texts_of([5, 6, 7], [5, 6, 5, 6]), np.arange(2), (1, 1, 1)).toarray()
    # by length, and by the number of the key, whose highest part is the last word: 5 6 7, then 6-5 5-6 6-7, then ...
    assert matrix[:, :3].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert matrix[:, 3:6].tolist() == [[0, 1, 1], [1, 1, 0]]
    assert sorted(matrix[:, 6:].T.tolist()) == [[0, 1], [0, 1], [1, 0]]


def test_an_ngram_must_stand_in_so_many_of_the_counted_texts_whichever_text_holds_it_besides() -> None:
    texts = texts_of([5], [5], [6, 6], [6], [6])
    matrix = presence_matrix(texts, np.array([0, 1, 2]), (2,)).toarray()
    assert matrix.tolist() == [[1], [1], [0], [0], [0]]  # 6 stands in one counted text only, if twice
    both = presence_matrix(texts, np.arange(5), (2,)).toarray()
    assert both.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]]


def test_no_ngram_crosses_a_text_or_holds_an_unknown_word() -> None:
    texts = texts_of([5, 6], [], [7, OOV_ID, 8])
    assert presence_matrix(texts, np.arange(3), (9, 1)).toarray().tolist() == [[1], [0], [0]]
    assert presence_matrix(texts, np.arange(3), (1, 9)).toarray().sum(axis=1).tolist() == [2, 0, 2]


def test_the_matrix_holds_what_counting_by_hand_finds() -> None:
    texts = random_texts([0, 1, 2, 40, 17, 3], vocabulary_size=9)
    expected: dict[tuple[int, ...], set[int]] = {}
    for place in range(len(texts)):
        words = texts[place].tolist()
        for size in (1, 2, 3):
            for start in range(len(words) - size + 1):
                expected.setdefault(tuple(words[start : start + size]), set()).add(place)
    found = presence_matrix(texts, np.arange(len(texts)), (1, 2, 1)).toarray()
    wanted = [row for gram, row in expected.items() if len(gram) != 2 or len(row) >= 2]
    assert sorted(sorted(np.flatnonzero(column).tolist()) for column in found.T) == sorted(map(sorted, wanted))


def test_texts_shorter_than_an_ngram_have_none() -> None:
    assert presence_matrix(texts_of([5], [6]), np.arange(2), (1, 1, 1)).shape == (2, 2)


def test_words_stand_in_the_columns_of_their_ids_once_a_text() -> None:
    matrix = words_in(texts_of([3, 3, 1], [], [0]), 5).toarray()
    assert matrix.tolist() == [[0, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
