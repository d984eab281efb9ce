from __future__ import annotations

import pytest

from imdbsent.classify.verdicts import check_neutral, is_mostly_unknown, label_of, parse_neutral, uncertain_range
from imdbsent.errors import UsageProblem
from imdbsent.records import Prediction


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, "negative"), (0.3999, "negative"), (0.4, "neutral"), (0.6, "neutral"), (0.6001, "positive")],
)
def test_both_bounds_are_neutral_and_what_is_beyond_them_is_not(probability: float, expected: str) -> None:
    assert label_of(probability, 0.5, (0.4, 0.6)) == expected


def test_without_bounds_the_threshold_decides_and_with_them_it_does_not_count() -> None:
    assert (label_of(0.9, 0.9), label_of(0.8999, 0.9)) == ("positive", "negative")
    assert label_of(0.8, 0.9, (0.4, 0.6)) == "positive"
    assert label_of(0.2, 0.1, (0.4, 0.6)) == "negative"


@pytest.mark.parametrize(("text", "bounds"), [("0.4:0.6", (0.4, 0.6)), ("0:1", (0, 1)), (" .5 : .5 ", (0.5, 0.5))])
def test_bounds_are_read(text: str, bounds: tuple[float, float]) -> None:
    assert parse_neutral(text) == bounds


@pytest.mark.parametrize(
    "text", ["", ":", "0.4", "0.6:0.4", "-0.1:0.5", "0.5:1.01", "nan:0.5", "0.5:nan", "0.1:0.2:0.3", "a:b", "0:inf"]
)
def test_what_is_no_bounds_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"is not LOW:HIGH .* Type: --neutral 0\.4:0\.6"):
        parse_neutral(text)


def test_a_threshold_beside_bounds_is_refused() -> None:
    check_neutral(None, 0.5)
    check_neutral((0.4, 0.6), None)
    with pytest.raises(ValueError, match="give one of them"):
        check_neutral((0.4, 0.6), 0.5)
    with pytest.raises(ValueError, match="low <= high"):
        check_neutral((0.6, 0.4), None)


def test_what_is_neutral_is_uncertain_else_what_is_near_the_threshold() -> None:
    assert uncertain_range(0.9, (0.2, 0.3)) == (0.2, 0.3)
    assert uncertain_range(0.7) == pytest.approx((0.6, 0.8))


@pytest.mark.parametrize(("unknown", "expected"), [(None, False), (0.0, False), (0.5, False), (0.51, True)])
def test_more_than_half_unknown_is_mostly_unknown(unknown: float | None, expected: bool) -> None:
    assert is_mostly_unknown(Prediction("text", "positive", 0.9, unknown=unknown)) is expected
