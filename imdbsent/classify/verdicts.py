"""From a probability to a label, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from imdbsent.records import Label, Prediction


MOSTLY_UNKNOWN: Final = 0.5
"""The share of words outside the vocabulary above which a verdict is worth a warning. The figures are those of the
classic model, of the two that ship the one with the smaller vocabulary: none of the 25,000 test reviews of IMDB is
above it (the most is 0.37), and 1 in 200 of their sentences; of 16 sentences in 12 other languages all are (0.59 at
least: many words, as "die" and "film", are English, too); `benchmarks/verdicts.py`."""
UNCERTAIN_WITHIN: Final = 0.1
"""How near the threshold a verdict is uncertain. From 0.4 to 0.6 a calibrated model is wrong four to six times in ten;
the classic one, which is far too sure of itself, is there on 3 of 100 test reviews, and wrong on 40 % of them."""


def label_of(probability: float, threshold: float, neutral: tuple[float, float] | None = None) -> Label:
    """The label of a probability.

    Args:
        probability: of positive, as the network gives it, not as it is rounded where it is written.
        threshold: from which the label is "positive"; it does not count where there is `neutral`.
        neutral: lowest and highest probability of the label "neutral"; None for no such label.
    """
    if neutral is None:
        return "positive" if probability >= threshold else "negative"
    low, high = neutral
    return "negative" if probability < low else "positive" if probability > high else "neutral"


def check_neutral(neutral: tuple[float, float] | None, threshold: float | None) -> None:
    """Check the bounds of the label "neutral".

    Raises:
        ValueError: they are no probabilities in order, or there is a threshold, too, which says something else.
    """
    if neutral is None:
        return
    low, high = neutral
    if not 0 <= low <= high <= 1:
        raise ValueError(f"neutral is (low, high) with 0 <= low <= high <= 1, not {neutral!r}")
    if threshold is not None:
        raise ValueError("threshold and neutral both say where positive begins: give one of them")


def parse_neutral(text: str) -> tuple[float, float]:
    """The bounds that a person writes as LOW:HIGH.

    Raises:
        UsageProblem: they are none.
    """
    low, _, high = text.partition(":")
    try:
        bounds = float(low), float(high)
        check_neutral(bounds, None)
    except ValueError as error:
        raise UsageProblem(
            f"{text!r} is not LOW:HIGH with 0 <= LOW <= HIGH <= 1. Type: --neutral 0.4:0.6"
        ) from error
    return bounds


def uncertain_range(threshold: float, neutral: tuple[float, float] | None = None) -> tuple[float, float]:
    """The probabilities, lowest and highest, of which a verdict is uncertain: the neutral ones where there are such."""
    return neutral or (threshold - UNCERTAIN_WITHIN, threshold + UNCERTAIN_WITHIN)


def is_mostly_unknown(prediction: Prediction) -> bool:
    """Whether more than half of the words of a text are outside the vocabulary, as those of another language are."""
    return prediction.unknown is not None and prediction.unknown > MOSTLY_UNKNOWN
