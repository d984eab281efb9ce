from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import imdbsent
from benchmarks.verdicts import EVERYDAY_FOREIGN, FOREIGN
from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.classify.classifier import Classifier, windows
from imdbsent.classify.options import Only, PredictOptions, SortKey, is_mostly_unknown
from imdbsent.errors import InvalidOptions, ModelMissing
from imdbsent.explain.explain import Explainer
from imdbsent.records import Record


@pytest.fixture
def classifier(tiny_bundle: Bundle) -> Classifier:
    return Classifier(tiny_bundle)


def test_texts_get_their_verdicts_in_order(classifier: Classifier) -> None:
    predictions = classifier.predict(["great movie", "awful movie", "great great great movie"])
    assert [p.label for p in predictions] == ["positive", "negative", "positive"]
    assert [p.text for p in predictions] == ["great movie", "awful movie", "great great great movie"]
    assert all(p.probability is not None and 0 <= p.probability <= 1 for p in predictions)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "blank"),
        (" \t\u2003 ", "blank"),
        ("?!", "no known words"),
        ("zebra", "no known words"),
        ("great \ud800", "not valid Unicode: lone surrogate at character 6"),
    ],
)
def test_a_text_that_cannot_be_judged_says_why_and_keeps_its_place(
    classifier: Classifier, text: str, problem: str
) -> None:
    before, failed, after = classifier.predict(["great", text, "awful"])
    assert (before.label, after.label) == ("positive", "negative")
    assert (failed.label, failed.probability, failed.problem, failed.text) == (None, None, problem, text)


def test_a_problem_found_in_reading_is_kept(classifier: Classifier) -> None:
    (prediction,) = classifier.classify([Record("great", "not valid UTF-8 at byte 3")])
    assert prediction.label is None
    assert prediction.problem == "not valid UTF-8 at byte 3"


def test_the_threshold_moves_the_label_and_not_the_probability(classifier: Classifier) -> None:
    (usual,) = classifier.predict(["great"])
    (strict,) = classifier.predict(["great"], threshold=1.0)
    (lenient,) = classifier.predict(["awful"], threshold=0.0)
    assert (strict.label, strict.probability) == ("negative", usual.probability)
    assert lenient.label == "positive"


def test_temperature_and_threshold_are_the_cards(tiny_bundle: Bundle, classifier: Classifier) -> None:
    (sharp,) = classifier.predict(["great"])
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, temperature=3.0, threshold=0.9))
    (soft,) = imdbsent.load(str(tiny_bundle.directory)).predict(["great"])
    assert sharp.probability is not None
    assert soft.probability is not None
    assert 0.5 < soft.probability < sharp.probability
    assert soft.label == "negative"


def test_a_long_text_is_judged_by_its_end(classifier: Classifier) -> None:
    (long,) = classifier.predict(["awful " * 100_000 + "great " * 8])
    assert long.label == "positive"


def test_a_stream_without_end_is_answered_as_it_comes(classifier: Classifier) -> None:
    taken = 0

    def texts():
        nonlocal taken
        for i in itertools.count():
            taken += 1
            yield f"great {i}"

    predictions = classifier.predict_iter(texts())
    assert next(predictions).text == "great 0"
    assert taken <= 64
    assert [p.text for p in itertools.islice(predictions, 9_999)][-1] == "great 9999"
    assert taken < 10_000 + 3 * 2048


def test_long_texts_make_small_windows(classifier: Classifier) -> None:
    taken = 0

    def texts():
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield "great " * 200_000

    next(classifier.predict_iter(texts()))
    assert taken < 10


def test_with_a_window_of_one_each_text_is_answered_before_the_next_is_read(classifier: Classifier) -> None:
    read: list[str] = []

    def records():
        for text in ("great", "awful"):
            read.append(text)
            yield Record(text)

    next(classifier.classify(records(), window=1))
    assert read == ["great"]


def test_one_text_in_place_of_several_is_refused(classifier: Classifier) -> None:
    with pytest.raises(TypeError, match="several texts"):
        classifier.predict("great movie")


