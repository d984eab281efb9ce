from __future__ import annotations

import shlex

import pytest

from imdbsent.errors import ExitCode, UsageProblem
from imdbsent.reading.labeled import parse_rules, suggested_rules


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
        (None, "nan", "it has no label"),
        (None, None, "no label"),
        (None, " ", "no label"),
        (">=7", "seven", "not a number"),
        (">=7", "nan", "it has no label"),
        (">=7", "inf", "not a number"),
        (">=7", "", "no label"),
        ("good", None, "no label"),
        ("good", "N/A", "no label, only 'N/A'"),
        (None, "NULL", "no label, only 'NULL'"),
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


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ("positive", "negative", {"Positive ": 1, "NEGATIVE": 0, "neutral": None}),
        (">=4", "<=2", {"5": 1, "4.0": 1, "3": None, "1": 0, "n/a": None}),
        ("4-5", "1-2", {"5": 1, "4.5": 1, "3": None, "2": 0, "0": None}),
        ("4,5", "1, 2", {"5": 1, "4": 1, "3": None, "2": 0}),
        (["good", "great"], ["bad"], {"good": 1, "GREAT": 1, "bad": 0, "ok": None}),
        ("very good, indeed", "bad", {"very good, indeed": 1, "very good": 1, "ok": None}),
        ("__label__2", "__label__1", {"__label__2": 1, "2": 1, "__label__1": 0, "__label__3": None}),
        ("2", "1", {"__label__2": 1, "__label__1": 0}),
        (None, "bad", {"bad": 0, "anything": 1}),
        (None, "<=2", {"2": 0, "3": 1}),
        ("1", "-1", {"1": 1, "-1": 0, "0": None}),
        (None, None, {"__label__pos": 1, "__label__0": 0}),
    ],
)
def test_two_rules_leave_out_what_is_neither(
    positive: str | list[str] | None, negative: str | list[str] | None, expected: dict[str, int | None]
) -> None:
    rules = parse_rules(positive, negative)
    assert {value: rules.label(value) for value in expected} == expected


def test_a_label_that_is_both_is_said() -> None:
    with pytest.raises(ValueError, match="both positive and negative"):
        parse_rules(">=3", "<=3").label("3")


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        (["positive", "negative", "neutral"], "--positive positive --negative negative"),
        (["Very Positive", "Positive", "OK", "Negative"], "--positive 'Very Positive,Positive' --negative Negative"),
        (["1", "2", "3", "4", "5"], "--positive '>=4' --negative '<=2'"),
        ([str(number) for number in range(1, 11)], "--positive '>=7' --negative '<=4'"),
        (["-1", "0", "1"], "--positive '>=1' --negative '<=-1'"),
        (["__label__1", "__label__2"], "--positive 2 --negative 1"),
        (["0", "4"], "--positive 4 --negative 0"),
        (["up", "down"], "--positive up --negative down"),
    ],
)  # fmt: skip
def test_rules_are_suggested_by_the_labels(labels: list[str], rules: str) -> None:
    assert suggested_rules(dict.fromkeys(labels, 1)) == rules
    words = shlex.split(rules)
    parsed = parse_rules(words[1], words[3])
    assert {parsed.label(label) for label in labels} >= {0, 1}


def test_numbers_are_stars_only_where_the_rule_compares_them() -> None:
    assert parse_rules(">=7").stars("8.5") == 8.5
    assert parse_rules(">=7").stars("x") is None
    assert parse_rules(">=7").stars(None) is None
    assert parse_rules(None).stars("1") is None
    assert parse_rules("5").stars("5") is None


def test_a_sign_for_a_missing_label_is_left_out_by_two_rules_and_none_is_a_class() -> None:
    assert parse_rules("good", "bad").label("NaN") is None
    assert parse_rules("good").label("none") == 0
    assert parse_rules("good", "n/a").label("N/A") == 0


def test_a_rating_may_have_a_decimal_comma() -> None:
    rules = parse_rules(">=3")
    assert [rules.label(value) for value in ("4,5", "1,5", "2.5")] == [1, 0, 0]
    with pytest.raises(ValueError, match="not a number"):
        rules.label("1,000")


@pytest.mark.parametrize(
    ("labels", "typed"),
    [
        (["5 stars", "4 stars", "3 stars", "1 star"], "--positive '4 stars,5 stars' --negative '1 star'"),
        (["90%", "10%"], "--positive 90% --negative 10%"),
        (["5/5", "3/5", "1/5"], "--positive 5/5 --negative 1/5"),
        (["0 - negative", "1 - positive"], "--positive '1 - positive' --negative '0 - negative'"),
    ],
)
def test_the_rules_to_type_know_a_rating_with_words_behind_it(labels: list[str], typed: str) -> None:
    assert suggested_rules(dict.fromkeys(labels, 2)) == typed
