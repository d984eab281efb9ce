from __future__ import annotations

import itertools

import numpy as np
import pytest

from imdbsent.training.loop import Split, batches_of, cut_to

LENGTHS = tuple(int(length) for length in np.random.default_rng(5).integers(1, 41, 333))


def split(*, bucketed: bool) -> Split:
    ids = tuple(np.arange(1, length + 1, dtype=np.int32) for length in LENGTHS)
    labels = np.array([length % 2 for length in LENGTHS], np.float32)
    return Split(ids, labels, 40, bucketed=bucketed)


@pytest.mark.parametrize("bucketed", [False, True])
def test_an_epoch_has_each_text_once_in_an_order_of_its_own(bucketed: bool) -> None:
    texts = split(bucketed=bucketed)
    first, again, second, other = (
        [batch.tolist() for batch in texts.shuffled(4, seed, epoch)] for seed, epoch in ((7, 1), (7, 1), (7, 2), (8, 1))
    )
    assert first == again
    assert first != second
    assert first != other
    assert len(first) == batches_of(len(texts), 4) == 84
    assert sorted(itertools.chain(*first)) == list(range(333))


def test_batches_of_like_length_hold_less_padding_and_still_differ_from_epoch_to_epoch() -> None:
    def padding(texts: Split, epoch: int) -> float:
        batches = [texts.batch(indices)[0] for indices in texts.shuffled(4, 7, epoch)]
        return sum(int((batch == 0).sum()) for batch in batches) / sum(batch.size for batch in batches)

    assert padding(split(bucketed=False), 1) == pytest.approx(1 - np.mean(LENGTHS) / 40, abs=0.01)
    assert padding(split(bucketed=True), 1) < 0.2
    together = [{frozenset(batch.tolist()) for batch in split(bucketed=True).shuffled(4, 7, epoch)} for epoch in (1, 2)]
    assert len(together[0] & together[1]) < 20


def test_padding_stands_in_front_up_to_the_whole_length_or_behind_up_to_a_multiple_of_eight() -> None:
    texts = (cut_to([5, 6], 40), cut_to(range(1, 12), 40))
    labels = np.array([1, 0], np.float32)
    ids, given = Split(texts, labels, 40, bucketed=False).batch(np.array([1, 0]))
    assert ids.shape == (2, 40)
    assert ids[1, -3:].tolist() == [0, 5, 6]
    assert given.tolist() == [[0], [1]]
    ids, _ = Split(texts, labels, 40, bucketed=True).batch(np.array([1, 0]))
    assert ids.shape == (2, 16)
    assert ids[1, :3].tolist() == [5, 6, 0]
    assert ids[0, :12].tolist() == [*range(1, 12), 0]


def test_no_batch_is_wider_than_the_whole_length() -> None:
    text = cut_to(range(1, 100), 12)
    assert text.tolist() == list(range(88, 100))
    ids, _ = Split((text,), np.ones(1, np.float32), 12, bucketed=True).batch(np.array([0]))
    assert ids.shape == (1, 12)


def test_a_look_at_every_text_goes_by_length_where_batches_are_of_like_length() -> None:
    assert [batch.tolist() for batch in split(bucketed=False).in_order(200)] == [
        list(range(200)),
        list(range(200, 333)),
    ]
    order = np.concatenate(split(bucketed=True).in_order(200))
    lengths = np.array(LENGTHS)[order]
    assert (np.diff(lengths) >= 0).all()
    assert sorted(order.tolist()) == list(range(333))