def test_the_shipped_model_answers_and_is_the_default() -> None:
    great, awful = imdbsent.load().predict(["A great movie, I loved it", "Boring, awful, a waste of time"])
    assert (great.label, awful.label) == ("positive", "negative")
    assert isinstance(great, imdbsent.Prediction)


def test_the_default_model_knows_english_with_slips_from_other_languages() -> None:
    english = ["terible servise", "horible custmer suport", "thx guys awsome job", "Yummy!", "10/10", "Las Vegas", "um"]
    predictions = imdbsent.load().predict([*FOREIGN, *EVERYDAY_FOREIGN, *english])
    warned = [is_mostly_unknown(prediction) for prediction in predictions]
    assert all(warned[: len(FOREIGN)])
    assert sum(warned) == 41
    assert not any(warned[-len(english) :])


@pytest.mark.parametrize(
    ("text", "tokens", "truncated", "unknown"),
    [
        ("great movie", 2, False, 0.0),
        ("A great, RARE movie", 3, False, 0.5),  # "a" has no id, "rare" is out of the vocabulary
        ("movie " * 8, 8, False, 0.0),  # the start mark is cut, no word is
        ("zebra " + "movie " * 9, 8, True, 0.1),
        ("zebra", 0, False, 1.0),
        ("?!", 0, False, None),
        (" ", 0, False, None),
    ],
)
def test_a_prediction_says_how_much_of_the_text_was_read(
    classifier: Classifier, text: str, tokens: int, truncated: bool, unknown: float | None
) -> None:
    (prediction,) = classifier.predict([text])
    assert (prediction.tokens, prediction.truncated, prediction.unknown) == (tokens, truncated, unknown)


def test_what_a_record_carries_comes_through(classifier: Classifier) -> None:
    records = [Record("great", id="a", number=7, kept=(1, None)), Record("", id=8, number=9, kept=("x",))]
    predictions = classifier.classify(records)
    assert [(p.id, p.number, p.kept) for p in predictions] == [("a", 7, (1, None)), (8, 9, ("x",))]


def test_long_kept_columns_make_small_windows(classifier: Classifier) -> None:
    taken = 0

    def records():
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield Record("great", kept=("x" * 2**20,))

    next(classifier.classify(records()))
    assert taken < 10


def test_neutral_is_a_third_label_from_low_to_high(classifier: Classifier) -> None:
    usual = classifier.predict(["great", "movie", "awful"])
    low = high = usual[1].probability or 0
    found = classifier.predict(["great", "movie", "awful"], neutral=(low, high))
    assert [p.label for p in found] == ["positive", "neutral", "negative"]
    assert [p.probability for p in found] == [p.probability for p in usual]
    all_neutral = PredictOptions(neutral=(0, 1))
    explained = Explainer(classifier).explain(["great", "movie"], all_neutral)
    assert [explanation.label for explanation in explained] == ["neutral", "neutral"]
    assert [p.label for p in classifier.predict_iter(["", "movie"], all_neutral)] == [None, "neutral"]


@pytest.mark.parametrize(("neutral", "threshold"), [((0.6, 0.4), None), ((0, 2), None), ((0.4, 0.6), 0.5)])
def test_bounds_that_make_no_sense_are_refused(
    classifier: Classifier, neutral: tuple[float, float], threshold: float | None
) -> None:
    with pytest.raises(ValueError, match="neutral"):
        classifier.predict(["great"], neutral=neutral, threshold=threshold)


def test_options_are_those_of_the_keywords_and_may_select(classifier: Classifier) -> None:
    texts = ["great", "awful", "movie"]
    assert classifier.predict(texts, PredictOptions(threshold=1)) == classifier.predict(texts, threshold=1)
    sorted_ones = classifier.predict(texts, imdbsent.PredictOptions(only=Only.POSITIVE, sort=SortKey.CONFIDENCE, top=1))
    assert [prediction.text for prediction in sorted_ones] == ["great"]
    with pytest.raises(TypeError, match="options or threshold"):
        classifier.predict(texts, PredictOptions(), threshold=1)
    with pytest.raises(TypeError, match="must be PredictOptions, not dict"):
        classifier.predict(texts, {"threshold": 1})  # type: ignore[arg-type]
    assert list(classifier.predict_iter(texts, None)) == classifier.predict(texts)


