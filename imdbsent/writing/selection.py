"""Which predictions are shown, and in which order. Without a selection all are, in the order of their records.

Sorting more than memory holds.
"""

from __future__ import annotations

import heapq
import pickle
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from imdbsent.errors import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imdbsent.records import Prediction


T = TypeVar("T")

IN_MEMORY: Final = 10_000
"""Items that are sorted in memory; more are sorted in a temporary file."""


def in_order(items: Iterable[T], key: Callable[[T], float], top: int | None = None) -> Iterator[T]:
    """Sort items, in bounded memory however many they are.

    Up to `IN_MEMORY` items are held, the first of them where `top` is that few; more are in a table that SQLite keeps
    in a temporary file of its own (in `TMPDIR`), which takes the space of the items twice over.

    Args:
        items: read to their end before the first is given.
        key: what to sort by, the smallest first; of equal ones the one that came earlier.
        top: how many of the first to give; None for all.

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
    with closing(_Table()) as table:
        table.extend(few, key)
        few.clear()
        table.extend(stream, key)
        yield from table.in_order(top)


class _Table:
    """Items in a temporary file, which goes when it is closed; nobody else can put anything in."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA temp_store = FILE")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE items (place INTEGER PRIMARY KEY, key REAL, item BLOB)")
        self._table.execute("BEGIN")

    def extend(self, items: Iterable[T], key: Callable[[T], float]) -> None:
        """Add items behind those that are there."""
        for item in items:
            with _telling():
                row = (key(item), pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
                self._table.execute("INSERT INTO items (key, item) VALUES (?, ?)", row)

    def in_order(self, top: int | None) -> Iterator[T]:
        """The first items, the smallest first."""
        limit = -1 if top is None else top  # SQLite's "no limit"
        with _telling():
            rows = self._table.execute("SELECT item FROM items ORDER BY key, place LIMIT ?", (limit,))
        while True:
            with _telling():
                row = rows.fetchone()
            if row is None:
                return
            yield pickle.loads(row[0])  # noqa: S301 (we have written it)

    def close(self) -> None:
        """Drop the table."""
        self._table.close()


@contextmanager
def _telling() -> Iterator[None]:
    """Context in which errors of SQLite are those of the output."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutputFailed(f"the temporary file that results are sorted in: {error}") from error

RECORD: Final = "record"
"""The column with the place of a record among all that came in, from 1."""


class Only(str, Enum):
    """Which predictions are shown."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"


class SortKey(str, Enum):
    """What predictions are sorted by."""

    PROBABILITY = "probability"
    CONFIDENCE = "confidence"


@dataclass(frozen=True)
class Selection:
    """What is shown of the predictions of a run.

    A prediction without a verdict is none of `Only`, and stands behind all others where they are sorted.

    Attributes:
        only: which are shown; None for all.
        uncertain: lowest and highest probability of those that `Only.UNCERTAIN` shows.
        sort: what they are sorted by, the largest first; None for the order of their records.
        smallest_first: whether the smallest come first instead.
        top: how many of the first are shown at most; None for all.
    """

    only: Only | None = None
    uncertain: tuple[float, float] = (0.5, 0.5)
    sort: SortKey | None = None
    smallest_first: bool = False
    top: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether results need not be those of all records in their order."""
        return self.only is not None or self.sort is not None

    def admits(self, prediction: Prediction) -> bool:
        """Whether a prediction is among those shown."""
        if self.only is None:
            return True
        if self.only is Only.UNCERTAIN:
            low, high = self.uncertain
            return prediction.probability is not None and low <= prediction.probability <= high
        return prediction.label == str(self.only.value)

    def rank(self, prediction: Prediction) -> float:
        """What to sort by, the smallest first: of equal ones the earlier record comes first, whichever way."""
        if prediction.probability is None:
            return 2.0  # behind every probability
        value = prediction.probability
        if self.sort is SortKey.CONFIDENCE:
            value = abs(value - 0.5)
        return value if self.smallest_first else -value


def shown(
    predictions: Iterable[Prediction], selection: Selection, *, kept: int = 0, is_numbered: bool = False, after: int = 0
) -> Iterator[Prediction]:
    """What a selection shows.

    Args:
        predictions: in the order of their records.
        selection: what is shown.
        kept: how many columns are carried through.
        is_numbered: whether the place of the record comes before them, as one column more.
        after: records that came before the first of these.

    Yields:
        Those that are shown, in the order of the selection; memory stays bounded (`imdbsent.writing.selection`).

    Raises:
        OutputFailed: they are sorted, and there is no space for the temporary file.
    """
    admitted = (
        _numbered(prediction, place, kept) if is_numbered else prediction
        for place, prediction in enumerate(predictions, after + 1)
        if selection.admits(prediction)
    )
    if selection.sort is None:
        yield from admitted
        return

    yield from in_order(admitted, selection.rank, selection.top)


def _numbered(prediction: Prediction, place: int, kept: int) -> Prediction:
    return replace(prediction, kept=(place, *(prediction.kept or (None,) * kept)))
