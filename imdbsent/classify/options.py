"""`PredictOptions`: everything that decides a prediction, besides the model and the text.

The object is made once, where a person's wishes come in, and is then handed on unchanged to the classifier, its worker
processes, the explainer, a cluster and the log of a file that can be resumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import InvalidOptions
from imdbsent.option_fields import EngineName, option

if TYPE_CHECKING:
    from imdbsent.records import Label, Prediction

    NeutralBand = tuple[float, float]


MOSTLY_UNKNOWN: Final = 0.5
"""Share of unknown words above which a prediction deserves a warning.

Measured with the classic model, which has the smaller vocabulary of the two that ship. None of the 25,000 IMDB test
reviews is above it (the highest is 0.37), and 1 in 200 of their sentences is. All of 16 sentences in 12 other languages
are, at 0.59 or more: many words, such as "die" and "film", are also English. See `benchmarks/verdicts.py`.
"""
UNCERTAIN_WITHIN: Final = 0.1
"""Distance from the threshold within which a prediction is uncertain.

From 0.4 to 0.6 a calibrated model is wrong four to six times in ten. The classic model, which is overconfident, puts 3
of 100 test reviews there, and is wrong on 40 % of them.
"""


class Only(str, Enum):
    """Which predictions are results."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"


class SortKey(str, Enum):
    """What results are sorted by."""

    PROBABILITY = "probability"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How texts are labeled, and which of the predictions are results.

    Attributes:
        threshold: probability of positive from which the label is "positive", 0 to 1; None for the model's own.
        neutral: lowest and highest probability of the label "neutral", instead of a threshold: below it is "negative",
            above it "positive". None for no such label.
        batch_size: texts per run of the network; None for the fastest. It affects speed, and the last digits.
        only: which predictions are results; None for all.
        sort: what results are sorted by, largest first; None for the order of their records.
        reverse: whether the smallest come first instead.
        top: maximum number of results; None for all.

    Raises:
        InvalidOptions: a value is out of its range, or two values exclude each other; it is a ValueError, too.
    """

    threshold: float | None = field(default=None, metadata=option("--threshold", decides_bytes=True))
    neutral: NeutralBand | None = field(default=None, metadata=option("--neutral", decides_bytes=True, separator=":"))
    batch_size: int | None = field(default=None, metadata=option("--batch-size", decides_bytes=True))
    only: Only | None = field(default=None, metadata=option("--only", decides_bytes=True, engine=EngineName.LOCAL))
    sort: SortKey | None = field(default=None, metadata=option("--sort", decides_bytes=True, engine=EngineName.LOCAL))
    reverse: bool = field(default=False, metadata=option("--reverse", decides_bytes=True, engine=EngineName.LOCAL))
    top: int | None = field(default=None, metadata=option("--top", decides_bytes=True, engine=EngineName.LOCAL))

    def __post_init__(self) -> None:
        if self.neutral is not None:
            _check_band(self.neutral)
            if self.threshold is not None:
                raise InvalidOptions(
                    "--threshold and --neutral both say where positive begins: give one of them. "
                    "Type: --neutral LOW:HIGH, or --threshold"
                )
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise InvalidOptions(f"the threshold is a probability from 0 to 1, not {self.threshold!r}")
        for name, number in (("batch size", self.batch_size), ("number of results", self.top)):
            if number is not None and number < 1:
                raise InvalidOptions(f"the {name} is 1 or more, not {number!r}")
        for name, choices in (("only", Only), ("sort", SortKey)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _member(choices, value))
        if self.sort is None and (self.top is not None or self.reverse):
            given = "--reverse" if self.top is None else f"--top {self.top}"
            name = given.partition(" ")[0]
            raise InvalidOptions(
                f"{name} requires --sort. Type: {given} --sort confidence, or {given} --sort probability"
            )

    @property
    def is_selective(self) -> bool:
        """Whether results may be fewer than the records, or in another order."""
        return self.only is not None or self.sort is not None

    def label(self, probability: float, threshold: float) -> Label:
        """The label of a probability.

        Args:
            probability: of positive, as the network gives it, not as it is rounded in the output.
            threshold: the model's own, which applies if the options have none.
        """
        if self.neutral is None:
            cut = threshold if self.threshold is None else self.threshold
            return "positive" if probability >= cut else "negative"
        low, high = self.neutral
        return "negative" if probability < low else "positive" if probability > high else "neutral"

    def uncertain_range(self, threshold: float) -> NeutralBand:
        """Lowest and highest probability of an uncertain prediction: the neutral band, or near the threshold.

        Args:
            threshold: the model's own, which applies if the options have none.
        """
        if self.neutral is not None:
            return self.neutral
        cut = threshold if self.threshold is None else self.threshold
        return cut - UNCERTAIN_WITHIN, cut + UNCERTAIN_WITHIN


DEFAULTS: Final = PredictOptions()
"""No wishes: every prediction, in order, by the model's own threshold."""


def options_or(options: PredictOptions | None, **short: Any) -> PredictOptions:
    """The options that a caller in Python gives, as an object or as keywords.

    Args:
        options: the object, if there is one.
        short: fields of one, instead of it; None for one that is not given.

    Raises:
        TypeError: there are both.
        InvalidOptions: a value is out of its range, or two values exclude each other.
    """
    given = {name: value for name, value in short.items() if value is not None}
    if options is None:
        return PredictOptions(**given)
    if given:
        raise TypeError(f"give either options or {', '.join(given)}")
    return options


def parse_neutral(text: str) -> NeutralBand:
    """The band that a person writes as LOW:HIGH.

    Raises:
        InvalidOptions: it is not one.
    """
    low, _, high = text.partition(":")
    try:
        band = float(low), float(high)
        _check_band(band)
    except ValueError as error:
        raise InvalidOptions(f"{text!r} is not LOW:HIGH with 0 <= LOW <= HIGH <= 1. Type: --neutral 0.4:0.6") from error
    return band


def is_mostly_unknown(prediction: Prediction) -> bool:
    """Whether the vocabulary lacks more than half of a text's words, as in a text in another language."""
    return prediction.unknown is not None and prediction.unknown > MOSTLY_UNKNOWN


def _check_band(neutral: NeutralBand) -> None:
    low, high = neutral
    if not 0 <= low <= high <= 1:
        raise InvalidOptions(f"neutral is (low, high) with 0 <= low <= high <= 1, not {neutral!r}")


def _member(choices: type[Enum], value: object) -> Enum:
    try:
        return choices(value)
    except ValueError as error:
        known = ", ".join(repr(one.value) for one in choices)
        raise InvalidOptions(f"{value!r} is not one of {known}") from error
