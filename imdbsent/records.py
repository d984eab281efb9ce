"""What travels through the package: a Record in, a Prediction out, one for one and in order."""

from __future__ import annotations

import json
import math
from typing import Any, Final, Literal, NamedTuple

Side = Literal["positive", "negative"]
Label = Literal["positive", "negative", "neutral"]


class Record(NamedTuple):
    """One text to classify, as it was read.

    Attributes:
        text: the text, with U+FFFD for bytes that could not be decoded.
        problem: why it cannot be classified, for example "blank"; None if it can.
        id: its id in the file; None if it has none.
        number: the line of its file on which it ends, or its row in a Parquet file, from 1; None for an argument.
        kept: the values of the columns that are carried through, in the order that the user asked for.
    """

    text: str
    problem: str | None = None
    id: str | int | None = None
    number: int | None = None
    kept: tuple[Any, ...] = ()


class Prediction(NamedTuple):
    """The verdict on one text.

    Attributes:
        text: the text.
        label: "positive" or "negative", or "neutral" if the options have a neutral band; None without a verdict.
        probability: probability that the text is positive, 0 to 1; None without a verdict.
        problem: why there is no verdict; None if there is one.
        tokens: number of ids that the network read, without the start mark and padding; 0 if it read nothing.
        truncated: whether the text has more tokens than the network reads, so that some words were not read.
        unknown: share of the words of the text that are not in the network's vocabulary, 0 to 1; None if the text was
            not split into words, or has none.
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
    number: int | None = None
    kept: tuple[Any, ...] = ()


def as_field(value: Any) -> str:
    """A value as a field of CSV: a string unchanged, null empty, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    written = as_jsonable(value)
    return written if isinstance(written, str) else "" if written is None else to_json(written)


def as_jsonable(value: Any) -> Any:
    """A value that JSON can hold: null for NaN and infinities, ISO 8601 for times, a string for bytes and the rest."""
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


_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for each call


def to_json(value: Any) -> str:
    """JSON on one line, without escapes for non-ASCII characters."""
    return _AS_JSON(value)
