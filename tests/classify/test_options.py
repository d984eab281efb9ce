from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from imdbsent.classify.options import Only, PredictOptions, SortKey, is_mostly_unknown, options_or, parse_neutral
from imdbsent.errors import UsageProblem
from imdbsent.option_fields import EngineName, deciding_options, options_of_other_engine
from imdbsent.records import Prediction


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, "negative"), (0.3999, "negative"), (0.4, "neutral"), (0.6, "neutral"), (0.6001, "positive")],
)
def test_both_bounds_are_neutral_and_what_is_beyond_them_is_not(probability: float, expected: str) -> None:
    assert PredictOptions(neutral=(0.4, 0.6)).label(probability, 0.5) == expected


def test_without_bounds_the_threshold_decides_and_with_them_it_does_not_count() -> None:
    models_own, own = PredictOptions(), PredictOptions(threshold=0.9)
    assert (models_own.label(0.9, 0.9), models_own.label(0.8999, 0.9)) == ("positive", "negative")
    assert (own.label(0.9, 0.1), own.label(0.8999, 0.1)) == ("positive", "negative")
    assert PredictOptions(neutral=(0.4, 0.6)).label(0.8, 0.9) == "positive"
    assert PredictOptions(neutral=(0.4, 0.6)).label(0.2, 0.1) == "negative"


@pytest.mark.parametrize(("text", "bounds"), [("0.4:0.6", (0.4, 0.6)), ("0:1", (0, 1)), (" .5 : .5 ", (0.5, 0.5))])
def test_bounds_are_read(text: str, bounds: tuple[float, float]) -> None:
    assert parse_neutral(text) == bounds


@pytest.mark.parametrize(
    "text", ["", ":", "0.4", "0.6:0.4", "-0.1:0.5", "0.5:1.01", "nan:0.5", "0.5:nan", "0.1:0.2:0.3", "a:b", "0:inf"]
)
def test_what_is_no_bounds_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"is not LOW:HIGH .* Type: --neutral 0\.4:0\.6"):
        parse_neutral(text)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"neutral": (0.4, 0.6), "threshold": 0.5}, "Type one of them"),
        ({"neutral": (0.6, 0.4)}, "low <= high"),
        ({"threshold": 1.1}, "from 0 to 1"),
        ({"threshold": float("nan")}, "from 0 to 1"),
        ({"threshold": "0.5"}, "from 0 to 1, not '0.5'"),
        ({"threshold": True}, "from 0 to 1, not True"),
        ({"threshold": Decimal("0.5")}, "from 0 to 1"),
        ({"neutral": (None, 1)}, r"\(low, high\) .* not \(None, 1\)"),
        ({"neutral": (0.4,)}, r"\(low, high\)"),
        ({"neutral": "0.4:0.6"}, r"\(low, high\)"),
        ({"neutral": 0.4}, r"\(low, high\)"),
        ({"batch_size": 0}, "batch size must be a whole number, 1 or more, not 0"),
        ({"batch_size": 1.5}, "batch size must be a whole number"),
        ({"batch_size": "12"}, "batch size must be a whole number"),
        ({"sort": "confidence", "top": 0}, "number of results must be a whole number, 1 or more"),
        ({"sort": "confidence", "reverse": "no"}, "reverse must be True or False"),
        ({"top": 3}, "--top 3 --sort confidence"),
        ({"reverse": True}, "--reverse --sort confidence"),
        ({"only": "bad"}, "'positive', 'negative', 'uncertain'"),
        ({"sort": "bad"}, "'probability', 'confidence'"),
    ],
)
@pytest.mark.parametrize("kind", [ValueError, UsageProblem])
def test_options_that_make_no_sense_are_refused_when_they_are_made(
    values: dict[str, Any], reason: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=reason):
        PredictOptions(**values)


def test_numbers_of_numpy_are_taken_as_pythons() -> None:
    options = PredictOptions(neutral=[np.float32(0.25), np.int64(1)], batch_size=np.int64(3))  # type: ignore[arg-type]
    assert deciding_options(options) == deciding_options(PredictOptions(neutral=(0.25, 1.0), batch_size=3))
    assert type(PredictOptions(threshold=np.float32(0.5)).threshold) is float  # type: ignore[arg-type]


def test_what_is_neutral_is_uncertain_else_what_is_near_the_threshold() -> None:
    assert PredictOptions(neutral=(0.2, 0.3)).uncertain_range(0.9) == (0.2, 0.3)
    assert PredictOptions().uncertain_range(0.7) == pytest.approx((0.6, 0.8))
    assert PredictOptions(threshold=0.3).uncertain_range(0.7) == pytest.approx((0.2, 0.4))


def test_names_of_what_to_select_and_sort_by_are_accepted() -> None:
    names: dict[str, Any] = {"only": "negative", "sort": "confidence"}
    assert PredictOptions(**names) == PredictOptions(only=Only.NEGATIVE, sort=SortKey.CONFIDENCE)


def test_options_are_an_object_or_keywords_and_not_both() -> None:
    assert options_or(None, threshold=0.7, neutral=None) == PredictOptions(threshold=0.7)
    assert options_or(PredictOptions(batch_size=2), threshold=None) == PredictOptions(batch_size=2)
    with pytest.raises(TypeError, match="options or threshold"):
        options_or(PredictOptions(), threshold=0.7)
    with pytest.raises(TypeError, match=r"must be PredictOptions, not dict.* PredictOptions\(threshold=0.5\)"):
        options_or({"threshold": 0.7})  # type: ignore[arg-type]


def test_every_option_decides_the_bytes_and_has_its_name_and_value() -> None:
    options = PredictOptions(
        neutral=(0.4, 0.6), only=Only.NEGATIVE, sort=SortKey.CONFIDENCE, reverse=True, top=3
    )
    assert deciding_options(options) == {
        "--threshold": "", "--neutral": "0.4:0.6", "--batch-size": "", "--only": "negative", "--sort": "confidence",
        "--reverse": "yes", "--top": "3",
    }  # fmt: skip
    assert set(deciding_options(PredictOptions()).values()) == {""}


def test_options_know_which_engine_has_them() -> None:
    options = PredictOptions(threshold=0.7, only=Only.NEGATIVE)
    assert options_of_other_engine(EngineName.RAY, options) == ["--only"]
    assert options_of_other_engine(EngineName.LOCAL, options) == []


@pytest.mark.parametrize(("unknown", "expected"), [(None, False), (0.0, False), (0.5, False), (0.51, True)])
def test_more_than_half_unknown_is_mostly_unknown(unknown: float | None, expected: bool) -> None:
    assert is_mostly_unknown(Prediction("text", "positive", 0.9, unknown=unknown)) is expected
