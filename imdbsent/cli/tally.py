"""What came of the records of a run, in numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imdbsent.records import Prediction


@dataclass
class Tally:
    """Counts predictions as they pass.

    Attributes:
        positive: how many were positive.
        negative: how many were negative.
        failed: how many have no verdict.
        before: how many of them an earlier run has answered, which this one goes on from.
        seconds: from the beginning to the last prediction counted.
    """

    positive: int = 0
    negative: int = 0
    failed: int = 0
    before: int = 0
    seconds: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def add(self, predictions: Iterable[Prediction]) -> None:
        """Count predictions."""
        for prediction in predictions:
            self.positive += prediction.label == "positive"
            self.negative += prediction.label == "negative"
            self.failed += prediction.label is None
        self.seconds = time.perf_counter() - self._started

    @property
    def counts(self) -> dict[str, int]:
        """What an earlier run hands to the one that goes on."""
        return {"positive": self.positive, "negative": self.negative, "failed": self.failed}

    def go_on(self, counts: Mapping[str, int]) -> None:
        """Begin with what an earlier run has counted."""
        self.positive, self.negative, self.failed = (counts.get(key, 0) for key in ("positive", "negative", "failed"))
        self.before = self.total
        self._started = time.perf_counter()

    @property
    def total(self) -> int:
        """Predictions counted."""
        return self.positive + self.negative + self.failed

    def summary(self) -> str:
        """The counts in a line."""
        if not self.total:
            return "no texts came in"
        judged = self.positive + self.negative
        share = f" ({self.positive / judged:.1%})" if judged else ""
        failed = f", {self.failed:,} without a verdict" if self.failed else ""
        rate = f"{(self.total - self.before) / self.seconds:,.0f}" if self.seconds else "?"
        before = f", {self.before:,} of them before" if self.before else ""
        return (
            f"{self.total:,} texts{before}: {self.positive:,} positive{share}, {self.negative:,} negative{failed} "
            f"· {self.seconds:.1f} s, {rate} texts/s"
        )
