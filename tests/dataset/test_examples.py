from __future__ import annotations

from pathlib import Path

from imdbsent.dataset.aclimdb import from_reviews, read_reviews
from imdbsent.reading.labeled import Example


def test_reviews_have_their_label_their_stars_their_file_and_their_film(tiny_tree: Path) -> None:
    examples = from_reviews(read_reviews(tiny_tree, ("test/neg", "test/pos")))
    assert len(examples) == 10
    assert examples[5] == Example("This movie 0 is great.<br />Really superb!", 1, "test/pos/0_9.txt", 9, "tt0000000")
