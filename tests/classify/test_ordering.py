from __future__ import annotations

import random
import sqlite3

import pytest

from imdbsent.classify import options
from imdbsent.classify.options import in_order
from imdbsent.errors import OutputFailed
from imdbsent.records import Prediction


@pytest.fixture(params=[10, 1_000])
def _memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few items in memory, so that most are in a file; and many, so that none is."""
    monkeypatch.setattr(options, "IN_MEMORY", request.param)


def predictions(count: int) -> list[Prediction]:
    random.seed(count)
    return [Prediction(f"text {i}", "positive", random.randrange(7) / 7, id=i, kept=(i, None)) for i in range(count)]


def key(prediction: Prediction) -> float:
    assert prediction.probability is not None
    return -prediction.probability


@pytest.mark.usefixtures("_memory")
@pytest.mark.parametrize("top", [None, 1, 9, 10, 11, 100, 2_000])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 300])
def test_the_order_is_that_of_sorted_and_equal_ones_keep_theirs(count: int, top: int | None) -> None:
    items = predictions(count)
    assert list(in_order(iter(items), key, top)) == sorted(items, key=key)[:top]


@pytest.mark.usefixtures("_memory")
@pytest.mark.parametrize("top", [None, 1, 3, 11, 100])
@pytest.mark.parametrize("count", [0, 9, 11, 300])
def test_of_items_with_something_in_common_the_first_is_given(count: int, top: int | None) -> None:
    items = [Prediction(f"text {one.id % 40}", None, one.probability, id=one.id) for one in predictions(count)]  # type: ignore[operator]
    first = {item.text: item for item in reversed(items)}
    same = [first[item.text] for item in items]
    expected = sorted(sorted(first.values(), key=lambda item: int(item.id or 0)), key=key)[:top]
    copies = [Prediction(item.text, None, item.probability, id=items[i].id) for i, item in enumerate(same)]
    assert list(in_order(iter(copies), key, top, lambda item: item.text)) == expected


class Item:
    """Counts how many of it there are."""

    held = peak = 0

    def __init__(self, value: int) -> None:
        self.value = value
        Item.held += 1
        Item.peak = max(Item.peak, Item.held)

    def __del__(self) -> None:
        Item.held -= 1

    def __reduce__(self):
        return Item, (self.value,)


def test_few_are_held_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "IN_MEMORY", 20)
    for top in (None, 5, 100):
        values = [item.value for item in in_order((Item(-i) for i in range(2_000)), lambda item: item.value, top)]
        assert values == list(range(-1_999, 1))[:top]
    assert 5 <= Item.peak <= 25


def test_a_full_disk_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "IN_MEMORY", 2)

    class Full:
        def __init__(self, *_: object, **__: object) -> None: ...

        def execute(self, statement: str, *_: object) -> None:
            if statement.startswith("INSERT"):
                raise sqlite3.OperationalError("database or disk is full")

        def close(self) -> None: ...

    monkeypatch.setattr(sqlite3, "connect", Full)
    with pytest.raises(OutputFailed, match="sorting: database or disk is full"):
        list(in_order(predictions(5), key))
