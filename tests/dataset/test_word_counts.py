from __future__ import annotations

from pathlib import Path

from imdbsent.dataset.aclimdb import Review, read_reviews
from imdbsent.dataset.statistics import WordCount, count_word
from imdbsent.text.tokenizer import split_words


def test_occurrences_and_reviews_are_counted_apart():
    def review(split: str, label: int, text: str) -> Review:
        return Review(split, 0, text, label, 5, "")

    reviews = [
        review("train", 1, "Great, GREAT great!<br />greatest"),
        review("train", 1, "nothing here"),
        review("train", 0, "not great"),
    ]
    counts = count_word(reviews, b"great", split_words)
    assert counts == [WordCount("train/pos", 3, 1, 2), WordCount("train/neg", 1, 1, 1)]


def test_a_folder_without_the_word_has_zeros(tiny_tree: Path):
    counts = count_word(read_reviews(tiny_tree, ("train/neg", "train/pos")), b"great", split_words)
    assert counts[0] == WordCount("train/neg", 0, 0, 5)
    assert (counts[1].folder, counts[1].reviews_total, counts[1].occurrences > 0) == ("train/pos", 5, True)
