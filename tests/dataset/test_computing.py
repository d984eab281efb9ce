from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imdbsent.dataset.aclimdb import LABELED, read_reviews
from imdbsent.dataset.corpus import Corpus, Text, count_reviews, count_texts
from imdbsent.dataset.statistics import Percentile, StarCount, compute
from imdbsent.text.tokenizer import KerasTokenizer, Vocabulary


def corpus_of(*texts: tuple[str, str | None]) -> Corpus:
    return count_texts(Text("file", label, text, number) for number, (text, label) in enumerate(texts, start=1))


@pytest.fixture
def tiny_corpus(tiny_tree: Path) -> Corpus:
    (tiny_tree / "test/pos/7_10.txt").write_text("Great, and unheard of!", encoding="utf-8")
    return count_reviews(read_reviews(tiny_tree, LABELED))


def test_lengths_are_those_of_the_encoded_reviews(tiny_tree: Path, tiny_corpus: Corpus) -> None:
    tokenizer = KerasTokenizer(Vocabulary(tiny_corpus.words[: tiny_corpus.ranked]), 10_000, 500)
    reviews = read_reviews(tiny_tree, LABELED)
    lengths = [len(tokenizer.encode_whole(review.text)) for review in reviews]
    found = compute(tiny_corpus, "all", 10_000, 10).lengths
    assert found.mean == np.mean(lengths)
    assert found.std == pytest.approx(np.std(lengths), abs=1e-12)
    assert found.longest.length == max(lengths)
    assert (found.shortest.length, found.shortest.review) == (2, "test/pos/7_10.txt")  # "great"; the rest is unknown
    assert sum(column.reviews for column in found.histogram) == len(reviews)


@pytest.mark.parametrize("num_words", [5, 8, 12, 10_000])
def test_distinct_ids_and_out_of_vocabulary_are_those_of_the_encoded_reviews(
    tiny_tree: Path, tiny_corpus: Corpus, num_words: int
) -> None:
    tokenizer = KerasTokenizer(Vocabulary(tiny_corpus.words[: tiny_corpus.ranked]), num_words, 500)
    for split in ("train", "test"):
        ids = [i for r in read_reviews(tiny_tree, LABELED) if r.split == split for i in tokenizer.encode_whole(r.text)]
        found = compute(tiny_corpus, split, num_words, 0).vocabulary
        assert found.distinct_ids == len(set(ids))
        assert found.out_of_vocabulary == ids.count(2) / found.running


def test_words_of_the_test_split_that_training_never_saw_are_counted_and_left_out(tiny_corpus: Corpus) -> None:
    found = compute(tiny_corpus, "test", 10_000, 100)
    assert found.vocabulary.left_out == 3 / found.vocabulary.running  # and, unheard, of
    assert {word.word for word in found.frequent if word.rank is None} == {"and", "unheard", "of"}
    assert compute(tiny_corpus, "train", 10_000, 0).vocabulary.left_out == 0


def test_sizes_stars_and_titles_of_a_split(tiny_corpus: Corpus) -> None:
    found = compute(tiny_corpus, "test", 10_000, 0)
    assert found.classes == ("negative", "positive")
    assert [(size.split, size.label, size.reviews) for size in found.sizes] == [
        ("test", "negative", 5),
        ("test", "positive", 6),
    ]
    assert found.stars == (StarCount(2, 5), StarCount(9, 5), StarCount(10, 1))
    # tt0000000 to tt0000004 in both classes; number 0 means unknown, and 7_10 is in no list
    assert (found.titles.titles, found.titles.mean, found.titles.most, found.titles.in_both_splits) == (4, 2.0, 2, 0)
    assert compute(tiny_corpus, "all", 10_000, 0).titles.in_both_splits == 4


def test_frequent_and_telling_words_come_in_order_with_their_counts() -> None:
    corpus = corpus_of(
        ("good good film", "fine"), ("good plot", "fine"), ("bad bad film", "poor"), ("bad plot", "poor")
    )
    found = compute(corpus, "file", 10_000, 10)
    assert [(word.word, word.rank, word.count, word.by_class) for word in found.frequent] == [
        ("good", 1, 3, (3, 0)),
        ("bad", 2, 3, (0, 3)),
        ("film", 3, 2, (1, 1)),
        ("plot", 4, 2, (1, 1)),
    ]
    assert [(word.label, word.word) for word in found.telling] == [("fine", "good"), ("poor", "bad")]
    assert found.telling[0].z == found.telling[1].z > 0


def test_words_beyond_num_words_do_not_tell_classes_apart() -> None:
    corpus = corpus_of(("a a a b b good", "fine"), ("a a a b b bad", "poor"))
    assert [word.word for word in compute(corpus, "file", 7, 10).telling] == ["good"]  # ranks 1 to 3
    assert compute(corpus, "file", 6, 10).telling == ()


def test_three_classes_are_each_compared_with_the_others() -> None:
    corpus = corpus_of(("red hot", "r"), ("green hot", "g"), ("blue hot", "b"))
    assert [(word.label, word.word) for word in compute(corpus, "file", 10_000, 1).telling] == [
        ("b", "blue"),
        ("g", "green"),
        ("r", "red"),
    ]


def test_texts_without_labels_have_no_classes_and_nothing_to_tell_apart() -> None:
    found = compute(corpus_of(("one two", None), ("", None)), "file", 10_000, 10)
    assert (found.classes, found.telling, found.stars, found.titles.titles) == ((), (), (), 0)
    assert found.reviews == 2
    assert found.lengths.shortest.length == 1  # the start mark
    assert found.lengths.shortest.review == "record 2"


def test_blank_texts_alone_are_figures_too() -> None:
    found = compute(corpus_of(("", "a"), ("  ", "b")), "file", 10_000, 10)
    assert (found.vocabulary.running, found.vocabulary.distinct_ids, found.lengths.std) == (0, 1, 0.0)
    assert (found.frequent, found.telling) == ((), ())


def test_percentiles_are_lengths_that_occur() -> None:
    found = compute(corpus_of(*((" ".join("w" * n), None) for n in range(100))), "file", 10_000, 0).lengths
    assert found.percentiles[3] == Percentile(50, 50)
    assert found.percentiles[-1] == Percentile(99, 99)
    assert found.percentiles[0] == Percentile(1, 1)


def test_the_histogram_has_columns_of_one_round_width_and_an_open_end() -> None:
    corpus = corpus_of(*(("w " * 10, None) for _ in range(999)), ("w " * 5_000, None))
    columns = compute(corpus, "file", 10_000, 0).lengths.histogram
    assert [column.reviews for column in columns if column.reviews] == [999, 1]
    assert (columns[0].first, columns[0].last) == (0, 0)
    assert columns[11].reviews == 999
    assert (columns[-1].first, columns[-1].last, columns[-1].reviews) == (50, None, 1)


def test_the_share_that_is_cut_is_that_beyond_500_ids() -> None:
    lengths = compute(corpus_of(("w " * 499, None), ("w " * 500, None)), "file", 10_000, 0).lengths
    assert lengths.cut == 0.5
