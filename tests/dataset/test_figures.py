from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.dataset import describe
from imdbsent.dataset.aclimdb import LABELED, read_reviews
from imdbsent.dataset.corpus import count_reviews
from imdbsent.dataset.statistics import compute


def test_what_ships_has_the_published_figures() -> None:
    shipped = describe.read_shipped()
    assert shipped.all.reviews == 50_000
    assert shipped.train.reviews == shipped.test.reviews == 25_000
    assert shipped.all.vocabulary.distinct_ids == 9_998
    assert f"{shipped.all.lengths.mean:.5f}" == "234.75892"
    assert f"{shipped.all.lengths.std:.5f}" == "172.91149"
    assert (shipped.train.titles.titles, shipped.test.titles.titles) == (3_456, 3_581)
    assert shipped.all.titles.in_both_splits == 1


def test_the_text_of_the_file_is_what_the_command_writes() -> None:
    assert describe.to_json(describe.read_shipped()) == describe.SHIPPED.read_text(encoding="utf-8")


def test_a_question_beyond_what_ships_has_no_shipped_answer() -> None:
    assert describe.shipped_answer("train", 5_000, 10) is None
    assert describe.shipped_answer("train", 10_000, describe.TOP + 1) is None


@pytest.mark.parametrize("top", [0, 3, describe.TOP])
def test_a_shipped_answer_is_what_would_be_computed(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch, top: int) -> None:
    corpus = count_reviews(read_reviews(tiny_tree, LABELED))
    monkeypatch.setattr(describe, "read_shipped", lambda: describe.compute_figures(corpus))
    for split in ("all", "train", "test"):
        assert describe.shipped_answer(split, 10_000, top) == compute(corpus, split, 10_000, top)


def test_every_difference_is_named() -> None:
    shipped = describe.read_shipped()
    assert describe.differences(shipped, shipped) == []
    changed = replace(
        shipped,
        test=replace(
            shipped.test,
            lengths=replace(shipped.test.lengths, mean=1.5),
            stars=shipped.test.stars[:-1],
        ),
    )
    assert describe.differences(changed, shipped) == [
        f"test.lengths.mean is 1.5, not {shipped.test.lengths.mean}",
        "test.stars.7.stars is missing, not 10",
        "test.stars.7.reviews is missing, not 4999",
    ]
    assert describe.count_figures(shipped) == describe.count_figures(changed) + 2
