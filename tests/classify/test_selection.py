from __future__ import annotations

import pytest

from imdbsent.classify.options import Only, PredictOptions, SortKey, is_selected, select
from imdbsent.records import Prediction

PREDICTIONS = [
    Prediction("sure", "positive", 0.99),
    Prediction("", None, None, "blank"),
    Prediction("less", "positive", 0.55),
    Prediction("no", "negative", 0.02),
    Prediction("also less", "positive", 0.55),
    Prediction("hardly", "negative", 0.44),
]


def texts(options: PredictOptions) -> list[str]:
    return [prediction.text for prediction in select(PREDICTIONS, options, 0.5)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (PredictOptions(), ["sure", "", "less", "no", "also less", "hardly"]),
        (PredictOptions(only=Only.POSITIVE), ["sure", "less", "also less"]),
        (PredictOptions(only=Only.NEGATIVE), ["no", "hardly"]),
        (PredictOptions(only=Only.UNCERTAIN, neutral=(0.4, 0.6)), ["less", "also less", "hardly"]),
        (PredictOptions(only=Only.UNCERTAIN, neutral=(0.44, 0.44)), ["hardly"]),
        (PredictOptions(sort=SortKey.PROBABILITY), ["sure", "less", "also less", "hardly", "no", ""]),
        (PredictOptions(sort=SortKey.PROBABILITY, reverse=True), ["no", "hardly", "less", "also less", "sure", ""]),
        (PredictOptions(sort=SortKey.CONFIDENCE), ["sure", "no", "hardly", "less", "also less", ""]),
        (PredictOptions(sort=SortKey.CONFIDENCE, reverse=True, top=2), ["less", "also less"]),
        (PredictOptions(only=Only.NEGATIVE, sort=SortKey.CONFIDENCE, top=1), ["no"]),
        (PredictOptions(sort=SortKey.UNCERTAIN), ["less", "also less", "hardly", "no", "sure"]),
        (PredictOptions(sort=SortKey.UNCERTAIN, threshold=0.1, top=2), ["no", "hardly"]),
        (PredictOptions(sort=SortKey.UNCERTAIN, neutral=(0.1, 0.9), reverse=True, top=2), ["sure", "no"]),
        (PredictOptions(sort=SortKey.UNCERTAIN, only=Only.POSITIVE), ["less", "also less", "sure"]),
    ],
)
def test_what_is_selected_and_in_which_order(options: PredictOptions, expected: list[str]) -> None:
    assert texts(options) == expected


@pytest.mark.parametrize("top", [None, 5])
def test_a_text_to_label_comes_once_however_it_is_spaced(top: int | None) -> None:
    found = [Prediction(text, "positive", p) for text, p in (("a b", 0.6), ("c", 0.7), (" a\n b", 0.51), ("A b", 0.6))]
    given = select(found, PredictOptions(sort=SortKey.UNCERTAIN, top=top), 0.5, number_from=1)
    assert [(one.text, one.kept) for one in given] == [("a b", (1,)), ("A b", (4,)), ("c", (2,))]


def test_neutral_ones_are_neither_positive_nor_negative() -> None:
    neutral = Prediction("neutral", "neutral", 0.5)
    band = (0.4, 0.6)
    for only in (Only.POSITIVE, Only.NEGATIVE):
        assert not is_selected(neutral, PredictOptions(only=only, neutral=band), 0.5)
    assert is_selected(neutral, PredictOptions(only=Only.UNCERTAIN, neutral=band), 0.5)


def test_the_number_of_the_record_goes_before_what_is_kept() -> None:
    kept = [Prediction("a", "negative", 0.1, kept=("x", 1)), Prediction("b", "positive", 0.9), PREDICTIONS[0]]
    given = select(kept, PredictOptions(only=Only.POSITIVE), 0.5, kept=2, number_from=11)
    assert [prediction.kept for prediction in given] == [(12, None, None), (13, None, None)]
    (one,) = select(kept, PredictOptions(only=Only.NEGATIVE), 0.5, kept=2, number_from=1)
    assert one.kept == (1, "x", 1)


def test_without_an_order_nothing_waits_for_the_end() -> None:
    read = []

    def coming():
        for prediction in PREDICTIONS:
            read.append(prediction)
            yield prediction

    assert next(select(coming(), PredictOptions(only=Only.NEGATIVE), 0.5)).text == "no"
    assert len(read) == 4
