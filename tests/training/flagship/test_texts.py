from __future__ import annotations

import numpy as np

from imdbsent.text.tokenizer import INDEX_FROM, OOV_ID
from imdbsent.text.words import WordsTokenizer
from imdbsent.training.flagship.texts import encode_texts, joined, most_frequent_words
from tests.training.flagship.small import encoded, texts_of


def test_texts_are_found_again_where_they_were_put_and_an_empty_one_stays_empty() -> None:
    texts = texts_of([5, 6, 7], [], [8], [])
    assert [texts[place].tolist() for place in range(len(texts))] == [[5, 6, 7], [], [8], []]
    assert texts.lengths.tolist() == [3, 0, 1, 0]
    assert texts.text_of_token().tolist() == [0, 0, 0, 2]


def test_joined_texts_are_the_first_ones_and_then_the_others() -> None:
    both = joined(texts_of([5, 6], []), texts_of([], [7], [8, 9]))
    assert [both[place].tolist() for place in range(len(both))] == [[5, 6], [], [], [7], [8, 9]]
    only = joined(texts_of(), texts_of([7]))
    assert [only[place].tolist() for place in range(len(only))] == [[7]]


def test_encoded_texts_are_the_tokenizers_ids_without_the_start_mark_and_never_cut() -> None:
    vocabulary = most_frequent_words(["good good film"], 2)
    tokenizer = WordsTokenizer(vocabulary, 6, 3)
    long = "good " * 9
    texts = encode_texts(tokenizer, ["film unheard", "", long])
    good, film = INDEX_FROM + 1, INDEX_FROM + 2
    assert [texts[place].tolist() for place in range(3)] == [[film, OOV_ID], [], [good] * 9]
    assert texts[2].tolist() == tokenizer.encode_whole(long)[1:]
    assert len(encode_texts(tokenizer, [])) == 0


def test_the_vocabulary_has_the_most_frequent_words_first_and_ties_by_the_alphabet() -> None:
    vocabulary = most_frequent_words(["b a c", "C isnt b", "c"], 4)
    assert vocabulary.words == (b"c", b"b", b"a", b"isn't")
    assert most_frequent_words(["b a c", "C isnt b", "c"], 1).words == (b"c",)


def test_labels_decide_what_is_learned_from_and_held_out_reviews_are_in_no_part_of_it() -> None:
    reviews = encoded(["a", "b", "c", "d", "e"], [1, 0, None, 1, None], held_out=[1])
    assert reviews.labelled.tolist() == [0, 3]
    assert reviews.validation.tolist() == [1]
    assert reviews.readable.tolist() == [0, 2, 3, 4]
    assert not np.intersect1d(reviews.readable, reviews.validation).size
