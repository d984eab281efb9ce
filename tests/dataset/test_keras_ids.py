from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imdbsent.dataset.aclimdb import LABELED, Review
from imdbsent.dataset.keras_ids import learn_vocabulary, python2_dict_order, python2_hash
from imdbsent.text.tokenizer import KerasTokenizer


def review(text: str, label: int, number: int) -> Review:
    return Review("train", number, text, label, 9 if label else 2, "")


@pytest.mark.parametrize(
    ("word", "hashed"),
    [
        ("", 0),
        ("a", 12416037344),
        ("the", 16951513139072902650),
        ("Øst", 735259229884788080),
    ],
)
def test_hashes_are_those_that_python_2_7_18_printed(word: str, hashed: int) -> None:
    assert python2_hash(word.encode()) == hashed


def test_the_order_of_a_dict_is_the_one_that_python_2_7_18_printed() -> None:
    words = (
        "the and a of to is br in it i this that Ø é was as for with movie but film on not you are his have he be one"
    )
    order = (
        "and is it one as Ø are have in film é for movie to you was be his that but br not with he a on i of this the"
    )
    assert python2_dict_order(words.encode().split()) == order.encode().split()


def test_more_frequent_words_come_first() -> None:
    vocabulary = learn_vocabulary([review("b a b", 0, 0), review("a b c", 1, 0)])
    assert vocabulary.words == (b"b", b"a", b"c")


def test_the_vocabulary_does_not_depend_on_the_order_of_the_reviews() -> None:
    reviews = [review(f"word{i} word{i * 7 % 5} x{i}", i % 2, i) for i in range(40)]
    assert learn_vocabulary(reviews) == learn_vocabulary(reviews[::-1])


@pytest.mark.real
def test_the_vocabulary_is_keras_word_index_and_the_published_figures_hold(
    real_reviews: Callable[..., list[Review]], real_word_index: Path
) -> None:
    reviews = real_reviews(*LABELED)
    vocabulary = learn_vocabulary(review for review in reviews if review.split == "train")
    theirs = json.loads(real_word_index.read_text())
    ours = {word.decode(): rank for rank, word in enumerate(vocabulary.words, 1)}
    agree = sum(theirs[word] == rank for word, rank in ours.items() if rank <= 10_000)
    assert agree == 10_000
    assert ours == theirs  # all 88,584

    tokenizer = KerasTokenizer(vocabulary, 10_000, 500)
    ids = [tokenizer.encode_whole(review.text) for review in reviews]
    lengths = np.array([len(text) for text in ids])
    assert round(float(lengths.mean()), 5) == 234.75892
    assert round(float(lengths.std()), 2) == 172.91
    assert len(set().union(*ids)) == 9_998

    # the first review of keras.datasets.imdb as every tutorial prints it
    first = next(ids for ids, r in zip(ids, reviews) if (r.folder, r.number) == ("train/pos", 576))
    assert first[:16] == [1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65, 458, 4468, 66, 3941, 4, 173]
