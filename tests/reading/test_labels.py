from __future__ import annotations

import pytest

from imdbsent.errors import ExitCode, UsageProblem
from imdbsent.reading.labelled import parse_rules


@pytest.mark.parametrize(
    ("rule", "positive", "negative"),
    [
        (None, ["positive", "POS", " pos ", "1", "1.0", "true", "True"], ["negative", "Neg", "0", "0.0", "false"]),
        (">=7", ["7", "7.0", "10", " 8 "], ["6.99", "-7", "0", "1e0"]),
        (">7", ["7.5"], ["7"]),
        ("<3", ["2", "-1"], ["3", "10"]),
        (" <= 3 ", ["3"], ["3.1"]),
        ("good", ["good", "Good "], ["bad", "goodish", "1"]),
        ("=5", ["5", "5.0"], ["4", "55"]),
        ("==+", ["+"], ["-"]),
    ],
)
def test_a_rule_tells_positive_from_negative(rule: str | None, positive: list[str], negative: list[str]) -> None:
    parsed = parse_rules(rule)
    assert [parsed.label(value) for value in positive] == [1] * len(positive)
    assert [parsed.label(value) for value in negative] == [0] * len(negative)


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        (None, "maybe", "neither positive"),
        (None, "2", "neither positive"),
        (None, "nan", "neither positive"),
        (None, None, "no label"),
        (None, " ", "no label"),
        (">=7", "seven", "not a number"),
        (">=7", "nan", "not a number"),
        (">=7", "inf", "not a number"),
        (">=7", "", "no label"),
        ("good", None, "no label"),
    ],
)
def test_what_is_no_label_is_said(rule: str | None, value: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_rules(rule).label(value)


@pytest.mark.parametrize("rule", ["", " ", ">=", ">=seven", "<nan", "="])
def test_a_rule_that_says_nothing_is_an_error_with_an_example(rule: str) -> None:
    with pytest.raises(UsageProblem, match=r"--positive '>=7'") as caught:
        parse_rules(rule)
    assert caught.value.exit_code is ExitCode.USAGE


def test_numbers_are_stars_only_where_the_rule_compares_them() -> None:
    assert parse_rules(">=7").stars("8.5") == 8.5
    assert parse_rules(">=7").stars("x") is None
    assert parse_rules(">=7").stars(None) is None
    assert parse_rules(None).stars("1") is None
    assert parse_rules("5").stars("5") is None
