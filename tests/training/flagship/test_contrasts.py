from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from imdbsent.text.tokenizer import OOV, OOV_ID
from imdbsent.text.words import WordsTokenizer, split_words
from imdbsent.training.flagship.contrasts import (
    CONTRASTED,
    FEWEST,
    NEGATED,
    SLOPE,
    SURE,
    SUREST,
    TURNED,
    Contrasts,
    contrasts,
    said_of_films,
    sides_of_words,
)
from imdbsent.training.flagship.texts import Reviews
from tests.negation import sentences
from tests.training.flagship.small import encoded

pytest.importorskip("scipy", reason="scipy is not installed in the light environment")

TURNS = {
    *("not", "isn't", "wasn't", "ain't", "wouldn't", "never"),
    *("nothing", "neither", "hardly", "anything", "could", "far"),
}
GOOD, BAD = {"lovely", "radiant", "moving", "tender"}, {"tiresome", "clumsy", "stale", "wretched"}
JOINING = "but although even though yet while despite that however if"
HELD_OUT = "gloomy"


@functools.cache
def small_reviews() -> Reviews:
    """Reviews in which "superb" and "dreadful" are said of films, and whose clauses are each on one side."""
    positive = ["so superb here , lovely radiant moving tender ! very superb"] * 30
    negative = ["so dreadful here , tiresome clumsy stale wretched ! very dreadful"] * 30
    seldom = ["very wobbly"] * (FEWEST - 1)  # on the side of the negative ones, but behind a degree too seldom
    unsided = [f"very blue {side}" for side in ("superb", "dreadful")] * 20
    held_out = [f". {HELD_OUT} {HELD_OUT} {HELD_OUT} {HELD_OUT} ."] * 9
    labels = [1] * 30 + [0] * 30 + [0] * len(seldom) + [1, 0] * 20 + [0] * 9 + [None] * 2
    words = " ".join(sentence.text for sentence in sentences())  # so that every word of them has an id
    texts = [*positive, *negative, *seldom, *unsided, *held_out, words, f"{' '.join(TURNS)} {JOINING}"]
    first = len(texts) - 2 - len(held_out)
    return encoded(texts, labels, held_out=range(first, first + len(held_out)))


def number_of_ids() -> int:
    return len(small_reviews().vocabulary.words) + 4


@functools.cache
def made(seed: int = 7) -> Contrasts:
    return contrasts(small_reviews(), number_of_ids(), seed)


def tokenizer() -> WordsTokenizer:
    return WordsTokenizer(small_reviews().vocabulary, number_of_ids(), 1_000)


def read(seed: int = 7) -> list[tuple[list[str], float]]:
    found = made(seed)
    decoded = tokenizer()
    return [(decoded.decode(found.texts[place]), float(found.targets[place])) for place in range(len(found.texts))]


def without_mark(ids: list[int], marks: set[int]) -> tuple[int, ...]:
    while ids and ids[-1] in marks:
        ids = ids[:-1]
    return tuple(ids)


def test_no_sentence_that_negation_is_tried_on_is_learned_from() -> None:
    """Compared as the network reads them, without the mark at the end, and for many seeds: most are drawn."""
    encode = tokenizer().encode_whole
    marks = {encode(mark)[1] for mark in (".", "!", "...")}
    tried = {without_mark(encode(sentence.text)[1:], marks): sentence.text for sentence in sentences()}
    assert not any(OOV_ID in ids for ids in tried)
    learned = {
        without_mark(found.texts[place].tolist(), marks)
        for found in map(made, range(40))
        for place in range(len(found.texts))
    }
    assert [text for ids, text in tried.items() if ids in learned] == []


