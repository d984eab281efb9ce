from __future__ import annotations

import pytest

from imdbsent.records import Prediction
from imdbsent.writing.selection import Only, Selection, SortKey, shown

PREDICTIONS = [
    Prediction("sure", "positive", 0.99),
    Prediction("", None, None, "blank"),
    Prediction("less", "positive", 0.55),
    Prediction("no", "negative", 0.02),
    Prediction("also less", "positive", 0.55),
    Prediction("hardly", "negative", 0.44),
]


def texts(selection: Selection) -> list[str]:
    return [prediction.text for prediction in shown(PREDICTIONS, selection)]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["sure", "", "less", "no", "also less", "hardly"]),
        (Selection(Only.POSITIVE), ["sure", "less", "also less"]),
        (Selection(Only.NEGATIVE), ["no", "hardly"]),
        (Selection(Only.UNCERTAIN, (0.4, 0.6)), ["less", "also less", "hardly"]),
        (Selection(Only.UNCERTAIN, (0.44, 0.44)), ["hardly"]),
        (Selection(sort=SortKey.PROBABILITY), ["sure", "less", "also less", "hardly", "no", ""]),
        (Selection(sort=SortKey.PROBABILITY, smallest_first=True), ["no", "hardly", "less", "also less", "sure", ""]),
        (Selection(sort=SortKey.CONFIDENCE), ["sure", "no", "hardly", "less", "also less", ""]),
        (Selection(sort=SortKey.CONFIDENCE, smallest_first=True, top=2), ["less", "also less"]),
        (Selection(Only.NEGATIVE, sort=SortKey.CONFIDENCE, top=1), ["no"]),
    ],
)
def test_what_is_shown_and_in_which_order(selection: Selection, expected: list[str]) -> None:
    assert texts(selection) == expected


def test_neutral_ones_are_neither_positive_nor_negative() -> None:
    neutral = Prediction("neutral", "neutral", 0.5)
    assert not any(Selection(only).admits(neutral) for only in (Only.POSITIVE, Only.NEGATIVE))
    assert Selection(Only.UNCERTAIN, (0.4, 0.6)).admits(neutral)


def test_the_place_of_the_record_goes_before_what_is_kept() -> None:
    kept = [Prediction("a", "negative", 0.1, kept=("x", 1)), Prediction("b", "positive", 0.9), PREDICTIONS[0]]
    given = shown(kept, Selection(Only.POSITIVE), kept=2, is_numbered=True, after=10)
    assert [prediction.kept for prediction in given] == [(12, None, None), (13, None, None)]
    (one,) = shown(kept, Selection(Only.NEGATIVE), kept=2, is_numbered=True)
    assert one.kept == (1, "x", 1)


def test_without_an_order_nothing_waits_for_the_end() -> None:
    read = []

    def coming():
        for prediction in PREDICTIONS:
            read.append(prediction)
            yield prediction

    assert next(shown(coming(), Selection(Only.NEGATIVE))).text == "no"
    assert len(read) == 4
