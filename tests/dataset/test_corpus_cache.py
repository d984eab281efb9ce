from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from imdbsent.dataset.aclimdb import LABELED, read_reviews
from imdbsent.dataset.corpus import Corpus, cache_key, cache_path, count_reviews, load_cached, store_cached
from imdbsent.dataset.statistics import compute
from imdbsent.errors import DatasetInvalid

KEY = "0" * 64


@pytest.fixture
def corpus(tiny_tree: Path) -> Corpus:
    return count_reviews(read_reviews(tiny_tree, LABELED))


def test_what_is_kept_gives_the_same_figures(corpus: Corpus) -> None:
    store_cached(KEY, corpus)
    loaded = load_cached(KEY)
    assert loaded is not None
    assert loaded.words == corpus.words
    for split in ("all", "train", "test"):
        assert compute(loaded, split, 10, 20) == compute(corpus, split, 10, 20)


def test_nothing_is_left_beside_the_counts(home: Path, corpus: Corpus) -> None:
    store_cached(KEY, corpus)
    assert list((home / "cache" / "statistics").iterdir()) == [cache_path(KEY)]


def test_what_is_damaged_is_as_good_as_not_there(corpus: Corpus) -> None:
    assert load_cached(KEY) is None
    store_cached(KEY, corpus)
    path = cache_path(KEY)
    content = path.read_bytes()
    for damaged in (b"", content[:100], content[: len(content) // 2], b"no zip"):
        path.write_bytes(damaged)
        assert load_cached(KEY) is None


def test_arrays_that_do_not_belong_together_are_not_used(corpus: Corpus) -> None:
    store_cached(KEY, corpus)
    path = cache_path(KEY)
    arrays = dict(np.load(path))
    for name, wrong in (
        ("counts0", arrays["counts0"][:-1]),
        ("stars0", arrays["stars0"][:-1]),
        ("lengths0", arrays["lengths0"].astype(np.float64)),
        ("titles0", arrays["titles0"].reshape(1, -1)),
    ):
        np.savez(path, **{**arrays, name: wrong})
        assert load_cached(KEY) is None
    np.savez(path, **{name: array for name, array in arrays.items() if name != "ranked"})
    assert load_cached(KEY) is None


def test_nothing_is_unpickled(corpus: Corpus) -> None:
    store_cached(KEY, corpus)
    path = cache_path(KEY)
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "words": np.array([object()], dtype=object)})
    assert load_cached(KEY) is None


def test_a_folder_is_another_once_a_review_changes(tiny_tree: Path) -> None:
    before = cache_key(tiny_tree)
    assert cache_key(tiny_tree) == before == cache_key(tiny_tree.parent)
    review = tiny_tree / "train/pos/3_9.txt"
    status = review.stat()
    os.utime(review, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    touched = cache_key(tiny_tree)
    review.rename(review.with_name("3_8.txt"))
    assert len({before, touched, cache_key(tiny_tree)}) == 3


def test_an_archive_is_its_bytes(tmp_path: Path) -> None:
    one, copy, other = tmp_path / "1.tar.gz", tmp_path / "2.tar.gz", tmp_path / "3.tar.gz"
    one.write_bytes(b"a")
    copy.write_bytes(b"a")
    other.write_bytes(b"b")
    assert cache_key(one) == cache_key(copy) != cache_key(other)
    with pytest.raises(DatasetInvalid):
        cache_key(tmp_path / "none")