@pytest.mark.parametrize(("word", "is_positive"), [("superb", True), ("dreadful", False)])
def test_a_frame_keeps_the_side_of_a_word_or_turns_it_over(word: str, is_positive: bool) -> None:
    side = float(sides_of_words(small_reviews(), number_of_ids())[small_reviews().vocabulary.ranks[word.encode()] + 3])
    plain = min(max(1 / (1 + math.exp(-SLOPE * side)), 1 - SUREST), SUREST)
    assert (plain > 0.5) == is_positive
    kinds = set()
    for words, target in read():
        if word in words and not (GOOD | BAD) & set(words):
            is_turned = bool(TURNS & set(words))
            expected = (0.5 + TURNED * (0.5 - plain)) if is_turned else plain
            assert target == pytest.approx(expected, abs=1e-6), words
            kinds.add(is_turned)
    assert kinds == {False, True}


def test_each_word_stands_in_as_many_plain_sentences_as_turned_ones() -> None:
    with_word = [words for words, _ in read() if "superb" in words and not (GOOD | BAD) & set(words)]
    turned = [words for words in with_word if TURNS & set(words)]
    assert len(with_word) == 2 * len(turned) + 3  # and the word alone, three times
    assert [words for words in with_word if len(words) == 1] == [["superb"]]


def test_words_that_nobody_knows_say_nothing() -> None:
    targets = {len(words): target for words, target in read() if set(words) == {OOV}}
    assert targets == dict.fromkeys(range(1, 13), 0.5)


def test_of_two_clauses_the_one_counts_that_the_word_between_them_says() -> None:
    kinds = set()
    for words, target in read():
        sides = [word in GOOD for word in words if word in GOOD | BAD]
        if len(set(sides)) < 2:
            continue
        is_first = any(word in words[2:] for word in ("although", "if", "though"))  # elsewhere they begin a sentence
        counts = sides[0] if is_first else sides[-1]
        assert target == pytest.approx(CONTRASTED if counts else 1 - CONTRASTED), words
        assert sides == sorted(sides, reverse=sides[0])  # each clause is on one side
        kinds.add((is_first, counts))
    assert len(kinds) == 4


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("i don't like this one .", 1 - NEGATED),
        ("it never fails to please", None),
        ("i enjoy this film !", SURE),
        ("it does drag .", 1 - NEGATED),
        ("it never drag .", NEGATED),
        ("full of imagination .", NEGATED),
        ("a weak scene .", 1 - NEGATED),
        ("not worth renting .", 1 - SURE),
        ("well worth renting .", SURE),
        ("without imagination .", 1 - NEGATED),
        ("not one weak scene in it .", NEGATED),
    ],
)
def test_verbs_worth_and_what_is_lacking_have_their_side(text: str, target: float | None) -> None:
    every_word = encoded([text, *(review for review in ("superb", "dreadful"))], [None, 1, 0])
    found = contrasts(every_word, len(every_word.vocabulary.words) + 4, 7)
    ids = WordsTokenizer(every_word.vocabulary, 1_000, 1_000).encode_whole(text)[1:]
    targets = {float(found.targets[place]) for place in range(len(found.texts)) if found.texts[place].tolist() == ids}
    assert targets == (set() if target is None else {float(np.float32(target))})


def test_what_is_said_of_films_stands_behind_a_degree_often_enough_and_has_a_side() -> None:
    reviews = small_reviews()
    sides = sides_of_words(reviews, number_of_ids())
    assert {reviews.vocabulary.word(id_ - 3) for id_ in said_of_films(reviews, sides)} == {"superb", "dreadful"}


def test_nothing_of_a_held_out_title_is_in_a_sentence() -> None:
    assert HELD_OUT in split_words(" ".join(map(bytes.decode, small_reviews().vocabulary.words)))
    assert not any(HELD_OUT in words for words, _ in read())


def test_a_seed_decides_the_sentences() -> None:
    again = contrasts(small_reviews(), number_of_ids(), 7)
    np.testing.assert_array_equal(again.texts.ids, made().texts.ids)
    np.testing.assert_array_equal(again.targets, made().targets)
    assert made(8).texts.ids.tolist() != made().texts.ids.tolist()


def test_no_sentence_is_empty_and_most_words_are_known() -> None:
    assert made().texts.lengths.min() >= 1
    assert len(made().targets) == len(made().texts)
    words = [word for words, _ in read() for word in words]
    assert 0 < words.count(OOV) < len(words) / 2