def test_a_text_whose_words_are_all_rare_or_unseen_has_no_verdict(tiny_bundle: Bundle) -> None:
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, num_words=6))  # all but "awful" are known
    classifier = imdbsent.load(str(tiny_bundle.directory))
    known, rare, both = classifier.predict(["great movie", "awful awful", "zebra awful !"])
    assert known.label == "positive"
    for one in (rare, both):
        assert (one.label, one.probability, one.problem, one.tokens) == (None, None, "no known words", 0)
        assert one.unknown == 1


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_a_number_of_threads_that_makes_no_sense_is_refused(tiny_bundle: Bundle, threads: Any) -> None:
    for make in (lambda: imdbsent.load("gone", threads=threads), lambda: Classifier(tiny_bundle, threads)):
        with pytest.raises(InvalidOptions, match="number of threads must be a whole number, 1 or more"):
            make()


def test_a_model_may_be_given_as_a_path_which_is_never_a_name(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_bundle.directory, tmp_path / "flagship")
    monkeypatch.chdir(tmp_path)
    for path in (tiny_bundle.directory, Path("flagship")):
        assert imdbsent.load(path).bundle.card.name == "tiny"
    with pytest.raises(ModelMissing, match=f"{os.sep}classic"):
        imdbsent.load(Path("classic"))
    with pytest.raises(TypeError, match="not int"):
        imdbsent.load(5)  # type: ignore[arg-type]


def test_what_is_no_text_gets_a_row_with_a_reason(classifier: Classifier) -> None:
    values = ["great", None, float("nan"), 7, b"awful", b"\xff", ["great"], "awful"]
    found = classifier.predict(values)
    assert [(one.label, one.problem) for one in found] == [
        ("positive", None),
        (None, "blank"),
        (None, "blank"),
        (None, "int, not a text"),
        ("negative", None),
        (None, "not valid UTF-8 at byte 0"),
        (None, "list, not a text"),
        ("negative", None),
    ]


@pytest.mark.parametrize(
    "library", ["pyarrow", "numpy", *(pytest.param(name, marks=pytest.mark.slow) for name in ("pandas", "polars"))]
)
def test_a_column_of_a_data_frame_is_taken_and_the_frame_is_not(classifier: Classifier, library: str) -> None:
    values = ["great", None, "awful"]
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    if library == "numpy":
        columns = [module.array(values, object), module.array(["great", "", "awful"])]
    elif library == "pyarrow":
        columns = [module.array(values), module.chunked_array([values])]
    elif library == "polars":
        columns = [module.Series("text", values)]
    else:
        columns = [module.Series(values), module.Series(values, dtype="string")]
        columns.append(module.Series(["great", float("nan"), "awful"]))
    for column in columns:
        found = classifier.predict(column)
        assert [(one.label, one.problem) for one in found] == [("positive", None), (None, "blank"), ("negative", None)]
    if library in ("pandas", "polars"):
        with pytest.raises(TypeError, match=r'predict\(table\["text"\]\)'):
            classifier.predict(module.DataFrame({"text": values}))
    with pytest.raises(TypeError, match="one column"):
        classifier.predict({"text": "great"})


def test_a_text_of_arrow_that_is_not_utf_8_gets_a_row_with_a_reason(classifier: Classifier) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    column = pa.array([b"great \xff", b"great"]).view(pa.string())
    assert [one.problem for one in classifier.predict(column)] == ["not valid UTF-8 at byte 6", None]


def test_a_window_ends_when_no_more_is_waiting() -> None:
    records = [Record(str(i)) for i in range(300)]
    waiting = iter([True, True, False, False, *[True] * 1000])
    cut = [len(window) for window in windows(records, None, lambda: next(waiting))]
    assert cut[:3] == [3, 1, 256]
    assert [len(window) for window in windows(records)] == [64, 128, 108]
