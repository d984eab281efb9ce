"""What came of the records of a run, in numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from imdbsent.cli.console import counted
from imdbsent.verdicts import is_mostly_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from imdbsent.records import Prediction

_COUNTS: Final = ("positive", "negative", "neutral", "failed", "unfamiliar", "shown")


@dataclass
class Tally:
    """Counts predictions as they pass.

    Attributes:
        positive: how many were positive.
        negative: how many were negative.
        neutral: how many were neutral.
        failed: how many have no verdict.
        unfamiliar: how many texts have mostly words that the model does not know.
        shown: how many of them are in the results.
        before: how many of them an earlier run has answered, which this one goes on from.
        seconds: from the beginning to the last prediction counted.
    """

    positive: int = 0
    negative: int = 0
    neutral: int = 0
    failed: int = 0
    unfamiliar: int = 0
    shown: int = 0
    before: int = 0
    seconds: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def add(self, predictions: Iterable[Prediction]) -> None:
        """Count predictions."""
        for prediction in predictions:
            self.positive += prediction.label == "positive"
            self.negative += prediction.label == "negative"
            self.neutral += prediction.label == "neutral"
            self.failed += prediction.label is None
            self.unfamiliar += is_mostly_unknown(prediction)
        self.seconds = time.perf_counter() - self._started

    def showing(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """Pass on predictions that are shown, counted."""
        for prediction in predictions:
            self.shown += 1
            yield prediction

    @property
    def counts(self) -> dict[str, int]:
        """What an earlier run hands to the one that goes on."""
        return {name: getattr(self, name) for name in _COUNTS}

    def go_on(self, counts: Mapping[str, int]) -> None:
        """Begin with what an earlier run has counted."""
        for name in _COUNTS:
            setattr(self, name, counts.get(name, 0))
        self.before = self.total
        self._started = time.perf_counter()

    @property
    def total(self) -> int:
        """Predictions counted."""
        return self.positive + self.negative + self.neutral + self.failed

    def summary(self, *, has_neutral: bool = False, is_partial: bool = False) -> str:
        """The counts in a line.

        Args:
            has_neutral: whether there is a label "neutral".
            is_partial: whether results are not all of them, or not in order.
        """
        if not self.total:
            return "no texts came in"
        judged = self.total - self.failed
        share = f" ({self.positive / judged:.1%})" if judged else ""
        neutral = f", {self.neutral:,} neutral" if has_neutral else ""
        failed = f", {self.failed:,} without a verdict" if self.failed else ""
        rate = f"{(self.total - self.before) / self.seconds:,.0f}" if self.seconds else "?"
        before = f", {self.before:,} of them before" if self.before else ""
        shown = f" · {self.shown:,} of {self.total:,} shown" if is_partial else ""
        return (
            f"{counted(self.total, 'text')}{before}: {self.positive:,} positive{share}, {self.negative:,} negative"
            f"{neutral}{failed}{shown} · {self.seconds:.1f} s, {rate} texts/s"
        )

    def warning(self) -> str | None:
        """What to say of texts that the model can make little of; None where there are none."""
        if not self.unfamiliar:
            return None
        if self.total == 1:
            return "most words of the text are unknown to the model; is it English?"
        return (
            f"{self.unfamiliar:,} of {self.total:,} texts: most of their words are unknown to the model; "
            f"{'is it' if self.unfamiliar == 1 else 'are they'} English?"
        )
