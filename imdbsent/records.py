"""Values of a user's columns, carried through: as text for CSV, as JSON.

What travels through the package: a Record in, a Prediction out, one for one and in order.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Side = Literal["positive", "negative"]
Label = Literal["positive", "negative", "neutral"]


@dataclass(frozen=True, slots=True)
class Record:
    """One text to classify, as it was read.

    Attributes:
        text: the text; where its bytes could not be decoded, with U+FFFD in the place of what is wrong.
        problem: why it cannot be classified, as "blank"; None where it can.
        id: what its file calls it; None where it has no id.
        number: the line of its file on which it ends, or its row in a Parquet file, from 1; None for an argument. Where
            a record stood is no part of what it is: equal records may have different numbers.
        kept: the values of the columns that are carried through, in the order in which they were asked for.
    """

    text: str
    problem: str | None = None
    id: str | int | None = None
    number: int | None = field(default=None, compare=False)
    kept: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """The verdict on one text.

    Attributes:
        text: the text.
        label: "positive" or "negative", or "neutral" where that was asked for; None where there is no verdict.
        probability: probability that the text is positive, 0 to 1; None where there is no verdict.
        problem: why there is no verdict; None where there is one.
        tokens: ids that the network read, the start mark and padding not counted; 0 where it read nothing.
        truncated: whether the text has more tokens than the network reads, so that words of it went unread.
        unknown: share of all words of the text that are outside the network's vocabulary, 0 to 1; None where the text
            was not split into words, or has none.
        id: the record's.
        number: the record's.
        kept: the record's.
    """

    text: str
    label: Label | None
    probability: float | None
    problem: str | None = None
    tokens: int = 0
    truncated: bool = False
    unknown: float | None = None
    id: str | int | None = None
    number: int | None = field(default=None, compare=False)
    kept: tuple[Any, ...] = ()


def as_field(value: Any) -> str:
    """A value as a field of CSV: a text as it is, nothing for null, all else as JSON writes it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    written = as_jsonable(value)
    return written if isinstance(written, str) else "" if written is None else to_json(written)


def as_jsonable(value: Any) -> Any:
    """A value as JSON has it: null for NaN and infinities, ISO 8601 for times, text for bytes and whatever else."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [as_jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_jsonable(item) for key, item in value.items()}
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder each time


def to_json(value: Any) -> str:
    """JSON on one line, its characters as they are."""
    return _AS_JSON(value)
