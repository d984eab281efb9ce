"""Which predictions are shown, and in which order. Without a selection all are, in the order of their records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imdbsent.records import Prediction

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
        Those that are shown, in the order of the selection; memory stays bounded (`imdbsent.records.ordering`).

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
    from imdbsent.records.ordering import in_order  # noqa: PLC0415 (SQLite takes 5 ms, and few runs sort)

    yield from in_order(admitted, selection.rank, selection.top)


def _numbered(prediction: Prediction, place: int, kept: int) -> Prediction:
    return replace(prediction, kept=(place, *(prediction.kept or (None,) * kept)))
