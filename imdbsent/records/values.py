"""Values of a user's columns, carried through: as text for CSV, as JSON."""

from __future__ import annotations

import json
import math
from typing import Any, Final


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
