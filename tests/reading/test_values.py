from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from imdbsent.records import as_field, as_jsonable


@pytest.mark.parametrize(
    ("value", "field", "jsonable"),
    [
        (None, "", None),
        ("a\nb", "a\nb", "a\nb"),
        (True, "true", True),
        (7, "7", 7),
        (1.5, "1.5", 1.5),
        (float("nan"), "", None),
        ([1, float("inf"), None], "[1, null, null]", [1, None, None]),
        ({"é": (1,)}, '{"é": [1]}', {"é": [1]}),
        (dt.date(2020, 1, 2), "2020-01-02", "2020-01-02"),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone.utc), "2020-01-02T03:00:00+00:00", "2020-01-02T03:00:00+00:00"),
        (Decimal("1.10"), "1.10", "1.10"),
        (b"caf\xe9", "caf\ufffd", "caf\ufffd"),
    ],
)
def test_a_value_is_a_field_and_json(value: Any, field: str, jsonable: Any) -> None:
    assert as_field(value) == field
    assert as_jsonable(value) == jsonable
    json.dumps(as_jsonable(value), allow_nan=False)
