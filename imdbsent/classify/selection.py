"""From predictions to results: which of them, and in which order.

Without a selection all are results, in the order of their records. A sort of more than memory holds uses a temporary
file.
"""

from __future__ import annotations

import heapq
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent.classify.options import Only, SortKey
from imdbsent.errors import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imdbsent.classify.options import PredictOptions
    from imdbsent.records import Prediction


T = TypeVar("T")

RECORD: Final = "record"
"""The column with the number of a record among all that were read, from 1."""
IN_MEMORY: Final = 10_000
"""Items that are sorted in memory; more are sorted in a temporary file."""


def select(
    predictions: Iterable[Prediction],
    options: PredictOptions,
    threshold: float,
    *,
    number_from: int | None = None,
    kept: int = 0,
) -> Iterator[Prediction]:
    """Select and sort predictions.

    Args:
        predictions: in the order of their records.
        options: what to select, and how to sort.
        threshold: the model's own, for what is uncertain.
        number_from: number of the first record, if results are to have one before the values they carry through.
        kept: how many values are carried through.

    Yields:
        The results in order. Memory is bounded.

    Raises:
        OutputFailed: they are sorted, and there is no space for the temporary file.
    """
    numbered = enumerate(predictions, 0 if number_from is None else number_from)
    selected = (
        prediction if number_from is None else _with_number(prediction, number, kept)
        for number, prediction in numbered
        if is_selected(prediction, options, threshold)
    )
    if options.sort is None:
        yield from selected
        return
    yield from in_order(selected, lambda prediction: rank(prediction, options), options.top)


def is_selected(prediction: Prediction, options: PredictOptions, threshold: float) -> bool:
    """Whether a prediction is a result; one without a label is selected only if all are.

    Args:
        prediction: on any record.
        options: what to select.
        threshold: the model's own.
    """
    if options.only is None:
        return True
    if options.only is Only.UNCERTAIN:
        low, high = options.uncertain_range(threshold)
        return prediction.probability is not None and low <= prediction.probability <= high
    return prediction.label == str(options.only.value)


def rank(prediction: Prediction, options: PredictOptions) -> float:
    """The number to sort a prediction by, smallest first; one without a label comes last."""
    if prediction.probability is None:
        return 2.0  # above every probability
    value = prediction.probability
    if options.sort is SortKey.CONFIDENCE:
        value = abs(value - 0.5)
    return value if options.reverse else -value


def _with_number(prediction: Prediction, number: int, kept: int) -> Prediction:
    return replace(prediction, kept=(number, *(prediction.kept or (None,) * kept)))


def in_order(items: Iterable[T], key: Callable[[T], float], top: int | None = None) -> Iterator[T]:
    """Sort items in bounded memory, however many there are.

    Up to `IN_MEMORY` items are held, or the first `top` if that is fewer. More are in a temporary SQLite table (in
    `TMPDIR`), which takes about twice the space of the items.

    Args:
        items: read to the end before the first is given.
        key: the number to sort by, smallest first; of equal ones, the one that came first.
        top: maximum number of items to give; None for all.

    Yields:
        The items in order.

    Raises:
        OutputFailed: there is no space for the temporary file.
    """
    if top is not None and top <= IN_MEMORY:
        yield from heapq.nsmallest(top, items, key)
        return
    stream = iter(items)
    few = list(islice(stream, IN_MEMORY))
    if len(few) < IN_MEMORY:
        yield from sorted(few, key=key)[:top]
        return
    with closing(_SortedTable()) as table:
        table.extend(few, key)
        few.clear()
        table.extend(stream, key)
        yield from table.in_order(top)


class _SortedTable:
    """Items in a temporary file that is deleted when closed, and that no other process can write to."""

    def __init__(self) -> None:
        import sqlite3  # noqa: PLC0415 (5 ms, and few runs sort so much)

        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA temp_store = FILE")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE items (number INTEGER PRIMARY KEY, key REAL, item BLOB)")
        self._table.execute("BEGIN")

    def extend(self, items: Iterable[T], key: Callable[[T], float]) -> None:
        """Add items after those that are there."""
        import pickle  # noqa: PLC0415 (as above)

        for item in items:
            with _table_errors():
                row = (key(item), pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
                self._table.execute("INSERT INTO items (key, item) VALUES (?, ?)", row)

    def in_order(self, top: int | None) -> Iterator[T]:
        """The first items, smallest first."""
        import pickle  # noqa: PLC0415 (as above)

        limit = -1 if top is None else top  # SQLite's "no limit"
        with _table_errors():
            rows = self._table.execute("SELECT item FROM items ORDER BY key, number LIMIT ?", (limit,))
        while True:
            with _table_errors():
                row = rows.fetchone()
            if row is None:
                return
            yield pickle.loads(row[0])  # noqa: S301 (we have written it)

    def close(self) -> None:
        """Drop the table."""
        self._table.close()


@contextmanager
def _table_errors() -> Iterator[None]:
    """Raise errors of SQLite as errors of the output."""
    import sqlite3  # noqa: PLC0415 (as above)

    try:
        yield
    except sqlite3.Error as error:
        raise OutputFailed(f"the temporary file that results are sorted in: {error}") from error
