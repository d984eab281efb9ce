"""What travels through the package: a Record in, a Prediction out, one for one and in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Label = Literal["positive", "negative"]


@dataclass(frozen=True, slots=True)
class Record:
    """One text to classify, as it was read.

    Attributes:
        text: the text; where its bytes could not be decoded, with U+FFFD in the place of what is wrong.
        problem: why it cannot be classified, as "blank"; None where it can.
    """

    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The verdict on one text.

    Attributes:
        text: the text.
        label: "positive" or "negative"; None where there is no verdict.
        probability: probability that the text is positive, 0 to 1; None where there is no verdict.
        problem: why there is no verdict; None where there is one.
    """

    text: str
    label: Label | None
    probability: float | None
    problem: str | None = None
